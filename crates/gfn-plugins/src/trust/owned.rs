//! Whether a file is this user's own: nobody else may have written it, or could put another in its place.

use std::path::Path;

use super::TrustError;

/// Checks the file and the folder that it lies in, where it really lies.
///
/// # Errors
/// [`TrustError::Exposed`].
#[cfg(unix)]
pub(super) fn check(path: &Path) -> Result<(), TrustError> {
    let real = path.canonicalize().map_err(TrustError::file(path))?;
    alone(&real, false)?;
    check_folder(&real)?;
    check_folder(path)
}

/// Checks the folder that a file lies in, or is to lie in.
///
/// # Errors
/// [`TrustError::Exposed`].
#[cfg(unix)]
pub(super) fn check_folder(path: &Path) -> Result<(), TrustError> {
    alone(super::files::folder_of(path), true)
}

#[cfg(unix)]
fn alone(path: &Path, is_folder: bool) -> Result<(), TrustError> {
    use std::os::unix::fs::MetadataExt;

    /// Writing by the group or by everybody.
    const LOOSE: u32 = 0o022;
    /// In such a folder nobody removes or renames what is another user's.
    const STICKY: u32 = 0o1000;
    let found = std::fs::metadata(path).map_err(TrustError::file(path))?;
    let exposed = |how: String, advice: String| {
        let path = path.to_path_buf();
        Err(TrustError::Exposed { path, how, advice })
    };
    let shown = path.display();
    let user = user();
    let is_shared = is_folder && found.mode() & STICKY != 0;
    // A file in a folder of the system, such as that of temporary files, is guarded by its own owner.
    if found.uid() != user && !is_shared {
        let how = format!("belongs to another user ({})", found.uid());
        let advice = match is_folder {
            true => "keep it in a folder of your own: name a file there in GFN_APPROVALS".to_string(),
            false => {
                format!("make it yours (`chown {user} {shown}`), or remove it and approve the plugins again")
            }
        };
        return exposed(how, advice);
    }
    match found.mode() & LOOSE != 0 && !is_shared {
        true => exposed(
            "can be written by others".to_string(),
            format!("run `chmod go-w {shown}`"),
        ),
        false => Ok(()),
    }
}

/// The user that this process acts as.
#[cfg(target_os = "linux")]
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The user that this process acts as: who owns the files that it makes.
#[cfg(all(unix, not(target_os = "linux")))]
fn user() -> u32 {
    use std::os::unix::fs::MetadataExt;

    let made = tempfile::tempfile().and_then(|file| file.metadata());
    made.map_or(u32::MAX, |made| made.uid())
}

#[cfg(not(unix))]
pub(super) fn check(_path: &Path) -> Result<(), TrustError> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn check_folder(_path: &Path) -> Result<(), TrustError> {
    Ok(())
}
