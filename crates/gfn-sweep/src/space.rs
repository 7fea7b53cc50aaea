//! `[sweep.parameters]`: what is tried, and each value as a setting of the experiment.

use gfn_config::{Laid, Node, Origin, Problem, Table, Value, read};
use gfn_record::sweep::{self as record, Parameter};
use gfn_registry::sweep::{Range, SearchMethod};
use gfn_search::{Coordinate, Dimension, Domain, Space};

/// Where parameters are written.
pub(crate) const PLACE: &str = "sweep.parameters";

/// A setting that is searched.
#[derive(Clone, Debug)]
pub(crate) struct SearchedSetting {
    /// The keys that lead to it.
    pub(crate) path: Vec<String>,
    /// The place where it is named.
    pub(crate) key_origin: Origin,
    /// What it is tried at.
    pub(crate) tried: Tried,
}

/// What a setting is tried at.
#[derive(Clone, Debug)]
pub(crate) enum Tried {
    /// Values, as they are written.
    Values(Vec<Node>),
    /// Numbers from a range, which stands here.
    Range(Range, Node),
}

impl SearchedSetting {
    /// Its path in one.
    pub(crate) fn name(&self) -> String {
        self.path.join(".")
    }

    /// The value that a coordinate stands for, at the place where it was asked for.
    pub(crate) fn value(&self, coordinate: Coordinate) -> Option<Node> {
        match (&self.tried, coordinate) {
            (Tried::Values(values), Coordinate::Choice(index)) => values.get(index).cloned(),
            (Tried::Range(_, node), Coordinate::Float(number)) => Some(at(node, Value::Float(number))),
            (Tried::Range(_, node), Coordinate::Integer(number)) => Some(at(node, Value::Integer(number))),
            _ => None,
        }
    }

    /// The setting that a coordinate stands for.
    pub(crate) fn laid(&self, coordinate: Coordinate) -> Option<Laid> {
        Some(Laid {
            path: self.path.clone(),
            key_origin: self.key_origin.clone(),
            node: self.value(coordinate)?,
        })
    }

    /// The coordinates at which mistakes show: every value of a list, both ends of a range.
    pub(crate) fn corners(&self) -> Vec<Coordinate> {
        match &self.tried {
            Tried::Values(values) => (0..values.len()).map(Coordinate::Choice).collect(),
            Tried::Range(range, _) if range.integer => {
                range.range.map(|end| Coordinate::Integer(end as i64)).to_vec()
            }
            Tried::Range(range, _) => range.range.map(Coordinate::Float).to_vec(),
        }
    }

    /// Whether its numbers come from a range.
    pub(crate) fn is_range(&self) -> bool {
        matches!(self.tried, Tried::Range(..))
    }

    fn domain(&self) -> Domain {
        match &self.tried {
            Tried::Values(values) => Domain::Choice {
                options: values.len(),
            },
            Tried::Range(range, _) => {
                let &Range {
                    range: [low, high],
                    log,
                    integer,
                    step,
                } = range;
                match integer {
                    true => Domain::Integer {
                        low: low as i64,
                        high: high as i64,
                        log,
                        step,
                    },
                    false => Domain::Float { low, high, log },
                }
            }
        }
    }

    /// The same as it is recorded.
    pub(crate) fn record(&self) -> Parameter {
        let domain = match (&self.tried, self.domain()) {
            (_, Domain::Float { low, high, log }) => record::Domain::Float { low, high, log },
            (_, Domain::Integer { low, high, log, step }) => record::Domain::Integer { low, high, log, step },
            (Tried::Values(values), _) => record::Domain::Choice(values.iter().map(json).collect()),
            (Tried::Range(..), Domain::Choice { .. }) => record::Domain::Choice(Vec::new()),
        };
        Parameter {
            name: self.name(),
            domain,
        }
    }
}

/// The space that parameters span.
pub(crate) fn space(parameters: &[SearchedSetting]) -> Space {
    let dimension = |searched: &SearchedSetting| Dimension {
        name: searched.name(),
        domain: searched.domain(),
    };
    Space {
        dimensions: parameters.iter().map(dimension).collect(),
    }
}

/// A value as JSON.
pub(crate) fn json(node: &Node) -> serde_json::Value {
    serde_json::to_value(gfn_config::to_toml(node)).unwrap_or_default()
}

fn at(place: &Node, value: Value) -> Node {
    Node {
        value,
        origin: place.origin.clone(),
    }
}

/// Reads the table of parameters; every mistake in it goes to `problems`.
pub(crate) fn searched(
    node: &Node,
    method: SearchMethod,
    problems: &mut Vec<Problem>,
) -> Vec<SearchedSetting> {
    let mut found = Vec::new();
    if let Some(table) = node.table() {
        gather(&[], table, &mut found, problems);
    }
    for searched in &found {
        problems.extend(misplaced(searched));
        if let Tried::Range(range, node) = &searched.tried {
            problems.extend(mistake(&searched.name(), range, node, method));
        }
    }
    problems.extend(overlaps(&found));
    found
}

fn gather(above: &[String], table: &Table, found: &mut Vec<SearchedSetting>, problems: &mut Vec<Problem>) {
    for (key, entry) in table {
        let mut path = above.to_vec();
        path.extend(key.split('.').map(|part| part.trim().to_string()));
        let name = format!("{PLACE}.{}", path.join("."));
        let refuse = |message: &str| Problem::new(format!("`{name}`: {message}")).at(&entry.node.origin);
        let tried = match &entry.node.value {
            Value::Array(values) if values.is_empty() => {
                problems.push(refuse("there is nothing to try in an empty list"));
                continue;
            }
            Value::Array(values) => Tried::Values(values.clone()),
            Value::Table(inner) if inner.get("range").is_some_and(is_no_table) => {
                match read::<Range>(&entry.node, &name, &[]) {
                    Ok(range) => Tried::Range(range, entry.node.clone()),
                    Err(mistakes) => {
                        problems.extend(mistakes);
                        continue;
                    }
                }
            }
            Value::Table(inner) if !inner.is_empty() => {
                gather(&path, inner, found, problems);
                continue;
            }
            _ => {
                let help = "write the values in brackets, `[1, 2]`, or a range, `{ range = [1, 2] }`";
                problems.push(refuse("expected a list of values, or a range").help(help));
                continue;
            }
        };
        let key_origin = entry.key_origin.clone();
        found.push(SearchedSetting {
            path,
            key_origin,
            tried,
        });
    }
}

fn is_no_table(entry: &gfn_config::Entry) -> bool {
    entry.node.table().is_none()
}

/// What a sweep cannot try.
fn misplaced(searched: &SearchedSetting) -> Option<Problem> {
    let help = match searched.path[0].as_str() {
        "seed" => "write `repeats` under `[sweep]` for runs with several seeds",
        "name" | "description" | "sweep" => "it is the same for all runs of a sweep",
        "gfn" | "extends" | "profile" => "it speaks of the file; a profile is chosen with `--profile NAME`",
        _ => return None,
    };
    let problem = Problem::new(format!("`{}` cannot be tried", searched.name()));
    Some(problem.at(&searched.key_origin).help(help))
}

/// What is wrong with a range.
fn mistake(name: &str, range: &Range, node: &Node, method: SearchMethod) -> Option<Problem> {
    let [low, high] = range.range;
    let place = |key: &str| node.get(key).map_or(&node.origin, |node| &node.origin);
    let refuse = |key: &str, message: String| {
        Some(Problem::new(format!("`{PLACE}.{name}`: {message}")).at(place(key)))
    };
    let number = gfn_config::number;
    if low >= high {
        let (low, high) = (number(low), number(high));
        return refuse("range", format!("the range from {low} to {high} is empty"));
    }
    if range.integer && (low.fract() != 0.0 || high.fract() != 0.0) {
        return refuse(
            "range",
            "the ends of a range of whole numbers are whole numbers".into(),
        );
    }
    if range.log && low <= 0.0 {
        let low = number(low);
        return refuse(
            "range",
            format!("with `log = true` a range begins above 0; this one begins at {low}"),
        );
    }
    if range.step != 1 && !range.integer {
        let problem = refuse("step", "`step` goes with `integer = true`".into());
        return problem.map(|problem| problem.help("other numbers are drawn from all of the range"));
    }
    if range.step != 1 && range.log {
        return refuse("step", "`step` does not go with `log = true`".into());
    }
    if method == SearchMethod::Grid && !range.integer {
        let problem = refuse(
            "range",
            "a grid tries every value, and a range has no end of them".into(),
        );
        return problem.map(|problem| {
            problem
                .help("write the values in brackets, or another `method` under `[sweep]`, such as \"random\"")
        });
    }
    None
}

/// Parameters that are tried twice, or of which one lies within another.
fn overlaps(found: &[SearchedSetting]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, searched) in found.iter().enumerate() {
        let others = found.iter().enumerate().filter(|(other, _)| *other != index);
        for (other, outer) in others {
            if !searched.path.starts_with(&outer.path) {
                continue;
            }
            let (name, outer_name) = (searched.name(), outer.name());
            let problem = match searched.path.len() == outer.path.len() {
                true if other < index => Problem::new(format!("`{name}` is tried twice")),
                true => continue,
                false => Problem::new(format!("`{name}` lies within `{outer_name}`, which is tried too"))
                    .help(format!("write it into the tables of `{outer_name}`")),
            };
            problems.push(problem.at(&searched.key_origin));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use gfn_config::Tree;

    use super::*;

    fn read_text(text: &str, method: SearchMethod) -> (Vec<SearchedSetting>, String) {
        let tree = Tree::parse("s.toml", text).unwrap();
        let mut problems = Vec::new();
        let found = searched(tree.root(), method, &mut problems);
        (found, tree.problems(problems).to_string())
    }

    #[test]
    fn paths_are_keys_in_quotes_or_tables_in_tables() {
        let text =
            "\"a.b\" = [1, 2]\nc.d = { range = [1, 8], log = true, integer = true }\n[e]\nf = [true]\n";
        let (found, said) = read_text(text, SearchMethod::Tpe);
        assert_eq!(said, "");
        let names: Vec<String> = found.iter().map(SearchedSetting::name).collect();
        assert_eq!(names, ["a.b", "c.d", "e.f"]);
        assert!(space(&found).check().is_ok());
        assert_eq!(
            found[1].corners(),
            [Coordinate::Integer(1), Coordinate::Integer(8)]
        );
        let laid = found[0].laid(Coordinate::Choice(1)).unwrap();
        assert_eq!((laid.path.len(), laid.node.value), (2, Value::Integer(2)));
    }

    #[test]
    fn mistakes_are_found_at_their_places() {
        for (text, expected) in [
            ("a = []", "nothing to try"),
            ("a = 3", "a list of values, or a range"),
            ("a = { range = [0, 1], log = true }", "begins above 0"),
            ("a = { range = [2, 1] }", "is empty"),
            ("a = { range = [0.5, 2], integer = true }", "are whole numbers"),
            ("a = { range = [1, 2], step = 2 }", "goes with `integer"),
            (
                "a = { range = [1, 9], log = true, integer = true, step = 2 }",
                "does not go with",
            ),
            ("a = { range = [1, 2], lg = true }", "unknown key"),
            ("a = { range = [1] }", "2 items"),
            ("seed = [1, 2]", "write `repeats`"),
            ("a = [1]\na2.b = [1]\n\"a2.b\" = [2]", "tried twice"),
            ("a = [{ b = 1 }]\n\"a.b\" = [1]", "lies within `a`"),
        ] {
            let (_, said) = read_text(text, SearchMethod::Random);
            assert!(
                said.contains(expected) && said.contains("s.toml:"),
                "{text}: {said}"
            );
        }
        let (_, said) = read_text("a = { range = [1, 2] }", SearchMethod::Grid);
        assert!(said.contains("a grid tries every value"), "{said}");
    }
}
