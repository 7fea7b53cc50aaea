//! `gfn new`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use gfn_registry::json_schema::SCHEMA_FILE;
use gfn_registry::template::{Wanted, new_file};

use super::{print_toml, schema};
use crate::args::NewArgs;
use crate::exit::Failure;

/// What a file on standard output is called.
const UNNAMED: &str = "experiment";

pub(crate) fn new(args: &NewArgs) -> Result<(), Failure> {
    let to_stdout = args.file == Path::new("-");
    if to_stdout && args.schema {
        let message = "`--schema` writes the schema beside the new file, but standard output has no folder";
        return Err(Failure::usage(format!("{message}; use `gfn schema -o FILE`")));
    }
    let folder = match args.file.parent() {
        Some(folder) if !to_stdout => folder,
        _ => Path::new(""),
    };
    let wanted = Wanted {
        name: name_of(&args.file),
        kinds: args.kinds(),
        sets: args.unset.over(&args.sets),
        schema: if args.schema {
            Some(SCHEMA_FILE.into())
        } else {
            schema_above(folder)
        },
    };
    let text = new_file(&wanted)?;
    if args.schema {
        schema::may_replace(&folder.join(SCHEMA_FILE))?;
    }
    if to_stdout {
        print_toml(&text)?;
    } else {
        create(&args.file, &text)?;
    }
    if args.schema {
        schema::write(&folder.join(SCHEMA_FILE))
    } else {
        Ok(())
    }
}

/// The name of an experiment in a file: that of the file, as far as it can name a folder.
fn name_of(file: &Path) -> String {
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy())
        .unwrap_or_default();
    let safe = |letter: char| {
        if letter.is_ascii_alphanumeric() || "._-".contains(letter) {
            letter
        } else {
            '-'
        }
    };
    let name: String = stem.chars().map(safe).take(100).collect();
    match name.trim_matches(['-', '.']) {
        "" => UNNAMED.into(),
        _ => name.trim_start_matches('.').into(),
    }
}

/// The schema that lies in the folder or in one above it, from the folder.
fn schema_above(folder: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(folder.join(".")).ok()?;
    let depth = whole
        .ancestors()
        .position(|above| above.join(SCHEMA_FILE).is_file())?;
    let up: PathBuf = std::iter::repeat_n("..", depth).collect();
    Some(up.join(SCHEMA_FILE))
}

/// Writes a file that is not there yet.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "`{}` exists already; choose another name",
            path.display()
        )),
        _ => Failure::system(format!("write `{}`", path.display()))(error),
    })?;
    file.write_all(text.as_bytes())
        .map_err(Failure::system(format!("write `{}`", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_name_folders() {
        for (file, name) in [
            ("mol.toml", "mol"),
            ("a/b c.toml", "b-c"),
            ("-", "experiment"),
            (".toml", "toml"),
            ("über.toml", "-ber"),
        ] {
            assert_eq!(name_of(Path::new(file)), name, "{file}");
        }
    }
}
