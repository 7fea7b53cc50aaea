//! Mutations above the file and below it: flags, variables, what is extended.

use super::lines::mistyped;
use super::pool::{self, VALUES};
use super::{Draft, PIECES};

/// What `extends` may name.
const BASES: [&str; 16] = [
    "\"none.toml\"",
    "\"case.toml\"",
    "\"./case.toml\"",
    "\"elsewhere/../case.toml\"",
    "\"first.toml\"",
    "\"fork.toml\"",
    "\"bad.toml\"",
    "\".\"",
    "\"\"",
    "\"/dev/zero\"",
    "\"blocks.json\"",
    "[]",
    "[\"tb.toml\", 1]",
    "[[\"tb.toml\"]]",
    "1",
    "{ file = \"tb.toml\" }",
];

/// The file extends one of those beside it, or something else.
pub(super) fn extend(draft: &mut Draft<'_>) {
    let base = if draft.random.one_in(2) {
        let (name, _) = draft.random.pick(&draft.corpus.files);
        format!("\"{name}\"")
    } else {
        (*draft.random.pick(&BASES)).to_owned()
    };
    let line = format!("extends = {base}\n");
    draft.case.file.splice(0..0, line.into_bytes());
}

/// Names of profiles, and what stands in them beside settings.
const PROFILES: [&str; 8] = [
    "quick", "ci", "long", "kind", "inherits", "profile", "seed", "loss",
];
const IN_PROFILES: [&str; 10] = [
    "inherits = \"quick\"",
    "inherits = \"ci\"",
    "inherits = \"long\"",
    "inherits = \"none\"",
    "inherits = 1",
    "extends = \"tb.toml\"",
    "gfn = \"0.1\"",
    "seed = 3",
    "profile.quick.seed = 1",
    "kind = \"x\"",
];

/// The least versions that a file may need, and what is none.
const VERSIONS: [&str; 16] = [
    "\"0.1\"",
    "\"0.1.0\"",
    "\"0.0.0\"",
    "\"0.0\"",
    "\"0.1.1\"",
    "\"99.0\"",
    "\"4294967296.0\"",
    "\"0.1.0.0\"",
    "\"0.1-rc\"",
    "\"+0.1\"",
    "\"\"",
    "\"٠.١\"",
    "\"0.1\\n\"",
    "0.1",
    "[\"0.1\"]",
    "{ least = \"0.1\" }",
];

/// Sections of other files as profiles of this one; some profile is chosen, or one that is not there.
pub(super) fn add_profiles(draft: &mut Draft<'_>) {
    let many = draft.random.one_in(40);
    let count = if many { 70 } else { 1 + draft.random.below(3) };
    for index in 0..count {
        let name = *draft.random.pick(&PROFILES);
        let name = if many {
            format!("{name}{index}")
        } else {
            name.to_owned()
        };
        let added = profile(draft, &name);
        draft.case.file.extend_from_slice(added.as_bytes());
        if draft.random.one_in(2) {
            draft.case.profile = Some(name);
        }
    }
    if draft.random.one_in(8) {
        let name = *draft.random.pick(&PROFILES);
        draft.case.profile = Some(spoiled(draft, name));
    }
}

fn profile(draft: &mut Draft<'_>, name: &str) -> String {
    let mut added = String::new();
    if draft.random.one_in(3) {
        added = format!("\n[profile.{name}]\n{}\n", draft.random.pick(&IN_PROFILES));
    }
    let other = draft.random.pick(&draft.corpus.texts);
    let sections: Vec<&str> = other.split("\n[").skip(1).collect();
    for _ in 0..draft.random.below(3) {
        if let Some(section) = sections.get(draft.random.below(sections.len())) {
            added.push_str(&format!("\n[profile.{name}.{section}\n"));
        }
    }
    added
}

/// The file says which version of the program it needs.
pub(super) fn add_version(draft: &mut Draft<'_>) {
    let mut version = (*draft.random.pick(&VERSIONS)).to_owned();
    if draft.random.one_in(4) {
        version = spoiled(draft, &version);
    }
    draft
        .case
        .file
        .splice(0..0, format!("gfn = {version}\n").into_bytes());
}

/// A flag sets some key, right or wrong.
pub(super) fn add_flag(draft: &mut Draft<'_>) {
    let path = path(draft);
    let mut flag = format!("{path}={}", value(draft));
    if draft.random.one_in(4) {
        flag = spoiled(draft, &flag);
    }
    draft.case.sets.push(flag);
}

/// A variable does.
pub(super) fn add_variable(draft: &mut Draft<'_>) {
    let mut name = format!("GFN__{}", path(draft).to_uppercase().replace('.', "__"));
    let mut value = value(draft);
    match draft.random.below(8) {
        0 => name = format!("GFN__{}", spoiled(draft, &name[5..])),
        1 => value = spoiled(draft, &value),
        _ => {}
    }
    draft.case.variables.push((name, value));
}

/// A key's path, mistyped now and then, or leading further than it should.
fn path(draft: &mut Draft<'_>) -> String {
    let key = draft.random.pick(&draft.corpus.keys).clone();
    match draft.random.below(12) {
        0 => mistyped(&mut draft.random, &key),
        1 => format!("{key}.{}", draft.random.pick(&draft.corpus.sections)),
        2 => draft.random.pick(&draft.corpus.sections).clone(),
        3 => (*draft
            .random
            .pick(&["extends", "gfn", "profile", "profile.quick.seed"]))
        .to_owned(),
        _ => key,
    }
}

fn value(draft: &mut Draft<'_>) -> String {
    match draft.random.below(8) {
        0 => pool::great(&mut draft.random),
        1..=4 => draft.random.pick(&draft.corpus.values).clone(),
        _ => (*draft.random.pick(VALUES)).to_owned(),
    }
}

/// A text with something put in; variables and flags are UTF-8 always.
fn spoiled(draft: &mut Draft<'_>, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=draft.random.below(3) {
        let at = draft.random.below(letters.len());
        let end = (at + draft.random.below(4)).min(letters.len());
        let piece = draft.random.pick(PIECES);
        letters.splice(at..end, piece.chars());
    }
    letters.into_iter().collect()
}
