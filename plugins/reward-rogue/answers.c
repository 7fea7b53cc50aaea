/* Misdeeds that give wrong answers, or write where nothing is to be written. */
#include "rogue.h"

#include <math.h>

#define MISDEED(name)                                                                                                  \
    int32_t name(rogue *self, const gfn_batch *batch, const gfn_scores *scores, uint64_t index, char *error,           \
                 uint64_t capacity)
#define UNUSED (void)self, (void)batch, (void)scores, (void)index, (void)error, (void)capacity

MISDEED(nan_) {
    UNUSED;
    scores->log_reward[index] = NAN;
    return CARRY_ON;
}

MISDEED(infinity) {
    UNUSED;
    scores->log_reward[index] = INFINITY;
    return CARRY_ON;
}

MISDEED(minus_infinity) {
    UNUSED;
    scores->log_reward[index] = -INFINITY;
    return CARRY_ON;
}

MISDEED(wrong_count) {
    UNUSED;
    scores->status[index] = GFN_NOT_SCORED;
    return CARRY_ON;
}

MISDEED(bad_status) {
    UNUSED;
    scores->status[index] = 77;
    return CARRY_ON;
}

MISDEED(bad_code) {
    UNUSED;
    return gfn_fail(99, "a code that nobody has heard of", error, capacity);
}

/* A few values too many, as one does by mistake. */
MISDEED(write_past_end) {
    UNUSED;
    for (uint64_t i = batch->count; i < batch->count + 8; ++i) {
        scores->log_reward[i] = 1;
        scores->status[i] = GFN_SCORED;
    }
    return CARRY_ON;
}

MISDEED(write_to_input) {
    UNUSED;
    /* By way of a number, since compilers warn of what it is. */
    ((volatile char *)(uintptr_t)batch->data)[0] += 1;
    return CARRY_ON;
}

MISDEED(throw_away) {
    UNUSED;
    return gfn_fail(GFN_FAILED, "the batch was thrown away", error, capacity);
}

MISDEED(no_text) {
    UNUSED;
    return gfn_fail(GFN_FAILED, "", error, capacity);
}

#define HUGE_LENGTH (1 << 20)

MISDEED(huge_text) {
    UNUSED;
    char *text = (char *)malloc(HUGE_LENGTH);
    if (text == NULL) return gfn_fail(GFN_FAILED, "out of memory", error, capacity);
    memset(text, 'x', HUGE_LENGTH);
    scores->status[index] = GFN_NO_SCORE;
    scores->explain(scores->context, index, text, HUGE_LENGTH);
    free(text);
    return CARRY_ON;
}

/* No NUL. */
MISDEED(endless_text) {
    UNUSED;
    if (capacity > 0) memset(error, 'x', (size_t)capacity);
    return GFN_FAILED;
}

/* Not UTF-8, and more than one line. */
MISDEED(broken_text) {
    UNUSED;
    gfn_no_score(scores, index, "half a \xC3 character\nand \x1B[31mcolor");
    return CARRY_ON;
}

static double calls = 0;

MISDEED(nondeterministic) {
    UNUSED;
    scores->log_reward[index] -= ++calls;
    return CARRY_ON;
}

MISDEED(depends_on_batch) {
    UNUSED;
    scores->log_reward[index] -= (double)batch->count;
    return CARRY_ON;
}
