//! Any batch system that has job arrays and a command to submit them.

use std::time::Duration;

use crate::script::{Job, Submission};
use crate::settings::Command;
use crate::{ClusterError, client, words};

/// The words of the command that submits an array. No shell reads them: a placeholder's value stays within its word.
///
/// # Errors
/// Where a path cannot stand in it.
pub fn words(settings: &Command, job: &Job, submission: &Submission) -> Result<Vec<String>, ClusterError> {
    let script = submission.script();
    let count = submission.elements.count();
    let values = [
        ("{script}", words::path(&script)?.to_string()),
        ("{count}", count.to_string()),
        ("{first}", settings.first.to_string()),
        ("{last}", (settings.first + count).saturating_sub(1).to_string()),
        ("{name}", submission.name(job)),
    ];
    Ok(settings.submit.iter().map(|word| filled(word, &values)).collect())
}

/// A word with its placeholders filled, each once: what a value brings in is not looked at again.
fn filled(word: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        match values
            .iter()
            .find(|(placeholder, _)| rest.starts_with(placeholder))
        {
            Some((placeholder, value)) => {
                text.push_str(value);
                rest = &rest[placeholder.len()..];
            }
            None => {
                let next = rest.chars().next().map_or(0, char::len_utf8);
                text.push_str(&rest[..next]);
                rest = &rest[next..];
            }
        }
    }
    text
}

/// Submits an array; what the command said.
///
/// # Errors
/// Where it cannot be started, fails, or takes too long.
pub fn submit(settings: &Command, job: &Job, submission: &Submission) -> Result<String, ClusterError> {
    let words = words(settings, job, submission)?;
    let said = client::run(&words, Duration::from_secs(settings.client_timeout))?;
    Ok(said.trim().into())
}
