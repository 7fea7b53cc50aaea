//! Which plugins may run at all: those that the project has pinned in `gfn.lock` and the user has approved.
//!
//! The two answer different questions. `gfn.lock` lies beside experiments, is shared with them, and says which bytes an
//! experiment means: a plugin that was rebuilt or edited since is another one, for everybody. The list of approvals is
//! the user's own, and says which bytes they agreed to run: what somebody sends them, `gfn.lock` and all, does not run
//! before they did. Both speak of a SHA-256, so that neither a path nor a name is ever trusted.

mod approvals;
mod code;
mod error;
mod files;
mod identity;
mod lock_file;
mod owned;
mod pin;
mod python;
mod tree;

pub use approvals::{Approval, Approvals};
pub(crate) use code::interpreter;
pub use error::TrustError;
pub use identity::{HashedFile, Identity, chosen, identity, uncovered};
pub(crate) use identity::{Keep, copied, difference, file_of};
pub use lock_file::LockFile;
pub use pin::{Pin, Source};
pub(crate) use python::{prefixes, program};

/// The target that this program was built for, such as `x86_64-unknown-linux-gnu`.
pub const TARGET: &str = env!("GFN_TARGET");

/// Whether what `identity` tells may run as the plugin `name`.
///
/// A plugin may be exchanged after it was looked at: whoever loads it passes the identity's hash on as what is expected
/// ([`crate::Program`]), so that the bytes that are loaded are those that were checked: a library's in sealed memory, a
/// command's files in a copy that is made while they are hashed.
///
/// # Errors
/// [`TrustError::NotPinned`], [`TrustError::Changed`] or [`TrustError::NotApproved`], each with what would be loaded and
/// what to do.
pub fn check(
    lock: &LockFile,
    approvals: &Approvals,
    name: &str,
    identity: &Identity,
) -> Result<(), TrustError> {
    let asked = || error::Asked::new(name, identity);
    let (here, elsewhere): (Vec<&Pin>, Vec<&Pin>) = lock
        .pins
        .iter()
        .filter(|pin| pin.name == name)
        .partition(|pin| pin.target == identity.target);
    let Some(pin) = here.first() else {
        let targets = elsewhere.iter().filter_map(|pin| pin.target.clone()).collect();
        return Err(TrustError::NotPinned {
            asked: asked(),
            lock: lock.path.clone(),
            targets,
        });
    };
    if pin.sha256 != identity.sha256 {
        return Err(TrustError::Changed {
            asked: asked(),
            lock: lock.path.clone(),
            pinned: pin.sha256.clone(),
            difference: pin.difference(identity),
        });
    }
    match approvals.contains(&identity.sha256) {
        true => Ok(()),
        false => Err(TrustError::NotApproved {
            asked: asked(),
            approvals: approvals.path().to_path_buf(),
        }),
    }
}

/// Whether a plugin can be called this: letters, digits, `-`, `_` and `.`, not at the start, and no more than 64.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(fits)
}

/// Whether this is a SHA-256 in small hexadecimal digits.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
