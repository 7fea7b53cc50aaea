//! This crate as text, so that a new plugin's project has all that it needs and builds without a network.

/// `gfn_plugin.h`, what an author in C or C++ includes.
pub const HEADER: &str = include_str!("../include/gfn_plugin.h");

/// Every file of this crate that a plugin's project needs, by its path, with a `Cargo.toml` that stands alone.
pub const SOURCES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../vendored.toml")),
    ("include/gfn_plugin.h", HEADER),
    ("src/abi.rs", include_str!("abi.rs")),
    ("src/abi/functions.rs", include_str!("abi/functions.rs")),
    ("src/abi/table.rs", include_str!("abi/table.rs")),
    ("src/check.rs", include_str!("check.rs")),
    ("src/environment.rs", include_str!("environment.rs")),
    ("src/export.rs", include_str!("export.rs")),
    ("src/export/entry.rs", include_str!("export/entry.rs")),
    ("src/export/memory.rs", include_str!("export/memory.rs")),
    ("src/export/tables.rs", include_str!("export/tables.rs")),
    ("src/export/world.rs", include_str!("export/world.rs")),
    ("src/json.rs", include_str!("json.rs")),
    ("src/lib.rs", include_str!("lib.rs")),
    ("src/parameters.rs", include_str!("parameters.rs")),
    ("src/parameters/value.rs", include_str!("parameters/value.rs")),
    ("src/plugin.rs", include_str!("plugin.rs")),
    ("src/reward.rs", include_str!("reward.rs")),
    ("src/sources.rs", include_str!("sources.rs")),
    ("src/vocabulary.rs", include_str!("vocabulary.rs")),
    ("vendored.toml", include_str!("../vendored.toml")),
];
