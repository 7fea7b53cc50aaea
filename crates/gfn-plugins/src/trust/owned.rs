//! Whether a file is this user's own: nobody else may have written it, or could put another in its place.

use std::path::Path;

use super::TrustError;

/// Checks the file and the folder that it lies in, where it really lies, and the links that lead there.
///
/// # Errors
/// [`TrustError::Exposed`].
#[cfg(unix)]
pub(super) fn check(path: &Path) -> Result<(), TrustError> {
    let real = path.canonicalize().map_err(TrustError::file(path))?;
    alone(&real, Kind::File)?;
    check_folder(&real)?;
    let mut link = path.to_path_buf();
    check_folder(&link)?;
    // There are no circles, because there is a real path.
    while link.is_symlink() {
        alone(&link, Kind::Link)?;
        let to = std::fs::read_link(&link).map_err(TrustError::file(&link))?;
        link = super::files::folder_of(&link).join(to);
        check_folder(&link)?;
    }
    Ok(())
}

/// What others could change.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    /// Its owner alone can have it lead elsewhere.
    Link,
}

/// Checks the folder that a file lies in, or is to lie in.
///
/// # Errors
/// [`TrustError::Exposed`].
#[cfg(unix)]
pub(super) fn check_folder(path: &Path) -> Result<(), TrustError> {
    alone(super::files::folder_of(path), Kind::Folder)
}

#[cfg(unix)]
fn alone(path: &Path, kind: Kind) -> Result<(), TrustError> {
    use std::os::unix::fs::MetadataExt;

    /// Writing by the group or by everybody.
    const LOOSE: u32 = 0o022;
    /// In such a folder nobody removes or renames what is another user's.
    const STICKY: u32 = 0o1000;
    /// The superuser can do anything anyway.
    const ROOT: u32 = 0;
    let found = match kind {
        Kind::Link => path.symlink_metadata(),
        Kind::File | Kind::Folder => path.metadata(),
    };
    let found = found.map_err(TrustError::file(path))?;
    let exposed = |how: String, advice: String| {
        let path = path.to_path_buf();
        Err(TrustError::Exposed { path, how, advice })
    };
    let shown = path.display();
    let user = user();
    let is_sticky = kind == Kind::Folder && found.mode() & STICKY != 0;
    // A file in a folder of the system, such as that of temporary files, is guarded by its own owner. The owner of such a
    // folder may still remove and rename what is in it.
    let may_belong_to_root = is_sticky || kind == Kind::Link;
    if found.uid() != user && !(may_belong_to_root && found.uid() == ROOT) {
        let how = format!("belongs to another user ({})", found.uid());
        let advice = match kind {
            Kind::Folder => "keep it in a folder of your own: name a file there in GFN_APPROVALS".to_string(),
            Kind::Link => "remove it, or name the file itself in GFN_APPROVALS".to_string(),
            Kind::File => {
                format!("make it yours (`chown {user} {shown}`), or remove it and approve the plugins again")
            }
        };
        return exposed(how, advice);
    }
    // A link's mode means nothing.
    match found.mode() & LOOSE != 0 && !is_sticky && kind != Kind::Link {
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
