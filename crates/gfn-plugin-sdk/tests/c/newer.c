/*
 * A plugin of some later minor version: its tables are longer than this host knows, and it fills in members of gfn_plugin only
 * where the host has room for them.
 */
#include "gfn_plugin.h"

typedef struct {
    gfn_reward now;
    int32_t (*later)(void *instance);
} later_reward;

typedef struct {
    gfn_plugin now;
    const void *later;
} later_plugin;

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance,
                      char *error, uint64_t capacity) {
    (void)host, (void)parameters, (void)length, (void)seed, (void)error, (void)capacity;
    *instance = NULL;
    return GFN_OK;
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    (void)instance, (void)error, (void)capacity;
    for (uint64_t i = 0; i < batch->count; ++i) {
        scores->log_reward[i] = gfn_state(batch, i)[0];
        scores->status[i] = GFN_SCORED;
    }
    return GFN_OK;
}

static void destroy(void *instance) { (void)instance; }

static int32_t later(void *instance) {
    (void)instance;
    return GFN_UNSUPPORTED;
}

static const later_reward reward = {{sizeof(later_reward), 0, create, score, destroy}, later};

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    later_plugin *room = (later_plugin *)(void *)plugin;
    if (GFN_COVERS(plugin, later_plugin, later)) room->later = &reward;
    plugin->struct_size = sizeof(later_plugin);
    plugin->abi_minor = GFN_ABI_MINOR + 1;
    plugin->description = "{\"name\": \"newer\"}";
    plugin->reward = &reward.now;
    return GFN_OK;
}
