//! Every command in the documentation can be typed as it stands there.

use std::path::Path;

use clap::{Command, CommandFactory, Parser};

use super::Args;

#[path = "../../../../tests/support/markdown.rs"]
mod markdown;

use markdown::{arguments_of_gfn, commands, pages};

fn all() -> Vec<markdown::Page> {
    let pages = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    assert!(pages.len() > 10, "{} pages", pages.len());
    pages
}

/// What is shown in a block of text behind a prompt is a command, too.
fn typed(block: &markdown::Block) -> String {
    match block.language() {
        "sh" | "bash" | "console" => block.text.clone(),
        "text" => {
            let lines = block.text.lines().filter(|line| line.starts_with("$ "));
            lines.map(|line| format!("{line}\n")).collect()
        }
        _ => String::new(),
    }
}

#[test]
fn commands_in_blocks_are_understood() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in all() {
        for block in &page.blocks {
            for command in commands(&typed(block)) {
                let Some(words) = arguments_of_gfn(&command) else {
                    continue;
                };
                count += 1;
                // A shell's variable stands for a number or a name.
                let given = words.iter().map(|word| match word.starts_with('$') {
                    true => "1",
                    false => word.as_str(),
                });
                let parsed = Args::try_parse_from(["gfn"].into_iter().chain(given));
                if let Err(error) = parsed.map(drop)
                    && error.use_stderr()
                {
                    let said = error.to_string();
                    let first = said.lines().next().unwrap_or_default();
                    wrong.push(format!(
                        "{}:{}: gfn {}: {first}",
                        page.name,
                        block.line,
                        words.join(" ")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "{count} commands");
}

/// Within lines, commands have placeholders and alternatives: the names of commands and options are those that there are.
#[test]
fn commands_in_lines_have_names_that_there_are() {
    let root = Args::command();
    let mut wrong = Vec::new();
    for page in all() {
        for (line, code) in page.code() {
            let Some(words) = code.strip_prefix("gfn ") else {
                continue;
            };
            if let Some(fault) = unknown(&root, words) {
                wrong.push(format!("{}:{line}: `{code}`: {fault}", page.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first name of a command or option that there is not.
fn unknown(root: &Command, words: &str) -> Option<String> {
    let mut above = vec![root];
    let mut is_name = true;
    for word in words.split_whitespace() {
        let word = word.trim_matches(|letter| "[](),;:.…".contains(letter));
        if let Some(option) = word.strip_prefix("--") {
            is_name = false;
            let name = option.split(['=', '[', '|']).next().unwrap_or_default();
            let is_known = |command: &&Command| has_option(command, name);
            if !name.is_empty() && !above.iter().any(is_known) {
                return Some(format!("no option --{name}"));
            }
        } else if is_name && above.iter().any(|command| command.has_subcommands()) && is_word(word) {
            let names: Vec<&str> = word.split('|').map(|name| name.trim_end_matches('\\')).collect();
            let found = |name: &&str| above.iter().find_map(|command| command.find_subcommand(name));
            if let Some(name) = names.iter().find(|name| found(name).is_none()) {
                return Some(format!("no command {name}"));
            }
            above = names.iter().filter_map(found).collect();
        } else {
            is_name = false;
        }
    }
    None
}

fn has_option(command: &Command, name: &str) -> bool {
    let is_it = |argument: &clap::Arg| {
        argument
            .get_long_and_visible_aliases()
            .is_some_and(|names| names.contains(&name))
    };
    ["help", "version"].contains(&name) || command.get_arguments().any(is_it)
}

fn is_word(word: &str) -> bool {
    word.chars()
        .all(|letter| letter.is_ascii_lowercase() || "-|\\".contains(letter))
}
