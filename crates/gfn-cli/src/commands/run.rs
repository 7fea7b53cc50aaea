//! `gfn run`.

use std::path::PathBuf;

use gfn_registry::Experiment;
use gfn_runner::run::{Options, run as run_experiment};

use super::print;
use crate::args::ExperimentArgs;
use crate::exit::Failure;
use crate::table::figures;

pub(crate) fn run(args: &ExperimentArgs, out: Option<PathBuf>, quiet: bool) -> Result<(), Failure> {
    let experiment = Experiment::load(&args.file, &args.all_sets())?;
    rest_between_products(experiment.hardware.threads);
    let options = Options {
        out,
        quiet,
        file: args.file.display().to_string(),
    };
    let finished = run_experiment(&experiment, &options)?;
    let mut text = figures(&[("untrained", &finished.before), ("trained", &finished.after)]);
    text += &format!(
        "\n{} (trained in {:.1} s)\n",
        finished.folder.display(),
        finished.training_seconds
    );
    print(&text)
}

/// Threads of matrix products that wait in a loop crawl where another process wants their cores. How long they do is read
/// from the environment when the program is loaded, so the program starts once more with a short time set.
fn rest_between_products(threads: usize) {
    use std::os::unix::process::CommandExt;
    const SPINS: &str = "GOMP_SPINCOUNT";
    if threads > 1
        && [SPINS, "OMP_WAIT_POLICY"]
            .iter()
            .all(|name| std::env::var_os(name).is_none())
    {
        let mut arguments = std::env::args_os();
        if let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) {
            // Where this fails, the run goes on as it is.
            let _ = std::process::Command::new(program)
                .arg0(name)
                .args(arguments)
                .env(SPINS, "1000")
                .exec();
        }
    }
}
