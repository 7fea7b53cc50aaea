//! `gfn plugin run`.

use std::io::Read;
use std::path::Path;

use gfn_files::regular::MIB;
use gfn_plugins::{Batch, Input, Isolation, Options, Scores, Status, describe, open_reward};
use serde_json::{Value, json};

use super::{failed, options};
use crate::args::{IsolationArg, PluginArgs};
use crate::commands::print_json;
use crate::exit::Failure;

/// The largest file of objects.
const FILE_LIMIT: u64 = 256 * MIB;

/// Objects that are scored at a time.
const CHUNK: usize = 1024;

pub(crate) fn run(args: &PluginArgs, input: &Path, isolation: IsolationArg) -> Result<(), Failure> {
    let objects = read(input)?;
    let mut options = options(args)?;
    if isolation == IsolationArg::Inline {
        options.isolation = Isolation::Inline;
    }
    if options.objects["kind"].is_null() {
        options.objects = json!({ "kind": kind(&options)? });
    }
    let oracle = open_reward(options).map_err(failed)?;
    for objects in objects.chunks(CHUNK) {
        let scores = match oracle.description().input {
            Input::Texts => {
                let texts: Vec<&str> = objects.iter().map(text).collect::<Result<_, _>>()?;
                oracle.score(&Batch::Texts(&texts))
            }
            Input::States => {
                let (words, stride) = states(objects)?;
                oracle.score(&Batch::States {
                    words: &words,
                    stride,
                })
            }
        };
        print_json(&lines(objects, &scores.map_err(failed)?))?;
    }
    Ok(())
}

/// What the objects are where nobody says it: what the plugin says first of them.
fn kind(options: &Options) -> Result<String, Failure> {
    let mut kinds = describe(options).map_err(failed)?.objects.into_iter();
    Ok(kinds.next().unwrap_or_else(|| "unknown".into()))
}

/// The objects in a file of JSON lines.
fn read(input: &Path) -> Result<Vec<Value>, Failure> {
    let mut text = String::new();
    let read = match input == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        false => gfn_files::read_text(input, FILE_LIMIT).map(|file| text = file),
    };
    read.map_err(|error| {
        Failure::usage(format!(
            "cannot read `{}`: {}",
            input.display(),
            gfn_text::io_words(&error)
        ))
    })?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| {
                let place = format!("{}:{}", input.display(), index + 1);
                Failure::usage(format!(
                    "{place}: {}; write one JSON value on each line, such as \"CCO\" or [0, 1, 2]",
                    gfn_files::json_words(&error)
                ))
            })
        })
        .collect()
}

/// An object that is a text, or has one.
fn text(object: &Value) -> Result<&str, Failure> {
    let inner = ["object", "smiles", "text"]
        .iter()
        .find_map(|key| object.get(key));
    inner
        .unwrap_or(object)
        .as_str()
        .ok_or_else(|| Failure::usage(format!("{object} is not a text, and the plugin scores texts")))
}

/// Objects that are lists of whole numbers, all of one length.
fn states(objects: &[Value]) -> Result<(Vec<i32>, usize), Failure> {
    let wrong = |object: &Value| {
        Failure::usage(format!(
            "{object} is not a state: the plugin scores lists of whole numbers, all of the same length"
        ))
    };
    let mut words = Vec::new();
    let mut stride = None;
    for object in objects {
        let list = object
            .get("state")
            .unwrap_or(object)
            .as_array()
            .ok_or_else(|| wrong(object))?;
        if *stride.get_or_insert(list.len()) != list.len() || list.is_empty() {
            return Err(wrong(object));
        }
        for word in list {
            let word = word.as_i64().and_then(|word| i32::try_from(word).ok());
            words.push(word.ok_or_else(|| wrong(object))?);
        }
    }
    Ok((words, stride.unwrap_or(1)))
}

fn lines(objects: &[Value], scores: &Scores) -> String {
    let reason = |index: usize| {
        let failure = scores.failures.iter().find(|failure| failure.index == index);
        failure.map_or("", |failure| failure.reason.as_str())
    };
    let line = |(index, object): (usize, &Value)| {
        let line = match scores.status[index] {
            Status::Scored => json!({ "object": object, "log_reward": scores.log_reward[index] }),
            Status::Zero => json!({ "object": object, "reward": 0 }),
            Status::Failed => json!({ "object": object, "failed": reason(index) }),
        };
        format!("{line}\n")
    };
    objects.iter().enumerate().map(line).collect()
}
