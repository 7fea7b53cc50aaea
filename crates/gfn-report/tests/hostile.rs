//! What a run's files say is shown, never obeyed.

use gfn_record::distribution::{self, Row};
use gfn_record::folder::names;
use gfn_report::{Component, page};
use serde_json::json;

use super::made::{RunFixture, grid_file, manifest, metrics, sample};

/// Closes everything that may be open, and would then do something.
const HOSTILE: &str = r#"'"></title></style></script></svg></pre>--><script>alert(1)</script><img src=x onerror=alert(1)>&#60;\u003c"#;

#[test]
fn every_word_of_a_run_may_be_hostile() {
    let made = RunFixture::new();
    let toml = toml::Value::from(HOSTILE).to_string();
    let file = grid_file(0)
        .replace("\"grid\"", &toml)
        .replace("\"A small grid.\"", &toml)
        .replace("\"hypergrid\"", &toml)
        .replace("[training]", &format!("[{toml}]\n{toml} = {toml}\n\n[training]"));
    made.write("a", names::RESOLVED, &file);
    made.write(
        "a",
        names::ORIGINS,
        &file.replace('\n', &format!("  # {HOSTILE}\n")),
    );
    let mut manifest = manifest(HOSTILE, 0);
    for key in [
        "gfn",
        "libtorch",
        "experiment",
        "resolved_sha256",
        "device",
        "processor",
        "error",
    ] {
        manifest[key] = HOSTILE.into();
    }
    manifest["status"] = "failed".into();
    manifest["changes"] = json!([HOSTILE]);
    manifest["reward"] = json!({ HOSTILE: HOSTILE });
    manifest["data"] = json!([{ "path": HOSTILE, "sha256": HOSTILE }]);
    made.write("a", names::MANIFEST, &manifest.to_string());
    made.write(
        "a",
        names::METRICS,
        &format!("{}{{\"event\":\"{HOSTILE}\n", metrics(40, 0.0)),
    );
    let quarantined = json!({ "object": HOSTILE, "reason": HOSTILE, "answer": HOSTILE, "step": 1 });
    made.write("a", names::QUARANTINE, &quarantined.to_string());
    made.samples("a", &[sample(HOSTILE, 1.0)]);
    let row = Row {
        object: HOSTILE.into(),
        reward: 1.0,
        target: 1.0,
        probability: 1.0,
    };
    let mut bytes = Vec::new();
    distribution::write(&mut bytes, [row]).unwrap();
    made.write("a", names::DISTRIBUTION, &String::from_utf8(bytes).unwrap());

    let known = [Component {
        section: "environment".into(),
        name: HOSTILE.into(),
        purpose: HOSTILE.into(),
        references: vec![HOSTILE.into()],
    }];
    let runs = made.read(&["a"]);
    let page = page(&[runs[0].clone(), runs[0].clone()], &known);
    for forbidden in [
        "<script>alert",
        "<img",
        "onerror=alert(1)>",
        "</title></style>",
        "\"></title>",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert_eq!(
        (page.matches("<script").count(), page.matches("</title>").count()),
        (1, 1)
    );
    assert!(
        page.matches("&lt;script&gt;alert(1)").count() > 20,
        "it is shown, not swallowed"
    );
    assert!(page.contains("&amp;#60;"), "what looks escaped is escaped again");
}

#[test]
fn numbers_of_any_size_make_a_page() {
    let made = RunFixture::new();
    made.grid("a", 0);
    let line = |value: &str| {
        format!(
            "{{\"event\":\"step\",\"step\":{},\"trajectories\":1,\"loss\":{value},\"log_z\":{value},\"mean_reward\":{value},\
             \"best_reward\":{value},\"mean_log_reward\":{value},\"mean_length\":{value},\"states\":1,\"gradient_norm\":{value}}}\n",
            u64::MAX
        )
    };
    let values = ["1e308", "-1e308", "5e-324", "\"nan\"", "\"inf\"", "\"-inf\"", "0"];
    made.write("a", names::METRICS, &values.map(line).concat());
    made.samples(
        "a",
        &[f64::NAN, f64::INFINITY, 1e308, -1e308, 0.0].map(|reward| sample("0 0", reward)),
    );
    let cell = |object: &str, value: f64| Row {
        object: object.into(),
        reward: value,
        target: value,
        probability: value,
    };
    let mut bytes = Vec::new();
    distribution::write(
        &mut bytes,
        [
            cell("0 0", f64::NAN),
            cell("99999 99999", 1e308),
            cell("1 0", -1.0),
        ],
    )
    .unwrap();
    made.write("a", names::DISTRIBUTION, &String::from_utf8(bytes).unwrap());
    let page = made.page(&["a"]);
    assert!(page.contains("left out"));
    let pictures = page
        .split("<svg")
        .skip(1)
        .map(|svg| svg.split("</svg>").next().unwrap());
    for picture in pictures {
        let attributes = picture.split('"').collect::<String>();
        assert!(
            !attributes.contains("NaN") && !attributes.contains("inf "),
            "{picture}"
        );
    }
}
