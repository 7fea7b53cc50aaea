//! Which checks are made of a plugin, in which order.

use serde_json::{Map, Value};

use super::behaviour::{self, Session};
use super::refusals::refusals;
use super::report::{Check, CheckReport, Finding, Problem, fail, skip};
use super::samples::{self, Objects, Samples};
use super::trials::{Order, Trial};
use crate::description::{Description, Kind};
use crate::options::{Options, Program};
use crate::{opened, parameters, process, vocabulary};

/// What is tried out with libraries alone, in this order.
const TRIALS: [(&str, Trial); 5] = [
    ("malformed", Trial::Malformed),
    ("error-room", Trial::ErrorRoom),
    ("alignment", Trial::Alignment),
    ("threads", Trial::Threads),
    ("instances", Trial::Instances),
];

type Behaviour = fn(&mut Session<'_>) -> Finding;

/// What is asked of every reward, in this order.
const BEHAVIOURS: [(&str, Behaviour); 10] = [
    ("empty", behaviour::empty),
    ("one", behaviour::one),
    ("many", behaviour::many),
    ("ragged", behaviour::ragged),
    ("bounds", behaviour::bounds),
    ("outcomes", behaviour::outcomes),
    ("repeat", behaviour::repeat),
    ("order", behaviour::order),
    ("split", behaviour::split),
    ("throughput", behaviour::throughput),
];

/// Makes all checks.
pub(super) fn conduct(options: &Options, samples: &Samples) -> CheckReport {
    let mut options = options.clone();
    options.workers = 1;
    let mut checks = Vec::new();
    if is_library(&options) {
        let order = Order {
            trial: Trial::Entry,
            parameters: Value::Null,
            told: Value::Null,
            seed: options.seed,
            objects: Objects::Texts(Vec::new()),
            deterministic: true,
        };
        checks.push(Check::new("entry", trial(&options, &order)));
    }
    let described = crate::describe(&options);
    let finding = match &described {
        Ok(description) => self::description(description),
        Err(error) => fail(error.to_string()),
    };
    checks.push(Check::new("description", finding));
    if let Ok(description) = &described {
        checks.extend(of_kinds(&mut options, description, samples));
    }
    CheckReport {
        plugin: options.name.clone(),
        description: described.ok(),
        checks,
    }
}

fn is_library(options: &Options) -> bool {
    matches!(options.program, Program::Library { .. })
}

/// The checks that depend on what the plugin is.
fn of_kinds(options: &mut Options, description: &Description, samples: &Samples) -> Vec<Check> {
    let mut checks = Vec::new();
    if description.is(Kind::Reward) {
        checks.extend(of_reward(options, description, samples));
    }
    if description.is(Kind::Vocabulary) {
        checks.push(Check::new("blocks", blocks(options)));
    }
    checks
}

/// The description says what it must, and its schema is one.
fn description(description: &Description) -> Finding {
    let schema = &description.parameters;
    if !jsonschema::meta::is_valid(schema) {
        return fail("`parameters` is no JSON Schema");
    }
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return fail("`parameters` is not the schema of an object: it needs `\"type\": \"object\"`");
    }
    for (what, text) in [
        ("version", &description.version),
        ("summary", &description.summary),
    ] {
        if text.trim().is_empty() {
            return fail(format!("there is no `{what}`"));
        }
    }
    if let Err(message) = defaults(schema) {
        return fail(message);
    }
    let count = schema
        .get("properties")
        .and_then(Value::as_object)
        .map_or(0, Map::len);
    Ok(format!(
        "{} {}, {count} parameters",
        description.name, description.version
    ))
}

/// Every default is a value that the schema takes.
fn defaults(schema: &Value) -> Result<(), String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if let Some(default) = property.get("default") {
            let checked = parameters::check(property, default);
            checked.map_err(|error| {
                format!("the default of the parameter `{name}` is not what its schema takes: {error}")
            })?;
        }
    }
    Ok(())
}

/// The checks of a reward. What cannot be made without an instance, or without objects, is skipped with the reason.
fn of_reward(options: &mut Options, description: &Description, samples: &Samples) -> Vec<Check> {
    let fitting = samples.fitting(description);
    let told_of = options.objects.get("kind").is_some();
    if let (Ok((kind, _)), false) = (&fitting, told_of) {
        options.objects = samples::told(kind);
    }
    let complete = opened::complete(&options.name, description, Kind::Reward, &options.parameters);
    let parameters = match complete {
        Ok(parameters) => parameters,
        Err(error) => return vec![Check::new("parameters", fail(error.to_string()))],
    };
    let mut checks = vec![Check::new(
        "parameters",
        refusals(options, description, &parameters),
    )];
    let objects = match fitting {
        Ok((_, objects)) => objects,
        Err(why) => {
            checks.push(Check::new("objects", skip(why)));
            return checks;
        }
    };
    checks.extend(behaviours(options, description, &parameters, objects));
    if is_library(options) {
        checks.extend(trials(options, description, &parameters, objects));
    }
    checks
}

fn behaviours(
    options: &Options,
    description: &Description,
    parameters: &Value,
    objects: &Objects,
) -> Vec<Check> {
    let session = Session::new(options, description, parameters.clone(), objects);
    let mut session = match session {
        Ok(session) => session,
        Err(error) => return vec![Check::new("start", fail(error.to_string()))],
    };
    let mut checks = vec![Check::new("start", Ok("an instance is made".to_string()))];
    let mut hung = false;
    for (name, behaviour) in BEHAVIOURS {
        let finding = match hung {
            true => skip("the plugin did not answer before"),
            false => behaviour(&mut session),
        };
        hung |= matches!(&finding, Err(Problem::Fail(why)) if why.contains("did not answer within"));
        checks.push(Check::new(name, finding));
    }
    checks
}

fn trials(options: &Options, description: &Description, parameters: &Value, objects: &Objects) -> Vec<Check> {
    let most = opened::most_in_a_call(description).min(objects.len());
    let mut order = Order {
        trial: Trial::Entry,
        parameters: parameters.clone(),
        told: options.objects.clone(),
        seed: options.seed,
        objects: objects.pick(0..most),
        deterministic: description.deterministic,
    };
    let mut checks = Vec::new();
    for (name, trial) in TRIALS {
        order.trial = trial;
        let finding = match trial {
            Trial::Threads if !description.thread_safe => {
                skip("the plugin does not say that it is `thread_safe`")
            }
            _ => self::trial(options, &order),
        };
        checks.push(Check::new(name, finding));
    }
    checks
}

/// Has a process try something out.
fn trial(options: &Options, order: &Order) -> Finding {
    let wrong = |error: &dyn std::fmt::Display| Problem::Skip(format!("this could not be tried: {error}"));
    let question = serde_json::to_vec(order).map_err(|error| wrong(&error))?;
    let (blueprint, _) = opened::blueprint(options.clone(), Kind::Reward).map_err(|error| wrong(&error))?;
    let answer =
        process::ask(&blueprint, &question).map_err(|how| Problem::Fail(format!("the plugin {how}")))?;
    serde_json::from_slice(&answer).map_err(|error| wrong(&error))?
}

/// A vocabulary has blocks, each with a name of its own, and the same ones every time.
fn blocks(options: &Options) -> Finding {
    let read = || vocabulary::blocks(options.clone()).map_err(|error| Problem::Fail(error.to_string()));
    let blocks = read()?;
    if blocks != read()? {
        return fail("another process has other blocks");
    }
    let mut names = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let text = |key: &str| {
            block
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let (Some(name), Some(_)) = (text("name"), text("smiles")) else {
            return fail(format!("block {index} lacks a `name` or a `smiles`: {block}"));
        };
        if names.contains(&name) {
            return fail(format!("two blocks have the name `{name}`"));
        }
        names.push(name);
    }
    match names.len() {
        0 => fail("there are no blocks"),
        count => Ok(format!("{count} blocks, the same ones in another process")),
    }
}
