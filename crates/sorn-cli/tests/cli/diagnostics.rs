//! `record.diagnostics`: what learner and reservoir did, in each line of the metrics.

use std::fs;

use crate::common::{Place, assert_same, contents, start, wait_for};
use serde_json::Value;

const FOUR: [&str; 4] = ["--set", "run.num_envs=4", "--set", "agent.plasticity.steps=100"];
const RECORD: [&str; 2] = ["--set", "record.diagnostics=true"];
const NAMES: [&str; 8] = ["entropy", "value", "td_error", "step", "weights", "traces", "activity", "silent"];

fn lines(place: &Place, dir: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(&format!("{dir}/metrics.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn they_stand_in_every_line_and_change_nothing_else() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::recording();
        place.done(&[&["run", "quick.toml", "--out", "without"], more].concat());
        let set = [&RECORD[..], &["--set", "record.tensorboard=true"]].concat();
        place.done(&[&["run", "quick.toml", "--out", "with"], more, &set[..]].concat());
        let (mut with, without) = (lines(&place, "with/quick/seed-0"), lines(&place, "without/quick/seed-0"));
        for (line, plain) in with.iter_mut().zip(&without) {
            let found = line.as_object_mut().unwrap().remove("diagnostics").unwrap();
            let number = |name: &str| found[name].as_f64().unwrap_or_else(|| panic!("{name}: {found}"));
            assert!(NAMES.iter().all(|name| number(name).is_finite()));
            // Two actions have an entropy of log 2 at most.
            assert!((0.0..=std::f64::consts::LN_2 + 1e-12).contains(&number("entropy")), "{found}");
            assert!(number("td_error") >= 0.0 && number("step") > 0.0 && number("traces") > 0.0, "{found}");
            assert!(number("activity") > 0.0 && number("activity") < 1.0, "{found}");
            // What is active in no step and what is active in a step on average are no more than all.
            assert!((0.0..=1.0).contains(&(number("silent") + number("activity"))), "{found}");
            assert_eq!((&line["return"], &line["env_steps"]), (&plain["return"], &plain["env_steps"]));
        }
        let [with, without] =
            ["with", "without"].map(|out| contents(&place.path(&format!("{out}/quick/seed-0"))));
        assert_eq!(with["probes.npz"], without["probes.npz"]);
        let csv = String::from_utf8_lossy(&with["metrics.csv"]).into_owned();
        assert!(csv.lines().next().unwrap().ends_with(&NAMES.join(",")), "{csv}");
        let columns = csv.lines().next().unwrap().split(',').count();
        assert!(csv.lines().all(|line| line.split(',').count() == columns), "{csv}");
        let events = &with["tensorboard/events.out.tfevents.sorn"];
        for tag in ["train/entropy", "train/td_error", "reservoir/silent_share"] {
            assert_eq!(events.windows(tag.len()).filter(|w| *w == tag.as_bytes()).count(), 30, "{tag}");
        }
    }
}

#[test]
fn a_killed_run_has_the_same_ones() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::recording();
        let run = [&["run", "quick.toml"], &RECORD[..], more].concat();
        place.done(&[&run[..], &["--out", "whole"]].concat());
        for episodes in [3, 13, 22] {
            let out = format!("killed-{episodes}");
            let dir = format!("{out}/quick/seed-0");
            let path = place.path(&format!("{dir}/metrics.jsonl"));
            let mut child = start(&place, &[&run[..], &["--out", &out]].concat());
            wait_for("episodes", || fs::read_to_string(&path).is_ok_and(|t| t.lines().count() >= episodes));
            child.kill().unwrap();
            child.wait().unwrap();
            place.done(&["resume", &dir]);
            assert_same(&place.path("whole"), &place.path(&out));
        }
    }
}

/// A learner says what it has, and nothing else.
#[test]
fn every_learner_has_its_own() {
    let place = Place::new();
    for (learner, has) in [
        ("actor_critic", &NAMES[..]),
        ("reinforce", &["entropy", "weights", "activity", "silent"]),
        ("sarsa", &["value", "td_error", "step", "weights", "traces", "activity", "silent"]),
        ("q_lambda", &["value", "td_error", "step", "weights", "traces", "activity", "silent"]),
        ("true_online_sarsa", &["value", "td_error", "step", "weights", "traces", "activity", "silent"]),
        ("ppo", &["entropy", "value", "step", "weights", "activity", "silent"]),
        ("ars", &["activity", "silent"]),
    ] {
        let set = format!("agent.learner={{kind=\"{learner}\"}}");
        let short = ["--set", &set, "--set", "run.episodes=3", "--out", learner];
        place.done(&[&["run", "quick.toml"], &RECORD[..], &short[..]].concat());
        for line in lines(&place, &format!("{learner}/quick/seed-0")) {
            let mut found: Vec<&String> = line["diagnostics"].as_object().unwrap().keys().collect();
            let mut expected: Vec<&str> = has.to_vec();
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{learner}");
        }
    }
}
