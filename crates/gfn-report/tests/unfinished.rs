//! Runs that are under way, that failed, or whose files are damaged are shown as far as they go.

use gfn_record::folder::names;
use gfn_report::page;
use gfn_runs::Run;
use gfn_runs::summary::Summary;

use super::made::{RunFixture, grid_file, manifest, metrics, shown};

#[test]
fn a_run_that_has_only_begun() {
    let made = RunFixture::new();
    made.write("a", names::RESOLVED, &grid_file(3));
    let page = made.page(&["a"]);
    assert!(page.contains("Nothing has been recorded yet."));
    assert!(
        page.contains("Not all of the folder can be read"),
        "its manifest is missing"
    );
    let summary = Summary::of(&made.read(&["a"])[0]);
    assert_eq!(
        (
            summary.state,
            summary.seed,
            summary.updates,
            summary.updates_wanted
        ),
        ("unknown", Some(3), 0, Some(40))
    );
}

#[test]
fn a_run_under_way_and_one_that_was_stopped_say_so() {
    let made = RunFixture::new();
    for (run, status, said) in [
        (
            "running",
            "running",
            "was not finished when this page was made: 17 of 40 updates",
        ),
        (
            "stopped",
            "saved",
            "was stopped and saved, and can go on: 17 of 40 updates",
        ),
    ] {
        let mut manifest = manifest("grid", 0);
        manifest["status"] = status.into();
        manifest["steps"] = 0.into();
        manifest
            .as_object_mut()
            .unwrap()
            .retain(|key, _| !["after", "phases", "seconds"].contains(&key.as_str()));
        made.write(run, names::RESOLVED, &grid_file(0));
        made.write(run, names::MANIFEST, &manifest.to_string());
        made.write(run, names::METRICS, &metrics(17, 0.0));
        let page = made.page(&[run]);
        assert!(page.contains(said), "{run}");
        assert!(page.contains("class=\"plot\"") && !page.contains("Profile"));
    }
}

#[test]
fn a_run_that_failed_says_why() {
    let made = RunFixture::new();
    made.grid("a", 0);
    let mut manifest = manifest("grid", 0);
    manifest["status"] = "failed".into();
    manifest["error"] = "step 18: the loss is NaN".into();
    made.write("a", names::MANIFEST, &manifest.to_string());
    assert!(
        made.page(&["a"])
            .contains("The run stopped: step 18: the loss is NaN")
    );
}

#[test]
fn damaged_lines_are_told_and_the_rest_is_shown() {
    let made = RunFixture::new();
    made.grid("a", 0);
    let lines: Vec<String> = metrics(40, 0.0).lines().map(String::from).collect();
    let mut damaged = lines.clone();
    for line in [3, 7, 11, 12, 13] {
        damaged[line].truncate(20);
    }
    damaged.push("{\"event\":\"step\",\"st".into());
    made.write("a", names::METRICS, &damaged.join("\n"));
    made.write(
        "a",
        names::SAMPLES,
        "object,reward,log_reward,log_probability,steps\n0 0,x,0,,1\n1 1,1.0,0.0,,1\n",
    );
    made.write("a", names::DISTRIBUTION, "object,rew");
    let run = &made.read(&["a"])[0];
    assert_eq!(run.steps.len() + run.measured.len(), lines.len() - 5);
    assert_eq!((run.samples.len(), run.distribution.len()), (1, 0));
    let faults = run.faults.join("\n");
    for expected in [
        "metrics.jsonl: line 4:",
        "metrics.jsonl: 3 more lines cannot be read",
        "samples.csv: line 2: column `reward`",
    ] {
        assert!(faults.contains(expected), "{faults}");
    }
    assert!(made.page(&["a"]).contains("metrics.jsonl: line 4"));
}

#[test]
fn a_manifest_and_settings_of_another_kind_are_told() {
    let made = RunFixture::new();
    made.grid("a", 0);
    made.write(
        "a",
        names::MANIFEST,
        &manifest("grid", 0)
            .to_string()
            .replace("\"format\":1", "\"format\":9"),
    );
    made.write("a", names::RESOLVED, "name = ");
    let run = &made.read(&["a"])[0];
    let faults = run.faults.join("\n");
    assert!(
        faults.contains("format 9") && faults.contains("resolved.toml"),
        "{faults}"
    );
    assert_eq!(run.name(), "run");
    assert!(page(std::slice::from_ref(run), &[]).contains("class=\"plot\""));
}

#[test]
fn runs_of_other_lengths_are_laid_over_one_another() {
    let made = RunFixture::new();
    (0..4).for_each(|seed| made.grid(&format!("{seed}"), seed));
    made.write("1", names::METRICS, &metrics(7, 1.0));
    made.write("2", names::METRICS, "");
    let page = made.page(&["0", "1", "2", "3"]);
    assert!(page.contains("4 runs") && page.contains("Student"));
}

#[test]
fn no_runs_make_an_empty_page_and_what_is_no_run_is_refused() {
    assert!(page(&[], &[]).contains("No runs"));
    let made = RunFixture::new();
    let missing = made.path("nowhere");
    let message = Run::read(&missing).unwrap_err().to_string();
    assert!(message.contains(&shown(&missing)), "{message}");
}

#[test]
fn a_glance_at_a_finished_run_leaves_its_tables_alone() {
    let made = RunFixture::new();
    made.grid("a", 0);
    made.write("a", names::METRICS, "damaged");
    let run = Run::glance(&made.path("a")).unwrap();
    assert_eq!(run.faults, [""; 0]);
    assert_eq!(Summary::of(&run).l1, Some(0.01));
}
