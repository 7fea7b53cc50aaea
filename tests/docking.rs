//! Docking: with programs that are made up and misbehave, and with the real ones where they are installed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests are tests"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::{gfn_with, succeed, top};

/// The experiment, whose receptor has to be fetched.
pub(super) const DOCKING: &str = "experiments/mol/docking.toml";

/// Prints its version; else a structure, or what the molecule stands for. Each start of it is a line in `$STARTS`.
const OBABEL: &str = r#"#!/bin/sh
[ "$1" = -V ] && { echo 'Open Babel 0.0'; exit 0; }
echo "$1" >> "$STARTS"
case $1 in
  -:NCCCCCCN) sleep 600 & echo $! > "$STARTS.child"; wait ;;
  -:OCCCCCCO) echo 'it burns' >&2; exit 3 ;;
  -:CN) printf 'ATOM\377garbage\n' > "$3" ;;
  -:CO) exit 0 ;;
  -:CS) ulimit -c 0; kill -SEGV $$ ;;
  -:CP) [ -e "$STARTS.well" ] || { echo 'obabel: No space left on device' >&2; exit 1; }
     printf 'REMARK -:CP\n' > "$3"; printf 'ATOM      1  C   UNL     1       0.000   0.000   0.000\nATOM      2  C   UNL     1       1.500   0.000   0.000\n' >> "$3" ;;
  *) printf 'REMARK %s\n' "$1" > "$3"
     printf 'ATOM      1  C   UNL     1       0.000   0.000   0.000\nATOM      2  C   UNL     1       1.500   0.000   0.000\n' >> "$3" ;;
esac
"#;

/// Prints its version; else an energy by the length of the SMILES, or what the molecule stands for.
const VINA: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo 'AutoDock Vina v0.0'; exit 0; }
for word; do case $word in --seed=*) seed=${word#--seed=} ;; esac; done
smiles=$(sed -n '1s/REMARK -://p' "$4")
case $smiles:$seed in
  CF:*) energy=38.8 ;;
  CCl:1) energy=12.0 ;;
  CBr:*) echo 'no energy' > "$6"; exit 0 ;;
  CI:*) echo 'atom type unknown' >&2; exit 1 ;;
  OCO:*) [ -e "$STARTS.once" ] || { touch "$STARTS.once"; kill -9 $$; }; energy=-6.5 ;;
  OCCO:*) [ -e "$STARTS.well" ] || { printf '\n\nError: insufficient memory!\n'; exit 1; }; energy=-6.5 ;;
  *) energy=-$((5 + ${#smiles})).5 ;;
esac
printf 'MODEL 1\nREMARK VINA RESULT:    %s      0.000      0.000\n' "$energy" > "$6"
"#;

/// Names the library that stops clocks; programs that do not look at them need none, and have this one already.
const FAKETIME: &str = "#!/bin/sh\necho libc.so.6\n";

/// A receptor with an atom in sEH's box, and a hydrogen.
pub(super) const RECEPTOR: &str = "ATOM      1  N   MET A   1     -13.400  26.300 -13.300  1.00  0.00    +0.000 N \n\
ATOM      2  H   MET A   1     -13.400  26.300 -12.300  1.00  0.00    +0.000 HD\n";

/// A folder with a receptor and programs that are made up.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bench = Self { folder };
        std::fs::create_dir(bench.file("bin")).unwrap();
        for (name, script) in [("obabel", OBABEL), ("vina", VINA), ("faketime", FAKETIME)] {
            let path = bench.file("bin").join(name);
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        std::fs::write(bench.file("r.pdbqt"), RECEPTOR).unwrap();
        bench
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    fn gfn(&self, arguments: &[&str]) -> Output {
        let path = format!("{}:{}", self.file("bin").display(), "/usr/bin:/bin");
        let [starts, temporary] = ["starts", "tmp"].map(|name| self.file(name).display().to_string());
        std::fs::create_dir_all(&temporary).unwrap();
        let output = gfn_with(
            &[("PATH", &path), ("STARTS", &starts), ("TMPDIR", &temporary)],
            arguments,
        );
        let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().collect();
        assert!(left.is_empty(), "files are left over: {left:?}");
        output
    }

    /// Docks molecules, one a line.
    fn try_to_dock(&self, molecules: &str, more: &[&str]) -> Output {
        std::fs::write(self.file("m.smi"), molecules).unwrap();
        let [source, receptor, out] =
            ["m.smi", "r.pdbqt", "t.csv"].map(|name| self.file(name).display().to_string());
        let fixed = ["dock", &source, "--receptor", &receptor, "--out", &out];
        self.gfn(&[&fixed[..], more].concat())
    }

    /// Docks molecules, one a line, and returns the table's lines after its header.
    fn dock(&self, molecules: &str, more: &[&str]) -> Vec<String> {
        let output = self.try_to_dock(molecules, more);
        assert!(output.status.success(), "{}", errors(&output));
        self.text("t.csv").lines().skip(1).map(str::to_string).collect()
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn whatever_a_program_does_the_others_are_docked() {
    let bench = Bench::new();
    let rows = bench.dock(
        "CC\nNCCCCCCN\nOCCCCCCO\nCN\nCO\nCS\nCF\nCCl\nCBr\nCI\nCCC\n",
        &["--timeout", "5"],
    );
    let expected = [
        "CC,-7.5,3.0000000000000004,,,",
        "NCCCCCCN,,,,it took longer than 5 s,",
        "OCCCCCCO,,,,obabel ended with exit status: 3: it burns,",
        "CN,,,,obabel found no structure: line 1 has no position in its columns 31 to 54,",
        "CO,,,,obabel wrote nothing,",
        "CS,,,,obabel ended with signal: 11 (SIGSEGV),",
        "CF,,,,\"the energy is not below 0, also with another seed: 38.8 and 38.8 kcal/mol\",",
        "CCl,-8.5,3.9090909090909096,,,",
        "CBr,,,,vina wrote a pose without an energy,",
        "CI,,,,vina ended with exit status: 1: atom type unknown,",
        "CCC,-8.5,3.9090909090909096,,,",
    ];
    assert_eq!(rows, expected);
    // What a program that hung had started is gone with it.
    let child = bench.text("starts.child");
    let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[test]
fn what_cannot_be_docked_is_told_and_starts_no_program() {
    let bench = Bench::new();
    // As other systems' editors write it.
    let molecules = "\u{feff}[Na+].[Cl-]\r\nC methane\r\nOB(O)c1ccccc1\r\nC[13CH3]\r\n";
    let rows = bench.dock(molecules, &[]);
    let expected = [
        "[Cl-].[Na+],,,,\"it has 2 parts; dock the one that matters\",",
        "C,,,,\"it has a single heavy atom; docking needs at least two\",methane",
        "OB(O)c1ccccc1,,,,AutoDock Vina has no atom type for B,",
        "C[13CH3],-13.5,8.454545454545453,,,",
    ];
    assert_eq!(rows, expected);
    assert_eq!(bench.text("starts"), "-:C[13CH3]\n");
    // It is told anew each time, also where an earlier gfn remembered what the programs said.
    let known = bench.text("t.energies.jsonl");
    assert_eq!(known.lines().count(), 2, "a head and a molecule");
    let (line, _) = known.lines().last().unwrap().split_once(",\"check\"").unwrap();
    let more = line.replace("C[13CH3]", "C") + "}\n";
    std::fs::write(bench.file("t.energies.jsonl"), known + &more).unwrap();
    assert_eq!(bench.dock(molecules, &[]), expected);
}

#[test]
fn what_is_known_is_not_docked_again() {
    let bench = Bench::new();
    let first = bench.dock("CC\nOCCCCCCO\n", &[]);
    // As a process that died while it wrote leaves it.
    let energies = bench.file("t.energies.jsonl");
    let text = std::fs::read_to_string(&energies).unwrap();
    std::fs::write(&energies, format!("{text}{}", &text[..30])).unwrap();
    let second = bench.dock("CC\nCCC\nOCCCCCCO\n", &["--jobs", "1"]);
    assert_eq!((&first[0], &first[1]), (&second[0], &second[2]));
    let starts = bench.text("starts");
    assert_eq!(starts.lines().collect::<Vec<_>>().len(), 3, "{starts}");
    // Another seed is another question, and so is a pose.
    bench.dock("CC\n", &["--seed", "2"]);
    let poses = bench.file("poses").display().to_string();
    bench.dock("CC\n", &["--save-poses", &poses]);
    bench.dock("CC\n", &["--save-poses", &poses]);
    assert_eq!(bench.text("starts").lines().count(), 5);
    assert!(bench.text("poses/0001.pdbqt").contains("VINA RESULT:    -7.5"));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let bench = Bench::new();
    std::fs::write(bench.file("m.smi"), "CC\n").unwrap();
    let [source, receptor] = ["m.smi", "r.pdbqt"].map(|name| bench.file(name).display().to_string());
    let refuse = |arguments: &[&str], words: &str, code: i32| {
        let output = bench.gfn(&[&["dock", &source][..], arguments].concat());
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words) && !said.contains("panicked"), "{said}");
    };
    refuse(&[], "name its PDBQT file with --receptor", 2);
    refuse(
        &["--receptor", "nowhere.pdbqt"],
        "nowhere.pdbqt: there is no such file",
        2,
    );
    let far = ["--receptor", &receptor, "--center", "0", "0", "0"];
    refuse(
        &far,
        "`--center` is `0 0 0`: no atom of the receptor lies in a box of 20.013 16.3 18.5 ångström around it; its atoms are at x -13.4 to \
         -13.4, y 26.3 to 26.3, z -13.3 to -12.3",
        2,
    );
    let edges = "expected three numbers from 0.1 to 200";
    for (option, values, words) in [
        ("--center", &["1000", "0", "0"][..], "`--center` is `1000 0 0`: no atom of the receptor".to_owned()),
        ("--center", &["1e5", "0", "0"], "`--center` cannot be `100000 0 0`: 100000 is above the bounds, expected three numbers from -10000 to 10000".into()),
        ("--size", &["-1", "20", "20"], format!("`--size` cannot be `-1 20 20`: -1 is below the bounds, {edges}")),
        ("--size", &["0", "1", "1"], format!("`--size` cannot be `0 1 1`: 0 is below the bounds, {edges}")),
        ("--size", &["1e9", "1", "1"], format!("`--size` cannot be `1000000000 1 1`: 1000000000 is above the bounds, {edges}")),
        ("--size", &["20", "20", "inf"], "--size".into()),
        ("--timeout", &["-1"], "`--timeout` cannot be `-1`: expected a number from 0.001 to 1000000".into()),
        ("--timeout", &["1e7"], "`--timeout` cannot be `10000000`: expected a number from 0.001 to 1000000".into()),
    ] {
        refuse(&[&["--receptor", &receptor, option], values].concat(), &words, 2);
    }
    std::fs::write(bench.file("bin/vina"), "#!/bin/sh\nexit 9\n").unwrap();
    refuse(
        &["--receptor", &receptor],
        "vina`, which does not work: `--version` ended with exit status: 9",
        1,
    );
    for (name, package) in [
        ("vina", "autodock-vina"),
        ("obabel", "openbabel"),
        ("faketime", "faketime"),
    ] {
        // A folder alone on the PATH, because the system may have the real programs.
        let path = bench.file("bin").join(name);
        let script = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let only = bench.file("bin").display().to_string();
        let arguments = ["dock", &source, "--receptor", &receptor];
        let said = errors(&gfn_with(&[("PATH", &only)], &arguments));
        let words = format!(
            "the program `{name}`, which is not on the PATH; install it (Debian and Ubuntu: apt-get install {package})"
        );
        assert!(said.contains(&words), "{said}");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_file_of_something_else_remembers_no_energies() {
    let bench = Bench::new();
    std::fs::write(bench.file("notes"), "my notes\n").unwrap();
    std::fs::write(bench.file("t.energies.jsonl"), "mine\n").unwrap();
    let notes = bench.file("notes").display().to_string();
    for (more, name) in [
        (vec!["--cache-file", &notes], "notes"),
        (vec![], "t.energies.jsonl"),
    ] {
        let before = bench.text(name);
        let output = bench.try_to_dock("CC\n", &more);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("something else than energies") && said.contains("with `--cache-file`"),
            "{said}"
        );
        assert_eq!(bench.text(name), before);
    }
}

/// Each file of energies that a sweep tries lies where the experiment may write, and every trial writes its own.
#[test]
fn a_sweep_tries_files_of_energies_beside_itself() {
    let bench = Bench::new();
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/mol/docking.toml");
    let text = |caches: &str| {
        format!(
            "extends = '{base}'\nname = 'caches'\n[reward]\nreceptor = 'r.pdbqt'\n[training]\nsteps = 2\nbatch_size = 2\n\
             [environment]\nmax_blocks = 2\n[evaluation]\nsamples = 2\nexact_states = 0\n[network]\nhidden = 8\nlayers = 1\n\
             [sweep.parameters]\n'reward.cache_file' = {caches}\n"
        )
    };
    let file = bench.file("mine/e.toml").display().to_string();
    std::fs::create_dir(bench.file("mine")).unwrap();
    std::fs::copy(bench.file("r.pdbqt"), bench.file("mine/r.pdbqt")).unwrap();
    let out = bench.file("sweep").display().to_string();
    let run = ["sweep", "run", &file, "--quiet", "--out", &out];
    std::fs::write(&file, text("['a.jsonl', '../out.jsonl']")).unwrap();
    for command in [&["check", &file][..], &["sweep", "plan", &file], &run] {
        let output = bench.gfn(command);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        assert!(
            said.contains("`../out.jsonl` lies elsewhere"),
            "{command:?}: {said}"
        );
    }
    assert!(!bench.file("out.jsonl").exists() && !bench.file("mine/a.jsonl").exists());
    std::fs::write(&file, text("['a.jsonl', 'deep/b.jsonl']")).unwrap();
    let output = bench.gfn(&run);
    assert!(output.status.success(), "{}", errors(&output));
    for name in ["mine/a.jsonl", "mine/deep/b.jsonl"] {
        assert!(bench.text(name).lines().count() > 1, "{name}");
    }
}

/// A small experiment on the reward, with changes.
fn small(receptor: &Path, cache: &Path, out: &Path) -> Vec<String> {
    let mut arguments = vec![
        "run".to_string(),
        DOCKING.into(),
        "--quiet".into(),
        "--no-report".into(),
    ];
    for set in [
        format!("reward.receptor=\"{}\"", receptor.display()),
        format!("reward.cache_file=\"{}\"", cache.display()),
        "training.steps=4".into(),
        "training.batch_size=4".into(),
        "environment.max_blocks=2".into(),
        "evaluation.samples=4".into(),
        // Every molecule would be docked otherwise.
        "evaluation.exact_states=0".into(),
        "network.hidden=8".into(),
        "network.layers=1".into(),
        "checkpoint.every_steps=1".into(),
    ] {
        arguments.extend(["--set".into(), set]);
    }
    arguments.extend(["--out".into(), out.display().to_string()]);
    arguments
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn a_run_learns_from_docking_and_repeats_itself() {
    let bench = Bench::new();
    let run = |cache: &str, out: &str, more: &[&str]| {
        let arguments = small(&bench.file("r.pdbqt"), &bench.file(cache), &bench.file(out));
        let output = bench.gfn(&[&words(&arguments)[..], more].concat());
        assert!(output.status.success(), "{}", errors(&output));
        let metrics = bench.text(&format!("{out}/metrics.jsonl"));
        assert!(metrics.lines().count() >= 4);
        metrics + &bench.text(&format!("{out}/samples.csv"))
    };
    // Neither the file of energies nor how many are docked at a time makes a difference.
    let first = run("a.jsonl", "one", &["--set", "reward.jobs=1"]);
    assert_eq!(first, run("a.jsonl", "two", &["--set", "reward.jobs=3"]));
    assert_eq!(first, run("b.jsonl", "three", &["--set", "reward.jobs=3"]));
    let starts = bench.text("starts").lines().count();
    assert_eq!(
        bench.text("a.jsonl").lines().count() + bench.text("b.jsonl").lines().count(),
        starts + 2
    );
    let manifest = bench.text("one/manifest.json");
    for words in ["AutoDock Vina v0.0", "Open Babel 0.0", "r.pdbqt"] {
        assert!(manifest.contains(words), "{manifest}");
    }
    // Its best molecules are docked as it was rewarded: nothing is new, and the score is what the reward said.
    let out = bench.file("one").display().to_string();
    let output = bench.gfn(&["dock", &out, "--top", "2"]);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(bench.text("starts").lines().count(), starts);
    for row in bench.text("one/docked.csv").lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [score, reward] = [cells[2], cells[3]].map(|cell| cell.parse::<f64>().unwrap());
        assert!((score / 8.0 - reward).abs() < 1e-9, "{row}");
    }
}

/// Every third length of a SMILES fails.
fn some_fail() -> String {
    VINA.replace(
        "*) energy=-$((5 + ${#smiles})).5",
        "*) if [ $((${#smiles} % 3)) = 0 ]; then energy=7; else energy=-$((5 + ${#smiles})).5; fi",
    )
}

#[test]
fn molecules_that_cannot_be_docked_have_the_floor_and_are_told_of() {
    let bench = Bench::new();
    std::fs::write(bench.file("bin/vina"), some_fail()).unwrap();
    let arguments = small(&bench.file("r.pdbqt"), &bench.file("e.jsonl"), &bench.file("run"));
    let output = bench.gfn(&words(&arguments));
    assert!(output.status.success(), "{}", errors(&output));
    let told = bench.text("run/quarantine.jsonl");
    let line = told.lines().next().unwrap();
    assert!(
        line.contains("not below 0, also with another seed: 7 and 7 kcal/mol"),
        "{line}"
    );
    assert!(line.contains("\"answer\":\"reward 0\""), "{line}");
    let floor = 8.0 * 0.05f64.ln();
    for row in bench.text("run/samples.csv").lines().skip(1) {
        let log_reward: f64 = row.split(',').nth(2).unwrap().parse().unwrap();
        let is_failed = row.split(',').next().unwrap().len() % 3 == 0;
        assert_eq!((log_reward - floor).abs() < 1e-9, is_failed, "{row}");
    }
}

/// A fault of the set-up is no molecule's: neither booked on it nor remembered.
#[test]
fn where_all_molecules_fail_alike_the_set_up_is_at_fault() {
    let bench = Bench::new();
    let script = VINA.replace("*) energy=-$((5 + ${#smiles})).5", "*) energy=7");
    std::fs::write(bench.file("bin/vina"), script).unwrap();
    let arguments = small(&bench.file("r.pdbqt"), &bench.file("e.jsonl"), &bench.file("run"));
    let output = bench.gfn(&words(&arguments));
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let why = "the first 8 molecules all failed in the same way, so the receptor, the box or the programs are at fault, not the \
               molecules: the energy is not below 0, also with another seed: 7 and 7 kcal/mol";
    assert!(said.contains(why), "{said}");
    assert!(!bench.text("e.jsonl").contains("smiles"), "nothing is remembered");

    let nine: String = (2..11).map(|length| "C".repeat(length) + "\n").collect();
    let output = bench.try_to_dock(&nine, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    assert!(errors(&output).contains(why), "{}", errors(&output));
    // Fewer are tried to the last, and the table says what happened to each.
    let output = bench.try_to_dock("CCC\nCCCC\n[Na+].[Cl-]\n", &[]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    assert!(
        errors(&output).contains("the first 2 molecules all failed"),
        "{}",
        errors(&output)
    );
    assert_eq!(bench.text("t.csv").lines().count(), 4);
    assert!(
        !bench.text("t.energies.jsonl").contains("smiles"),
        "nothing is remembered"
    );
    // Once the fault is mended the same command docks them.
    std::fs::write(bench.file("bin/vina"), VINA).unwrap();
    let rows = bench.dock("CCC\nCCCC\n", &[]);
    assert!(
        rows[0].starts_with("CCC,-8.5") && rows[1].starts_with("CCCC,-9.5"),
        "{rows:?}"
    );
}

/// Memory, disk, a program that somebody kills or that is gone.
#[test]
fn the_machines_trouble_is_no_molecules() {
    let bench = Bench::new();
    // Killed once, it is docked again.
    assert_eq!(bench.dock("OCO\n", &[])[0], "OCO,-6.5,2.0909090909090917,,,");
    for (molecule, why) in [
        (
            "OCCO",
            "vina ended with exit status: 1: Error: insufficient memory!",
        ),
        (
            "CP",
            "obabel ended with exit status: 1: obabel: No space left on device",
        ),
    ] {
        let output = bench.try_to_dock(&format!("CC\n{molecule}\n"), &[]);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(77), "{said}");
        let words = format!(
            "`{molecule}` could not be docked, for a reason of the machine and not of the molecule: {why}"
        );
        assert!(said.contains(&words), "{said}");
        assert!(!bench.text("t.energies.jsonl").contains(molecule));
    }
    // What an earlier version remembered of such is not believed.
    let energies = bench.text("t.energies.jsonl");
    let line = energies.lines().find(|line| line.contains("smiles")).unwrap();
    let settings: serde_json::Value = serde_json::from_str(line).unwrap();
    let remembered = serde_json::json!({
        "settings": settings["settings"], "smiles": "OCCO", "failure": "vina ended with exit status: 1: Error: insufficient memory!"
    });
    std::fs::write(
        bench.file("t.energies.jsonl"),
        format!("{energies}{remembered}\n"),
    )
    .unwrap();
    std::fs::write(bench.file("starts.well"), "").unwrap();
    let rows = bench.dock("CC\nOCCO\nCP\n", &[]);
    assert!(rows.iter().all(|row| row.contains(",-")), "{rows:?}");

    // In training the run is saved up to there, and goes on once the machine is well.
    std::fs::remove_file(bench.file("starts.well")).unwrap();
    let sick = VINA.replace(
        "*) energy=-$((5 + ${#smiles})).5",
        "*) [ -e \"$STARTS.well\" ] || exit 127; energy=-$((5 + ${#smiles})).5",
    );
    std::fs::write(bench.file("bin/vina"), sick).unwrap();
    let arguments = small(&bench.file("r.pdbqt"), &bench.file("e.jsonl"), &bench.file("run"));
    let output = bench.gfn(&words(&arguments));
    assert_eq!(output.status.code(), Some(77), "{}", errors(&output));
    assert!(
        errors(&output).contains("vina could not be started"),
        "{}",
        errors(&output)
    );
    assert!(!bench.text("e.jsonl").contains("smiles"), "nothing is remembered");
    std::fs::write(bench.file("starts.well"), "").unwrap();
    let output = bench.gfn(&words(&arguments));
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(bench.text("run/quarantine.jsonl"), "");
}

/// What cannot be a receptor is refused before a program is started, by `dock` and by `run`.
#[test]
fn a_receptor_that_cannot_be_used_is_refused_before_the_first_molecule() {
    let bench = Bench::new();
    let path = bench.file("r.pdbqt");
    for (text, reason) in [
        (
            format!("ROOT\n{RECEPTOR}ENDROOT\nTORSDOF 0\n"),
            "line 1: `ROOT` belongs to a ligand",
        ),
        (
            RECEPTOR.replace("+0.000 N", "       N"),
            "line 1: atom 1 (`N` of MET A 1) has no partial charge",
        ),
        (
            format!("MODEL 1\n{RECEPTOR}ENDMDL\nMODEL 2\n"),
            "line 1: the file has several models",
        ),
        (
            RECEPTOR.replace(" N \n", " Zz\n"),
            "line 1: atom 1 (`N` of MET A 1) has the type `Zz`",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let said = bench.try_to_dock("CC\n", &[]);
        assert_eq!(said.status.code(), Some(2));
        assert!(errors(&said).contains(reason), "{}", errors(&said));
        let arguments = small(&path, &bench.file("e.jsonl"), &bench.file("run"));
        let said = bench.gfn(&words(&arguments));
        assert_eq!(said.status.code(), Some(2));
        assert!(errors(&said).contains(reason), "{}", errors(&said));
    }
    assert_eq!(bench.text("starts"), "");
    // Without hydrogens it is used, with a word on it.
    let bare = RECEPTOR
        .lines()
        .next()
        .unwrap()
        .replace(" N   MET", " O   MET")
        .replace("N ", "OA");
    std::fs::write(&path, bare + "\n").unwrap();
    let said = bench.try_to_dock("CC\n", &[]);
    assert!(said.status.success(), "{}", errors(&said));
    assert!(
        errors(&said).starts_with("warning: the receptor "),
        "{}",
        errors(&said)
    );
    let receptor = format!("reward.receptor=\"{}\"", path.display());
    let said = errors(&bench.gfn(&["check", DOCKING, "--set", &receptor]));
    assert!(said.contains("has no hydrogens"), "{said}");
}

/// Names stay with their rows, equal molecules are docked once, and every bad line is told.
#[test]
fn a_file_of_molecules_is_kept_row_by_row() {
    let bench = Bench::new();
    let poses = bench.file("poses").display().to_string();
    let molecules = "OCC ethanol\n[CH3:1][CH2:2][OH:3] |$_R1;;$| the same\n[H]C([H])([H])CO\nCCC propane, pure\n[CH2]C ethyl\n";
    let output = bench.try_to_dock(molecules, &["--save-poses", &poses]);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(
        bench.text("t.csv"),
        "smiles,energy,score,reward,failure,name\nCCO,-8.5,3.9090909090909096,,,ethanol\nCCO,-8.5,3.9090909090909096,,,the same\n\
         CCO,-8.5,3.9090909090909096,,,\nCCC,-8.5,3.9090909090909096,,,\"propane, pure\"\n[CH2]C,-11.5,6.636363636363637,,,ethyl\n"
    );
    let said = errors(&output);
    assert!(
        said.contains("warning: 2 of the 5 molecules are equal to earlier ones"),
        "{said}"
    );
    assert!(
        said.contains("warning: 1 of the 5 molecules have unpaired electrons, the first `[CH2]C`"),
        "{said}"
    );
    assert_eq!(bench.text("starts").lines().count(), 3);
    assert_eq!(bench.text("poses/0002.pdbqt"), bench.text("poses/0001.pdbqt"));

    let bad: String = (0..25).map(|_| "C(\n").collect();
    let output = bench.try_to_dock(&format!("CC\n{bad}"), &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = errors(&output);
    for words in [
        "25 of its 26 lines are no molecules:",
        "\n  line 2: `C(`",
        "\n  line 21: ",
        "\n  and 5 more; ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("line 22"), "{said}");
    let listed = bench.text("t.rejected.csv");
    assert_eq!(listed.lines().count(), 26);
    assert!(listed.starts_with("line,column,value,reason\n2,,C(,"), "{listed}");
}

/// Active learning with docking as the oracle: where it fails is a label too, and nothing of it is lost.
#[test]
fn rounds_learn_where_docking_fails() {
    let bench = Bench::new();
    std::fs::write(bench.file("bin/vina"), some_fail()).unwrap();
    let [receptor, out] = ["r.pdbqt", "out"].map(|name| bench.file(name).display().to_string());
    let receptor = format!("reward.receptor=\"{receptor}\"");
    let mut arguments = vec![
        "acquire",
        "experiments/mol/acquire-docking.toml",
        "--quiet",
        "--out",
        &out,
    ];
    for set in [
        &receptor,
        "acquisition.rounds=1",
        "acquisition.proposals=6",
        "acquisition.candidates=60",
        "acquisition.initial_size=40",
        "acquisition.fit={ ensemble = 2, epochs = 3, hidden = 8, rounds = 1 }",
        "training.steps=3",
        "network.hidden=8",
        "network.layers=1",
        "evaluation.samples=10",
    ] {
        arguments.extend(["--set", set]);
    }
    let cache = format!("reward.cache_file=\"{}\"", bench.file("e.jsonl").display());
    arguments.extend(["--set", &cache]);
    let output = bench.gfn(&arguments);
    assert!(output.status.success(), "{}", errors(&output));
    let at_random = bench.text("out/rounds/000/labeled.csv");
    let rows: Vec<Vec<&str>> = at_random
        .lines()
        .skip(1)
        .map(|row| row.splitn(3, ',').collect())
        .collect();
    let failed = rows.iter().filter(|row| !row[2].is_empty());
    let failed: Vec<&Vec<&str>> = failed.collect();
    assert!(rows.len() == 40 && (1..40).contains(&failed.len()), "{at_random}");
    let data = bench.text("out/rounds/001/data.csv");
    assert_eq!(data.lines().count(), 41);
    for row in failed {
        assert!(row[1] == "0.0" && row[2].contains("not below 0"), "{row:?}");
        assert!(data.contains(&format!("{},0.0\n", row[0])), "{data}");
    }
    let results = bench.text("out/results.csv");
    let first: Vec<&str> = results.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(first[..3], ["0", "40", "40"]);
    assert_ne!(first[3], "0", "{results}");
}

/// Where all objects can be counted all would be docked, which takes hours.
#[test]
fn that_everything_is_docked_is_told_before() {
    let bench = Bench::new();
    let receptor = format!("reward.receptor=\"{}\"", bench.file("r.pdbqt").display());
    let said = |blocks: &str, states: &str| {
        let arguments = [
            "check", DOCKING, "--set", &receptor, "--set", blocks, "--set", states,
        ];
        let output = bench.gfn(&arguments);
        assert!(output.status.success(), "{}", errors(&output));
        errors(&output)
    };
    let (few, many) = ("environment.max_blocks=2", "environment.max_blocks=3");
    let warned = said(few, "evaluation.exact_states=500_000");
    assert!(
        warned
            .contains("reward `docking` scores every object in it, each in seconds, before the first update"),
        "{warned}"
    );
    assert_eq!(said(few, "evaluation.exact_states=0"), "");
    assert_eq!(said(many, "evaluation.exact_states=500_000"), "");
}

#[test]
fn a_run_does_not_begin_without_its_programs_or_its_receptor() {
    let bench = Bench::new();
    let arguments = small(&bench.file("r.pdbqt"), &bench.file("e.jsonl"), &bench.file("run"));
    std::fs::remove_file(bench.file("bin/vina")).unwrap();
    let path = bench.file("bin").display().to_string();
    let output = gfn_with(&[("PATH", &path)], &words(&arguments));
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(
        errors(&output).contains("apt-get install autodock-vina"),
        "{}",
        errors(&output)
    );
    assert!(!bench.file("run").exists());

    let absent = small(
        &bench.file("absent.pdbqt"),
        &bench.file("e.jsonl"),
        &bench.file("run"),
    );
    let output = bench.gfn(&words(&absent));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("`reward.receptor` names no receptor"),
        "{}",
        errors(&output)
    );
}

/// The real receptor, where it and the real programs are at hand.
fn real() -> Option<PathBuf> {
    let receptor = top().join("../shared/data/docking/seh_4jnc_receptor.pdbqt");
    let on_path = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    let absent = ["obabel", "vina", "faketime"]
        .into_iter()
        .find(|name| !on_path(name));
    let reason = match absent {
        Some(name) => format!("no program {name}; scripts/install-optional installs it"),
        None if !receptor.is_file() => format!("{} is not there", receptor.display()),
        None => return Some(receptor),
    };
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
    println!("skipped: {reason}");
    None
}

#[test]
fn the_real_programs_repeat_themselves() {
    let Some(receptor) = real() else { return };
    let folder = tempfile::tempdir().unwrap();
    let receptor = receptor.display().to_string();
    let dock = |name: &str, molecules: &str, more: &[&str]| {
        let source = folder.path().join(name);
        std::fs::write(&source, molecules).unwrap();
        let source = source.display().to_string();
        let output = gfn_with(
            &[],
            &[&["dock", &source, "--receptor", &receptor, "--quiet"][..], more].concat(),
        );
        assert!(output.status.success(), "{}", errors(&output));
        std::fs::read_to_string(Path::new(&source).with_extension("docked.csv")).unwrap()
    };
    // Of the second, Open Babel makes another structure each time unless its clock stands still.
    let both = dock("both.smi", "c1ccccc1O\nCNC(=O)C1CC1\n", &["--jobs", "2"]);
    let alone = dock("alone.smi", "CNC(=O)C1CC1\n", &["--jobs", "1"]);
    assert_eq!(both.lines().nth(2), alone.lines().nth(1));
    for row in both.lines().skip(1) {
        let energy: f64 = row.split(',').nth(1).unwrap().parse().unwrap();
        assert!((-7.0..-3.0).contains(&energy), "{row}");
    }
}

#[test]
fn the_real_programs_dock_isotopes_and_never_see_a_salt() {
    let Some(receptor) = real() else { return };
    let folder = tempfile::tempdir().unwrap();
    let [source, out] = ["m.smi", "t.csv"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(
        &source,
        "CC\nC[13CH3]\n[2H]C([2H])([2H])O\nC[Se]C\nCC(=O)[O-].[Na+]\nCB(O)O\n[W]C\n",
    )
    .unwrap();
    let receptor = receptor.display().to_string();
    let fixed = ["dock", &source, "--receptor", &receptor, "--out", &out];
    succeed(&[&fixed[..], &["--timeout", "60", "--quiet"]].concat());
    let table = std::fs::read_to_string(&out).unwrap();
    let rows = table.lines().skip(1).map(|row| row.split(',').collect());
    let rows: Vec<Vec<&str>> = rows.collect();
    // A heavier carbon takes as much room as another.
    assert_eq!(rows[0][1], rows[1][1], "{table}");
    for row in &rows[..4] {
        let energy: f64 = row[1].parse().unwrap();
        assert!((-4.0..-1.0).contains(&energy), "{table}");
    }
    for (row, reason) in rows[4..].iter().zip([
        "it has 2 parts; dock the one that matters",
        "AutoDock Vina has no atom type for B",
        "AutoDock Vina has no atom type for W",
    ]) {
        // What a spreadsheet could take apart is quoted.
        assert_eq!((row[1], row[4].trim_matches('"')), ("", reason), "{table}");
    }
}

/// Programs that ignore what asks them to end do not keep a run from being saved.
#[test]
fn a_run_that_docks_is_saved_soon_after_a_signal() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let bench = Bench::new();
    let sleeps = "#!/bin/sh\n[ \"$1\" = -V ] && { echo 'Open Babel 0.0'; exit 0; }\n\
                  trap '' TERM INT HUP\necho \"$1\" >> \"$STARTS\"\nsleep 600\n";
    std::fs::write(bench.file("bin/obabel"), sleeps).unwrap();
    let file = "name = \"dock\"\n[environment]\nkind = \"fragments\"\n[reward]\nkind = \"docking\"\nreceptor = \"r.pdbqt\"\n\
                floor = 1e-3\n[network]\nkind = \"message-passing\"\nhidden = 8\n[loss]\nkind = \"trajectory-balance\"\n[evaluation]\nsamples = 2\n";
    std::fs::write(bench.file("dock.toml"), file).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args([
            "run",
            &bench.file("dock.toml").display().to_string(),
            "--quiet",
            "--out",
        ])
        .arg(bench.file("run"))
        .env("PATH", format!("{}:/usr/bin:/bin", bench.file("bin").display()))
        .env("STARTS", bench.file("starts"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while bench.text("starts").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is docked");
        std::thread::sleep(Duration::from_millis(10));
    }
    let sent = Instant::now();
    let kill = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let (took, said) = (sent.elapsed(), errors(&output));
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(took < Duration::from_secs(5), "{took:?}: {said}");
    assert!(
        said.contains("stopping on TERM") && said.contains("saved after update 0"),
        "{said}"
    );
}
