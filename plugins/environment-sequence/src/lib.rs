//! An environment in Rust: words over an alphabet, grown by a letter at either end.
//!
//! Since a word can be reached along many paths (which of its letters was the first?), the graph is no tree: `ACG` has the
//! parents `AC` and `CG`. A state has a place for each letter (0: empty, else the letter's number from 1 on, the word being at the
//! left), and at its end a 1 once the word is finished.
//!
//! With an alphabet of n letters: action a < n puts letter a behind the word, action n + a before it, and action 2n finishes.
//! A word's first letter is only put behind, so that there is one way to put it. Backward action 0 takes the last letter away,
//! 1 the first, and 2 takes back that the word is finished. `AA` has two edges from `A`, told apart by their backward actions.
//!
//! The README has the parameters, and how to build and check the plugin.

use gfn_plugin_sdk::{
    Actions, BadParameters, Context, Description, Environment, EnvironmentSpec, Error, Mask, Plugin,
    export_environment, parameters,
};

parameters! {
    /// What the environment can be told.
    pub struct Parameters {
        /// The letters, each a character of its own.
        pub alphabet: String = "ACGU";
        /// The most letters in a word.
        pub most: usize = 8, range(1..=64), unit("letters");
        /// The fewest letters in a finished word.
        pub fewest: usize = 1, range(1..=64), unit("letters");
    }
}

/// The most letters in an alphabet.
const MAX_LETTERS: usize = 64;
const TAKE_LAST: usize = 0;
const TAKE_FIRST: usize = 1;
const CONTINUE: usize = 2;

/// The environment; see [`Parameters`].
pub struct Sequence {
    alphabet: Vec<char>,
    most: usize,
    fewest: usize,
}

impl Plugin for Sequence {
    type Parameters = Parameters;
    const DESCRIPTION: Description = Description {
        licence: "MIT OR Apache-2.0",
        objects: &["words"],
        ..Description::new(
            "sequence",
            env!("CARGO_PKG_VERSION"),
            "Words over an alphabet, grown by a letter at either end.",
        )
    };

    fn create(parameters: Parameters, _: &Context) -> Result<Self, Error> {
        let alphabet: Vec<char> = parameters.alphabet.chars().collect();
        if alphabet.is_empty() || alphabet.len() > MAX_LETTERS {
            return Err(
                BadParameters::new(format!("`alphabet` must have 1 to {MAX_LETTERS} letters")).into(),
            );
        }
        let odd = |(place, letter): (usize, &char)| {
            letter.is_whitespace() || letter.is_control() || alphabet[..place].contains(letter)
        };
        if alphabet.iter().enumerate().any(odd) {
            return Err(
                BadParameters::new("`alphabet` must have every letter once, and no white space").into(),
            );
        }
        let Parameters { most, fewest, .. } = parameters;
        if fewest > most {
            return Err(
                BadParameters::new(format!("`fewest` = {fewest} is more than `most` = {most}")).into(),
            );
        }
        Ok(Self {
            alphabet,
            most,
            fewest,
        })
    }
}

impl Sequence {
    /// How many letters the word has.
    fn length(&self, state: &[i32]) -> usize {
        state[..self.most]
            .iter()
            .take_while(|&&letter| letter > 0)
            .count()
    }

    fn is_finished(&self, state: &[i32]) -> bool {
        state[self.most] == 1
    }

    /// The action that finishes a word.
    fn finish(&self) -> usize {
        2 * self.alphabet.len()
    }
}

impl Environment for Sequence {
    fn spec(&self) -> EnvironmentSpec {
        EnvironmentSpec {
            initial: vec![0; self.most + 1],
            actions: Actions::Fixed(self.finish() + 1),
            backward_actions: Actions::Fixed(CONTINUE + 1),
            most_steps: self.most + 1,
            features: self.most * self.alphabet.len() + 1,
            objects: "words".into(),
        }
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask<'_>) {
        let (length, letters) = (self.length(state), self.alphabet.len());
        if self.is_finished(state) {
            return;
        }
        let ends = if length == 0 { 1 } else { 2 };
        if length < self.most {
            (0..ends * letters).for_each(|action| mask.allow(action));
        }
        if length >= self.fewest {
            mask.allow(self.finish());
        }
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask<'_>) {
        match (self.is_finished(state), self.length(state)) {
            (true, _) => mask.allow(CONTINUE),
            (false, 0) => {}
            (false, 1) => mask.allow(TAKE_LAST),
            (false, _) => {
                mask.allow(TAKE_LAST);
                mask.allow(TAKE_FIRST);
            }
        }
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        let (length, letters) = (self.length(state), self.alphabet.len());
        next.copy_from_slice(state);
        if action == self.finish() {
            next[self.most] = 1;
            CONTINUE
        } else if action < letters {
            next[length] = action as i32 + 1;
            TAKE_LAST
        } else {
            next[..=length].rotate_right(1);
            next[0] = (action - letters) as i32 + 1;
            TAKE_FIRST
        }
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        let (length, letters) = (self.length(state), self.alphabet.len());
        previous.copy_from_slice(state);
        match action {
            CONTINUE => {
                previous[self.most] = 0;
                self.finish()
            }
            TAKE_LAST => {
                previous[length - 1] = 0;
                state[length - 1] as usize - 1
            }
            _ => {
                previous[0] = 0;
                previous[..length].rotate_left(1);
                letters + state[0] as usize - 1
            }
        }
    }

    /// A one for the letter at each place, and how long the word is.
    fn observe(&self, state: &[i32], features: &mut [f32]) {
        let (length, letters) = (self.length(state), self.alphabet.len());
        for (place, &letter) in state[..length].iter().enumerate() {
            features[place * letters + letter as usize - 1] = 1.0;
        }
        features[self.most * letters] = length as f32 / self.most as f32;
    }

    fn describe(&self, state: &[i32]) -> String {
        let letters = state[..self.length(state)].iter();
        letters
            .map(|&letter| self.alphabet[letter as usize - 1])
            .collect()
    }
}

export_environment!(Sequence);

#[cfg(test)]
mod tests {
    use super::*;
    use gfn_plugin_sdk::check_environment;

    fn sequence(alphabet: &str, most: usize, fewest: usize) -> Result<Sequence, Error> {
        let alphabet = alphabet.into();
        Sequence::create(
            Parameters {
                alphabet,
                most,
                fewest,
            },
            &Context::default(),
        )
    }

    /// All words of up to `most` letters, and those of at least `fewest` once more, finished.
    fn states(letters: usize, most: usize, fewest: usize) -> usize {
        let words = |length: usize| letters.pow(length as u32);
        (0..=most).map(words).sum::<usize>() + (fewest..=most).map(words).sum::<usize>()
    }

    #[test]
    fn keeps_the_contract() {
        for (alphabet, most, fewest) in [
            ("A", 1, 1),
            ("A", 5, 2),
            ("AB", 6, 1),
            ("ACGU", 5, 3),
            ("αβγ", 4, 4),
        ] {
            let found = check_environment(&sequence(alphabet, most, fewest).unwrap(), 10_000);
            assert_eq!(
                found,
                Ok(states(alphabet.chars().count(), most, fewest)),
                "{alphabet}, {most}"
            );
        }
        assert_eq!(check_environment(&sequence("ACGU", 64, 1).unwrap(), 500), Ok(500));
    }

    #[test]
    fn words_grow_at_both_ends() {
        let sequence = sequence("ACGU", 4, 1).unwrap();
        let (mut state, mut next) = (sequence.spec().initial, vec![0; 5]);
        // C, CG, ACG, done.
        for (action, backward) in [(1, TAKE_LAST), (2, TAKE_LAST), (4, TAKE_FIRST), (8, CONTINUE)] {
            assert_eq!(sequence.step(&state, action, &mut next), backward);
            state.copy_from_slice(&next);
        }
        assert_eq!(
            (sequence.describe(&state).as_str(), &state[..]),
            ("ACG", &[1, 2, 3, 0, 1][..])
        );
        let mut features = vec![0.0; sequence.spec().features];
        sequence.observe(&state, &mut features);
        let ones: Vec<usize> = (0..16).filter(|&index| features[index] == 1.0).collect();
        assert_eq!((ones, features[16]), (vec![0, 5, 10], 0.75));
    }

    #[test]
    fn alphabets_that_are_none_are_refused() {
        for (alphabet, most, fewest) in [("", 3, 1), ("ABA", 3, 1), ("A B", 3, 1), ("AB", 3, 4)] {
            let refused = sequence(alphabet, most, fewest).err().unwrap();
            assert!(refused.is::<BadParameters>(), "{alphabet:?}");
        }
    }
}
