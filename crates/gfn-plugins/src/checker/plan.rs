//! Which checks are made of a plugin, in which order.

use serde_json::{Map, Value};

use super::behavior::{self, Session};
use super::refusals::refusals;
use super::report::{Check, CheckReport, Finding, Problem, fail, skip};
use super::samples::{Objects, Samples, Set};
use super::subject::Subject;
use super::trials::{Order, Trial};
use super::{Stage, walk};
use crate::description::{Description, Kind};
use crate::error::PluginError;
use crate::options::{Options, Program};
use crate::{opened, parameters, process, sharing, vocabulary};

/// What is tried out with libraries alone, in this order.
const TRIALS: [(&str, Trial); 5] = [
    ("malformed", Trial::Malformed),
    ("error-room", Trial::ErrorRoom),
    ("alignment", Trial::Alignment),
    ("threads", Trial::Threads),
    ("instances", Trial::Instances),
];

type Behavior = fn(&mut Session<'_>) -> Finding;

/// What is asked of every reward, in this order.
const BEHAVIOURS: [(&str, Behavior); 11] = [
    ("empty", behavior::empty),
    ("one", behavior::one),
    ("many", behavior::many),
    ("ragged", behavior::ragged),
    ("inputs", behavior::inputs),
    ("bounds", behavior::bounds),
    ("outcomes", behavior::outcomes),
    ("repeat", behavior::repeat),
    ("order", behavior::order),
    ("split", behavior::split),
    ("throughput", behavior::throughput),
];

/// A plugin, and what is wanted of it.
struct Plan<'a> {
    options: Options,
    samples: &'a Samples,
    wanted: &'a dyn Fn(&str) -> bool,
    begins: &'a dyn Fn(Stage),
    /// Checks in all, as far as is known.
    all: usize,
    checks: Vec<Check>,
}

/// Who wants which checks, and who is told that one begins.
type Watcher<'a> = (&'a dyn Fn(&str) -> bool, &'a dyn Fn(Stage));

/// Makes the checks that are wanted.
pub(super) fn conduct(options: &Options, samples: &Samples, (wanted, begins): Watcher<'_>) -> CheckReport {
    let mut options = options.clone();
    options.workers = 1;
    let mut plan = Plan {
        options,
        samples,
        wanted,
        begins,
        all: 0,
        checks: Vec::new(),
    };
    // Most plugins are rewards.
    plan.all = plan.count(|kind| kind == Kind::Reward);
    if plan.is_library() {
        plan.check("entry", |plan| trial(&plan.options, &Order::of_entry()));
    }
    let described = crate::describe(&plan.options);
    plan.check("description", |_| match &described {
        Ok(description) => self::description(description),
        Err(error) => fail(error.to_string()),
    });
    if let Ok(description) = &described {
        plan.all = plan.count(|kind| description.is(kind));
        plan.of_kinds(description);
    }
    CheckReport {
        plugin: plan.options.name,
        description: described.ok(),
        checks: plan.checks,
    }
}

impl Plan<'_> {
    fn is_library(&self) -> bool {
        matches!(self.options.program, Program::Library { .. })
    }

    /// The wanted checks of a plugin of these kinds that passes them all.
    fn count(&self, is: impl Fn(Kind) -> bool) -> usize {
        let of_reward = || BEHAVIOURS.iter().map(|(name, _)| *name);
        let of_library = || TRIALS.iter().map(|(name, _)| *name);
        let mut names = vec!["description"];
        names.extend(self.is_library().then_some("entry"));
        if is(Kind::Reward) {
            names.extend(["start", "parameters"].into_iter().chain(of_reward()));
            names.extend(of_library().filter(|_| self.is_library()));
        }
        names.extend(is(Kind::Vocabulary).then_some("blocks"));
        names.extend(is(Kind::Environment).then_some("walk"));
        names.into_iter().filter(|name| (self.wanted)(name)).count()
    }

    /// Makes a check if it is wanted.
    fn check(&mut self, name: &str, find: impl FnOnce(&mut Self) -> Finding) {
        if (self.wanted)(name) {
            let done = self.checks.len();
            (self.begins)(Stage {
                name: name.to_string(),
                done,
                all: self.all.max(done + 1),
            });
            let finding = find(self);
            self.checks.push(Check::new(name, finding));
        }
    }

    /// The checks that depend on what the plugin is.
    fn of_kinds(&mut self, description: &Description) {
        if description.is(Kind::Reward) {
            self.of_reward(description);
        }
        if description.is(Kind::Vocabulary) {
            self.check("blocks", |plan| blocks(&plan.options));
        }
        if description.is(Kind::Environment) {
            self.check("walk", |plan| {
                match crate::open_environment(plan.options.clone()) {
                    Ok(environment) => walk::walk(environment),
                    Err(error) => fail(error.to_string()),
                }
            });
        }
    }

    /// The checks of a reward. What cannot be made without an instance, or without objects, is skipped with the reason.
    fn of_reward(&mut self, description: &Description) {
        let (name, given) = (&self.options.name, &self.options.parameters);
        let parameters = match parameters::complete(name, description, Kind::Reward, given) {
            Ok(parameters) => parameters,
            Err(error) => return self.check("parameters", |_| fail(error.to_string())),
        };
        let sets = match self.samples.fitting(description) {
            Ok(sets) => sets,
            Err(why) => {
                self.check("objects", |_| skip(why));
                return self.check("parameters", |plan| {
                    refusals(&plan.options, description, &parameters)
                });
            }
        };
        match self.start(description, &parameters, &sets) {
            Err(error) => self.check("start", |_| fail(error.to_string())),
            Ok((subject, objects)) => {
                self.check("start", |_| Ok("an instance is made".to_string()));
                self.check("parameters", |plan| {
                    refusals(&plan.options, description, &parameters)
                });
                let options = self.options.clone();
                self.behaviors(Session::new(
                    &options,
                    description,
                    parameters.clone(),
                    objects,
                    subject,
                ));
                self.trials(description, &parameters, objects);
            }
        }
    }

    /// Starts the plugin with the first of the sets whose kind of objects it takes, unless the user said what they are.
    fn start<'s>(
        &mut self,
        description: &Description,
        parameters: &Value,
        sets: &[&'s Set],
    ) -> Result<(Subject, &'s Objects), PluginError> {
        let is_told = self.options.objects.get("kind").is_some();
        let mut refused = None;
        for set in sets {
            if !is_told {
                self.options.objects = set.told.clone();
            }
            match Subject::start(&self.options, description, parameters.clone()) {
                Ok(subject) => return Ok((subject, &set.objects)),
                Err(error @ PluginError::BadParameters { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| PluginError::Unsuitable {
            plugin: self.options.name.clone(),
            message: "cannot be given any objects".to_string(),
        }))
    }

    fn behaviors(&mut self, mut session: Session<'_>) {
        let mut hung = false;
        for (name, behavior) in BEHAVIOURS {
            self.check(name, |_| {
                let finding = match hung {
                    true => skip("the plugin did not answer before"),
                    false => behavior(&mut session),
                };
                hung |= matches!(&finding, Err(Problem::Fail(why)) if why.contains("did not answer within"));
                finding
            });
        }
    }

    fn trials(&mut self, description: &Description, parameters: &Value, objects: &Objects) {
        if !self.is_library() {
            return;
        }
        let most = sharing::most_in_a_call(description).min(objects.len());
        let mut order = Order {
            trial: Trial::Entry,
            parameters: parameters.clone(),
            told: self.options.objects.clone(),
            seed: self.options.seed,
            objects: objects.pick(0..most),
            deterministic: description.deterministic,
        };
        for (name, kind) in TRIALS {
            order.trial = kind;
            self.check(name, |plan| match kind {
                Trial::Threads if !description.thread_safe => {
                    skip("the plugin does not say that it is `thread_safe`")
                }
                _ => trial(&plan.options, &order),
            });
        }
    }
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
    Ok(format!(
        "{} {}, {}",
        description.name,
        description.version,
        counted(schema)
    ))
}

/// How many parameters a schema has, and the first that nobody is told the meaning of.
fn counted(schema: &Value) -> String {
    let properties = schema.get("properties").and_then(Value::as_object);
    let count = properties.map_or(0, Map::len);
    let is_told = |property: &Value| property.get("description").is_some_and(Value::is_string);
    match properties
        .into_iter()
        .flatten()
        .find(|(_, property)| !is_told(property))
    {
        Some((name, _)) => format!(
            "{count} parameters, of which `{name}` has no `description`: nobody is told what it means"
        ),
        None => format!("{count} parameters"),
    }
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
