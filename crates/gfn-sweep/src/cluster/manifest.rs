//! A sweep as a manifest for Kubernetes.

use std::path::Path;

use gfn_cluster::kubernetes;
use gfn_cluster::script::Elements;

use crate::SweepError;
use crate::board::Board;
use crate::cluster::{is_known, job};
use crate::plan::Plan;

/// Makes sure that a manifest can be made of a sweep.
///
/// # Errors
/// Where a setting is missing or cannot be used.
pub fn can_export(plan: &Plan) -> Result<(), SweepError> {
    kubernetes::needed(&plan.sweep.kubernetes.clone().unwrap_or_default())?;
    Ok(())
}

/// The manifest of a job that does all of a sweep, whose folder must lie on the volume that it names. Trials that have ended are
/// among its indices, and end at once.
///
/// # Errors
/// Where a setting is missing.
pub fn manifest(board: &Board) -> Result<String, SweepError> {
    let settings = board.plan.sweep.kubernetes.clone().unwrap_or_default();
    let job = job(board, Path::new("gfn"))?;
    let all = board.all_settings()? * board.plan.seeds.len() as u64;
    let elements = match is_known(&board.plan, all) {
        true => Elements::Trials((0..all).collect()),
        false => Elements::Workers(settings.workers.min(all)),
    };
    let arguments = [
        "sweep".into(),
        "worker".into(),
        kubernetes::folder(&settings, &job)?,
    ];
    let manifest = kubernetes::manifest(&settings, &job, &arguments, &elements, board.plan.sweep.retries)?;
    Ok(serde_json::to_string_pretty(&manifest).expect("a manifest is plain data") + "\n")
}
