//! What the documentation shows is true: fences are closed, links lead somewhere, files can be read, and blocks that are marked as
//! `runnable` run.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use super::{gfn, top};

#[path = "support/markdown.rs"]
mod markdown;

use markdown::{Block, Page, pages};

#[test]
fn fences_are_closed_and_links_lead_somewhere() {
    let pages = pages(&top());
    let mut wrong = Vec::new();
    for page in &pages {
        let fault = |line: usize, what: &str| format!("{}:{line}: {what}", page.name);
        wrong.extend(page.unclosed.map(|line| fault(line, "the fence is not closed")));
        for (line, target) in page.links() {
            if let Some(what) = broken(page, target) {
                wrong.push(fault(line, &format!("{target}: {what}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Why a link leads nowhere; addresses elsewhere are not looked at.
fn broken(page: &Page, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target
        .split_once('#')
        .map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = match file {
        "" => page.path.clone(),
        file => page.path.parent().expect("a folder").join(file),
    };
    if !path.exists() {
        return Some("there is no such file".into());
    }
    let anchor = anchor.filter(|_| path.extension().is_some_and(|end| end == "md"))?;
    let text = std::fs::read_to_string(&path).expect("a page");
    let anchors = Page::of(&path, "", &text).anchors();
    (!anchors.iter().any(|found| found == anchor)).then(|| "there is no such heading".into())
}

#[test]
fn blocks_of_toml_and_json_can_be_read_and_whole_experiments_can_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = Vec::new();
    let (mut count, mut whole) = (0, 0);
    for page in pages(&top()) {
        for block in &page.blocks {
            let fault = match block.language() {
                "toml" => block
                    .text
                    .parse::<toml::Table>()
                    .err()
                    .map(|error| error.to_string()),
                "json" => serde_json::from_str::<serde_json::Value>(&block.text)
                    .err()
                    .map(|error| error.to_string()),
                _ => continue,
            };
            count += 1;
            let is_whole = ["[environment]", "[reward]", "[loss]"]
                .iter()
                .all(|part| block.text.contains(part));
            let refused = || is_whole.then(|| refused(folder.path(), &block.text)).flatten();
            whole += usize::from(is_whole);
            let fault = fault.or_else(refused);
            wrong.extend(fault.map(|fault| format!("{}:{}: {fault}", page.name, block.line)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        count > 10 && whole > 0,
        "{count} blocks, {whole} whole experiments"
    );
}

/// What `gfn check` says against an experiment.
fn refused(folder: &Path, text: &str) -> Option<String> {
    let file = folder.join("experiment.toml");
    std::fs::write(&file, text).expect("a file");
    let output = gfn(&["check", &file.to_string_lossy()]);
    // A plugin that is only sketched on the page is not approved; everything else is checked.
    let said = said(&output);
    let is_unknown = said.contains("is in no `gfn.lock`") && said.contains(": 1 error\n");
    (!output.status.success() && !is_unknown).then_some(said)
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Blocks that begin with ```` ```sh runnable ````, page by page, each with what those before it left. Runs are short there.
#[test]
fn runnable_blocks_run() {
    let mut count = 0;
    for page in pages(&top()) {
        let blocks: Vec<&Block> = page.blocks.iter().filter(|block| block.is("runnable")).collect();
        if blocks.is_empty() {
            continue;
        }
        count += blocks.len();
        let folder = tempfile::tempdir().expect("a folder");
        symlink(top().join("experiments"), folder.path().join("experiments")).expect("a link");
        for block in blocks {
            let output = bash(folder.path(), &block.text);
            assert!(
                output.status.success(),
                "{}:{}: {}",
                page.name,
                block.line,
                said(&output)
            );
        }
    }
    assert!(count > 2, "{count} blocks");
}

/// Runs a block in a folder, with this program as `gfn`.
fn bash(folder: &Path, text: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_gfn")).parent().expect("a folder");
    let before = std::env::var("PATH").unwrap_or_default();
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", text])
        .current_dir(folder)
        .env("PATH", format!("{}:{before}", programs.display()))
        .env("HOME", folder)
        .env("GFN__TRAINING__STEPS", "20")
        .env("GFN__EVALUATION__SAMPLES", "20")
        .output()
        .expect("bash starts")
}

/// The batch script of the page about resuming puts back what was saved, by its own number in an array, and nothing else.
#[test]
fn the_batch_script_requeues_what_was_saved_by_its_own_number() {
    let page = pages(&top())
        .into_iter()
        .find(|page| page.name == "docs/resuming.md");
    let page = page.expect("the page");
    let script = page
        .blocks
        .iter()
        .find(|block| block.text.contains("#SBATCH"))
        .expect("a script");
    let folder = tempfile::tempdir().expect("a folder");
    program(folder.path(), "srun", "exec \"$@\"");
    program(folder.path(), "gfn", "echo \"$@\" >> said; exit $CODE");
    program(folder.path(), "scontrol", "echo \"$@\" >> said");
    let array = [("SLURM_ARRAY_JOB_ID", "70"), ("SLURM_ARRAY_TASK_ID", "3")];
    for (code, variables, expected) in [
        (
            "75",
            &array[..],
            "run experiment.toml --seed 3 --out runs/seed-3\nrequeue 70_3\n",
        ),
        (
            "75",
            &[],
            "run experiment.toml --seed 0 --out runs/seed-0\nrequeue 73\n",
        ),
        (
            "0",
            &array[..],
            "run experiment.toml --seed 3 --out runs/seed-3\n",
        ),
        ("1", &[], "run experiment.toml --seed 0 --out runs/seed-0\n"),
    ] {
        let _ = std::fs::remove_file(folder.path().join("said"));
        let output = Command::new("bash")
            .args(["-c", &script.text])
            .current_dir(folder.path())
            .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
            .env("CODE", code)
            .env("SLURM_JOB_ID", "73")
            .envs(variables.iter().copied())
            .output()
            .expect("bash starts");
        assert_eq!(
            output.status.code().map(|code| code.to_string()).as_deref(),
            Some(code),
            "{}",
            said(&output)
        );
        let found = std::fs::read_to_string(folder.path().join("said")).expect("something was said");
        assert_eq!(found, expected, "code {code}");
    }
}

/// A program that stands in for another.
fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
}
