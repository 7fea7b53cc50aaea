//! A program that lays settings of its own over an experiment file: `cargo run -p gfn-registry --example embed`.
#![allow(clippy::print_stdout, reason = "it is a program")]

use gfn_config::figment::providers::Serialized;
use gfn_config::figment::value::{Dict, Map};
use gfn_config::figment::{Error, Metadata, Profile, Provider};
use gfn_config::{Layers, Problems};
use gfn_registry::Experiment;

/// The experiment; [`Layers::file`] reads one from the disk.
const FILE: &str = "\
[environment]
kind = \"hypergrid\"

[reward]
kind = \"hypergrid\"

[loss]
kind = \"flow-matching\"
epsilon = 1e-3
";

/// The settings that a laboratory keeps in its database.
pub(crate) struct Database {
    /// Updates for each experiment.
    pub(crate) steps: i64,
}

impl Provider for Database {
    fn metadata(&self) -> Metadata {
        Metadata::from("settings of the laboratory", "db.example.org")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let training = Dict::from([("steps".to_owned(), self.steps.into())]);
        // As `epsilon = { unset = true }` in a file: the default applies.
        let epsilon = Dict::from([("unset".to_owned(), true.into())]);
        let loss = Dict::from([("epsilon".to_owned(), epsilon.into())]);
        let settings = Dict::from([
            ("training".to_owned(), training.into()),
            ("loss".to_owned(), loss.into()),
        ]);
        Ok(Profile::Default.collect(settings))
    }
}

/// The experiment with the settings of the database over it, and a batch size over those.
///
/// # Errors
/// Every mistake; one in a setting of the database names the database.
pub(crate) fn experiment(database: Database) -> Result<Experiment, Problems> {
    let layers = Layers::text("experiment.toml", FILE)
        .provider(database)
        .provider(Serialized::default("training.batch_size", 32));
    Experiment::from_layers(layers)
}

/// Prints an experiment that can run, and what is wrong with one that cannot.
pub(crate) fn main() -> Result<(), Problems> {
    let experiment = experiment(Database { steps: 500 })?;
    println!("{}", experiment.resolved()?);
    if let Err(problems) = self::experiment(Database { steps: 0 }) {
        println!("{problems}");
    }
    Ok(())
}
