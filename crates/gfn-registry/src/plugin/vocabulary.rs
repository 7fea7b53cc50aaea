//! Molecules from the blocks of a plugin.

use std::path::{Path, PathBuf};

use gfn_envs::fragments::{self, Fragments, Variant, Vocabulary};
use gfn_plugins::{Kind, Options, blocks};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::settings::Source;
use super::{examine, log, stop_by};
use crate::builtin::EnvironmentContext;
use crate::component::Examined;
use gfn_config::Problem;

/// What `vocabulary` is where a plugin lists the blocks.
pub const PLUGIN: &str = "plugin";

/// The settings of molecules from blocks, and of the plugin that lists them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = described_as_fragments)]
pub struct Params {
    /// Molecules from blocks.
    #[serde(flatten)]
    pub fragments: fragments::Params,
    /// The plugin that lists the blocks, where `vocabulary` is `plugin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Source>,
}

impl Params {
    /// The file that lists the blocks, where one does.
    pub(crate) fn vocabulary_file(&self) -> Option<&str> {
        let vocabulary = self.fragments.vocabulary.as_str();
        (![PLUGIN, fragments::DRUGLIKE].contains(&vocabulary)).then_some(vocabulary)
    }
}

/// The help is that of the environment itself.
fn described_as_fragments(schema: &mut Schema) {
    let fragments = schemars::schema_for!(fragments::Params);
    if let Some(description) = fragments.get("description") {
        schema.insert("description".into(), description.clone());
    }
}

/// A vocabulary file is kept with its whole path, so that `resolved.toml` runs from anywhere; a plugin is examined.
///
/// # Errors
/// Every mistake, at its place.
pub(crate) fn examine(params: &mut Params, place: &Examined<'_>) -> Result<(), Vec<Problem>> {
    let vocabulary = &mut params.fragments.vocabulary;
    match (vocabulary.as_str(), &mut params.plugin) {
        (PLUGIN, _) if params.fragments.variant == Variant::Bengio2021 => Err(vec![
            place
                .problem(
                    "variant",
                    "`environment.variant` is `bengio2021`, which is how a file is read, but `environment.vocabulary` is `plugin`"
                        .into(),
                )
                .help("remove `variant`, or set `environment.vocabulary` to the path of a file"),
        ]),
        (PLUGIN, Some(source)) => examine_source(source, place),
        (PLUGIN, None) => Err(vec![
            place
                .problem(
                    "vocabulary",
                    "`environment.vocabulary` is `plugin`, and no plugin is named".into(),
                )
                .help("add a table `[environment.plugin]` with its `path`"),
        ]),
        (_, Some(_)) => Err(vec![
            place
                .problem(
                    "plugin",
                    format!("`environment.plugin` is given, but `environment.vocabulary` is `{vocabulary}`"),
                )
                .help("set `environment.vocabulary` to `plugin`, or remove the table"),
        ]),
        (fragments::DRUGLIKE, None) => Ok(()),
        (_, None) => {
            let path = place.bases.of("vocabulary").join(&*vocabulary);
            let path = std::path::absolute(&path).unwrap_or(path);
            *vocabulary = path.to_string_lossy().into_owned();
            Ok(())
        }
    }
}

fn examine_source(source: &mut Source, place: &Examined<'_>) -> Result<(), Vec<Problem>> {
    let Some(node) = place.node.get("plugin") else {
        return Ok(());
    };
    let inner = Examined {
        node,
        section: "environment.plugin",
        bases: &place.bases.inside(node),
    };
    examine::examine(source, Kind::Vocabulary, &inner)
}

/// The environment, with the blocks of the plugin where there is one: an approved plugin is asked for them in a process of its
/// own.
///
/// # Errors
/// What is wrong with the vocabulary, or why the plugin may not or does not answer.
pub(crate) fn build(
    params: &Params,
    context: &EnvironmentContext,
    host: PathBuf,
) -> Result<Fragments, String> {
    let Some(source) = &params.plugin else {
        return Fragments::new(&params.fragments, &context.base).map_err(|error| error.to_string());
    };
    source
        .is_allowed()
        .map_err(|message| format!("`environment.plugin`: {message}"))?;
    let folder = source.folder.clone().unwrap_or_default();
    let options = Options {
        objects: json!({ "kind": "molecule" }),
        log: log(),
        stop: stop_by(&context.cancel),
        ..source.options(Path::new(&folder), host)
    };
    let blocks = blocks(options).map_err(|error| error.to_string())?;
    let name = source.description().name;
    let text = json!({ "name": name, "blocks": blocks }).to_string();
    let vocabulary = Vocabulary::parse(&text, &name).map_err(|error| error.to_string())?;
    Fragments::with_vocabulary(vocabulary, &params.fragments).map_err(|error| error.to_string())
}
