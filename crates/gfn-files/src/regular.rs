//! Opening regular files, and nothing else.
//!
//! A named pipe blocks its reader, a device may never end or act on being opened, and what lies in `/proc` or `/sys` is
//! made up by the system. None of them holds an experiment, a table or a network.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// 2²⁰ bytes.
pub const MIB: u64 = 1 << 20;

/// Opens a regular file to read it.
///
/// # Errors
/// Where it is not there or not readable, or is a folder, a named pipe, a device, a socket, or a file that the system makes
/// up. It never waits for another process.
pub fn open(path: &Path) -> io::Result<File> {
    // Before it is opened, because some devices act on that.
    must_be_regular(&fs::metadata(path)?)?;
    open_as(path, OpenOptions::new().read(true))
}

/// Opens a regular file to read it and to append to it, made if it is not there.
///
/// # Errors
/// Those of [`open`], and where it cannot be made or written.
pub fn append(path: &Path) -> io::Result<File> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => must_be_regular(&found?)?,
    }
    open_as(path, OpenOptions::new().read(true).append(true).create(true))
}

/// Writes over what is there and may be no regular file, such as `/dev/stdout`, a named pipe, or a link to a file.
///
/// # Errors
/// Where it cannot be written, or is a named pipe that nothing reads. It never waits for a reader to come.
pub fn write_over(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.write(true).truncate(true).create(true);
    let opened = options.custom_flags(flags.bits().cast_signed()).open(path);
    let mut file = opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::NXIO.raw_os_error() => {
            refused("it is a named pipe or a device that nothing reads".to_string())
        }
        _ => error,
    })?;
    // What reads it may be slow.
    rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    file.write_all(bytes)
}

fn open_as(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // What has taken the file's place since it was looked at must not block either.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    must_be_regular(&file.metadata()?)?;
    must_be_stored(&file)?;
    Ok(file)
}

/// The bytes of a regular file of at most `limit` bytes.
///
/// # Errors
/// Those of [`open`], and where it is larger.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length <= limit {
        bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
        // It may grow meanwhile.
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    match length.max(bytes.len() as u64) > limit {
        true => Err(too_large(limit)),
        false => Ok(bytes),
    }
}

/// The text of a regular file of at most `limit` bytes.
///
/// # Errors
/// Those of [`read`], and where it is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("it is not UTF-8 text: byte {at} belongs to no character");
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

/// Fails unless this is a regular file.
///
/// # Errors
/// Says what it is instead.
pub fn must_be_regular(found: &Metadata) -> io::Result<()> {
    match found.is_file() {
        true => Ok(()),
        false if found.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        false => Err(refused(format!("it is {}, not a file", kind(found.file_type())))),
    }
}

fn kind(found: FileType) -> &'static str {
    match found {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_symlink() => "a link",
        _ => "a device",
    }
}

fn refused(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

fn too_large(limit: u64) -> io::Error {
    let shown = match limit {
        limit if limit >= 1 << 30 => format!("{} GiB", limit >> 30),
        limit => format!("{} MiB", limit / MIB),
    };
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {shown}"))
}

/// File systems whose files the kernel makes up as they are read (`linux/magic.h`).
#[cfg(target_os = "linux")]
const MADE_UP: [(u32, &str); 11] = [
    (0x9fa0, "proc"),
    (0x6265_6572, "sysfs"),
    (0x6462_6720, "debugfs"),
    (0x7472_6163, "tracefs"),
    (0x7363_6673, "securityfs"),
    (0x0027_e0eb, "cgroup"),
    (0x6367_7270, "cgroup2"),
    (0x6265_6570, "configfs"),
    (0xcafe_4a11, "bpf"),
    (0xf97c_ff8c, "selinuxfs"),
    (0x4249_4e4d, "binfmt_misc"),
];

/// Fails for a file that the system makes up.
#[cfg(target_os = "linux")]
fn must_be_stored(file: &File) -> io::Result<()> {
    // Types are positive 32-bit numbers in words of whatever width.
    let found = rustix::fs::fstatfs(file)?.f_type as u32;
    match MADE_UP.iter().find(|(number, _)| *number == found) {
        Some((_, name)) => Err(refused(format!(
            "it is a file of the system ({name}), not a stored file"
        ))),
        None => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn must_be_stored(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_stored_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("link")).unwrap();
        std::os::unix::fs::symlink(at("pipe"), at("link to a pipe")).unwrap();
        fs::write(at("file"), "text").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link to a file")).unwrap();
        let wrong = |path: &Path| read(path, MIB).unwrap_err().to_string();
        assert_eq!(wrong(folder.path()), "it is a folder");
        assert_eq!(wrong(&at("pipe")), "it is a named pipe, not a file");
        assert_eq!(wrong(&at("link to a pipe")), "it is a named pipe, not a file");
        assert_eq!(wrong(&at("socket")), "it is a socket, not a file");
        assert_eq!(wrong(&at("link")), "it is a device, not a file");
        assert_eq!(wrong(Path::new("/dev/null")), "it is a device, not a file");
        #[cfg(target_os = "linux")]
        assert_eq!(
            wrong(Path::new("/proc/self/environ")),
            "it is a file of the system (proc), not a stored file"
        );
        assert_eq!(read(&at("link to a file"), MIB).unwrap(), b"text");
        for name in ["pipe", "link to a pipe", "link"] {
            append(&at(name)).unwrap_err();
        }
        append(&at("new")).unwrap();
        assert!(at("new").is_file());
        assert_eq!(open(&at("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_pipe_that_nothing_reads_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, file, link) = ["pipe", "file", "link"]
            .map(|name| folder.path().join(name))
            .into();
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let message = write_over(&pipe, b"text").unwrap_err().to_string();
        assert!(message.contains("that nothing reads"), "{message}");
        let reader = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        write_over(&pipe, b"text").unwrap();
        let mut text = [0; 4];
        (&reader).read_exact(&mut text).unwrap();
        assert_eq!(&text, b"text");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_over(&link, b"longer").unwrap();
        write_over(&link, b"text").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"text");
    }

    #[test]
    fn sizes_and_encodings_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![b'x'; 3 << 20]).unwrap();
        assert_eq!(read(&path, 3 * MIB).unwrap().len(), 3 << 20);
        assert_eq!(
            read(&path, 2 * MIB).unwrap_err().to_string(),
            "it is larger than 2 MiB"
        );
        fs::write(&path, b"ab\xff").unwrap();
        let message = read_text(&path, MIB).unwrap_err().to_string();
        assert!(message.ends_with("byte 2 belongs to no character"), "{message}");
    }
}
