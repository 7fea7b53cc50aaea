//! Whole scripts and manifests.

use std::path::Path;

use gfn_cluster::kubernetes;
use gfn_cluster::script::{Elements, Job, Submission, generic, slurm};
use gfn_cluster::settings::{Command, Kubernetes, Slurm};

use crate::{command, job};

fn submission(job: &Job, elements: Elements) -> Submission {
    Submission {
        number: 3,
        place: job.folder.join("submissions/000003"),
        elements,
    }
}

#[test]
fn a_script_for_slurm() {
    let job = job(Path::new("/data/my sweep"));
    let settings = Slurm {
        partition: Some("gpu,long".into()),
        account: Some("chem".into()),
        qos: Some("normal".into()),
        constraint: Some("a100|h100".into()),
        time: Some("1-12:00:00".into()),
        memory: Some("16G".into()),
        cpus: Some(4),
        gpus: Some(1),
        gres: Some("scratch:10".into()),
        modules: vec!["cuda/12.8".into()],
        prelude: vec!["export A=1".into()],
        container: vec![
            "apptainer".into(),
            "exec".into(),
            "--nv".into(),
            "my image.sif".into(),
        ],
        options: vec!["--exclude=n[1-2]".into()],
        ..Slurm::default()
    };
    let script = slurm(&settings, &job, &submission(&job, Elements::Trials(vec![1, 2])));
    insta::assert_snapshot!("slurm", script.unwrap());
    let script = slurm(&Slurm::default(), &job, &submission(&job, Elements::Workers(4)));
    insta::assert_snapshot!("slurm-workers", script.unwrap());
}

#[test]
fn a_script_for_another_engine() {
    let job = job(Path::new("/data/sweep"));
    let settings = Command {
        prelude: vec!["#$ -l h_rt=8:00:00".into(), "module load cuda".into()],
        ..command(&["qsub", "{script}"])
    };
    let script = generic(&settings, &job, &submission(&job, Elements::Trials(vec![1, 2])));
    insta::assert_snapshot!("generic", script.unwrap());
}

#[test]
fn a_manifest_for_kubernetes() {
    let job = job(Path::new("/data/my sweep"));
    let settings = Kubernetes {
        image: Some("registry.example/gfn:0.1".into()),
        claim: Some("results".into()),
        namespace: Some("research".into()),
        cpus: Some("2".into()),
        memory: Some("8Gi".into()),
        gpus: Some(1),
        at_once: Some(16),
        queue: Some("gpus".into()),
        ..Kubernetes::default()
    };
    let folder = kubernetes::folder(&settings, &job).unwrap();
    let arguments = ["sweep", "worker", &folder, "$(NOT_A_VARIABLE)"].map(String::from);
    let manifest =
        |settings, elements| kubernetes::manifest(settings, &job, &arguments, &elements, 2).unwrap();
    let shown = |manifest: serde_json::Value| serde_json::to_string_pretty(&manifest).unwrap();
    insta::assert_snapshot!(
        "kubernetes",
        shown(manifest(&settings, Elements::Trials((0..100).collect())))
    );
    let least = Kubernetes {
        image: settings.image.clone(),
        claim: settings.claim.clone(),
        ..Kubernetes::default()
    };
    insta::assert_snapshot!(
        "kubernetes-workers",
        shown(manifest(&least, Elements::Workers(3)))
    );
    let missing = kubernetes::manifest(&Kubernetes::default(), &job, &arguments, &Elements::Workers(1), 0);
    assert_eq!(
        missing.unwrap_err().to_string(),
        "`sweep.kubernetes.image` is missing"
    );
}
