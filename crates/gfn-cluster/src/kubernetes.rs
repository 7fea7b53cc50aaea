//! A manifest for Kubernetes: an indexed Job, in which each index is a trial.
//!
//! A pod that is told to end saves and ends with 75, which does not count as a failure: another pod of the same index goes on. A
//! pod that was shut out by another of its index ends with 76, which does not count either. Failed attempts are counted for each
//! index by itself, so that one bad trial ends no other.

use serde_json::{Value, json};

use crate::ClusterError;
use crate::script::{Elements, Job};
use crate::settings::Kubernetes;
use crate::words;

/// Where a container finds the number of its trial; Kubernetes fills it in.
const INDEX: &str = "$(JOB_COMPLETION_INDEX)";
/// Saved and to be gone on with; shut out by another process.
const GOES_ON: [i32; 2] = [75, 76];
/// The experiment is wrong: it would fail again.
const BAD_FILE: i32 = 2;

/// The image and the claim of a volume, which have no defaults.
///
/// # Errors
/// Where a setting cannot be used, or one of these is missing.
pub fn needed(settings: &Kubernetes) -> Result<(String, String), ClusterError> {
    if let Some(wrong) = settings.wrong().first() {
        return Err(ClusterError::Setting(format!(
            "`sweep.kubernetes.{}` {}",
            wrong.key, wrong.message
        )));
    }
    let needed = |value: &Option<String>, what: &str| {
        value
            .clone()
            .ok_or_else(|| ClusterError::Setting(format!("`sweep.kubernetes.{what}` is missing")))
    };
    Ok((
        needed(&settings.image, "image")?,
        needed(&settings.claim, "claim")?,
    ))
}

/// The manifest. `retries` is how often a pod may fail for each index; `arguments` are those of `gfn` that take the next trial of
/// the sweep at the path given by [`folder`].
///
/// # Errors
/// Where a setting cannot be used, or one that is needed is missing.
pub fn manifest(
    settings: &Kubernetes,
    job: &Job,
    arguments: &[String],
    elements: &Elements,
    retries: u64,
) -> Result<Value, ClusterError> {
    let (image, claim) = needed(settings)?;
    let count = elements.count();
    let mut metadata = json!({ "name": name(job) });
    insert(&mut metadata, "namespace", settings.namespace.clone());
    if let Some(queue) = &settings.queue {
        metadata["labels"] = json!({ "kueue.x-k8s.io/queue-name": queue });
    }
    let mut command = settings.command.clone();
    command.extend(arguments.iter().map(|word| literal(word)));
    if matches!(elements, Elements::Trials(_)) {
        command.extend(["--trial".into(), INDEX.into()]);
    }
    let container = json!({
        "name": "gfn",
        "image": image,
        "command": command,
        "resources": resources(settings),
        "volumeMounts": [{ "name": "sweeps", "mountPath": settings.mount }],
    });
    Ok(json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "completionMode": "Indexed",
            "completions": count,
            "parallelism": settings.at_once.unwrap_or(count).min(count),
            "suspend": settings.queue.is_some(),
            "backoffLimitPerIndex": retries,
            "podFailurePolicy": { "rules": [
                { "action": "Ignore", "onPodConditions": [{ "type": "DisruptionTarget" }] },
                { "action": "Ignore", "onExitCodes": { "containerName": "gfn", "operator": "In", "values": GOES_ON } },
                { "action": "FailIndex", "onExitCodes": { "containerName": "gfn", "operator": "In", "values": [BAD_FILE] } },
            ] },
            "template": { "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": settings.grace,
                "containers": [container],
                "volumes": [{ "name": "sweeps", "persistentVolumeClaim": { "claimName": claim } }],
            } },
        },
    }))
}

/// Where containers find the sweep's folder.
///
/// # Errors
/// Where its name cannot be told.
pub fn folder(settings: &Kubernetes, job: &Job) -> Result<String, ClusterError> {
    let name = job.folder.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| ClusterError::Path(job.folder.clone()))?;
    Ok(format!("{}/{name}", settings.mount.trim_end_matches('/')))
}

/// Names of Kubernetes have small letters, digits and hyphens, and no hyphen at the end.
fn name(job: &Job) -> String {
    let name = words::name(&job.prefix()).to_lowercase().replace(['.', '_'], "-");
    name.trim_end_matches('-').into()
}

/// A word in which Kubernetes sees no variable.
fn literal(word: &str) -> String {
    word.replace("$(", "$$(")
}

fn resources(settings: &Kubernetes) -> Value {
    let mut least = json!({});
    insert(&mut least, "cpu", settings.cpus.clone());
    insert(&mut least, "memory", settings.memory.clone());
    let mut most = json!({});
    insert(&mut most, "memory", settings.memory.clone());
    insert(
        &mut most,
        "nvidia.com/gpu",
        settings.gpus.map(|gpus| gpus.to_string()),
    );
    json!({ "requests": least, "limits": most })
}

fn insert(object: &mut Value, key: &str, value: Option<String>) {
    if let Some(value) = value {
        object[key] = Value::String(value);
    }
}
