//! Environments without a threshold, which most of a user's own are: judged by evaluation, never solved or unsolved.

use std::fs;

use crate::common::{Place, QUICK};
use serde_json::Value;

/// Pendulum has no threshold.
fn swing(place: &Place) {
    let text = QUICK.replace("threshold = 450.0\n", "").replace("CartPole-v1", "Pendulum-v1");
    place.write("quick.toml", &text.replace("scale = [1.0, 1.0, 0.1, 1.0]", "scale = [1.0, 1.0, 8.0]"));
}

const SHORT: [&str; 4] = ["--set", "run.episodes=2", "--set", "eval.episodes=1"];

/// Two arms of five seeds, the second of which evaluates far better.
fn arms(place: &Place) {
    swing(place);
    place.done(&[&["run", "quick.toml", "--seeds", "0..5", "--out", "a"], &SHORT[..]].concat());
    place.done(&[&["run", "quick.toml", "--seeds", "0..5", "--out", "b"], &SHORT[..]].concat());
    let path = "b/quick/aggregate.json";
    let mut aggregate: Value = serde_json::from_slice(&fs::read(place.path(path)).unwrap()).unwrap();
    aggregate["eval_means"] = serde_json::json!([-100.0, -101.0, -102.0, -103.0, -104.0]);
    // As of a version that had no more.
    for key in ["eval_average", "eval_iqm", "areas", "area"] {
        aggregate.as_object_mut().unwrap().remove(key);
    }
    place.write(path, &aggregate.to_string());
}

#[test]
fn a_run_is_judged_by_its_evaluation() {
    let place = Place::new();
    swing(&place);
    let text = place.done(&[&["run", "quick.toml"], &SHORT[..]].concat());
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("Pendulum-v1: mean return -") && last.contains(" after 2 episodes; next: "),
        "{last}"
    );
    let text = place.done(
        &[&["run", "quick.toml", "--out", "none"], &SHORT[..2], &["--set", "eval.episodes=0"]].concat(),
    );
    assert!(text.contains(" in the last episodes of 2 episodes"), "{text}");
    for arguments in [
        &["run", "quick.toml", "--json", "--out", "one"][..],
        &["run", "quick.toml", "--json", "--seeds", "0..3"],
    ] {
        let json = place.done(&[arguments, &SHORT[..]].concat());
        assert!(!json.contains("solve") && !json.contains("success_rate"), "{json}");
        let found: Value = serde_json::from_str(&json).unwrap();
        assert!(found["area"].is_number() || found["area"]["median"].is_number(), "{json}");
    }
    let text = place.done(&[&["run", "quick.toml", "--seeds", "0..3", "--out", "many"], &SHORT[..]].concat());
    assert!(
        text.contains("Pendulum-v1: interquartile mean return -") && text.contains("95 % interval"),
        "{text}"
    );
    assert!(!text.contains("solve"), "{text}");
    place.done(&["report", "many/quick", "none/quick/seed-0"]);
    let page = fs::read_to_string(place.path("many/quick/report.html")).unwrap();
    let visible = page.split("<script").next().unwrap();
    assert!(visible.contains("interquartile mean (95 % interval)"));
    let table = visible.split("<section").filter(|part| part.contains("<table")).collect::<String>();
    assert!(!table.contains("solve"), "{table}");
}

/// Two arms of which one is better in every seed are told apart, though neither is ever solved.
#[test]
fn arms_are_compared_by_their_evaluations() {
    let place = Place::new();
    arms(&place);
    let text = place.done(&["compare", "a/quick", "b/quick"]);
    let row = text.lines().find(|line| line.starts_with("quick (b/quick)")).unwrap();
    assert!(row.contains("-102.0") && row.contains("0.0079"), "{text}");
    assert!(!text.contains("solve") && text.contains("figure  a/quick/figures/evaluations.svg"), "{text}");
    assert!(!place.path("a/quick/figures/episodes-to-solve.svg").exists());
    // Two directories whose experiment has one name.
    let curves = fs::read_to_string(place.path("a/quick/figures/comparison.svg")).unwrap();
    assert!(curves.contains("quick (a/quick)") && curves.contains("quick (b/quick)"));

    let json = place.done(&["compare", "a/quick", "b/quick", "--json"]);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert!((found["arms"][1]["p_eval"].as_f64().unwrap() - 1.0 / 126.0).abs() < 1e-9, "{json}");
    // The training was the same.
    assert_eq!(found["arms"][1]["p_area"], 1.0);
    assert!(!json.contains("solve"), "{json}");
    assert_eq!(json, place.done(&["compare", "a/quick", "b/quick", "--json"]), "the bootstrap has a seed");

    let table = place.done(&["compare", "a/quick", "b/quick", "--markdown"]);
    assert!(table.starts_with("| Experiment | evaluation: median"), "{table}");
    let row = table.lines().last().unwrap();
    assert!(
        row.starts_with("| `quick (b/quick)` | ") && row.contains("| -102.0 (") && row.contains("| 0.008 |"),
        "{table}"
    );

    place.done(&["report", "a/quick", "b/quick"]);
    let page = fs::read_to_string(place.path("a/quick/report.html")).unwrap();
    assert!(page.contains("quick (b/quick)"));
}
