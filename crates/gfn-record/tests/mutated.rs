//! However a manifest, or the record of who writes a run, is spoiled, reading it ends with an answer.
//!
//! A program of its own: a process that another test is about to start would hold the lock on a folder for a moment, too.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

#[path = "../../../tests/support/random.rs"]
mod random;

use std::fs;

use gfn_record::folder::{FolderError, RunFolder, names};
use gfn_record::manifest::{DataFile, Manifest};

use random::{Random, spoil};

const MANIFEST: &str = r#"{
  "format": 1, "gfn": "0.1.0", "libtorch": "2.11.0", "name": "mol", "seed": 7, "status": "finished", "generation": 2,
  "experiment": "mol.toml", "data": [{"path": "/tmp/blocks.json", "sha256": "ba7816bf8f01cfea"}], "resolved_sha256": "ba78",
  "device": "cpu", "threads": 1, "processor": "x", "parameters": 12, "started": 1700000000, "seconds": 1.5e1, "steps": 100,
  "before": {"step": 0, "trajectories": 0, "samples.count": 9, "samples.mean_reward": 0.1, "samples.best_reward": 0.2,
  "samples.unique": 1.0, "samples.mean_length": 3.0}
}"#;

fn spoiled(text: &str, number: u64) -> Vec<u8> {
    let mut random = Random::new(5, number);
    let mut bytes = text.as_bytes().to_vec();
    (0..=random.below(2)).for_each(|_| spoil(&mut random, &mut bytes));
    bytes
}

#[test]
fn spoiled_manifests_have_answers() {
    let root = temporary();
    fs::write(root.path().join(names::RESOLVED), "").unwrap();
    let folder = RunFolder::open(root.path()).unwrap();
    let path = folder.file(names::MANIFEST);
    fs::write(&path, MANIFEST).unwrap();
    folder.manifest().unwrap();
    let mut refused = 0;
    for number in 0..5_000 {
        fs::write(&path, spoiled(MANIFEST, number)).unwrap();
        match folder.manifest() {
            Ok(manifest) => {
                let again: Manifest =
                    serde_json::from_str(&serde_json::to_string(&manifest).unwrap()).unwrap();
                assert_eq!(again, manifest, "case {number}");
            }
            Err(error) => {
                refused += 1;
                assert!(
                    error.to_string().contains(names::MANIFEST),
                    "case {number}: {error}"
                );
            }
        }
    }
    assert!((1_000..4_900).contains(&refused), "{refused}");
}

#[test]
fn a_spoiled_record_of_the_writer_hides_no_run() {
    let root = temporary();
    let (folder, _) = RunFolder::open_or_create(root.path(), false).unwrap();
    folder.write(names::RESOLVED, b"").unwrap();
    drop(folder);
    let records = || walk(root.path(), "holder.json");
    let text = fs::read_to_string(&records()[0]).unwrap();
    for number in 0..300 {
        // Each opening claims the folder anew; the last claim is the one that counts.
        let last = records().pop().unwrap();
        fs::write(&last, spoiled(&text, number)).unwrap();
        RunFolder::open_or_create(root.path(), true).unwrap_or_else(|error| panic!("case {number}: {error}"));
    }
}

/// The files of a name below a folder, sorted.
fn walk(folder: &std::path::Path, name: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path(), name));
        } else if entry.file_name() == name {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_no_file_is_not_pinned() {
    let error = DataFile::pin("/dev/zero".as_ref()).unwrap_err();
    assert!(matches!(error, FolderError::Io { .. }), "{error}");
}

/// A folder in memory where there is such a place: what is tried here needs no disk, and disks make it slow.
fn temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}
