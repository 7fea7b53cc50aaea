//! The layers of an experiment: files, the chosen profile, providers, variables, flags.

use std::path::{Path, PathBuf};

use figment::{Figment, Provider};

use crate::loader::Loader;
use crate::overrides::Overrides;
use crate::paths::PREFIX;
use crate::problem::Problems;
use crate::profiles::{FILE_KEYS, Profiles};
use crate::provider;
use crate::stack::Stack;
use crate::tree::Tree;
use crate::variables::strays;

/// The layers of an experiment, the lower one first: the file with what it extends, the chosen profile, providers in the order in
/// which they are given, variables, flags.
///
/// ```
/// use gfn_config::figment::providers::Serialized;
/// use gfn_config::{Layers, to_toml};
///
/// let tree = Layers::text("small.toml", "[training]\nsteps = 100\nbatch_size = 16\n")
///     .provider(Serialized::default("training.steps", 500))
///     .flags(&["training.batch_size=32".to_owned()])
///     .tree()?;
/// assert_eq!(to_toml(tree.root()).to_string(), "{ training = { steps = 500, batch_size = 32 } }");
/// # Ok::<(), gfn_config::Problems>(())
/// ```
#[derive(Debug)]
pub struct Layers {
    path: PathBuf,
    /// The text, where the file is not read.
    text: Option<String>,
    profile: Option<String>,
    providers: Vec<Figment>,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
}

impl Layers {
    /// An experiment file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            text: None,
            profile: None,
            providers: Vec::new(),
            variables: Vec::new(),
            flags: Vec::new(),
        }
    }

    /// A text in place of the file `name`.
    pub fn text(name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::file(name)
        }
    }

    /// Chooses a profile of the file.
    #[must_use]
    pub fn profile(self, name: Option<&str>) -> Self {
        Self {
            profile: name.map(str::to_owned),
            ..self
        }
    }

    /// Lays a provider over the file: any of figment's, one of your own, or a whole [`Figment`].
    ///
    /// Its settings are those that it selects, or else those for the profile that is chosen, over its default ones and under its
    /// global ones. A dictionary `{ unset = true }` unsets its key. Relative paths start from the current folder. Errors in its
    /// values name the provider as its [`figment::Metadata`] do.
    #[must_use]
    #[track_caller]
    pub fn provider(mut self, provider: impl Provider) -> Self {
        self.providers.push(Figment::from(provider));
        self
    }

    /// Environment variables, of which those named `GFN__…` are settings. They are an argument, not read from the process, so that
    /// a test or a server decides what counts.
    #[must_use]
    pub fn variables(self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            ..self
        }
    }

    /// Flags: `loss.epsilon=1e-3` sets a key, and [`crate::unset_flag`] unsets one. A key that is both unset and set is set.
    #[must_use]
    pub fn flags(self, flags: &[String]) -> Self {
        Self {
            flags: flags.to_vec(),
            ..self
        }
    }

    /// The folder of the file.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Reads and merges the layers.
    ///
    /// # Errors
    /// Every mistake in the texts and the providers, with its place.
    pub fn tree(self) -> Result<Tree, Problems> {
        let mut loader = Loader::default();
        let mut stack = match &self.text {
            Some(text) => loader.text(&self.path, text),
            None => loader.file(&self.path),
        };
        let profiles = self.choose(&mut stack, &mut loader);
        let Loader {
            mut sources,
            mut problems,
            newer,
            ..
        } = loader;
        let selected = profiles.chosen();
        for figment in self.providers {
            match provider::layers(figment, selected, &stack, &mut sources) {
                Ok(above) => stack.lay_stack(above, &sources),
                Err(wrong) => problems.extend(wrong),
            }
        }
        let strays = strays(&self.variables, &mut sources);
        let [unsets, sets] = Overrides::of_flags(&self.flags);
        for overrides in [Overrides::Variables(settings(self.variables)), unsets, sets] {
            overrides.over(&mut stack, &FILE_KEYS, &mut sources, &mut problems);
        }
        match (newer.is_empty(), problems.is_empty()) {
            (false, _) => Err(Problems::new(sources, newer)),
            (true, false) => Err(Problems::new(sources, problems)),
            (true, true) => Ok(Tree::new(stack, sources, profiles).with_strays(strays)),
        }
    }

    /// Takes the profiles out of the files, and lays the chosen one over them.
    fn choose(&self, stack: &mut Stack, loader: &mut Loader) -> Profiles {
        let readable = loader.problems.is_empty();
        let mut profiles = Profiles::take(stack, &mut loader.problems);
        match self
            .profile
            .as_ref()
            .map(|name| profiles.choose(name, &mut loader.sources))
        {
            Some(Ok(with_profile)) => *stack = with_profile,
            // A file that could not be read has lost its profiles with the rest.
            Some(Err(problem)) if readable => loader.problems.push(problem),
            Some(Err(_)) | None => {}
        }
        profiles
    }
}

impl Tree {
    /// [`Self::load_with`] without a profile.
    ///
    /// # Errors
    /// As [`Layers::tree`].
    pub fn load(
        path: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
        flags: &[String],
    ) -> Result<Self, Problems> {
        Self::load_with(path, None, variables, flags)
    }

    /// Reads and merges a file, its profile of that name, variables and flags: see [`Layers`].
    ///
    /// # Errors
    /// As [`Layers::tree`].
    pub fn load_with(
        path: &Path,
        profile: Option<&str>,
        variables: impl IntoIterator<Item = (String, String)>,
        flags: &[String],
    ) -> Result<Self, Problems> {
        let layers = Layers::file(path).profile(profile);
        layers.variables(variables).flags(flags).tree()
    }

    /// Reads one text as if it were the file `name`.
    ///
    /// # Errors
    /// As [`Layers::tree`].
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        Layers::text(name, text).tree()
    }

    /// Reads one text as if it were the file `name`, with variables and flags on top.
    ///
    /// # Errors
    /// As [`Layers::tree`].
    pub fn parse_with(
        name: &str,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
        flags: &[String],
    ) -> Result<Self, Problems> {
        Layers::text(name, text).variables(variables).flags(flags).tree()
    }
}

/// `GFN__…` variables by name, because the order of an environment means nothing.
fn settings(variables: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut settings: Vec<_> = variables
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    settings.sort();
    settings
}
