/* A reward from a header of another minor version: SHORTER, LONGER or TOO_SHORT. */
#include "gfn_plugin.h"

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)host; (void)parameters; (void)length; (void)seed; (void)instance; (void)error; (void)capacity;
    return GFN_OK;
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    (void)instance; (void)error; (void)capacity;
    for (uint64_t i = 0; i < batch->count; ++i) {
        scores->log_reward[i] = gfn_state(batch, i)[1];
        scores->status[i] = GFN_SCORED;
    }
    return GFN_OK;
}

static void destroy(void *instance) { (void)instance; }

/* What a later version might look like. */
static const struct {
    gfn_reward known;
    void (*unknown)(void);
} longer = {{sizeof longer, 0, create, score, destroy}, 0};

/* One that ends before `destroy`, or before `score`. */
static const gfn_reward too_short = {offsetof(gfn_reward, destroy), 0, create, score, 0};

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->description = "{\"name\": \"sizes\", \"version\": \"1\", \"kinds\": [\"environment\"], \"later\": {\"a\": 1}}";
    (void)longer; (void)too_short;
#if defined(SHORTER)
    /* It knows of rewards alone. */
    plugin->struct_size = offsetof(gfn_plugin, vocabulary);
    plugin->reward = (const gfn_reward *)&longer;
#elif defined(LONGER)
    plugin->struct_size = sizeof *plugin + 64;
    plugin->abi_minor = 99;
    plugin->reward = (const gfn_reward *)&longer;
#else
    plugin->struct_size = sizeof *plugin;
    plugin->reward = &too_short;
#endif
    return GFN_OK;
}
