/* A reward whose threads start threads at the same moment. An object's log-reward is the most threads that there were at once
 * in as many rounds as its first word says; where there are too few for a race, they do not count. */
#include "gfn_plugin.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

enum { RACERS = 6 };

static atomic_int ready, go, tried, more, leave;

static void *wait_to_leave(void *unused) {
    while (!atomic_load(&leave)) {
        usleep(200);
    }
    return unused;
}

static void *race(void *unused) {
    pthread_t started;
    atomic_fetch_add(&ready, 1);
    while (!atomic_load(&go)) {
        sched_yield();
    }
    int error = pthread_create(&started, 0, wait_to_leave, 0);
    if (error == 0) {
        atomic_fetch_add(&more, 1);
    }
    atomic_fetch_add(&tried, 1);
    while (!atomic_load(&leave)) {
        usleep(200);
    }
    if (error == 0) {
        pthread_join(started, 0);
    }
    return unused;
}

/* How many threads there are in a round, with this one. */
static int round_of_threads(void) {
    pthread_t racers[RACERS];
    int count = 0;
    atomic_store(&ready, 0), atomic_store(&go, 0), atomic_store(&tried, 0), atomic_store(&more, 0), atomic_store(&leave, 0);
    while (count < RACERS && pthread_create(&racers[count], 0, race, 0) == 0) {
        ++count;
    }
    while (atomic_load(&ready) < count) {
        sched_yield();
    }
    atomic_store(&go, 1);
    while (atomic_load(&tried) < count) {
        usleep(200);
    }
    int threads = 1 + count + atomic_load(&more);
    atomic_store(&leave, 1);
    for (int i = 0; i < count; ++i) {
        pthread_join(racers[i], 0);
    }
    return count == RACERS ? threads : -1;
}

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance, char *error,
                      uint64_t capacity) {
    (void)host; (void)parameters; (void)length; (void)seed; (void)instance; (void)error; (void)capacity;
    return GFN_OK;
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    (void)instance; (void)error; (void)capacity;
    for (uint64_t i = 0; i < batch->count; ++i) {
        const int32_t *words = gfn_state(batch, i);
        int most = 0;
        for (int round = 0; round < words[0]; ++round) {
            int threads = round_of_threads();
            most = threads > most ? threads : most;
        }
        scores->log_reward[i] = most;
        scores->status[i] = GFN_SCORED;
    }
    return GFN_OK;
}

static void destroy(void *instance) { (void)instance; }

static const gfn_reward reward = {sizeof reward, 0, create, score, destroy};

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->struct_size = sizeof *plugin;
    plugin->description = "{\"name\": \"race\", \"version\": \"1\", \"kinds\": [\"reward\"]}";
    plugin->reward = &reward;
    return GFN_OK;
}
