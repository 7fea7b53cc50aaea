//! One molecule: its structure, its pose, its energy.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gfn_text::visible;

use crate::child::{End, run};
use crate::docker::Settings;
use crate::error::DockingError;
use crate::pdbqt;
use crate::programs::Programs;
use crate::receptor::Receptor;

/// Of what a program printed, so many bytes at the end are looked at.
const TAIL: u64 = 4096;

/// The longest line of a program that is repeated to the user.
const LONGEST_LINE: usize = 200;

/// How long a signal that ended a program may take to be heard of here as well.
const ECHO: Duration = Duration::from_millis(200);

/// The file of a molecule's structure, and that of its pose.
const LIGAND: &str = "ligand.pdbqt";
const POSE: &str = "pose.pdbqt";

/// What came of docking a molecule.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The energy of its best pose, in kcal/mol, below 0.
    Energy(f64),
    /// It has none, and why.
    Failed(String),
}

impl Outcome {
    /// The energy, where there is one.
    pub fn energy(&self) -> Option<f64> {
        match self {
            Self::Energy(energy) => Some(*energy),
            Self::Failed(_) => None,
        }
    }
}

/// Why there is no energy.
enum Trouble {
    /// Something is wrong with the molecule, and would be again; completes a sentence about it.
    Molecule(String),
    /// A program was killed by somebody else: another time it may go well.
    Killed(String),
    /// Somebody asked to stop.
    Stopped,
    /// Nothing can be docked.
    All(DockingError),
}

/// Docks a molecule in a folder of its own, which is gone afterwards. None where it was stopped; whether the outcome may be
/// remembered.
pub(crate) fn dock(
    programs: &Programs,
    receptor: &Receptor,
    settings: &Settings,
    smiles: &str,
    pose: Option<&Path>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Outcome, bool)>, DockingError> {
    let folder = tempfile::Builder::new()
        .prefix("gfn-dock-")
        .tempdir()
        .map_err(DockingError::Folder)?;
    let single = Single {
        programs,
        receptor,
        settings,
        folder: folder.path(),
        deadline: Instant::now() + settings.timeout,
        stop,
    };
    let energy = single.energy(smiles).and_then(|energy| {
        let kept = pose.map_or(Ok(()), |pose| keep(&folder.path().join(POSE), pose));
        kept.map(|()| energy)
            .map_err(|error| Trouble::All(DockingError::Folder(error)))
    });
    match energy {
        Ok(energy) => Ok(Some((Outcome::Energy(energy), true))),
        Err(Trouble::Molecule(reason)) => Ok(Some((Outcome::Failed(reason), true))),
        Err(Trouble::Killed(reason)) => Ok(Some((Outcome::Failed(reason), false))),
        Err(Trouble::Stopped) => Ok(None),
        Err(Trouble::All(error)) => Err(error),
    }
}

/// Puts a pose at its place, whole or not at all.
fn keep(pose: &Path, place: &Path) -> std::io::Result<()> {
    let aside = place.with_extension("part");
    fs::copy(pose, &aside)?;
    fs::rename(&aside, place)
}

/// A molecule under way.
struct Single<'a> {
    programs: &'a Programs,
    receptor: &'a Receptor,
    settings: &'a Settings,
    folder: &'a Path,
    deadline: Instant,
    stop: &'a dyn Fn() -> bool,
}

impl Single<'_> {
    fn energy(&self, smiles: &str) -> Result<f64, Trouble> {
        self.structure(smiles)?;
        let first = self.place(self.settings.seed)?;
        if first < 0.0 {
            return Ok(first);
        }
        // A search that never left a clash; another one finds its way out more often than not.
        let second = self.place(self.settings.seed % i32::MAX as u32 + 1)?;
        if second < 0.0 {
            return Ok(second);
        }
        Err(Trouble::Molecule(format!(
            "the energy is not below 0, also with another seed: {first} and {second} kcal/mol"
        )))
    }

    /// Three-dimensional coordinates.
    fn structure(&self, smiles: &str) -> Result<(), Trouble> {
        if smiles.contains('\0') {
            return Err(Trouble::Molecule("it is not a SMILES".into()));
        }
        let mut command = self.programs.obabel();
        command.arg(format!("-:{smiles}"));
        command.args(["-O", LIGAND, "--gen3d", "-h"]);
        self.run(command, "obabel")?;
        let text = self.read(LIGAND, "obabel")?;
        pdbqt::check_structure(&text)
            .map_err(|message| Trouble::Molecule(format!("obabel found no structure: {message}")))
    }

    /// The energy of the best pose.
    fn place(&self, seed: u32) -> Result<f64, Trouble> {
        // What is left of an earlier attempt is not this one's.
        let _ = fs::remove_file(self.folder.join(POSE));
        let mut command = self.programs.vina();
        command.arg("--receptor").arg(self.receptor.path());
        command.args(["--ligand", LIGAND, "--out", POSE]);
        for (axis, name) in ["x", "y", "z"].iter().enumerate() {
            command.arg(format!("--center_{name}={}", self.settings.center[axis]));
            command.arg(format!("--size_{name}={}", self.settings.size[axis]));
        }
        command.arg(format!("--exhaustiveness={}", self.settings.exhaustiveness));
        command.arg(format!("--seed={seed}"));
        command.args(["--num_modes=1", "--cpu=1", "--verbosity=0"]);
        self.run(command, "vina")?;
        let text = self.read(POSE, "vina")?;
        pdbqt::energy(&text).ok_or_else(|| Trouble::Molecule("vina wrote a pose without an energy".into()))
    }

    fn read(&self, name: &str, program: &str) -> Result<String, Trouble> {
        match fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(_) => {
                let said = self.last_line(program);
                Err(Trouble::Molecule(format!("{program} wrote nothing{said}")))
            }
        }
    }

    fn run(&self, mut command: Command, program: &str) -> Result<(), Trouble> {
        let broken = |error: std::io::Error| {
            Trouble::All(DockingError::Broken {
                program: program.into(),
                message: gfn_text::io_words(&error),
            })
        };
        let log = fs::File::create(self.folder.join(program)).map_err(broken)?;
        command.current_dir(self.folder);
        command.stderr(log.try_clone().map_err(broken)?).stdout(log);
        match run(command, self.deadline, self.stop).map_err(broken)? {
            End::Status(status) if status.success() => Ok(()),
            End::Status(status) => {
                let reason = format!("{program} ended with {status}{}", self.last_line(program));
                Err(match status.code() {
                    Some(_) => Trouble::Molecule(reason),
                    None if self.is_stopped_soon() => Trouble::Stopped,
                    None => Trouble::Killed(reason),
                })
            }
            End::Late => Err(Trouble::Molecule(format!(
                "it took longer than {} s",
                self.settings.timeout.as_secs_f64()
            ))),
            End::Stopped => Err(Trouble::Stopped),
        }
    }

    /// Whether a stop is asked for, or will be in a moment: a cluster sends its signal to all processes of a job, and this one
    /// may hear of it last.
    fn is_stopped_soon(&self) -> bool {
        let until = Instant::now() + ECHO;
        while !(self.stop)() && Instant::now() < until {
            std::thread::sleep(ECHO / 20);
        }
        (self.stop)()
    }

    /// The last line that a program printed, as the end of a message.
    fn last_line(&self, program: &str) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = fs::File::open(self.folder.join(program))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.take(TAIL).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        let plain = |line: &str| -> String {
            let shown: String = line.chars().take(LONGEST_LINE).collect();
            visible(&shown).into_owned()
        };
        line.map(|line| format!(": {}", plain(line))).unwrap_or_default()
    }
}
