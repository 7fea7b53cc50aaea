/* Misdeeds that end the process, or do not end. */
#define _POSIX_C_SOURCE 200809L
#include "rogue.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define MISDEED(name)                                                                                                  \
    int32_t name(rogue *self, const gfn_batch *batch, const gfn_scores *scores, uint64_t index, char *error,           \
                 uint64_t capacity)
#define UNUSED (void)self, (void)batch, (void)scores, (void)index, (void)error, (void)capacity

MISDEED(segfault) {
    UNUSED;
    /* Volatile, so that the compiler does not see through it. */
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
    return CARRY_ON;
}

MISDEED(abort_) {
    UNUSED;
    abort();
}

MISDEED(exit_) {
    UNUSED;
    exit(3);
}

MISDEED(exit_zero) {
    UNUSED;
    exit(0);
}

MISDEED(raise_signal) {
    UNUSED;
    raise(SIGTERM);
    return CARRY_ON;
}

static volatile int depth;

static int descend(int level) {
    volatile char page[4096];
    page[0] = (char)level;
    depth = level;
    /* Never true; the compiler does not know. */
    if (depth < 0) return 0;
    return descend(level + 1) + page[0];
}

MISDEED(stack_overflow) {
    UNUSED;
    depth = descend(0);
    return CARRY_ON;
}

static void *crash(void *context) {
    (void)context;
    segfault(NULL, NULL, NULL, 0, NULL, 0);
    return NULL;
}

MISDEED(spawn_thread_crash) {
    UNUSED;
    pthread_t thread;
    if (pthread_create(&thread, NULL, crash, NULL) != 0)
        return gfn_fail(GFN_FAILED, "there is no thread to crash", error, capacity);
    pthread_join(thread, NULL);
    return CARRY_ON;
}

MISDEED(hang) {
    UNUSED;
    for (;;) sleep(1000);
}

MISDEED(busy_loop) {
    UNUSED;
    for (;;) depth = depth + 1;
}

/* A tenth of a second over each victim. */
MISDEED(slow) {
    UNUSED;
    struct timespec tenth = {0, 100 * 1000 * 1000};
    nanosleep(&tenth, NULL);
    return CARRY_ON;
}
