//! Whole screens, of runs that were made up.

use std::fs;
use std::path::Path;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyCode;
use serde_json::json;

use super::*;

/// A run on a grid after some of its 400 updates.
fn write(folder: &Path, seed: u64, updates: u64, status: &str) {
    fs::create_dir_all(folder).unwrap();
    let settings = format!(
        "name = \"grid\"\nseed = {seed}\n[environment]\nkind = \"hypergrid\"\n[reward]\nkind = \"hypergrid\"\n[loss]\nkind = \
         \"trajectory-balance\"\n[training]\nsteps = 400\n"
    );
    fs::write(folder.join("resolved.toml"), settings).unwrap();
    let manifest = json!({
        "format": 1, "gfn": "0.1.0", "libtorch": "2.11.0", "name": "grid", "seed": seed, "status": status, "experiment": "grid.toml",
        "resolved_sha256": "", "device": "cpu", "threads": 1, "processor": "", "parameters": 1, "started": 1_700_000_000 + seed,
        "steps": updates, "training_seconds": 2.0, "log_z": 1.5,
        "phases": {"sampling": 0.5, "sampling_network": 0.5, "reward": 0.1, "plan": 0.1, "forward": 0.2, "loss": 0.1, "backward": 0.2},
    });
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    let step = |step: u64| {
        let x = step as f64;
        json!({
            "event": "step", "step": step, "trajectories": 16 * step, "train.loss": 20.0 * (-x / 60.0).exp() + 0.01,
            "train.log_z": 1.5 - 3.0 * (-x / 80.0).exp(), "train.mean_reward": 0.2 + 0.3 * x / 400.0, "train.best_reward": 1.0, "train.mean_log_reward": -0.7,
            "train.mean_length": 3.0, "train.states": 9, "train.gradient_norm": 0.1,
        })
    };
    let measured = |step: u64| {
        json!({
            "event": "measured", "step": step, "trajectories": 16 * step, "found.modes_visited": 4,
            "exact.l1": 1.0 / (1.0 + step as f64 / 20.0), "exact.total_variation": 0.1, "exact.jensen_shannon": 0.05,
            "exact.log_z_error": -0.1, "exact.modes": 4,
            "samples.count": 9, "samples.mean_reward": 0.5, "samples.best_reward": 1.0, "samples.unique": 1.0, "samples.mean_length": 3.0,
        })
    };
    let lines = (1..=updates).flat_map(|number| {
        let measured = number.is_multiple_of(40).then(|| measured(number));
        [Some(step(number)), measured].into_iter().flatten()
    });
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("metrics.jsonl"), lines).unwrap();
    let samples = "object,reward,log_reward,log_probability,steps\n1 2,0.5,-0.7,,3\n0 7,2.5,0.9,,7\n";
    fs::write(folder.join("samples.csv"), samples).unwrap();
}

/// What [`watch`] would show now, as text so many columns wide and lines high.
fn snapshot(roots: &[PathBuf], (width, height): (u16, u16)) -> Result<String, TopError> {
    let board = Board::open(roots)?;
    let mut terminal = Terminal::new(TestBackend::new(width, height))
        .map_err(|never| io::Error::other(never.to_string()))?;
    terminal
        .draw(|frame| screen::draw(frame, &board))
        .map_err(|never| io::Error::other(never.to_string()))?;
    let buffer = terminal.backend().buffer();
    let line = |row: u16| -> String {
        let cells = (0..width).map(|column| buffer[(column, row)].symbol());
        cells.collect::<String>().trim_end().to_string() + "\n"
    };
    let text: String = (0..height).map(line).collect();
    Ok(text.trim_end().to_string() + "\n")
}

#[test]
fn one_run_fills_the_screen() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a");
    write(&folder, 3, 300, "finished");
    let text = snapshot(&[folder], (100, 40)).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn several_runs_are_listed_and_one_is_chosen() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("a"), 5, 100, "saved");
    write(&root.path().join("b"), 1, 400, "finished");
    write(&root.path().join("c\u{1b}[2J"), 2, 10, "failed");
    let mut board = Board::open(&[root.path().to_path_buf()]).unwrap();
    assert_eq!((board.runs.len(), board.chosen), (3, 0), "the newest");
    for (key, expected) in [
        (KeyCode::Down, 1),
        (KeyCode::Char('j'), 2),
        (KeyCode::Down, 2),
        (KeyCode::Home, 0),
        (KeyCode::Up, 0),
        (KeyCode::End, 2),
        (KeyCode::PageUp, 0),
    ] {
        board.press(key);
        assert_eq!(board.chosen, expected, "{key:?}");
    }
    board.press(KeyCode::Down);
    fs::remove_dir_all(root.path().join("a")).unwrap();
    board.refresh();
    assert_eq!((board.runs.len(), board.chosen), (2, 0), "the same run as before");

    let text = snapshot(&[root.path().to_path_buf()], (120, 40)).unwrap();
    for expected in ["finished", "failed", "100 %", "2 %", "0.04762"] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
}

/// What is no terminal gets lines of plain text.
#[test]
fn a_look_is_plain_text() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("a"), 5, 100, "finished");
    let one = Snapshot::into(&[root.path().to_path_buf()]).unwrap().text();
    for expected in ["25 %", "MEASURED LAST", "exact L1", "BEST OBJECTS", "0 7"] {
        assert!(one.contains(expected), "{expected} in\n{one}");
    }
    write(&root.path().join("b\u{1b}[2J"), 1, 400, "finished");
    let look = Snapshot::into(&[root.path().to_path_buf()]).unwrap();
    let text = look.text();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.starts_with("RUN"), "{text}");
    assert!(!text.contains(['\u{1b}', '│', '─']), "{text}");
    let updates: Vec<u64> = look.runs().filter_map(|(_, last)| Some(last?.step)).collect();
    assert_eq!(updates, [100, 400]);
}

#[test]
fn a_small_terminal_and_a_damaged_run_are_no_trouble() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("a"), 5, 100, "running");
    fs::write(root.path().join("a/manifest.json"), "{").unwrap();
    fs::write(root.path().join("a/metrics.jsonl"), "\0\n{\"event\":\"step\"}\n").unwrap();
    for size in [(1, 1), (20, 5), (300, 100)] {
        snapshot(&[root.path().to_path_buf()], size).unwrap();
    }
}

#[test]
fn folders_without_runs_are_told() {
    let root = tempfile::tempdir().unwrap();
    let message = |path: PathBuf| snapshot(&[path], (80, 24)).unwrap_err().to_string();
    assert!(message(root.path().to_path_buf()).starts_with("there is no run in"));
    assert!(message(root.path().join("x")).starts_with("there is no folder"));
}
