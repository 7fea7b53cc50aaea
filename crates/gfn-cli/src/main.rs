//! The `gfn` command: arguments, exit codes, nothing else.

mod args;
mod commands;
mod exit;
mod table;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    gfn_runner::prepare();
    let args = args::Args::parse();
    match commands::dispatch(args.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.show(),
    }
}
