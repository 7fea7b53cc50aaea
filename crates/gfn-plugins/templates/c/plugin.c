/*
 * A reward for gfn: prefers states whose words have a certain sum.
 *
 * It is a place to start from. Four things make a reward: what it is (the description), how an instance is made from parameters,
 * how a batch is scored, and the function that hands all of this over. gfn_plugin.h tells the rules in full.
 */
#include "gfn_plugin.h"

#include <math.h>

/* What an instance remembers. Keep here what is worth computing once: tables, models, files that were read. */
typedef struct {
    double sum;
    double width;
    /* How many words of a state count; 0 for all of them. */
    uint64_t words;
} model;

/*
 * Makes an instance. `parameters` is JSON, checked against the schema in the description, with all defaults filled in:
 * gfn_number, gfn_flag and gfn_string read it. Parameters that do not go together are refused with GFN_BAD_PARAMETERS.
 */
static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance,
                      char *error, uint64_t capacity) {
    (void)length; /* a NUL ends the parameters as well */
    (void)seed;   /* for rewards that draw random numbers */
    model *made = (model *)malloc(sizeof *made);
    if (made == NULL) return gfn_fail(GFN_FAILED, "out of memory", error, capacity);
    made->sum = gfn_number(parameters, "sum", 8);
    made->width = gfn_number(parameters, "width", 2);
    /* In a grid, the first `dimensions` words of a state are coordinates, and the others do not concern us. */
    made->words = host->objects == NULL ? 0 : (uint64_t)gfn_number(host->objects, "dimensions", 0);
    *instance = made;
    return GFN_OK;
}

static void destroy(void *instance) { free(instance); }

/*
 * Scores a batch. The score of an object must depend on the object, the parameters and the seed alone, not on its neighbours.
 * An object that cannot be scored is marked by gfn_no_score, and the call still returns GFN_OK; anything else fails all of them.
 */
static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    const model *self = (const model *)instance;
    uint64_t words = self->words > 0 ? self->words : batch->stride;
    if (words > batch->stride) return gfn_fail(GFN_FAILED, "states have fewer words than coordinates", error, capacity);
    for (uint64_t i = 0; i < batch->count; ++i) {
        const int32_t *state = gfn_state(batch, i);
        double sum = 0;
        for (uint64_t word = 0; word < words; ++word) sum += state[word];
        if (sum < 0) {
            gfn_no_score(scores, i, "its words have a negative sum");
            continue;
        }
        /* The natural logarithm of the reward. Where the reward is 0, the status is GFN_ZERO instead. */
        scores->log_reward[i] = -0.5 * pow((sum - self->sum) / self->width, 2);
        scores->status[i] = GFN_SCORED;
    }
    return GFN_OK;
}

static const gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};

/*
 * What it is, in JSON. "parameters" is a JSON Schema, by which gfn documents them and checks what an experiment says before
 * anything is run. "input" is "states" here; with "texts", objects come as texts, molecules as SMILES: see gfn_text.
 */
static const char description[] =
    "{\"name\": \"{{name}}\", \"version\": \"0.1.0\","
    " \"summary\": \"Prefers states whose words have a certain sum.\","
    " \"objects\": [\"grid\"], \"input\": \"states\", \"deterministic\": true, \"thread_safe\": true, \"greatest\": 1,"
    " \"parameters\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "  \"sum\": {\"type\": \"number\", \"default\": 8, \"minimum\": 0, \"description\": \"The sum that is best.\"},"
    "  \"width\": {\"type\": \"number\", \"default\": 2, \"exclusiveMinimum\": 0,"
    "   \"description\": \"How far from it the reward has fallen to 0.61.\"}}}}";

/* What gfn calls first. */
GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description = description;
    plugin->reward = &reward;
    return GFN_OK;
}
