//! Providers of programs that embed this one, as layers: their values with places, in a text that is written for messages.

use std::collections::HashMap;

use figment::value::{Dict, Empty, Num, Tag, Value as Merged};
use figment::{Error, Figment, Metadata, Profile};

use crate::describe::{bare_or_quoted, literal};
use crate::overrides::only_in_a_file;
use crate::problem::Problem;
use crate::profiles::FILE_KEYS;
use crate::source::{Origin, SourceKind, Sources};
use crate::spans::{Inner, KeySpan, Keys, Span};
use crate::stack::{Layer, Stack};
use crate::syntax::DEPTH_LIMIT;
use crate::unset::{self, Unset};

/// A path that no provider has: what is found there is nothing, with the metadata of everything.
const NOWHERE: &str = "\u{0}";

/// The settings of a provider for a profile as layers, or what is wrong with them.
pub(crate) fn layers(
    figment: Figment,
    profile: Option<&str>,
    below: &Stack,
    sources: &mut Sources,
) -> Result<Stack, Vec<Problem>> {
    let figment = match (figment.profile().is_custom(), profile) {
        (false, Some(name)) => figment.select(name),
        _ => figment,
    };
    let dict = match figment.find_value("") {
        Ok(value) => value.into_dict().unwrap_or_default(),
        Err(error) => {
            return Err(error
                .into_iter()
                .map(|error| unreadable(&error, sources))
                .collect());
        }
    };
    let mut reader = Reader {
        figment: &figment,
        texts: HashMap::new(),
        path: Vec::new(),
        unsets: Vec::new(),
        problems: Vec::new(),
        sources,
    };
    let (values, keys) = reader.table(dict);
    reader.refuse_file_keys(&keys);
    let Reader {
        texts,
        unsets,
        problems,
        ..
    } = reader;
    for (source, text) in texts.into_values() {
        sources.set_text(source, text);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let layer = Layer {
        metadata: Metadata::named("provider"),
        values,
        span: Span {
            origin: below.origin().clone(),
            inner: Inner::Keys(keys),
        },
        unsets,
    };
    Ok(Stack::of(layer).knowing(&figment.focus(NOWHERE).select(Profile::Default)))
}

/// Why a provider has no values.
fn unreadable(error: &Error, sources: &mut Sources) -> Problem {
    let name = error
        .metadata
        .as_ref()
        .map_or_else(|| "provider".to_owned(), name);
    let path = error.path.join(".");
    let message = match path.is_empty() {
        true => error.kind.to_string(),
        false => format!("`{}`: {}", literal(&path), error.kind),
    };
    let source = sources.add(name, "", SourceKind::Provider);
    Problem::new(message).at(&Origin::whole(source))
}

/// A provider as messages name it: by its metadata, or else by the line of code that adds it.
fn name(metadata: &Metadata) -> String {
    let place = match (&metadata.source, metadata.provide_location) {
        (Some(source), _) => Some(source.to_string()),
        (None, Some(location)) => Some(location.to_string()),
        (None, None) => None,
    };
    match place {
        Some(place) => format!("{} ({place})", metadata.name),
        None => metadata.name.to_string(),
    }
}

/// Reads the values of a provider.
struct Reader<'a> {
    figment: &'a Figment,
    /// For each provider within, its source and its text so far.
    texts: HashMap<Tag, (usize, String)>,
    path: Vec<String>,
    unsets: Vec<Unset>,
    problems: Vec<Problem>,
    sources: &'a mut Sources,
}

/// The places of a line `a.b = value`.
struct Line {
    /// Those of the keys.
    keys: Vec<Origin>,
    value: Origin,
}

impl Reader<'_> {
    fn refuse_file_keys(&mut self, keys: &Keys) {
        let refused = FILE_KEYS.iter().filter_map(|key| Some((key, keys.get(*key)?)));
        let problem = |(key, place): (&&str, &KeySpan)| only_in_a_file(key).at(&place.key_origin);
        self.problems.extend(refused.map(problem));
    }

    fn table(&mut self, dict: Dict) -> (Dict, Keys) {
        let (mut values, mut keys) = (Dict::new(), Keys::new());
        for (key, value) in dict {
            self.path.push(key.clone());
            if let Some((value, span)) = self.entry(value) {
                values.insert(key.clone(), value);
                keys.insert(key, span);
            }
            self.path.pop();
        }
        (values, keys)
    }

    /// A value with the places of its key and itself; nothing where the provider says nothing.
    fn entry(&mut self, value: Merged) -> Option<(Merged, KeySpan)> {
        let depth = self.path.len() - 1;
        match value {
            Merged::Empty(..) => None,
            Merged::Dict(tag, dict) if is_unset(&dict) => {
                let line = self.line(tag, "{ unset = true }");
                let path = self.path.iter().cloned().zip(line.keys.iter().cloned());
                self.unsets.push(Unset { path: path.collect() });
                let key_origin = line.keys[depth].clone();
                let span = Span::leaf(key_origin.clone());
                Some((Merged::Empty(tag, Empty::Unit), KeySpan { key_origin, span }))
            }
            Merged::Dict(tag, dict) if !dict.is_empty() => {
                let first = dict.values().next().map_or(tag, Merged::tag);
                let key_origin = self.next_key(first);
                let (values, keys) = self.table(dict);
                let inner = Inner::Keys(keys);
                let origin = key_origin.clone();
                Some((
                    Merged::Dict(tag, values),
                    KeySpan {
                        key_origin,
                        span: Span { origin, inner },
                    },
                ))
            }
            value => {
                let line = self.line(value.tag(), &written(&value));
                let key_origin = line.keys[depth].clone();
                let (value, span) = self.item(value, &line.value, depth);
                Some((value, KeySpan { key_origin, span }))
            }
        }
    }

    /// Where the key of a table will be: in the next line of a provider's text.
    fn next_key(&mut self, tag: Tag) -> Origin {
        let (source, text) = self.text(tag);
        let start = text.len();
        let keys = key_spans(&self.path, source, start);
        keys.into_iter().last().unwrap_or_else(|| Origin::whole(source))
    }

    /// Writes a line of a provider's text.
    fn line(&mut self, tag: Tag, value: &str) -> Line {
        let (source, text) = self.text(tag);
        let start = text.len();
        let path: Vec<String> = self.path.iter().map(|key| bare_or_quoted(key)).collect();
        let before = format!("{} = ", path.join("."));
        let value_start = start + before.len();
        let keys = key_spans(&self.path, source, start);
        if let Some((_, text)) = self.texts.get_mut(&tag) {
            text.push_str(&format!("{before}{value}\n"));
        }
        Line {
            keys,
            value: Origin::new(source, value_start..value_start + value.len()),
        }
    }

    /// The source of a provider, and its text so far.
    fn text(&mut self, tag: Tag) -> (usize, &str) {
        let (figment, sources) = (self.figment, &mut *self.sources);
        let (source, text) = self.texts.entry(tag).or_insert_with(|| {
            let name = figment
                .get_metadata(tag)
                .map_or_else(|| "provider".to_owned(), name);
            (sources.add(name, "", SourceKind::Provider), String::new())
        });
        (*source, text)
    }

    /// A value without keys of its own, or an item of an array, all of which stand at `origin`.
    fn item(&mut self, value: Merged, origin: &Origin, depth: usize) -> (Merged, Span) {
        let leaf = |value| (value, Span::leaf(origin.clone()));
        let part = |inner| Span {
            origin: origin.clone(),
            inner,
        };
        match value {
            Merged::Num(tag, number) => leaf(Merged::Num(tag, self.number(number, origin))),
            Merged::Char(tag, letter) => leaf(Merged::String(tag, letter.to_string())),
            Merged::Array(..) | Merged::Dict(..) if depth >= DEPTH_LIMIT => {
                let problem = Problem::new(format!("nested more than {DEPTH_LIMIT} levels deep"));
                self.problems.push(problem.at(origin));
                leaf(value)
            }
            Merged::Array(tag, items) => {
                let items = items.into_iter().map(|item| self.item(item, origin, depth + 1));
                let (items, spans) = items.unzip();
                (Merged::Array(tag, items), part(Inner::Items(spans)))
            }
            Merged::Dict(tag, dict) => {
                let (mut values, mut keys) = (Dict::new(), Keys::new());
                for (key, value) in dict {
                    if value.to_empty().is_some() {
                        continue;
                    }
                    let (value, span) = self.item(value, origin, depth + 1);
                    let key_origin = origin.clone();
                    values.insert(key.clone(), value);
                    keys.insert(key, KeySpan { key_origin, span });
                }
                (Merged::Dict(tag, values), part(Inner::Keys(keys)))
            }
            Merged::Empty(tag, _) => {
                let problem = Problem::new("an array holds an empty value").at(origin);
                self.problems.push(problem);
                leaf(Merged::Bool(tag, false))
            }
            value => leaf(value),
        }
    }

    /// A number in one of the two types that TOML has; the number that stands in for another is never used.
    fn number(&mut self, number: Num, origin: &Origin) -> Num {
        let whole = match (number.to_i128(), number.to_u128()) {
            (Some(value), _) => Some(i64::try_from(value).ok()),
            (None, Some(value)) => Some(i64::try_from(value).ok()),
            (None, None) => None,
        };
        let (number, message) = match whole {
            Some(whole) => (whole.map(Num::I64), "the whole number is out of range"),
            None => {
                let value = number.to_f64().filter(|value| value.is_finite());
                (value.map(Num::F64), "the number is not finite")
            }
        };
        number.unwrap_or_else(|| {
            self.problems.push(Problem::new(message).at(origin));
            Num::I64(0)
        })
    }
}

/// Whether a table unsets its key.
fn is_unset(dict: &Dict) -> bool {
    dict.len() == 1 && dict.get(unset::UNSET).and_then(Merged::to_bool) == Some(true)
}

/// The places of keys in a line that starts at `start`.
fn key_spans(path: &[String], source: usize, start: usize) -> Vec<Origin> {
    let place = |start: &mut usize, key: &String| {
        let length = bare_or_quoted(key).len();
        let origin = Origin::new(source, *start..*start + length);
        *start += length + 1;
        Some(origin)
    };
    path.iter().scan(start, place).collect()
}

/// A value as a line of TOML shows it.
fn written(value: &Merged) -> String {
    match value {
        Merged::String(_, text) => quoted(text),
        Merged::Char(_, letter) => quoted(&letter.to_string()),
        Merged::Bool(_, value) => value.to_string(),
        Merged::Num(_, number) => match (number.to_i128(), number.to_u128(), number.to_f64()) {
            (Some(whole), ..) => whole.to_string(),
            (None, Some(whole), _) => whole.to_string(),
            (None, None, float) => format!("{:?}", float.unwrap_or(f64::NAN)),
        },
        Merged::Empty(..) => "null".to_owned(),
        Merged::Array(_, items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        Merged::Dict(_, dict) if dict.is_empty() => "{}".to_owned(),
        Merged::Dict(_, dict) => {
            let entries: Vec<String> = dict
                .iter()
                .map(|(key, value)| format!("{} = {}", bare_or_quoted(key), written(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A text on one line.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
