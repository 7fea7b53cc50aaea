//! What is replayed, what is remembered, and that a restored sampler goes on as the saved one.

use gfn_core::testkit::RandomDag;
use gfn_core::{Environment, Mask, UniformPolicy};

use super::*;

/// A run on a random graph whose finished objects have the log-rewards `log_reward`.
struct Run {
    dag: RandomDag,
    sampler: Replay,
    step: u64,
}

const BATCH: usize = 16;

fn log_reward(object: &[i32]) -> f64 {
    f64::from(object[0] % 7)
}

impl Run {
    fn new(params: Params) -> Self {
        Self {
            dag: RandomDag::new(3, 6, 20),
            sampler: Replay::new(params),
            step: 0,
        }
    }

    fn sample(&mut self, first_index: u64, count: usize) -> TrajectoryBatch {
        let request = SampleRequest {
            seed: 4,
            purpose: Purpose::Test,
            first_index,
            count,
            step: self.step,
        };
        let mut batch = TrajectoryBatch::new(1);
        self.sampler
            .sample(&request, &self.dag, &mut UniformPolicy, &mut batch)
            .unwrap();
        batch.log_reward = (0..count)
            .map(|index| log_reward(batch.finished(index)))
            .collect();
        batch
    }

    fn update(&mut self) -> TrajectoryBatch {
        let batch = self.sample(self.step * BATCH as u64, BATCH);
        let all: Vec<usize> = (0..batch.len()).collect();
        self.sampler.observe(&batch, &all);
        self.step += 1;
        batch
    }

    fn replayed(&self) -> usize {
        self.sampler.replayed.iter().filter(|&&replayed| replayed).count()
    }
}

fn objects(run: &Run) -> Vec<i32> {
    run.sampler
        .buffer
        .iter()
        .map(|trajectory| trajectory.finished(0)[0])
        .collect()
}

/// Every step of every trajectory is legal and leads from the source to a finished object.
fn check_legal(environment: &dyn Environment, batch: &TrajectoryBatch) {
    let (mut mask, mut next) = (Mask::default(), environment.spec().initial.clone());
    for index in 0..batch.len() {
        assert_eq!(batch.state(index, 0), environment.spec().initial);
        for (position, step) in batch.steps_of(index).enumerate() {
            environment.forward_mask(batch.state(index, position), &mut mask);
            assert!(mask.allows(batch.actions()[step]));
            let backward = environment.step(batch.state(index, position), batch.actions()[step], &mut next);
            assert_eq!(next, batch.state(index, position + 1));
            assert_eq!(backward, batch.backward_actions()[step]);
        }
        environment.forward_mask(batch.finished(index), &mut mask);
        assert!(mask.none());
    }
}

fn every_kind() -> Vec<Params> {
    let mut all = Vec::new();
    for selection in [Selection::Uniform, Selection::Reward, Selection::TopTenth] {
        for (eviction, trajectory) in [
            (Eviction::Oldest, Path::Stored),
            (Eviction::LowestReward, Path::Backward),
        ] {
            all.push(Params {
                capacity: 12,
                selection,
                eviction,
                trajectory,
                distinct: selection != Selection::Reward,
                ..Params::default()
            });
        }
    }
    all
}

#[test]
fn every_kind_draws_legal_trajectories_within_its_capacity() {
    for params in every_kind() {
        let mut run = Run::new(params);
        for _ in 0..10 {
            let batch = run.update();
            assert_eq!(batch.len(), BATCH);
            check_legal(&run.dag, &batch);
            assert!(run.sampler.remembered() <= 12);
        }
    }
}

#[test]
fn replay_begins_after_the_warmup_and_holds_its_share() {
    let mut run = Run::new(Params {
        fraction: 0.3,
        warmup: 2 * BATCH as u64,
        ..Params::default()
    });
    let replayed: Vec<usize> = (0..12)
        .map(|_| {
            run.update();
            run.replayed()
        })
        .collect();
    assert_eq!(replayed[..2], [0, 0]);
    assert!(replayed[2..].iter().all(|count| (4..=5).contains(count)));
    assert_eq!(replayed.iter().sum::<usize>(), 10 * BATCH * 3 / 10);
}

/// Fresh trajectories are those that on-policy sampling would have drawn; the others were seen before.
#[test]
fn the_rest_is_on_policy() {
    let mut run = Run::new(Params::default());
    let before = run.update();
    let batch = run.update();
    let mut plain = Run::new(Params {
        fraction: 0.0,
        ..Params::default()
    });
    plain.update();
    let fresh = plain.update();
    for index in 0..BATCH {
        let same = |other: &TrajectoryBatch, at: usize| other.only(at) == batch.only(index);
        if run.sampler.replays_at(BATCH + index) {
            assert!((0..BATCH).any(|at| same(&before, at)));
        } else {
            assert!(same(&fresh, index));
        }
    }
}

impl Replay {
    fn replays_at(&self, index: usize) -> bool {
        self.params.replays(index as u64)
    }
}

#[test]
fn batches_may_be_split() {
    for params in every_kind() {
        let mut run = Run::new(params);
        run.update();
        let whole = run.sample(16, 11);
        let parts = [run.sample(16, 4), run.sample(20, 7)];
        for index in 0..11 {
            let part = if index < 4 {
                parts[0].only(index)
            } else {
                parts[1].only(index - 4)
            };
            assert_eq!(whole.only(index), part);
        }
    }
}

#[test]
fn distinct_objects_are_remembered_once() {
    let mut run = Run::new(Params::default());
    (0..10).for_each(|_| drop(run.update()));
    let mut once = objects(&run);
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), run.sampler.remembered());

    let mut run = Run::new(Params {
        distinct: false,
        fraction: 0.0,
        ..Params::default()
    });
    (0..10).for_each(|_| drop(run.update()));
    assert_eq!(run.sampler.remembered(), 10 * BATCH);
}

#[test]
fn eviction_takes_the_oldest_or_the_lowest() {
    let params = |capacity, eviction| Params {
        capacity,
        eviction,
        distinct: false,
        fraction: 0.0,
        ..Params::default()
    };
    let after = |capacity, eviction| {
        let mut run = Run::new(params(capacity, eviction));
        (0..3).for_each(|_| drop(run.update()));
        objects(&run)
    };
    let all = after(100, Eviction::Oldest);
    assert_eq!(after(10, Eviction::Oldest), all[all.len() - 10..]);

    // What each update leaves is what one cut of everything leaves: the highest, the newest of equals.
    let mut expected: Vec<usize> = (0..all.len()).collect();
    expected.sort_by(|&a, &b| {
        log_reward(&[all[b]])
            .total_cmp(&log_reward(&[all[a]]))
            .then(b.cmp(&a))
    });
    expected.truncate(10);
    expected.sort_unstable();
    let expected: Vec<i32> = expected.iter().map(|&position| all[position]).collect();
    assert_eq!(after(10, Eviction::LowestReward), expected);
}

/// Frequencies of what is chosen, against what each selection promises.
#[test]
fn selection_keeps_its_promise() {
    for selection in [Selection::Uniform, Selection::Reward, Selection::TopTenth] {
        let mut run = Run::new(Params {
            selection,
            ..Params::default()
        });
        (0..6).for_each(|_| drop(run.update()));
        let objects = objects(&run);
        let count = objects.len();
        let mut by_reward: Vec<usize> = (0..count).collect();
        by_reward.sort_by(|&a, &b| log_reward(&[objects[b]]).total_cmp(&log_reward(&[objects[a]])));
        let total: f64 = objects.iter().map(|&object| log_reward(&[object]).exp()).sum();
        let top = count.div_ceil(10);
        let expected = |position: usize| match selection {
            Selection::Uniform => 1.0 / count as f64,
            Selection::Reward => log_reward(&[objects[position]]).exp() / total,
            Selection::TopTenth if by_reward[..top].contains(&position) => 0.5 / top as f64,
            Selection::TopTenth => 0.5 / (count - top) as f64,
        };
        let (draws, mut seen) = (20_000, vec![0.0; count]);
        for draw in 0..draws {
            let chosen = run
                .sampler
                .buffer
                .choose(&mut Stream::new(1, Purpose::Test, draw));
            let at = objects
                .iter()
                .position(|&object| object == chosen.finished(0)[0])
                .unwrap();
            seen[at] += 1.0 / draws as f64;
        }
        let distance: f64 = (0..count).map(|at| (seen[at] - expected(at)).abs()).sum();
        assert!(distance < 0.05, "{selection:?}: L1 {distance}");
    }
}

/// Walking backward takes each way to an object, where the stored trajectory takes one.
#[test]
fn backward_trajectories_vary() {
    let ways = |trajectory| {
        let mut run = Run::new(Params {
            fraction: 0.9,
            trajectory,
            ..Params::default()
        });
        run.update();
        let batch = run.sample(BATCH as u64, 300);
        let object = run.sampler.buffer.iter().next().unwrap().finished(0).to_vec();
        let mut ways: Vec<Vec<usize>> = (0..batch.len())
            .filter(|&index| run.sampler.replayed[index] && batch.finished(index) == object)
            .map(|index| batch.only(index).actions().to_vec())
            .collect();
        ways.sort_unstable();
        ways.dedup();
        ways.len()
    };
    assert_eq!(ways(Path::Stored), 1);
    assert!(ways(Path::Backward) > 3);
}

#[test]
fn a_restored_sampler_goes_on_as_the_saved_one() {
    for params in every_kind() {
        let mut run = Run::new(params.clone());
        (0..4).for_each(|_| drop(run.update()));
        let mut other = Run::new(params);
        other.sampler.restore(&run.dag, &run.sampler.save()).unwrap();
        other.step = run.step;
        for _ in 0..4 {
            assert_eq!(run.update(), other.update());
        }
        assert_eq!(run.sampler.save(), other.sampler.save());
    }
}

#[test]
fn damaged_bytes_are_refused() {
    let mut run = Run::new(Params::default());
    (0..4).for_each(|_| drop(run.update()));
    let saved = run.sampler.save();
    let refused = |bytes: &[u8]| {
        let mut other = Run::new(Params::default());
        other.update();
        let before = other.sampler.save();
        let why = other.sampler.restore(&run.dag, bytes).unwrap_err();
        assert_eq!(before, other.sampler.save(), "a refusal changes nothing");
        why
    };
    for length in 0..saved.len() {
        refused(&saved[..length]);
    }
    for position in 0..saved.len() {
        let mut damaged = saved.clone();
        damaged[position] ^= 0x10;
        refused(&damaged);
    }
    refused(&[&saved[..], &[0]].concat());
    let why = refused(&[9]);
    assert!(
        why.contains("format 9") && why.contains("reads format 1"),
        "{why}"
    );
}

#[test]
fn another_environment_is_refused() {
    let mut run = Run::new(Params::default());
    run.update();
    let why = run
        .sampler
        .restore(&RandomDag::new(8, 3, 2), &run.sampler.save())
        .unwrap_err();
    assert!(
        why.contains("of the saved replay buffer") && why.contains("another environment"),
        "{why}"
    );
}

#[test]
fn bad_parameters_are_named() {
    let with = |fraction| Params {
        fraction,
        ..Params::default()
    };
    assert!(with(0.999).check().is_ok());
    for fraction in [1.0, -0.1, f64::NAN] {
        assert!(
            with(fraction)
                .check()
                .unwrap_err()
                .starts_with("`sampler.fraction` is")
        );
    }
}
