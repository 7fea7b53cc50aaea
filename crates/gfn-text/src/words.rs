//! Counts and the system's errors in plain English.

use std::io::{Error, ErrorKind};

/// A count with its noun: "1 trial", "2 trials". The noun is in the singular.
pub fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    match count.try_into() {
        Ok(1) => format!("1 {noun}"),
        Ok(count) => format!("{count} {}", plural(noun)),
        Err(_) => plural(noun),
    }
}

/// A noun in the plural: "trials", "losses", "policies".
pub fn plural(noun: &str) -> String {
    let irregular = [
        ("axis", "axes"),
        ("datum", "data"),
        ("vertex", "vertices"),
        ("index", "indices"),
    ];
    if let Some((start, many)) = irregular
        .iter()
        .find_map(|(one, many)| Some((noun.strip_suffix(one)?, many)))
    {
        return format!("{start}{many}");
    }
    let before_y = noun.strip_suffix('y').and_then(|start| start.chars().last());
    if before_y.is_some_and(|letter| !"aeiou".contains(letter)) {
        return format!("{}ies", &noun[..noun.len() - 1]);
    }
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| noun.ends_with(end));
    format!("{noun}{}", if hisses { "es" } else { "s" })
}

/// What went wrong in the system, in words without numbers, to follow a colon: "cannot read `a.toml`: permission denied".
pub fn io_words(error: &Error) -> String {
    // Words that this program has put there say more than the kind.
    if let Some(own) = error.get_ref() {
        return own.to_string();
    }
    let words = match error.kind() {
        ErrorKind::NotFound => "no such file or folder",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::AlreadyExists => "a file or folder of this name exists already",
        ErrorKind::IsADirectory => "it is a folder, not a file",
        ErrorKind::NotADirectory => "a part of the path is a file, not a folder",
        ErrorKind::DirectoryNotEmpty => "the folder is not empty",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::QuotaExceeded => "your disk quota is used up",
        ErrorKind::FileTooLarge => "the file is larger than the system allows",
        ErrorKind::TooManyLinks => "the file has too many links",
        ErrorKind::CrossesDevices => "the two paths are on different disks",
        ErrorKind::ExecutableFileBusy => "the program is running, so its file cannot be changed",
        ErrorKind::ResourceBusy => "something else is using it",
        ErrorKind::OutOfMemory => "not enough memory",
        ErrorKind::UnexpectedEof => "the file ends too early",
        ErrorKind::BrokenPipe => "the reader has closed its end",
        ErrorKind::StaleNetworkFileHandle => "the network file system has lost this file",
        ErrorKind::TimedOut => "it took too long",
        ErrorKind::InvalidFilename => "the system does not accept this file name; it may be too long",
        ErrorKind::ArgumentListTooLong => "the command line is too long",
        _ => return other(error),
    };
    // An error of our own has words of its own.
    match error.raw_os_error() {
        None if error.get_ref().is_some() => error.to_string(),
        _ => words.to_owned(),
    }
}

/// An error without a kind of its own: by its number, or as the system says it without the number.
fn other(error: &Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error ").next().unwrap_or_default();
    match words {
        "Too many open files" => "too many files are open; raise the limit with `ulimit -n`".to_owned(),
        "Too many levels of symbolic links" => "its symbolic links run in a circle".to_owned(),
        "Input/output error" => "the disk or the network file system reports a fault".to_owned(),
        "Exec format error" => "it is not a program for this machine".to_owned(),
        words if error.raw_os_error().is_some() => {
            let mut letters = words.chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase());
            first.into_iter().chain(letters).collect()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_plurals() {
        for (noun, many) in [
            ("trial", "trials"),
            ("loss", "losses"),
            ("batch", "batches"),
            ("backward policy", "backward policies"),
            ("key", "keys"),
            ("box", "boxes"),
            ("axis", "axes"),
        ] {
            assert_eq!(plural(noun), many);
        }
        assert_eq!(counted(1_u64, "network"), "1 network");
        assert_eq!(counted(0_usize, "network"), "0 networks");
        assert_eq!(counted(18_usize, "element"), "18 elements");
    }

    /// No number of the system's is left in the words of any of its errors.
    #[test]
    fn errors_are_words() {
        for number in 1..134 {
            let words = io_words(&Error::from_raw_os_error(number));
            assert!(
                !words.contains("os error") && !words.is_empty(),
                "{number}: {words}"
            );
            assert!(
                !words.starts_with(|letter: char| letter.is_uppercase()),
                "{number}: {words}"
            );
        }
        assert_eq!(
            io_words(&Error::from_raw_os_error(17)),
            "a file or folder of this name exists already"
        );
        assert_eq!(
            io_words(&Error::other("the header is wrong")),
            "the header is wrong"
        );
    }
}
