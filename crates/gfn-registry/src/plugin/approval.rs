//! Whether this user has agreed to run a plugin, and to let it do what a file asks for it.

use std::path::Path;

use gfn_plugins::Confinement;
use gfn_plugins::trust::{Approvals, LockFile, check, chosen};
use sha2::{Digest, Sha256};

use super::settings::{Isolation, Source};

impl Source {
    /// What the file asks for the plugin beyond what every plugin may do, in words; each has to be approved too.
    pub fn exceptions(&self) -> Vec<String> {
        if self.isolation == Isolation::Inline {
            return vec!["run in the process of the run, with all your rights".to_string()];
        }
        let Confinement {
            read,
            write,
            network,
            programs,
            gpu,
            env,
        } = self.confinement();
        let read = read.iter().map(|path| format!("read {}", path.display()));
        let write = write
            .iter()
            .map(|path| format!("read and write {}", path.display()));
        let mut asked: Vec<String> = read.chain(write).collect();
        let others = [
            (network, "use the network"),
            (programs, "start other programs"),
            (gpu, "use the GPUs"),
        ];
        asked.extend(
            others
                .iter()
                .filter(|(asked, _)| *asked)
                .map(|(_, words)| (*words).to_string()),
        );
        let env = env.iter();
        asked.extend(env.map(|name| format!("see the environment variable {name}")));
        asked
    }

    /// The Python that `PATH` chooses for a command that only names one, in words.
    fn interpreter(&self) -> Option<String> {
        let folder = self.folder.as_deref().unwrap_or_default();
        chosen(&self.program(Path::new(folder)))
    }

    /// What an approval of the plugin with these exceptions, run by this interpreter, is kept under: another exception, or
    /// another interpreter, is another approval.
    pub fn approval(&self, sha256: &str) -> String {
        let (exceptions, interpreter) = (self.exceptions(), self.interpreter());
        if exceptions.is_empty() && interpreter.is_none() {
            return sha256.to_string();
        }
        let mut hasher = Sha256::new_with_prefix(b"gfn plugin exceptions 1\0");
        hasher.update(sha256);
        for exception in exceptions {
            hasher.update([0]);
            hasher.update(exception);
        }
        if let Some(interpreter) = interpreter {
            hasher.update([1]);
            hasher.update(interpreter);
        }
        let digest = hasher.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the plugin, as it was examined, may run.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn is_allowed(&self) -> Result<(), String> {
        let Some(pinned) = &self.pinned else {
            return Err(format!("plugin `{}` was not examined", self.name()));
        };
        let approvals = Approvals::usual().map_err(|error| error.to_string())?;
        let approval = self.approval(&pinned.identity.sha256);
        if approvals.contains(&approval) {
            return Ok(());
        }
        let lock = LockFile::load(&pinned.lock).map_err(|error| error.to_string())?;
        check(&lock, &approvals, &pinned.pin.name, &pinned.identity).map_err(|error| error.to_string())?;
        let run_by = self
            .interpreter()
            .map(|interpreter| format!("be run by {interpreter}"));
        let asked: Vec<String> = self.exceptions().into_iter().chain(run_by).collect();
        Err(format!(
            "plugin `{}` is approved, but not to {}; look at why the experiment asks for that, then run `gfn plugin trust` \
             on its file if you agree",
            pinned.pin.name,
            asked.join(", nor to ")
        ))
    }
}
