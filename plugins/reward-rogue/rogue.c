/*
 * A reward that misbehaves on demand, to test whoever loads plugins. README.md tells what it can do. Here are its parameters and
 * what it does while it behaves: a text scores minus the square of the sum of its bytes modulo 16, a state (where this is
 * compiled with -DROGUE_STATES) minus the square of the sum of its words.
 */
#include "rogue.h"

#include <unistd.h>

/* Modes that do wrong over an object, and the functions for it; then modes that do wrong elsewhere. */
#define MISDEEDS(X)                                                                                                    \
    X("segfault", segfault) X("abort", abort_) X("exit", exit_) X("exit-zero", exit_zero) X("raise-signal", raise_signal)  \
    X("stack-overflow", stack_overflow) X("spawn-thread-crash", spawn_thread_crash) X("hang", hang)                    \
    X("busy-loop", busy_loop) X("slow", slow) X("nan", nan_) X("infinity", infinity) X("minus-infinity", minus_infinity) \
    X("wrong-count", wrong_count) X("bad-status", bad_status) X("bad-code", bad_code)                                  \
    X("write-past-end", write_past_end) X("write-to-input", write_to_input) X("throw-away", throw_away)                \
    X("no-text", no_text) X("huge-text", huge_text) X("endless-text", endless_text) X("broken-text", broken_text)      \
    X("nondeterministic", nondeterministic) X("depends-on-batch", depends_on_batch) X("flood-stderr", flood_stderr)    \
    X("flood-stdout", flood_stdout) X("allocate-without-end", allocate_without_end) X("fork-bomb", fork_bomb)          \
    X("close-descriptors", close_descriptors) X("open-socket", open_socket) X("read-file", read_file)                  \
    X("write-file", write_file) X("exec", exec) X("leak", leak)
#define ELSEWHERE "none", "hang-in-create", "segfault-in-create", "fail-in-create", "leak-in-create", "sleep-long-in-destroy"

static misdeed *misdeed_of(const char *mode) {
#define FIND(name, function)                                                                                           \
    if (strcmp(mode, name) == 0) return function;
    MISDEEDS(FIND)
    return NULL;
}

/* What an instance forgets to free. */
static void *volatile forgotten;

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance,
                      char *error, uint64_t capacity) {
    (void)host;
    (void)length;
    (void)seed;
    rogue *made = (rogue *)calloc(1, sizeof *made);
    if (made == NULL) return gfn_fail(GFN_FAILED, "out of memory", error, capacity);
    gfn_string(parameters, "mode", made->mode, sizeof made->mode);
    gfn_string(parameters, "victim", made->victim, sizeof made->victim);
    gfn_string(parameters, "path", made->path, sizeof made->path);
    made->after = (uint64_t)gfn_number(parameters, "after", 0);
    made->misdeed = misdeed_of(made->mode);
    if (strcmp(made->mode, "hang-in-create") == 0)
        for (;;) sleep(1000);
    if (strcmp(made->mode, "segfault-in-create") == 0) segfault(made, NULL, NULL, 0, error, capacity);
    if (strcmp(made->mode, "fail-in-create") == 0) {
        free(made);
        return gfn_fail(GFN_BAD_PARAMETERS, "`mode` = \"fail-in-create\" was asked for", error, capacity);
    }
    if (strcmp(made->mode, "leak-in-create") == 0) forgotten = malloc(LEAKED);
    *instance = made;
    return GFN_OK;
}

static void destroy(void *instance) {
    const rogue *self = (const rogue *)instance;
    if (strcmp(self->mode, "sleep-long-in-destroy") == 0) sleep(3600);
    free(instance);
}

#ifdef ROGUE_STATES
#define INPUT "states"
static double score_of(const gfn_batch *batch, uint64_t index) {
    double sum = 0;
    for (uint64_t word = 0; word < batch->stride; ++word) sum += gfn_state(batch, index)[word];
    return -sum * sum;
}

/* The victim is a number: the first word of the objects that trigger. */
static int is_victim(const rogue *self, const gfn_batch *batch, uint64_t index) {
    return self->victim[0] == '\0' || (batch->stride > 0 && gfn_state(batch, index)[0] == atoi(self->victim));
}
#else
#define INPUT "texts"
static double score_of(const gfn_batch *batch, uint64_t index) {
    uint64_t length, sum = 0;
    const char *text = gfn_text(batch, index, &length);
    for (uint64_t byte = 0; byte < length; ++byte) sum += (unsigned char)text[byte] % 16;
    return -(double)sum * (double)sum;
}

/* The victim is a part of the text of the objects that trigger. */
static int is_victim(const rogue *self, const gfn_batch *batch, uint64_t index) {
    uint64_t length, wanted = strlen(self->victim);
    const char *text = gfn_text(batch, index, &length);
    for (uint64_t at = 0; at + wanted <= length; ++at)
        if (memcmp(text + at, self->victim, wanted) == 0) return 1;
    return 0;
}
#endif

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    rogue *self = (rogue *)instance;
    int misbehaves = self->misdeed != NULL && self->batches++ >= self->after;
    for (uint64_t i = 0; i < batch->count; ++i) {
        scores->log_reward[i] = score_of(batch, i);
        scores->status[i] = GFN_SCORED;
    }
    for (uint64_t i = 0; misbehaves && i < batch->count; ++i) {
        if (!is_victim(self, batch, i)) continue;
        int32_t code = self->misdeed(self, batch, scores, i, error, capacity);
        if (code != CARRY_ON) return code;
    }
    return GFN_OK;
}

static const gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};

#define LIST(...) #__VA_ARGS__
#define LISTED(...) LIST(__VA_ARGS__)
#define NAME(name, function) , name

static const char description[] =
    "{\"name\": \"rogue\", \"version\": \"1.0.0\", \"summary\": \"Misbehaves on demand.\", \"input\": \"" INPUT "\","
    " \"parameters\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "  \"mode\": {\"type\": \"string\", \"default\": \"none\", \"description\": \"What it does wrong.\","
    "   \"enum\": [" LISTED(ELSEWHERE MISDEEDS(NAME)) "]},"
    "  \"after\": {\"type\": \"integer\", \"default\": 0, \"minimum\": 0,"
    "   \"description\": \"How many batches it behaves for, in each process anew.\"},"
    "  \"victim\": {\"type\": \"string\", \"default\": \"\", \"maxLength\": 255,"
    "   \"description\": \"A part of the text, or the first word of the state, that provokes it; empty: any object does.\"},"
    "  \"path\": {\"type\": \"string\", \"default\": \"\", \"maxLength\": 1023,"
    "   \"description\": \"The file of read-file, write-file and exec.\"}}}}";

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description = description;
    plugin->reward = &reward;
    return GFN_OK;
}
