/*
 * The Ising model as a reward: spins on a ring or a square, log R = -E / T with
 *
 *     E = - coupling * (sum of s_i * s_j over neighbours) - field * (sum of s_i).
 *
 * The spins are the words of a state: 0 or -1 is down, 1 is up. With environment `hypergrid` and `height = 2` they are the
 * coordinates of a cell; other words of the state do not count. README.md has the parameters and how to build it.
 */
#include "gfn_plugin.h"

typedef struct {
    double coupling;
    double field;
    double temperature;
    int is_square;
    /* How many words of a state are spins; 0 for all of them. */
    uint64_t sites;
} ising;

/* The side of a square of so many sites, or 0 where they make none. */
static uint64_t side_of(uint64_t sites) {
    uint64_t side = 0;
    while (side * side < sites) ++side;
    return side * side == sites ? side : 0;
}

static int32_t create(const gfn_host *host, const char *parameters, uint64_t length, uint64_t seed, void **instance,
                      char *error, uint64_t capacity) {
    (void)length; /* a NUL ends the parameters */
    (void)seed;   /* nothing is drawn */
    char lattice[16];
    const char *objects = host->objects ? host->objects : "{}";
    double height = gfn_number(objects, "height", 2);
    ising made = {gfn_number(parameters, "coupling", 1.0), gfn_number(parameters, "field", 0.0),
                  gfn_number(parameters, "temperature", 1.0), 0, (uint64_t)gfn_number(objects, "dimensions", 0)};
    made.is_square = strcmp(gfn_string(parameters, "lattice", lattice, sizeof lattice), "square") == 0;
    if (height != 2)
        return gfn_fail(GFN_BAD_PARAMETERS, "spins have two values: give the environment `height = 2`", error, capacity);
    if (made.is_square && side_of(made.sites) == 0 && made.sites > 0)
        return gfn_fail(GFN_BAD_PARAMETERS,
                        "`lattice` = \"square\" wants a square number of spins: `dimensions` = 4, 9, 16, …",
                        error, capacity);
    *instance = malloc(sizeof made);
    if (*instance == NULL) return gfn_fail(GFN_FAILED, "out of memory", error, capacity);
    memcpy(*instance, &made, sizeof made);
    return GFN_OK;
}

static void destroy(void *instance) { free(instance); }

static int spin(int32_t word) { return word > 0 ? 1 : -1; }

/* The spin of site i times that of its next neighbour among `count` sites that lie `stride` apart and close to a ring. Two sites
 * have one bond, not two, and a single one has none. */
static int bond(const int32_t *sites, uint64_t i, uint64_t first, uint64_t count, uint64_t stride) {
    uint64_t place = (i - first) / stride;
    if (count < 2 || (count == 2 && place == 1)) return 0;
    return spin(sites[i]) * spin(sites[first + (place + 1) % count * stride]);
}

/* The sum over neighbours. */
static int64_t bonds(const ising *model, const int32_t *sites, uint64_t count) {
    uint64_t side = model->is_square ? side_of(count) : 0;
    int64_t sum = 0;
    for (uint64_t i = 0; i < count; ++i) {
        if (model->is_square)
            sum += bond(sites, i, i - i % side, side, 1) + bond(sites, i, i % side, side, side);
        else
            sum += bond(sites, i, 0, count, 1);
    }
    return sum;
}

static int are_spins(const int32_t *sites, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i)
        if (sites[i] < -1 || sites[i] > 1) return 0;
    return 1;
}

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *error, uint64_t capacity) {
    const ising *model = (const ising *)instance;
    uint64_t sites = model->sites > 0 ? model->sites : batch->stride;
    if (sites > batch->stride) return gfn_fail(GFN_FAILED, "states have fewer words than there are spins", error, capacity);
    if (model->is_square && side_of(sites) == 0)
        return gfn_fail(GFN_FAILED, "the number of spins is not a square", error, capacity);
    for (uint64_t i = 0; i < batch->count; ++i) {
        const int32_t *state = gfn_state(batch, i);
        if (!are_spins(state, sites)) {
            gfn_no_score(scores, i, "a word of the state is neither -1, 0 nor 1");
            continue;
        }
        int64_t magnetisation = 0;
        for (uint64_t j = 0; j < sites; ++j) magnetisation += spin(state[j]);
        double energy = -model->coupling * (double)bonds(model, state, sites) - model->field * (double)magnetisation;
        scores->log_reward[i] = -energy / model->temperature;
        scores->status[i] = GFN_SCORED;
    }
    return GFN_OK;
}

static const gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};

static const char description[] =
    "{\"name\": \"ising\", \"version\": \"1.0.0\", \"licence\": \"MIT OR Apache-2.0\","
    " \"summary\": \"The Ising model on a ring or a square: log R = -E / T.\","
    " \"objects\": [\"grid\"], \"input\": \"states\", \"deterministic\": true, \"thread_safe\": true,"
    " \"parameters\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "  \"coupling\": {\"type\": \"number\", \"default\": 1.0, \"minimum\": -100, \"maximum\": 100,"
    "   \"description\": \"How much neighbours like to be alike; negative: how much they like to differ.\"},"
    "  \"field\": {\"type\": \"number\", \"default\": 0.0, \"minimum\": -100, \"maximum\": 100,"
    "   \"description\": \"How much spins like to be up.\"},"
    "  \"temperature\": {\"type\": \"number\", \"default\": 1.0, \"exclusiveMinimum\": 0, \"maximum\": 1000,"
    "   \"description\": \"What energies are divided by.\"},"
    "  \"lattice\": {\"type\": \"string\", \"default\": \"ring\", \"enum\": [\"ring\", \"square\"],"
    "   \"description\": \"Which spins are neighbours: on a ring, or on a square whose edges meet.\"}}}}";

GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *host, gfn_plugin *plugin) {
    (void)host;
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description = description;
    plugin->reward = &reward;
    return GFN_OK;
}
