//! What the entry point fills in.

use std::path::Path;

use gfn_plugin_sdk::abi;

use super::raw::{self, EntryReport};
use crate::checker::report::{Finding, fail};

/// The entry point is there, fills in what it says that it knows and nothing else, and every table is complete.
pub(super) fn entry(path: &Path) -> Finding {
    let EntryReport {
        code,
        plugin,
        is_intact,
    } = raw::enter(path)?;
    if code != abi::OK {
        return fail(format!(
            "the entry point returns {code}: {}",
            abi::code_meaning(code)
        ));
    }
    if !is_intact {
        return fail(
            "the entry point writes behind `struct_size` as it set it: a host of a later version is damaged",
        );
    }
    let size = size_of::<abi::Plugin>() as u32;
    if plugin.struct_size < size {
        return fail(format!(
            "`struct_size` of `gfn_plugin` is {}; set it to sizeof(gfn_plugin), {size}",
            plugin.struct_size
        ));
    }
    if plugin.struct_size > size && plugin.abi_minor == 0 {
        return fail(format!(
            "`struct_size` of `gfn_plugin` is {}, which is what the host has room for; set it to sizeof(gfn_plugin), {size}",
            plugin.struct_size
        ));
    }
    if plugin.description.is_null() {
        return fail("`description` is null: the plugin does not say what it is");
    }
    tables(&plugin)
}

fn tables(plugin: &abi::Plugin) -> Finding {
    let tables = [
        ("reward", raw::reward_table(plugin), size_of::<abi::RewardTable>()),
        (
            "vocabulary",
            raw::vocabulary_table(plugin),
            size_of::<abi::VocabularyTable>(),
        ),
        (
            "environment",
            raw::environment_table(plugin),
            size_of::<abi::EnvironmentTable>(),
        ),
    ];
    let mut kinds = Vec::new();
    for (kind, table, size) in tables {
        let Some((found, missing)) = table else { continue };
        if (found as usize) < size {
            return fail(format!(
                "`struct_size` of its `gfn_{kind}` is {found}; set it to sizeof(gfn_{kind}), {size}"
            ));
        }
        if !missing.is_empty() {
            return fail(format!("its `gfn_{kind}` lacks {}", missing.join(", ")));
        }
        kinds.push(kind);
    }
    match kinds.is_empty() {
        true => fail("it is neither a reward nor a vocabulary nor an environment: every table is null"),
        false => Ok(format!(
            "version {}.{}, a {}",
            abi::MAJOR,
            plugin.abi_minor,
            kinds.join(" and a ")
        )),
    }
}
