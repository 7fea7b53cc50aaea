//! Arrays that a plugin writes, with stretches around them that it must leave alone.

use crate::protocol::ALIGNMENT;

/// What lies around the arrays, to see whether the plugin writes where it must not.
const CANARY: u8 = 0xC5;

/// Memory that a plugin writes to.
pub(crate) trait Region {
    /// Sets bytes.
    fn fill(&mut self, offset: usize, len: usize, byte: u8);
    /// Copies bytes out.
    fn read(&self, offset: usize, len: usize) -> Vec<u8>;
}

/// Memory that is aligned as shared memory is.
pub(crate) struct Aligned {
    bytes: Vec<u8>,
    start: usize,
}

impl Aligned {
    /// So many bytes, zeros.
    pub(crate) fn new(len: usize) -> Self {
        let bytes = vec![0; len + ALIGNMENT];
        let start = bytes.as_ptr().align_offset(ALIGNMENT);
        Self { bytes, start }
    }

    /// The first byte.
    pub(crate) fn start(&mut self) -> *mut u8 {
        self.bytes[self.start..].as_mut_ptr()
    }
}

impl Region for Aligned {
    fn fill(&mut self, offset: usize, len: usize, byte: u8) {
        self.bytes[self.start + offset..][..len].fill(byte);
    }

    fn read(&self, offset: usize, len: usize) -> Vec<u8> {
        self.bytes[self.start + offset..][..len].to_vec()
    }
}

/// Some arrays in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrays<const N: usize> {
    arrays: [Array; N],
    /// All bytes.
    pub(crate) len: usize,
}

/// An array, and what its bytes are before the plugin sets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Array {
    name: &'static str,
    offset: usize,
    len: usize,
    unset: u8,
}

impl<const N: usize> Arrays<N> {
    /// Arrays with a name, bytes, and what the bytes are before they are set.
    pub(crate) fn of(wanted: [(&'static str, usize, u8); N]) -> Self {
        let mut end = 0;
        let arrays = wanted.map(|(name, len, unset)| {
            let offset = end + ALIGNMENT;
            end = (offset + len).next_multiple_of(ALIGNMENT);
            Array {
                name,
                offset,
                len,
                unset,
            }
        });
        Self {
            arrays,
            len: end + ALIGNMENT,
        }
    }

    /// Where an array begins.
    pub(crate) fn offset(&self, array: usize) -> usize {
        self.arrays[array].offset
    }

    /// Makes the region ready for the plugin.
    pub(crate) fn prepare(&self, region: &mut impl Region) {
        let mut end = 0;
        for array in &self.arrays {
            region.fill(end, array.offset - end, CANARY);
            region.fill(array.offset, array.len, array.unset);
            end = array.offset + array.len;
        }
        region.fill(end, self.len - end, CANARY);
    }

    /// The bytes of the arrays.
    ///
    /// # Errors
    /// Where the plugin wrote outside of them.
    pub(crate) fn collect(&self, region: &impl Region) -> Result<Collected<N>, String> {
        let bytes = region.read(0, self.len);
        let is_touched = |from: usize, to: usize| bytes[from..to].iter().any(|byte| *byte != CANARY);
        let (mut end, mut before) = (0, None);
        for array in &self.arrays {
            if is_touched(end, array.offset) {
                return Err(match before {
                    Some(name) => format!("wrote past the end of `{name}`"),
                    None => format!("wrote before the beginning of `{}`", array.name),
                });
            }
            (end, before) = (array.offset + array.len, Some(array.name));
        }
        match is_touched(end, self.len) {
            true => Err(format!("wrote past the end of `{}`", before.unwrap_or_default())),
            false => Ok(Collected { arrays: *self, bytes }),
        }
    }
}

/// Arrays that were read.
pub(crate) struct Collected<const N: usize> {
    arrays: Arrays<N>,
    bytes: Vec<u8>,
}

impl<const N: usize> Collected<N> {
    /// The bytes of an array.
    pub(crate) fn bytes(&self, array: usize) -> &[u8] {
        let array = &self.arrays.arrays[array];
        &self.bytes[array.offset..array.offset + array.len]
    }

    /// The entries of an array, of `W` bytes each.
    pub(crate) fn entries<const W: usize>(&self, array: usize) -> impl Iterator<Item = [u8; W]> {
        self.bytes(array).as_chunks::<W>().0.iter().copied()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    impl Region for Vec<u8> {
        fn fill(&mut self, offset: usize, len: usize, byte: u8) {
            self[offset..offset + len].fill(byte);
        }

        fn read(&self, offset: usize, len: usize) -> Vec<u8> {
            self[offset..offset + len].to_vec()
        }
    }

    #[test]
    fn a_byte_outside_of_the_arrays_is_found() {
        for count in [0, 1, 7, 8, 64] {
            let arrays = Arrays::of([("first", 8 * count, 1), ("second", count, 2)]);
            let mut region = vec![7; arrays.len];
            arrays.prepare(&mut region);
            let collected = arrays.collect(&region).unwrap();
            assert_eq!(collected.entries::<8>(0).count(), count);
            assert!(collected.bytes(1).iter().all(|byte| *byte == 2));
            let inside = |place: &usize| {
                arrays
                    .arrays
                    .iter()
                    .any(|a| (a.offset..a.offset + a.len).contains(place))
            };
            for place in (0..arrays.len).filter(|place| !inside(place)) {
                let mut region = region.clone();
                region[place] = 0;
                assert!(
                    arrays.collect(&region).err().unwrap().contains("wrote"),
                    "{place}"
                );
            }
            assert!((0..2).all(|array| arrays.offset(array) % ALIGNMENT == 0));
        }
    }
}
