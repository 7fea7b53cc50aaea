//! Whether the parts of an experiment go together: what cannot work ([`refusals`]), and what does nothing ([`remarks`]).

pub(crate) mod refusals;
pub(crate) mod remarks;

use gfn_config::{Origin, Problem, Severity};
use gfn_core::{Cancel, Remark, TrainingPlan};

use crate::component::place;
use crate::experiment::Experiment;
use crate::settings::Training;

/// Collects problems, each at its place in the file.
pub(crate) struct Report<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) problems: Vec<Problem>,
    /// Whether parts still wait for answers.
    pub(crate) cancel: Cancel,
}

impl<'a> Report<'a> {
    /// Nothing wrong so far.
    pub(crate) fn new(experiment: &'a Experiment, cancel: Cancel) -> Self {
        Self {
            experiment,
            problems: Vec::new(),
            cancel,
        }
    }

    /// What was made, or its message at the section.
    pub(crate) fn keep<T>(&mut self, section: &str, made: Result<T, String>) -> Option<T> {
        made.map_err(|message| match message.split_once("\n  ") {
            // A file with several mistakes: each is a problem, so that none is cut off, and they are counted once, with all others.
            Some((head, mistakes)) => {
                let file = head.rsplit_once(" has ").map_or(head, |(file, _)| file);
                mistakes.split("\n  ").for_each(|mistake| {
                    let parted = if mistake.starts_with("line ") { "," } else { ":" };
                    self.refuse(section, format!("{file}{parted} {mistake}"), None);
                });
            }
            None => self.refuse(section, message, None),
        })
        .ok()
    }

    /// An error at the setting that the message begins with, or at the section.
    pub(crate) fn refuse(&mut self, section: &str, message: String, help: Option<&str>) {
        let origin = self.place(section, &message);
        self.refuse_at(&origin, message, help);
    }

    /// An error at a place.
    pub(crate) fn refuse_at(&mut self, origin: &Origin, message: String, help: Option<&str>) {
        let problem = Problem::new(message).at(origin);
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// A warning at the setting that the message begins with, or at the section.
    pub(crate) fn warn(&mut self, section: &str, message: String, help: Option<&str>) {
        let origin = self.place(section, &message);
        let problem = Problem::new(message).at(&origin).warning();
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// What a component of a section says of one of its settings, as an error or a warning at that setting.
    pub(crate) fn remark(&mut self, section: &str, remark: Remark, severity: Severity) {
        let node = self.experiment.tree.section(section);
        let origin = match node {
            Some(node) => node.get(remark.key).unwrap_or(node).origin.clone(),
            None => Origin::whole(self.experiment.tree.root().origin.source),
        };
        let problem = Problem::new(remark.message).at(&origin);
        let problem = match severity {
            Severity::Error => problem,
            Severity::Warning => problem.warning(),
        };
        self.problems.push(match remark.help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// How long the training is to be.
    pub(crate) fn plan(&self) -> TrainingPlan {
        let Training {
            steps, batch_size, ..
        } = self.experiment.training;
        TrainingPlan { steps, batch_size }
    }

    /// The place of the setting that a message begins with, of the section, or the file where it has no such section.
    fn place(&self, section: &str, message: &str) -> Origin {
        let tree = &self.experiment.tree;
        match tree.section(section) {
            Some(node) => place(node, section, message),
            None => Origin::whole(tree.root().origin.source),
        }
    }
}
