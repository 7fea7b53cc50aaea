/* Walks up a number: states are {height, whether it stopped}, actions 0 stop, 1 a step, 2 two steps, as far as 6. */
#define _POSIX_C_SOURCE 200809L
#include "gfn_plugin.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { TOP = 6 };

/* An instance is its mode. */
static int is(const void *instance, const char *mode) { return strcmp((const char *)instance, mode) == 0; }

static int misbehaves(const void *instance, const char *mode, const int32_t *state) {
    return is(instance, mode) && state[0] == 3;
}

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)host; (void)length; (void)seed; (void)error; (void)capacity;
    *instance = gfn_string(parameters, "mode", (char *)malloc(64), 64);
    return GFN_OK;
}

static int32_t spec(void *instance, char *buffer, uint64_t capacity, uint64_t *needed, char *error, uint64_t error_capacity) {
    (void)error; (void)error_capacity;
    const char *text = "{\"state_words\": 2, \"initial\": [0, 0], \"actions\": {\"fixed\": 3},"
                       " \"backward_actions\": {\"fixed\": 3}, \"most_steps\": 7, \"observation\": {\"width\": 4},"
                       " \"objects\": \"heights\"}";
    return gfn_give(is(instance, "bad-spec") ? "{\"state_words\": 2}" : text, buffer, capacity, needed);
}

static int32_t forward_mask(void *instance, const int32_t *states, uint64_t count, uint64_t *bits, uint64_t words_per_state,
                            char *error, uint64_t error_capacity) {
    for (uint64_t i = 0; i < count; ++i) {
        const int32_t *state = states + 2 * i;
        if (misbehaves(instance, "die", state)) abort();
        if (misbehaves(instance, "hang", state)) for (;;) pause();
        if (misbehaves(instance, "fail", state)) return gfn_fail(GFN_FAILED, "three is too high", error, error_capacity);
        if (misbehaves(instance, "beyond", state)) bits[i * words_per_state] |= 8;
        if (state[1]) continue;
        bits[i * words_per_state] |= 1 | (state[0] + 1 <= TOP ? 2 : 0) | (state[0] + 2 <= TOP ? 4 : 0);
    }
    if (is(instance, "past")) bits[count * words_per_state] = 0;
    return GFN_OK;
}

static int32_t backward_mask(void *instance, const int32_t *states, uint64_t count, uint64_t *bits, uint64_t words_per_state,
                             char *error, uint64_t error_capacity) {
    (void)instance; (void)error; (void)error_capacity;
    for (uint64_t i = 0; i < count; ++i) {
        const int32_t *state = states + 2 * i;
        bits[i * words_per_state] |= state[1] ? 1 : (state[0] >= 1 ? 2 : 0) | (state[0] >= 2 ? 4 : 0);
    }
    return GFN_OK;
}

static int32_t move(void *instance, const int32_t *states, const uint32_t *actions, uint64_t count, int32_t *moved, uint32_t *reverse, int sign) {
    for (uint64_t i = 0; i < count; ++i) {
        moved[2 * i] = states[2 * i] + sign * (int32_t)actions[i];
        moved[2 * i + 1] = actions[i] == 0 ? sign > 0 : 0;
        reverse[i] = misbehaves(instance, "reverse", states + 2 * i) ? 3 : actions[i];
        if (misbehaves(instance, "forget", states + 2 * i)) reverse[i] = (uint32_t)-1;
    }
    return GFN_OK;
}

static int32_t step(void *instance, const int32_t *states, const uint32_t *actions, uint64_t count, int32_t *next_states,
                    uint32_t *backward_actions, char *error, uint64_t error_capacity) {
    (void)error; (void)error_capacity;
    return move(instance, states, actions, count, next_states, backward_actions, 1);
}

static int32_t undo(void *instance, const int32_t *states, const uint32_t *backward_actions, uint64_t count,
                    int32_t *previous_states, uint32_t *actions, char *error, uint64_t error_capacity) {
    (void)error; (void)error_capacity;
    return move(instance, states, backward_actions, count, previous_states, actions, -1);
}

static int32_t observe(void *instance, const int32_t *states, uint64_t count, float *features, char *error,
                       uint64_t error_capacity) {
    (void)error; (void)error_capacity;
    if (is(instance, "write-to-input")) ((volatile int32_t *)(uintptr_t)states)[0] ^= 1;
    for (uint64_t i = 0; i < count; ++i) {
        features[4 * i] = (float)states[2 * i] / TOP;
        features[4 * i + 1] = (float)states[2 * i + 1];
        features[4 * i + 2] = misbehaves(instance, "infinite", states + 2 * i) ? INFINITY : 0.5f;
        if (!misbehaves(instance, "forget", states + 2 * i)) features[4 * i + 3] = -1;
    }
    return GFN_OK;
}

static int32_t describe(void *instance, const int32_t *state, char *buffer, uint64_t capacity, uint64_t *needed, char *error,
                        uint64_t error_capacity) {
    char text[64];
    if (misbehaves(instance, "fail", state)) return gfn_fail(GFN_FAILED, "three is too high", error, error_capacity);
    snprintf(text, sizeof text, misbehaves(instance, "two-lines", state) ? "height\n%d" : "height %d", (int)state[0]);
    return gfn_give(text, buffer, capacity, needed);
}

static void destroy(void *instance) { free(instance); }

static const gfn_environment environment = {sizeof(gfn_environment), 0, create, spec, forward_mask, backward_mask,
                                            step, undo, observe, describe, destroy};

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description = "{\"name\": \"walk\", \"version\": \"1\", \"parameters\": {\"type\": \"object\","
                          " \"properties\": {\"mode\": {\"type\": \"string\", \"default\": \"none\"}}}}";
    plugin->environment = &environment;
    return GFN_OK;
}
