//! Spoiled bytes for tests that hold for every input: seeded, so that a failure is found again from its number.
//!
//! Tests of several crates include this file, since none of the crates is there for tests alone.
#![allow(dead_code, reason = "every test uses its own part")]

/// Random numbers of a case.
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of case `number` of a run that was given `seed`.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        // Seeds that differ in one bit begin alike.
        random.next();
        random
    }

    /// The next number (SplitMix64, Steele et al. 2014).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 where there is none.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Whether one of `count` equally likely things happens.
    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of a list, which has some.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// What means something to the formats that are read: TOML, JSON, SMILES.
pub(crate) const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "(",
    ")",
    "=",
    ".",
    ",",
    ":",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\\",
    "\\u00e4",
    "\\ud800",
    "\0",
    "\u{1b}[31m",
    "é",
    "日本",
    "\u{feff}",
    "\u{202e}",
    "\u{2028}",
    "\u{3000}",
    "nan",
    "inf",
    "null",
    "true",
    "-",
    "+",
    "_",
    "%",
    "@",
    "*",
    "0x",
    "1e999",
    "-1",
    "0",
    "9",
    "1e-400",
    "99999999999999999999",
    "1979-05-27",
    "07:32",
    "kind",
    "steps",
    "training",
    "loss",
    "a.b.c",
    "[]",
    "{}",
    "[*:1]",
    "[*:9]",
    "[nH]",
    "[loss]\n",
    "[training]\n",
];

/// Bytes that are not UTF-8, or no character.
const BYTES: [u8; 8] = [0x00, 0x1b, 0x7f, 0x80, 0xc0, 0xed, 0xfe, 0xff];

/// Changes bytes in one of a few ways: bits flipped, a stretch gone, repeated or overwritten, something put in, the end gone.
pub(crate) fn spoil(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    let end = (at + random.below(16)).min(bytes.len());
    match random.below(7) {
        0 | 1 => flip(random, bytes),
        2 => drop(bytes.drain(at..end)),
        3 => bytes.truncate(at),
        4 => {
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        5 => {
            let piece = random.pick(PIECES);
            bytes.splice(at..end, piece.bytes());
        }
        _ => {
            let byte = *random.pick(&BYTES);
            bytes.insert(at, byte);
        }
    }
}

/// Flips from one to eight bits.
pub(crate) fn flip(random: &mut Random, bytes: &mut [u8]) {
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
}
