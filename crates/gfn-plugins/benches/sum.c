/* A reward that costs next to nothing: the sum of an object's words. */
#include "gfn_plugin.h"

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)host; (void)parameters; (void)length; (void)seed; (void)error; (void)capacity;
    *instance = 0;
    return GFN_OK;
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    (void)instance; (void)error; (void)capacity;
    for (uint64_t i = 0; i < batch->count; ++i) {
        const int32_t *state = gfn_state(batch, i);
        int64_t sum = 0;
        for (uint64_t word = 0; word < batch->stride; ++word) sum += state[word];
        scores->log_reward[i] = (double)sum;
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
    plugin->description = "{\"name\": \"sum\", \"version\": \"1\"}";
    plugin->reward = &reward;
    return GFN_OK;
}
