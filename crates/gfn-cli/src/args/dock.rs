//! What can be typed after `gfn dock`.

use std::path::PathBuf;

use gfn_rewards::docking::Params;

use super::numbers::{float, whole};

#[derive(Debug, clap::Args)]
pub(crate) struct DockArgs {
    /// The run's folder, or a file with one SMILES a line.
    pub(crate) source: PathBuf,
    /// How many of a run's molecules are docked, the best first.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole(1..=u64::MAX))]
    pub(crate) top: u64,
    /// The receptor, a PDBQT file [default: that of the run's reward].
    #[arg(long, value_name = "FILE")]
    receptor: Option<PathBuf>,
    /// The centre of the box, in ångström [default: that of the run's reward, or -13.4 26.3 -13.3, sEH's].
    #[arg(long, num_args = 3, value_names = ["X", "Y", "Z"], value_parser = float)]
    center: Option<Vec<f64>>,
    /// The edges of the box, in ångström [default: those of the run's reward, or 20.013 16.3 18.5, sEH's].
    #[arg(long, num_args = 3, value_names = ["X", "Y", "Z"], value_parser = float)]
    size: Option<Vec<f64>>,
    /// How many searches Vina makes for a molecule [default: that of the run's reward, or 1].
    #[arg(long, value_name = "N", value_parser = whole(1..=1024_u32))]
    exhaustiveness: Option<u32>,
    /// The seed of Vina's random numbers [default: that of the run's reward, or 1].
    #[arg(long, value_parser = whole(1..=2_147_483_647_u32))]
    seed: Option<u32>,
    /// How many molecules are docked at a time [default: that of the run's reward, or the machine's threads].
    #[arg(long, value_name = "N", value_parser = whole(1..=1024_u32))]
    jobs: Option<u32>,
    /// The longest that a molecule may take [default: that of the run's reward, or 300].
    #[arg(long, value_name = "SECONDS", value_parser = float)]
    timeout: Option<f64>,
    /// The file that remembers energies [default: that of the run's reward, or the table's name with the ending energies.jsonl].
    #[arg(long, value_name = "FILE")]
    cache_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) damage: super::DamageArgs,
    /// The table to write [default: docked.csv in the run's folder, or beside the file of molecules].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Keep each molecule's best pose in this folder, as a PDBQT file named by its place in the table.
    #[arg(long, value_name = "DIR")]
    pub(crate) save_poses: Option<PathBuf>,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl DockArgs {
    /// How to dock: what a run says, or the defaults, with what was typed laid over it.
    ///
    /// # Errors
    /// Where there is no receptor, or a number is none to dock with.
    pub(crate) fn params(&self, of_run: Option<Params>) -> Result<Params, String> {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut params = match (of_run, &self.receptor) {
            (Some(params), _) => params,
            (None, Some(receptor)) => Params::with_receptor(text(receptor)),
            (None, None) => {
                return Err("no receptor to dock to; name its PDBQT file with --receptor".into());
            }
        };
        if let Some(receptor) = &self.receptor {
            params.sha256 = None;
            params.receptor = text(receptor);
        }
        let numbers = |what: &str, given: &Option<Vec<f64>>, least: f64| match given.as_deref() {
            Some(&[x, y, z]) if [x, y, z].iter().all(|value| (least..=1e4).contains(value)) => {
                Ok(Some([x, y, z]))
            }
            Some(given) => Err(format!(
                "`--{what}` cannot be `{}`: expected three numbers from {least} to 10000",
                given
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            )),
            None => Ok(None),
        };
        params.center = numbers("center", &self.center, -1e4)?.unwrap_or(params.center);
        params.size = numbers("size", &self.size, 0.1)?.unwrap_or(params.size);
        params.exhaustiveness = self.exhaustiveness.unwrap_or(params.exhaustiveness);
        params.seed = self.seed.unwrap_or(params.seed);
        params.jobs = self.jobs.map(|jobs| jobs as usize).or(params.jobs);
        if let Some(seconds) = self.timeout {
            if !(0.001..=1e6).contains(&seconds) {
                return Err(format!(
                    "`--timeout` cannot be `{seconds}`: expected a number of seconds from 0.001 to 1000000"
                ));
            }
            params.timeout_seconds = seconds;
        }
        params.cache_file = self.cache_file.as_ref().map(text).or(params.cache_file);
        Ok(params)
    }
}
