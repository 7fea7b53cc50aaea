//! Folders of runs, made up.

use std::fs;
use std::path::{Path, PathBuf};

use gfn_record::distribution::{self, Row};
use gfn_record::folder::names;
use gfn_record::samples::{self, Sample};
use gfn_report::{Component, Run, page};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with runs.
pub(crate) struct RunFixture {
    root: TempDir,
}

impl RunFixture {
    pub(crate) fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn write(&self, run: &str, file: &str, text: &str) {
        fs::create_dir_all(self.path(run)).unwrap();
        fs::write(self.path(run).join(file), text).unwrap();
    }

    /// A finished run on a small grid.
    pub(crate) fn grid(&self, run: &str, seed: u64) {
        self.write(run, names::RESOLVED, &grid_file(seed));
        self.write(
            run,
            names::ORIGINS,
            &grid_file(seed).replace("steps = 40", "steps = 40  # grid.toml:20"),
        );
        self.write(run, names::MANIFEST, &manifest("grid", seed).to_string());
        self.write(run, names::METRICS, &metrics(40, seed as f64));
        let mut bytes = Vec::new();
        distribution::write(&mut bytes, cells()).unwrap();
        self.write(run, names::DISTRIBUTION, &String::from_utf8(bytes).unwrap());
        let drawn: Vec<Sample> = cells().map(|cell| sample(&cell.object, cell.reward)).collect();
        self.samples(run, &drawn);
    }

    /// A finished run that makes molecules.
    pub(crate) fn molecules(&self, run: &str) {
        let file = grid_file(0)
            .replace("kind = \"hypergrid\"", "kind = \"fragments\"")
            .replace("grid", "mol");
        self.write(run, names::RESOLVED, &file);
        let mut manifest = manifest("mol", 0);
        for (name, value) in [
            ("valid", 1.0),
            ("top_10", 0.9),
            ("mean_similarity", 0.2),
            ("modes", 3.0),
        ] {
            manifest["after"][format!("samples.{name}")] = json!(value);
        }
        self.write(run, names::MANIFEST, &manifest.to_string());
        self.write(run, names::METRICS, &metrics(40, 0.0));
        let smiles = [
            "CC(=O)Oc1ccccc1C(=O)O",
            "CN1CCN(CC1)c1nc2ccccc2[nH]1",
            "C[N+](C)(C)CC(=O)[O-]",
            "CC(=O)Oc1ccccc1C(=O)O",
        ];
        let drawn: Vec<Sample> = smiles
            .iter()
            .zip(1..)
            .map(|(smiles, rank)| sample(smiles, 1.0 / f64::from(rank)))
            .collect();
        self.samples(run, &drawn);
    }

    pub(crate) fn samples(&self, run: &str, drawn: &[Sample]) {
        let mut bytes = Vec::new();
        samples::write(&mut bytes, drawn).unwrap();
        self.write(run, names::SAMPLES, &String::from_utf8(bytes).unwrap());
    }

    pub(crate) fn read(&self, runs: &[&str]) -> Vec<Run> {
        runs.iter()
            .map(|run| Run::read(&self.path(run)).unwrap())
            .collect()
    }

    /// The page of some runs, with the folder's own name and the places where words may break taken out.
    pub(crate) fn page(&self, runs: &[&str]) -> String {
        let text = page(&self.read(runs), &known()).replace("<wbr>", "");
        text.replace(&*self.root.path().to_string_lossy(), "")
    }
}

/// A few components.
pub(crate) fn known() -> Vec<Component> {
    let part = |section: &str, name: &str, reference: &str| Component {
        section: section.into(),
        name: name.into(),
        purpose: String::new(),
        references: vec![reference.into()],
    };
    vec![
        part(
            "loss",
            "trajectory-balance",
            "Malkin et al. 2022, \"Trajectory balance\", arXiv 2201.13259",
        ),
        part("loss", "other", "Nobody 1999, \"Unused\", arXiv 0000.00000"),
    ]
}

pub(crate) fn grid_file(seed: u64) -> String {
    format!(
        "name = \"grid\"\ndescription = \"A small grid.\"\nseed = {seed}\n\n[environment]\nkind = \"hypergrid\"\nheight = 3\n\n\
         [loss]\nkind = \"trajectory-balance\"\n\n[training]\nsteps = 40\n"
    )
}

pub(crate) fn manifest(name: &str, seed: u64) -> Value {
    let measured = |step: u64, l1: f64| {
        json!({
            "step": step, "trajectories": 16 * step, "found.modes_visited": 2,
            "exact.l1": l1, "exact.total_variation": l1 / 2.0, "exact.jensen_shannon": l1 / 4.0, "exact.log_z_error": -l1, "exact.modes": 4,
            "samples.count": 9, "samples.mean_reward": 0.5, "samples.best_reward": 1.0, "samples.unique": 1.0, "samples.mean_length": 3.0,
        })
    };
    json!({
        "format": 1, "gfn": "0.1.0", "libtorch": "2.11.0", "name": name, "seed": seed, "status": "finished",
        "experiment": "grid.toml", "resolved_sha256": "0123456789abcdef", "device": "cpu", "threads": 1,
        "processor": "a processor", "parameters": 1234, "started": 1_700_000_000, "seconds": 3.0, "training_seconds": 2.0,
        "steps": 40, "log_z": 1.5,
        "phases": {"sampling": 0.5, "sampling_network": 0.5, "reward": 0.1, "plan": 0.1, "forward": 0.3, "loss": 0.1, "backward": 0.4},
        "before": measured(0, 1.0), "after": measured(40, 0.01),
    })
}

/// A line an update and a measurement every tenth, shifted by a number.
pub(crate) fn metrics(updates: u64, shift: f64) -> String {
    let step = |step: u64| {
        json!({
            "event": "step", "step": step, "trajectories": 16 * step, "train.loss": (shift + 5.0) / step as f64,
            "train.log_z": 1.5 - 1.0 / step as f64, "train.mean_reward": 0.5, "train.best_reward": 1.0, "train.mean_log_reward": -0.7 + 0.01 * step as f64,
            "train.mean_length": 3.0 + 0.1 * step as f64, "train.states": 9 + step, "train.gradient_norm": 1.0 / step as f64,
        })
    };
    let measured = |step: u64| {
        let mut measured = manifest("", 0)["after"].clone();
        measured["event"] = "measured".into();
        measured["step"] = step.into();
        measured["trajectories"] = (16 * step).into();
        measured
    };
    let lines = (1..=updates).flat_map(|number| {
        let measured = number.is_multiple_of(10).then(|| measured(number));
        [Some(step(number)), measured].into_iter().flatten()
    });
    lines.map(|line| format!("{line}\n")).collect()
}

pub(crate) fn cells() -> impl Iterator<Item = Row> {
    (0..9).map(|cell| Row {
        object: format!("{} {}", cell % 3, cell / 3),
        reward: if cell % 2 == 0 { 1.0 } else { 0.5 },
        target: 1.0 / 9.0,
        probability: f64::from(cell + 1) / 45.0,
    })
}

pub(crate) fn sample(object: &str, reward: f64) -> Sample {
    Sample {
        object: object.into(),
        reward,
        log_reward: reward.ln(),
        log_probability: None,
        steps: 3,
    }
}

/// Where a folder's path is of interest.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
