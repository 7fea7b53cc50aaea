//! A reward for `gfn`: prefers molecules with a certain number of carbon atoms.
//!
//! It is a place to start from. Four things make a reward: what it can be told, what it is, how an object is scored, and the
//! line that exports it. `cargo doc --open -p gfn-plugin-sdk` has all the rest.

use gfn_plugin_sdk::{Context, Description, Error, Plugin, Reward, export_reward, parameters};

parameters! {
    /// What the reward can be told. Each parameter has a help text, a type, a default and, if you like, limits: they become the
    /// JSON Schema by which `gfn` documents them and checks what an experiment says, before anything is run.
    pub struct Parameters {
        /// The number of carbon atoms that is best.
        pub carbons: f64 = 12.0, range(0.0..=1000.0), unit("atoms");
        /// How far from it the reward has fallen to 0.61.
        pub width: f64 = 3.0, range(0.01..=1000.0), unit("atoms");
    }
}

/// The reward. Keep here what is worth computing once: tables, models, files that were read.
pub struct Carbons {
    parameters: Parameters,
}

impl Plugin for Carbons {
    type Parameters = Parameters;

    const DESCRIPTION: Description = Description {
        // The kinds of objects that it understands.
        objects: &["molecule"],
        // The most that a reward (not its logarithm) can be, if you know.
        greatest: Some(1.0),
        // The rest as usual: deterministic, never zero, batches of any size.
        ..Description::new("{{name}}", env!("CARGO_PKG_VERSION"), "Prefers a certain number of carbon atoms.")
    };

    /// Called once in each process. `context` has the run's seed, what the objects are, and a log. Where parameters do not go
    /// together, return `Err(BadParameters::new("why").into())`; any other error will do for the rest.
    fn create(parameters: Parameters, context: &Context) -> Result<Self, Error> {
        context.log.debug("{{name}} is ready");
        Ok(Self { parameters })
    }
}

impl Reward for Carbons {
    /// A molecule comes as its canonical SMILES. Write `[i32]` here to get the environment's states instead.
    type Object = str;

    /// The natural logarithm of the reward, or minus infinity where the reward is 0 (say `can_be_zero: true` above, then).
    ///
    /// It must depend on this object, the parameters and the seed alone. An error says why this one cannot be scored; the
    /// others are not affected. To score many objects at once, implement `BatchReward` instead.
    fn log_reward(&self, smiles: &str) -> Result<f64, Error> {
        if smiles.is_empty() {
            return Err("an empty SMILES".into());
        }
        let distance = (carbons(smiles) as f64 - self.parameters.carbons) / self.parameters.width;
        Ok(-0.5 * distance * distance)
    }
}

/// The carbon atoms in a SMILES: `C` or `c`, but not in `Cl`, nor in other elements, which stand in brackets: `[Co]`, `[Sc]`.
fn carbons(smiles: &str) -> usize {
    let (mut count, mut in_brackets, mut before) = (0, false, '.');
    for (letter, next) in smiles.chars().zip(smiles.chars().skip(1).chain(['.'])) {
        in_brackets = letter == '[' || (in_brackets && letter != ']');
        let is_element = match in_brackets {
            true => (before == '[' || before.is_ascii_digit()) && !next.is_ascii_lowercase(),
            false => next != 'l' || letter == 'c',
        };
        count += usize::from(is_element && matches!(letter, 'C' | 'c'));
        before = letter;
    }
    count
}

// What makes the library a plugin: once in a crate.
export_reward!(Carbons);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carbons_are_counted() {
        for (smiles, count) in [("C", 1), ("CCO", 2), ("CSc1ccccc1", 7), ("ClC[Sc]", 1), ("[Co][13CH3]", 1)] {
            assert_eq!(carbons(smiles), count, "{smiles}");
        }
    }

    #[test]
    fn the_wanted_number_is_best() {
        let parameters = Parameters {
            carbons: 6.0,
            ..Parameters::default()
        };
        let reward = Carbons::create(parameters, &Context::default()).unwrap();
        assert_eq!(reward.log_reward("c1ccccc1").unwrap(), 0.0);
        assert!(reward.log_reward("CCO").unwrap() < 0.0);
        assert!(reward.log_reward("").is_err());
    }
}
