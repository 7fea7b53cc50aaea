//! Proxies: fitted to a table, used as a reward, refused where they cannot be.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{fail, gfn, succeed};

/// Chains and rings with ends of several kinds; their value is the number of heavy atoms, less ten for each oxygen.
fn table() -> String {
    let (cores, ends) = (
        ["", "c1ccccc1", "C1CCNCC1", "c1ccsc1", "C(F)", "C(Cl)", "C(Br)"],
        ["C", "O", "N", "C(=O)N", "C#N", "OC"],
    );
    let mut text = String::from("id,SMILES,score\n");
    for length in 1..=4 {
        for core in cores {
            for end in ends {
                let smiles = format!("{}{core}{end}", "C".repeat(length));
                let atoms = smiles.chars().filter(|c| c.is_ascii_alphabetic()).count();
                let oxygens = smiles.matches('O').count();
                let value = atoms as f64 - 10.0 * oxygens as f64;
                let _ = writeln!(text, "m{length},{smiles},{value}");
            }
        }
    }
    text
}

const SMALL: [&str; 10] = [
    "--value",
    "score",
    "--quiet",
    "--ensemble",
    "2",
    "--epochs",
    "30",
    "--hidden",
    "16",
    "--learning-rate=0.01",
];

/// Writes a table and fits to it; returns where the proxy is.
fn fitted(folder: &Path, more: &[&str]) -> (PathBuf, String) {
    let data = folder.join("table.csv");
    std::fs::write(&data, table()).unwrap();
    let out = folder.join("fitted.safetensors");
    let (data, path) = (data.display().to_string(), out.display().to_string());
    let said = succeed(&[&["proxy", "fit", &data, "--out", &path][..], &SMALL, more].concat());
    (out, said)
}

fn figure(said: &str, name: &str) -> [f64; 2] {
    let line = said.lines().find(|line| line.starts_with(name)).unwrap();
    let mut numbers = line[name.len()..]
        .split_whitespace()
        .map(|word| word.parse().unwrap());
    [numbers.next().unwrap(), numbers.next().unwrap()]
}

#[test]
fn a_proxy_is_fitted_told_of_and_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let (out, said) = fitted(folder.path(), &["--threads", "1", "--unit", "points"]);
    let [without, with] = figure(&said, "root mean square error");
    assert!(with < 0.5 * without, "{said}");
    assert!(
        said.contains("136 to train, 16 to validate, 16 to test (random split)"),
        "{said}"
    );
    let page = std::fs::read_to_string(out.with_extension("html")).unwrap();
    assert!(page.contains("Proxy of score") && page.contains("predicted (points)"));

    let bytes = std::fs::read(&out).unwrap();
    let path = out.display().to_string();
    succeed(&["verify", &path]);
    for at in [9, 200, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(&out, changed).unwrap();
        fail(&["verify", &path], 1);
        let said = gfn(&["proxy", "info", &path]);
        assert!(!said.status.success(), "byte {at}");
    }
    fitted(folder.path(), &["--threads", "2", "--unit", "points"]);
    assert!(
        bytes == std::fs::read(&out).unwrap(),
        "other bytes on two threads"
    );

    let path = out.display().to_string();
    let told = succeed(&["proxy", "info", &path]);
    for part in [
        "score points; greater values are better",
        "features        version 1",
        "C, N, O, F, S, Cl, Br",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told: Value = serde_json::from_str(&succeed(&["proxy", "info", &path, "--json"])).unwrap();
    assert_eq!(told["split"]["training"], 136);
    assert_eq!(told["data"]["sha256"].as_str().unwrap().len(), 64);
}

/// An experiment of small molecules with the proxy in `file`.
fn experiment(folder: &Path, reward: &str) -> String {
    let path = folder.join("small.toml");
    let text = format!(
        "name = \"small\"\n[environment]\nkind = \"fragments\"\nmin_blocks = 2\nmax_blocks = 2\n[reward]\nkind = \"proxy\"\n\
         path = \"fitted.safetensors\"\nfloor = 0.01\n{reward}\n[network]\nkind = \"message-passing\"\nhidden = 8\nlayers = 1\n\
         [loss]\nkind = \"trajectory-balance\"\n[training]\nsteps = 6\nbatch_size = 8\nlog_every = 1\n[evaluation]\nsamples = 40\n\
         [checkpoint]\nevery_steps = 2\n"
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_run_is_rewarded_by_a_proxy_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    fitted(folder.path(), &["--minimize", "--no-report"]);
    let out = |name: &str| folder.path().join(name).display().to_string();
    let file = experiment(folder.path(), "offset = 12.0\nscale = 10.0");
    succeed(&["run", &file, "--quiet", "--no-report", "--out", &out("whole")]);
    let manifest: Value = serde_json::from_str(&read(folder.path(), "whole/manifest.json")).unwrap();
    assert!(
        manifest["data"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("fitted.safetensors"),
        "{manifest}"
    );
    assert!(
        manifest["reward"].to_string().contains("test error"),
        "{manifest}"
    );
    // Fewer atoms and more oxygens are better here.
    let samples = read(folder.path(), "whole/samples.csv");
    assert!(
        samples.lines().count() == 41 && samples.contains('O'),
        "{samples}"
    );

    // Stopped after its first updates and gone on with, it leaves the same bytes.
    succeed(&[
        "run",
        &file,
        "--quiet",
        "--no-report",
        "--out",
        &out("parted"),
        "--set",
        "training.steps=4",
    ]);
    let longer = [
        "resume",
        &out("parted"),
        "--quiet",
        "--no-report",
        "--set",
        "training.steps=6",
        "--accept-changes",
    ]
    .map(str::to_string);
    succeed(&longer.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        read(folder.path(), "whole/samples.csv"),
        read(folder.path(), "parted/samples.csv")
    );

    for reward in [
        "acquisition = \"ucb\"\nbeta = 2.0",
        "acquisition = \"expected-improvement\"\nbest = 5.0",
    ] {
        let file = experiment(folder.path(), reward);
        succeed(&["check", "--deny-warnings", &file]);
        succeed(&[
            "run",
            &file,
            "--quiet",
            "--no-report",
            "--out",
            &out(&reward[15..18]),
        ]);
    }
    let [ucb, improvement] = ["ucb", "exp"].map(|name| read(folder.path(), &format!("{name}/samples.csv")));
    assert_ne!(ucb, improvement);
}

#[test]
fn wrong_rewards_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (proxy, _) = fitted(folder.path(), &["--no-report"]);
    let refused = |reward: &str, expected: &str| {
        let file = experiment(folder.path(), reward);
        let said = fail(&["check", &file], 2);
        assert!(said.contains(expected), "{reward}: {said}");
    };
    refused(
        "beta = 2.0",
        "`reward.beta` does nothing: it belongs to `acquisition = \"ucb\"`",
    );
    refused("acquisition = \"mode\"", "mode");
    refused(&format!("sha256 = \"{}\"", "0".repeat(64)), "not 000");
    refused("scale = 0.0", "scale");
    let file = experiment(folder.path(), "");
    assert!(fail(&["check", &file, "--set", "reward.floor=0"], 2).contains("floor"));
    let said = fail(&["check", &file, "--set", "environment.kind=hypergrid"], 2);
    assert!(said.contains("molecules"), "{said}");

    // Another version of what networks see, a spoiled file, another file, and none.
    let bytes = std::fs::read(&proxy).unwrap();
    let text = String::from_utf8_lossy(&bytes)
        .find("\\\"features\\\":1")
        .unwrap();
    let mut newer = bytes.clone();
    newer[text + "\\\"features\\\":".len()] = b'2';
    std::fs::write(&proxy, newer).unwrap();
    assert!(fail(&["check", &file], 2).contains("fit it again with `gfn proxy fit`"));
    std::fs::write(&proxy, &bytes[..bytes.len() - 40]).unwrap();
    assert!(fail(&["check", &file], 2).contains("holds no proxy that `gfn proxy fit` made"));
    std::fs::write(&proxy, "no").unwrap();
    assert!(fail(&["proxy", "info", &proxy.display().to_string()], 2).contains("holds no proxy"));
    std::fs::remove_file(&proxy).unwrap();
    assert!(fail(&["check", &file], 2).contains("`gfn proxy fit DATA.csv` makes one"));
}

#[test]
fn wrong_tables_are_refused_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("table.csv");
    let path = data.display().to_string();
    let out = folder.path().join("out.safetensors");
    let fit = ["proxy", "fit", &path, "--out", &out.display().to_string()].map(str::to_string);
    let fit: Vec<&str> = fit.iter().map(String::as_str).collect();
    let refused = |text: &str, more: &[&str], expected: &str| {
        std::fs::write(&data, text).unwrap();
        let said = fail(&[&fit[..], more].concat(), 2);
        assert!(said.contains(expected), "{said}");
        assert!(!out.exists());
    };
    refused("", &[], "is empty");
    refused(
        &table(),
        &[],
        "could be the value: `id`, `score`; choose one with `--value`",
    );
    refused(&table(), &["--value", "scoer"], "did you mean `score`?");
    refused(
        "smiles,y\nCCO,1\nCCN,2\nCCC,3\n",
        &[],
        "3 different molecules are too few",
    );
    let mut long = table();
    let lines = long.lines().count();
    (lines..4710).for_each(|_| long.push_str("m,CCO,1.0\n"));
    long.push_str("m,C1CC,1.0\n");
    refused(
        &long,
        &["--value", "score"],
        "line 4711, column `SMILES`: `C1CC` is not a SMILES",
    );
    let same: String = (1..40)
        .map(|length| format!("{},2.5\n", "C".repeat(length)))
        .collect();
    refused(&format!("smiles,y\n{same}"), &[], "have the same value, 2.5");
    for (option, range) in [
        ("--ensemble", "from 1 to 100"),
        ("--patience", "from 1 to 1000000"),
        ("--batch-size", "from 1 to 100000"),
    ] {
        let said = format!("`{option}` cannot be `0`: expected a whole number {range}");
        refused(&table(), &["--value", "score", option, "0"], &said);
    }
    let said = fail(&["proxy", "fit", "nowhere.csv"], 2);
    assert!(said.contains("the table `nowhere.csv` cannot be read"), "{said}");

    // With --skip-bad the rest is fitted to, and lines tell of progress where there is no terminal.
    std::fs::write(&data, long).unwrap();
    let small: Vec<&str> = SMALL.iter().copied().filter(|word| *word != "--quiet").collect();
    let done = gfn(&[&fit[..], &small, &["--skip-bad"]].concat());
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        said.contains("4710 rows, 1 left out, ") && said.contains("rows of a repeated molecule"),
        "{said}"
    );
    assert!(String::from_utf8_lossy(&done.stderr).contains("network 2/2, epoch "));
}

#[test]
fn a_fit_replaces_neither_its_table_nor_its_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(path("deep")).unwrap();
    let refused = |data: &str, out: &str, more: &[&str], expected: &str| {
        let (data, out) = (path(data), path(out));
        std::fs::write(&data, table()).unwrap();
        let arguments = ["proxy", "fit", &data, "--out", &out];
        let said = fail(&[&arguments[..], &SMALL, more].concat(), 2);
        let expected = format!("error: {}\n", expected.replace("OUT", &out));
        assert_eq!(said, expected);
        assert_eq!(std::fs::read_to_string(&data).unwrap(), table());
    };
    let itself = "the proxy would replace the table, `OUT`: name another file with `--out`";
    refused("table.csv", "table.csv", &[], itself);
    refused("table.csv", "deep/.././table.csv", &[], itself);
    std::os::unix::fs::symlink(path("table.csv"), path("link.csv")).unwrap();
    refused("link.csv", "table.csv", &["--no-report"], itself);

    let or = "name another file with `--out`, or make no page with `--no-report`";
    let proxy = format!("the page with the errors would replace the proxy, `OUT`: {or}");
    refused("table.csv", "fitted.html", &[], &proxy);
    let page = path("table.html");
    let data = format!("the page with the errors would replace the table, `{page}`: {or}");
    refused("table.html", "table.safetensors", &[], &data);

    let nowhere = format!("there is no folder `{}` for the file `OUT`", path("absent"));
    refused("table.csv", "absent/fitted", &[], &nowhere);
    let within = format!("there is no folder `{}` for the file `OUT`", path("table.csv"));
    refused("table.csv", "table.csv/fitted", &[], &within);
    refused(
        "table.csv",
        "deep",
        &[],
        "`OUT` is a folder: name a file with `--out`",
    );

    // Without a page, a proxy may be called anything.
    let (data, out) = (path("table.csv"), path("fitted.html"));
    let arguments = [
        "proxy",
        "fit",
        &data,
        "--out",
        &out,
        "--no-report",
        "--epochs",
        "1",
    ];
    let small = SMALL.iter().filter(|word| !matches!(**word, "--epochs" | "30"));
    let small: Vec<&str> = small.copied().collect();
    succeed(&[&arguments[..], &small].concat());
    assert!(succeed(&["proxy", "info", &out]).contains("greater values are better"));
}

#[test]
fn a_polymer_in_the_table_is_a_bad_row() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("table.csv");
    let polymer = "CC(c1ccccc1)".repeat(2500);
    std::fs::write(&data, format!("{}m,{polymer},1.0\n", table())).unwrap();
    let (data, out) = (
        data.display().to_string(),
        folder.path().join("out").display().to_string(),
    );
    let arguments = ["proxy", "fit", &data, "--out", &out, "--no-report"];
    let arguments = [&arguments[..], &SMALL].concat();
    let said = fail(&arguments, 2);
    assert!(
        said.contains("line 170, column `SMILES`: 20000 heavy atoms; a proxy sees molecules of at most 500"),
        "{said}"
    );
    let said = succeed(&[&arguments[..], &["--skip-bad"]].concat());
    assert!(said.contains("169 rows, 1 left out, 168 molecules"), "{said}");
}

#[test]
fn columns_that_are_not_clear_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("table.csv").display().to_string();
    let refused = |names: &str, more: &[&str], expected: &str| {
        std::fs::write(&data, format!("{names}\nCCO,1,2\n")).unwrap();
        let said = fail(&[&["proxy", "fit", &data][..], more].concat(), 2);
        assert!(said.contains(expected), "{said}");
    };
    let two = "several columns called `y` (columns 2 and 3): rename all of them but one";
    refused("smiles,y,y", &["--value", "y"], two);
    let two = "`smiles`, `SMILES` (columns 1 and 2); choose one with `--smiles`";
    refused("smiles,SMILES,y", &["--value", "y"], two);
    let both = "cannot be both the molecules and the values";
    refused("smiles,y,z", &["--smiles", "y", "--value", "y"], both);
}
