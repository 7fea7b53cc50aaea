//! Reads a vocabulary to its end, whatever is wrong on the way: who writes one mends all mistakes at once.

use gfn_text::quoted;
use std::collections::{HashMap, HashSet};

use gfn_chem::Fragment;
use gfn_input::Lines;
use serde_json::value::RawValue;

use super::error::{FragmentsError, Mistake};
use super::json::{Members, kind, line, text, whole};
use super::vocabulary::Vocabulary;

/// A vocabulary on the way, with everything that is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) vocabulary: Vocabulary,
    pub(super) root: Vec<(String, &'a RawValue)>,
    file: &'a str,
    text: &'a str,
    lines: Lines,
    mistakes: Vec<Mistake>,
    /// The names of all blocks, also of those that are wrong.
    names: HashSet<String>,
    /// The blocks, by what they are.
    blocks: HashMap<String, usize>,
}

impl<'a> Reader<'a> {
    /// Begins to read the JSON `text`; `file` is what errors call it.
    pub(super) fn new(text: &'a str, file: &'a str) -> Result<Self, FragmentsError> {
        let json = |message| FragmentsError::Json {
            file: file.into(),
            message,
        };
        let Members(root) = whole(text).map_err(json)?;
        Ok(Self {
            vocabulary: Vocabulary::empty(String::new()),
            root,
            file,
            text,
            lines: Lines::of(text.as_bytes()),
            mistakes: Vec::new(),
            names: HashSet::new(),
            blocks: HashMap::new(),
        })
    }

    /// The vocabulary of a list of blocks.
    pub(super) fn blocks(mut self) -> Result<Vocabulary, FragmentsError> {
        let root = std::mem::take(&mut self.root);
        let [name, blocks] = self.values(&root, ["name", "blocks"], "the file", None);
        if let Some(name) = name.and_then(|name| self.text(name, "`name`")) {
            self.vocabulary.name = name;
        }
        if let Some(blocks) = blocks {
            match serde_json::from_str::<Vec<&'a RawValue>>(blocks.get()) {
                Ok(list) if list.is_empty() && self.mistakes.is_empty() => return Err(self.empty()),
                Ok(list) if list.is_empty() => self.mistake(blocks, "`blocks` is empty".into()),
                Ok(blocks) => blocks
                    .into_iter()
                    .enumerate()
                    .for_each(|(at, block)| self.block(at, block)),
                Err(_) => self.mistake(
                    blocks,
                    format!("`blocks` is {}, and a list is needed", kind(blocks)),
                ),
            }
        }
        self.finish()
    }

    /// The vocabulary, where nothing was wrong.
    pub(super) fn finish(self) -> Result<Vocabulary, FragmentsError> {
        match self.mistakes.is_empty() {
            true => Ok(self.vocabulary),
            false => Err(FragmentsError::Mistakes {
                file: self.file.into(),
                mistakes: self.mistakes,
            }),
        }
    }

    /// What is said of a file without blocks.
    pub(super) fn empty(&self) -> FragmentsError {
        FragmentsError::Empty {
            file: self.file.into(),
        }
    }

    /// Something is wrong with the value at a place.
    pub(super) fn mistake(&mut self, at: &RawValue, text: String) {
        let line = Some(line(self.text, &self.lines, at));
        self.mistakes.push(Mistake { line, text });
    }

    /// Something is missing from the file.
    pub(super) fn missing(&mut self, text: String) {
        self.mistakes.push(Mistake { line: None, text });
    }

    /// A text, which `what` names.
    pub(super) fn text(&mut self, value: &'a RawValue, what: &str) -> Option<String> {
        let found = text(value);
        if found.is_none() {
            self.mistake(value, format!("{what} is {}, and a text is needed", kind(value)));
        }
        found
    }

    /// The values of some keys of an object that is at `place`, each of which must be there once, and no other. `what` names the
    /// object.
    pub(super) fn values<const N: usize>(
        &mut self,
        members: &[(String, &'a RawValue)],
        keys: [&str; N],
        what: &str,
        place: Option<&'a RawValue>,
    ) -> [Option<&'a RawValue>; N] {
        let mut found = [None; N];
        for (key, value) in members {
            match keys.iter().position(|known| known == key) {
                Some(at) if found[at].is_none() => found[at] = Some(*value),
                Some(_) => self.mistake(value, format!("{what} has the key `{key}` twice")),
                None => {
                    let known = keys.map(|key| format!("`{key}`")).join(", ");
                    let key = quoted(key);
                    self.mistake(
                        value,
                        format!("{what} has an unknown key {key}; the keys are {known}"),
                    );
                }
            }
        }
        for (key, _) in keys.iter().zip(found).filter(|(_, value)| value.is_none()) {
            let text = format!("{what} has no key `{key}`");
            match place {
                Some(place) => self.mistake(place, text),
                None => self.missing(text),
            }
        }
        found
    }

    fn block(&mut self, at: usize, block: &'a RawValue) {
        let place = format!("block {}", at + 1);
        let Ok(Members(members)) = serde_json::from_str::<Members<'a>>(block.get()) else {
            let help = "`{\"name\": …, \"smiles\": …}`";
            return self.mistake(
                block,
                format!("{place} is {}, and an object is needed: {help}", kind(block)),
            );
        };
        let named = members.iter().find(|(key, _)| key == "name");
        let called = named.and_then(|(_, value)| text(value));
        let what = called.map_or_else(|| place.clone(), |name| format!("block {}", quoted(&name)));
        let [name, smiles] = self.values(&members, ["name", "smiles"], &what, Some(block));
        let name = name.and_then(|name| self.text(name, &format!("the name of {what}")));
        let smiles = smiles.and_then(|smiles| self.text(smiles, &format!("the SMILES of {what}")));
        let name = name.map(|name| self.name(block, name));
        if let (Some(name), Some(smiles)) = (name, smiles) {
            let fragment = Fragment::parse(&smiles).map_err(|error| format!("{what} {error}"));
            if let Some(at) = self.add(block, name, fragment) {
                self.vocabulary.add_arms(at);
            }
        }
    }

    /// Notes the name of a block, which no other may have.
    fn name(&mut self, place: &'a RawValue, name: String) -> String {
        if name.trim().is_empty() {
            self.mistake(place, "a block's name is empty".into());
        } else if !self.names.insert(name.clone()) {
            self.mistake(place, format!("two blocks are named {}", quoted(&name)));
        }
        name
    }

    /// Adds a block that no other is the same as; its number, where there is nothing wrong with it.
    pub(super) fn add(
        &mut self,
        place: &'a RawValue,
        name: String,
        fragment: Result<Fragment, String>,
    ) -> Option<usize> {
        let fragment = match fragment {
            Ok(fragment) => fragment,
            Err(message) => {
                self.mistake(place, message);
                return None;
            }
        };
        if let Some(&twin) = self.blocks.get(fragment.identity()) {
            self.same(place, twin, &name);
            return None;
        }
        let identity = fragment.identity().to_owned();
        let at = self.vocabulary.push(name, fragment);
        self.blocks.insert(identity, at);
        Some(at)
    }

    /// A block that is the same as an earlier one.
    pub(super) fn same(&mut self, place: &'a RawValue, first: usize, second: &str) {
        let first = quoted(self.vocabulary.block_name(first));
        let second = quoted(second);
        self.mistake(
            place,
            format!("blocks {first} and {second} are the same, atoms and attachment points alike"),
        );
    }
}
