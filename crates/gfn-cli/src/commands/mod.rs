//! One file a command.

mod acquire;
mod bench;
mod check;
mod completions;
mod components;
mod consent;
mod diff;
mod dock;
mod export;
mod finished;
mod new;
mod pages;
mod plugin;
mod proxy;
mod report;
mod resolve;
mod run;
mod schema;
mod show;
mod sweep;
mod top;
mod verify;

use std::io::Write;

use gfn_text::{Syntax, io_words};

use crate::args::Command;
use crate::exit::Failure;

/// Does what was typed.
pub(crate) fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run {
            experiment,
            out,
            going,
        } => run::run(&experiment, out, &going),
        Command::Resume {
            run,
            sets,
            unset,
            going,
        } => run::resume(run, &unset.over(&sets), &going),
        Command::Sweep(command) => sweep::sweep(command),
        Command::Check(args) => check::check(&args),
        Command::Resolve { experiment, origin } => resolve::resolve(&experiment, origin),
        Command::Diff(args) => diff::diff(&args),
        Command::Components { section, name, json } => {
            components::components(section.as_deref(), name.as_deref(), json)
        }
        Command::Explain { topic, json } => components::explain(&topic, json),
        Command::New(args) => new::new(&args),
        Command::Schema { out } => schema::schema(out.as_deref()),
        Command::Completions { shell } => completions::completions(shell),
        Command::Report { runs, out, figures } => report::report(&runs, out.as_deref(), figures.as_deref()),
        Command::Export {
            runs,
            to,
            out,
            damage,
        } => export::export(&runs, to, &out, damage.damage()),
        Command::Ls { roots, json } => show::ls(&roots, json),
        Command::Top { roots, json } => top::top(&roots, json),
        Command::Show { run, json } => show::show(&run, json),
        Command::Sample {
            run,
            count,
            seed,
            out,
            json,
            sets,
            unset,
            damage,
        } => finished::sample(
            &run,
            count as usize,
            seed,
            (out.as_deref(), json),
            &unset.over(&sets),
            damage.damage(),
        ),
        Command::Verify { paths, all, json } => verify::verify(&paths, all, json),
        Command::Acquire(args) => acquire::acquire(&args),
        Command::Dock(args) => dock::dock(&args),
        Command::Plugin(command) => plugin::plugin(command),
        Command::Proxy(command) => proxy::proxy(command),
        Command::Bench(args) => bench::bench(&args),
        Command::Eval {
            run,
            sets,
            unset,
            damage,
            json,
        } => finished::eval(&run, &unset.over(&sets), json, damage.damage()),
    }
}

/// Prints to standard error, for what a user should see at once.
fn print_error(text: &str) {
    let _ = gfn_text::stderr().write_all(text.as_bytes());
}

/// Prints text for people to standard output.
fn print(text: &str) -> Result<(), Failure> {
    print_in(Syntax::Text, text.as_bytes())
}

/// Prints JSON, one document or one on each line.
fn print_json(text: &str) -> Result<(), Failure> {
    print_in(Syntax::Json, text.as_bytes())
}

/// Prints an experiment file. Hidden characters become TOML escapes where the file then still means the same.
fn print_toml(text: &str) -> Result<(), Failure> {
    let escaped = gfn_text::escaped_toml(text);
    let is_same = toml::from_str::<toml::Table>(&escaped).ok() == toml::from_str(text).ok();
    print(if is_same { &escaped } else { text })
}

/// Prints to standard output; a closed pipe is the reader's choice, not an error.
fn print_in(syntax: Syntax, bytes: &[u8]) -> Result<(), Failure> {
    match gfn_text::stdout_in(syntax).write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::failed(format!(
            "cannot write to standard output: {}",
            io_words(&error)
        ))),
        _ => Ok(()),
    }
}
