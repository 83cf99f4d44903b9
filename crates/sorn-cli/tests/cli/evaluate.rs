//! Evaluation while training: it is written down, keeps the best agent, and changes nothing in the training.

use std::fs;

use crate::common::{Place, assert_same, contents, start, wait_for};
use serde_json::Value;

const FOUR: [&str; 4] = ["--set", "run.num_envs=4", "--set", "agent.plasticity.steps=100"];
const EVERY: [&str; 6] =
    ["--set", "eval.every=5", "--set", "eval.each=2", "--set", "record.tensorboard=true"];

fn lines(place: &Place, dir: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(&format!("{dir}/evaluations.jsonl"))).unwrap();
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        assert!(line.as_object_mut().unwrap().remove("checksum").is_some());
        line
    };
    text.lines().map(line).collect()
}

fn json(place: &Place, path: &str) -> Value {
    serde_json::from_slice(&fs::read(place.path(path)).unwrap()).unwrap()
}

#[test]
fn evaluations_are_written_down_and_change_no_bit_of_the_training() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::recording();
        place.done(&[&["run", "quick.toml", "--out", "without"], more].concat());
        let text = place.done(&[&["run", "quick.toml", "--out", "with"], more, &EVERY[..]].concat());
        let dir = "with/quick/seed-0";
        let [with, without] = [dir, "without/quick/seed-0"].map(|dir| contents(&place.path(dir)));
        for name in ["metrics.jsonl", "metrics.csv", "probes.npz"] {
            assert_eq!(with[name], without[name], "{name}");
        }
        let [with, without] =
            [dir, "without/quick/seed-0"].map(|dir| json(&place, &format!("{dir}/summary.json")));
        assert_eq!(with["eval"], without["eval"]);
        assert!(without.get("best").is_none());

        let lines = lines(&place, dir);
        let episodes: Vec<u64> = lines.iter().map(|line| line["episodes"].as_u64().unwrap()).collect();
        assert_eq!(episodes, [5, 10, 15, 20, 25, 30]);
        assert!(lines.iter().all(|line| line["eval"]["episodes"] == 2));
        let mean = |line: &Value| line["eval"]["mean"].as_f64().unwrap();
        let best = lines.iter().map(mean).fold(f64::NEG_INFINITY, f64::max);
        let first = lines.iter().find(|line| mean(line) == best).unwrap();
        assert_eq!(&with["best"], first);
        assert!(text.contains("best while training, after "), "{text}");
        // The best agent is kept beside the last, and is another one.
        let eval = |more: &[&str]| -> Value {
            let arguments = [&["eval", dir, "--episodes", "20", "--json"], more].concat();
            serde_json::from_str(&place.done(&arguments)).unwrap()
        };
        if first != lines.last().unwrap() {
            assert_ne!(eval(&[]), eval(&["--best"]));
        }
        place.done(&["export", dir, "--best", "--out", "best.safetensors"]);
        let exported = place.done(&["eval", "best.safetensors", "--episodes", "20", "--json"]);
        assert_eq!(serde_json::from_str::<Value>(&exported).unwrap(), eval(&["--best"]));
        let figure = fs::read_to_string(place.path(&format!("{dir}/figures/learning-curve.svg"))).unwrap();
        assert!(figure.contains("evaluation while training"));
        let events = fs::read(place.path(&format!("{dir}/tensorboard/events.out.tfevents.sorn"))).unwrap();
        assert_eq!(events.windows(16).filter(|w| w == b"eval/mean_reward").count(), 6);
    }
}

#[test]
fn evaluations_come_after_exactly_so_many_steps() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::new();
        let set = ["--set", "run.steps=500", "--set", "eval.every_steps=125", "--set", "eval.each=1"];
        place.done(&[&["run", "quick.toml"], &set[..], more].concat());
        let steps: Vec<u64> = lines(&place, "runs/quick/seed-0")
            .iter()
            .map(|line| line["env_steps"].as_u64().unwrap())
            .collect();
        assert_eq!(steps, [125, 250, 375, 500]);
    }
}

#[test]
fn killed_after_any_episode_it_resumes_to_the_same_bits() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::recording();
        let set = [&EVERY[..4], &["--set", "run.stop_when_solved=false"]].concat();
        let run = [&["run", "quick.toml"], &set[..], more].concat();
        place.done(&[&run[..], &["--out", "whole"]].concat());
        for episodes in [1, 6, 12, 20, 29] {
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

/// Stopped within an evaluation, the run goes back to its last checkpoint and makes that evaluation again.
#[cfg(unix)]
#[test]
fn stopped_within_an_evaluation_it_resumes_to_the_same_bits() {
    let place = Place::new();
    let set = ["--set", "eval.every=10", "--set", "eval.each=400", "--set", "run.checkpoint_every=3"];
    let run = [&["run", "quick.toml"], &set[..]].concat();
    place.done(&[&run[..], &["--out", "whole"]].concat());
    let child = start(&place, &[&run[..], &["--out", "stopped"]].concat());
    let dir = place.path("stopped/quick/seed-0");
    wait_for("episodes", || {
        fs::read_to_string(dir.join("metrics.jsonl")).is_ok_and(|text| text.lines().count() >= 10)
    });
    crate::common::send("INT", child.id());
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(130) {
        assert!(!dir.join("summary.json").exists());
    }
    place.done(&["resume", "stopped/quick/seed-0"]);
    assert_same(&place.path("whole"), &place.path("stopped"));
}

#[test]
fn what_cannot_be_evaluated_is_named() {
    let place = Place::new();
    let refused = |set: &[&str]| {
        let mut arguments = vec!["run", "quick.toml"];
        set.iter().for_each(|set| arguments.extend(["--set", set]));
        place.fails(2, &arguments)
    };
    assert!(refused(&["eval.every=0"]).contains("eval.every: expected at least 1, found 0"));
    assert!(refused(&["eval.each=0"]).contains("eval.each: expected at least 1, found 0"));
    let both = refused(&["eval.every=5", "eval.every_steps=100"]);
    assert!(
        both.contains("eval.every_steps: expected no such key beside eval.every = 5, found 100"),
        "{both}"
    );
    place.done(&["run", "quick.toml", "--set", "run.episodes=3"]);
    let none = place.fails(2, &["eval", "runs/quick/seed-0", "--best"]);
    assert!(none.contains("no checkpoints/best.safetensors: eval.every"), "{none}");
    place.done(&["run", "quick.toml", "--set", "run.episodes=5", "--set", "eval.every=5", "--out", "with"]);
    let path = "with/quick/seed-0/evaluations.jsonl";
    let text = fs::read_to_string(place.path(path)).unwrap();
    place.write(path, &text.replace("episodes", "episdes"));
    let damaged = place.fails(2, &["plot", "with/quick/seed-0", "learning-curve"]);
    assert!(
        damaged.contains("evaluations.jsonl: damaged: line 1") || damaged.contains("line 1: "),
        "{damaged}"
    );
}
