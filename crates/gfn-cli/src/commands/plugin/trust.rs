//! `gfn plugin trust`.

use std::path::{Path, PathBuf};

use gfn_plugins::trust::{Approvals, Identity, LockFile, Pin, TrustError, identity, uncovered};
use gfn_plugins::{Confinement, Description, Options, Program, Protocol, describe};
use gfn_registry::plugin::host;
use gfn_registry::plugin::settings::Source;

use super::{failed, info, program};
use crate::commands::consent::{is_agreed, typed};
use crate::commands::print;
use crate::exit::Failure;

/// A plugin that is to be trusted, or no longer.
struct TrustRequest {
    /// What names it.
    by: String,
    source: Source,
    program: Program,
    identity: Identity,
    /// The folder of what names it.
    folder: PathBuf,
}

pub(crate) fn trust(words: &[String], yes: bool, revoke: bool, profile: Option<&str>) -> Result<(), Failure> {
    let asked = match words {
        [file] if file.ends_with(".toml") => of_experiment(Path::new(file), profile)?,
        words => vec![of_program(words)?],
    };
    if asked.is_empty() {
        return print(&format!("{} names no plugin.\n", words[0]));
    }
    asked.iter().try_for_each(|asked| match revoke {
        true => take_back(asked),
        false => approve(asked, yes),
    })
}

/// The plugins that an experiment names.
fn of_experiment(file: &Path, profile: Option<&str>) -> Result<Vec<TrustRequest>, Failure> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let folder = std::path::absolute(folder.join(".")).map_err(Failure::system("find the current folder"))?;
    let sources = gfn_registry::plugin::named(file, profile)?;
    let sources = sources.into_iter().map(|(section, mut source)| {
        // What is shown is what is approved, whatever a path leads to by then.
        source.follow();
        let started_in = PathBuf::from(source.folder.clone().unwrap_or_default());
        let program = source.program(&started_in);
        Ok(TrustRequest {
            by: format!("`{section}` of {}", file.display()),
            identity: identity(&program).map_err(refused)?,
            program,
            source,
            folder: folder.clone(),
        })
    });
    sources.collect()
}

/// The plugin on the command line.
fn of_program(words: &[String]) -> Result<TrustRequest, Failure> {
    let program = program(words, Protocol::default())?;
    let folder = std::env::current_dir().map_err(Failure::system("find the current folder"))?;
    Ok(TrustRequest {
        by: "the command line".to_string(),
        identity: identity(&program).map_err(refused)?,
        source: source_of(&program),
        program,
        folder,
    })
}

/// The settings that name the program, as an experiment would.
fn source_of(program: &Program) -> Source {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    match program {
        Program::Library { path, .. } => Source {
            path: Some(text(path)),
            ..Source::default()
        },
        Program::Command { words, folder, .. } => Source {
            command: words.clone(),
            folder: Some(text(folder)),
            ..Source::default()
        },
    }
}

fn refused(error: TrustError) -> Failure {
    Failure::usage(error.to_string())
}

fn approve(asked: &TrustRequest, yes: bool) -> Result<(), Failure> {
    print(&told(asked))?;
    if !yes && !is_agreed("Approve it?", "if you have read what would run, use --yes")? {
        return Err(Failure::usage("nothing was approved".to_string()));
    }
    let options = Options::new(asked.identity.shown.clone(), pinned(asked), host());
    let description = describe(&Options {
        confinement: asked.source.confinement(),
        ..options
    });
    let description = description.map_err(failed)?;
    let lock = LockFile::near(&asked.folder).map_err(refused)?.path;
    let name = description.name.clone();
    let pin = pin(asked, &lock, description.clone());
    LockFile::update(&lock, |lock| lock.pin(pin)).map_err(refused)?;
    let mut approvals = Approvals::usual().map_err(refused)?;
    let (hash, shown) = (&asked.identity.sha256, &asked.identity.shown);
    approvals.approve(hash, &name, shown).map_err(refused)?;
    let approval = asked.source.approval(hash);
    if approval != *hash {
        let exceptions = asked.source.exceptions();
        let note = match exceptions.is_empty() {
            true => shown.clone(),
            false => format!("{shown}: may {}", exceptions.join(", ")),
        };
        approvals.approve(&approval, &name, &note).map_err(refused)?;
    }
    print(&format!(
        "\n{}\nPinned in {}, approved in {}.\n",
        info::text(&description),
        lock.display(),
        approvals.path().display()
    ))
}

/// The program, held to the bytes that were shown.
fn pinned(asked: &TrustRequest) -> Program {
    match &asked.program {
        Program::Library { path, .. } => Program::Library {
            path: path.clone(),
            expected_hash: Some(asked.identity.sha256.clone()),
        },
        Program::Command {
            words,
            folder,
            protocol,
            code,
            ..
        } => Program::Command {
            words: words.clone(),
            folder: folder.clone(),
            protocol: *protocol,
            code: code.clone(),
            expected_hash: Some(asked.identity.sha256.clone()),
        },
    }
}

fn pin(asked: &TrustRequest, lock: &Path, description: Description) -> Pin {
    let folder = lock.parent().unwrap_or(Path::new(""));
    let name = description.name.clone();
    Pin::new(name, &asked.program, &asked.identity, description, folder)
}

/// What would be loaded, and what it may do. What matters most comes last, where it is seen: a long list of files scrolls.
fn told(asked: &TrustRequest) -> String {
    let Identity {
        shown,
        sha256,
        size,
        files,
        left_out,
        ..
    } = &asked.identity;
    let mut text = format!("{} would load {shown}\n", gfn_text::visible(&asked.by));
    let mut list = |title: &str, lines: &mut dyn Iterator<Item = String>| {
        let lines: String = lines
            .map(|line| format!("    {}\n", gfn_text::visible(&line)))
            .collect();
        if !lines.is_empty() {
            text += &format!("  {title}:\n{lines}");
        }
    };
    list(
        "files, each with its SHA-256",
        &mut files.iter().map(|file| format!("{} {}", file.sha256, file.name)),
    );
    list(
        "left out, and kept from being read",
        &mut left_out.iter().cloned(),
    );
    if let Program::Command {
        words, folder, code, ..
    } = &asked.program
    {
        list(
            "not part of the hash: the interpreter, of which the path is approved, and its packages, which are free to change",
            &mut uncovered(&asked.program)
                .iter()
                .map(|path| path.display().to_string()),
        );
        list(
            "code is what the file says",
            &mut code.iter().map(|path| path.display().to_string()),
        );
        list("started in", &mut std::iter::once(folder.display().to_string()));
        text += &format!("  command:\n    {}\n", typed(words));
    }
    text += &may(asked);
    text += &format!(
        "  {}, {size} bytes, SHA-256 {sha256}\n",
        gfn_text::counted(files.len(), "file")
    );
    let approval = asked.source.approval(sha256);
    if approval != *sha256 {
        text += &format!("  SHA-256 {approval} with what it may do and the interpreter's path\n");
    }
    text
}

/// What its process may do.
fn may(asked: &TrustRequest) -> String {
    let exceptions = asked.source.exceptions();
    if !exceptions.is_empty() {
        let line = |exception: &String| format!("  and let it {}\n", gfn_text::visible(exception));
        let files = match asked.source.confinement() {
            Confinement { read, write, .. } if !read.is_empty() || !write.is_empty() => {
                "  (what it reads and writes there is not part of the hash)\n"
            }
            _ => "",
        };
        return exceptions.iter().map(line).collect::<String>() + files;
    }
    let files = match asked.program {
        Program::Library { .. } => "no files but the system's libraries",
        Program::Command { .. } => "no files but to read, and beside it only its own code",
    };
    format!(
        "  in a confined process: no network, no other programs, {files}, no secrets of the environment\n"
    )
}

fn take_back(asked: &TrustRequest) -> Result<(), Failure> {
    let mut approvals = Approvals::usual().map_err(refused)?;
    let hash = &asked.identity.sha256;
    let mut was = approvals.revoke(hash).map_err(refused)?;
    was |= approvals.revoke(&asked.source.approval(hash)).map_err(refused)?;
    let shown = &asked.identity.shown;
    print(&match was {
        true => format!("{shown} is approved no longer.\n"),
        false => format!("{shown} was not approved.\n"),
    })
}
