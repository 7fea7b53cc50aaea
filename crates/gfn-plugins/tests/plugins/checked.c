/* A reward that does as it should. Tests put the name of a fault in place of the mark's blanks, in the library itself. */
#define _DEFAULT_SOURCE
#include "gfn_plugin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile const char mark[] = "FAULT=                        ";

static int is(const char *fault) {
    const char *given = (const char *)mark + 6;
    size_t length = strlen(fault);
    return strncmp(given, fault, length) == 0 && given[length] == ' ';
}

#define IF(fault) if (is(#fault))

#ifdef TAKES_STATES
#define INPUT "states"
static double of(const gfn_batch *batch, uint64_t index) { return gfn_state(batch, index)[0]; }
#else
#define INPUT "texts"
static double of(const gfn_batch *batch, uint64_t index) {
    uint64_t length;
    const char *text = gfn_text(batch, index, &length);
    double sum = 0;
    for (uint64_t i = 0; i < length; ++i) sum += (unsigned char)text[i] % 7;
    return sum;
}
#endif

static int calls;
static int callers;

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)host; (void)seed;
    int is_wrong = strstr(parameters, "no-such-parameter") != NULL;
    int is_nonsense = strncmp(parameters, "{\"", 2) != 0 || parameters[length - 1] != '}';
    IF(REFUSES_TO_START) return gfn_fail(GFN_FAILED, "there is no model", error, capacity);
    IF(DIES_OF_PARAMETERS) if (is_wrong) abort();
    IF(DIES_OF_NONSENSE) if (is_nonsense) abort();
    if (is_wrong || is_nonsense) {
        IF(TAKES_ANYTHING) goto made;
        IF(REFUSES_WITHOUT_REASON) return GFN_BAD_PARAMETERS;
        IF(IGNORES_ROOM) { if (error) memset(error, 0, capacity + 1); return GFN_BAD_PARAMETERS; }
        IF(NO_END_OF_ERROR) { memset(error, 'x', capacity); return GFN_BAD_PARAMETERS; }
        return gfn_fail(GFN_BAD_PARAMETERS, "these are no parameters", error, capacity);
    }
made:
    *instance = malloc(64);
    IF(LEAKS_MUCH) *instance = calloc(1, 1 << 16);
    return *instance ? GFN_OK : GFN_FAILED;
}

static void destroy(void *instance) {
    IF(LEAKS) return;
    IF(LEAKS_MUCH) return;
    free(instance);
}

static double judged(const gfn_batch *batch, uint64_t index) {
    double value = -of(batch, index) - 1;
    IF(COUNTS_CALLS) return value - calls;
    IF(DEPENDS_ON_PLACE) return value - (double)(index + 1) / (double)(batch->count + 1);
    IF(DEPENDS_ON_OTHERS) return value - (double)batch->count;
    IF(NEARLY_THE_SAME) return value * (1 + 1e-14 * (double)batch->count);
    IF(NOT_A_NUMBER) return NAN;
    IF(TOO_GREAT) return 5;
    IF(NOT_THREAD_SAFE) return value - callers;
    return value;
}

static void harm(const gfn_batch *batch, const gfn_scores *scores) {
    uintptr_t address = (uintptr_t)batch->data;
    volatile char behind = 0;
    IF(DIES_OF_NOTHING) if (batch->count == 0) abort();
    IF(DIES_OF_MANY) if (batch->count > 1000) abort();
    IF(HANGS_OF_MANY) if (batch->count > 1000) for (;;) {}
    IF(DIES_OF_ODD_TEXTS) if (batch->offsets && batch->count && batch->offsets[0] == batch->offsets[1]) abort();
    IF(WRITES_INPUT) if (batch->count) *(volatile char *)(uintptr_t)address = 0;
    IF(WRITES_BEHIND_SCORES) if (batch->count == 9) scores->status[9] = 0;
    IF(WANTS_ALIGNMENT) if (address % 8) abort();
    IF(READS_BEHIND) if (batch->offsets) behind = ((const char *)batch->data)[batch->offsets[batch->count]];
    (void)behind;
    ++calls;
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    (void)instance; (void)error; (void)capacity;
    harm(batch, scores);
    IF(NOT_THREAD_SAFE) { __atomic_add_fetch(&callers, 1, __ATOMIC_SEQ_CST); usleep(1000); }
    for (uint64_t i = 0; i < batch->count; ++i) {
        IF(FORGETS) if (i == 3) continue;
        IF(FAILS_ALL) { gfn_no_score(scores, i, "all are ugly"); continue; }
        scores->log_reward[i] = judged(batch, i);
        scores->status[i] = GFN_SCORED;
        IF(BAD_STATUS) scores->status[i] = 9;
        IF(UNTOLD_ZERO) scores->status[i] = GFN_ZERO;
    }
    IF(NOT_THREAD_SAFE) __atomic_sub_fetch(&callers, 1, __ATOMIC_SEQ_CST);
    return GFN_OK;
}

static gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};

#define BEGINNING "{\"name\": \"checked\", \"version\": \"1.0.0\", \"summary\": \"Letters, added up.\", \"input\": \"" INPUT "\"," \
    " \"greatest\": 1, \"deterministic\": true, \"thread_safe\": true, \"parameters\": "

static const char *description(void) {
    IF(NO_DESCRIPTION) return NULL;
    IF(NO_JSON) return "checked";
    IF(NO_SCHEMA) return BEGINNING "{\"type\": 7}}";
    IF(BAD_DEFAULT) return BEGINNING "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"null\", \"default\": 1}}}}";
    IF(TAKES_ANYTHING) return BEGINNING "{\"type\": \"object\", \"properties\": {}}}";
    return BEGINNING "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"scale\":"
                     " {\"type\": \"number\", \"minimum\": 0, \"default\": 1}}}}";
}

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    IF(REFUSES_TO_LOAD) return GFN_FAILED;
    IF(WRITES_BEHIND_STRUCT) ((char *)plugin)[sizeof *plugin] = 1;
    if (!is("SIZE_OF_HOST")) plugin->struct_size = sizeof *plugin;
    IF(SMALL_STRUCT) plugin->struct_size = 8;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description = description();
    IF(SHORT_TABLE) reward.struct_size = 16;
    IF(NO_DESTROY) reward.destroy = NULL;
    if (!is("NO_TABLE")) plugin->reward = &reward;
    return GFN_OK;
}
