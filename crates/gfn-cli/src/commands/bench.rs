//! `gfn bench`.

use std::path::{Path, PathBuf};

use gfn_config::{Tree, choice_help};
use gfn_registry::Experiment;
use gfn_runner::bench::{Figures, bench as time};

use super::{print, print_json};
use crate::args::BenchArgs;
use crate::exit::Failure;

/// The benchmarks: names and experiments.
const BENCHMARKS: [(&str, &str); 5] = [
    ("grid-2d-8", include_str!("../../benchmarks/grid-2d-8.toml")),
    ("grid-4d-20", include_str!("../../benchmarks/grid-4d-20.toml")),
    ("grid-4d-8-fm", include_str!("../../benchmarks/grid-4d-8-fm.toml")),
    ("molecules-fm", include_str!("../../benchmarks/molecules-fm.toml")),
    ("molecules-tb", include_str!("../../benchmarks/molecules-tb.toml")),
];

pub(crate) fn bench(args: &BenchArgs) -> Result<(), Failure> {
    if args.updates == 0 {
        return Err(Failure::usage("--updates is 0; expected at least 1".into()));
    }
    let all = BENCHMARKS.map(|(name, _)| name.to_string());
    let names = if args.names.is_empty() {
        &all[..]
    } else {
        &args.names[..]
    };
    let experiments = names
        .iter()
        .map(|name| experiment(name, args))
        .collect::<Result<Vec<_>, _>>()?;
    if !args.json {
        print(&header())?;
    }
    for experiment in &experiments {
        let figures = time(experiment, args.updates)?;
        if args.json {
            print_json(&(serde_json::to_string(&figures).expect("figures are plain data") + "\n"))?;
        } else {
            print(&row(&figures))?;
        }
    }
    Ok(())
}

fn experiment(name: &str, args: &BenchArgs) -> Result<Experiment, Failure> {
    let (profile, flags) = (args.profile.as_deref(), args.unset.over(&args.sets));
    if let Some((name, text)) = BENCHMARKS.iter().find(|(known, _)| *known == name) {
        if profile.is_some() {
            let message = format!("benchmark `{name}` has no profiles; `--profile` is for experiment files");
            return Err(Failure::usage(message));
        }
        let tree = Tree::parse_with(&format!("benchmark {name}"), text, [], &flags)?;
        return Ok(Experiment::read(tree, PathBuf::new())?);
    }
    if name.ends_with(".toml") {
        return Ok(Experiment::load_with(Path::new(name), profile, &flags)?);
    }
    let known = BENCHMARKS.map(|(name, _)| name);
    Err(Failure::usage(format!(
        "unknown benchmark `{name}`; {}",
        choice_help(name, &known, "benchmarks")
    )))
}

fn header() -> String {
    let columns = [
        "ms", "bound", "ratio", "steps/s", "states", "sample", "net", "reward", "plan", "forward", "loss",
        "backward",
    ];
    let cells: String = columns.iter().map(|name| format!(" {name:>8}")).collect();
    format!("{:<16}{cells}\n", "")
}

fn row(figures: &Figures) -> String {
    let phases = &figures.phases_ms;
    let times = [
        phases.sampling,
        phases.sampling_network,
        phases.reward,
        phases.plan,
        phases.forward,
        phases.loss,
        phases.backward,
    ];
    let times: String = times.iter().map(|time| format!(" {time:>8.3}")).collect();
    let Figures {
        name,
        update_ms,
        bound_ms,
        over_bound,
        transitions_per_second,
        states,
        ..
    } = figures;
    format!(
        "{name:<16} {update_ms:>8.3} {bound_ms:>8.3} {over_bound:>8.2} {transitions_per_second:>8.0} {states:>8.0}{times}\n"
    )
}
