/* Blocks without end, or as many as there should be; also a struct that is shorter or longer than the host's. */
#include "gfn_plugin.h"

#include <stdio.h>

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)host; (void)length; (void)seed; (void)error; (void)capacity;
    uint64_t *count = malloc(sizeof *count);
    *count = (uint64_t)gfn_number(parameters, "count", 0);
    *instance = count;
    return GFN_OK;
}

static int32_t block_count(void *instance, uint64_t *count, char *error, uint64_t capacity) {
    (void)error; (void)capacity;
    *count = *(uint64_t *)instance;
    return GFN_OK;
}

static int32_t block(void *instance, uint64_t index, char *buffer, uint64_t capacity, uint64_t *needed, char *error,
                     uint64_t error_capacity) {
    char text[8192];
    (void)instance;
    if (index == 4321) return gfn_fail(GFN_FAILED, "that block is broken", error, error_capacity);
    /* Every hundredth is longer than the room that a host makes at first. */
    int padding = index % 100 == 7 ? 6000 : 1;
    snprintf(text, sizeof text, "{\"name\": \"block %d%*s\", \"smiles\": \"[*:1]C[*:2]\"}", (int)index, padding, "");
    return gfn_give(text, buffer, capacity, needed);
}

static void destroy(void *instance) { free(instance); }

static const gfn_vocabulary vocabulary = {sizeof(gfn_vocabulary), 0, create, block_count, block, destroy};

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description = "{\"name\": \"blocks\", \"version\": \"1\", \"parameters\": {\"type\": \"object\","
                          " \"properties\": {\"count\": {\"type\": \"integer\", \"default\": 3}}}}";
    plugin->vocabulary = &vocabulary;
    return GFN_OK;
}
