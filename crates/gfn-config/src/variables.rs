//! Environment variables that look like settings and are none.

use crate::paths::PREFIX;
use crate::source::{Origin, SourceKind, Sources};

/// The variables that gfn, its scripts and its plugins read besides settings; `docs/environment-variables.md` explains them.
pub const OWN_VARIABLES: [&str; 8] = [
    "GFN_APPROVALS",
    "GFN_CACHE",
    "GFN_CPU",
    "GFN_JOB",
    "GFN_LOG",
    "GFN_PARENT",
    "GFN_PLUGIN_PROTOCOL",
    "GFN_PLUGIN_SOCKET",
];

/// A variable whose name begins as gfn's do and which sets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its name.
    pub name: String,
    /// Its place.
    pub origin: Origin,
}

/// Those of the variables that begin with `GFN_` in any case, and are neither settings nor gfn's own; by name.
pub(crate) fn strays(variables: &[(String, String)], sources: &mut Sources) -> Vec<Stray> {
    let begins = |name: &str| {
        name.get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("gfn_"))
    };
    let is_stray = |name: &str| begins(name) && !name.starts_with(PREFIX) && !OWN_VARIABLES.contains(&name);
    let mut names: Vec<&(String, String)> = variables.iter().filter(|(name, _)| is_stray(name)).collect();
    names.sort();
    let stray = |(name, value): &(String, String)| {
        let source = sources.add(name.clone(), format!("{name}={value}"), SourceKind::Variable);
        Stray {
            name: name.clone(),
            origin: Origin::new(source, 0..name.len()),
        }
    };
    names.into_iter().map(stray).collect()
}
