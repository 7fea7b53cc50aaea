//! What a plugin of `gfn` is written with: the C header and its safe form in Rust.

pub mod abi;
