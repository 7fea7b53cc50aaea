/*
 * A reward for gfn: prefers molecules with a certain number of carbon atoms.
 *
 * It is a place to start from. The class is the reward: change it. Below it is what stands between it and gfn, which calls plain
 * C functions: exceptions must not leave these, so they are caught there. gfn_plugin.h tells the rules in full.
 */
#include "gfn_plugin.h"

#include <cctype>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

/* The reward. Keep in it what is worth computing once: tables, models, files that were read. */
class Model {
  public:
    /*
     * Makes one. `parameters` is JSON, checked against the schema in the description, with all defaults filled in: gfn_number,
     * gfn_flag and gfn_string read it. Throw std::invalid_argument where parameters do not go together.
     */
    explicit Model(const char *parameters)
        : carbons(gfn_number(parameters, "carbons", 12)), width(gfn_number(parameters, "width", 3)) {
        if (!(width > 0)) throw std::invalid_argument("`width` must be more than 0");
    }

    /*
     * The natural logarithm of a molecule's reward. It must depend on the molecule and the parameters alone. Throw anything to
     * say that this one cannot be scored; the others are not affected.
     */
    double log_reward(const std::string &smiles) const {
        if (smiles.empty()) throw std::runtime_error("an empty SMILES");
        double distance = (count_carbons(smiles) - carbons) / width;
        return -0.5 * distance * distance;
    }

  private:
    /* `C` or `c`, but not in `Cl`, nor in other elements, which stand in brackets: `[Co]`, `[Sc]`. */
    static double count_carbons(const std::string &smiles) {
        double count = 0;
        bool in_brackets = false;
        for (std::size_t i = 0; i < smiles.size(); ++i) {
            char next = i + 1 < smiles.size() ? smiles[i + 1] : '.', before = i > 0 ? smiles[i - 1] : '.';
            in_brackets = smiles[i] == '[' || (in_brackets && smiles[i] != ']');
            bool is_element = in_brackets ? (before == '[' || std::isdigit(before)) && !std::islower(next)
                                          : next != 'l' || smiles[i] == 'c';
            if (is_element && (smiles[i] == 'C' || smiles[i] == 'c')) ++count;
        }
        return count;
    }

    double carbons;
    double width;
};

/* ---- between the class and gfn: seldom anything to change below -------------------------------------------------- */

extern "C" {

static int32_t create(const gfn_host *, const char *parameters, uint64_t, uint64_t, void **instance, char *error,
                      uint64_t capacity) {
    try {
        *instance = new Model(parameters);
        return GFN_OK;
    } catch (const std::invalid_argument &wrong) {
        return gfn_fail(GFN_BAD_PARAMETERS, wrong.what(), error, capacity);
    } catch (const std::exception &wrong) {
        return gfn_fail(GFN_FAILED, wrong.what(), error, capacity);
    } catch (...) {
        return gfn_fail(GFN_FAILED, "an exception that is not a std::exception", error, capacity);
    }
}

static void destroy(void *instance) { delete static_cast<Model *>(instance); }

static int32_t score(void *instance, const gfn_batch *batch, const gfn_scores *scores, char *, uint64_t) {
    const Model *self = static_cast<const Model *>(instance);
    for (uint64_t i = 0; i < batch->count; ++i) {
        try {
            uint64_t length = 0;
            const char *text = gfn_text(batch, i, &length);
            scores->log_reward[i] = self->log_reward(std::string(text, static_cast<std::size_t>(length)));
            scores->status[i] = GFN_SCORED;
        } catch (const std::exception &wrong) {
            gfn_no_score(scores, i, wrong.what());
        } catch (...) {
            gfn_no_score(scores, i, "an exception that is not a std::exception");
        }
    }
    return GFN_OK;
}

} // extern "C"

const gfn_reward reward = {sizeof(gfn_reward), 0, create, score, destroy};

/*
 * What it is, in JSON. "parameters" is a JSON Schema, by which gfn documents them and checks what an experiment says before
 * anything is run. "input" is "texts" here: molecules come as SMILES; with "states", see gfn_state.
 */
const char description[] = R"({
    "name": "{{name}}", "version": "0.1.0", "summary": "Prefers a certain number of carbon atoms.",
    "objects": ["molecule"], "input": "texts", "deterministic": true, "thread_safe": true, "greatest": 1,
    "parameters": {"type": "object", "additionalProperties": false, "properties": {
        "carbons": {"type": "number", "default": 12, "minimum": 0, "maximum": 1000, "x-unit": "atoms",
                    "description": "The number of carbon atoms that is best."},
        "width": {"type": "number", "default": 3, "minimum": 0.01, "maximum": 1000, "x-unit": "atoms",
                  "description": "How far from it the reward has fallen to 0.61."}}}})";

} // namespace

/* What gfn calls first. */
GFN_EXPORT int32_t gfn_plugin_entry_v1(const gfn_host *, gfn_plugin *plugin) {
    plugin->struct_size = sizeof *plugin;
    plugin->abi_minor = GFN_ABI_MINOR;
    plugin->description = description;
    plugin->reward = &reward;
    return GFN_OK;
}
