//! A reward in Rust: molecules of a drug's weight, heteroatoms and rings, counted in the SMILES alone.
//!
//! With x the heavy atoms' weight, the share of them that are not carbon, and the number of rings,
//!
//! log R = -½ Σ ((x - wanted) / width)²,
//!
//! so that 1 is the greatest reward. The README has the parameters, and how to build and check the plugin.

mod smiles;

use gfn_plugin_sdk::{Context, Description, Error, Plugin, Reward, export_reward, parameters};

parameters! {
    /// What the reward can be told.
    pub struct Parameters {
        /// The weight of the atoms other than hydrogen that is best.
        pub weight: f64 = 330.0, range(0.0..=2000.0), unit("g/mol");
        /// How far from it the reward has fallen to 0.61.
        pub weight_width: f64 = 60.0, range(0.1..=2000.0), unit("g/mol");
        /// The share of these atoms that is best to be other than carbon.
        pub heteroatoms: f64 = 0.28, range(0.0..=1.0);
        /// How far from it the reward has fallen to 0.61.
        pub heteroatoms_width: f64 = 0.1, range(0.001..=10.0);
        /// The number of rings that is best.
        pub rings: f64 = 3.0, range(0.0..=50.0);
        /// How far from it the reward has fallen to 0.61.
        pub rings_width: f64 = 1.0, range(0.01..=100.0);
    }
}

/// The reward; see [`Parameters`].
pub struct Druglike(Parameters);

impl Plugin for Druglike {
    type Parameters = Parameters;
    const DESCRIPTION: Description = Description {
        licence: "MIT OR Apache-2.0",
        objects: &["molecule"],
        greatest: Some(1.0),
        mode_threshold: Some(0.9),
        ..Description::new(
            "druglike",
            env!("CARGO_PKG_VERSION"),
            "Prefers molecules of a drug's weight, heteroatoms and rings, counted in the SMILES alone.",
        )
    };

    fn create(parameters: Parameters, _: &Context) -> Result<Self, Error> {
        Ok(Self(parameters))
    }
}

impl Reward for Druglike {
    type Object = str;

    fn log_reward(&self, smiles: &str) -> Result<f64, Error> {
        let (counts, wanted) = (smiles::count(smiles)?, &self.0);
        let distances = [
            (counts.weight - wanted.weight) / wanted.weight_width,
            (counts.heteroatom_share() - wanted.heteroatoms) / wanted.heteroatoms_width,
            (counts.rings as f64 - wanted.rings) / wanted.rings_width,
        ];
        Ok(-0.5 * distances.iter().map(|distance| distance * distance).sum::<f64>())
    }
}

export_reward!(Druglike);

#[cfg(test)]
mod tests {
    use super::*;

    fn log_reward(parameters: Parameters, smiles: &str) -> f64 {
        let reward = Druglike::create(parameters, &Context::default()).unwrap();
        reward.log_reward(smiles).unwrap()
    }

    #[test]
    fn the_molecule_that_is_wanted_has_the_greatest_reward() {
        let ethanol = Parameters {
            weight: 40.021,
            heteroatoms: 1.0 / 3.0,
            rings: 0.0,
            ..Parameters::default()
        };
        assert!(log_reward(ethanol.clone(), "CCO").abs() < 1e-12);
        // One ring too many, at a width of one.
        let rings = Parameters {
            rings: 1.0,
            ..ethanol
        };
        assert!((log_reward(rings, "CCO") + 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_drug_is_preferred_to_methane() {
        // Celecoxib.
        let drug = "Cc1ccc(cc1)-c1cc(nn1-c1ccc(cc1)S(N)(=O)=O)C(F)(F)F";
        assert!(log_reward(Parameters::default(), drug) > -2.0);
        assert!(log_reward(Parameters::default(), "C") < -10.0);
    }

    #[test]
    fn what_cannot_be_read_cannot_be_scored() {
        let reward = Druglike::create(Parameters::default(), &Context::default()).unwrap();
        assert!(
            reward
                .log_reward("C1CC")
                .unwrap_err()
                .to_string()
                .contains("ring 1 is not closed")
        );
    }
}
