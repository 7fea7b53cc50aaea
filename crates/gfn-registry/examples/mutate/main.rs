//! Spoils experiment files in many ways and reports what does not hold of one: see `tests/mutations`.
//!
//! ```text
//! cargo run -p gfn-registry --example mutate -- --count 1000000 --seed 1
//! cargo run -p gfn-registry --example mutate -- --seed 1 --from 4711 --count 1 --show
//! ```
//!
//! Cases are tried by processes of their own, a stretch at a time, so that one that ends its process or never ends is
//! found, too.
#![allow(clippy::print_stdout, reason = "it is a program")]
#![allow(missing_docs, reason = "it is a program")]
#![allow(clippy::unwrap_used, reason = "it is a test that takes long")]

#[path = "../../tests/mutations/mod.rs"]
mod mutations;
mod tally;
mod workers;

use std::process::ExitCode;

use clap::Parser;
use mutations::{Corpus, case};

/// Spoils experiment files in many ways and reports what does not hold of one.
#[derive(Clone, Debug, Parser)]
struct Args {
    /// Cases to try.
    #[arg(long, default_value_t = 20_000)]
    count: u64,
    /// Tells one series of cases from another.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first case.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Processes at a time; as many as there are cores, if not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Print the cases instead of trying them.
    #[arg(long)]
    show: bool,
    /// Try the cases in this process, and write the number of each to this file before it is tried.
    #[arg(long, hide = true)]
    journal: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.show {
        show(&args);
    } else if let Some(journal) = &args.journal {
        workers::work(&args, journal);
    } else {
        let tally = workers::share(&args);
        println!("{tally}");
        if !tally.failures.is_empty() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn show(args: &Args) {
    let corpus = Corpus::read();
    for number in args.from..args.from + args.count {
        let (kind, case) = case(&corpus, args.seed, number);
        println!("=== case {number} of seed {}: {kind}", args.seed);
        println!("{case}");
    }
}
