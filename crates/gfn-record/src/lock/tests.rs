//! Two writers in one process, the first made to look as if it were on another machine.

use std::fs;

use super::*;
use crate::checkpoint::{Part, Store, latest};
use crate::folder::{RunFolder, names};
use crate::growing::Lines;

/// Says that the holder of a generation is another one.
fn pretend(run: &Path, generation: u64, holder: &Holder) {
    let claim = claim(&run.join(PLACE), generation);
    fs::write(claim.join(holder::RECORD), serde_json::to_vec(holder).unwrap()).unwrap();
}

fn elsewhere() -> Holder {
    Holder {
        pid: 7,
        host: "far-away".into(),
        boot: "another".into(),
        ..Holder::default()
    }
}

/// Removed under a run and made again by another, a folder counts its generations anew; the first run writes nothing there.
#[test]
fn a_folder_removed_and_made_again_is_another() {
    let root = tempfile::tempdir().unwrap();
    let run = root.path().join("run");
    let (old, _) = RunFolder::open_or_create(&run, false).unwrap();
    old.write(names::RESOLVED, b"old").unwrap();
    fs::remove_dir_all(&run).unwrap();
    assert!(matches!(old.write("x", b""), Err(FolderError::Gone(_))));
    let (new, fresh) = RunFolder::open_or_create(&run, false).unwrap();
    assert!(fresh && new.writer().unwrap().generation() == old.writer().unwrap().generation());
    let refused = old.write(names::RESOLVED, b"old").unwrap_err();
    assert!(matches!(refused, FolderError::Fenced { .. }), "{refused}");
    let place = nest(&claim(&run.join(PLACE), 1), &old.writer().unwrap().holder);
    assert!(!place.exists(), "what it writes aside has no place either");
    drop(old);
    let holder = Holder::of(&claim(&run.join(PLACE), 1)).unwrap();
    assert!(!holder.released, "the new writer was not said to have stopped");
    new.write(names::RESOLVED, b"new").unwrap();
}

fn take_over(run: &Path) -> RunFolder {
    pretend(run, 1, &elsewhere());
    RunFolder::open_or_create(run, true).unwrap().0
}

#[test]
fn a_second_writer_is_refused_and_told_who_holds_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let first = Writer::acquire(root.path(), 0, false).unwrap();
    for takeover in [false, true] {
        let message = Writer::acquire(root.path(), 0, takeover).unwrap_err().to_string();
        let holder = format!(
            "is being written by process {} on {}",
            std::process::id(),
            first.holder.host
        );
        assert!(message.contains(&holder), "{message}");
    }
    drop(first);
    assert_eq!(Writer::acquire(root.path(), 0, false).unwrap().generation(), 2);
    assert_eq!(Writer::acquire(root.path(), 9, false).unwrap().generation(), 10);
}

#[test]
fn a_writer_elsewhere_is_left_alone_unless_it_stopped_or_is_taken_over_from() {
    let root = tempfile::tempdir().unwrap();
    drop(Writer::acquire(root.path(), 0, false).unwrap());
    pretend(root.path(), 1, &elsewhere());
    let error = Writer::acquire(root.path(), 0, false).unwrap_err();
    assert!(matches!(error, FolderError::Elsewhere { .. }));
    assert!(error.to_string().contains("process 7 on far-away"), "{error}");
    drop(Writer::acquire(root.path(), 0, true).unwrap());
    pretend(
        root.path(),
        2,
        &Holder {
            released: true,
            ..elsewhere()
        },
    );
    assert_eq!(Writer::acquire(root.path(), 0, false).unwrap().generation(), 3);
}

#[test]
fn a_writer_says_that_it_stopped() {
    let root = tempfile::tempdir().unwrap();
    let record = || Holder::of(&claim(&root.path().join(PLACE), 1)).unwrap();
    let writer = Writer::acquire(root.path(), 0, false).unwrap();
    assert_eq!(record(), writer.holder);
    assert!(!record().released);
    drop(writer);
    assert!(record().released);
}

#[test]
fn the_lock_counts_even_without_a_record() {
    let root = tempfile::tempdir().unwrap();
    let _first = Writer::acquire(root.path(), 0, false).unwrap();
    fs::remove_file(claim(&root.path().join(PLACE), 1).join(holder::RECORD)).unwrap();
    let message = Writer::acquire(root.path(), 0, true).unwrap_err().to_string();
    assert!(
        message.contains("is being written by another process"),
        "{message}"
    );
}

#[test]
fn a_later_claim_alone_shuts_a_writer_out() {
    let root = tempfile::tempdir().unwrap();
    let stale = Writer::acquire(root.path(), 0, false).unwrap();
    fs::create_dir(claim(&root.path().join(PLACE), 2)).unwrap();
    let path = root.path().join("x");
    assert!(matches!(stale.write(&path, b""), Err(FolderError::Fenced { .. })));
    assert!(!path.exists());
}

#[test]
fn a_process_that_was_killed_while_it_claimed_is_no_obstacle() {
    let root = tempfile::tempdir().unwrap();
    drop(Writer::acquire(root.path(), 0, false).unwrap());
    let place = root.path().join(PLACE);
    fs::create_dir(claim(&place, 2)).unwrap();
    fs::create_dir(claim(&place, 3)).unwrap();
    fs::write(claim(&place, 3).join(holder::RECORD), b"{\"pid\":").unwrap();
    fs::create_dir(place.join("gone-0")).unwrap();
    fs::write(place.join("gone-0/x"), b"").unwrap();
    let writer = Writer::acquire(root.path(), 0, false).unwrap();
    assert_eq!(writer.generation(), 4);
    let mut left = names_in(&place).unwrap();
    left.sort();
    assert_eq!(left, ["generation-4", "lock"]);
}

#[test]
fn a_writer_that_was_shut_out_publishes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let stale = RunFolder::create(root.path()).unwrap();
    stale.write(names::RESOLVED, b"").unwrap();
    let mut store = Store::open(&stale, 2).unwrap();
    let parts = |text: &str| [Part::new("x", text.as_bytes().to_vec())];
    store.save(5, &parts("before")).unwrap();
    let mut lines = Lines::resume(&stale, "x", 0).unwrap();
    lines.push(&1).unwrap();

    let now = take_over(root.path());
    let mut resumed = Lines::resume(&now, "x", lines.offset()).unwrap();
    let fenced = |result| matches!(result, Err(FolderError::Fenced { .. }));
    assert!(fenced(stale.writer().unwrap().check()));
    assert!(fenced(stale.write("x", b"stale")));
    assert!(fenced(store.save(6, &parts("stale")).map(drop)));
    lines.push(&"stale").unwrap();
    resumed.push(&2).unwrap();
    drop((stale, store));
    now.writer()
        .unwrap()
        .check()
        .expect("leaving, the first one took nothing with it");
    assert_eq!(fs::read_to_string(now.file("x")).unwrap(), "1\n2\n");
    assert_eq!(latest(root.path()).unwrap().newest.unwrap().key.step, 5);

    Store::open(&now, 2).unwrap().save(4, &parts("now")).unwrap();
    assert_eq!(
        latest(root.path()).unwrap().newest.unwrap().parts,
        parts("now"),
        "a later writer wins"
    );
}

#[test]
fn a_writer_that_is_shut_out_in_the_midst_of_a_file_does_not_publish_it() {
    let root = tempfile::tempdir().unwrap();
    let stale = RunFolder::create(root.path()).unwrap();
    stale.write(names::RESOLVED, b"").unwrap();
    stale.write("x", b"old").unwrap();
    let mut now = None;
    let written = stale.writer().unwrap().publish(&stale.file("x"), |file| {
        now = Some(take_over(root.path()));
        file.write_all(b"stale")
    });
    let message = written.unwrap_err().to_string();
    let expected = format!("was taken over by process {} on", std::process::id());
    assert!(message.contains(&expected), "{message}");
    assert_eq!(fs::read(stale.file("x")).unwrap(), b"old");
}

/// While the disk is full, old checkpoints make room one by one; the newest stays, also where that is not enough.
#[test]
fn old_checkpoints_make_room_on_a_full_disk() {
    let root = tempfile::tempdir().unwrap();
    let (folder, _) = RunFolder::open_or_create(&root.path().join("run"), false).unwrap();
    folder.write(names::RESOLVED, b"").unwrap();
    let mut store = Store::open(&folder, 3).unwrap();
    let paths: Vec<_> = (1..=3)
        .map(|step| store.save(step, &[Part::new("a", vec![1; 10])]).unwrap())
        .collect();
    let writer = folder.writer().unwrap();
    let there = || paths.iter().map(|path| path.exists()).collect::<Vec<_>>();
    let full = |times: &mut u32| match std::mem::replace(times, times.saturating_sub(1)) {
        0 => Ok(()),
        _ => Err(io::Error::from(io::ErrorKind::StorageFull)),
    };
    let mut once = 1;
    writer.with_room(|| full(&mut once)).unwrap();
    assert_eq!((there(), writer.deleted()), (vec![false, true, true], 1));
    let mut always = u32::MAX;
    let error = writer.with_room(|| full(&mut always)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!((there(), writer.deleted()), (vec![false, false, true], 2));
    // Other errors cost nothing, and neither does a writer that was shut out.
    store.save(4, &[Part::new("a", Vec::new())]).unwrap();
    let denied = || Err::<(), _>(io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(writer.with_room(denied).is_err() && paths[2].exists());
    let _newer = take_over(folder.path());
    let mut once = 1;
    assert!(writer.with_room(|| full(&mut once)).is_err() && paths[2].exists());
}
