//! Writes the page of runs: `cargo run -p gfn-report --example page -- OUT RUN…`. Without the catalogue, it has no papers.

use std::error::Error;
use std::path::Path;

use gfn_report::{Run, page};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, runs @ ..] = &arguments[..] else {
        return Err("expected OUT RUN…".into());
    };
    let runs: Vec<Run> = runs
        .iter()
        .map(|run| Run::read(Path::new(run)))
        .collect::<Result<_, _>>()?;
    Ok(std::fs::write(out, page(&runs, &[]))?)
}
