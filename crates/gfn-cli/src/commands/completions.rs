//! `gfn completions`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory};
use clap_complete::{Shell, generate};
use gfn_config::FILE_KEYS;
use gfn_registry::explain::{About, topics};

use super::print;
use crate::args::Args;
use crate::exit::Failure;

/// The end of the script for bash, which by itself puts a space after each word: none after `KEY=`, where the value follows.
const BASH_KEYS: &str = r#"
_gfn_settings() {
    _gfn "$@"
    case ${COMPREPLY[0]-} in *=) compopt -o nospace ;; esac
}
complete -F _gfn_settings -o bashdefault -o default gfn
"#;

pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(shell, &mut command(), "gfn", &mut script);
    let mut script = String::from_utf8(script).expect("scripts are UTF-8");
    if shell == Shell::Bash {
        script += BASH_KEYS;
    }
    print(&script)
}

/// The command with what its arguments can be, which the parser itself leaves to messages of our own.
fn command() -> Command {
    let topics = topics();
    let names: Vec<String> = topics.iter().map(|topic| topic.path.clone()).collect();
    // No flag sets what speaks of the file itself.
    let of_file = |key: &str| FILE_KEYS.contains(&key.split('.').next().unwrap_or_default());
    let settings = topics
        .iter()
        .filter(|topic| !matches!(topic.about, About::Section { .. }) && !of_file(&topic.key));
    let mut keys: Vec<String> = settings.map(|topic| format!("{}=", topic.key)).collect();
    keys.sort();
    keys.dedup();
    with_values(Args::command(), &|argument| match argument.get_id().as_str() {
        "sets" => Some(keys.clone()),
        "unsets" => Some(
            keys.iter()
                .map(|key| key.trim_end_matches('=').to_owned())
                .collect(),
        ),
        "topic" => Some(names.clone()),
        section => {
            let below = format!("{section}.");
            let components = topics
                .iter()
                .filter(|topic| matches!(topic.about, About::Component(_)));
            let kinds: Vec<String> = components
                .filter_map(|topic| topic.path.strip_prefix(&below).map(str::to_string))
                .collect();
            (!kinds.is_empty()).then_some(kinds)
        }
    })
}

/// The command and those below it, with values for the arguments that have some.
fn with_values(command: Command, values: &dyn Fn(&Arg) -> Option<Vec<String>>) -> Command {
    let command = command.mut_args(|argument| match values(&argument) {
        Some(values) => argument.value_parser(PossibleValuesParser::new(values)),
        None => argument,
    });
    command.mut_subcommands(|below| with_values(below, values))
}
