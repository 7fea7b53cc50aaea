//! A block vocabulary in Rust: rings with one to three attachment points, for molecules that are rings and nothing else.
//!
//! The README has the parameters, and how to build and check the plugin.

use gfn_plugin_sdk::{
    BadParameters, Block, Context, Description, Error, Plugin, Vocabulary, export_vocabulary, parameters,
};

parameters! {
    /// What the vocabulary can be told.
    pub struct Parameters {
        /// Which rings there are.
        pub kind: String = "all", one_of(&["all", "aromatic", "saturated"]);
        /// The most attachment points that a block may have.
        pub attachments: usize = 3, range(1..=3);
        /// The most atoms that are not hydrogen in a block.
        pub atoms: usize = 10, range(3..=10);
    }
}

/// A ring: its name, its SMILES with attachment points, and its atoms.
type Ring = (&'static str, &'static str, usize);

const AROMATIC: [Ring; 14] = [
    ("phenyl", "[*:1]c1ccccc1", 6),
    ("1,4-phenylene", "[*:1]c1ccc([*:2])cc1", 6),
    ("1,3-phenylene", "[*:1]c1cccc([*:2])c1", 6),
    ("benzene-1,3,5-triyl", "[*:1]c1cc([*:2])cc([*:3])c1", 6),
    ("pyridin-3-yl", "[*:1]c1cccnc1", 6),
    ("pyridine-2,5-diyl", "[*:1]c1ccc([*:2])nc1", 6),
    ("pyrimidine-2,5-diyl", "[*:1]c1ncc([*:2])cn1", 6),
    ("1,3,5-triazine-2,4,6-triyl", "[*:1]c1nc([*:2])nc([*:3])n1", 6),
    ("thiophene-2,5-diyl", "[*:1]c1ccc([*:2])s1", 5),
    ("furan-2-yl", "[*:1]c1ccco1", 5),
    ("pyrazole-1,4-diyl", "[*:1]c1cnn([*:2])c1", 5),
    ("1,3,4-oxadiazole-2,5-diyl", "[*:1]c1nnc([*:2])o1", 5),
    ("indol-3-yl", "[*:1]c1c[nH]c2ccccc12", 9),
    ("quinoline-2,6-diyl", "[*:1]c1ccc2cc([*:2])ccc2n1", 10),
];

const SATURATED: [Ring; 8] = [
    ("cyclopropyl", "[*:1]C1CC1", 3),
    ("azetidine-1,3-diyl", "[*:1]C1CN([*:2])C1", 4),
    ("cyclopentyl", "[*:1]C1CCCC1", 5),
    ("cyclohexane-1,4-diyl", "[*:1]C1CCC([*:2])CC1", 6),
    ("piperidine-1,4-diyl", "[*:1]C1CCN([*:2])CC1", 6),
    ("piperazine-1,4-diyl", "[*:1]N1CCN([*:2])CC1", 6),
    ("morpholin-4-yl", "[*:1]N1CCOCC1", 6),
    ("piperidine-1,3,5-triyl", "[*:1]C1CC([*:2])CN([*:3])C1", 6),
];

/// The vocabulary; see [`Parameters`].
pub struct Rings(Vec<Ring>);

fn attachments(ring: &Ring) -> usize {
    ring.1.matches("[*:").count()
}

impl Plugin for Rings {
    type Parameters = Parameters;
    const DESCRIPTION: Description = Description {
        licence: "MIT OR Apache-2.0",
        objects: &["molecule"],
        ..Description::new(
            "rings",
            env!("CARGO_PKG_VERSION"),
            "Rings with one to three attachment points.",
        )
    };

    fn create(parameters: Parameters, context: &Context) -> Result<Self, Error> {
        let wanted = |ring: &&Ring| attachments(ring) <= parameters.attachments && ring.2 <= parameters.atoms;
        let aromatic = AROMATIC.iter().filter(|_| parameters.kind != "saturated");
        let saturated = SATURATED.iter().filter(|_| parameters.kind != "aromatic");
        let rings: Vec<Ring> = aromatic.chain(saturated).filter(wanted).copied().collect();
        if rings.is_empty() {
            let why = format!(
                "no {} ring has at most `atoms` = {} atoms",
                parameters.kind, parameters.atoms
            );
            return Err(BadParameters::new(why).into());
        }
        if rings.iter().all(|ring| attachments(ring) == 1) {
            context
                .log
                .warning("no ring has two attachment points, so molecules end at two rings");
        }
        Ok(Self(rings))
    }
}

impl Vocabulary for Rings {
    fn blocks(&self) -> Result<Vec<Block>, Error> {
        Ok(self
            .0
            .iter()
            .map(|&(name, smiles, _)| Block::new(name, smiles))
            .collect())
    }
}

export_vocabulary!(Rings);

#[cfg(test)]
mod tests {
    use super::*;

    fn rings(kind: &str, attachments: usize, atoms: usize) -> Result<Vec<Block>, Error> {
        let kind = kind.into();
        Rings::create(
            Parameters {
                kind,
                attachments,
                atoms,
            },
            &Context::default(),
        )?
        .blocks()
    }

    #[test]
    fn parameters_choose_rings() {
        assert_eq!(rings("all", 3, 10).unwrap().len(), 22);
        assert_eq!(rings("aromatic", 3, 10).unwrap().len(), 14);
        assert_eq!(rings("saturated", 1, 5).unwrap().len(), 2);
        assert!(rings("aromatic", 3, 4).unwrap_err().is::<BadParameters>());
    }

    #[test]
    fn no_two_rings_have_one_name() {
        let mut names: Vec<String> = rings("all", 3, 10)
            .unwrap()
            .into_iter()
            .map(|block| block.name)
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 22);
    }

    #[test]
    fn atoms_are_counted_right() {
        for (name, smiles, atoms) in AROMATIC.iter().chain(&SATURATED) {
            let bare = smiles.replace("[*:", "");
            let letters = bare
                .chars()
                .filter(|character| "CNOScnos".contains(*character))
                .count();
            assert_eq!(letters, *atoms, "{name}");
        }
    }
}
