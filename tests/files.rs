//! Bad experiment files: one clear error, exit code 2, nothing trained.

use super::{fail, shipped_experiments, succeed};

/// A small good experiment, to be spoiled.
const GOOD: &str = r#"name = "small"

[environment]
kind = "hypergrid"
height = 4

[reward]
kind = "hypergrid"

[loss]
kind = "trajectory-balance"

[training]
steps = 2
batch_size = 4
"#;

/// What `gfn run` says to the good file with `from` replaced by `to`.
fn spoiled(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is not in the file");
    refusal(&GOOD.replace(from, to))
}

fn refusal(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("small.toml");
    std::fs::write(&file, text).expect("a file");
    let out = folder.path().join("run");
    let said = fail(
        &["run", &file.to_string_lossy(), "--out", &out.to_string_lossy()],
        2,
    );
    assert!(!out.exists(), "nothing may be written for a bad file");
    said.replace(&*folder.path().to_string_lossy(), "")
}

#[track_caller]
fn says(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "expected {part:?} in:\n{said}");
    }
}

#[test]
fn an_unknown_key() {
    let said = spoiled("height = 4", "heigth = 4");
    says(
        &said,
        &[
            "unknown key `environment.heigth`",
            "/small.toml:5:1",
            "did you mean `height`?",
        ],
    );
}

#[test]
fn an_unknown_section_and_an_unknown_kind() {
    says(
        &spoiled("[training]", "[trainig]"),
        &["unknown section `trainig`", "did you mean `training`?"],
    );
    let said = spoiled("kind = \"trajectory-balance\"", "kind = \"trajectory-balanced\"");
    says(
        &said,
        &[
            "unknown loss `trajectory-balanced`",
            "small.toml:11:8",
            "did you mean `trajectory-balance`?",
        ],
    );
}

#[test]
fn a_wrong_type() {
    let said = spoiled("height = 4", "height = \"four\"");
    says(
        &said,
        &["`environment.height`", "whole number", "small.toml:5:10"],
    );
}

#[test]
fn numbers_out_of_range() {
    says(
        &spoiled("batch_size = 4", "batch_size = 0"),
        &["`training.batch_size`", "small.toml:15:14"],
    );
    says(
        &spoiled("batch_size = 4", "batch_size = -4"),
        &["`training.batch_size`"],
    );
    says(
        &spoiled("steps = 2", "steps = nan"),
        &["`nan` is not a finite number", "small.toml:14:9"],
    );
    let optimizer = |line: &str| refusal(&format!("{GOOD}\n[optimizer]\nkind = \"adam\"\n{line}\n"));
    says(
        &optimizer("epsilon = 0.0"),
        &["`optimizer.epsilon`", "small.toml:19:11"],
    );
    says(
        &optimizer("learning_rate = -1.0"),
        &["`optimizer.learning_rate`: expected a number of at least 0, found `-1.0`"],
    );
    says(&optimizer("learning_rate = inf"), &["inf"]);
    let loss = "kind = \"flow-matching\"\nepsilon = -1e-5";
    says(
        &spoiled("kind = \"trajectory-balance\"", loss),
        &["`loss.epsilon`", "small.toml:12:11"],
    );
    let sampler = format!("{GOOD}\n[sampler]\nrandom_action_probability = 1.5\n");
    says(
        &refusal(&sampler),
        &["`sampler.random_action_probability`: expected a number from 0 to 1, found `1.5`"],
    );
    let replay = |line: &str| refusal(&format!("{GOOD}\n[sampler]\nkind = \"replay\"\n{line}\n"));
    says(
        &replay("fraction = 1.0"),
        &["`sampler.fraction`", "small.toml:19:12"],
    );
    says(
        &replay("capacity = 0"),
        &["`sampler.capacity`", "small.toml:19:12"],
    );
    says(
        &replay("temperature = 0.0"),
        &["`sampler.temperature`: expected a number of at least 1e-6, found `0.0`"],
    );
    says(
        &replay("selection = \"top\""),
        &["`sampler.selection`", "top-tenth", "small.toml:19:13"],
    );
}

#[test]
fn all_mistakes_at_once() {
    let text = GOOD
        .replace("height = 4", "heigth = 4")
        .replace("steps = 2", "steps = \"two\"");
    let text = text.replace("\"trajectory-balance\"", "\"tb\"");
    says(
        &refusal(&text),
        &["environment.heigth", "training.steps", "unknown loss `tb`"],
    );
}

#[test]
fn combinations_that_cannot_work() {
    let molecules = "kind = \"fragments\"";
    let said = spoiled("kind = \"hypergrid\"\nheight = 4", molecules);
    says(
        &said,
        &[
            "network `mlp` needs states given as indices",
            "environment `fragments` gives items",
        ],
    );
    says(
        &said,
        &["reward `hypergrid` needs grid cells (environment `hypergrid`), not molecules"],
    );

    let said = spoiled("[reward]\nkind = \"hypergrid\"", "[reward]\nkind = \"druglike\"");
    says(&said, &["reward `druglike` needs", "environment `hypergrid`"]);

    let said = spoiled(
        "[training]",
        "[network]\nkind = \"message-passing\"\n\n[training]",
    );
    says(
        &said,
        &["network `message-passing` needs", "environment `hypergrid`"],
    );

    let both = "kind = \"flow-matching\"\n\n[backward_policy]\nkind = \"learned\"";
    let said = spoiled("kind = \"trajectory-balance\"", both);
    says(
        &said,
        &["loss `flow-matching` uses no backward policy, but `backward_policy` is `learned`"],
    );

    let text = GOOD
        .replace("trajectory-balance", "log-partition-variance")
        .replace("batch_size = 4", "batch_size = 1");
    let expected =
        "loss `log-partition-variance` needs a batch of at least 2, but `training.batch_size` is 1";
    says(&refusal(&text), &[expected, "small.toml:15:14"]);

    let text =
        GOOD.replace("trajectory-balance", "flow-matching") + "\n[optimizer]\nkind = \"adam\"\nlog_z = 5.0\n";
    says(
        &refusal(&text),
        &[
            "loss `flow-matching` does not learn log Z, but `optimizer.log_z` is set",
            "small.toml:19:1",
        ],
    );

    let said = spoiled(
        "[reward]\nkind = \"hypergrid\"",
        "[reward]\nkind = \"hypergrid\"\nfloor = 2.0\nclip = 1.0",
    );
    says(&said, &["`reward.clip` is 1, which is below `reward.floor`, 2"]);
}

#[test]
fn missing_files_and_empty_vocabularies() {
    says(&fail(&["run", "nowhere.toml"], 2), &["nowhere.toml"]);
    let fragments = "kind = \"fragments\"\nvocabulary = \"blocks.json\"";
    says(
        &spoiled("kind = \"hypergrid\"\nheight = 4", fragments),
        &["blocks.json"],
    );

    let folder = tempfile::tempdir().expect("a folder");
    let blocks = folder.path().join("blocks.json");
    std::fs::write(&blocks, "{\"name\": \"none\", \"blocks\": []}").expect("a file");
    let fragments = format!(
        "kind = \"fragments\"\nvocabulary = {:?}",
        blocks.to_string_lossy()
    );
    says(
        &spoiled("kind = \"hypergrid\"\nheight = 4", &fragments),
        &["blocks.json", "no block"],
    );
}

#[test]
fn devices_that_are_not_there() {
    let said = fail(
        &[
            "run",
            "experiments/hypergrid/tb.toml",
            "--set",
            "hardware.device=gpu",
        ],
        2,
    );
    says(
        &said,
        &[
            "`hardware.device` is `gpu`; expected `auto`, `cpu`",
            "--set hardware.device=gpu",
        ],
    );
}

/// What no device of that name can do is refused at its key; what depends on the machine, once the device is found.
#[test]
fn precision_and_determinism_fit_the_device() {
    let spoil = |hardware: &str| refusal(&format!("{GOOD}\n[hardware]\n{hardware}\n"));
    let said = spoil("device = \"cpu\"\nprecision = \"tf32\"");
    says(
        &said,
        &[
            "`hardware.precision` is `tf32`, which needs an NVIDIA GPU, but `hardware.device` is `cpu`; choose `f32` or `bf16`",
            "small.toml:19:13",
        ],
    );
    let said = spoil("device = \"cuda:1\"\ndeterminism = \"bitwise\"");
    says(
        &said,
        &[
            "`hardware.determinism` is `bitwise`, which only a CPU keeps",
            "small.toml:19:15",
        ],
    );
    says(&spoil("precision = \"fp16\""), &["hardware.precision", "`bf16`"]);
    says(
        &spoil("determinism = \"strict\""),
        &["hardware.determinism", "`bitwise`"],
    );
}

#[test]
fn flags_are_pointed_at() {
    let said = fail(
        &[
            "run",
            "experiments/hypergrid/tb.toml",
            "--set",
            "loss.knid=trajectory-balance",
        ],
        2,
    );
    says(
        &said,
        &["--set loss.knid=trajectory-balance", "did you mean `kind`?"],
    );
}

/// What `gfn resolve` prints reads back as itself.
#[test]
fn resolved_files_resolve_to_themselves() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut count = 0;
    for file in shipped_experiments() {
        let resolved = succeed(&["resolve", &file.to_string_lossy()]);
        let copy = folder.path().join("copy.toml");
        std::fs::write(&copy, &resolved).expect("a file");
        assert_eq!(succeed(&["resolve", &copy.to_string_lossy()]), resolved);
        count += 1;
    }
    assert!(count >= 6);
}

/// What a schema cannot say is shown at its own key, in the flag that set it.
#[test]
fn late_mistakes_have_their_place_too() {
    let said = fail(
        &[
            "run",
            "experiments/mol.toml",
            "--set",
            "sampler.temperature={from = 0, to = 1, steps = 9}",
        ],
        2,
    );
    says(
        &said,
        &[
            "`sampler.temperature` is 0",
            "--> --set sampler.temperature={from",
        ],
    );
    let said = fail(
        &["run", "experiments/mol.toml", "--set", "environment.max_blocks=1"],
        2,
    );
    says(
        &said,
        &["`min_blocks` = 2 is more than `max_blocks` = 1", "min_blocks = 2"],
    );
}

/// A path starts from the file that names it.
#[test]
fn paths_start_where_they_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("below");
    std::fs::create_dir(&below).expect("a folder");
    let blocks = r#"{"name": "own", "blocks": [{"name": "methylene", "smiles": "[*:1]C[*:2]"}]}"#;
    std::fs::write(folder.path().join("own"), blocks).expect("a file");
    let base =
        "[environment]\nkind = \"fragments\"\nvocabulary = \"own\"\n[network]\nkind = \"message-passing\"\n";
    std::fs::write(folder.path().join("base.toml"), base).expect("a file");
    let file = below.join("file.toml");
    let rest =
        "extends = \"../base.toml\"\n[reward]\nkind = \"druglike\"\n[loss]\nkind = \"flow-matching\"\n";
    std::fs::write(&file, rest).expect("a file");
    let resolved = succeed(&["resolve", &file.to_string_lossy()]);
    assert!(
        resolved.contains("/own\"") && !resolved.contains("below/own"),
        "{resolved}"
    );
}
