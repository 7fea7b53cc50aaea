//! `gfn plugin`: one file a command.

mod check;
mod info;
mod new;
mod run;
mod trust;

pub(super) use info::text as page;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gfn_plugins::{Confinement, Isolation, Limits, Options, PluginError, Program, Protocol};
use serde_json::Value;

use crate::args::{PluginArgs, PluginCommand};
use crate::exit::Failure;

/// Endings of shared libraries.
const LIBRARY_ENDINGS: [&str; 3] = ["so", "dylib", "dll"];

/// Does what was typed after `gfn plugin`.
pub(crate) fn plugin(command: PluginCommand) -> Result<(), Failure> {
    match command {
        PluginCommand::New { name, lang, dir } => new::new(&name, lang, dir),
        PluginCommand::Info { plugin, json } => info::info(&plugin, json),
        PluginCommand::Check { input, plugin, json } => check::check(&plugin, input.as_deref(), json),
        PluginCommand::Run {
            input,
            isolation,
            plugin,
        } => run::run(&plugin, &input, isolation),
        PluginCommand::Trust {
            words,
            yes,
            revoke,
            profile,
        } => trust::trust(&words, yes, revoke, profile.as_deref()),
    }
}

/// What words on the command line load: a library, or a program with its arguments.
fn program(words: &[String], protocol: Protocol) -> Result<Program, Failure> {
    let folder = std::env::current_dir().map_err(Failure::system("find the current folder"))?;
    let ending = |word: &str| {
        Path::new(word)
            .extension()
            .map(|ending| ending.to_string_lossy().into_owned())
    };
    if let [path] = words {
        match ending(path).as_deref() {
            Some(known) if LIBRARY_ENDINGS.contains(&known) => {
                return Ok(Program::Library {
                    path: folder.join(path),
                    expected_hash: None,
                });
            }
            Some("py") => {
                return Ok(Program::Command {
                    words: vec!["python3".into(), path.clone()],
                    folder,
                    protocol,
                    code: Vec::new(),
                    expected_hash: None,
                });
            }
            _ => {}
        }
    }
    Ok(Program::Command {
        words: words.to_vec(),
        folder,
        protocol,
        code: Vec::new(),
        expected_hash: None,
    })
}

/// How the plugin on the command line is opened.
fn options(args: &PluginArgs) -> Result<Options, Failure> {
    let protocol = if args.lines {
        Protocol::Lines
    } else {
        Protocol::Frames
    };
    let program = program(&args.words, protocol)?;
    let absolute = |paths: &[PathBuf]| -> Vec<PathBuf> {
        // Who types a path means where it leads now.
        let whole = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        paths.iter().map(whole).collect()
    };
    let timeout = Duration::try_from_secs_f64(args.timeout)
        .ok()
        .filter(|timeout| !timeout.is_zero())
        .ok_or_else(|| Failure::usage(format!("--timeout {}: expected a positive number", args.timeout)))?;
    let mut options = Options::new(name_of(&args.words), program, gfn_registry::plugin::host());
    options.limits = Limits {
        timeout,
        max_threads: args.max_threads.unwrap_or_else(gfn_plugins::default_threads),
        ..Limits::default()
    };
    options.confinement = Confinement {
        read: absolute(&args.read),
        write: absolute(&args.write),
        network: args.network,
        programs: args.programs,
        gpu: args.gpu,
        env: args.env.clone(),
    };
    options.parameters = parameters(args)?;
    if let Some(objects) = &args.objects {
        options.objects = serde_json::from_str(objects)
            .map_err(|error| Failure::usage(format!("`--objects`: {}", gfn_files::json_words(&error))))?;
    }
    options.log = Arc::new(|line| {
        super::print_error(&format!("{line}\n"));
    });
    options.isolation = Isolation::Process;
    Ok(options)
}

fn name_of(words: &[String]) -> String {
    let word = words.last().map(String::as_str).unwrap_or_default();
    let stem = Path::new(word).file_stem();
    stem.map_or_else(|| "plugin".into(), |stem| stem.to_string_lossy().into_owned())
}

/// The parameters of `--params` with `--unset` and `--set` over them.
fn parameters(args: &PluginArgs) -> Result<Value, Failure> {
    let table = gfn_config::parameters(args.params.as_deref(), &args.unset.over(&args.sets))?;
    serde_json::to_value(table).map_err(Failure::failed)
}

/// What a plugin's failure ends the command with.
fn failed(error: PluginError) -> Failure {
    match error {
        PluginError::BadParameters { .. } => Failure::usage(error.to_string()),
        error => Failure::plugin(error),
    }
}
