//! What came of the checks, for people and for programs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::description::Description;

/// What came of all checks of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// What messages call the plugin.
    pub plugin: String,
    /// What it says of itself, if it does.
    pub description: Option<Description>,
    /// Each check, in the order in which they were made.
    pub checks: Vec<Check>,
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name: a word or two, the same in all versions.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was seen: where it failed, what the author should look at.
    pub detail: String,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The plugin does what it must.
    Pass,
    /// It does not.
    Fail,
    /// It could not be checked, or does not concern this plugin.
    Skipped,
}

/// What a check found: what was seen where it passed, or why it did not.
pub(super) type Finding = Result<String, Problem>;

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Problem {
    /// The plugin does not do what it must.
    Fail(String),
    /// There was nothing to check.
    Skip(String),
}

/// The plugin does not do what it must.
pub(super) fn fail<T>(detail: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Fail(detail.into()))
}

/// There was nothing to check.
pub(super) fn skip<T>(detail: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Skip(detail.into()))
}

impl Check {
    pub(super) fn new(name: &str, finding: Finding) -> Self {
        let (verdict, detail) = match finding {
            Ok(detail) => (Verdict::Pass, detail),
            Err(Problem::Fail(detail)) => (Verdict::Fail, detail),
            Err(Problem::Skip(detail)) => (Verdict::Skipped, detail),
        };
        Self {
            name: name.to_string(),
            verdict,
            detail,
        }
    }
}

impl CheckReport {
    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.verdict == Verdict::Fail)
    }

    /// How many checks came out like this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::Skipped => "skipped",
        })
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.description {
            Some(said) => writeln!(f, "{} {}: {}", said.name, said.version, said.summary)?,
            None => writeln!(f, "{}", self.plugin)?,
        }
        let width = self
            .checks
            .iter()
            .map(|check| check.name.len())
            .max()
            .unwrap_or(0);
        for Check {
            name,
            verdict,
            detail,
        } in &self.checks
        {
            // Further lines of a detail stand below its first.
            let detail = detail.replace('\n', &format!("\n{:indent$}", "", indent = width + 13));
            writeln!(f, "  {verdict:<7}  {name:width$}  {detail}")?;
        }
        let [passed, failed, skipped] =
            [Verdict::Pass, Verdict::Fail, Verdict::Skipped].map(|verdict| self.count(verdict));
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> CheckReport {
        let checks = vec![
            Check::new("entry", Ok("version 1.0".to_string())),
            Check::new("threads", skip("it is not `thread_safe`")),
            Check::new("split", fail("object 3 differs\nalone: 1")),
        ];
        CheckReport {
            plugin: "x.so".to_string(),
            description: None,
            checks,
        }
    }

    #[test]
    fn people_see_a_line_for_each_check() {
        let expected = "x.so\n\
            \x20 pass     entry    version 1.0\n\
            \x20 skipped  threads  it is not `thread_safe`\n\
            \x20 FAIL     split    object 3 differs\n\
            \x20                   alone: 1\n\
            1 passed, 1 failed, 1 skipped";
        assert_eq!(report().to_string(), expected);
        assert!(!report().passed());
    }

    #[test]
    fn programs_see_verdicts_as_words() {
        let text = serde_json::to_string(&report()).unwrap();
        assert!(
            text.contains(r#"{"name":"threads","verdict":"skipped","detail":"it is not `thread_safe`"}"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<CheckReport>(&text).unwrap(), report());
    }
}
