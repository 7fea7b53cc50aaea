//! Rewards through the tables that the macro makes: parameters, scores, failures, panics.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod host;

use std::ffi::CString;
use std::sync::OnceLock;

use gfn_plugin_sdk::abi::{self, Batch, Table};
use gfn_plugin_sdk::{
    BadParameters, BatchReward, Context, Description, Error, Objects, Plugin, Reward, Scores, export,
    export_reward, json::Json, parameters,
};

parameters! {
    /// What the reward can be told.
    struct Parameters {
        /// How long a text is best.
        length: f64 = 3.0, range(0.0..=100.0);
        /// What `create` does.
        create: String = "work";
    }
}

/// Prefers texts of some length, and does as it is told.
struct Length {
    length: f64,
    context: Context,
}

impl Plugin for Length {
    type Parameters = Parameters;
    const DESCRIPTION: Description = Description {
        licence: "MIT",
        objects: &["molecule", "words"],
        can_be_zero: true,
        greatest: Some(1.0),
        max_batch: 100,
        ..Description::new("length", "1.2.3", "Prefers \"long\" texts.")
    };

    fn create(parameters: Parameters, context: &Context) -> Result<Self, Error> {
        context.log.info("made");
        match parameters.create.as_str() {
            "fail" => Err("no licence server".into()),
            "refuse" => Err(BadParameters::new("`create` and `length` do not go together").into()),
            "panic" => panic!("at the {}", "start"),
            _ => Ok(Self {
                length: parameters.length,
                context: context.clone(),
            }),
        }
    }
}

impl Reward for Length {
    type Object = str;

    fn log_reward(&self, object: &str) -> Result<f64, Error> {
        match object {
            "panic" => panic!("a panic over {object}"),
            "fail" => Err("it is not a molecule".into()),
            "zero" => Ok(f64::NEG_INFINITY),
            "nan" => Ok(f64::NAN),
            "infinity" => Ok(f64::INFINITY),
            "seed" => Ok(self.context.seed as f64),
            "log" => {
                self.context.log.warning("é");
                Ok(0.0)
            }
            _ => Ok(-(object.chars().count() as f64 - self.length).abs()),
        }
    }
}

export_reward!(Length);

fn length(parameters: &str) -> Result<host::Reward, host::Refused> {
    let table = host::enter(gfn_plugin_entry_v1).unwrap().reward.unwrap();
    host::Reward::make(table, parameters, Some(r#"{"kind": "molecule"}"#))
}

#[test]
fn a_plugin_introduces_itself() {
    let loaded = host::enter(gfn_plugin_entry_v1).unwrap();
    assert!(loaded.reward.is_some() && loaded.vocabulary.is_none() && loaded.environment.is_none());
    assert_eq!(
        (loaded.plugin.struct_size, loaded.plugin.abi_minor),
        (40, abi::MINOR)
    );
    let expected = Json::read(
        r#"{"name": "length", "version": "1.2.3", "summary": "Prefers \"long\" texts.", "objects": ["molecule", "words"],
            "parameters": {"type": "object", "properties": {
                "length": {"type": "number", "description": "How long a text is best.", "default": 3.0,
                           "minimum": 0.0, "maximum": 100.0},
                "create": {"type": "string", "description": "What `create` does.", "default": "work"}},
              "additionalProperties": false},
            "deterministic": true, "thread_safe": true, "max_batch": 100, "can_be_zero": true, "needs_gpu": false,
            "licence": "MIT", "input": "texts", "greatest": 1.0}"#,
    );
    assert_eq!(Ok(loaded.description), expected);
}

#[test]
fn objects_are_scored_each_on_its_own() {
    let reward = length(r#"{"length": 4}"#).unwrap();
    let outcome = reward
        .texts(&[
            "CC", "", "fail", "Cé=O", "zero", "nan", "panic", "infinity", "seed",
        ])
        .unwrap();
    assert_eq!(outcome.status, [1, 1, 3, 1, 2, 3, 3, 3, 1]);
    let scored = [0, 1, 3, 8].map(|index: usize| outcome.log_reward[index]);
    assert_eq!(scored, [-2.0, -4.0, 0.0, 7.0]);
    let reasons: Vec<(u64, &str)> = outcome
        .reasons
        .iter()
        .map(|(index, why)| (*index, why.as_str()))
        .collect();
    let expected = [
        (2, "it is not a molecule"),
        (5, "its log-reward is NaN"),
        (6, "it panicked: a panic over panic"),
        (7, "its log-reward is inf"),
    ];
    assert_eq!(reasons, expected);
    assert_eq!(reward.texts(&[]), Ok(host::Outcome::default()));
}

#[test]
fn messages_reach_the_log() {
    let reward = length("{}").unwrap();
    reward.texts(&["log"]).unwrap();
    let logged = reward.instance.logged.take();
    assert_eq!(
        logged,
        [(abi::LOG_INFO, "made".into()), (abi::LOG_WARNING, "é".into())]
    );
}

#[test]
fn a_reward_that_cannot_be_made_says_why() {
    for (parameters, code, why) in [
        (r#"{"create": "fail"}"#, abi::FAILED, "no licence server"),
        (
            r#"{"create": "refuse"}"#,
            abi::BAD_PARAMETERS,
            "`create` and `length` do not go together",
        ),
        (r#"{"create": "panic"}"#, abi::FAILED, "it panicked: at the start"),
        (
            r#"{"length": 101}"#,
            abi::BAD_PARAMETERS,
            "`length` = 101 must be at least 0.0 and at most 100.0",
        ),
        (
            r#"{"width": 1}"#,
            abi::BAD_PARAMETERS,
            "`width` is unknown; there are `length`, `create`",
        ),
        (r#"{"length""#, abi::FAILED, "not JSON at byte 9: `:` is missing"),
    ] {
        assert_eq!(
            length(parameters).err(),
            Some((code, why.to_owned())),
            "{parameters}"
        );
    }
    let table = host::enter(gfn_plugin_entry_v1).unwrap().reward.unwrap();
    let lost = host::Reward::make(table, "{}", Some("{}")).err().unwrap();
    assert!(lost.1.contains("the host's objects have no `kind`"), "{lost:?}");
}

#[test]
fn errors_are_cut_to_the_room_that_there_is() {
    let table = host::enter(gfn_plugin_entry_v1).unwrap().reward.unwrap();
    for (room, told) in [
        (0, ""),
        (1, "no reason given"),
        (4, "`cr"),
        (8, "`create"),
        (200, "`create` = {} must be of the type string"),
    ] {
        let made = host::Instance::make((table.create, table.destroy), r#"{"create": {}}"#, None, room);
        assert_eq!(
            made.err(),
            Some((abi::BAD_PARAMETERS, told.to_owned())),
            "{room} bytes"
        );
    }
    // A character of two bytes is not cut in half.
    for (room, told) in [(3, "`"), (4, "`é"), (5, "`é")] {
        let made = host::Instance::make((table.create, table.destroy), r#"{"éé": 1}"#, None, room);
        assert_eq!(made.err().unwrap().1, told, "{room} bytes");
    }
}

#[test]
fn batches_that_are_no_batches_are_refused() {
    let reward = length("{}").unwrap();
    let offsets: [u64; 3] = [0, 4, 2];
    let texts = Batch {
        form: abi::TEXTS,
        count: 2,
        data: c"CCOO".as_ptr().cast(),
        offsets: offsets.as_ptr(),
        ..Batch::empty()
    };
    let halves: [u64; 3] = [0, 1, 2];
    for (what, batch, why) in [
        (
            "states",
            Batch {
                form: abi::STATES,
                ..texts
            },
            "the host passed objects in form 0, not 1",
        ),
        (
            "offsets",
            texts,
            "the host passed offsets that do not cut its text",
        ),
        (
            "null",
            Batch {
                offsets: std::ptr::null(),
                ..texts
            },
            "the host passed a pointer that is null or not aligned",
        ),
        (
            "halves",
            Batch {
                data: c"é".as_ptr().cast(),
                offsets: halves.as_ptr(),
                ..texts
            },
            "the host passed offsets that do not cut its text",
        ),
        (
            "bytes",
            Batch {
                data: [0xC3_u8, 0x28].as_ptr().cast(),
                offsets: halves.as_ptr(),
                ..texts
            },
            "the host passed text that is not UTF-8",
        ),
    ] {
        assert_eq!(reward.score(&batch), Err((abi::FAILED, why.to_owned())), "{what}");
    }
}

/// A host of another minor version has more room, and a wrong one less.
#[test]
fn hosts_of_other_versions_are_served() {
    let newer = host::enter_with_room(gfn_plugin_entry_v1, 104).unwrap();
    assert_eq!(newer.plugin.struct_size, 40);
    assert_eq!(
        host::enter_with_room(gfn_plugin_entry_v1, 16).err(),
        Some(abi::UNSUPPORTED)
    );
}

/// Sums states, many at once.
struct Sum(usize);

impl Plugin for Sum {
    type Parameters = gfn_plugin_sdk::parameters::NoParameters;
    const DESCRIPTION: Description = Description::new("sum", "0.1.0", "Sums.");

    fn create(_: Self::Parameters, context: &Context) -> Result<Self, Error> {
        match context.objects {
            Some(Objects::Grid { dimensions, .. }) => Ok(Self(dimensions)),
            _ => Err("only for grids".into()),
        }
    }
}

impl BatchReward for Sum {
    type Object = [i32];

    fn score(&self, batch: gfn_plugin_sdk::Batch<'_, [i32]>, scores: &mut Scores<'_>) -> Result<(), Error> {
        assert_eq!(batch.words().len(), batch.len() * batch.stride());
        for (index, state) in batch.iter().enumerate() {
            match state[0] {
                -1 => return Err("minus one".into()),
                -2 => scores.fail(index, "minus two"),
                -3 => scores.set(batch.len(), 0.0),
                -4 => {}
                _ => scores.set(index, f64::from(state[..self.0].iter().sum::<i32>())),
            }
        }
        Ok(())
    }
}

#[test]
fn a_batch_reward_sees_all_objects_at_once() {
    static TEXT: OnceLock<CString> = OnceLock::new();
    let loaded = host::enter(host::through!(export::reward_entry::<Sum>, TEXT)).unwrap();
    assert_eq!(
        loaded.description.member("input").and_then(Json::as_text),
        Some("states")
    );
    let table = loaded.reward.unwrap();
    assert_eq!(
        host::Reward::make(table, "{}", None).err(),
        Some((abi::FAILED, "only for grids".into()))
    );
    let grid = r#"{"kind": "grid", "dimensions": 2, "height": 9}"#;
    let sum = host::Reward::make(table, "{}", Some(grid)).unwrap();
    let outcome = sum.states(3, &[1, 2, 1, -2, 0, 1, 4, 4, 1, -4, 0, 0]).unwrap();
    assert_eq!(
        outcome.status,
        [abi::SCORED, abi::NO_SCORE, abi::SCORED, abi::NOT_SCORED]
    );
    assert_eq!((outcome.log_reward[0], outcome.log_reward[2]), (3.0, 8.0));
    assert_eq!(outcome.reasons[&1], "minus two");
    assert_eq!(sum.states(3, &[-1, 0, 0]), Err((abi::FAILED, "minus one".into())));
    assert!(
        sum.states(3, &[-3, 0, 0])
            .unwrap_err()
            .1
            .starts_with("it panicked: index out of bounds")
    );
    let odd = Batch {
        data: 2 as *const _,
        count: 1,
        stride: 3,
        ..Batch::empty()
    };
    assert!(sum.score(&odd).unwrap_err().1.contains("not aligned"));
}
