//! `run.initial`: networks that begin with weights, thresholds and pools from a file.

use std::fs;

use crate::common::{Place, QUICK, assert_same};
use sorn_lab::sorn_core::Synapses;
use sorn_lab::{Checkpoint, SavedNetwork, load_network};

/// Networks of the experiment's size after some steps, in both kinds of file.
fn place() -> Place {
    let place = Place::new();
    let params = ["ne=50", "lambda_ee=10", "lambda_ei=20", "input=direct"];
    let set: Vec<&str> = params.into_iter().flat_map(|set| ["--set", set]).collect();
    for file in ["rested.safetensors", "rested.npz"] {
        let save = ["simulate", "--seed", "9", "--steps", "300", "--quiet", "--save-state", file];
        place.done(&[&save[..], &set].concat());
    }
    place
}

fn wee(place: &Place, file: &str) -> Synapses {
    let SavedNetwork::Whole(saved) = load_network(&place.path(file)).unwrap() else { panic!("whole") };
    saved.1.wee
}

#[test]
fn a_static_reservoir_keeps_the_weights_of_the_file() {
    let place = place();
    let given = wee(&place, "rested.safetensors");
    let set = ["--set", "agent.reservoir.kind=static", "--set", "run.episodes=4", "--set", "eval.episodes=0"];
    for file in ["rested.safetensors", "rested.npz"] {
        let initial = format!("run.initial={file}");
        let out = format!("of-{file}");
        place.done(&[&["run", "quick.toml", "--out", &out, "--set", &initial], &set[..]].concat());
        let dir = place.path(&out).join("quick/seed-0");
        let (_, checkpoint) = Checkpoint::read(&dir.join("checkpoints/episode-000004.safetensors")).unwrap();
        let weights: Vec<f64> = checkpoint.agent.arrays["reservoir/wee"].iter().copied().collect();
        assert_eq!(weights, given.weights);
        let kept = dir.join(if file.ends_with("npz") { "initial.npz" } else { "initial.safetensors" });
        assert_eq!(fs::read(kept).unwrap(), fs::read(place.path(file)).unwrap());
        place.done(&["plot", dir.to_str().unwrap(), "weights-before"]);
    }
}

#[test]
fn a_run_goes_on_with_its_copy_whatever_becomes_of_the_file() {
    let place = place();
    let run = ["run", "quick.toml", "--set", "run.initial=rested.npz"];
    place.done(&[&run[..], &["--out", "whole"]].concat());
    place.done(&["run", "quick.toml", "--out", "drawn"]);
    let metrics = |out: &str| fs::read(place.path(&format!("{out}/quick/seed-0/metrics.jsonl"))).unwrap();
    assert_ne!(metrics("whole"), metrics("drawn"));
    // As a run that was killed before its first checkpoint.
    let begun = place.path("begun/quick/seed-0");
    fs::create_dir_all(&begun).unwrap();
    for file in ["config.toml", "initial.npz"] {
        fs::copy(place.path("whole/quick/seed-0").join(file), begun.join(file)).unwrap();
    }
    fs::remove_file(place.path("rested.npz")).unwrap();
    place.done(&["resume", "begun/quick/seed-0"]);
    assert_same(&place.path("whole/quick"), &place.path("begun/quick"));
    let decode = |out: &str| {
        let dir = format!("{out}/quick/seed-0");
        place.done(&["decode", &dir, "--steps", "500", "--lags", "2", "--json", "--quiet"])
    };
    assert_eq!(decode("begun"), decode("whole"));
    place.cut("begun/quick/seed-0", 28);
    place.done(&["resume", "begun/quick/seed-0", "--set", "run.episodes=32"]);
    let refused = place.fails(2, &run);
    assert!(
        refused.contains("--set run.initial=rested.npz: run.initial: rested.npz: cannot be read"),
        "{refused}"
    );
}

#[test]
fn decoding_sees_the_weights_that_the_run_began_with() {
    let place = place();
    for (out, set) in [("given", "run.initial=rested.npz"), ("drawn", "run.seed=0")] {
        place.done(&["run", "quick.toml", "--out", out, "--set", set, "--set", "eval.episodes=0"]);
    }
    let before = |out: &str| {
        let dir = format!("{out}/quick/seed-0");
        let decode = ["decode", &dir, "--steps", "500", "--lags", "2", "--json", "--quiet"];
        let decoded: serde_json::Value = serde_json::from_str(&place.done(&decode)).unwrap();
        decoded["runs"][0]["states"][0].to_string()
    };
    assert_ne!(before("given"), before("drawn"));
}

#[test]
fn controls_begin_with_the_same_weights_but_for_the_one_that_has_none() {
    let place = place();
    let quick = QUICK.replace("episodes = 30", "episodes = 4\ninitial = \"rested.npz\"");
    place.write("quick.toml", &quick);
    place.done(&["run", "quick.toml", "--controls", "all", "--seeds", "0..2", "--quiet", "--json"]);
    let config =
        |arm: &str| fs::read_to_string(place.path(&format!("runs/quick{arm}/seed-1/config.toml"))).unwrap();
    for arm in ["", "-static", "-none", "-rewired", "-random"] {
        assert!(config(arm).contains("initial = \"rested.npz\""), "{arm}");
        assert!(place.path(&format!("runs/quick{arm}/seed-1/initial.npz")).is_file());
    }
    assert!(!config("-esn").contains("initial ="));
}

const TASK: &str = r#"
name = "task"
[task]
kind = "dynamics"
[[task.phases]]
name = "first"
steps = 400
freeze = "all"
[[task.phases]]
name = "last"
steps = 400
[[task.measures]]
kind = "activity"
phases = ["last"]
[network]
ne = 50
lambda_ee = 10.0
lambda_ei = 20.0
input = "direct"
noise = "none"
[run]
initial = "rested.safetensors"
"#;

#[test]
fn tasks_begin_with_them_too() {
    let place = place();
    let sequence = TASK
        .replace(
            "\"dynamics\"",
            "\"sequence\"\nsource = { kind = \"words\", words = [\"A B C\", \"D E F\"] }",
        )
        .replace("[[task.measures]]\nkind = \"activity\"\nphases = [\"last\"]\n", "")
        .replace("name = \"last\"", "name = \"last\"\nrole = \"fit\"");
    place.write("dynamics.toml", TASK);
    place.write("sequence.toml", &sequence.replace("\"direct\"", "{ pools = { size = 5 } }"));
    let simulate = ["simulate", "--seed", "9", "--steps", "9", "--save-state", "pools.npz", "--set", "ne=50"];
    let set =
        ["--set", "lambda_ee=10", "--set", "lambda_ei=20", "--set", "nu=6", "--set", "input.pools.size=5"];
    place.done(&[&simulate[..], &set].concat());
    for (file, initial) in [("dynamics", "rested.safetensors"), ("sequence", "pools.npz")] {
        let (toml, set) = (format!("{file}.toml"), format!("run.initial={initial}"));
        let saved = format!("{file}/task/seed-0/checkpoints/network.safetensors");
        place.done(&[
            "run",
            &toml,
            "--out",
            file,
            "--set",
            &set,
            "--set",
            "run.checkpoint_every=100",
            "--quiet",
        ]);
        let kept = format!(
            "{file}/task/seed-0/{}",
            if initial.ends_with("npz") { "initial.npz" } else { "initial.safetensors" }
        );
        assert_eq!(fs::read(place.path(&kept)).unwrap(), fs::read(place.path(initial)).unwrap());
        // Frozen, it has them to its end.
        assert_eq!(wee(&place, &saved), wee(&place, initial), "{file}");
    }
    let text = place.fails(2, &["run", "dynamics.toml", "--set", "network.ne=60"]);
    let expected = "run.initial: rested.safetensors: Wee: expected shape (60, 60), found (50, 50)";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn explain_tells_what_the_key_takes() {
    let text = Place::new().done(&["explain", "run.initial"]);
    assert!(text.contains("`Wee`") && text.contains("`Pools`") && text.contains("keeps a copy"), "{text}");
}
