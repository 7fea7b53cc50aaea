//! What is fixed about a plugin's environment.

use serde::Deserialize;
use serde_json::Value;

/// The most words in a state, actions of a state, and features that are believed.
const MOST: usize = 1 << 20;

/// What is fixed about a plugin's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentSpec {
    /// The source; its length is that of every state.
    pub initial: Vec<i32>,
    /// The actions that lead forward.
    pub actions: Actions,
    /// The actions that lead back.
    pub backward_actions: Actions,
    /// The most actions that a walk can take.
    pub most_steps: usize,
    /// How many numbers a network sees of a state.
    pub features: usize,
    /// What finished objects are: `molecule` where they are described by SMILES, else a name.
    pub objects: String,
}

/// The actions of a state, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actions {
    /// Every state has the same actions, some of them illegal; an action means the same everywhere.
    Fixed(usize),
    /// A state has actions of its own, at most so many.
    Ragged(usize),
}

impl Actions {
    /// The most actions that a state can have.
    pub fn most(self) -> usize {
        match self {
            Self::Fixed(most) | Self::Ragged(most) => most,
        }
    }

    /// The words of 64 bits that a mask of them takes.
    pub fn mask_words(self) -> usize {
        self.most().div_ceil(64)
    }
}

/// As plugins write it.
#[derive(Deserialize)]
struct SpecDocument {
    state_words: usize,
    initial: Vec<i32>,
    actions: Actions,
    backward_actions: Actions,
    most_steps: usize,
    observation: Observation,
    objects: String,
}

#[derive(Deserialize)]
struct Observation {
    width: usize,
}

impl EnvironmentSpec {
    /// Reads what a plugin says of its environment.
    pub(crate) fn read(value: Value) -> Result<Self, String> {
        let written: SpecDocument =
            serde_json::from_value(value).map_err(|error| format!("its `spec` is wrong: {error}"))?;
        let (words, actions, width) = (written.initial.len(), written.actions, written.observation.width);
        let sizes = [words, actions.most(), written.backward_actions.most(), width];
        if written.state_words != words {
            let said = written.state_words;
            return Err(format!(
                "its `spec` has {said} `state_words`, and {words} words in `initial`"
            ));
        }
        if sizes.contains(&0) || sizes.iter().any(|size| *size > MOST) || written.most_steps == 0 {
            return Err(format!("its `spec` has a size that is 0, or more than {MOST}"));
        }
        Ok(Self {
            initial: written.initial,
            actions,
            backward_actions: written.backward_actions,
            most_steps: written.most_steps,
            features: width,
            objects: written.objects,
        })
    }

    /// Words in a state.
    pub fn state_words(&self) -> usize {
        self.initial.len()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use serde_json::json;

    fn written() -> Value {
        json!({"state_words": 2, "initial": [0, 0], "actions": {"fixed": 70}, "backward_actions": {"ragged": 2},
               "most_steps": 9, "observation": {"width": 5}, "objects": "words", "later": true})
    }

    #[test]
    fn a_spec_is_read() {
        let spec = EnvironmentSpec::read(written()).unwrap();
        assert_eq!(
            (spec.actions, spec.backward_actions),
            (Actions::Fixed(70), Actions::Ragged(2))
        );
        assert_eq!(
            (spec.state_words(), spec.actions.mask_words(), spec.features),
            (2, 2, 5)
        );
    }

    #[test]
    fn a_spec_that_contradicts_itself_is_refused() {
        for (member, value) in [
            ("state_words", json!(3)),
            ("actions", json!({"fixed": 0})),
            ("actions", json!({"rows": 3})),
            ("observation", json!({"width": 1_u64 << 40})),
            ("most_steps", json!(0)),
        ] {
            let mut spec = written();
            spec[member] = value;
            assert!(
                EnvironmentSpec::read(spec).unwrap_err().contains("`spec`"),
                "{member}"
            );
        }
    }
}
