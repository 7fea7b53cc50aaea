//! `gfn acquire`.

use std::path::PathBuf;

use gfn_acquire::{AcquireError, Options, Outcome, Results, Standing, acquire as go_through};
use gfn_record::number;
use gfn_registry::Experiment;
use gfn_runner::RunError;
use gfn_runner::signals::{Answer, Stop};

use super::print;
use crate::args::AcquireArgs;
use crate::exit::Failure;
use crate::table::in_columns;

pub(crate) fn acquire(args: &AcquireArgs) -> Result<(), Failure> {
    let experiment = args.experiment.load()?;
    // Before signals are listened to: what came until then would be forgotten by the program's second start.
    gfn_runner::rest_between_products(experiment.hardware.threads);
    let options = Options {
        out: args.out.clone().unwrap_or_else(|| place(&experiment)),
        file: args.experiment.file.display().to_string(),
        quiet: args.quiet,
        takeover: args.takeover,
        stop: Stop::listen(Answer::Save("what the round has done is kept".into()))
            .map_err(Failure::system("listen for signals"))?,
    };
    match go_through(&experiment, &options)? {
        Outcome::Finished { folder, results } => {
            let text = table(&results);
            print(&format!("{text}\n{}\n", folder.join("results.csv").display()))
        }
        Outcome::Saved { folder, round } => Err(Failure::saved(&format!(
            "stopped in round {round}, {}; to resume, repeat the command",
            folder.display()
        ))),
    }
}

/// Where rounds go unless somebody says where: always the same place, so that the same command goes on.
fn place(experiment: &Experiment) -> PathBuf {
    let top = &experiment.top;
    PathBuf::from("runs")
        .join(&top.name)
        .join(format!("acquire-seed-{}", top.seed))
}

fn table(results: &Results) -> String {
    let number = |value: Option<f64>| value.map_or("-".into(), number::shown);
    let names = [
        "labeled",
        "mean of new",
        "best",
        "top 10",
        "top 100",
        "similarity",
        "proxy error",
    ];
    let row = |standing: &Standing| {
        let cells = [
            standing.labeled.to_string(),
            number(standing.mean_new),
            number(standing.best),
            number(standing.top_10),
            number(standing.top_100),
            number(Some(standing.similarity)),
            number(standing.proxy_rmse),
        ];
        (format!("{:>5}", standing.round), cells.to_vec())
    };
    let head = ("round".to_string(), names.map(str::to_string).to_vec());
    let lines: Vec<_> = [head].into_iter().chain(results.rounds.iter().map(row)).collect();
    in_columns(0, &lines)
}

impl From<AcquireError> for Failure {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::Experiment(problems) => (*problems).into(),
            AcquireError::Plan(_)
            | AcquireError::Initial(_)
            | AcquireError::BadRows { .. }
            | AcquireError::Negative { .. }
            | AcquireError::Changed { .. } => Self::usage(error.to_string()),
            // They have codes of their own.
            AcquireError::Folder(error) => RunError::Folder(error).into(),
            AcquireError::Oracle(error) => RunError::Reward(error).into(),
            other => Self::failed(other),
        }
    }
}
