/*
 * Misdeeds that reach for what is not theirs. Where the system says no, the victim is an object that cannot be scored, with
 * what the system says; where it does not, the victim is scored as usual.
 */
#define _POSIX_C_SOURCE 200809L
#include "rogue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define MISDEED(name)                                                                                                  \
    int32_t name(rogue *self, const gfn_batch *batch, const gfn_scores *scores, uint64_t index, char *error,           \
                 uint64_t capacity)
#define UNUSED (void)self, (void)batch, (void)scores, (void)index, (void)error, (void)capacity

#define MIB ((size_t)1 << 20)

static int32_t refused(const gfn_scores *scores, uint64_t index, const char *what) {
    char text[256];
    snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    gfn_no_score(scores, index, text);
    return CARRY_ON;
}

static void flood(FILE *stream, uint64_t index) {
    for (int line = 0; line < 200000; ++line)
        fprintf(stream, "line %d about object %llu: the quick brown fox jumps over the lazy dog\n", line,
                (unsigned long long)index);
    fflush(stream);
}

MISDEED(flood_stderr) {
    UNUSED;
    flood(stderr, index);
    return CARRY_ON;
}

MISDEED(flood_stdout) {
    UNUSED;
    flood(stdout, index);
    return CARRY_ON;
}

static volatile char *taken;

/* One MiB, written to so that it is there. */
static int take_one(void) {
    taken = (volatile char *)malloc(MIB);
    for (size_t at = 0; taken != NULL && at < MIB; at += 1024) taken[at] = 1;
    return taken != NULL;
}

MISDEED(allocate_without_end) {
    UNUSED;
    char text[128];
    int mib = 0;
    while (mib < MAX_MIB && take_one()) ++mib;
    snprintf(text, sizeof text, mib < MAX_MIB ? "no memory left after %d MiB" : "nobody stopped it at %d MiB", mib);
    return gfn_fail(GFN_FAILED, text, error, capacity);
}

MISDEED(leak) {
    UNUSED;
    take_one();
    return CARRY_ON;
}

MISDEED(fork_bomb) {
    UNUSED;
    for (int child = 0; child < MAX_PROCESSES; ++child) {
        pid_t started = fork();
        if (started < 0) return refused(scores, index, "fork");
        if (started == 0) {
            sleep(5);
            _exit(0);
        }
    }
    return CARRY_ON;
}

MISDEED(close_descriptors) {
    UNUSED;
    for (int descriptor = 0; descriptor < 256; ++descriptor) close(descriptor);
    return CARRY_ON;
}

MISDEED(open_socket) {
    UNUSED;
    int opened = socket(AF_INET, SOCK_STREAM, 0);
    if (opened < 0) return refused(scores, index, "socket");
    close(opened);
    return CARRY_ON;
}

static const char *path_or(const rogue *self, const char *otherwise) { return self->path[0] ? self->path : otherwise; }

MISDEED(read_file) {
    UNUSED;
    int opened = open(path_or(self, "/etc/passwd"), O_RDONLY);
    if (opened < 0) return refused(scores, index, "open");
    close(opened);
    return CARRY_ON;
}

MISDEED(write_file) {
    UNUSED;
    int opened = open(path_or(self, "/tmp/gfn-rogue"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (opened < 0) return refused(scores, index, "open");
    int failed = write(opened, "rogue\n", 6) != 6;
    close(opened);
    return failed ? refused(scores, index, "write") : CARRY_ON;
}

/* Where it succeeds, another program has taken the place of this one. */
MISDEED(exec) {
    UNUSED;
    const char *program = path_or(self, "/bin/true");
    char *const words[] = {(char *)"true", NULL};
    execv(program, words);
    return refused(scores, index, "execv");
}
