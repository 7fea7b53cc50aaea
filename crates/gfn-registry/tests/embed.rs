//! Programs that embed gfn lay providers over files: `examples/embed.rs`, and more.
#![allow(dead_code, reason = "the program's `main` is for people")]

#[path = "../examples/embed.rs"]
mod embed;

use embed::{Database, experiment};
use gfn_config::figment::Figment;
use gfn_config::figment::providers::Serialized;
use gfn_config::{Layers, Problems};
use gfn_registry::Experiment;

const FILE: &str = "\
[environment]
kind = \"hypergrid\"
[reward]
kind = \"hypergrid\"
[loss]
kind = \"trajectory-balance\"
[profile.quick.training]
steps = 7
";

fn origin(experiment: &Experiment, path: &str) -> String {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    experiment.tree.origin_of(&path)
}

fn refused(layers: Layers) -> String {
    let problems = Experiment::from_layers(layers).err().expect("something is wrong");
    problems.to_string()
}

#[test]
fn a_provider_lies_over_the_file() -> Result<(), Problems> {
    let experiment = experiment(Database { steps: 500 })?;
    assert_eq!(experiment.training.steps, 500);
    assert_eq!(experiment.training.batch_size, 32);
    let epsilon = experiment.resolved()?["loss"]["epsilon"].clone();
    assert_eq!(epsilon.as_float(), Some(0.0), "the default");
    assert_eq!(
        origin(&experiment, "training.steps"),
        "settings of the laboratory (db.example.org)"
    );
    let layer = experiment.tree.layer_of(&["training".into(), "steps".into()]);
    assert_eq!(
        layer.map(|layer| layer.name.as_ref()),
        Some("settings of the laboratory")
    );
    let batch_size = origin(&experiment, "training.batch_size");
    assert!(batch_size.contains("embed.rs:"), "{batch_size}");
    Ok(())
}

#[test]
fn errors_name_the_provider() {
    let problems = experiment(Database { steps: 0 }).err().expect("0 steps");
    assert_eq!(
        problems.to_string(),
        "error: `training.steps`: expected a whole number from 1 to 1000000000000, found `0`\n\
         \x20--> settings of the laboratory (db.example.org)\n\
         \x20    training.steps = 0\n\
         \x20                     ^\n"
    );
    let finding = problems.findings().next().expect("one problem");
    let plain = serde_json::to_value(&finding).expect("plain data");
    assert_eq!(plain["source"], "provider");
    assert_eq!(plain["setting"], "settings of the laboratory (db.example.org)");
    assert_eq!(plain["file"], "experiment.toml");
}

#[test]
fn all_mistakes_of_all_layers_are_found_at_once() {
    let first = Serialized::default("trainig.steps", 3);
    let second = Figment::new()
        .merge(("loss.epsilom", 1e-3))
        .merge(("training.steps", "many"))
        .merge(("seed", u64::MAX - 1));
    let text = refused(
        Layers::text("a.toml", FILE)
            .provider(first)
            .flags(&["sed=1".to_owned()]),
    );
    assert!(text.contains("unknown section `trainig`\n --> i32 ("), "{text}");
    assert!(text.contains("trainig.steps = 3\n     ^^^^^^^\n"), "{text}");
    assert!(text.contains("unknown key `sed`\n --> --set sed=1\n"), "{text}");
    let text = refused(Layers::text("a.toml", FILE).provider(&second));
    assert!(text.contains("the whole number is out of range"), "{text}");
    assert!(text.contains("seed = 18446744073709551614\n"), "{text}");
    let second = second.merge(("seed", 3));
    let text = refused(Layers::text("a.toml", FILE).provider(second));
    assert!(text.contains("unknown key `loss.epsilom`"), "{text}");
    assert!(text.contains("training.steps = \"many\"\n"), "{text}");
}

#[test]
fn keys_of_files_stay_in_files() {
    let text = refused(Layers::text("a.toml", FILE).provider(("extends", "b.toml")));
    assert!(
        text.starts_with("error: `extends` can be set in a file only\n"),
        "{text}"
    );
}

#[test]
fn profiles_and_kinds() -> Result<(), Problems> {
    // A provider's settings for the chosen profile count, and a kind that changes replaces its table.
    let provider = Figment::new()
        .merge(Serialized::from(
            serde_json::json!({ "training": { "batch_size": 2 } }),
            "quick",
        ))
        .merge(Serialized::from(
            serde_json::json!({ "loss": { "kind": "flow-matching" } }),
            "quick",
        ))
        .merge(Serialized::from(
            serde_json::json!({ "seed": 5, "description": null }),
            "other",
        ));
    let quick = Layers::text("a.toml", FILE)
        .profile(Some("quick"))
        .provider(&provider);
    let quick = Experiment::from_layers(quick)?;
    assert_eq!((quick.training.steps, quick.training.batch_size), (7, 2));
    assert_eq!((quick.loss.name, quick.top.seed), ("flow-matching", 0));
    let plain = Experiment::from_layers(Layers::text("a.toml", FILE).provider(&provider))?;
    assert_eq!(
        (plain.training.batch_size, plain.loss.name),
        (16, "trajectory-balance")
    );
    let selected = Experiment::from_layers(Layers::text("a.toml", FILE).provider(provider.select("other")))?;
    assert_eq!((selected.top.seed, selected.top.description), (5, None));
    Ok(())
}

#[test]
fn a_provider_that_fails_is_named() {
    /// Fails.
    struct Broken;
    impl gfn_config::figment::Provider for Broken {
        fn metadata(&self) -> gfn_config::figment::Metadata {
            gfn_config::figment::Metadata::named("broken store")
        }
        fn data(
            &self,
        ) -> Result<
            gfn_config::figment::value::Map<gfn_config::figment::Profile, gfn_config::figment::value::Dict>,
            gfn_config::figment::Error,
        > {
            Err("no connection".to_owned().into())
        }
    }
    let text = refused(Layers::text("a.toml", FILE).provider(Broken));
    assert!(
        text.starts_with("error: no connection\n --> broken store ("),
        "{text}"
    );
}

#[test]
fn unset_keys_are_known() {
    let with = |flag: &str| Layers::text("a.toml", FILE).flags(&[gfn_config::unset_flag(flag)]);
    for known in [
        "training.steps",
        "loss.epsilon",
        "optimizer.learning_rate.from",
        "sweep.parameters.\"loss.epsilon\"",
        "acquisition",
        "reward.parameters.anything.at-all",
        "reward.exponent",
        "network.kind",
        "name",
    ] {
        let read = Experiment::from_layers(with(known));
        assert!(read.is_ok(), "{known}: {}", read.err().expect("an error"));
    }
    for (unknown, said) in [
        (
            "trainig.steps",
            "unknown section `trainig`\n --> --unset trainig.steps\n             ^^^^^^^\n  = help: did you mean `training`?",
        ),
        (
            "loss.epsilom",
            "unknown key `loss.epsilom`\n --> --unset loss.epsilom\n                  ^^^^^^^\n  = help: did you mean `epsilon`?",
        ),
        (
            "sed",
            "unknown key `sed`\n --> --unset sed\n             ^^^\n  = help: did you mean `seed`?",
        ),
        ("training.steps.x", "unknown key `training.steps.x`"),
        ("training.kind", "unknown key `training.kind`"),
        ("extends", "`extends` can be set in a file only"),
        (
            "training.steps=3",
            "`--unset` takes a key alone; `--set` takes a key with a value",
        ),
        ("", "expected `--unset key`"),
    ] {
        let text = refused(with(unknown));
        assert!(text.contains(said), "{unknown}: {text}");
        assert_eq!(text.matches("error: ").count(), 1, "{text}");
    }
}
