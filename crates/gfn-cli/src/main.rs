//! The `gfn` command: arguments, exit codes, nothing else.

mod args;
mod commands;
mod exit;
mod output;
mod sarif;
mod table;
mod usage;

fn main() {
    gfn_runner::prepare();
    let code = match usage::parse(std::env::args_os()) {
        Ok(args) => commands::dispatch(args.command).map_or_else(|failure| failure.show(), |()| exit::DONE),
        Err(code) => code,
    };
    gfn_runner::leave(code)
}
