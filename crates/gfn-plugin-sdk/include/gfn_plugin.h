/*
 * gfn_plugin.h: what a plugin of `gfn` is, in plain C (C99, C++11). Needs nothing but this file.
 *
 * A plugin is a shared library that exports one function, `gfn_plugin_entry_v1`. In it the plugin tells what it is and
 * hands over tables of functions, one for each thing that it can be:
 *
 *     reward        scores finished objects,
 *     vocabulary    lists the blocks that molecules are assembled from,
 *     environment   is the graph of states that a policy walks.
 *
 * A complete reward, from which to start:
 *
 *     #include "gfn_plugin.h"
 *
 *     static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed,
 *                           void **instance, char *error, uint64_t capacity) {
 *         (void)host; (void)parameters; (void)length; (void)seed; (void)error; (void)capacity;
 *         *instance = NULL;                                       // nothing to remember between calls
 *         return GFN_OK;
 *     }
 *
 *     static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores,
 *                          char *error, uint64_t capacity) {
 *         (void)instance; (void)error; (void)capacity;
 *         for (uint64_t i = 0; i < batch->count; ++i) {
 *             scores->log_reward[i] = -(double)gfn_state(batch, i)[0];
 *             scores->status[i] = GFN_SCORED;
 *         }
 *         return GFN_OK;
 *     }
 *
 *     static void destroy(void *instance) { (void)instance; }
 *
 *     static const gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};
 *
 *     GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
 *         (void)host;
 *         plugin->struct_size = sizeof *plugin;
 *         plugin->abi_minor = GFN_ABI_MINOR;
 *         plugin->description = "{\"name\": \"first-word\", \"version\": \"1.0.0\", \"summary\": \"Minus the first word.\","
 *                               " \"input\": \"states\", \"parameters\": {\"type\": \"object\", \"properties\": {},"
 *                               " \"additionalProperties\": false}, \"deterministic\": true}";
 *         plugin->reward = &reward;
 *         return GFN_OK;
 *     }
 *
 * Build it with `cc -O2 -shared -fPIC -o libfirst-word.so first-word.c`, and check it with `gfn plugin check`.
 *
 * RULES THAT HOLD FOR ALL OF IT
 *
 * - Every struct begins with `struct_size`, its size in bytes as its author knows it. Structs only ever grow at their end, so a
 *   member is there if `struct_size` covers it; `GFN_COVERS` asks that. What this file defines as version 1.0 is always there.
 * - No memory changes hands. What the host passes in belongs to the host, and is valid until the call returns. What the plugin
 *   hands out (its tables, its description) must stay where it is for as long as the library is loaded: make it `static const`.
 * - Never keep or free a pointer that the host passed, but for `gfn_host`, which stays for as long as the library is loaded.
 * - Never write beyond the lengths given, and never into a `const`: where the host can, it makes such pages read-only.
 * - A call returns one of the codes below. Where it is not GFN_OK, it writes why into `error`, UTF-8 that ends with a NUL, at
 *   most `capacity` bytes with the NUL. `capacity` may be 0 (and `error` NULL). `gfn_fail` does all of this.
 * - Exceptions, longjmp and the like must not leave a function that the host called.
 * - Calls on one instance never overlap, unless the description says `"thread_safe": true`. There may be several instances.
 * - stdout and stderr are the host's, which shows what a plugin writes there as messages of the plugin; so does `gfn_host.log`.
 */
#ifndef GFN_PLUGIN_H
#define GFN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The major version is part of the entry's name. A greater minor version has members appended, nothing else. */
#define GFN_ABI_MAJOR 1
#define GFN_ABI_MINOR 0

/* What a call returns. */
#define GFN_OK 0             /* it is done */
#define GFN_FAILED 1         /* it could not be done; `error` says why */
#define GFN_BAD_PARAMETERS 2 /* from `create`: these parameters do not go together; `error` says which and why */
#define GFN_UNSUPPORTED 3    /* this plugin, or this version of it, cannot do that */

/* What objects are written as in a batch: see gfn_batch. */
#define GFN_STATES 0
#define GFN_TEXTS 1

/* How an object fared: see gfn_scores. */
#define GFN_NOT_SCORED 0 /* what the host presets: an object left at this is a fault of the plugin */
#define GFN_SCORED 1     /* `log_reward` is written, and finite */
#define GFN_ZERO 2       /* the reward is 0, so that it has no logarithm; say "can_be_zero": true in the description */
#define GFN_NO_SCORE 3   /* this object cannot be scored; `explain` says why, the others are not affected */

/* How much a message for the log matters. */
#define GFN_LOG_ERROR 1
#define GFN_LOG_WARNING 2
#define GFN_LOG_INFO 3
#define GFN_LOG_DEBUG 4

/* Whether a struct, by its own account, is long enough to have this member. For members that came after version 1.0. */
#define GFN_COVERS(pointer, type, member)                                                                              \
    ((pointer)->struct_size >= offsetof(type, member) + sizeof(((type *)0)->member))

/* Put before `int32_t gfn_plugin_entry_v1(…)`, so that the library shows it, also where it is C++. */
#if defined(_WIN32)
#define GFN_VISIBLE __declspec(dllexport)
#elif defined(__GNUC__)
#define GFN_VISIBLE __attribute__((visibility("default")))
#else
#define GFN_VISIBLE
#endif
#ifdef __cplusplus
#define GFN_EXPORT extern "C" GFN_VISIBLE
#else
#define GFN_EXPORT GFN_VISIBLE
#endif

/* ---- the host ---------------------------------------------------------------------------------------------------- */

/* What the host offers. Valid from the call that passes it for as long as the library is loaded; each call may pass its own. */
typedef struct gfn_host {
    uint32_t struct_size;
    /* The minor version that the host knows. */
    uint32_t abi_minor;
    /* To be passed to `log`. */
    void *context;
    /* Takes a line for the run's log: a GFN_LOG_ level and `length` bytes of UTF-8. At any time, from any thread. */
    void (*log)(void *context, int32_t level, const char *text, uint64_t length);
    /*
     * What the finished objects are, as JSON that ends with a NUL: {"kind": "molecule"}, {"kind": "grid", "dimensions": 16,
     * "height": 2}, or {"kind": NAME} for what an environment calls its objects. In a grid, the first `dimensions` words of a
     * state are coordinates from 0 to height - 1; the rest of the state does not concern a reward. NULL where the host has none
     * in mind: in `gfn_plugin_entry_v1` always, in `create` of vocabularies and environments.
     */
    const char *objects;
} gfn_host;

/* ---- rewards ----------------------------------------------------------------------------------------------------- */

/*
 * Objects to be scored: `count` of them, which may be 0.
 *
 * GFN_STATES: `data` is int32_t[count * stride]; object i is the `stride` words from data[i * stride] on.
 * GFN_TEXTS:  `data` is UTF-8 text, without NULs; object i is the bytes from offsets[i] to offsets[i + 1] (not included). A
 *             molecule is its canonical SMILES; objects of other environments are what these describe them as.
 *
 * `data` is aligned to 4 bytes at least. `gfn_state` and `gfn_text` below find an object.
 */
typedef struct gfn_batch {
    uint32_t struct_size;
    /* GFN_STATES or GFN_TEXTS: what the description asks for as "input". */
    uint32_t form;
    uint64_t count;
    const void *data;
    /* Words in a state; 0 for texts. */
    uint64_t stride;
    /* count + 1 of them, ascending from 0; NULL for states. */
    const uint64_t *offsets;
} gfn_batch;

/* Where the scores go. */
typedef struct gfn_scores {
    uint32_t struct_size;
    uint32_t reserved;
    /* [count]: the natural logarithm of each reward. Read where the status is GFN_SCORED, and must be finite there. */
    double *log_reward;
    /* [count]: GFN_SCORED, GFN_ZERO or GFN_NO_SCORE for each object. */
    uint8_t *status;
    /* To be passed to `explain`. */
    void *context;
    /* Says why object `index` cannot be scored: `length` bytes of UTF-8. Only during `score`, from its own thread. */
    void (*explain)(void *context, uint64_t index, const char *text, uint64_t length);
} gfn_scores;

/*
 * A reward.
 *
 * The score of an object must depend on the object, the parameters and the seed alone: not on the other objects in the batch,
 * their order, or what was scored before. A batch may be split, and scored again after a crash.
 */
typedef struct gfn_reward {
    uint32_t struct_size;
    uint32_t reserved;
    /*
     * Makes an instance, and writes to *instance a pointer of the plugin's choice (NULL will do), which all other calls get.
     * `parameters` is a JSON object with every parameter that the description's schema names, defaults filled in: `length`
     * bytes, and a NUL behind them that `length` does not count. `seed` is for rewards that draw random numbers.
     * Where it does not return GFN_OK, there is no instance, and `destroy` is not called.
     */
    int32_t (*create)(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity);
    /*
     * Scores a batch. An object that cannot be scored gets GFN_NO_SCORE, and the call still returns GFN_OK; anything else than
     * GFN_OK says that the whole batch has failed.
     */
    int32_t (*score)(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity);
    /* Frees what `create` made. */
    void (*destroy)(void *instance);
} gfn_reward;

/* ---- block vocabularies ------------------------------------------------------------------------------------------ */

/*
 * Blocks that molecules are assembled from.
 *
 * Here and below, text is written like this: *needed becomes the text's length in bytes; the text is written to `buffer` if it
 * fits into `capacity` bytes, and nothing is written if it does not. No NUL is added. Both are GFN_OK: the host calls again with
 * more room. `gfn_give` does all of this. The same call gives the same text every time.
 */
typedef struct gfn_vocabulary {
    uint32_t struct_size;
    uint32_t reserved;
    /* As gfn_reward.create. */
    int32_t (*create)(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity);
    /* Writes to *count how many blocks there are. */
    int32_t (*block_count)(void *instance, uint64_t *count, char *error, uint64_t error_capacity);
    /*
     * Writes block `index` as JSON: {"name": "1,4-phenylene", "smiles": "[*:1]c1ccc([*:2])cc1"}. A block's name is its own, and
     * its attachment points are the atoms [*:1], [*:2], … with a single bond each.
     */
    int32_t (*block)(void *instance, uint64_t index, char *buffer, uint64_t capacity, uint64_t *needed, char *error,
                     uint64_t error_capacity);
    /* Frees what `create` made. */
    void (*destroy)(void *instance);
} gfn_vocabulary;

/* ---- environments ------------------------------------------------------------------------------------------------ */

/*
 * A directed acyclic graph of states with one source, walked forward by actions and back by their inverses.
 *
 * A state is a fixed number of int32_t words; states are equal where their words are. A state is finished where nothing is legal
 * forward, and the source is where nothing is legal backward: there are no flags to keep in step with the masks. Every forward
 * edge has exactly one backward action that takes it back, which `step` returns; `undo` takes an edge back and returns the
 * forward action that takes it again. Two legal actions of a state may lead to the same state only if their backward actions
 * differ. `gfn plugin check` walks an environment and checks all of this.
 *
 * States come in batches: int32_t[count * state_words].
 */
typedef struct gfn_environment {
    uint32_t struct_size;
    uint32_t reserved;
    /* As gfn_reward.create. */
    int32_t (*create)(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity);
    /*
     * Writes what is fixed about this instance, as JSON (text as for gfn_vocabulary):
     *
     *     {"state_words": 9, "initial": [0, 0, 0, 0, 0, 0, 0, 0, 0],     the source; its length is state_words
     *      "actions": {"fixed": 9}, "backward_actions": {"ragged": 2},   see below
     *      "most_steps": 9,                                              the most actions that a walk can take
     *      "observation": {"width": 40},                                 numbers that a network sees of a state
     *      "objects": "words"}                                           what finished objects are: "molecule" where `describe`
     *                                                                    gives SMILES, else a name of your own
     *
     * {"fixed": n}: every state has the same actions 0 to n - 1, some of them illegal; action k means the same everywhere.
     * {"ragged": n}: a state has actions of its own, numbered from 0, at most n of them.
     */
    int32_t (*spec)(void *instance, char *buffer, uint64_t capacity, uint64_t *needed, char *error, uint64_t error_capacity);
    /*
     * Sets the bits of the actions that are legal in each state: that of action a in state i is bit a % 64 of
     * bits[i * words_per_state + a / 64]. The host has cleared all of them, and has made room for every action.
     */
    int32_t (*forward_mask)(void *instance, const int32_t *states, uint64_t count, uint64_t *bits, uint64_t words_per_state,
                            char *error, uint64_t error_capacity);
    /* The same for backward actions. */
    int32_t (*backward_mask)(void *instance, const int32_t *states, uint64_t count, uint64_t *bits, uint64_t words_per_state,
                             char *error, uint64_t error_capacity);
    /* Takes in each state i the legal action actions[i]: writes the next state, and the backward action that undoes it. */
    int32_t (*step)(void *instance, const int32_t *states, const uint32_t *actions, uint64_t count, int32_t *next_states,
                    uint32_t *backward_actions, char *error, uint64_t error_capacity);
    /* Takes in each state i the legal backward action: writes the state before, and the action that redoes it. */
    int32_t (*undo)(void *instance, const int32_t *states, const uint32_t *backward_actions, uint64_t count,
                    int32_t *previous_states, uint32_t *actions, char *error, uint64_t error_capacity);
    /* Writes what a network sees of each state: float[count * width], finite, best between -1 and 1. */
    int32_t (*observe)(void *instance, const int32_t *states, uint64_t count, float *features, char *error,
                       uint64_t error_capacity);
    /* Writes one finished state in words, on one line, the same for equal objects (text as for gfn_vocabulary). */
    int32_t (*describe)(void *instance, const int32_t *state, char *buffer, uint64_t capacity, uint64_t *needed, char *error,
                        uint64_t error_capacity);
    /* Frees what `create` made. */
    void (*destroy)(void *instance);
} gfn_environment;

/* ---- the plugin -------------------------------------------------------------------------------------------------- */

/*
 * What a plugin is. The host hands in one in which everything is 0 but `struct_size`: the room that it has. Fill in what you
 * know; a member that came after version 1.0 only where GFN_COVERS says that the host has room for it.
 */
typedef struct gfn_plugin {
    /* In: the room that the host has. Out: the size that this struct has in your header, sizeof *plugin. */
    uint32_t struct_size;
    /* GFN_ABI_MINOR of your header. */
    uint32_t abi_minor;
    /*
     * JSON that ends with a NUL:
     *
     *     "name"            what the plugin is called: letters, digits and '-'
     *     "version"         its own version, "1.2.3"
     *     "summary"         one sentence for lists
     *     "licence"         optional, an SPDX expression
     *     "objects"         the kinds of objects that it understands, ["molecule"], ["grid"], …; leave out or [] for any
     *     "input"           rewards: "states" or "texts"
     *     "parameters"      a JSON Schema (draft 2020-12) of an object; every property with "description" and "default", and
     *                       "additionalProperties": false. Ranges and enumerations are checked by the host.
     *     "deterministic"   the same object always gets the same score (true if left out)
     *     "thread_safe"     calls on one instance may overlap (false if left out)
     *     "max_batch"       the most objects in a batch, 0 for any (0 if left out)
     *     "can_be_zero"     rewards: some object's reward may be 0 (false if left out)
     *     "greatest"        optional, rewards: a reward that no object's exceeds (not its logarithm)
     *     "mode_threshold"  optional, rewards: the reward from which an object counts as a mode
     *     "needs_gpu"       it cannot work without one (false if left out)
     */
    const char *description;
    /* What the plugin is; NULL for what it is not. */
    const gfn_reward *reward;
    const gfn_vocabulary *vocabulary;
    const gfn_environment *environment;
} gfn_plugin;

/*
 * The one function that a plugin exports; the host calls it once, after loading. `host` is there for `log`. Anything else than
 * GFN_OK says that the plugin cannot be used here. Write GFN_EXPORT before your definition.
 */
GFN_VISIBLE int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin);

#ifdef __cplusplus
}
#endif

/* ---- conveniences: nothing below is part of the agreement with the host ----------------------------------------------- */

#ifndef GFN_PLUGIN_NO_HELPERS

#include <stdlib.h>
#include <string.h>

/* Object `index` of a batch of states. */
static inline const int32_t *gfn_state(const gfn_batch *batch, uint64_t index) {
    return (const int32_t *)batch->data + index * batch->stride;
}

/* Object `index` of a batch of texts; not followed by a NUL. */
static inline const char *gfn_text(const gfn_batch *batch, uint64_t index, uint64_t *length) {
    *length = batch->offsets[index + 1] - batch->offsets[index];
    return (const char *)batch->data + batch->offsets[index];
}

/* Writes `text` as the error, cut to the room that there is, and returns `code`: return gfn_fail(GFN_FAILED, "…", error, n) */
static inline int32_t gfn_fail(int32_t code, const char *text, char *error, uint64_t capacity) {
    uint64_t length = strlen(text);
    if (capacity == 0) return code;
    if (length >= capacity) {
        length = capacity - 1;
        /* Not in the middle of a character. */
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) --length;
    }
    memcpy(error, text, (size_t)length);
    error[length] = '\0';
    return code;
}

/* Marks object `index` as one that cannot be scored, and says why. */
static inline void gfn_no_score(const gfn_scores *scores, uint64_t index, const char *why) {
    scores->status[index] = GFN_NO_SCORE;
    scores->explain(scores->context, index, why, strlen(why));
}

/* Writes a text that ends with a NUL, as vocabularies and environments do. */
static inline int32_t gfn_give(const char *text, char *buffer, uint64_t capacity, uint64_t *needed) {
    *needed = strlen(text);
    if (*needed > 0 && *needed <= capacity) memcpy(buffer, text, (size_t)*needed);
    return GFN_OK;
}

/*
 * The value of `name` in a flat JSON object that ends with a NUL: where it begins, or NULL. Enough for parameters, which the
 * host has checked against the schema; not for names with characters that JSON escapes, nor for objects within objects.
 */
static inline const char *gfn_member(const char *json, const char *name) {
    size_t length = strlen(name);
    while (*json != '\0') {
        if (*json++ != '"') continue;
        const char *begin = json;
        while (*json != '"' && *json != '\0') json += (*json == '\\' && json[1] != '\0') ? 2 : 1;
        if (*json == '\0') return NULL;
        int is_it = (size_t)(json - begin) == length && memcmp(begin, name, length) == 0;
        json += 1 + strspn(json + 1, " \t\r\n");
        /* Names have a colon behind them; other texts are values, or items of a list. */
        if (is_it && *json == ':') return json + 1 + strspn(json + 1, " \t\r\n");
    }
    return NULL;
}

/* The number `name` of a flat JSON object, or `otherwise` where it is not there. */
static inline double gfn_number(const char *json, const char *name, double otherwise) {
    const char *value = gfn_member(json, name);
    char *end = NULL;
    double number = value ? strtod(value, &end) : otherwise;
    return value && end == value ? otherwise : number;
}

/* The truth value `name` of a flat JSON object, 1 or 0, or `otherwise` where it is not there. */
static inline int gfn_flag(const char *json, const char *name, int otherwise) {
    const char *value = gfn_member(json, name);
    return value == NULL ? otherwise : *value == 't';
}

/*
 * Copies the text `name` of a flat JSON object to `buffer`, with a NUL, and returns `buffer`; an empty text where it is not
 * there, or is longer than `capacity` - 1 bytes. Of escapes it knows \" \\ \/ \n and \t.
 */
static inline char *gfn_string(const char *json, const char *name, char *buffer, size_t capacity) {
    const char *value = gfn_member(json, name);
    size_t length = 0;
    if (capacity == 0) return buffer;
    buffer[0] = '\0';
    if (value == NULL || *value != '"') return buffer;
    for (++value; *value != '"' && *value != '\0'; ++value, ++length) {
        if (length + 1 >= capacity) {
            buffer[0] = '\0';
            return buffer;
        }
        buffer[length] = *value;
        if (*value != '\\' || value[1] == '\0') continue;
        ++value;
        buffer[length] = *value == 'n' ? '\n' : *value == 't' ? '\t' : *value;
    }
    buffer[length] = '\0';
    return buffer;
}

#endif /* GFN_PLUGIN_NO_HELPERS */

#endif /* GFN_PLUGIN_H */
