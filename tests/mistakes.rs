//! What is said of every mistake that somebody is likely to make, whole, as it is read: `snapshots/` holds the texts.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test -p gfn-cli mistakes` writes them anew; read what changed.

use std::path::Path;

use gfn_config::{Problems, Tree, VERSION};
use gfn_registry::{Experiment, assemble};

/// A small good experiment, to be spoiled.
const GOOD: &str = r#"name = "small"

[environment]
kind = "hypergrid"
height = 8

[reward]
kind = "hypergrid"

[loss]
kind = "trajectory-balance"

[training]
steps = 20
batch_size = 4
"#;

/// A small good experiment on molecules.
const MOLECULES: &str = r#"name = "small"

[environment]
kind = "fragments"
max_blocks = 4

[reward]
kind = "druglike"

[network]
kind = "message-passing"

[loss]
kind = "flow-matching"

[training]
steps = 20
"#;

/// A mistake: files, the first of which is the experiment, and what is laid over it.
struct Mistake {
    title: &'static str,
    files: Vec<(&'static str, Vec<u8>)>,
    profile: Option<&'static str>,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
}

/// A mistake in the text of the experiment file.
fn text(title: &'static str, text: impl Into<Vec<u8>>) -> Mistake {
    Mistake {
        title,
        files: vec![("small.toml", text.into())],
        profile: None,
        variables: Vec::new(),
        flags: Vec::new(),
    }
}

/// A part of the good file replaced.
fn good(title: &'static str, from: &str, to: &str) -> Mistake {
    assert!(GOOD.contains(from), "{from:?} is not in the file");
    text(title, GOOD.replace(from, to))
}

/// Something added to the end of the good file.
fn adding(title: &'static str, end: &str) -> Mistake {
    text(title, format!("{GOOD}\n{end}\n"))
}

/// Something added to the end of the good file on molecules.
fn molecules(title: &'static str, end: &str) -> Mistake {
    text(title, format!("{MOLECULES}\n{end}\n"))
}

/// The good file and a flag.
fn flag(title: &'static str, flag: &str) -> Mistake {
    let mut mistake = text(title, GOOD);
    mistake.flags.push(flag.to_owned());
    mistake
}

/// The good file and a variable.
fn variable(title: &'static str, name: &str, value: &str) -> Mistake {
    let mut mistake = text(title, GOOD);
    mistake.variables.push((name.to_owned(), value.to_owned()));
    mistake
}

impl Mistake {
    /// The same with another file beside the experiment.
    fn beside(mut self, name: &'static str, text: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    /// The same with a part of the experiment replaced.
    fn replaced(mut self, from: &str, to: &str) -> Self {
        let whole = String::from_utf8(self.files[0].1.clone()).expect("a text");
        assert!(whole.contains(from), "{from:?} is not in the file");
        self.files[0].1 = whole.replace(from, to).into();
        self
    }

    /// What is said of it, without the folder that it lies in and this program's version.
    fn said(&self) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in &self.files {
            let path = folder.path().join(name);
            match name.strip_suffix('/') {
                Some(_) => std::fs::create_dir(&path).expect("a folder"),
                None => std::fs::write(&path, text).expect("a file"),
            }
        }
        let first = folder
            .path()
            .join(self.files.first().map_or("absent.toml", |(name, _)| name));
        let problems = self.problems(&first);
        let prefix = format!("{}/", folder.path().display());
        let said = problems.to_string().replace(&prefix, "");
        let said = said.replace(&format!("this is gfn {VERSION}"), "this is gfn VERSION");
        format!("== {}\n\n{said}", self.title)
    }

    fn problems(&self, file: &Path) -> Problems {
        let base = file.parent().expect("a file has a folder").to_path_buf();
        let read = Tree::load_with(file, self.profile, self.variables.clone(), &self.flags)
            .and_then(|tree| Experiment::read(tree, base))
            .and_then(|experiment| assemble(&experiment));
        read.map_or_else(|problems| problems, |parts| parts.warnings)
    }
}

/// Compares what is said of these mistakes with the text in `snapshots/`.
#[track_caller]
fn compare(name: &str, mistakes: &[Mistake]) {
    let said: Vec<String> = mistakes.iter().map(Mistake::said).collect();
    for (mistake, said) in mistakes.iter().zip(&said) {
        assert!(
            said.contains("error: ") || said.contains("warning: "),
            "nothing is said of: {}",
            mistake.title
        );
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, said.join("\n\n")));
}

#[test]
fn syntax() {
    compare(
        "syntax",
        &[
            good(
                "a text without quotes",
                "\"hypergrid\"\nheight",
                "hypergrid\nheight",
            ),
            good("a quote that is not closed", "name = \"small\"", "name = \"small"),
            good("a value that is missing", "height = 8", "height ="),
            good("an equals sign that is missing", "height = 8", "height 8"),
            good("a colon for the equals sign", "height = 8", "height: 8"),
            good("two values", "height = 8", "height = 8 16"),
            good("a bracket that is missing", "[environment]", "[environment"),
            good("a bracket too many", "[environment]", "[environment]]"),
            good(
                "a comma for the point",
                "kind = \"hypergrid\"\n\n",
                "kind = \"hypergrid\"\nr0 = 0,1\n\n",
            ),
            good("a unit", "steps = 20", "steps = 20k"),
            good("a leading zero", "height = 8", "height = 08"),
            good("Python's True", "steps = 20", "steps = 20\ntensorboard = True"),
            good("Python's None", "steps = 20", "steps = 20\nlog_every = None"),
            good("a key twice", "height = 8", "height = 8\nheight = 16"),
            adding("a table twice", "[training]\nlog_every = 5"),
            good(
                "a table over a key",
                "name = \"small\"",
                "name = \"small\"\ntraining = 5",
            ),
            good("a date", "steps = 20", "steps = 2024-01-01"),
            good("not a number", "steps = 20", "steps = nan"),
            good("infinity", "steps = 20", "steps = -inf"),
            good("a float beyond numbers", "steps = 20", "steps = 1e999"),
            good(
                "a whole number beyond numbers",
                "steps = 20",
                "steps = 99999999999999999999",
            ),
            text("JSON", "{\"name\": \"small\", \"training\": {\"steps\": 20}}"),
            text("YAML", "name: small\ntraining:\n  steps: 20\n"),
        ],
    );
}

#[test]
fn keys() {
    compare(
        "keys",
        &[
            good("a section misspelt", "[training]", "[trainig]"),
            adding(
                "a section that there is none of",
                "[scheduler]\nkind = \"cosine\"",
            ),
            good(
                "a key at the top misspelt",
                "name = \"small\"",
                "nmae = \"small\"",
            ),
            good(
                "a key above its section",
                "name = \"small\"",
                "name = \"small\"\nsteps = 20",
            ),
            good("a key misspelt", "height = 8", "heigth = 8"),
            good("a key that resembles none", "height = 8", "color = 8"),
            good("a key in capitals", "height = 8", "Height = 8"),
            good("initials", "[training]", "[optimizer]\nlr = 0.1\n\n[training]"),
            good(
                "a key of another kind",
                "\"trajectory-balance\"",
                "\"trajectory-balance\"\nepsilon = 1e-5",
            ),
            good(
                "a key of another section",
                "steps = 20",
                "steps = 20\nlearning_rate = 0.1",
            ),
            good(
                "a key of two other sections",
                "steps = 20",
                "steps = 20\ntemperature = 0.1",
            ),
            good(
                "a key of the reward's shape",
                "steps = 20",
                "steps = 20\nexponent = 2.0",
            ),
            adding(
                "a key within a schedule",
                "[optimizer]\nlearning_rate = { from = 0.1, to = 0.01, step = 10 }",
            ),
            adding("a table in a section", "[training.schedule]\nsteps = 5"),
            text(
                "many mistakes at once",
                GOOD.replace("height", "heigth")
                    .replace("20", "\"twenty\"")
                    .replace("trajectory-balance", "tb-loss"),
            ),
        ],
    );
}

#[test]
fn types() {
    compare(
        "types",
        &[
            good("a text for a whole number", "height = 8", "height = \"eight\""),
            good("a whole number in quotes", "height = 8", "height = \"8\""),
            good("a float for a whole number", "height = 8", "height = 8.5"),
            good("a whole number with a point", "height = 8", "height = 8.0"),
            good("a power of ten for a whole number", "steps = 20", "steps = 1e3"),
            good("true for a whole number", "height = 8", "height = true"),
            good("an array for a whole number", "height = 8", "height = [8, 8]"),
            good("a table for a whole number", "height = 8", "height = { x = 8 }"),
            adding("a number in quotes", "[checkpoint]\nevery_minutes = \"5\""),
            adding("a text for a number", "[checkpoint]\nevery_minutes = \"five\""),
            good(
                "true in quotes",
                "steps = 20",
                "steps = 20\ntensorboard = \"true\"",
            ),
            good("yes for true", "steps = 20", "steps = 20\ntensorboard = \"yes\""),
            good("1 for true", "steps = 20", "steps = 20\ntensorboard = 1"),
            good("a number for a text", "name = \"small\"", "name = 5"),
            adding(
                "an array for a text",
                "[hardware]\ndevice = [\"cuda:0\", \"cuda:1\"]",
            ),
            adding("a number for a choice", "[hardware]\nprecision = 32"),
            text("a number for a section", format!("hardware = 5\n{GOOD}")),
            text(
                "a text for a component",
                GOOD.replace("[loss]\nkind = \"trajectory-balance\"\n", "")
                    .replace(
                        "name = \"small\"",
                        "name = \"small\"\nloss = \"trajectory-balance\"",
                    ),
            ),
            good("an array of tables for a section", "[training]", "[[training]]"),
            good("an array of tables for a component", "[loss]", "[[loss]]"),
        ],
    );
}

#[test]
fn ranges() {
    compare(
        "ranges",
        &[
            good("no batch", "batch_size = 4", "batch_size = 0"),
            good("a negative batch", "batch_size = 4", "batch_size = -4"),
            good(
                "a batch beyond its limit",
                "batch_size = 4",
                "batch_size = 10_000_000",
            ),
            good("a grid of one cell", "height = 8", "height = 1"),
            good(
                "a negative seed",
                "name = \"small\"",
                "name = \"small\"\nseed = -1",
            ),
            good(
                "a name that is a path",
                "name = \"small\"",
                "name = \"runs/small\"",
            ),
            good("no name", "name = \"small\"", "name = \"\""),
            good(
                "a negative reward",
                "kind = \"hypergrid\"\n\n",
                "kind = \"hypergrid\"\nr0 = -0.1\n\n",
            ),
            adding(
                "a probability above 1",
                "[sampler]\nrandom_action_probability = 1.5",
            ),
            adding("a temperature of 0", "[sampler]\ntemperature = 0"),
            adding(
                "nothing but replay",
                "[sampler]\nkind = \"replay\"\nfraction = 1.0",
            ),
            adding("a negative learning rate", "[optimizer]\nlearning_rate = -1e-3"),
            adding("a decay of 1", "[optimizer]\nbeta2 = 1.0"),
            adding(
                "a precision that there is none of",
                "[hardware]\nprecision = \"fp16\"",
            ),
            adding("a device that there is none of", "[hardware]\ndevice = \"gpu\""),
            adding("no thread", "[hardware]\nthreads = 0"),
            adding("negative minutes", "[checkpoint]\nevery_minutes = -1"),
            adding("one checkpoint", "[checkpoint]\nkeep = 1"),
            adding("no sample", "[evaluation]\nsamples = 0"),
            adding("a similarity above 1", "[evaluation]\nmode_similarity = 1.5"),
            adding(
                "a sweep beyond numbers",
                "[evaluation]\nexact_states = 1_000_000_000_000",
            ),
        ],
    );
}

#[test]
fn kinds() {
    compare(
        "kinds",
        &[
            good("no kind", "kind = \"trajectory-balance\"", ""),
            text(
                "no section",
                GOOD.replace("[loss]\nkind = \"trajectory-balance\"\n", ""),
            ),
            good("a kind misspelt", "trajectory-balance", "trajectory-balanced"),
            good(
                "a kind with underscores",
                "trajectory-balance",
                "trajectory_balance",
            ),
            good("a kind by its initials", "trajectory-balance", "tb"),
            good("a kind that resembles none", "trajectory-balance", "gail"),
            good("an empty kind", "trajectory-balance", ""),
            good("a kind that is a number", "\"trajectory-balance\"", "3"),
            adding(
                "a kind of another section",
                "[network]\nkind = \"trajectory-balance\"",
            ),
            adding(
                "a backward policy that there is none of",
                "[backward_policy]\nkind = \"maximum-entropy\"",
            ),
            good(
                "another word for kind",
                "kind = \"trajectory-balance\"",
                "name = \"trajectory-balance\"",
            ),
        ],
    );
}

#[test]
fn extends() {
    let extending = |title, bases: &str| text(title, format!("extends = {bases}\n{GOOD}"));
    let chain = |title| {
        let links: [(&'static str, &str); 10] = [
            ("1.toml", "extends = \"2.toml\""),
            ("2.toml", "extends = \"3.toml\""),
            ("3.toml", "extends = \"4.toml\""),
            ("4.toml", "extends = \"5.toml\""),
            ("5.toml", "extends = \"6.toml\""),
            ("6.toml", "extends = \"7.toml\""),
            ("7.toml", "extends = \"8.toml\""),
            ("8.toml", "extends = \"9.toml\""),
            ("9.toml", "extends = \"10.toml\""),
            ("10.toml", "seed = 1"),
        ];
        let first = extending(title, "\"1.toml\"");
        links
            .into_iter()
            .fold(first, |mistake, (name, text)| mistake.beside(name, text))
    };
    compare(
        "extends",
        &[
            extending("a file that is not there", "\"bsae.toml\"").beside("base.toml", ""),
            extending("itself", "\"small.toml\""),
            extending("a circle", "\"base.toml\"").beside("base.toml", "extends = \"small.toml\""),
            chain("too deep"),
            extending("a number", "5"),
            extending("a number among files", "[\"base.toml\", 5]").beside("base.toml", ""),
            extending("nothing", "\"\""),
            extending("a folder", "\"base/\"").beside("base/", ""),
            extending("a file with a mistake", "\"base.toml\"")
                .beside("base.toml", "[evaluation]\nsample = 5"),
            extending("a file that is not TOML", "\"base.toml\"").beside("base.toml", "[evaluation\n"),
            extending("a file that is not text", "\"base.toml\"").beside("base.toml", b"# \xff\xfe".to_vec()),
            adding("below a section", "extends = \"base.toml\""),
        ],
    );
}

#[test]
fn profiles() {
    let profile = |title, lines: &str| adding(title, &format!("[profile.quick]\n{lines}"));
    let chosen = |mut mistake: Mistake, name| {
        mistake.profile = Some(name);
        mistake
    };
    compare(
        "profiles",
        &[
            chosen(profile("a profile misspelt", "seed = 1"), "qiuck"),
            chosen(text("no profile", GOOD), "quick"),
            chosen(profile("a mistake in the chosen", "training.steps = 0"), "quick"),
            profile("a mistake in one that is not chosen", "training.stpes = 5"),
            profile("a key of another section", "steps = 5"),
            profile("a parent that there is none of", "inherits = \"slow\""),
            adding("a profile that is no table", "[profile]\nquick = 5"),
            good(
                "a later version",
                "name = \"small\"",
                "name = \"small\"\ngfn = \"99.0\"",
            ),
            good(
                "a version without quotes",
                "name = \"small\"",
                "name = \"small\"\ngfn = 0.1",
            ),
        ],
    );
}

#[test]
fn files() {
    let mut absent = text("a file that is not there", "");
    absent.files.clear();
    let mut folder = text("a folder", "");
    folder.files[0].0 = "experiments/";
    compare(
        "files",
        &[
            absent,
            folder,
            text("an empty file", ""),
            text("nothing but comments", "# to do\n"),
            text(
                "bytes that are no text",
                b"name = \"small\"\n# caf\xe9\n".to_vec(),
            ),
            text("UTF-16", b"\xff\xfen\0a\0m\0e\0".to_vec()),
            text("a file of data", vec![b'#'; (1 << 20) + 1]),
        ],
    );
}

#[test]
fn flags_and_variables() {
    compare(
        "flags-and-variables",
        &[
            flag("no equals sign", "training.steps"),
            flag("no key", "=5"),
            flag("no value", "training.steps="),
            flag("two dots", "training..steps=5"),
            flag("a blank in the key", "training steps=5"),
            flag("a quote that is not closed", "name=\"small"),
            flag("an array that is not closed", "training.steps=[1, 2"),
            flag("a value with a blank", "name=my run"),
            flag("a unit", "training.steps=10k"),
            flag("not a number", "training.steps=nan"),
            flag("an unknown key", "training.step=5"),
            flag("an unknown section", "trainig.steps=5"),
            flag("a key without its section", "steps=5"),
            flag("a wrong type", "training.steps=ten"),
            flag("a path through a number", "environment.height.x=5"),
            flag(
                "another kind, whose keys are not those of the file",
                "environment.kind=fragments",
            ),
            flag("an unknown kind", "loss.kind=tbb"),
            flag("extends", "extends=base.toml"),
            variable("a variable with a bad value", "GFN__TRAINING__STEPS", "[1,"),
            variable("a variable of a wrong type", "GFN__TRAINING__STEPS", "many"),
            variable("a variable with one underscore", "GFN__TRAINING_STEPS", "5"),
            variable("a variable without a key", "GFN__", "5"),
            variable("an empty variable", "GFN__TRAINING__STEPS", ""),
        ],
    );
}

#[test]
fn schedules() {
    let rate = |title, schedule: &str| adding(title, &format!("[optimizer]\nlearning_rate = {schedule}"));
    compare(
        "schedules",
        &[
            rate("no end", "{ from = 0.1, steps = 10 }"),
            rate("no steps", "{ from = 0.1, to = 0.01 }"),
            rate("an empty table", "{}"),
            rate(
                "an unknown shape",
                "{ from = 0.1, to = 0.01, steps = 10, shape = \"cosin\" }",
            ),
            rate("no step", "{ from = 0.1, to = 0.01, steps = 0 }"),
            rate("a text in it", "{ from = \"0.1\", to = 0.01, steps = 10 }"),
            rate(
                "exponential to 0",
                "{ from = 0.1, to = 0.0, steps = 10, shape = \"exponential\" }",
            ),
            rate("below the range", "{ from = 0.1, to = -0.1, steps = 10 }"),
            rate("an array", "[0.1, 0.01]"),
            rate("a name", "\"cosine\""),
        ],
    );
}

#[test]
fn vocabularies() {
    let own = |title, blocks: &str| {
        let named = MOLECULES.replace("max_blocks", "vocabulary = \"blocks.json\"\nmax_blocks");
        text(title, named).beside("blocks.json", blocks)
    };
    let blocks = |title, blocks: &str| own(title, &format!("{{\"name\": \"own\", \"blocks\": [{blocks}]}}"));
    let named = |title, vocabulary: &str| {
        text(
            title,
            MOLECULES.replace(
                "max_blocks",
                &format!("vocabulary = \"{vocabulary}\"\nmax_blocks"),
            ),
        )
    };
    let methyl = "{\"name\": \"methyl\", \"smiles\": \"[*:1]C\"}";
    compare(
        "vocabularies",
        &[
            named("a path that leads nowhere", "blocks.json"),
            named("a built-in name misspelt", "drug-like"),
            named("a folder", "blocks").beside("blocks/", ""),
            named("an empty path", ""),
            own("not JSON", "blocks:\n- methyl\n"),
            own("a key that is missing", "{\"blocks\": []}"),
            own(
                "an unknown key",
                "{\"name\": \"own\", \"blocks\": [], \"size\": 5}",
            ),
            blocks("no block", ""),
            blocks(
                "a block that is no SMILES",
                "{\"name\": \"ring\", \"smiles\": \"[*:1]C1CC\"}",
            ),
            blocks(
                "a block without attachment points",
                "{\"name\": \"methane\", \"smiles\": \"C\"}",
            ),
            blocks("two blocks of one name", &format!("{methyl}, {methyl}")),
            blocks(
                "two blocks alike",
                &format!("{methyl}, {{\"name\": \"CH3\", \"smiles\": \"C[*:1]\"}}"),
            ),
            molecules("the least above the most", "")
                .replaced("max_blocks = 4", "min_blocks = 5\nmax_blocks = 4"),
            blocks("blocks of one point", methyl)
                .replaced("max_blocks = 4", "min_blocks = 3\nmax_blocks = 4"),
        ],
    );
}

#[test]
fn parts_that_do_not_go_together() {
    let loss = |title, kind: &str, end: &str| {
        text(
            title,
            format!("{}\n{end}\n", GOOD.replace("trajectory-balance", kind)),
        )
    };
    let reward = |title, lines: &str| {
        good(
            title,
            "kind = \"hypergrid\"\n\n",
            &format!("kind = \"hypergrid\"\n{lines}\n\n"),
        )
    };
    compare(
        "together",
        &[
            good(
                "a grid's reward and network on molecules",
                "kind = \"hypergrid\"\nheight = 8",
                "kind = \"fragments\"",
            ),
            text(
                "a molecule's reward on a grid",
                GOOD.replace("[reward]\nkind = \"hypergrid\"", "[reward]\nkind = \"druglike\""),
            ),
            adding(
                "a graph's network on a grid",
                "[network]\nkind = \"message-passing\"",
            ),
            loss(
                "a backward policy for a loss without",
                "flow-matching",
                "[backward_policy]\nkind = \"learned\"",
            ),
            loss(
                "log Z for a loss without",
                "flow-matching",
                "[optimizer]\nlog_z = 5.0",
            ),
            loss("one trajectory for a loss of two", "log-partition-variance", "")
                .replaced("batch_size = 4", "batch_size = 1"),
            loss("weights beyond numbers", "sub-trajectory-balance", "")
                .replaced("balance\"\n", "balance\"\nlambda = 10.0\n")
                .replaced("height = 8", "height = 300"),
            reward("rewards of 0", "r0 = 0.0"),
            reward("a clip below the floor", "floor = 2.0\nclip = 1.0"),
            reward(
                "an exponent beyond numbers",
                "exponent = 1e308\ntemperature = 1e-9",
            ),
            adding(
                "a GPU's precision on a CPU",
                "[hardware]\ndevice = \"cpu\"\nprecision = \"tf32\"",
            ),
            adding(
                "a CPU's determinism on a GPU",
                "[hardware]\ndevice = \"cuda:1\"\ndeterminism = \"bitwise\"",
            ),
            text(
                "many at once",
                MOLECULES
                    .replace("druglike", "hypergrid")
                    .replace("message-passing", "mlp")
                    + "[backward_policy]\n[hardware]\ndevice = \"gpu\"\n",
            ),
        ],
    );
}

#[test]
fn settings_that_do_nothing() {
    let reward = |title, lines: &str| {
        good(
            title,
            "kind = \"hypergrid\"\n\n",
            &format!("kind = \"hypergrid\"\n{lines}\n\n"),
        )
    };
    let replay = |title, lines: &str| adding(title, &format!("[sampler]\nkind = \"replay\"\n{lines}"));
    compare(
        "nothing",
        &[
            good(
                "lines of metrics beyond the end",
                "steps = 20",
                "steps = 20\nlog_every = 50",
            ),
            adding("measurements beyond the end", "[evaluation]\nevery = 50"),
            adding("checkpoints beyond the end", "[checkpoint]\nevery_steps = 50"),
            adding(
                "a schedule beyond the end",
                "[optimizer]\nlearning_rate = { from = 0.1, to = 0.01, steps = 1000 }",
            ),
            adding(
                "exploration beyond the end",
                "[sampler]\nrandom_action_probability = { from = 1.0, to = 0.0, steps = 21 }",
            ),
            adding("no learning", "[optimizer]\nlearning_rate = 0.0"),
            replay("no replay", "fraction = 0.0"),
            replay("replay beyond the end", "warmup = 1000"),
            reward(
                "a key that the function does not read",
                "function = \"sparse\"\nr1 = 1.0\nr2 = 3.0",
            ),
            good("a height without modes", "height = 8", "height = 11"),
            reward("a floor above all rewards", "floor = 5.0"),
            reward("a clip at the floor", "floor = 0.5\nclip = 0.5"),
            adding(
                "a window without a sweep",
                "[evaluation]\nwindow = 100\nexact_states = 10",
            ),
            molecules("a window on molecules", "[evaluation]\nwindow = 100"),
            adding("similarity on a grid", "[evaluation]\nmode_similarity = 0.5"),
            molecules("similarity without modes", "[evaluation]\nmode_similarity = 0.5"),
            molecules(
                "a threshold above all rewards",
                "[evaluation]\nmode_threshold = 8.0",
            ),
        ],
    );
}

/// Each mistake is one problem, which says this.
#[track_caller]
fn expect(cases: &[(Mistake, &str)]) {
    for (mistake, expected) in cases {
        let said = mistake.said();
        let problems = said.matches("error: ").count() + said.matches("warning: ").count();
        assert_eq!(problems, 1, "one problem expected: {said}");
        assert!(said.contains(expected), "expected {expected:?} in {said}");
    }
}

/// No number loses its value silently, wherever it is written, and what was meant is told.
#[test]
fn numbers() {
    let epsilon = |number: &'static str| {
        let loss = format!("\"flow-matching\"\nepsilon = {number}");
        text(number, GOOD.replace("\"trajectory-balance\"", &loss))
    };
    let steps = |number: &'static str| good(number, "steps = 20", &format!("steps = {number}"));
    let optimizer = |line: &'static str| adding(line, &format!("[optimizer]\n{line}"));
    let swept = |values: &'static str| {
        adding(
            values,
            &format!(
                "[sweep]\nmethod = \"random\"\ntrials = 2\n[sweep.parameters]\noptimizer.learning_rate = {values}"
            ),
        )
    };
    expect(&[
        (
            epsilon("1e-500"),
            "`1e-500` is too small: it would be read as 0, or lose digits",
        ),
        (epsilon("1.5e-320"), "`1.5e-320` is too small"),
        (epsilon("1e999"), "`1e999` is too large for a number"),
        (epsilon(".5"), "write `0.5`"),
        (epsilon("5."), "write `5.0`"),
        (epsilon("--5"), "a number is written like"),
        (steps("1000k"), "write `1_000_000`"),
        (steps("10 k"), "write `10_000`"),
        (steps("1.5M"), "write `1_500_000`"),
        (steps("1__000"), "`1__000` is not a number"),
        (steps("0xZZ"), "a number is written like"),
        (
            optimizer("learning_rate = 1e-46"),
            "`optimizer.learning_rate` is 1e-46, which is too small",
        ),
        (
            optimizer("learning_rate = 1e39"),
            "`optimizer.learning_rate` is 1e39, which is too large",
        ),
        (
            optimizer("learning_rate = { from = 0.1, to = 1e-46, steps = 10 }"),
            "`optimizer.learning_rate` is 1e-46, which is too small",
        ),
        (
            optimizer("clip_norm = 1e-50"),
            "`optimizer.clip_norm` is 1e-50, which is too small",
        ),
        (
            optimizer("weight_decay = 1e-50"),
            "`optimizer.weight_decay` is 1e-50, which is too small",
        ),
        (
            optimizer("log_z = 9007199254740993"),
            "would lose its last digits",
        ),
        (swept("{ range = [1e-500, 1.0] }"), "`1e-500` is too small"),
        (swept("[1e-3, 1e-500]"), "`1e-500` is too small"),
        (
            flag("", "optimizer.learning_rate=1e-500"),
            "`1e-500` is too small",
        ),
        (flag("", "training.steps=1000k"), "write `1_000_000`"),
        (flag("", "optimizer.learning_rate=.5"), "write `0.5`"),
        (
            variable("", "GFN__OPTIMIZER__LEARNING_RATE", "1e-500"),
            "`1e-500` is too small",
        ),
    ]);
}

/// A value that was meant as something else: the help says how that is written where it is written.
#[test]
fn words_that_look_like_something_else() {
    let array = text(
        "",
        format!(
            "reward = [1, 2]\n{}",
            GOOD.replace("[reward]\nkind = \"hypergrid\"\n", "")
        ),
    );
    expect(&[
        (flag("", "name=1E234"), "--set 'name=\"1E234\"'"),
        (flag("", "name=1e-999"), "--set 'name=\"1e-999\"'"),
        (flag("", "name=2024"), "--set 'name=\"2024\"'"),
        (flag("", "name=1e5"), "--set 'name=\"1e5\"'"),
        (flag("", "name=true"), "--set 'name=\"true\"'"),
        (flag("", "name=2024-01-01"), "--set 'name=\"2024-01-01\"'"),
        (flag("", "name=nan"), "--set 'name=\"nan\"'"),
        (variable("", "GFN__NAME", "2024"), "GFN__NAME='\"2024\"'"),
        (
            good("", "\"small\"\n\n", "5\n\n"),
            "write a string in quotes: `\"5\"`",
        ),
        (
            flag("", "loss=trajectory-balance"),
            "write `--set loss.kind=trajectory-balance`",
        ),
        (
            variable("", "GFN__LOSS", "trajectory-balance"),
            "write `GFN__LOSS__KIND=trajectory-balance`",
        ),
        (flag("", "reward=[1]"), "`reward`: expected a table"),
        (array, "`reward`: expected a table"),
        (
            flag("", "training.learning_rate=0.1"),
            "it is written `optimizer.learning_rate`",
        ),
        (
            adding("", "[profile.a]\nseed = 1\n[profile.b]\ninherit = \"a\""),
            "did you mean `inherits`?",
        ),
        (
            adding("", "[profile.a]\nextends = \"b.toml\""),
            "a profile builds on another one with `inherits",
        ),
        (adding("", "[profiles.a]\nseed = 1"), "did you mean `profile`?"),
        (
            good("", "name = \"small\"", "name = \"small\"\nextend = \"b.toml\""),
            "did you mean `extends`?",
        ),
    ]);
}

/// A variable that looks like a setting and sets nothing is a warning with the right name.
#[test]
fn variables_that_are_nearly_right() {
    expect(&[
        (
            variable("", "GFN_TRAINING__STEPS", "5"),
            "write `GFN__TRAINING__STEPS`",
        ),
        (
            variable("", "gfn__training__steps", "5"),
            "write `GFN__TRAINING__STEPS`",
        ),
        (
            variable("", "GFN_TRAINING_STEPS", "5"),
            "write `GFN__TRAINING__STEPS`",
        ),
        (
            variable("", "Gfn__Training__Steps", "5"),
            "write `GFN__TRAINING__STEPS`",
        ),
        (variable("", "GFN__TRAINING_STEPS", "5"), "`GFN__TRAINING__STEPS`"),
        (
            variable("", "GFN_TRAINIG__STPES", "5"),
            "did you mean `GFN__TRAINING__STEPS`?",
        ),
        (
            variable("", "gfn__zzz__yyy", "5"),
            "the environment variable `gfn__zzz__yyy` sets nothing",
        ),
        (variable("", "GFN_CAHCE", "x"), "did you mean `GFN_CACHE`?"),
        (variable("", "GFN_APROVALS", "x"), "did you mean `GFN_APPROVALS`?"),
        (variable("", "gfn_log", "debug"), "did you mean `GFN_LOG`?"),
    ]);
    // Variables of other programs, gfn's own, and settings whose keys are in small letters are no mistakes.
    for name in [
        "GFN_CACHE",
        "GFN_LOG",
        "GFN_JOB",
        "GFNX__A",
        "XGFN__A",
        "GFN_UNRELATED",
        "GFN__training__steps",
    ] {
        assert_eq!(variable("", name, "5").said(), "== \n\n", "{name}");
    }
}
