//! Successive halving.

use gfn_search::asha::{Decision, RungResult, Settings, Verdict, decide, rungs};

const SETTINGS: Settings = Settings {
    reduction: 3,
    min_resource: 10,
    max_resource: 100,
};

fn at(trial: u64, rung: usize, objective: f64) -> RungResult {
    RungResult {
        trial,
        rung,
        objective,
        promoted: false,
    }
}

fn decision(trial: u64, rung: usize, verdict: Verdict) -> Decision {
    Decision { trial, rung, verdict }
}

#[test]
fn rungs_end_at_the_whole() {
    let with = |reduction, min_resource, max_resource| {
        rungs(Settings {
            reduction,
            min_resource,
            max_resource,
        })
    };
    assert_eq!(rungs(SETTINGS), [10, 30, 90, 100]);
    assert_eq!(with(4, 1, 64), [1, 4, 16, 64]);
    assert_eq!(with(2, 100, 100), [100]);
    assert_eq!(with(2, 200, 100), [100]);
    assert_eq!(
        with(0, 0, 4),
        [1, 2, 4],
        "nonsense is taken for the least that makes sense"
    );
    assert_eq!(with(u64::MAX, 1, u64::MAX), [1, u64::MAX]);
}

#[test]
fn the_best_third_goes_on_and_the_others_wait() {
    let mut results = vec![at(0, 0, 0.5), at(1, 0, 0.1)];
    let waiting = |trial| decision(trial, 0, Verdict::Hold);
    assert_eq!(
        decide(SETTINGS, &results),
        [waiting(1), waiting(0)],
        "two are too few"
    );
    results.push(at(2, 0, 0.3));
    let promoted = decision(1, 0, Verdict::Promote { resource: 30 });
    assert_eq!(decide(SETTINGS, &results), [promoted, waiting(2), waiting(0)]);
    results[1].promoted = true;
    assert_eq!(
        decide(SETTINGS, &results),
        [waiting(2), waiting(0)],
        "once is enough"
    );
    results.extend([at(3, 0, 0.4), at(4, 0, 0.6), at(5, 0, 0.7)]);
    let decisions = decide(SETTINGS, &results);
    assert_eq!(
        decisions[0],
        decision(2, 0, Verdict::Promote { resource: 30 }),
        "who waited may go on later"
    );
}

#[test]
fn who_is_furthest_goes_first() {
    let mut results: Vec<RungResult> = (0..9).map(|trial| at(trial, 0, trial as f64)).collect();
    results.extend((0..3).map(|trial| at(trial, 1, -(trial as f64))));
    results[..3].iter_mut().for_each(|result| result.promoted = true);
    results.extend([at(20, 3, 0.0)]);
    let decisions = decide(SETTINGS, &results);
    assert_eq!(decisions[0], decision(20, 3, Verdict::Complete));
    assert_eq!(decisions[1], decision(2, 1, Verdict::Promote { resource: 90 }));
    let mut turned = results.clone();
    turned.reverse();
    assert_eq!(decide(SETTINGS, &turned), decisions);
}

#[test]
fn what_is_not_finite_goes_no_further() {
    let results: Vec<RungResult> = (0..6).map(|trial| at(trial, 0, f64::NEG_INFINITY)).collect();
    assert!(
        decide(SETTINGS, &results)
            .iter()
            .all(|decision| decision.verdict == Verdict::Hold)
    );
    let mut results = results;
    results.extend([at(6, 0, f64::NAN), at(7, 0, 1e9)]);
    let on: Vec<u64> = decide(SETTINGS, &results)
        .iter()
        .filter(|decision| decision.verdict != Verdict::Hold)
        .map(|decision| decision.trial)
        .collect();
    assert_eq!(on, [7]);
}

/// 81 trials of known final quality: halving finds one of the best for a fraction of the updates.
#[test]
fn a_good_trial_is_found_for_a_fraction_of_the_updates() {
    let settings = Settings {
        reduction: 3,
        min_resource: 1,
        max_resource: 81,
    };
    let loss = |trial: u64, updates: u64| {
        (trial * 37 % 81) as f64 + 40.0 * (-(updates as f64) / 10.0).exp() * ((trial % 5) as f64)
    };
    let (mut results, mut spent, mut next) = (Vec::new(), 0, 0);
    loop {
        let promotion = decide(settings, &results)
            .into_iter()
            .find_map(|decision| match decision.verdict {
                Verdict::Promote { resource } => Some((decision, resource)),
                Verdict::Hold | Verdict::Complete => None,
            });
        if let Some((decision, resource)) = promotion {
            let here =
                |result: &&mut RungResult| (result.trial, result.rung) == (decision.trial, decision.rung);
            results.iter_mut().find(here).unwrap().promoted = true;
            spent += resource - rungs(settings)[decision.rung];
            results.push(at(
                decision.trial,
                decision.rung + 1,
                loss(decision.trial, resource),
            ));
        } else if next < 81 {
            spent += 1;
            results.push(at(next, 0, loss(next, 1)));
            next += 1;
        } else {
            break;
        }
    }
    let last: Vec<&RungResult> = results.iter().filter(|result| result.rung == 4).collect();
    assert!(!last.is_empty() && last.len() <= 3, "{last:?}");
    let best = last
        .iter()
        .map(|result| result.objective)
        .fold(f64::INFINITY, f64::min);
    assert!(best <= 2.0, "{best}");
    assert!(spent < 81 * 81 / 10, "{spent}");
}
