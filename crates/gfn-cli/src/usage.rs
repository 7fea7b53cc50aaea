//! The command line, and what is said of a wrong one.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error, FromArgMatches};
use gfn_text::counted;

use crate::args::{Args, with_negative_numbers};
use crate::exit::{self, Failure};

/// Reads the command line, or says what is wrong with it. Help and version are printed here; what is returned is the exit code.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Args, u8> {
    let words: Vec<OsString> = words.into_iter().collect();
    let command = with_negative_numbers(Args::command());
    let read = command
        .clone()
        .try_get_matches_from(&words)
        .and_then(|matches| Args::from_arg_matches(&matches));
    read.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Our own texts, with our own colors.
            let _ = error.print();
            exit::DONE
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            exit::BAD_FILE
        }
        _ => Failure::usage(words_of(&error, &CalledCommand::of(&command, &words))).show(),
    })
}

/// An error of the parser's in our words, with a hint and the usage.
fn words_of(error: &Error, called: &CalledCommand<'_>) -> String {
    let context = Context(error);
    let (message, hint) = message(&context);
    let mut text = message;
    let hint = hint.or_else(|| context.suggestion());
    if let Some(hint) = hint.or_else(|| called.nearest(&context.text(ContextKind::InvalidSubcommand))) {
        text += &format!("; {hint}");
    }
    let usage = context.usage();
    if !usage.is_empty() {
        text += &format!("\nusage: {usage}");
    }
    let command = match usage.is_empty() {
        true => called.names.join(" "),
        false => command_of(&usage),
    };
    text + &format!("\n`{command} --help` explains")
}

/// The command that was called, as far as the words name one.
struct CalledCommand<'a> {
    /// Its names: `gfn`, `proxy`, `fit`.
    names: Vec<&'a str>,
    command: &'a Command,
}

impl<'a> CalledCommand<'a> {
    fn of(command: &'a Command, words: &[OsString]) -> Self {
        let mut called = Self {
            names: vec![command.get_name()],
            command,
        };
        for word in words.iter().skip(1) {
            let Some(next) = word
                .to_str()
                .and_then(|word| called.command.find_subcommand(word))
            else {
                break;
            };
            called.names.push(next.get_name());
            called.command = next;
        }
        called
    }

    /// The subcommand that a wrong name was probably meant for.
    fn nearest(&self, name: &str) -> Option<String> {
        let known: Vec<&str> = self.command.get_subcommands().map(Command::get_name).collect();
        let nearest = gfn_config::nearest(name, &known)?;
        Some(format!("did you mean `{nearest}`?"))
    }
}

/// What is wrong, and what to do about it where that is known.
fn message(context: &Context<'_>) -> (String, Option<String>) {
    let argument = context.argument();
    let value = context.text(ContextKind::InvalidValue);
    match context.0.kind() {
        ErrorKind::UnknownArgument => unknown(&argument, context),
        ErrorKind::InvalidSubcommand => {
            let name = context.text(ContextKind::InvalidSubcommand);
            (format!("there is no command `{name}`"), None)
        }
        ErrorKind::MissingSubcommand => ("a command is missing".to_owned(), context.commands()),
        ErrorKind::MissingRequiredArgument => {
            let names = context.list(ContextKind::InvalidArg);
            (format!("missing {}", quoted(&names)), None)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            (format!("`{argument}` needs a value"), context.choices())
        }
        ErrorKind::InvalidValue => (format!("`{argument}` cannot be `{value}`"), context.choices()),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(context.0).map(ToString::to_string);
            (
                format!("`{argument}` cannot be `{value}`: {}", reason.unwrap_or_default()),
                None,
            )
        }
        ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            let number = |kind| match context.0.get(kind) {
                Some(ContextValue::Number(number)) => u64::try_from(*number).unwrap_or(0),
                _ => 0,
            };
            let wanted = number(ContextKind::ExpectedNumValues).max(number(ContextKind::MinValues));
            let given = number(ContextKind::ActualNumValues);
            (
                format!(
                    "`{argument}` needs {}, and {given} given",
                    counted(wanted, "value"),
                    given = were(given)
                ),
                None,
            )
        }
        ErrorKind::TooManyValues => (format!("`{value}` is one value too many for `{argument}`"), None),
        ErrorKind::ArgumentConflict => conflict(&argument, context),
        ErrorKind::InvalidUtf8 => ("an argument is not UTF-8 text".to_owned(), None),
        kind => (kind.to_string(), None),
    }
}

fn were(count: u64) -> String {
    if count == 1 {
        "1 is".to_owned()
    } else {
        format!("{count} are")
    }
}

fn unknown(argument: &str, context: &Context<'_>) -> (String, Option<String>) {
    let is_number =
        argument.starts_with('-') && argument[1..].starts_with(|letter: char| letter.is_ascii_digit());
    match argument {
        _ if is_number => (format!("nothing takes the number `{argument}` here"), None),
        option if option.starts_with('-') => {
            let hint = format!("a file whose name begins with a hyphen is written `./{option}`");
            let is_like_another = context.suggestion().is_some();
            (
                format!("there is no option `{option}`"),
                (!is_like_another && !option.starts_with("--")).then_some(hint),
            )
        }
        word => (format!("`{word}` is one argument too many"), None),
    }
}

fn conflict(argument: &str, context: &Context<'_>) -> (String, Option<String>) {
    let others: Vec<String> = context
        .list(ContextKind::PriorArg)
        .iter()
        .map(|other| first_word(other))
        .collect();
    let message = match others.as_slice() {
        [] => format!("`{argument}` does not go with the other options"),
        [same] if same == argument => format!("`{argument}` is given twice"),
        others => format!("`{argument}` does not go with {}", quoted(others)),
    };
    (message, None)
}

/// What the parser knows of an error.
struct Context<'a>(&'a Error);

impl Context<'_> {
    fn text(&self, kind: ContextKind) -> String {
        self.list(kind).into_iter().next().unwrap_or_default()
    }

    fn list(&self, kind: ContextKind) -> Vec<String> {
        match self.0.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    /// The name of an option, or of a positional argument.
    fn argument(&self) -> String {
        first_word(&self.text(ContextKind::InvalidArg))
    }

    fn suggestion(&self) -> Option<String> {
        let kinds = [
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedArg,
            ContextKind::SuggestedValue,
        ];
        let names: Vec<String> = kinds.iter().flat_map(|kind| self.list(*kind)).collect();
        (!names.is_empty()).then(|| format!("did you mean {}?", or(&names)))
    }

    fn choices(&self) -> Option<String> {
        let choices = self.list(ContextKind::ValidValue);
        let all = (!choices.is_empty()).then(|| format!("the choices are {}", quoted(&choices)));
        match (self.suggestion(), all) {
            (Some(suggestion), Some(all)) => Some(format!("{suggestion} {all}")),
            (suggestion, all) => suggestion.or(all),
        }
    }

    fn commands(&self) -> Option<String> {
        let commands = self.list(ContextKind::ValidSubcommand);
        (!commands.is_empty()).then(|| format!("the commands are {}", quoted(&commands)))
    }

    /// `gfn run [OPTIONS] <FILE>`.
    fn usage(&self) -> String {
        let Some(ContextValue::StyledStr(usage)) = self.0.get(ContextKind::Usage) else {
            return String::new();
        };
        let text = usage.to_string();
        let line = text.trim().trim_start_matches("Usage:").trim();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// `gfn run` of `gfn run [OPTIONS] <FILE>`.
fn command_of(usage: &str) -> String {
    let is_word = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_lowercase());
    let words: Vec<&str> = usage.split_whitespace().take_while(is_word).collect();
    if words.is_empty() {
        "gfn".to_owned()
    } else {
        words.join(" ")
    }
}

/// The option of `--out <DIR>`.
fn first_word(argument: &str) -> String {
    argument.split([' ', '=']).next().unwrap_or_default().to_owned()
}

fn quoted(names: &[String]) -> String {
    joined(names, "and")
}

fn or(names: &[String]) -> String {
    joined(names, "or")
}

fn joined(names: &[String], conjunction: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {conjunction} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a command line.
    fn said(line: &str) -> String {
        let words = ["gfn"].into_iter().chain(line.split(' ')).map(OsString::from);
        let words: Vec<OsString> = words.collect();
        let command = with_negative_numbers(Args::command());
        let matches = command.clone().try_get_matches_from(&words);
        let error = matches
            .and_then(|matches| Args::from_arg_matches(&matches))
            .unwrap_err();
        words_of(&error, &CalledCommand::of(&command, &words))
    }

    #[test]
    fn wrong_command_lines_are_told_in_our_words() {
        for (line, first) in [
            ("rnu x.toml", "there is no command `rnu`; did you mean `run`?"),
            ("run", "missing `<FILE>`"),
            (
                "run x.toml --porfile quick",
                "there is no option `--porfile`; did you mean `--profile`?",
            ),
            ("run x.toml y.toml", "`y.toml` is one argument too many"),
            ("run -1", "nothing takes the number `-1` here"),
            (
                "run -x",
                "there is no option `-x`; a file whose name begins with a hyphen is written `./-x`",
            ),
            ("run x.toml --seed", "`--seed` needs a value"),
            (
                "run x.toml --seed -1",
                "`--seed` cannot be `-1`: expected a whole number of at least 0",
            ),
            (
                "run x.toml --seed 10k",
                "`--seed` cannot be `10k`: expected a whole number of at least 0; write `10_000`",
            ),
            ("run x.toml --seed 1 --seed 2", "`--seed` is given twice"),
            (
                "sample r -n 0",
                "`--count` cannot be `0`: expected a whole number from 1 to 10000000",
            ),
            ("dock r --size 1 2", "`--size` needs 3 values, and 2 are given"),
            (
                "dock r --timeout 1e-500",
                "`--timeout` cannot be `1e-500`: it is too small",
            ),
            (
                "proxy fit t --seed 99999999999999999999",
                "`--seed` cannot be `99999999999999999999`: expected a whole number from 0 to 18446744073709551615",
            ),
            (
                "dock r --timeout ten",
                "`--timeout` cannot be `ten`: it is not a number",
            ),
            (
                "export r --to csvv",
                "`--to` cannot be `csvv`; did you mean `csv`? the choices are `csv`, `parquet`, `mlflow` and `wandb`",
            ),
            (
                "report r --out a --figures b",
                "`--out` does not go with `--figures`",
            ),
        ] {
            let text = said(line);
            assert!(text.starts_with(first), "{line}: {text}");
            assert!(text.contains("--help` explains"), "{line}: {text}");
            assert!(!text.contains("tip:") && !text.contains("-- -"), "{line}: {text}");
        }
        assert!(said("proxy fit t --seed x").ends_with("\n`gfn proxy fit --help` explains"));
        assert!(
            said("run").ends_with("usage: gfn run <FILE>\n`gfn run --help` explains"),
            "{}",
            said("run")
        );
    }

    /// Options take negative numbers as values, whatever they do with them then.
    #[test]
    fn negative_numbers_are_values() {
        for line in [
            "dock r --size -1 20 20",
            "dock r --center -1 -2.5 -1e3",
            "proxy fit x.csv --learning-rate -1",
        ] {
            let words = ["gfn"].into_iter().chain(line.split(' ')).map(OsString::from);
            let matches = with_negative_numbers(Args::command()).try_get_matches_from(words);
            assert!(matches.is_ok(), "{line}: {}", matches.unwrap_err());
        }
    }
}
