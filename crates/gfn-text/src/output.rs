//! Standard output and standard error, on which nothing hidden appears.

use std::fmt;
use std::io::{self, IsTerminal, Stderr, Stdout, Write};

use crate::visible::{escaped_json, visible_lines};

/// How hidden characters are written, so that the output stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// For people, and for formats without escapes: `\u{1b}`.
    Text,
    /// JSON, whole documents or lines of them: `\u001b`.
    Json,
}

/// Standard output for people.
pub fn stdout() -> Output<Stdout> {
    stdout_in(Syntax::Text)
}

/// Standard output in a given syntax.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the writer that the lint points to"
)]
pub fn stdout_in(syntax: Syntax) -> Output<Stdout> {
    Output::new(io::stdout(), syntax)
}

/// Standard error, which is for people.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the writer that the lint points to"
)]
pub fn stderr() -> Output<Stderr> {
    Output::new(io::stderr(), Syntax::Text)
}

/// Whether standard output is a terminal.
#[expect(clippy::disallowed_methods, reason = "nothing is written")]
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
#[expect(clippy::disallowed_methods, reason = "nothing is written")]
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// A writer that shows hidden characters, and bytes that are not UTF-8, as text.
#[derive(Debug)]
pub struct Output<W: Write> {
    inner: W,
    syntax: Syntax,
    /// The start of a character whose end was not written yet.
    pending: Vec<u8>,
}

impl<W: Write> Output<W> {
    /// Wraps a writer.
    pub fn new(inner: W, syntax: Syntax) -> Self {
        Self {
            inner,
            syntax,
            pending: Vec::new(),
        }
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        let shown = match self.syntax {
            Syntax::Text => visible_lines(text),
            Syntax::Json => escaped_json(text),
        };
        self.inner.write_all(shown.as_bytes())
    }

    /// Writes what bytes begin with: text, and bytes that cannot be text. Returns what may still become a character.
    fn put_bytes<'a>(&mut self, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        let mut rest = bytes;
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.put(text)?;
                    return Ok(&[]);
                }
                Err(error) => {
                    let (text, after) = rest.split_at(error.valid_up_to());
                    self.put(&String::from_utf8_lossy(text))?;
                    let Some(length) = error.error_len() else {
                        return Ok(after);
                    };
                    let (wrong, after) = after.split_at(length);
                    self.put_wrong(wrong)?;
                    rest = after;
                }
            }
        }
    }

    fn put_wrong(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.syntax {
            Syntax::Text => bytes
                .iter()
                .try_for_each(|byte| write!(self.inner, "\\x{byte:02x}")),
            Syntax::Json => self.inner.write_all("\u{fffd}".as_bytes()),
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pending.is_empty() {
            let rest = self.put_bytes(bytes)?.to_vec();
            self.pending = rest;
        } else {
            let mut whole = std::mem::take(&mut self.pending);
            whole.extend_from_slice(bytes);
            self.pending = self.put_bytes(&whole)?.to_vec();
        }
        Ok(bytes.len())
    }

    /// A formatted text at once, so that lines of several threads do not mix.
    fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        self.write_all(arguments.to_string().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for Output<W> {
    fn drop(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            let _ = self.put_wrong(&pending);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(syntax: Syntax, parts: &[&[u8]]) -> String {
        let mut bytes = Vec::new();
        let mut out = Output::new(&mut bytes, syntax);
        for part in parts {
            out.write_all(part).unwrap();
        }
        drop(out);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn nothing_hidden_comes_out() {
        let text = |parts: &[&[u8]]| written(Syntax::Text, parts);
        assert_eq!(text(&[b"a\x1b[2J\n\tb\r\n"]), "a\\u{1b}[2J\n\tb\\r\n");
        // A character in two writes, a byte that is none, and one that stays unfinished.
        assert_eq!(text(&[b"\xe2\x80", b"\xaex\xc3", b"\xa9"]), "\\u{202e}xé");
        assert_eq!(text(&[b"\xff\x9b31m", b"y\xe2\x80"]), "\\xff\\x9b31my\\xe2\\x80");
    }

    #[test]
    fn json_stays_json() {
        let json = written(Syntax::Json, &[b"[\"\x7f\xc2\x9b\"]\n"]);
        assert_eq!(json, "[\"\\u007f\\u009b\"]\n");
    }
}
