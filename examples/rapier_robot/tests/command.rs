//! The commands of the README run, and say what it says.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn own(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// A directory with the experiment file.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("balance.toml"), own("balance.toml")).unwrap();
    place
}

fn run(place: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rapier_robot"));
    command.current_dir(place).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

/// What it prints; it must succeed.
fn done(place: &Path, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The mean return of the evaluation after a run.
fn mean(place: &Path, run: &str) -> f64 {
    let text = fs::read_to_string(place.join("runs").join(run).join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    summary["eval"]["mean"].as_f64().unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn the_commands_of_the_readme_run_and_it_learns() {
    let place = place();
    let place = place.path();
    let mut commands = 0;
    for line in own("README.md").lines().filter_map(|line| line.strip_prefix("$ cargo run --release -- ")) {
        let line = line.split("  #").next().unwrap().trim_end();
        let mut arguments: Vec<&str> = line.split(' ').collect();
        if line == "run balance.toml --seeds 0..5 --controls random" {
            // Two seeds of the five, one after the other here.
            arguments[3] = "0..2";
        }
        if arguments[0] == "run" {
            arguments.push("--quiet");
        }
        let text = done(place, &arguments);
        match arguments[0] {
            "check" => assert!(text.contains("keeps the contract"), "{text}"),
            "eval" => assert!(text.contains("Balancer-v0, greedy policy"), "{text}"),
            _ => {}
        }
        commands += 1;
    }
    assert!(commands >= 4);
    for seed in ["seed-0", "seed-1"] {
        let (learnt, chance) =
            (mean(place, &format!("balance/{seed}")), mean(place, &format!("balance-random/{seed}")));
        assert!(learnt > 400.0 && chance < 60.0, "{seed}: {learnt} beside {chance} at random");
    }
    assert!(fs::read(place.join("film.gif")).unwrap().starts_with(b"GIF89a"));
}

#[test]
fn a_run_that_goes_on_comes_to_the_same_bits() {
    let place = place();
    let place = place.path();
    let short = ["--quiet", "--set", "run.checkpoint_every=5"];
    let with = |arguments: &[&'static str]| done(place, &[arguments, &short].concat());
    with(&["run", "balance.toml", "--out", "whole", "--set", "run.steps=3000"]);
    with(&["run", "balance.toml", "--out", "part", "--set", "run.steps=1000"]);
    done(place, &["resume", "part/balance/seed-0", "--quiet", "--set", "run.steps=3000"]);
    let end = "balance/seed-0/checkpoints/end.safetensors";
    let [whole, part] = ["whole", "part"].map(|out| fs::read(place.join(out).join(end)));
    assert!(whole.unwrap() == part.unwrap());
}

#[test]
fn what_is_wrong_is_told_by_its_key() {
    let place = place();
    let cases = [
        ("env.kwargs.push=-1", "push: expected 0 to 10 N s, found -1"),
        ("env.kwargs.pusch=1", "unknown argument \"pusch\" (expected one of push, max_episode_steps)"),
        ("env.id=Balancer-v1", "did you mean Balancer-v0?"),
    ];
    for (set, expected) in cases {
        let output = run(place.path(), &["run", "balance.toml", "--set", set]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(expected), "{set}: {text}");
    }
}
