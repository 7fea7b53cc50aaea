//! What can be typed after `gfn dock`.

use std::path::{Path, PathBuf};

use gfn_rewards::docking::Params;
use gfn_runner::dock::Receptor;

use super::numbers::{float, whole};

/// The farthest from the origin that a box can be, in ångström.
const MAX_CENTER: f64 = 1e4;
/// The shortest and the longest edge of a box, in ångström, as for the reward's `size`.
const MIN_SIZE: f64 = 0.1;
const MAX_SIZE: f64 = 200.0;
/// The bounds of a time limit, in seconds, as for the reward's `timeout_seconds`.
const MIN_TIMEOUT: f64 = 0.001;
const MAX_TIMEOUT: f64 = 1e6;

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
    /// The center of the box, in ångström [default: that of the run's reward, or -13.4 26.3 -13.3, sEH's].
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
        if let Some(center) = three(&self.center) {
            params.center = within("--center", center, -MAX_CENTER, MAX_CENTER)?;
        }
        if let Some(size) = three(&self.size) {
            params.size = within("--size", size, MIN_SIZE, MAX_SIZE)?;
        }
        params.exhaustiveness = self.exhaustiveness.unwrap_or(params.exhaustiveness);
        params.seed = self.seed.unwrap_or(params.seed);
        params.jobs = self.jobs.map(|jobs| jobs as usize).or(params.jobs);
        if let Some(seconds) = self.timeout {
            [params.timeout_seconds] = within("--timeout", [seconds], MIN_TIMEOUT, MAX_TIMEOUT)?;
        }
        params.cache_file = self.cache_file.as_ref().map(text).or(params.cache_file);
        Ok(params)
    }

    /// The receptor, whose box must hold something of it.
    ///
    /// # Errors
    /// What is wrong, of the option or of the setting that it comes from.
    pub(crate) fn receptor(&self, params: &Params) -> Result<Receptor, String> {
        let receptor = Receptor::load(Path::new(&params.receptor), params.sha256.as_deref());
        let receptor = receptor.map_err(|error| error.to_string())?;
        let Some(message) = params.beside(&receptor) else {
            return Ok(receptor);
        };
        let center = params.center.map(|value| value.to_string()).join(" ");
        Err(match &self.center {
            Some(_) => format!("`--center` is `{center}`: {message}"),
            None => {
                format!("the box's center is {center}, as nothing else was named with --center: {message}")
            }
        })
    }
}

fn three(given: &Option<Vec<f64>>) -> Option<[f64; 3]> {
    given.as_deref()?.try_into().ok()
}

/// These values, where each is within bounds; what is said names the one that is not, and both bounds.
fn within<const N: usize>(option: &str, values: [f64; N], min: f64, max: f64) -> Result<[f64; N], String> {
    let shown = values.map(|value| value.to_string()).join(" ");
    let Some(value) = values.iter().find(|value| !(min..=max).contains(*value)) else {
        return Ok(values);
    };
    let side = if *value < min { "below" } else { "above" };
    let (what, beyond) = match N {
        1 => ("a number", String::new()),
        _ => ("three numbers", format!("{value} is {side} the bounds, ")),
    };
    Err(format!(
        "`{option}` cannot be `{shown}`: {beyond}expected {what} from {min} to {max}"
    ))
}
