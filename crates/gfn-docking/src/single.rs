//! One molecule: its structure, its pose, its energy.

use std::cell::Cell;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::child::{End, run};
use crate::docker::Settings;
use crate::pdbqt;
use crate::programs::Programs;
use crate::receptor::Receptor;
use crate::trouble::{self, Fault};

/// Of what a program printed, so many bytes at the end are looked at.
const TAIL: u64 = 1 << 16;

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

/// How an attempt to dock a molecule ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// With an outcome that another attempt would have too.
    Done(Outcome),
    /// The machine got in the way, which says nothing of the molecule; completes a sentence about it.
    Machine(String),
    /// The machine has so much else to do that another attempt would take as long.
    Starved(String),
    /// Somebody asked to stop.
    Stopped,
}

/// Why there is no energy.
enum Trouble {
    /// Something is wrong with the molecule, and would be again; completes a sentence about it.
    Molecule(String),
    /// The machine is in trouble: another time it may go well.
    Machine(String),
    /// The machine has too much else to do.
    Starved(String),
    /// Somebody asked to stop.
    Stopped,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Molecule(reason) => Self::Molecule(reason),
            Fault::Machine(reason) => Self::Machine(reason),
        }
    }
}

/// Docks a molecule in a folder of its own, which is gone afterwards.
pub(crate) fn dock(
    programs: &Programs,
    receptor: &Receptor,
    settings: &Settings,
    smiles: &str,
    pose: Option<&Path>,
    stop: &dyn Fn() -> bool,
) -> Attempt {
    let folder = match tempfile::Builder::new().prefix("gfn-dock-").tempdir() {
        Ok(folder) => folder,
        Err(error) => return Attempt::Machine(format!("no folder for the files of a molecule: {error}")),
    };
    let single = Single {
        programs,
        receptor,
        settings,
        folder: folder.path(),
        deadline: Cell::new(Instant::now() + settings.timeout),
        stop,
    };
    let energy = single.energy(smiles).and_then(|energy| {
        let kept = pose.map_or(Ok(()), |pose| keep(&folder.path().join(POSE), pose));
        kept.map(|()| energy)
            .map_err(|error| Trouble::Machine(format!("its pose cannot be kept: {error}")))
    });
    match energy {
        Ok(energy) => Attempt::Done(Outcome::Energy(energy)),
        Err(Trouble::Molecule(reason)) => match trouble::of_folder(folder.path()) {
            Some(machine) => Attempt::Machine(machine),
            None => Attempt::Done(Outcome::Failed(reason)),
        },
        Err(Trouble::Machine(reason)) => Attempt::Machine(reason),
        Err(Trouble::Starved(reason)) => Attempt::Starved(reason),
        Err(Trouble::Stopped) => Attempt::Stopped,
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
    /// It moves by what programs wait for a processor.
    deadline: Cell<Instant>,
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
            Err(_) => Err(trouble::of(program, ExitStatus::default(), &self.said(program)).into()),
        }
    }

    fn run(&self, mut command: Command, program: &str) -> Result<(), Trouble> {
        let broken = |error: std::io::Error| {
            let words = gfn_text::io_words(&error);
            Trouble::Machine(format!("{program} could not be started: {words}"))
        };
        let log = fs::File::create(self.folder.join(program)).map_err(broken)?;
        command.current_dir(self.folder);
        command.stderr(log.try_clone().map_err(broken)?).stdout(log);
        match run(command, &self.deadline, self.stop).map_err(broken)? {
            End::Status(status) if status.success() => Ok(()),
            // A signal is sent to all processes of a job, and this one may hear of it last.
            End::Status(status) if status.code().is_none() && self.is_stopped_soon() => Err(Trouble::Stopped),
            End::Status(status) => Err(trouble::of(program, status, &self.said(program)).into()),
            End::Late => Err(Trouble::Molecule(format!(
                "it took longer than {} s",
                self.settings.timeout.as_secs_f64()
            ))),
            End::Starved => Err(Trouble::Starved(
                "the machine has too much else to do; dock fewer molecules at a time (`jobs`)".into(),
            )),
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

    /// The end of what a program printed.
    fn said(&self, program: &str) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = fs::File::open(self.folder.join(program))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.take(TAIL).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }
}
