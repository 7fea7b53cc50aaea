//! Pages of sweeps that were made up.

use gfn_record::sweep::State;
use gfn_report::page_of_sweep;
use gfn_runs::Sweep;
use serde_json::{Value, json};

use super::made::{RunFixture, known};

/// A sweep over a learning rate and a choice, two seeds each: most settings ended, one was held after 20 updates, one failed.
pub(crate) fn make(made: &RunFixture, name: &str, settings: u64) {
    let manifest = json!({
        "format": 1, "gfn": "0.1.0", "name": "grid", "experiment": "grid.toml", "method": "tpe", "seed": 0, "settings": settings,
        "seeds": [0, 1], "objective": "exact.l1", "direction": "minimize",
        "parameters": [
            {"name": "optimizer.learning_rate", "domain": {"float": {"low": 1e-4, "high": 1e-1, "log": true}}},
            {"name": "loss.kind", "domain": {"choice": ["trajectory-balance", "<b>bold</b>"]}},
        ],
        "early_stopping": {"kind": "asha", "reduction": 3, "rungs": [20, 40]}, "retries": 1, "max_failures": 3,
    });
    made.write(name, "sweep.json", &manifest.to_string());
    for setting in 0..settings {
        let rate = 10f64.powf(-4.0 + 3.0 * setting as f64 / settings as f64);
        let kind = ["trajectory-balance", "<b>bold</b>"][setting as usize % 2];
        let values = json!({"optimizer.learning_rate": rate, "loss.kind": kind});
        let point = json!([{"float": rate}, {"choice": setting % 2}]);
        let file = json!({"setting": setting, "values": values, "point": point});
        made.write(
            &format!("{name}/settings/{setting:06}"),
            "setting.json",
            &file.to_string(),
        );
        for repeat in 0..2 {
            trial(made, name, (setting, repeat), &values, settings);
        }
    }
}

fn trial(made: &RunFixture, name: &str, (setting, repeat): (u64, u64), values: &Value, settings: u64) {
    let number = 2 * setting + repeat;
    let folder = format!("{name}/trials/{number:06}");
    let file =
        json!({"trial": number, "setting": setting, "repeat": repeat, "seed": repeat, "values": values});
    made.write(&folder, "trial.json", &file.to_string());
    made.grid(&format!("{folder}/run"), repeat);
    // The rate decides, the choice does not.
    let objective = 1.0 / (1.0 + setting as f64) + 0.01 * repeat as f64;
    let rung = json!({"step": 20, "objective": 2.0 * objective});
    made.write(&folder, "rung-000020.json", &rung.to_string());
    if setting == 0 {
        return;
    }
    let result = match setting + 1 == settings {
        true => json!({"error": "the reward is <not> there", "steps": 20, "failures": 2}),
        false => json!({"objective": objective, "steps": 40, "failures": 0}),
    };
    made.write(&folder, "result.json", &result.to_string());
    if setting + 1 == settings {
        let failure = json!({"attempt": 1, "error": "the reward is <not> there"});
        made.write(&folder, "failure-1.json", &failure.to_string());
    }
}

#[test]
fn a_sweep_tells_what_was_tried_and_what_came_of_it() {
    let made = RunFixture::new();
    make(&made, "s", 12);
    assert!(Sweep::is_at(&made.path("s")) && !Sweep::is_at(&made.path("s/trials/000003/run")));
    let sweep = Sweep::read(&made.path("s")).unwrap();
    assert!(sweep.faults.is_empty(), "{:?}", sweep.faults);
    assert_eq!(
        (sweep.count(State::Finished), sweep.count(State::Failed)),
        (20, 2)
    );
    assert_eq!(sweep.count(State::Paused), 2);
    let ranked: Vec<u64> = sweep
        .ranked()
        .iter()
        .map(|(tried, _)| tried.setting.setting)
        .collect();
    // What failed is compared where it stood last; what was held comes after what ended.
    assert_eq!(ranked, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 11, 0]);
    let (_, best) = sweep.ranked()[0];
    assert_eq!((best.step, best.objectives.len()), (None, 2));
    assert!((best.mean - (1.0 / 11.0 + 0.005)).abs() < 1e-12 && best.half.unwrap() > 0.0);

    let line = gfn_runs::summary::sweep_line(&sweep);
    assert!(
        line.starts_with("20 of 24 trials finished, 2 paused, 2 failed, best exact.l1"),
        "{line}"
    );
    let table = gfn_runs::summary::sweep_table(&sweep, 3);
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.starts_with("SETTING  STATE     OBJECTIVE"), "{table}");
}

#[test]
fn the_page_of_a_sweep_has_all_sections_and_escapes_everything() {
    let made = RunFixture::new();
    make(&made, "s", 12);
    let sweep = Sweep::read(&made.path("s")).unwrap();
    let page = page_of_sweep(&sweep, &sweep.best_runs(), &known()).replace("<wbr>", "");
    for expected in [
        "<h1>grid, a sweep</h1>",
        "Effect of each setting",
        "Parallel coordinates of all settings",
        "Objective against optimizer.learning_rate",
        "The best settings, by seed",
        "the reward is &lt;not&gt; there (1 attempt)",
        "stopped early",
        "23 of 23 others were better",
        "Learned and target distribution",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(!page.contains("<b>bold") && !page.contains("\"NaN") && !page.contains(">NaN"));
    let share = |name: &str| {
        let (_, rest) = page
            .split_once(&format!("<tr><td>{name}</td><td class=\"number\">"))
            .unwrap();
        rest.split(' ').next().unwrap().parse::<f64>().unwrap_or(0.0)
    };
    assert!(share("optimizer.learning_rate") > 80.0 && share("loss.kind") < 20.0);
}

#[test]
fn a_sweep_that_has_just_begun_or_is_damaged_has_a_page() {
    let made = RunFixture::new();
    make(&made, "s", 0);
    let empty = Sweep::read(&made.path("s")).unwrap();
    let page = page_of_sweep(&empty, &empty.best_runs(), &known());
    assert!(page.contains("Trials finished") && !page.contains("Effect of each setting"));
    make(&made, "t", 3);
    made.write("t/settings/000001", "setting.json", "{");
    let damaged = Sweep::read(&made.path("t")).unwrap();
    assert_eq!(damaged.faults.len(), 1);
    assert!(page_of_sweep(&damaged, &[], &known()).contains("Not all of the folder can be read"));
    assert!(Sweep::read(&made.path("nowhere")).is_err());
}

/// A setting of which one seed is further than the other is compared where both were, and says so.
#[test]
fn updates_and_seeds_are_those_of_the_objective() {
    let made = RunFixture::new();
    make(&made, "s", 4);
    let result = made.path("s/trials/000003/result.json");
    std::fs::remove_file(result).unwrap();
    let sweep = Sweep::read(&made.path("s")).unwrap();
    let table = gfn_runs::summary::sweep_table(&sweep, 9);
    let head = table.lines().next().unwrap();
    let column = head.split_whitespace().position(|word| word == "UPDATES");
    let updates = |setting: &str| {
        let line = table.lines().find(|line| line.starts_with(setting)).unwrap();
        line.split_whitespace().nth(column.unwrap()).unwrap().to_string()
    };
    assert_eq!((updates("1 "), updates("2 ")), ("20".into(), "40".into()));
    let page = page_of_sweep(&sweep, &[], &known());
    let (_, every) = page.split_once("All settings").unwrap();
    let rate = sweep.tried[1].setting.values["optimizer.learning_rate"].as_f64();
    let rate = gfn_runs::summary::figure(rate.unwrap());
    let row = every.split("<tr>").find(|row| row.contains(&rate)).unwrap();
    let (row, _) = row.split_once("</tr>").unwrap();
    assert!(
        row.ends_with(">2</td><td class=\"number\" data-order=\"20\">20</td>"),
        "{row}"
    );
    // The end is no comparison.
    assert!(page.contains("Trials are compared after 20 updates of 40, and one in 3"));
}

/// What cannot be read is told, and everything else is shown.
#[test]
fn damaged_files_hide_no_others() {
    let made = RunFixture::new();
    make(&made, "s", 6);
    made.write("s/trials/000004", "result.json", "garbage");
    made.write("s/trials/000006", "trial.json", "");
    made.write("s/settings/000001", "setting.json", "{");
    made.write("s/extensions", "000000.json", "{");
    let sweep = Sweep::read(&made.path("s")).unwrap();
    assert_eq!(sweep.faults.len(), 4, "{:?}", sweep.faults);
    for file in [
        "settings/000001/setting.json",
        "trials/000004/result.json",
        "trials/000006/trial.json",
        "extensions/000000.json",
    ] {
        assert!(
            sweep.faults.iter().any(|fault| fault.contains(file)),
            "{file} in {:?}",
            sweep.faults
        );
    }
    assert_eq!(sweep.count(State::Finished), 6);
    let states: Vec<&str> = sweep.tried.iter().map(|tried| tried.state()).collect();
    assert_eq!(
        states,
        ["paused", "finished", "damaged", "damaged", "finished", "failed"]
    );
    let rate = |setting: usize| sweep.tried[setting].setting.values["optimizer.learning_rate"].as_f64();
    assert!(rate(1) > rate(0), "a setting is told by its trials");
    let line = gfn_runs::summary::sweep_line(&sweep);
    assert!(
        line.starts_with("6 of 12 trials finished, 2 paused, 2 failed, 4 files cannot be read, best"),
        "{line}"
    );
}
