//! Fingerprints, and how alike the molecules of a set are.

/// A set of 2048 bits, bit n in word n / 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u64; 32]);

impl Fingerprint {
    /// How many bits are set.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The bits that are set, ascending.
    pub fn bits(&self) -> impl Iterator<Item = usize> + '_ {
        (0..2048).filter(|&bit| self.0[bit / 64] >> (bit % 64) & 1 == 1)
    }

    /// Bits in common over bits in either, in [0, 1]; 1 where neither has any.
    pub fn tanimoto(&self, other: &Self) -> f64 {
        tanimoto(&self.0, &other.0)
    }
}

/// Bits in common over bits in either of two sets of bits of one size, in [0, 1]; 1 where neither has any.
pub fn tanimoto(one: &[u64], two: &[u64]) -> f64 {
    let words = || one.iter().zip(two);
    let common: u32 = words().map(|(one, two)| (one & two).count_ones()).sum();
    let either: u32 = words().map(|(one, two)| (one | two).count_ones()).sum();
    match either {
        0 => 1.0,
        _ => f64::from(common) / f64::from(either),
    }
}

/// One minus the mean Tanimoto similarity of all pairs: 0 where all are alike, and for fewer than two.
pub fn diversity(fingerprints: &[Fingerprint]) -> f64 {
    let pairs = fingerprints.len() * fingerprints.len().saturating_sub(1) / 2;
    if pairs == 0 {
        return 0.0;
    }
    let mut similarity = 0.0;
    for (index, one) in fingerprints.iter().enumerate() {
        similarity += fingerprints[index + 1..]
            .iter()
            .map(|other| one.tanimoto(other))
            .sum::<f64>();
    }
    1.0 - similarity / pairs as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bits: &[usize]) -> Fingerprint {
        let mut words = [0; 32];
        for bit in bits {
            words[bit / 64] |= 1 << (bit % 64);
        }
        Fingerprint(words)
    }

    #[test]
    fn tanimoto_counts_bits() {
        assert_eq!(of(&[1, 2, 3]).tanimoto(&of(&[2, 3, 2047])), 0.5);
        assert_eq!(of(&[]).tanimoto(&of(&[])), 1.0);
        assert_eq!(of(&[5]).tanimoto(&of(&[])), 0.0);
        assert_eq!(of(&[0, 64, 2047]).bits().collect::<Vec<_>>(), [0, 64, 2047]);
    }

    #[test]
    fn diversity_averages_over_pairs() {
        let (one, two) = (of(&[1, 2]), of(&[3, 4]));
        assert_eq!(diversity(&[one]), 0.0);
        assert_eq!(diversity(&[one, one]), 0.0);
        assert!((diversity(&[one, one, two]) - 2.0 / 3.0).abs() < 1e-12);
    }
}
