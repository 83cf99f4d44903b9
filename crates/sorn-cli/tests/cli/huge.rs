//! Rewards so large that the sum of a few returns exceeds every number.

use std::fs;

use serde_json::Value;

use crate::common::{Place, QUICK, assert_same, stderr};

/// Returns of up to 1.77e308, none beyond the largest number, by a policy that learns nothing of them.
fn place() -> Place {
    let place = Place::new();
    let text = QUICK
        .replace(
            "id = \"CartPole-v1\"",
            "id = \"CartPole-v1\"\nkwargs = { max_episode_steps = 30 }\n\
             wrappers = [{ kind = \"scale_reward\", factor = 5.9e306 }]",
        )
        .replace("[agent.plasticity]", "[agent.learner]\nkind = \"random\"\n\n[agent.plasticity]")
        .replace("threshold = 450.0", "threshold = 1.7e308");
    place.write("huge.toml", &text);
    place
}

fn json(place: &Place, path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(place.path(path)).unwrap()).unwrap()
}

#[test]
fn a_run_with_huge_returns_finishes_and_resumes() {
    let place = place();
    let output = place.output(&["run", "huge.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    // Short numbers, none of 300 digits.
    assert!(text.contains("e307") && text.lines().all(|line| line.len() < 120), "{text}");
    let dir = "runs/quick/seed-0";
    let summary = json(&place, &format!("{dir}/summary.json"));
    for number in [&summary["mean_return_last_100"], &summary["eval"]["mean"], &summary["eval"]["sd"]] {
        assert!(number.as_f64().is_some_and(|v| v > 1e306), "{summary}");
    }
    assert!(summary.get("problems").is_none(), "{summary}");
    let svg = fs::read_to_string(place.path(&format!("{dir}/figures/learning-curve.svg"))).unwrap();
    assert!(svg.contains("e308") && !svg.contains("NaN"));

    // Resumed from its middle it ends with the same bits, figures included.
    place.done(&["run", "huge.toml", "--out", "cut"]);
    place.cut("cut/quick/seed-0", 24);
    place.done(&["resume", "cut/quick/seed-0"]);
    assert_same(&place.path("runs"), &place.path("cut"));
}

#[test]
fn everything_is_made_of_huge_returns() {
    let place = place();
    place.done(&["run", "huge.toml", "--seeds", "0..3"]);
    let aggregate = json(&place, "runs/quick/aggregate.json");
    assert!(aggregate["eval_mean"]["median"].as_f64().unwrap() > 1e306, "{aggregate}");
    for arguments in [
        &["plot", "runs/quick", "learning-curve"][..],
        &["plot", "runs/quick/seed-0", "learning-curve"],
        &["plot", "runs/quick/seed-0", "episode"],
        &["eval", "runs/quick"],
        &["eval", "runs/quick/seed-0", "--json"],
        &["compare", "runs/quick", "runs/quick"],
        &["compare", "runs/quick", "--markdown"],
        &["report", "runs/quick"],
    ] {
        let text = place.done(arguments);
        assert!(
            !text.contains("inf") && !text.contains("NaN") && !text.contains("null"),
            "{arguments:?}: {text}"
        );
        assert!(text.lines().all(|line| line.len() < 200), "{arguments:?}: {text}");
    }
    let page = fs::read_to_string(place.path("runs/quick/report.html")).unwrap();
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert!(data["arms"][0]["runs"][0]["y"].as_array().unwrap().iter().all(Value::is_f64));
}

/// Rewards whose sum is no number end the run by name, and nothing is saved of that episode.
#[test]
fn a_return_beyond_every_number_is_named() {
    let place = place();
    let text = place.fails(
        1,
        &["run", "huge.toml", "--set", "env.wrappers=[{ kind = \"scale_reward\", factor = 1e308 }]"],
    );
    assert!(text.contains("CartPole-v1: episode 0: expected a finite return, found inf"), "{text}");
}
