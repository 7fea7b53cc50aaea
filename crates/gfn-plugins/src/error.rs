//! Why a plugin could not be used.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// Why a plugin could not be used. What goes wrong with one object is no error: see [`crate::Failure`].
#[derive(Debug, Error)]
pub enum PluginError {
    /// The plugin refused its parameters.
    #[error("plugin `{plugin}`: {message}; correct its parameters")]
    BadParameters {
        /// Which plugin.
        plugin: String,
        /// What it says of them.
        message: String,
    },
    /// A file could not be read or written.
    #[error("plugin `{plugin}`: {path}: {}", gfn_text::io_words(error))]
    File {
        /// Which plugin.
        plugin: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The library is not the one that was pinned.
    #[error(
        "plugin `{plugin}`: {path} has the SHA-256 {found}, not {expected}: it was changed since it was approved; \
         look at what changed, then approve it again with `gfn plugin trust {path}`"
    )]
    Changed {
        /// Which plugin.
        plugin: String,
        /// The library.
        path: PathBuf,
        /// Its hash now.
        found: String,
        /// The hash that was expected.
        expected: String,
    },
    /// The command cannot be copied.
    #[error("plugin `{plugin}`: {message}")]
    NotSealed {
        /// Which plugin.
        plugin: String,
        /// Why, and what to do.
        message: String,
    },
    /// The command is not the one that was approved.
    #[error(
        "plugin `{plugin}` was changed since it was approved: {difference}; look at what changed, then approve it again \
         with `gfn plugin trust FILE`, with the experiment's file"
    )]
    CodeChanged {
        /// Which plugin.
        plugin: String,
        /// Which files, as far as that is known.
        difference: String,
    },
    /// It says something else of itself than when it was approved.
    #[error(
        "plugin `{plugin}` is not what it was when it was approved, though its own files are: {differences}; something that it \
         loads was changed, such as a package of its interpreter: look at what, then approve it again with \
         `gfn plugin trust FILE`, with the experiment's file"
    )]
    Different {
        /// Which plugin.
        plugin: String,
        /// What is different, both sides of each.
        differences: String,
    },
    /// It could not be started, or did not say what it should.
    #[error("plugin `{plugin}` did not start: {message}{output}")]
    Start {
        /// Which plugin.
        plugin: String,
        /// What happened, and what to do.
        message: String,
        /// The last lines that it wrote.
        output: Output,
    },
    /// It answered, but not as a plugin must.
    #[error("plugin `{plugin}`: {message}; this is a mistake in the plugin: see its author{output}")]
    Misbehaved {
        /// Which plugin.
        plugin: String,
        /// What it did.
        message: String,
        /// The last lines that it wrote.
        output: Output,
    },
    /// It died too often.
    #[error(
        "plugin `{plugin}` was started again {restarts} times, as often as `max_restarts` allows, and {message}; \
         correct the plugin, or raise `max_restarts`{output}"
    )]
    TooManyRestarts {
        /// Which plugin.
        plugin: String,
        /// How often it was started again.
        restarts: u32,
        /// How it died the last time.
        message: String,
        /// The last lines that it wrote.
        output: Output,
    },
    /// It cannot do what is asked of it.
    #[error("plugin `{plugin}` {message}")]
    Unsuitable {
        /// Which plugin.
        plugin: String,
        /// What it lacks, and what to do.
        message: String,
    },
    /// A stop was asked for before it answered; it may be as good as ever.
    #[error("plugin `{plugin}` was given up because a stop was asked for")]
    Stopped {
        /// Which plugin.
        plugin: String,
    },
    /// Processes of their own are for Linux.
    #[error(
        "plugin `{plugin}`: a process of its own needs Linux; use isolation = \"inline\" for a library that you trust"
    )]
    Unsupported {
        /// Which plugin.
        plugin: String,
    },
}

impl PluginError {
    /// Whether the plugin is another one than that which was approved.
    pub fn is_refused(&self) -> bool {
        matches!(
            self,
            Self::Changed { .. } | Self::CodeChanged { .. } | Self::Different { .. } | Self::NotSealed { .. }
        )
    }

    /// Turns a system's error into one that names the file.
    pub(crate) fn file(plugin: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let (plugin, path) = (plugin.to_string(), path.to_path_buf());
        move |error| Self::File { plugin, path, error }
    }
}

/// The last lines that a plugin wrote before it was lost; shown below the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output(pub Vec<String>);

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        f.write_str("\nIts last lines were:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

/// A duration in words: `250 ms`, `60 s`.
pub(crate) fn in_words(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{} s", duration.as_secs()),
        _ => format!("{} ms", duration.as_millis()),
    }
}

/// A plugin's text on one line: line breaks and tabs become blanks, other hidden characters are shown as escapes.
pub fn cleaned(text: &str) -> String {
    let line = text.replace(['\n', '\r', '\t'], " ");
    gfn_text::visible(line.trim()).into_owned()
}

/// At most so many bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_string();
    }
    let ends = text
        .char_indices()
        .map(|(start, _)| start)
        .take_while(|start| *start <= most);
    format!("{}…", &text[..ends.last().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::{cleaned, cut};

    #[test]
    fn texts_are_shown_on_one_line_and_in_one_color() {
        assert_eq!(cleaned(" a\n\x1b[31mb\u{9b}é\0"), "a \\u{1b}[31mb\\u{9b}é\\u{0}");
        assert_eq!(cleaned("reward\u{202e}yp."), "reward\\u{202e}yp.");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "longe…");
        assert_eq!(cut("aéé", 2), "a…");
    }
}
