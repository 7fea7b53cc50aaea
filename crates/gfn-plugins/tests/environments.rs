//! Environments of plugins.

use std::time::Duration;

use gfn_plugins::{Actions, Isolation, Options, PluginError, RemoteEnvironment, open_environment};
use serde_json::json;

use crate::support::library;

fn walk(mode: &str, isolation: Isolation) -> Option<Options> {
    let mut options = library("walk", &[])?;
    options.isolation = isolation;
    options.parameters = json!({"mode": mode});
    options.limits.timeout = Duration::from_millis(500);
    Some(options)
}

/// What each place of a run says, opened with `mode`.
fn everywhere(mode: &str, check: impl Fn(&RemoteEnvironment)) {
    for isolation in [Isolation::Process, Isolation::Inline] {
        let Some(options) = walk(mode, isolation) else {
            return;
        };
        check(&open_environment(options).unwrap());
    }
}

#[test]
fn an_environment_says_what_is_fixed() {
    everywhere("none", |walk| {
        let spec = walk.spec();
        assert_eq!(
            (spec.initial.as_slice(), spec.actions),
            (&[0, 0][..], Actions::Fixed(3))
        );
        assert_eq!(
            (spec.most_steps, spec.features, spec.objects.as_str()),
            (7, 4, "heights")
        );
        assert_eq!(walk.description().name, "walk");
    });
}

#[test]
fn many_states_are_walked_at_once_there_and_back() {
    everywhere("none", |walk| {
        for count in [1, 2, 5_000] {
            let states: Vec<i32> = (0..count).flat_map(|index| [index % 5, 0]).collect();
            let count = count as usize;
            let mut bits = vec![7; count];
            walk.forward_mask(&states, &mut bits).unwrap();
            assert!(bits.iter().all(|mask| *mask == 0b111));
            let actions: Vec<u32> = (0..count as u32).map(|index| index % 3).collect();
            let (mut next, mut backward) = (vec![0; states.len()], vec![9; count]);
            walk.step(&states, &actions, &mut next, &mut backward).unwrap();
            assert_eq!(backward, actions);
            walk.backward_mask(&next, &mut bits).unwrap();
            assert!((0..count).all(|index| bits[index] >> backward[index] & 1 == 1));
            let (mut previous, mut again) = (vec![0; states.len()], vec![9; count]);
            walk.undo(&next, &backward, &mut previous, &mut again).unwrap();
            assert_eq!((previous, again), (states.clone(), actions));
            let mut features = vec![0.0; 4 * count];
            walk.observe(&states, &mut features).unwrap();
            assert_eq!(features[4 * (count - 1)..][1..], [0.0, 0.5, -1.0]);
        }
        assert_eq!(walk.describe(&[4, 1]).unwrap(), "height 4");
        assert_eq!(walk.restarts(), 0);
    });
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    everywhere("none", |walk| {
        let (mut next, mut backward) = ([0; 2], [0; 1]);
        let errors = [
            walk.forward_mask(&[0, 0], &mut [0; 2]),
            walk.forward_mask(&[0], &mut [0; 1]),
            walk.step(&[0, 0], &[1, 1], &mut next, &mut backward),
            walk.observe(&[0, 0], &mut [0.0; 3]),
            walk.describe(&[0]).map(drop),
        ];
        for error in errors.map(Result::unwrap_err) {
            assert!(matches!(error, PluginError::Unsuitable { .. }), "{error}");
        }
    });
}

#[test]
fn wrong_answers_are_errors_that_name_the_state() {
    let states = [1, 0, 2, 0, 3, 0];
    let masks = |walk: &RemoteEnvironment| walk.forward_mask(&states, &mut [0; 3]).unwrap_err();
    let steps = |walk: &RemoteEnvironment| walk.step(&states, &[1; 3], &mut [0; 6], &mut [0; 3]).unwrap_err();
    let features = |walk: &RemoteEnvironment| walk.observe(&states, &mut [0.0; 12]).unwrap_err();
    type Ask<'a> = &'a dyn Fn(&RemoteEnvironment) -> PluginError;
    let words = |walk: &RemoteEnvironment| walk.describe(&[3, 0]).unwrap_err();
    let cases: [(&str, Ask<'_>, &str); 8] = [
        (
            "two-lines",
            &words,
            "one line without control characters, not \"height\\n3\"",
        ),
        (
            "beyond",
            &masks,
            "allowed an action beyond the 3 that there are, in state 2",
        ),
        ("fail", &masks, "three is too high"),
        ("past", &masks, "wrote past the end of `bits`"),
        (
            "reverse",
            &steps,
            "gave action 3 as the one that leads back to state 2, of 3",
        ),
        ("forget", &steps, "leads back to state 2"),
        ("infinite", &features, "set feature 2 of state 2 to inf"),
        ("forget", &features, "set feature 3 of state 2 to NaN"),
    ];
    for (mode, ask, part) in cases {
        everywhere(mode, |walk| {
            let error = ask(walk);
            assert!(
                matches!(error, PluginError::Misbehaved { .. }) && error.to_string().contains(part),
                "{error}"
            );
        });
    }
}

/// A process cannot write there; inline it is found, and nothing of the run has changed.
#[test]
fn an_environment_that_writes_to_its_input_is_an_error() {
    everywhere("write-to-input", |walk| {
        let states = [2, 0];
        let error = walk.observe(&states, &mut [0.0; 4]).unwrap_err().to_string();
        assert!(error.contains("wrote to its input"), "{error}");
        assert_eq!(states, [2, 0]);
    });
}

#[test]
fn a_process_that_is_lost_twice_is_an_error_and_the_next_call_goes_on() {
    for (mode, part) in [("die", "SIGABRT"), ("hang", "did not answer within 500 ms")] {
        let Some(options) = walk(mode, Isolation::Process) else {
            return;
        };
        let walk = open_environment(options).unwrap();
        let error = walk.forward_mask(&[3, 0], &mut [0]).unwrap_err().to_string();
        assert!(error.contains("asked twice") && error.contains(part), "{error}");
        let mut bits = [0];
        walk.forward_mask(&[2, 0], &mut bits).unwrap();
        assert_eq!((bits, walk.restarts()), ([0b111], 2));
    }
}

#[test]
fn a_spec_that_makes_no_sense_is_refused() {
    for isolation in [Isolation::Process, Isolation::Inline] {
        let Some(options) = walk("bad-spec", isolation) else {
            return;
        };
        let error = open_environment(options).err().unwrap().to_string();
        assert!(error.contains("its `spec` is wrong"), "{error}");
    }
}
