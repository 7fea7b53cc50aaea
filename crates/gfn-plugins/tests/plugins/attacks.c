/*
 * A reward whose objects are attacks, by name: the log-reward is 0 where the attack succeeded, otherwise the error's number. The
 * object "?7" is not scored, and the reason is the name of attack 7, or "end" after the last one.
 *
 * An attack acts on what the parameters name: `file` and `folder`, which the plugin may read and its user owns, and the process
 * `victim` of the same user. Signals are signal 0, and what would change the machine changes it to what it is.
 */
#define _GNU_SOURCE
#include "gfn_plugin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#ifndef F_SET_RW_HINT
#define F_SET_RW_HINT 1036
#endif

static char file[512], folder[512], made[600], other[600];
static pid_t victim;
static int port;
/* The file and the folder, open to read. */
static int fd = -1, dir = -1;

static char bytes[4096];
static const struct timespec now[2] = {{1000, 0}, {1000, 0}};
static const struct timeval then[2] = {{1000, 0}, {1000, 0}};

static long number(long result) { return result; }
static long opened(int descriptor) {
    if (descriptor >= 0) close(descriptor);
    return descriptor < 0 ? -1 : 0;
}
static long child_of(long child) {
    if (child == 0) _exit(0);
    if (child > 0) waitpid((pid_t)child, NULL, 0);
    return child < 0 ? -1 : 0;
}
static long reopened(int flags) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return opened(open(name, flags));
}
static long mode_by_path_descriptor(void) {
    char name[64];
    int found = open(file, O_PATH);
    snprintf(name, sizeof name, "/proc/self/fd/%d", found);
    long result = chmod(name, 0777);
    int error = errno;
    close(found);
    errno = error;
    return result;
}
static long openat2_to_write(void) {
    struct open_how how = {O_WRONLY | O_APPEND, 0, 0};
    return opened((int)syscall(SYS_openat2, AT_FDCWD, file, &how, sizeof how));
}
static long locked(int command, short kind) {
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET};
    return fcntl(fd, command, &lock);
}
static long flags_of_file(unsigned long request) {
    long flags = 0x40; /* No dump: harmless. */
    return ioctl(fd, request, &flags);
}
static long extended_attributes_of_file(void) {
    struct fsxattr attributes = {.fsx_xflags = 0x40};
    return ioctl(fd, FS_IOC_FSSETXATTR, &attributes);
}
static long xattrat(long call) {
    struct { uint64_t value; uint32_t size, flags; } arguments = {(uint64_t)(uintptr_t)"1", 1, 0};
    return call == 463 ? syscall(463, AT_FDCWD, file, 0, "user.gfn", &arguments, sizeof arguments)
                       : syscall(466, AT_FDCWD, file, 0, "user.gfn");
}
static long file_setattr(void) {
    struct fsxattr attributes = {.fsx_xflags = 0x40};
    return syscall(469, AT_FDCWD, file, &attributes, sizeof attributes, 0);
}
static long at_socket(int family, int kind) {
    int made_socket = socket(family, kind, 0);
    return opened(made_socket);
}
static long abstract_socket(void) {
    struct sockaddr_un name = {AF_UNIX, "\0gfn-attack"};
    int plain = socket(AF_UNIX, SOCK_STREAM, 0);
    if (plain < 0) return -1;
    return bind(plain, (struct sockaddr *)&name, sizeof name);
}
static long datagrams(void) {
    int pair[2];
    return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
}
static long scheduled(long call) {
    struct sched_param parameter = {0};
    struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t times[3]; } all = {
        48, SCHED_BATCH, 0, 5, 0, {0, 0, 0}};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    switch (call) {
    case SYS_sched_setscheduler: return syscall(call, victim, SCHED_BATCH, &parameter);
    case SYS_sched_setparam: return syscall(call, victim, &parameter);
    case SYS_sched_setattr: return syscall(call, victim, &all, 0);
    default: return sched_setaffinity(victim, sizeof set, &set);
    }
}
static long limited(void) {
    struct rlimit limit = {1 << 20, 1 << 20};
    return prlimit(victim, RLIMIT_NOFILE, &limit, NULL);
}
static long queued(long call) {
    siginfo_t information;
    memset(&information, 0, sizeof information);
    information.si_code = SI_QUEUE;
    return call == SYS_rt_sigqueueinfo ? syscall(call, victim, 0, &information)
                                       : syscall(call, victim, victim, 0, &information);
}
static long memory_of_victim(long call) {
    struct iovec ours = {bytes, 8}, theirs = {bytes, 8};
    return syscall(call, victim, &ours, 1, &theirs, 1, 0) < 0 ? -1 : 0;
}
static long seen(const char *name, const char *part) {
    int found = open(name, O_RDONLY);
    if (found < 0) return -1;
    long length = read(found, bytes, sizeof bytes - 1);
    close(found);
    if (length < 0) return -1;
    errno = ENOENT;
    return memmem(bytes, (size_t)length, part, strlen(part)) ? 0 : -1;
}
static long of_victim(const char *what, const char *part) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/%s", victim, what);
    return seen(name, part);
}
static long ports(const char *name) {
    char text[16];
    snprintf(text, sizeof text, ":%04X ", port);
    return seen(name, text);
}
static long of_environment(const char *name) {
    errno = ENOENT;
    return getenv(name) ? 0 : -1;
}
static void *idle(void *room) {
    pthread_mutex_lock(room);
    pthread_mutex_unlock(room);
    return NULL;
}
/* As many threads as there can be, up to 3,000; all end before it returns. */
static long threads(void) {
    static pthread_t started[3000];
    pthread_mutex_t wait = PTHREAD_MUTEX_INITIALIZER;
    pthread_attr_t small;
    int count = 0, error = 0;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    pthread_mutex_lock(&wait);
    while (count < 3000 && (error = pthread_create(&started[count], &small, idle, &wait)) == 0) ++count;
    pthread_mutex_unlock(&wait);
    for (int i = 0; i < count; ++i) pthread_join(started[i], NULL);
    errno = error;
    return error ? -1 : 0;
}
static long one_thread(void) {
    pthread_t started;
    pthread_mutex_t open = PTHREAD_MUTEX_INITIALIZER;
    errno = pthread_create(&started, NULL, idle, &open);
    return errno ? -1 : pthread_join(started, NULL);
}
static long own_affinity(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0 ? 0 : sched_setaffinity(0, sizeof set, &set);
}
static long time_of_machine(void) {
    struct timex nothing;
    memset(&nothing, 0, sizeof nothing);
    nothing.modes = ADJ_TICK;
    nothing.tick = 10000;
    return adjtimex(&nothing) < 0 ? -1 : 0;
}
static long name_of_machine(void) {
    char name[65];
    gethostname(name, sizeof name);
    return sethostname(name, strlen(name));
}
static long handle(void) {
    struct { unsigned size; int kind; char room[128]; } found = {128, 0, {0}};
    int mount_number;
    if (syscall(SYS_name_to_handle_at, AT_FDCWD, file, &found, &mount_number, 0) != 0) return -1;
    return opened((int)syscall(SYS_open_by_handle_at, dir, &found, O_RDONLY));
}
static long clone3(void) {
    struct { uint64_t flags, rest[10]; } arguments = {CLONE_NEWUSER, {0}};
    arguments.rest[3] = SIGCHLD;
    return child_of(syscall(SYS_clone3, &arguments, 88));
}
static long cloned(unsigned long flags) { return child_of(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0)); }
static long ruled_terminal(unsigned long request) {
    char letter = '\n';
    return ioctl(0, request, &letter);
}

/* Changes to files. */
#define FILES(X)                                                                                                       \
    X("fchmod", fchmod(fd, 0777)) X("fchmodat", fchmodat(AT_FDCWD, file, 0777, 0))                                     \
    X("fchmodat2", syscall(452, AT_FDCWD, file, 0777, 0)) X("chmod of a folder", fchmodat(AT_FDCWD, folder, 0, 0))     \
    X("chmod by O_PATH", mode_by_path_descriptor()) X("fchown", fchown(fd, getuid(), getgid()))                        \
    X("fchownat", fchownat(AT_FDCWD, file, getuid(), getgid(), 0))                                                     \
    X("lchown", fchownat(AT_FDCWD, file, getuid(), getgid(), AT_SYMLINK_NOFOLLOW))                                     \
    X("utimensat", utimensat(AT_FDCWD, file, now, 0)) X("futimens", futimens(fd, now))                                 \
    X("setxattr", syscall(SYS_setxattr, file, "user.gfn", "1", 1, 0))                                                  \
    X("lsetxattr", syscall(SYS_lsetxattr, file, "user.gfn", "1", 1, 0))                                                \
    X("fsetxattr", syscall(SYS_fsetxattr, fd, "user.gfn", "1", 1, 0))                                                  \
    X("removexattr", syscall(SYS_removexattr, file, "user.here")) X("lremovexattr", syscall(SYS_lremovexattr, file, "user.here")) \
    X("fremovexattr", syscall(SYS_fremovexattr, fd, "user.here")) X("setxattrat", xattrat(463))                        \
    X("removexattrat", xattrat(466)) X("file_setattr", file_setattr()) X("chattr", flags_of_file(FS_IOC_SETFLAGS))     \
    X("chattr of a project", extended_attributes_of_file()) X("version of a file", flags_of_file(FS_IOC_SETVERSION))   \
    X("flock", flock(fd, LOCK_SH | LOCK_NB)) X("flock of a folder", flock(dir, LOCK_EX | LOCK_NB))                     \
    X("fcntl lock", locked(F_SETLK, F_RDLCK)) X("fcntl lock that waits", locked(F_SETLKW, F_RDLCK))                    \
    X("fcntl lock of a description", locked(37, F_RDLCK)) X("lease", fcntl(fd, F_SETLEASE, F_RDLCK))                   \
    X("dnotify", fcntl(dir, F_NOTIFY, DN_CREATE)) X("hint", fcntl(fd, F_SET_RW_HINT, &(uint64_t){1}))                  \
    X("truncate", truncate(file, 0)) X("open to write", opened(open(file, O_WRONLY)))                                  \
    X("open to truncate", opened(open(file, O_RDONLY | O_TRUNC))) X("open to append", opened(open(file, O_RDWR | O_APPEND))) \
    X("openat2 to write", openat2_to_write()) X("creat", opened(creat(made, 0600)))                                    \
    X("temporary file", opened(open(folder, O_TMPFILE | O_RDWR, 0600))) X("reopen to write", reopened(O_RDWR))         \
    X("reopen to truncate", reopened(O_WRONLY | O_TRUNC)) X("mkdir", mkdir(made, 0700)) X("rmdir", rmdir(other))       \
    X("mkfifo", mknod(made, S_IFIFO | 0600, 0)) X("device", mknod(made, S_IFCHR | 0600, 0x103))                        \
    X("link", link(file, made)) X("symlink", symlink(file, made)) X("rename", rename(file, made))                      \
    X("exchange", syscall(SYS_renameat2, AT_FDCWD, file, AT_FDCWD, other, 2)) X("unlink", unlink(file))                \
    X("clone of a file", ioctl(fd, FICLONE, fd)) X("file handle", handle())                                            \
    X("inotify", inotify_add_watch(inotify_init1(0), folder, IN_ALL_EVENTS)) X("fanotify", syscall(SYS_fanotify_init, 0, 0)) \
    X("bind mount", mount(folder, folder, NULL, MS_BIND, NULL)) X("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL)) \
    X("umount", umount2("/proc", MNT_DETACH)) X("open_tree", syscall(428, AT_FDCWD, folder, 1)) X("fsopen", syscall(430, "tmpfs", 0)) \
    X("mount_setattr", syscall(442, AT_FDCWD, folder, 0, bytes, 32)) X("chroot", chroot(folder))                       \
    X("pivot_root", syscall(SYS_pivot_root, folder, folder)) X("acct", acct(file)) X("swapon", syscall(SYS_swapon, file, 0)) \
    X("quotactl", syscall(SYS_quotactl, 0, NULL, 0, NULL)) X("quotactl_fd", syscall(443, dir, 0, 0, NULL)) X("syncfs", syncfs(fd))

/* Reaches for other processes. */
#define PROCESSES(X)                                                                                                   \
    X("kill", kill(victim, 0)) X("kill of all", kill(-1, 0)) X("kill of a group", kill(-victim, 0))                    \
    X("tkill", syscall(SYS_tkill, victim, 0)) X("tgkill", syscall(SYS_tgkill, victim, victim, 0))                      \
    X("sigqueue", queued(SYS_rt_sigqueueinfo)) X("tgsigqueue", queued(SYS_rt_tgsigqueueinfo))                          \
    X("pidfd_open", opened((int)syscall(434, victim, 0))) X("pidfd_send_signal", syscall(424, fd, 0, NULL, 0))         \
    X("pidfd_getfd", syscall(438, fd, 0, 0)) X("signals of a descriptor", fcntl(0, F_SETOWN, victim))                  \
    X("signal of choice", fcntl(0, F_SETSIG, SIGKILL)) X("signals of a socket", ioctl(0, 0x8902, &victim))             \
    X("nice", setpriority(PRIO_PROCESS, (id_t)victim, 5)) X("nice of a group", setpriority(PRIO_PGRP, (id_t)victim, 5)) \
    X("nice of a user", setpriority(PRIO_USER, getuid(), 0)) X("scheduler", scheduled(SYS_sched_setscheduler))         \
    X("scheduling parameter", scheduled(SYS_sched_setparam)) X("scheduling attributes", scheduled(SYS_sched_setattr))  \
    X("affinity", scheduled(SYS_sched_setaffinity)) X("I/O priority", syscall(SYS_ioprio_set, 1, victim, 3 << 13))     \
    X("I/O priority of a user", syscall(SYS_ioprio_set, 3, getuid(), 3 << 13)) X("limits", limited())                  \
    X("core scheduling", prctl(62, 1, victim, 0, 0)) X("ptrace attach", ptrace(PTRACE_ATTACH, victim, 0, 0))           \
    X("ptrace seize", ptrace(PTRACE_SEIZE, victim, 0, 0)) X("process_vm_readv", memory_of_victim(SYS_process_vm_readv)) \
    X("process_vm_writev", memory_of_victim(SYS_process_vm_writev)) X("process_madvise", syscall(440, fd, NULL, 0, 20, 0)) \
    X("process_mrelease", syscall(448, fd, 0)) X("migrate_pages", syscall(SYS_migrate_pages, victim, 64, bytes, bytes)) \
    X("move_pages", syscall(SYS_move_pages, victim, 0, NULL, NULL, NULL, 0)) X("kcmp", syscall(SYS_kcmp, victim, getpid(), 0, 0, 0)) \
    X("robust list", syscall(SYS_get_robust_list, victim, bytes, bytes + 8)) X("process group", setpgid(victim, 0))    \
    X("memory of a process", of_victim("mem", "")) X("environment of a process", of_victim("environ", ""))             \
    X("command line of a process", of_victim("cmdline", "sleep")) X("files of a process", of_victim("fd/0", ""))       \
    X("ports by /proc/net", ports("/proc/net/tcp")) X("ports by /proc/self", ports("/proc/self/net/tcp"))              \
    X("ports by a thread", ports("/proc/thread-self/net/tcp")) X("ports by a process", of_victim("net/tcp", ":"))      \
    X("secret of the environment", of_environment("ATTACK_SECRET"))                                                    \
    X("3,000 threads", threads()) X("fork", child_of(fork())) X("clone", cloned(0)) X("clone3", clone3())              \
    X("clone into namespaces", cloned(CLONE_NEWUSER)) X("unshare", unshare(CLONE_NEWUSER)) X("setns", setns(dir, 0))   \
    X("exec", execl("/bin/true", "true", (char *)NULL))

/* Reaches for the kernel, for other programs through it, and for the network. */
#define MACHINE(X)                                                                                                     \
    X("shared memory", syscall(SYS_shmget, 0x6766, 4096, 01600)) X("semaphores", syscall(SYS_semget, 0x6766, 1, 01600)) \
    X("message queue", syscall(SYS_msgget, 0x6766, 01600)) X("POSIX queue", syscall(SYS_mq_open, "gfn", O_CREAT | O_RDWR, 0600, NULL)) \
    X("socket", at_socket(AF_INET, SOCK_STREAM)) X("socket of the machine", at_socket(AF_UNIX, SOCK_STREAM))           \
    X("abstract socket", abstract_socket()) X("netlink", at_socket(AF_NETLINK, SOCK_RAW)) X("packets", at_socket(17, SOCK_RAW)) \
    X("virtual machine's socket", at_socket(40, SOCK_STREAM)) X("kernel's ciphers", at_socket(38, SOCK_SEQPACKET))     \
    X("pair of datagrams", datagrams()) X("io_uring", syscall(425, 1, bytes)) X("asynchronous I/O", syscall(SYS_io_setup, 1, bytes)) \
    X("userfaultfd", opened((int)syscall(SYS_userfaultfd, 1))) X("bpf", syscall(SYS_bpf, 0, bytes, 64))                \
    X("perf", opened((int)syscall(SYS_perf_event_open, bytes, victim, -1, -1, 0))) X("keyctl", syscall(SYS_keyctl, 0, -3, 0)) \
    X("add_key", syscall(SYS_add_key, "user", "gfn", "1", 1, -3)) X("request_key", syscall(SYS_request_key, "user", "gfn", NULL, -3)) \
    X("clock", time_of_machine()) X("host name", name_of_machine()) X("reboot", syscall(SYS_reboot, 0, 0, 0, NULL))    \
    X("module", syscall(SYS_init_module, NULL, 0, "")) X("kexec", syscall(SYS_kexec_load, 0, 0, NULL, 0))              \
    X("kernel log", syscall(SYS_syslog, 10, NULL, 0)) X("typing at a terminal", ruled_terminal(TIOCSTI))               \
    X("controlling terminal", ruled_terminal(TIOCSCTTY)) X("terminal", opened(open("/dev/tty", O_RDWR)))               \
    X("new terminal", opened(open("/dev/ptmx", O_RDWR))) X("setting of the kernel", opened(open("/proc/sys/kernel/hostname", O_WRONLY)))

#ifdef __x86_64__
#define OLD_FILES(X)                                                                                                   \
    X("chmod", syscall(SYS_chmod, file, 0777)) X("chown", syscall(SYS_chown, file, getuid(), getgid()))                \
    X("old lchown", syscall(SYS_lchown, file, getuid(), getgid())) X("utime", syscall(SYS_utime, file, NULL))          \
    X("utimes", syscall(SYS_utimes, file, then)) X("futimesat", syscall(SYS_futimesat, AT_FDCWD, file, then))          \
    X("x32 chmod", syscall(0x40000000 | SYS_chmod, file, 0777)) X("x32 getpid", syscall(0x40000000 | SYS_getpid))      \
    X("vfork", child_of(syscall(SYS_fork))) X("I/O ports", syscall(SYS_iopl, 3)) X("segments", syscall(SYS_modify_ldt, 0, bytes, 16))
#else
#define OLD_FILES(X)
#endif

/* What a plugin needs: the error is to be 0. Names begin with "own". */
#define OWN(X)                                                                                                         \
    X("own signal", kill(getpid(), 0)) X("own thread", one_thread()) X("own affinity", own_affinity())                 \
    X("own nice", setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0))) X("own status", seen("/proc/self/status", "Threads")) \
    X("own memory map", seen("/proc/self/maps", "r--p")) X("own command line", seen("/proc/self/cmdline", ""))        \
    X("own processors", seen("/proc/cpuinfo", "processor")) X("own memory", seen("/proc/meminfo", "MemTotal"))         \
    X("own file", seen(file, "secret")) X("own unnamed file", opened(memfd_create("gfn", 0)))                          \
    X("own limit", prlimit(0, RLIMIT_NOFILE, NULL, &(struct rlimit){0, 0}))                                            \
    X("own random numbers", opened(open("/dev/urandom", O_RDONLY)))

#define ALL(X) FILES(X) OLD_FILES(X) PROCESSES(X) MACHINE(X) OWN(X)

#define NAME(name, call) name,
static const char *const names[] = {ALL(NAME) "end"};
#define COUNT (sizeof names / sizeof *names)

static long attempt(uint64_t which) {
    uint64_t next = 0;
#define TRY(name, call)                                                                                                \
    if (which == next++) return number(call);
    ALL(TRY)
    errno = 0;
    return -1;
}

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)host, (void)length, (void)seed, (void)error, (void)capacity;
    gfn_string(parameters, "file", file, sizeof file);
    gfn_string(parameters, "folder", folder, sizeof folder);
    victim = (pid_t)gfn_number(parameters, "victim", 0);
    port = (int)gfn_number(parameters, "port", 0);
    snprintf(made, sizeof made, "%s/made", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    fd = open(file, O_RDONLY);
    dir = open(folder, O_RDONLY | O_DIRECTORY);
    *instance = bytes;
    return GFN_OK;
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    (void)instance, (void)error, (void)capacity;
    for (uint64_t i = 0; i < batch->count; ++i) {
        uint64_t length, which = 0;
        const char *text = gfn_text(batch, i, &length);
        if (length > 0 && text[0] == '?') {
            for (uint64_t at = 1; at < length; ++at) which = 10 * which + (uint64_t)(text[at] - '0');
            gfn_no_score(scores, i, which < COUNT ? names[which] : "end");
            continue;
        }
#ifdef __x86_64__
        if (length == 14 && memcmp(text, "32-bit program", 14) == 0) {
            long result;
            __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
            scores->log_reward[i] = 0;
            scores->status[i] = GFN_SCORED;
            continue;
        }
#endif
        while (which < COUNT && (strlen(names[which]) != length || memcmp(names[which], text, length) != 0)) ++which;
        errno = 0;
        scores->log_reward[i] = attempt(which) < 0 ? errno : 0;
        scores->status[i] = GFN_SCORED;
    }
    return GFN_OK;
}

static void destroy(void *instance) { (void)instance; }

static const gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description =
        "{\"name\": \"attacks\", \"version\": \"1.0.0\", \"summary\": \"Tries what is refused.\", \"input\": \"texts\","
        " \"parameters\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
        "  \"file\": {\"type\": \"string\", \"default\": \"\"}, \"folder\": {\"type\": \"string\", \"default\": \"\"},"
        "  \"victim\": {\"type\": \"integer\", \"default\": 0}, \"port\": {\"type\": \"integer\", \"default\": 0}}}}";
    plugin->reward = &reward;
    return GFN_OK;
}
