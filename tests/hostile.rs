//! Whatever files, plugins and users call things, nothing that they wrote steers a terminal: control characters, escape
//! sequences, characters that reorder text and characters without width are shown as text, in a pipe and on a terminal.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Colors, a title, a cleared screen in eight bits, a delete, a return, reordering, and characters without width.
const HOSTILE: &str = "x\u{1b}[31;8m\u{1b}]0;t\u{7}\u{9b}2J\u{7f}\r\u{202e}y\u{2066}\u{200b}\u{feff}\u{2028}";
/// What it looks like.
const SHOWN: &str =
    "\\u{1b}[31;8m\\u{1b}]0;t\\u{7}\\u{9b}2J\\u{7f}\\r\\u{202e}y\\u{2066}\\u{200b}\\u{feff}\\u{2028}";

/// A place where something hostile is written: how it gets there, and the command that reads it.
struct Case {
    place: &'static str,
    files: Vec<(String, String)>,
    variables: Vec<(&'static str, String)>,
    words: Vec<String>,
    /// A part of what must be said, so that the command got as far as the text.
    said: &'static str,
}

fn case(place: &'static str, words: &[&str]) -> Case {
    Case {
        place,
        files: Vec::new(),
        variables: Vec::new(),
        words: words
            .iter()
            .map(|word| word.replace("HOSTILE", HOSTILE))
            .collect(),
        said: SHOWN,
    }
}

impl Case {
    fn file(mut self, name: &str, text: &str) -> Self {
        self.files
            .push((name.replace("HOSTILE", HOSTILE), text.replace("HOSTILE", HOSTILE)));
        self
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.replace("HOSTILE", HOSTILE)));
        self
    }

    fn says(mut self, said: &'static str) -> Self {
        self.said = said;
        self
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gfn"));
        command.args(&self.words);
        self.within(command, folder)
    }

    /// The same on a terminal, which util-linux's `script` provides.
    fn on_a_terminal(&self, folder: &Path) -> Command {
        let quoted = |word: &str| format!("'{word}'");
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        let mut command = Command::new("script");
        let line = format!("{} {}", quoted(env!("CARGO_BIN_EXE_gfn")), words.join(" "));
        command.args(["-q", "-e", "-c", &line, "/dev/null"]);
        self.within(command, folder)
    }

    fn within(&self, mut command: Command, folder: &Path) -> Command {
        for (name, text) in &self.files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        command
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("GFN_APPROVALS", folder.join("approvals"))
            .env("SHELL", "/bin/sh")
            .stdin(std::process::Stdio::null())
            .current_dir(folder);
        command
    }
}

/// An experiment, of which a part is replaced.
fn experiment(from: &str, to: &str) -> String {
    let good = "name = \"small\"\n[environment]\nkind = \"hypergrid\"\nheight = 4\n[reward]\nkind = \"hypergrid\"\n\
                [network]\nhidden = 4\n[loss]\nkind = \"trajectory-balance\"\n[training]\nsteps = 2\nbatch_size = 2\n";
    assert!(good.contains(from), "{from}");
    good.replace(from, to)
}

/// A manifest of a run with an error of somebody else's words.
fn manifest() -> String {
    let text = serde_json::json!({
        "format": 1, "gfn": HOSTILE, "libtorch": HOSTILE, "name": HOSTILE, "seed": 0, "status": "failed", "error": HOSTILE,
        "experiment": HOSTILE, "resolved_sha256": "", "device": HOSTILE, "threads": 1, "processor": HOSTILE, "parameters": 1,
        "started": 0, "steps": 0, "changes": [HOSTILE],
    });
    text.to_string()
}

/// A plugin that describes itself in hostile words.
fn plugin() -> String {
    let description = serde_json::json!({
        "name": format!("p{HOSTILE}"), "version": HOSTILE, "summary": HOSTILE, "licence": HOSTILE,
        "kinds": ["reward"], "input": "texts", "objects": [HOSTILE],
        "parameters": { "type": "object", "properties": { format!("key{HOSTILE}"): {
            "type": "string", "description": HOSTILE, "default": HOSTILE,
        } } },
    });
    let ready = serde_json::json!({ "type": "ready", "protocol": 1, "description": description }).to_string();
    // JSON escapes mean the same, and Python's source stays plain.
    let plain = |letter: char| match letter {
        ' '..='~' => letter.to_string(),
        _ => format!("\\u{:04x}", u32::from(letter)),
    };
    let ready: String = ready.chars().map(plain).collect();
    format!("import sys\nfor line in sys.stdin:\n    print(r'''{ready}''', flush=True)\n")
}

fn cases() -> Vec<Case> {
    let small = experiment("small", "small");
    let named = |text: &str| experiment("\"small\"", text);
    let sample = "object,reward,log_reward,log_probability,steps\n\"HOSTILE\",1.0,0.0,,2\n";
    let run = |case: Case| {
        case.file("HOSTILE/resolved.toml", &small)
            .file("HOSTILE/manifest.json", &manifest())
            .file("HOSTILE/samples.csv", sample)
    };
    vec![
        case("a command", &["HOSTILE"]),
        case("an option", &["run", "a.toml", "--HOSTILE"]),
        case("an argument too many", &["run", "a.toml", "HOSTILE"]),
        case(
            "a value of an option",
            &["check", "a.toml", "--format", "HOSTILE"],
        ),
        case("a number of an option", &["run", "a.toml", "--seed", "HOSTILE"]),
        case("a missing file", &["check", "HOSTILE.toml"]),
        case("the name of a file with a mistake", &["check", "HOSTILE.toml"])
            .file("HOSTILE.toml", "heigth = 1"),
        case("a key", &["check", "a.toml"])
            .file("a.toml", &experiment("height", &format!("\"{}\"", escaped()))),
        case("a value", &["check", "a.toml"]).file("a.toml", &named(&format!("\"{}\"", escaped()))),
        case("a line that is no TOML", &["check", "a.toml"])
            .file("a.toml", "name = HOSTILE\n")
            .says("\\u{1b}[31;8m"),
        case("a setting", &["resolve", "a.toml"])
            .file("a.toml", &format!("description = \"{}\"\n{small}", escaped()))
            .says("description = "),
        case("an origin", &["resolve", "HOSTILE.toml", "--origin"]).file("HOSTILE.toml", &small),
        case("a difference", &["diff", "HOSTILE.toml", "b.toml"])
            .file("HOSTILE.toml", &small)
            .file("b.toml", &experiment("steps = 2", "steps = 3")),
        case("a flag", &["check", "a.toml", "--set", "name=HOSTILE"]).file("a.toml", &small),
        case("a profile", &["check", "a.toml", "--profile", "HOSTILE"]).file("a.toml", &small),
        case("a variable", &["check", "a.toml"])
            .file("a.toml", &small)
            .variable("GFN__NAME", "\"HOSTILE"),
        case("a stray variable", &["check", "a.toml"])
            .file("a.toml", &small)
            .variable("GFN_NAME__X", "HOSTILE"),
        case("a name to explain", &["explain", "HOSTILE"]),
        case("a benchmark", &["bench", "HOSTILE"]),
        run(case("runs in a list", &["ls", "."])),
        run(case("a run", &["show", "HOSTILE"])),
        run(case("the path of a report", &["report", "HOSTILE"])),
        run(case("a page", &["report", "HOSTILE", "-o", "-"])),
        run(case(
            "exported files",
            &["export", "HOSTILE", "--to", "csv", "-o", "HOSTILE/out"],
        )),
        case("a folder that is no run", &["show", "HOSTILE"]),
        case("a table", &["proxy", "fit", "HOSTILE.csv", "--quiet"]).file("HOSTILE.csv", "a,b,c\nCC,1,2\n"),
        case("a cell of a table", &["proxy", "fit", "a.csv", "--quiet"])
            .file("a.csv", "smiles,y\nHOSTILE,1\nCC,HOSTILE\n")
            .says("\\u{1b}[31;8m"),
        case("a column of a table", &["proxy", "fit", "a.csv", "--quiet"])
            .file("a.csv", "HOSTILE,b,c\nCC,1,2\n")
            .says("\\u{1b}[31;8m"),
        case("a proxy", &["proxy", "info", "HOSTILE"]).file("HOSTILE", "HOSTILE"),
        case("blocks", &["check", "a.toml"])
            .file(
                "a.toml",
                &experiment(
                    "kind = \"hypergrid\"\nheight = 4",
                    "kind = \"fragments\"\nvocabulary = \"b.json\"",
                ),
            )
            .file(
                "b.json",
                &serde_json::json!({ "name": HOSTILE, "blocks": [{ "name": HOSTILE, "smiles": HOSTILE }] })
                    .to_string(),
            )
            .says("\\u{1b}[31;8m"),
        case("the commands of a sweep", &["sweep", "submit", "a.toml"])
            .file(
                "a.toml",
                &format!(
                    "{small}[sweep.parameters]\nnetwork.hidden = [4, 8]\n[sweep.slurm]\nprelude = [\"{}\"]\n",
                    escaped().replace("\\u000d", "")
                ),
            )
            .says("\\u{1b}[31;8m"),
        case(
            "a plugin's description",
            &["plugin", "info", "--lines", "python3", "p.py"],
        )
        .file("p.py", &plugin())
        .says("\\u{1b}[31;8m"),
        case(
            "a plugin's input",
            &["plugin", "run", "--input", "HOSTILE.jsonl", "p.py"],
        ),
        case("the name of a plugin", &["plugin", "info", "HOSTILE.py"]).says("\\u{1b}[31;8m"),
        case(
            "the name of a new plugin",
            &["plugin", "new", "--lang", "python", "HOSTILE"],
        ),
    ]
}

/// The hostile text in a TOML string.
fn escaped() -> String {
    let escape = |letter: char| match letter {
        ' '..='~' => letter.to_string(),
        _ => format!("\\u{:04x}", u32::from(letter)),
    };
    HOSTILE.chars().map(escape).collect()
}

/// What of an output a terminal would not show as it is.
fn hidden(output: &str) -> Vec<String> {
    let is_hidden = |letter: &char| {
        matches!(letter, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    output
        .chars()
        .filter(is_hidden)
        .map(|letter| letter.escape_default().to_string())
        .collect()
}

fn text_of(output: &Output) -> String {
    let bytes = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(bytes).expect("gfn writes UTF-8")
}

#[track_caller]
fn expect_plain(place: &str, said: &str, text: &str) {
    assert_eq!(hidden(text), [""; 0], "{place}: {text:?}");
    assert!(text.contains(said), "{place}: expected {said:?} in {text}");
    assert!(!text.contains("panicked"), "{place}: {text}");
}

#[test]
fn nothing_hidden_reaches_a_pipe() {
    for case in cases() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = case.command(folder.path()).output().expect("gfn starts");
        expect_plain(case.place, case.said, &text_of(&output));
    }
}

#[test]
fn nothing_hidden_reaches_a_terminal() {
    if Command::new("script").arg("--version").output().is_err() {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "`script` of util-linux is not installed"
        );
        return;
    }
    // Those that show progress, whose bars move the cursor by themselves, are tried in a pipe.
    let bars = ["the path of a report", "a page"];
    for case in cases().iter().filter(|case| !bars.contains(&case.place)) {
        let folder = tempfile::tempdir().expect("a folder");
        let output = case.on_a_terminal(folder.path()).output().expect("script starts");
        // The terminal puts a return before each line break, and shows that its input has ended.
        let text = text_of(&output).replace("\r\n", "\n").replace("^D\u{8}\u{8}", "");
        expect_plain(case.place, case.said, &text);
    }
}

/// JSON stays JSON, and means what was written.
#[test]
fn json_means_what_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join(HOSTILE);
    fs::create_dir(&run).expect("a folder");
    fs::write(run.join("resolved.toml"), experiment("small", "small")).expect("a file");
    fs::write(run.join("manifest.json"), manifest()).expect("a file");
    let bad = format!("{HOSTILE}.toml");
    fs::write(folder.path().join(&bad), "heigth = 1").expect("a file");
    let json = |words: &[&str]| -> Value {
        let command = case("", words)
            .command(folder.path())
            .output()
            .expect("gfn starts");
        let text = String::from_utf8(command.stdout).expect("UTF-8");
        assert_eq!(hidden(&text), [""; 0], "{words:?}: {text:?}");
        serde_json::from_str(&text).expect("JSON")
    };
    assert_eq!(json(&["ls", ".", "--json"])[0]["folder"], format!("./{HOSTILE}"));
    assert_eq!(json(&["show", "HOSTILE", "--json"])["manifest"]["error"], HOSTILE);
    let found = json(&["check", "--format", "json", "HOSTILE.toml"]);
    assert_eq!(found[0]["file"], bad.as_str());
    assert_eq!(
        json(&["check", "--format", "sarif", "HOSTILE.toml"])["version"],
        "2.1.0"
    );
    let resolved = case("", &["resolve", "a.toml"]).file(
        "a.toml",
        &format!(
            "description = \"{}\"\n{}",
            escaped(),
            experiment("small", "small")
        ),
    );
    let output = resolved.command(folder.path()).output().expect("gfn starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let table: toml::Table = text.parse().expect("TOML");
    assert_eq!(table["description"].as_str(), Some(HOSTILE));
}

/// Bytes that are no text are shown too.
#[test]
fn bytes_that_are_no_text_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = std::ffi::OsString::from_vec(b"x\x9b31m\xff.toml".to_vec());
    fs::write(folder.path().join(&name), "heigth = 1").expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .arg("check")
        .arg(&name)
        .current_dir(folder.path())
        .output()
        .expect("gfn starts");
    expect_plain("a name in bytes", "unknown key `heigth`", &text_of(&output));
}
