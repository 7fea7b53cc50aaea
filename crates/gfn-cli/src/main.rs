//! The `gfn` command.
fn main() {}
