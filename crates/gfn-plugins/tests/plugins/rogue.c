/* A reward whose objects make it misbehave: the first word says how, the second is minus the log-reward. */
#define _GNU_SOURCE
#include "gfn_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NORMAL, SEGFAULT, ABORT, EXIT, HANG, NOT_A_NUMBER, INFINITE, FORGET, EXPLAIN, ZERO_REWARD,
    BAD_STATUS, PAST_REWARDS, BEFORE_REWARDS, PAST_STATUS, WRITE_INPUT, FAR_PAST, FLOOD, FLOOD_ERRORS, SOCKET, EXECUTE,
    FORK, READ, WRITE, MEMORY, FAIL, KILL_PARENT, THREAD, CLOSE_ALL, GARBAGE, OVERFLOW,
    STOP, LIMIT_PARENT, TRACE_PARENT, DEAD_THREAD, VFORK, SOCKET_PAIR, DATAGRAMS, ENVIRONMENT_OF_PARENT, MESSAGE, SELF,
    ORPHAN, OWN_SIGNALS, SIGNAL_OF_CHOICE, SHARED_MEMORY, RING, EXECUTE_AT,
    FIRST_TO_GO, STUBBORN,
};

typedef struct {
    double weight;
    const gfn_host *host;
} settings;

static char path[512];

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)length;
    double luck = gfn_number(parameters, "luck", 0);
    if (luck == 13) return gfn_fail(GFN_BAD_PARAMETERS, "13 brings bad luck", error, capacity);
    if (luck == 14) return gfn_fail(GFN_FAILED, "no more room", error, capacity);
    if (luck == 15) { fprintf(stderr, "about to fall\n"); abort(); }
    if (luck == 16) for (;;) pause();
    gfn_string(parameters, "path", path, sizeof path);
    settings *made = malloc(sizeof *made);
    made->weight = gfn_number(parameters, "weight", 0) + (double)seed;
    made->host = host;
    *instance = made;
    return GFN_OK;
}

static void *idle(void *argument) { return argument; }

#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Winfinite-recursion"
static int overflow(volatile int depth) {
    volatile char room[4096];
    room[0] = (char)depth;
    return overflow(depth + 1) + room[0];
}

/* Goes by the name that the parameters give, and never ends by itself. */
static void live_on(void) {
    prctl(PR_SET_NAME, path);
    for (int number = 1; number < 32; ++number) signal(number, SIG_IGN);
    printf("child\n");
    fflush(stdout);
    for (;;) pause();
}

static int error_of(long result) { return result == -1 ? errno : 0; }

static double refused(int mode) {
    pid_t child;
    int pair[2];
    struct rlimit limit = {1 << 30, 1 << 30};
    char text[64];
    switch (mode) {
    case SOCKET: return error_of(socket(AF_INET, SOCK_STREAM, 0));
    case SOCKET_PAIR: return error_of(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    case DATAGRAMS: return error_of(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    case EXECUTE: execl("/bin/true", "true", (char *)0); return errno;
    case FORK:
        child = fork();
        if (child == 0) _exit(0);
        if (child > 0) waitpid(child, 0, 0);
        return child == -1 ? errno : 0;
    case VFORK: return system("exit 0") == 0 ? 0 : EPERM;
    case READ: return error_of(open(path, O_RDONLY));
    case WRITE: return error_of(open(path, O_WRONLY | O_CREAT, 0600));
    case KILL_PARENT: return error_of(kill(getppid(), 0));
    case OWN_SIGNALS: return error_of(fcntl(0, F_SETOWN, getppid()));
    case SIGNAL_OF_CHOICE: return error_of(fcntl(0, F_SETSIG, SIGKILL));
    case SHARED_MEMORY: return error_of(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
    case RING: return error_of(syscall(425, 1, text));
    case EXECUTE_AT: return error_of(syscall(SYS_execveat, 0, "/bin/true", 0, 0, 0));
    case FIRST_TO_GO:
        child = open("/proc/self/oom_score_adj", O_RDONLY);
        memset(text, 0, sizeof text);
        return child >= 0 && read(child, text, sizeof text - 1) > 0 ? atoi(text) : -2;
    case SELF: return error_of(kill(getpid(), 0));
    case LIMIT_PARENT: return error_of(prlimit(getppid(), RLIMIT_CPU, &limit, 0));
    case TRACE_PARENT: return error_of(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
    case ENVIRONMENT_OF_PARENT:
        snprintf(text, sizeof text, "/proc/%d/environ", getppid());
        return error_of(open(text, O_RDONLY));
    }
    return -1;
}

static void misbehave(int mode, settings *own, const gfn_batch *batch, const gfn_scores *scores, uint64_t index) {
    pthread_t thread;
    switch (mode) {
    case SEGFAULT: *(volatile int *)8 = 1; break;
    case ABORT: fprintf(stderr, "assertion failed: luck\n"); abort();
    case EXIT: exit(3);
    case HANG: for (;;) pause();
    case STOP: raise(SIGSTOP); break;
    case PAST_REWARDS: scores->log_reward[batch->count] = 1; break;
    case BEFORE_REWARDS: scores->log_reward[-1] = 1; break;
    case PAST_STATUS: scores->status[batch->count] = 1; break;
    case WRITE_INPUT: *(volatile int32_t *)gfn_state(batch, index) = 0; break;
    case FAR_PAST: memset(scores->log_reward, 0, 1 << 24); break;
    case FLOOD: for (int i = 0; i < 200000; ++i) printf("flood %d\n", i); fflush(stdout); break;
    case FLOOD_ERRORS: for (int i = 0; i < 20000; ++i) fprintf(stderr, "%0100d", i); break;
    case MESSAGE: own->host->log(own->host->context, GFN_LOG_WARNING, "take care", 9); break;
    case MEMORY: for (;;) { char *more = malloc(1 << 24); if (!more) abort(); memset(more, 1, 1 << 24); }
    case THREAD:
        if (pthread_create(&thread, 0, idle, 0) || pthread_join(thread, 0)) abort();
        break;
    case DEAD_THREAD: pthread_exit(0);
    case CLOSE_ALL: for (int file = 0; file < 100; ++file) close(file); break;
    case GARBAGE: for (int file = 3; file < 20; ++file) if (write(file, "garbage", 7) < 0) {} break;
    case OVERFLOW: overflow(0); break;
    case ORPHAN:
        if (fork() == 0) live_on();
        usleep(50000);
        abort();
    case STUBBORN: {
        pid_t child = fork();
        if (child == 0) {
            setsid();
            if (fork() == 0) live_on();
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    }
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    settings *own = instance;
    for (uint64_t i = 0; i < batch->count; ++i) {
        const int32_t *state = gfn_state(batch, i);
        double value = -own->weight * state[1];
        uint8_t status = GFN_SCORED;
        switch (state[0]) {
        case NORMAL: break;
        case NOT_A_NUMBER: value = NAN; break;
        case INFINITE: value = INFINITY; break;
        case FORGET: continue;
        case EXPLAIN: gfn_no_score(scores, i, "it is ugly"); continue;
        case ZERO_REWARD: status = GFN_ZERO; break;
        case BAD_STATUS: status = 77; break;
        case FAIL: return gfn_fail(GFN_FAILED, "not this one", error, capacity);
        default: {
            double code = refused(state[0]);
            if (code >= 0) value = code;
            else misbehave(state[0], own, batch, scores, i);
        }
        }
        scores->log_reward[i] = value;
        scores->status[i] = status;
    }
    return GFN_OK;
}

static void destroy(void *instance) { free(instance); }

static const gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    host->log(host->context, GFN_LOG_INFO, "loaded", 6);
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description =
        "{\"name\": \"rogue\", \"version\": \"1.2.3\", \"summary\": \"Misbehaves.\", \"input\": \"states\", \"can_be_zero\": true,"
        " \"parameters\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
        "   \"weight\": {\"type\": \"number\", \"default\": 1},"
        "   \"luck\": {\"type\": \"integer\", \"default\": 0},"
        "   \"path\": {\"type\": \"string\", \"default\": \"\"}}},"
        " \"thread_safe\": true}";
    plugin->reward = &reward;
    return GFN_OK;
}
