//! Tables as people have them: what cannot be read is told with its place, and nothing is cut off or left out without a word.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests are tests"
)]

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use super::{fail, gfn, succeed, top};

/// A folder with a table, and the arguments of a quick fit to it.
struct Bench {
    folder: tempfile::TempDir,
    table: PathBuf,
}

impl Bench {
    fn new(table: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, table).unwrap();
        Self { table: path, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let out = self.path("t.proxy.safetensors").display().to_string();
        let table = self.table.display().to_string();
        let quick = [
            "--ensemble",
            "1",
            "--epochs",
            "2",
            "--hidden",
            "8",
            "--no-report",
            "--quiet",
        ];
        let first = ["proxy", "fit", &table, "--out", &out];
        let all = first.iter().chain(&quick).chain(more);
        all.map(|word| (*word).to_string()).collect()
    }

    fn fit(&self, more: &[&str]) -> Output {
        let arguments = self.arguments(more);
        gfn(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn refused(&self, more: &[&str]) -> String {
        let arguments = self.arguments(more);
        fail(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), 2)
    }

    fn list(&self) -> String {
        std::fs::read_to_string(self.path("t.proxy.rejected.csv")).unwrap()
    }

    fn metadata(&self) -> Value {
        let out = self.path("t.proxy.safetensors").display().to_string();
        serde_json::from_str(&succeed(&["proxy", "info", &out, "--json"])).unwrap()
    }
}

fn errors(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Good rows: alkanes of 1 to 30 carbon atoms, which have so much as atoms, and `write` makes a row of both.
fn rows(write: impl Fn(&str, usize) -> String) -> String {
    (1..=30)
        .map(|length| write(&"C".repeat(length), length))
        .collect()
}

fn with(bad: &str) -> String {
    format!(
        "smiles,y\n{}{bad}",
        rows(|smiles, value| format!("{smiles},{value}\n"))
    )
}

#[test]
fn a_bad_row_is_told_with_line_column_and_reason() {
    let decimal = "line 32: 3 cells where the first line has 2; a decimal comma, or a thousands separator?";
    let cases = [
        ("CCO,0,33\n", decimal),
        ("CCCO,1,000\n", decimal),
        ("CCO\n", "line 32: 1 cell where the first line has 2"),
        ("CCO;1\n", "its cells are parted by `;`"),
        (
            "CCO,\"0,33\"\n",
            "line 32, column `y`: `0,33` is not a number; a decimal comma, or a thousands separator?",
        ),
        ("CCO,1e-500\n", "line 32, column `y`: `1e-500` is too near 0"),
        (
            "C.,1\n",
            "line 32, column `smiles`: `C.` is not a SMILES: there is no atom at its end",
        ),
        (".C,1\n", "`.C` is not a SMILES"),
        (".,1\n", "`.` is not a SMILES"),
        ("C11,1\n", "`C11` is not a SMILES"),
        ("C()C,1\n", "`C()C` is not a SMILES"),
        ("\"CCO,1\nCCN,2\n", "line 32: a quote is opened and never closed"),
        ("\n\nCCO,x\n", "line 34, column `y`: `x` is not a number"),
    ];
    for (bad, expected) in cases {
        for end in ["\n", "\r\n", "\r"] {
            let said = Bench::new(with(bad).replace('\n', end)).refused(&[]);
            assert!(said.contains(expected), "{bad:?}: {said}");
        }
    }
}

#[test]
fn all_bad_rows_are_listed_beside_the_output() {
    let bad: String = (0..13).map(|number| format!("CCO,x{number}\n")).collect();
    let bench = Bench::new(with(&bad));
    let said = bench.refused(&[]);
    for part in [
        "13 of the 43 rows",
        "line 36, column `y`",
        "and 8 more",
        "t.proxy.rejected.csv` lists all of them",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let list = bench.list();
    assert_eq!(list.lines().count(), 14);
    assert!(
        list.starts_with("line,column,value,reason\n32,y,x0,`x0` is not a number\n"),
        "{list}"
    );
    assert!(list.ends_with("44,y,x12,`x12` is not a number\n"), "{list}");

    std::fs::remove_file(bench.path("t.proxy.rejected.csv")).unwrap();
    let output = bench.fit(&["--skip-bad"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("43 rows, 13 left out") && told.contains("t.proxy.rejected.csv lists"),
        "{told}"
    );
    assert_eq!(bench.list(), list);
    assert_eq!(bench.metadata()["data"]["skipped"], 13);

    // A list of rows that are no longer there is of no use, and the notes of somebody else stay.
    std::fs::write(&bench.table, with("")).unwrap();
    errors(&bench.fit(&[]));
    assert!(!bench.path("t.proxy.rejected.csv").exists());
    std::fs::write(bench.path("t.proxy.rejected.csv"), "mine").unwrap();
    std::fs::write(&bench.table, with(&bad)).unwrap();
    assert!(bench.refused(&[]).contains("is no list of bad rows"));
    assert_eq!(bench.list(), "mine");
}

#[test]
fn the_first_table_of_active_learning_is_read_alike() {
    let table = with("CCO,0,33\nC.,1\n")
        .replace("smiles,y", "smiles,value")
        .replace('\n', "\r\n");
    let bench = Bench::new(table);
    let initial = format!("acquisition.initial=\"{}\"", bench.table.display());
    let out = bench.path("rounds").display().to_string();
    let experiment = "experiments/mol/acquire.toml";
    let said = fail(
        &["acquire", experiment, "--out", &out, "--quiet", "--set", &initial],
        2,
    );
    let expected = [
        "line 32: 3 cells where the first line has 2",
        "line 33, column `smiles`: `C.` is not",
        "lists all of them",
    ];
    for part in expected {
        assert!(said.contains(part), "{part}: {said}");
    }
    let list = std::fs::read_to_string(bench.path("rounds.rejected.csv")).unwrap();
    assert_eq!(list.lines().count(), 3, "{list}");
    let said = fail(&["check", experiment, "--set", &initial], 2);
    assert!(said.contains(expected[0]) && said.contains(expected[1]), "{said}");
}

/// Tables of other programs hold the same molecules and values, and make the same weights.
#[test]
fn other_separators_and_marks_change_nothing() {
    let usual = Bench::new(with(""));
    errors(&usual.fit(&[]));
    let target = usual.metadata()["target"].clone();
    let semicolons = format!(
        "smiles;y\r\n{}",
        rows(|smiles, value| format!("{smiles};{value},0\r\n"))
    );
    let tabs = with("").replace(',', "\t");
    let excel = format!(
        "\u{feff}sep=;\r\n{}",
        with("").replace(',', ";").replace('\n', "\r\n")
    );
    let cases: [(&str, &[&str], &str); 6] = [
        (&semicolons, &["--decimal-comma"], "are parted by `;`"),
        (&semicolons, &["--decimal-comma", "--separator", ";"], ""),
        (&tabs, &[], "are parted by tabs"),
        (&excel, &[], ""),
        (
            &with("")
                .replace(',', " , ")
                .replace('\n', ",\n")
                .replace("y,\n", "y\n"),
            &[],
            "",
        ),
        (&with("").replace('\n', "\n\n"), &[], ""),
    ];
    for (table, more, note) in cases {
        let bench = Bench::new(table);
        let said = errors(&bench.fit(more));
        assert!(
            said.contains(note) && (note.is_empty() != said.contains("note: ")),
            "{table}: {said}"
        );
        assert_eq!(bench.metadata()["target"], target, "{table}");
    }
    let said = Bench::new(&semicolons).refused(&[]);
    assert!(said.contains("`1,0` is not a number; a decimal comma"), "{said}");
}

#[test]
fn files_of_another_kind_are_named() {
    let wide: Vec<u8> = with("").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n".to_vec();
    let cases: [(Vec<u8>, &str); 8] = [
        ([b"\xff\xfe".to_vec(), wide.clone()].concat(), "is text in UTF-16"),
        (wide, "save it as UTF-8"),
        (pointer, "`git lfs pull`"),
        (b"\x1f\x8b\x08\0\0\0\0".to_vec(), "is compressed by gzip"),
        (
            b"PK\x03\x04..xl/workbook.xml".to_vec(),
            "is a workbook of a spreadsheet program",
        ),
        (b"<!DOCTYPE html><title>404</title>".to_vec(), "is a web page"),
        (
            b"# made today\nsmiles,y\nC,1\n".to_vec(),
            "gfn reads no comments in tables",
        ),
        (b"smiles y\nC 1\n".to_vec(), "has no column `smiles`"),
    ];
    for (bytes, expected) in cases {
        let said = Bench::new(&bytes).refused(&[]);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

/// A proxy that is none is told for what it is, by whatever reads it.
#[test]
fn proxies_of_another_kind_are_named() {
    let bench = Bench::new(with(""));
    errors(&bench.fit(&[]));
    let proxy = bench.path("t.proxy.safetensors");
    let good = std::fs::read(&proxy).unwrap();
    let cases: [(&[u8], &str); 9] = [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
            "it is a Git LFS pointer",
        ),
        (
            b"\x1f\x8b\x08\0\0\0\0",
            "it is compressed by gzip; unpack it with `gunzip`",
        ),
        (b"PK\x03\x04....archive/data.pkl", "it is a PyTorch file"),
        (b"\x80\x02}q\0.", "it is a Python pickle"),
        (b"<html><body>Not found", "it is a web page"),
        (b"", "it is an empty file"),
        (&good[..good.len() - 40], "it is cut off: it has"),
        (&good[..100], "it is cut off within its header"),
        (b"smiles,y\nC,1\n", "it is no safetensors file, but some text"),
    ];
    let reward = format!(
        "reward={{ kind = \"proxy\", path = \"{}\", floor = 0.1 }}",
        proxy.display()
    );
    for (bytes, expected) in cases {
        std::fs::write(&proxy, bytes).unwrap();
        let said = fail(&["proxy", "info", &proxy.display().to_string()], 2);
        assert!(said.contains(expected), "{expected}: {said}");
        let said = fail(&["check", "experiments/mol.toml", "--set", &reward], 2);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

/// What a fit is worth is said where it ends, in the file, on its page and wherever the proxy is used.
#[test]
fn a_proxy_that_loses_to_the_mean_says_so_everywhere() {
    // Values that have nothing to do with the molecules.
    let noise = |length: usize| (length * 7919 + length * length * 31) % 101;
    let bench = Bench::new(format!(
        "smiles,y\n{}",
        rows(|smiles, length| format!("{smiles},{}\n", noise(length)))
    ));
    let words = "no better than always predicting the mean";
    let arguments = bench.arguments(&["--epochs=40", "--learning-rate=0.05", "--seed=3"]);
    let with_page: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| !matches!(*word, "--no-report" | "--epochs" | "2"))
        .collect();
    let said = errors(&gfn(&with_page));
    assert!(
        said.starts_with("warning: the proxy is ") && said.contains(words),
        "{said}"
    );
    let page = std::fs::read_to_string(bench.path("t.proxy.html")).unwrap();
    assert!(page.contains(words));
    assert!(bench.metadata()["warnings"][0].as_str().unwrap().contains(words));
    let proxy = bench.path("t.proxy.safetensors").display().to_string();
    assert!(errors(&gfn(&["proxy", "info", &proxy])).contains(words));
    let reward = format!("reward={{ kind = \"proxy\", path = \"{proxy}\", floor = 0.1 }}");
    let said = errors(&gfn(&["check", "experiments/mol.toml", "--set", &reward]));
    assert!(
        said.contains("warning: `reward.path`: the proxy is") && said.contains(words),
        "{said}"
    );
}

#[test]
fn values_of_several_units_kinds_and_bounds_are_refused_until_they_are_declared() {
    let row = |smiles: &str, value: usize, unit: &str, relation: &str| {
        format!("{smiles},{value},{unit},{relation}\n")
    };
    let mut table = format!(
        "smiles,value,Units,Relation\n{}",
        rows(|smiles, value| row(smiles, value * value, "nM", "'='"))
    );
    table += &row("CCO", 5, "%", "=");
    table += &row("CCN", 5, "", "");
    table += &row("CCCO", 10000, "nM", ">");
    let bench = Bench::new(&table);
    let said = bench.refused(&["--value", "value"]);
    for part in [
        "values of several units: the column `Units` has `nM` (31), nothing (1), `%` (1)",
        "bounds in place of values: `>` (1)",
        "--where \"Units=nM\" --censored drop",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let filter = ["--value", "value", "--where", "Units=nM"];
    assert!(bench.refused(&filter).contains("bounds in place of values"));
    errors(&bench.fit(&[&filter[..], &["--censored", "drop"]].concat()));
    let data = bench.metadata()["data"].clone();
    assert_eq!(
        (&data["rows"], &data["others"], &data["censored"]),
        (&33.into(), &2.into(), &1.into())
    );
    assert_eq!(bench.metadata()["target"]["unit"], "nM");
    assert_eq!(bench.metadata()["target"]["best"], 900.0);
    errors(
        &bench.fit(
            &[
                &filter[..],
                &["--censored", "as-exact", "--transform", "negative-log10"],
            ]
            .concat(),
        ),
    );
    let target = bench.metadata()["target"].clone();
    assert_eq!(
        (target["name"].as_str(), target["best"].as_f64()),
        (Some("pvalue"), Some(9.0))
    );

    // A bound within the cell is one too.
    let inline = Bench::new(with("CCO,>10\nCCN,~5\n"));
    assert!(
        inline
            .refused(&[])
            .contains("bounds in place of values: `>` (1), `~` (1)")
    );
    errors(&inline.fit(&["--censored", "drop"]));

    for (more, expected) in [
        (["--where", "Unit=nM"], "there is no column `Unit`"),
        (
            ["--where", "Units=nm"],
            "no row has `nm` in the column `Units`, which has `nM` (31)",
        ),
        (["--where", "Units"], "expected COLUMN=VALUE"),
        (["--merge", "geometric"], "values of several units"),
        (["--unit", "uM"], "values of several units"),
    ] {
        let said = bench.refused(&[&["--value", "value"][..], &more].concat());
        assert!(said.contains(expected), "{said}");
    }
}

/// The export of ChEMBL, where it is at hand.
fn chembl() -> Option<PathBuf> {
    let path = top().join("../shared/data/chembl/seh_chembl.csv");
    if path.is_file() {
        return Some(path);
    }
    let reason = format!("{} is not there", path.display());
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
    println!("skipped: {reason}");
    None
}

/// The words of a command line, with quotes around some of them.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let mut words = vec![String::new()];
    for (index, part) in parts {
        for (number, piece) in part.split(if index % 2 == 0 { ' ' } else { '\0' }).enumerate() {
            if number > 0 {
                words.push(String::new());
            }
            words.last_mut().unwrap().push_str(piece);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn an_export_of_chembl_says_what_it_needs_and_is_then_fitted_to() {
    let Some(path) = chembl() else { return };
    let mut bench = Bench::new("");
    bench.table = path;
    let said = bench.refused(&[]);
    for part in [
        "the cells of `",
        "are parted by `;`",
        "values of several kinds of measurement: the column `Standard Type` has `IC50` (2312)",
        "values of several units: the column `Standard Units` has `nM` (2304), nothing (8)",
        "bounds in place of values: `>` (150), `<` (31)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // The command that it proposes is one that works.
    let options = said
        .lines()
        .find(|line| line.trim_start().starts_with("--value"))
        .unwrap();
    let options = words(options.trim());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    assert!(
        options.contains(&"negative-log10") && options.contains(&"--skip-bad"),
        "{options:?}"
    );
    let output = bench.fit(&options);
    let said = errors(&output);
    assert!(
        said.contains("molecules with several values have some that are more than 10-fold apart"),
        "{said}"
    );
    let metadata = bench.metadata();
    let target = &metadata["target"];
    assert_eq!(target["name"], "pIC50");
    let mean = target["mean"].as_f64().unwrap();
    assert!((6.0..8.5).contains(&mean), "{target}");
    assert_eq!(
        (&metadata["data"]["rows"], &metadata["data"]["censored"]),
        (&2858.into(), &157.into())
    );
    assert_eq!(
        bench.list().lines().count() as u64,
        1 + metadata["data"]["skipped"].as_u64().unwrap()
    );
    let folder: &Path = bench.folder.path();
    assert!(folder.join("t.proxy.rejected.csv").exists());

    // Without the logarithm, the user is told why the fit is worth little.
    let without: Vec<&str> = options
        .iter()
        .copied()
        .filter(|word| !matches!(*word, "--transform" | "negative-log10"))
        .collect();
    let said = errors(&bench.fit(&without));
    assert!(
        said.contains("values span") && said.contains("`--transform log10`"),
        "{said}"
    );
}
