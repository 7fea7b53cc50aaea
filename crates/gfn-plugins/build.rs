//! Tells the crate which target it is built for: a library that is pinned for one says nothing of another.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=GFN_TARGET={target}");
}
