//! `gfn check`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use gfn_config::{Finding, Problems, Severity, Written};
use gfn_registry::assemble;
use gfn_sweep::plan::Plan;

use super::{print, print_json};
use crate::args::{CheckArgs, Format, LayerArgs};
use crate::exit::Failure;
use crate::sarif;

/// What was found in one experiment file with what it extends.
struct Checked {
    file: String,
    problems: Problems,
}

pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let check = |file: &PathBuf| Checked {
        file: file.display().to_string(),
        problems: problems_of(file, &args.layers),
    };
    let mut checked: Vec<Checked> = args.files.iter().map(check).collect();
    let has = |severity| checked.iter().any(|checked| checked.problems.count(severity) > 0);
    let denied = args.deny_warnings && has(Severity::Warning);
    let bad = denied || has(Severity::Error);
    let lines: String = checked.iter().map(Checked::line).collect();
    once(&mut checked);
    let findings: Vec<Finding> = checked
        .iter()
        .flat_map(|checked| checked.problems.findings())
        .collect();
    let said = Failure::refused(match args.format {
        Format::Text => text(&checked, denied),
        Format::Json | Format::Sarif => String::new(),
    });
    match args.format {
        Format::Text => print(&lines),
        Format::Json => print_json(&to_json(&findings)),
        Format::Sarif => print_json(&sarif::log(&findings)),
    }?;
    if bad {
        return Err(said);
    }
    said.show();
    Ok(())
}

/// All problems as people read them, with a blank line between two.
fn text(checked: &[Checked], denied: bool) -> String {
    let shown = checked.iter().map(|checked| checked.problems.to_string());
    let mut shown: Vec<String> = shown.filter(|text| !text.is_empty()).collect();
    if denied {
        shown.push("error: `--deny-warnings` does not allow warnings\n".to_owned());
    }
    shown.join("\n")
}

/// Everything that is wrong with a file, and what does nothing.
fn problems_of(file: &Path, layers: &LayerArgs) -> Problems {
    let experiment = match layers.load(file) {
        Ok(experiment) => experiment,
        Err(problems) => return problems,
    };
    let parts = match assemble(&experiment) {
        Ok(parts) => parts,
        Err(problems) => return problems,
    };
    if let Err(problems) = gfn_acquire::check(&experiment, &*parts.environment) {
        return problems;
    }
    let is_swept = experiment.sweep.is_some();
    let planned = is_swept.then(|| Plan::read(experiment, "").and_then(|plan| plan.check()));
    match planned {
        Some(Err(problems)) => problems,
        _ => parts.warnings,
    }
}

impl Checked {
    /// One line on the file: "mol.toml: ok", "mol.toml: 2 errors, 1 warning".
    fn line(&self) -> String {
        let counted = |severity: Severity| match self.problems.count(severity) {
            0 => None,
            1 => Some(format!("1 {}", severity.name())),
            several => Some(format!("{several} {}s", severity.name())),
        };
        let counts: Vec<String> = [Severity::Error, Severity::Warning]
            .into_iter()
            .filter_map(counted)
            .collect();
        let verdict = if counts.is_empty() {
            "ok".to_owned()
        } else {
            counts.join(", ")
        };
        format!("{}: {verdict}\n", self.file)
    }
}

/// Leaves a problem that several files share, such as one in a file that all of them extend, with the first of them.
fn once(checked: &mut [Checked]) {
    let mut seen = HashSet::new();
    for Checked { problems, .. } in checked {
        problems.retain(|finding| {
            let mut apart = finding.clone();
            if apart.source != Written::File {
                apart.file = None;
            }
            seen.insert(apart)
        });
    }
}

fn to_json(findings: &[Finding]) -> String {
    serde_json::to_string_pretty(findings).expect("findings are plain data") + "\n"
}
