//! A set of legal actions, one bit each.

/// Which of a state's actions are legal. Reused from state to state: [`Mask::reset`] keeps the allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    words: Vec<u64>,
    len: usize,
}

impl Mask {
    /// A mask over `len` actions, none of them legal.
    pub fn new(len: usize) -> Self {
        let mut mask = Self::default();
        mask.reset(len);
        mask
    }

    /// Makes this a mask over `len` actions, none of them legal.
    pub fn reset(&mut self, len: usize) {
        self.words.clear();
        self.words.resize(len.div_ceil(64), 0);
        self.len = len;
    }

    /// How many actions there are, legal or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no action at all, legal or not.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes `action` legal.
    pub fn allow(&mut self, action: usize) {
        assert!(action < self.len, "action {action} of {}", self.len);
        self.words[action / 64] |= 1 << (action % 64);
    }

    /// Makes every action of `from..to` legal.
    pub fn allow_range(&mut self, from: usize, to: usize) {
        assert!(
            from <= to && to <= self.len,
            "actions {from}..{to} of {}",
            self.len
        );
        for word in from / 64..to.div_ceil(64) {
            let low = from.saturating_sub(word * 64);
            let high = (to - word * 64).min(64);
            // `high` is at least 1 and `low` at most 63 here, so neither shift reaches 64.
            self.words[word] |= (u64::MAX >> (64 - high)) & (u64::MAX << low);
        }
    }

    /// Whether `action` is legal; false beyond the end.
    pub fn allows(&self, action: usize) -> bool {
        action < self.len && self.words[action / 64] >> (action % 64) & 1 == 1
    }

    /// How many actions are legal.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether no action is legal.
    pub fn none(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// The legal actions, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    index * 64 + bit
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_actions_come_in_order_across_words() {
        let mut mask = Mask::new(200);
        for action in [3, 63, 64, 199] {
            mask.allow(action);
        }
        assert_eq!(mask.iter().collect::<Vec<_>>(), [3, 63, 64, 199]);
        assert_eq!(mask.count(), 4);
        assert!(mask.allows(64) && !mask.allows(65) && !mask.allows(200));
        mask.reset(10);
        assert!(mask.none());
    }

    #[test]
    fn ranges_are_the_single_actions() {
        for (from, to) in [
            (0, 0),
            (0, 1),
            (3, 64),
            (64, 64),
            (1, 65),
            (63, 130),
            (64, 128),
            (0, 200),
            (200, 200),
        ] {
            let (mut whole, mut single) = (Mask::new(200), Mask::new(200));
            whole.allow_range(from, to);
            (from..to).for_each(|action| single.allow(action));
            assert_eq!(whole, single, "{from}..{to}");
        }
    }
}
