//! The `gfn` command: arguments, exit codes, nothing else.

mod args;
mod commands;
mod exit;
mod sarif;
mod table;

use clap::Parser;

fn main() {
    gfn_runner::prepare();
    let args = args::Args::parse();
    let code = match commands::dispatch(args.command) {
        Ok(()) => exit::DONE,
        Err(failure) => failure.show(),
    };
    gfn_runner::leave(code)
}
