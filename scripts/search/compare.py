"""Compares gfn's methods of search with Optuna's and scipy's; scripts/compare-search runs it.

Every method gets the same functions, the same budget and the same number of seeds. A row says how far the best value found lies
above the minimum: the mean over seeds with its standard error, and the probability that a difference as large as between gfn and
Optuna is chance (Mann and Whitney's test, two-sided).
"""

import json
import math
import subprocess
import sys

import numpy
import optuna
import scipy.stats
from scipy.stats import qmc

optuna.logging.set_verbosity(optuna.logging.ERROR)
program, seeds, trials = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
server = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def send(request):
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()


def ask(request):
    send(request)
    return json.loads(server.stdout.readline())


def real(low, high, log=False):
    return {"float": [low, high, log]}


def sphere(x):
    return sum(v * v for v in x)


def branin(x):
    a, b = x
    return (b - 5.1 / (4 * math.pi**2) * a * a + 5 / math.pi * a - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10


HARTMANN_A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
HARTMANN_P = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]


def hartmann6(x):
    rows = zip([1.0, 1.2, 3.0, 3.2], HARTMANN_A, HARTMANN_P)
    return -sum(w * math.exp(-sum(a * (v - p) ** 2 for a, p, v in zip(A, P, x))) for w, A, P in rows)


def ackley(x):
    n = len(x)
    root = math.sqrt(sum(v * v for v in x) / n)
    return -20 * math.exp(-0.2 * root) - math.exp(sum(math.cos(2 * math.pi * v) for v in x) / n) + 20 + math.e


def rosenbrock(x):
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def training(x):
    """Like a training run: the best rate depends on the optimizer, and depth, width and noise matter less."""
    rate, depth, width, optimizer, activation, noise = x
    best = [-2.5, -1.0, -3.0][optimizer]
    return (
        (math.log10(rate) - best - 0.1 * (depth - 3)) ** 2
        + [0.0, 0.3, 0.1][optimizer]
        + [0.2, 0.0, 0.4, 0.1][activation]
        + 0.05 * abs(depth - 4)
        + 0.1 * (math.log2(width) - 7.0) ** 2
        + 2 * (noise - 0.2) ** 2
    )


# The least of the last: the first optimizer with the second activation at depth 4, width 128, noise 0.2 and the best rate.
FUNCTIONS = [
    ("sphere, 5 numbers", sphere, [real(-5, 5)] * 5, 0.0),
    ("Branin, 2 numbers", branin, [real(-5, 10), real(0, 15)], 0.397887),
    ("Hartmann, 6 numbers", hartmann6, [real(0, 1)] * 6, -3.32237),
    ("Ackley, 5 numbers", ackley, [real(-32.768, 32.768)] * 5, 0.0),
    ("Rosenbrock, 3 numbers", rosenbrock, [real(-5, 10)] * 3, 0.0),
    (
        "training: 2 choices, 2 whole numbers, 2 numbers",
        training,
        [real(1e-5, 1, True), {"integer": [1, 8, False]}, {"integer": [8, 1024, True]}, {"choice": 3}, {"choice": 4}, real(0, 1)],
        0.0,
    ),
]


def best_of_gfn(method, function, space, seed):
    send({"method": method, "seed": seed, "space": space})
    best = math.inf
    for trial in range(trials):
        value = function(ask({"ask": trial}))
        send({"tell": [trial, value]})
        best = min(best, value)
    return best


def suggest(trial, index, domain):
    name = str(index)
    if "choice" in domain:
        return trial.suggest_categorical(name, list(range(domain["choice"])))
    low, high, log = domain.get("integer") or domain["float"]
    return (trial.suggest_int if "integer" in domain else trial.suggest_float)(name, low, high, log=log)


def best_of_optuna(multivariate, function, space, seed):
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=multivariate)
    study = optuna.create_study(sampler=sampler)
    objective = lambda trial: function([suggest(trial, index, domain) for index, domain in enumerate(space)])
    study.optimize(objective, n_trials=trials)
    return study.best_value


def shown(values):
    return f"{numpy.mean(values):.3g} ± {numpy.std(values, ddof=1) / math.sqrt(len(values)):.2g}"


def compare_tpe(multivariate):
    method = "tpe" if multivariate else "tpe-univariate"
    print(f"\n| {'all dimensions together' if multivariate else 'each dimension by itself'} | gfn | Optuna | p | gfn, random | gfn, Sobol |")
    print("|---|---|---|---|---|---|")
    for name, function, space, least in FUNCTIONS:
        found = lambda one: [one(seed) - least for seed in range(seeds)]
        ours = found(lambda seed: best_of_gfn(method, function, space, seed))
        theirs = found(lambda seed: best_of_optuna(multivariate, function, space, seed))
        random = found(lambda seed: best_of_gfn("random", function, space, seed))
        sobol = found(lambda seed: best_of_gfn("sobol", function, space, seed))
        p = scipy.stats.mannwhitneyu(ours, theirs).pvalue
        print(f"| {name} | {shown(ours)} | {shown(theirs)} | {p:.2f} | {shown(random)} | {shown(sobol)} |", flush=True)


# Halving: trials whose loss falls at a rate of their own towards a level of their own, with noise.
REDUCTION, FIRST, LAST = 4, 1, 64


def curves(seed):
    """Level, rate and noise of each trial in turn, the same for all methods."""
    random = numpy.random.default_rng(seed)
    count = 4000
    return random.uniform(0, 1, count) ** 2, random.uniform(5, 20, count), random.normal(0, 0.02, (count, LAST + 1))


def at(curve, trial, updates):
    levels, rates, noise = curve
    return levels[trial] + 2 * math.exp(-updates / rates[trial]) + noise[trial][updates]


def halving_of_gfn(seed, budget):
    curve, results, spent, trial = curves(seed), [], 0, 0
    while spent < budget:
        going_on = ask({"asha": [REDUCTION, FIRST, LAST], "results": results})
        if going_on:
            number, rung, updates = going_on
            for result in results:
                result[3] = result[3] or result[:2] == [number, rung]
            spent += updates - updates // REDUCTION
            results.append([number, rung + 1, at(curve, number, updates), False])
        else:
            spent += FIRST
            results.append([trial, 0, at(curve, trial, FIRST), False])
            trial += 1
    furthest = max(result[1] for result in results)
    best = min((result for result in results if result[1] == furthest), key=lambda result: result[2])
    return curve[0][best[0]]


def halving_of_optuna(seed, budget):
    curve, spent = curves(seed), 0
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=FIRST, reduction_factor=REDUCTION)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed), pruner=pruner)
    while spent < budget:
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        for updates in range(1, LAST + 1):
            spent += 1
            trial.report(at(curve, trial.number, updates), updates)
            if updates < LAST and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, at(curve, trial.number, LAST))
    ended = [trial for trial in study.trials if trial.state.is_finished()]
    furthest = max(trial.last_step for trial in ended)
    best = min((trial for trial in ended if trial.last_step == furthest), key=lambda trial: trial.intermediate_values[furthest])
    return curve[0][best.number]


def everything_at_length(seed, budget):
    levels, _, noise = curve = curves(seed)
    return levels[min(range(budget // LAST), key=lambda trial: at(curve, trial, LAST))]


def compare_halving():
    print("\n| successive halving, updates in all | gfn | Optuna | p | random, none stopped |")
    print("|---|---|---|---|---|")
    for whole in [10, 40]:
        budget = whole * LAST
        ours, theirs, random = ([one(seed, budget) for seed in range(seeds)] for one in (halving_of_gfn, halving_of_optuna, everything_at_length))
        p = scipy.stats.mannwhitneyu(ours, theirs).pvalue
        print(f"| {budget} ({whole} whole trials) | {shown(ours)} | {shown(theirs)} | {p:.2f} | {shown(random)} |", flush=True)


def discrepancies(dimensions, count):
    ours, random, theirs = [], [], []
    for seed in range(seeds):
        for method, into in (("sobol", ours), ("random", random)):
            send({"method": method, "seed": seed, "space": [real(0, 1)] * dimensions})
            into.append(qmc.discrepancy([ask({"ask": trial}) for trial in range(count)]))
        theirs.append(qmc.discrepancy(qmc.Sobol(dimensions, scramble=True, rng=seed).random(count)))
    return ours, theirs, random


def compare_sobol():
    print("\n| centered L2 discrepancy | gfn, Sobol | scipy, Sobol | p | gfn, random |")
    print("|---|---|---|---|---|")
    for dimensions, count in [(2, 64), (2, 100), (5, 64), (5, 256), (12, 256)]:
        ours, theirs, random = discrepancies(dimensions, count)
        p = scipy.stats.mannwhitneyu(ours, theirs).pvalue
        print(f"| {count} points, {dimensions} numbers | {shown(ours)} | {shown(theirs)} | {p:.2f} | {shown(random)} |", flush=True)


compare_sobol()
compare_halving()
compare_tpe(True)
compare_tpe(False)
server.stdin.close()
server.wait()
