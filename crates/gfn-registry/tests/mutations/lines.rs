//! Mutations of lines: values, keys, kinds, sections.

use super::pool::{self, KINDS, VALUES};
use super::{Draft, Random};

/// A line `key = value  # comment`, taken apart.
pub(super) struct Setting<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    comment: &'a str,
}

/// The parts of a line that sets a key.
pub(super) fn setting(line: &str) -> Option<Setting<'_>> {
    let (key, rest) = line.split_once('=')?;
    if key.trim_start().starts_with(['#', '[']) {
        return None;
    }
    let (value, comment) = rest.split_at(rest.find(" #").unwrap_or(rest.len()));
    Some(Setting {
        key: key.trim(),
        value: value.trim(),
        comment,
    })
}

/// The name in a line `[name]`.
pub(super) fn heading(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']')
}

/// Changes the lines of the file.
fn change(draft: &mut Draft<'_>, with: impl FnOnce(&mut Draft<'_>, &mut Vec<String>)) {
    let text = String::from_utf8_lossy(&draft.case.file).into_owned();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    with(draft, &mut lines);
    draft.case.file = lines.join("\n").into_bytes();
}

/// Changes one of the lines that set a key, where there is one.
fn change_setting(draft: &mut Draft<'_>, with: impl FnOnce(&mut Draft<'_>, &Setting<'_>) -> String) {
    change(draft, |draft, lines| {
        let settings: Vec<usize> = (0..lines.len())
            .filter(|&at| setting(&lines[at]).is_some())
            .collect();
        if !settings.is_empty() {
            let at = *draft.random.pick(&settings);
            let line = lines[at].clone();
            lines[at] = with(draft, &setting(&line).expect("it was one above"));
        }
    });
}

fn with_value(found: &Setting<'_>, value: &str) -> String {
    format!("{} = {value}{}", found.key, found.comment)
}

pub(super) fn delete(draft: &mut Draft<'_>) {
    change(draft, |draft, lines| {
        let at = draft.random.below(lines.len());
        let end = (at + 1 + draft.random.below(3)).min(lines.len());
        lines.drain(at..end);
    });
}

pub(super) fn repeat(draft: &mut Draft<'_>) {
    change(draft, |draft, lines| {
        let from = draft.random.below(lines.len());
        let to = draft.random.below(lines.len());
        lines.insert(to, lines[from].clone());
    });
}

pub(super) fn swap(draft: &mut Draft<'_>) {
    change(draft, |draft, lines| {
        let (one, other) = (draft.random.below(lines.len()), draft.random.below(lines.len()));
        lines.swap(one, other);
    });
}

/// A line goes elsewhere, mostly into another section.
pub(super) fn relocate(draft: &mut Draft<'_>) {
    change(draft, |draft, lines| {
        let from = draft.random.below(lines.len());
        let line = lines.remove(from);
        lines.insert(draft.random.below(lines.len()), line);
    });
}

pub(super) fn replace_value(draft: &mut Draft<'_>) {
    change_setting(draft, |draft, found| {
        let value: &&str = draft.random.pick(VALUES);
        with_value(found, value)
    });
}

pub(super) fn borrow_value(draft: &mut Draft<'_>) {
    change_setting(draft, |draft, found| {
        let value: &String = draft.random.pick(&draft.corpus.values);
        with_value(found, value)
    });
}

pub(super) fn enlarge_value(draft: &mut Draft<'_>) {
    change_setting(draft, |draft, found| {
        with_value(found, &pool::great(&mut draft.random))
    });
}

pub(super) fn mistype_key(draft: &mut Draft<'_>) {
    change_setting(draft, |draft, found| {
        let key = mistyped(&mut draft.random, found.key);
        format!("{key} = {}{}", found.value, found.comment)
    });
}

/// A word with one letter gone, doubled, swapped, of another case, or strange.
pub(super) fn mistyped(random: &mut Random, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = random.below(letters.len());
    let Some(&letter) = letters.get(at) else {
        return "x".to_owned();
    };
    match random.below(6) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letter),
        2 => letters.swap(at, 0),
        3 => letters[at] = letter.to_ascii_uppercase(),
        4 => letters[at] = *random.pick(&['x', '-', '_', '.', ' ', 'é', '"', '\u{202e}']),
        _ => letters.insert(at, *random.pick(&['s', '_', '.', '\'', '日', '\0'])),
    }
    letters.into_iter().collect()
}

/// A key is called as some other, with its section or without.
pub(super) fn borrow_key(draft: &mut Draft<'_>) {
    change_setting(draft, |draft, found| {
        let path = draft.random.pick(&draft.corpus.keys);
        let last = path.rsplit('.').next().unwrap_or(path);
        let key = if draft.random.one_in(3) { path } else { last };
        format!("{key} = {}{}", found.value, found.comment)
    });
}

/// A `kind`, where there is one, becomes another.
pub(super) fn change_kind(draft: &mut Draft<'_>) {
    change(draft, |draft, lines| {
        let is_kind = |line: &String| setting(line).is_some_and(|found| found.key == "kind");
        let kinds: Vec<usize> = (0..lines.len()).filter(|&at| is_kind(&lines[at])).collect();
        if !kinds.is_empty() {
            let at = *draft.random.pick(&kinds);
            lines[at] = format!("kind = \"{}\"", draft.random.pick(KINDS));
        }
    });
}

/// A section of another file is put in, or takes the place of the one of its name.
pub(super) fn merge_sections(draft: &mut Draft<'_>) {
    let other = draft.random.pick(&draft.corpus.texts);
    let sections: Vec<&str> = other.split("\n[").skip(1).collect();
    let Some(section) = sections.get(draft.random.below(sections.len())) else {
        return;
    };
    let name = section.split(']').next().unwrap_or_default();
    let text = String::from_utf8_lossy(&draft.case.file).into_owned();
    let mut parts: Vec<&str> = text.split("\n[").collect();
    if draft.random.one_in(2) {
        parts.retain(|part| !part.starts_with(&format!("{name}]")));
    }
    parts.insert(1.min(parts.len()), section);
    draft.case.file = parts.join("\n[").into_bytes();
}

/// Sections and keys within one another, to some depth.
pub(super) fn nest(draft: &mut Draft<'_>) {
    let depth = if draft.random.one_in(50) {
        2_000
    } else {
        *draft.random.pick(&[1, 5, 28, 33, 81])
    };
    let section = draft.random.pick(&draft.corpus.sections);
    let inner = vec![section.as_str(); depth].join(".");
    let added = match draft.random.below(6) {
        0 => format!("\n[{section}.{inner}]\nkind = \"adam\"\n"),
        1 => format!("\n{inner}.height = 1\n"),
        2 => format!("\n[[{section}]]\n{inner} = 1\n"),
        3 => format!(
            "\n[{section}]\n{}\n",
            (0..depth)
                .map(|key| format!("k{key} = {key}\n"))
                .collect::<String>()
        ),
        4 => format!("\n{} = 1\n", "a".repeat(10 * depth)),
        _ => (0..depth)
            .map(|number| format!("\n[{section}{number}]\na = 1\n"))
            .collect(),
    };
    draft.case.file.extend_from_slice(added.as_bytes());
}

pub(super) fn cut(draft: &mut Draft<'_>) {
    let at = draft.random.below(draft.case.file.len());
    if draft.random.one_in(4) {
        draft.case.file.drain(..at);
    } else {
        draft.case.file.truncate(at);
    }
}

pub(super) fn change_line_ends(draft: &mut Draft<'_>) {
    let text = String::from_utf8_lossy(&draft.case.file).into_owned();
    let text = match draft.random.below(6) {
        0 => text.replace('\n', "\r\n"),
        1 => text.replace('\n', "\r"),
        2 => text.replacen('\n', "\r\n", 3),
        3 => format!("\u{feff}{text}"),
        4 => text.replacen('\n', "\0\n", 1),
        _ => text.replace('\n', "\n\u{feff}"),
    };
    draft.case.file = text.into_bytes();
}
