//! The programs: where they are, which version they have, and how they are called.

use std::cell::Cell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::child::{End, run};
use crate::error::DockingError;

/// How long a program may take to say its version.
const TO_ANSWER: Duration = Duration::from_secs(60);

/// The time at which Open Babel's clock stands still. Any would do; another makes other structures.
const STOPPED_AT: &str = "2020-01-01 00:00:00";

/// The programs that docking needs.
#[derive(Debug)]
pub(crate) struct Programs {
    obabel: PathBuf,
    vina: PathBuf,
    /// Ends what it starts when this process ends, however that happens. Debian always has it; without, a molecule under
    /// way is docked to its end after this process was killed.
    tied: Option<PathBuf>,
    /// What is put before Open Babel to stop its clock.
    preload: OsString,
    /// The versions, as the programs say them.
    pub(crate) obabel_version: String,
    pub(crate) vina_version: String,
}

impl Programs {
    /// Finds them on the PATH and asks for their versions.
    pub(crate) fn find(stop: &dyn Fn() -> bool) -> Result<Self, DockingError> {
        let obabel = installed("obabel", "openbabel")?;
        let vina = installed("vina", "autodock-vina")?;
        let faketime = installed("faketime", "faketime")?;
        // The wrapper knows where the library is; it is left out afterwards, because a wrapper that is killed leaves a
        // piece of shared memory.
        let preload = answer(&faketime, &["-f", STOPPED_AT, "printenv", "LD_PRELOAD"], stop)?;
        Ok(Self {
            obabel_version: answer(&obabel, &["-V"], stop)?,
            vina_version: answer(&vina, &["--version"], stop)?,
            tied: on_path("setpriv"),
            preload: preload.into(),
            obabel,
            vina,
        })
    }

    /// Open Babel, which draws some directions from the clock: with the clock stopped it gives the same structure each time.
    pub(crate) fn obabel(&self) -> Command {
        let mut command = self.command(&self.obabel);
        command
            .env("LD_PRELOAD", &self.preload)
            .env("FAKETIME", STOPPED_AT)
            .env("FAKETIME_DISABLE_SHM", "1")
            .env("TZ", "UTC");
        command
    }

    /// AutoDock Vina.
    pub(crate) fn vina(&self) -> Command {
        self.command(&self.vina)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = match &self.tied {
            Some(tied) => {
                let mut command = Command::new(tied);
                command.args(["--pdeathsig", "KILL", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        // Numbers with a decimal point, whatever the user's language. On one thread: Open Babel adds up in another order on
        // several, so that its structures differ, and its threads wait busily where other work has the cores: a structure
        // that takes 0.1 s then takes tens of seconds.
        command.env("LC_ALL", "C").env("OMP_NUM_THREADS", "1");
        command
    }
}

fn installed(program: &'static str, package: &'static str) -> Result<PathBuf, DockingError> {
    on_path(program).ok_or(DockingError::Missing { program, package })
}

/// The first program of this name that may be run.
fn on_path(program: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let may_run = |path: &PathBuf| {
        let found = std::fs::metadata(path);
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let path = std::env::var_os("PATH")?;
    // Programs are started in a folder of their own, so that a relative path would lead elsewhere.
    let candidates =
        std::env::split_paths(&path).filter_map(|folder| std::path::absolute(folder.join(program)).ok());
    candidates.into_iter().find(may_run)
}

/// The first line that a program prints.
fn answer(program: &Path, arguments: &[&str], stop: &dyn Fn() -> bool) -> Result<String, DockingError> {
    let broken = |message: String| DockingError::Broken {
        program: program.display().to_string(),
        message,
    };
    let failed = |error: std::io::Error| broken(gfn_text::io_words(&error));
    // A file, not a pipe: nothing has to be read while it runs.
    let file = tempfile::NamedTempFile::new().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C");
    command.stdout(file.reopen().map_err(failed)?);
    command.stderr(file.reopen().map_err(failed)?);
    let end = run(command, &Cell::new(Instant::now() + TO_ANSWER), stop).map_err(failed)?;
    let said = std::fs::read(file.path()).map_err(failed)?;
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().map(str::trim).find(|line| !line.is_empty());
    match (end, line) {
        (End::Status(status), Some(line)) if status.success() => Ok(line.to_string()),
        (End::Status(status), line) => Err(broken(format!(
            "`{}` ended with {status}: {}",
            arguments.join(" "),
            line.unwrap_or("it said nothing")
        ))),
        (End::Stopped, _) => Err(DockingError::Stopped),
        (End::Late | End::Starved, _) => Err(broken(format!("`{}` did not end", arguments.join(" ")))),
    }
}
