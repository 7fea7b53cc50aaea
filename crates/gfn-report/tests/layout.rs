//! Pages fit the window, in Chromium: nothing is wider than it, no cell is cut, no word is broken, no two labels of a picture overlap.

use gfn_report::{FitPage, FittedMember, Sweep, TestedMolecule, fit_page, page, page_of_sweep};
use serde_json::{Value, json};

use super::browser::{chromium, open};
use super::made::{RunFixture, grid_file, known, manifest, metrics, sample};

const WIDTHS: [u32; 3] = [800, 1280, 1920];

/// A run with every figure that a run can have, and what its name and settings are.
fn run(made: &RunFixture, folder: &str, (name, loss, seed): (&str, &str, u64)) {
    let file = grid_file(seed)
        .replace("name = \"grid\"", &format!("name = \"{name}\""))
        .replace("trajectory-balance", loss);
    made.write(folder, "resolved.toml", &file);
    let mut manifest = manifest(name, seed);
    manifest["training_seconds"] = json!(12_345.6 + seed as f64);
    let long = json!({
        "samples.mean_reward": 1.4, "samples.valid": 1.0, "samples.top_10": 123_456.7 * (1.0 + seed as f64), "samples.top_100": 1.2e-7,
        "samples.top_1000": 0.9, "samples.mean_similarity": 0.2, "samples.modes": 3, "found.objects": 1_234_567,
        "found.top_10": 0.91 + 0.001 * seed as f64, "found.top_100": 0.83, "found.top_1000": -0.7, "found.top_similarity": 0.31,
    });
    for (name, value) in long.as_object().expect("an object") {
        manifest["after"][name] = value.clone();
    }
    made.write(folder, "manifest.json", &manifest.to_string());
    made.write(folder, "metrics.jsonl", &metrics(40, seed as f64));
    let drawn: Vec<_> = (0..5)
        .map(|index| sample(&"C1CCCCC1".repeat(index + 1), 1.0 / (1.0 + index as f64)))
        .collect();
    made.samples(folder, &drawn);
}

/// The page of so many runs: of one experiment up to three, and else of three runs each.
fn of_runs(made: &RunFixture, count: u64) -> String {
    let losses = [
        "trajectory-balance",
        "sub-trajectory-balance",
        "log-partition-variance",
    ];
    let folders: Vec<String> = (0..count)
        .map(|index| format!("runs-{count}/an-experiment/{index}"))
        .collect();
    for (index, folder) in (0..).zip(&folders) {
        let name = match count {
            0..4 => "grid".into(),
            _ if index < count / 2 => format!("a_rather_long_name_of-an-experiment.{}", index / 9),
            _ => format!("grid-{}", index / 9),
        };
        let loss = losses[index as usize / 3 % losses.len()];
        run(made, folder, (&name, loss, index % 3));
    }
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    page(&made.read(&folders), &known())
}

/// The page of a sweep with so many searched settings: tables, names and numbers in turn.
fn of_sweep(made: &RunFixture, parameters: usize) -> String {
    let folder = format!("sweep-{parameters}");
    let tables: Vec<Value> = ["trajectory-balance", "sub-trajectory-balance", "detailed-balance", "flow-matching"]
        .iter()
        .zip(1..)
        .map(|(kind, index)| json!({"kind": kind, "lambda": 0.1 * f64::from(index), "schedule": {"from": 0.1, "to": [1, 2]}}))
        .collect();
    let words = json!([
        "uniform",
        "a-name-that-is-far-longer-than-there-is-room-for",
        "tied",
        "learned"
    ]);
    let domains: Vec<Value> = (0..parameters)
        .map(|index| match index % 3 {
            0 => json!({"name": format!("section_{index}.loss"), "domain": {"choice": tables}}),
            1 => json!({"name": format!("optimizer.rate_{index}"), "domain": {"float": {"low": 1e-5, "high": 1e-1, "log": true}}}),
            _ => json!({"name": format!("backward_policy_{index}.kind"), "domain": {"choice": words}}),
        })
        .collect();
    let manifest = json!({
        "format": 1, "gfn": "0.1.0", "name": "a_rather_long_name", "experiment": "experiments/grid.toml", "method": "random", "seed": 0,
        "settings": 16, "seeds": [0, 1], "objective": "samples.top_100", "direction": "maximize", "parameters": domains,
        "retries": 1, "max_failures": 3,
    });
    made.write(&folder, "sweep.json", &manifest.to_string());
    for setting in 0..16u64 {
        let value = |index: usize, domain: &Value| match index % 3 {
            1 => json!(10f64.powf(-5.0 + 4.0 * (setting as f64 / 16.0))),
            _ => domain["domain"]["choice"][(setting as usize + index) % 4].clone(),
        };
        let values = domains.iter().enumerate();
        let values: serde_json::Map<String, Value> = values
            .map(|(index, domain)| (domain["name"].as_str().unwrap().to_string(), value(index, domain)))
            .collect();
        let file = json!({"setting": setting, "values": values, "point": []});
        made.write(
            &format!("{folder}/settings/{setting:06}"),
            "setting.json",
            &file.to_string(),
        );
        for repeat in 0..2 {
            let number = 2 * setting + repeat;
            let place = format!("{folder}/trials/{number:06}");
            let trial = json!({"trial": number, "setting": setting, "repeat": repeat, "seed": repeat, "values": values});
            made.write(&place, "trial.json", &trial.to_string());
            let objective = 0.001 * (setting as f64 + 0.1 * repeat as f64).exp();
            let result = json!({"objective": objective, "steps": 40, "failures": 0});
            made.write(&place, "result.json", &result.to_string());
        }
    }
    let sweep = Sweep::read(&made.path(&folder)).unwrap();
    assert!(sweep.faults.is_empty(), "{:?}", sweep.faults);
    page_of_sweep(&sweep, &sweep.best_runs(), &known())
}

fn of_fit() -> String {
    let tested = |index: usize| TestedMolecule {
        smiles: "C1CCCCC1".repeat(1 + index),
        value: -1234.5 - index as f64,
        predicted: -1230.0,
        deviation: 1.0,
    };
    fit_page(&FitPage {
        name: "energy_of-binding".into(),
        unit: Some("kcal/mol".into()),
        test: (0..12).map(tested).collect(),
        coverage: vec![(0.0, 0.0), (0.5, 0.4), (1.0, 1.0)],
        members: vec![FittedMember {
            training: vec![3.0, 2.0, 1.0],
            validation: vec![3.0, 2.5, 2.6],
        }],
        ..FitPage::default()
    })
}

/// Looks at every page in every width, and writes what is wrong into the title.
const MEASURE: &str = r##"<script>
const words = /[\p{L}\p{N}]{2,24}/gu;
const told = [];
const check = (frame) => {
  const { contentDocument: page, contentWindow: view } = frame;
  const tell = (what) => told.push(`${frame.title}: ${what}`);
  for (const part of page.querySelectorAll("details")) part.open = true;
  const root = page.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) tell(`the page is ${root.scrollWidth} wide`);
  for (const box of page.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth + 1) tell(`a table is ${box.scrollWidth - box.clientWidth} too wide: ${box.innerText.slice(0, 60)}`);
    if (!box.classList.contains("tall") && box.scrollHeight > box.clientHeight + 1) tell("rows are hidden");
  }
  for (const cell of page.querySelectorAll("th, td, .facts dd, .facts dt, h1, h2, h3, .key, .notice, .tiles div")) {
    if (cell.clientWidth > 0 && cell.scrollWidth > cell.clientWidth + 1) tell(`cut: ${cell.innerText}`);
  }
  for (const place of page.querySelectorAll("th, td:not(.object), h1, h2, h3, .key, .facts dt, .notice")) {
    const walker = page.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      for (const word of text.data.matchAll(words)) {
        const range = page.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].filter((box) => box.width > 0).map((box) => Math.round(box.top / 4)));
        if (lines.size > 1) tell(`broken: ${word[0]} in ${place.innerText}`);
      }
    }
  }
  for (const svg of page.querySelectorAll("svg.plot")) {
    const edge = svg.parentElement.getBoundingClientRect();
    const labels = [...svg.querySelectorAll("text")].map((text) => ({ name: [...text.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join(""), box: text.getBoundingClientRect() }));
    labels.forEach(({ name, box }, index) => {
      const beyond = Math.max(edge.left - box.left, box.right - edge.right, box.bottom - edge.bottom);
      if (name && beyond > 3) tell(`${beyond} outside of its panel: ${name} in ${svg.getAttribute("aria-label")}`);
      for (const other of labels.slice(0, index)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 1 && down > 3) tell(`overlap: ${name} and ${other.name} in ${svg.getAttribute("aria-label")}`);
      }
    });
  }
};
addEventListener("load", () => {
  const frames = [...document.querySelectorAll("iframe")];
  frames.forEach(check);
  document.title = `${frames.length} looked at\n${[...new Set(told)].join("\n")}`;
});
</script>"##;

#[test]
fn pages_fit_their_windows() {
    let Some(chromium) = chromium() else { return };
    let made = RunFixture::new();
    let mut pages: Vec<(String, String)> = [1, 3, 9, 30]
        .map(|count| (format!("{count} runs"), of_runs(&made, count)))
        .to_vec();
    pages.extend([2, 7, 14].map(|count| (format!("sweep of {count}"), of_sweep(&made, count))));
    pages.push(("fit".into(), of_fit()));
    let folder = tempfile::tempdir().unwrap();
    let mut frames = String::new();
    for (name, text) in &pages {
        let file = format!("{}.html", name.replace(' ', "-"));
        std::fs::write(folder.path().join(&file), text).unwrap();
        for width in WIDTHS {
            frames += &format!(
                "<iframe src=\"{file}\" title=\"{name}, {width}\" width=\"{width}\" height=\"900\"></iframe>\n"
            );
        }
    }
    let whole = format!(
        "<!DOCTYPE html>\n<html><head><title>waiting</title></head><body>{frames}{MEASURE}</body></html>"
    );
    std::fs::write(folder.path().join("page.html"), whole).unwrap();
    let (document, console) = open(chromium, folder.path(), &["--allow-file-access-from-files"]);
    assert_eq!(console, "");
    let title = document
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next());
    let (looked_at, faults) = title.unwrap().split_once('\n').unwrap_or_default();
    assert_eq!(looked_at, format!("{} looked at", pages.len() * WIDTHS.len()));
    assert!(faults.is_empty(), "{faults}");
}
