/* What the parts of the rogue share. */
#ifndef ROGUE_H
#define ROGUE_H

#include "gfn_plugin.h"

/* What a misdeed returns besides the codes of the header, which end the batch. */
#define CARRY_ON (-1)

/* The most that the rogue allocates where nobody stops it, and the most processes that it starts. */
#define MAX_MIB 4096
#define MAX_PROCESSES 16

/* The bytes that every instance leaves behind in the mode `leak-in-create`. */
#define LEAKED 256

typedef struct rogue rogue;

/* Does wrong over object `index`, which is scored already. */
typedef int32_t misdeed(rogue *self, const gfn_batch *batch, const gfn_scores *scores, uint64_t index, char *error,
                        uint64_t capacity);

struct rogue {
    /* NULL where it behaves. */
    misdeed *misdeed;
    char mode[32];
    char victim[256];
    char path[1024];
    /* How many batches it behaves for, and how many there were. */
    uint64_t after;
    uint64_t batches;
};

/* Ends of the process, endless calls and the like. */
misdeed segfault, abort_, exit_, exit_zero, raise_signal, stack_overflow, spawn_thread_crash, hang, busy_loop, slow;
/* Wrong answers. */
misdeed nan_, infinity, minus_infinity, wrong_count, bad_status, bad_code, write_past_end, write_to_input, throw_away, no_text,
    huge_text, endless_text, broken_text, nondeterministic, depends_on_batch;
/* Things that a confined process cannot do, or not for long. */
misdeed flood_stderr, flood_stdout, allocate_without_end, fork_bomb, close_descriptors, open_socket, read_file, write_file,
    exec, leak;

#endif
