//! Problems as SARIF 2.1.0, the format in which code hosts and editors take what a checker found.
//!
//! Written out by hand: a log is one object, and the types of the whole standard would be many times this file.

use gfn_config::{Finding, Severity, Written};
use serde_json::{Value, json};

/// The address of the format's schema.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The kinds of results: an identifier, what it stands for, and its severity.
const RULES: [(&str, &str, Severity); 2] = [
    (
        "experiment/cannot-run",
        "The experiment cannot run as it is written.",
        Severity::Error,
    ),
    (
        "experiment/no-effect",
        "A setting does nothing in this experiment.",
        Severity::Warning,
    ),
];

/// A log of one run of `gfn check`.
pub(crate) fn log(findings: &[Finding]) -> String {
    let rules = RULES.map(|(id, text, severity)| {
        json!({
            "id": id,
            "shortDescription": { "text": text },
            "defaultConfiguration": { "level": severity.name() },
        })
    });
    let results: Vec<Value> = findings.iter().map(result).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "gfn", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).expect("a log is plain data") + "\n"
}

fn result(finding: &Finding) -> Value {
    let rule = RULES
        .iter()
        .position(|(_, _, severity)| *severity == finding.severity);
    let rule = rule.expect("there is a rule for each severity");
    let mut text = finding.message.clone();
    if let Some(setting) = &finding.setting {
        text.push_str(&format!(" (in `{setting}`)"));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    json!({
        "ruleId": RULES[rule].0,
        "ruleIndex": rule,
        "level": finding.severity.name(),
        "message": { "text": text },
        "locations": [location(finding)],
    })
}

/// The place in a file; for a variable or a flag, the experiment file that it was to change, and its own name.
fn location(finding: &Finding) -> Value {
    let mut location = json!({});
    if let Some(file) = &finding.file {
        location["physicalLocation"] = json!({ "artifactLocation": { "uri": uri(file) } });
        if let Some(region) = region(finding) {
            location["physicalLocation"]["region"] = region;
        }
    }
    if let (Written::Variable | Written::Flag | Written::Provider, Some(setting)) =
        (finding.source, &finding.setting)
    {
        location["logicalLocations"] = json!([{ "name": setting, "kind": "parameter" }]);
    }
    location
}

fn region(finding: &Finding) -> Option<Value> {
    Some(json!({
        "startLine": finding.line?,
        "startColumn": finding.column?,
        "endLine": finding.end_line?,
        "endColumn": finding.end_column?,
    }))
}

/// A path as a reference: relative to the folder of the command, or whole.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let escaped = path.bytes().map(|byte| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    let escaped: String = escaped.collect();
    match path.starts_with('/') {
        true => format!("file://{escaped}"),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("experiments/mol.toml"), "experiments/mol.toml");
        assert_eq!(uri("/data/a b#1.toml"), "file:///data/a%20b%231.toml");
        assert_eq!(uri("ä.toml"), "%C3%A4.toml");
    }
}
