//! Environments through the tables that the macro makes, and the check of their contract.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod host;

use gfn_plugin_sdk::{
    Actions, Context, Description, Environment, EnvironmentSpec, Error, Mask, Plugin, abi, check_environment,
    export_environment, json::Json, parameters,
};
use host::environment::Environment as Live;

parameters! {
    /// What the environment can be told.
    struct Parameters {
        /// The sides of the rectangle.
        side: usize = 3, range(1..=200);
        /// What is wrong with it.
        fault: String = "";
    }
}

/// Corners of a rectangle: walks from (0, 0) to (side, side), one step right or up.
struct Walks {
    side: i32,
    fault: String,
}

impl Plugin for Walks {
    type Parameters = Parameters;
    const DESCRIPTION: Description = Description::new("walks", "0.1.0", "Walks over a rectangle.");

    fn create(parameters: Parameters, _: &Context) -> Result<Self, Error> {
        Ok(Self {
            side: parameters.side as i32,
            fault: parameters.fault,
        })
    }
}

impl Walks {
    fn is(&self, fault: &str) -> bool {
        self.fault == fault
    }
}

impl Environment for Walks {
    fn spec(&self) -> EnvironmentSpec {
        EnvironmentSpec {
            initial: if self.is("empty") { vec![] } else { vec![0, 0] },
            // More than one word of bits.
            actions: Actions::Fixed(102),
            backward_actions: Actions::Ragged(2),
            most_steps: 2 * self.side as usize - usize::from(self.is("longer")),
            features: 2,
            objects: "walks".into(),
        }
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask<'_>) {
        if state[0] < self.side {
            mask.allow(if self.is("no such action") { 102 } else { 0 });
        }
        if state[1] < self.side {
            mask.allow(101);
        }
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask<'_>) {
        if self.is("source") {
            mask.allow(1);
        }
        (0..2)
            .filter(|&way| state[way] > 0 && !(self.is("one way") && way == 1))
            .for_each(|way| mask.allow(way));
        if self.is("no edge") && state == [2, 0] {
            mask.allow(1);
        }
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        let way = usize::from(action == 101);
        next.copy_from_slice(state);
        next[way] += i32::from(!self.is("still"));
        way + if self.is("far") { 1 << 32 } else { 0 }
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        previous.copy_from_slice(state);
        previous[action] -= 1;
        if self.is("confused") {
            101 - action
        } else {
            action * 101
        }
    }

    fn observe(&self, state: &[i32], features: &mut [f32]) {
        let zero = if self.is("nan") { 0 } else { self.side };
        features[0] = state[0] as f32 / zero as f32;
        features[1] = state[1] as f32 / zero as f32;
    }

    fn describe(&self, state: &[i32]) -> String {
        if self.is("two lines") {
            "a\nb".into()
        } else {
            format!("{}×{}", state[0], state[1])
        }
    }
}

export_environment!(Walks);

fn live(parameters: &str) -> Result<Live, host::Refused> {
    Live::make(
        host::enter(gfn_plugin_entry_v1).unwrap().environment.unwrap(),
        parameters,
    )
}

fn walks(side: usize, fault: &str) -> Walks {
    let fault = fault.into();
    Walks::create(Parameters { side, fault }, &Context::default()).unwrap()
}

#[test]
fn the_spec_crosses_the_border() {
    let spec = Json::read(
        r#"{"state_words": 2, "initial": [0, 0], "actions": {"fixed": 102}, "backward_actions": {"ragged": 2},
            "most_steps": 10, "observation": {"width": 2}, "objects": "walks"}"#,
    );
    assert_eq!(live(r#"{"side": 5}"#).unwrap().spec, spec.unwrap());
    let empty = live(r#"{"fault": "empty"}"#).err();
    assert_eq!(
        empty,
        Some((abi::FAILED, "the environment's states have no words".into()))
    );
}

#[test]
fn batches_are_taken_apart_and_put_together() {
    let walks = live("{}").unwrap();
    let states = [0, 0, 3, 1, 3, 3];
    assert_eq!(
        walks.masks(true, &states, 2).unwrap(),
        [1, 1 << 37, 0, 1 << 37, 0, 0]
    );
    assert_eq!(walks.masks(false, &states, 1).unwrap(), [0, 3, 3]);
    assert_eq!(
        walks.step(&states[..4], &[0, 101]).unwrap(),
        (vec![1, 0, 3, 2], vec![0, 1])
    );
    assert_eq!(
        walks.undo(&states[2..], &[0, 1]).unwrap(),
        (vec![2, 1, 3, 2], vec![0, 101])
    );
    assert_eq!(
        walks.observe(&states).unwrap(),
        [0.0, 0.0, 1.0, 1.0 / 3.0, 1.0, 1.0]
    );
    assert_eq!(walks.describe(&[3, 3]).unwrap(), "3×3");
    assert_eq!(walks.masks(true, &[], 2), Ok(vec![]));
}

#[test]
fn mistakes_become_errors() {
    let walks = live(r#"{"fault": "no such action"}"#).unwrap();
    let lost = walks.masks(true, &[0, 0], 2);
    assert_eq!(lost, Err((abi::FAILED, "it panicked: action 102 of 102".into())));
    // Not action 0, as which it would come out if it were cut to what has room.
    let far = live(r#"{"fault": "far"}"#).unwrap();
    assert_eq!(far.step(&[0, 0], &[0]).unwrap().1, [u32::MAX]);
    let narrow = walks.masks(true, &[0, 0], 1);
    assert_eq!(
        narrow,
        Err((abi::FAILED, "the host has no room for 102 actions".into()))
    );
}

#[test]
fn the_contract_is_checked() {
    assert_eq!(check_environment(&walks(3, ""), 1000), Ok(16));
    assert_eq!(check_environment(&walks(200, ""), 50), Ok(50));
    for (fault, told) in [
        ("source", "the source has a legal backward action"),
        ("still", "state [0, 0]: action 0 leads nowhere"),
        (
            "one way",
            "state [0, 0]: action 101 leads to [0, 1], where its backward action 1 is not legal",
        ),
        (
            "confused",
            "state [0, 0]: undoing action 0 gives state [0, 0] and action 101",
        ),
        (
            "no edge",
            "state [2, 0]: a backward action leads to [2, -1], which cannot be reached",
        ),
        ("nan", "state [0, 0]: it is observed as NaN"),
        (
            "two lines",
            "state [3, 3]: `describe` must give one line, not \"a\\nb\"",
        ),
        ("longer", "a path has 6 steps; `most_steps` is 5"),
    ] {
        let found = check_environment(&walks(3, fault), 1000).unwrap_err();
        assert!(found.starts_with(told), "{fault}: {found}");
    }
}
