//! `run.num_envs`: one agent in several environments, from an experiment file.

use std::fs;

#[cfg(unix)]
use crate::common::send;
use crate::common::{Place, assert_same, start, wait_for};
use serde_json::Value;

/// A hundred observations are plastic, so that all four have much to do.
const FOUR: [&str; 4] = ["--set", "run.num_envs=4", "--set", "agent.plasticity.steps=100"];

fn lines(place: &Place, dir: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(&format!("{dir}/metrics.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_episode_is_written_down_with_its_environment() {
    let place = Place::recording();
    place.done(&[&["run", "quick.toml"], &FOUR[..]].concat());
    let dir = "runs/quick/seed-0";
    let lines = lines(&place, dir);
    assert_eq!(lines.len(), 30);
    let column = |key: &str| lines.iter().map(|line| line[key].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(column("episode"), (0..30).collect::<Vec<_>>());
    let mut begun = column("begun");
    assert_ne!(begun, column("episode"), "they end in another order than they begin");
    begun.sort_unstable();
    assert_eq!(begun, column("episode"));
    let envs = column("env");
    // The first environment begins alone.
    assert!(envs[..2] == [0; 2] && envs.contains(&1) && envs.contains(&3) && !envs.contains(&4), "{envs:?}");
    let (steps, lengths) = (column("env_steps"), column("length"));
    assert!(steps.is_sorted());
    assert_eq!(steps[29], lengths.iter().sum::<u64>(), "every episode that began was ended");
    let csv = fs::read_to_string(place.path(&format!("{dir}/metrics.csv"))).unwrap();
    assert!(csv.starts_with("episode,env_steps,return,length,wall_secs,env,begun\n0,"), "{csv}");
    assert_eq!(csv.lines().count(), 31);

    let config = fs::read_to_string(place.path(&format!("{dir}/config.toml"))).unwrap();
    assert!(config.contains("num_envs = 4"), "{config}");
    let summary = fs::read_to_string(place.path(&format!("{dir}/summary.json"))).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let eval: Value = serde_json::from_str(&place.done(&["eval", dir, "--episodes", "3", "--json"])).unwrap();
    assert_eq!(eval["mean"], summary["eval"]["mean"]);

    // The resolved configuration is the run, and so is a sweep on any number of threads.
    fs::copy(place.path(&format!("{dir}/config.toml")), place.path("again.toml")).unwrap();
    place.done(&["run", "again.toml", "--out", "again"]);
    assert_same(&place.path(dir), &place.path("again/quick/seed-0"));
    let sweep = [&["run", "quick.toml", "--seeds", "0..3"], &FOUR[..]].concat();
    place.done(&[&sweep[..], &["--threads", "1", "--out", "one"]].concat());
    place.done(&[&sweep[..], &["--threads", "3", "--out", "three"]].concat());
    assert_same(&place.path("one"), &place.path("three"));
    assert_same(&place.path(dir), &place.path("one/quick/seed-0"));
}

#[test]
fn killed_after_any_episode_it_resumes_to_the_same_bits() {
    let place = Place::recording();
    place.done(&[&["run", "quick.toml", "--out", "whole"], &FOUR[..]].concat());
    for episodes in [1, 6, 12, 17, 29] {
        let out = format!("killed-{episodes}");
        let dir = format!("{out}/quick/seed-0");
        let metrics = place.path(&format!("{dir}/metrics.jsonl"));
        let mut child = start(&place, &[&["run", "quick.toml", "--out", &out], &FOUR[..]].concat());
        let written = || fs::read_to_string(&metrics).map_or(0, |text| text.lines().count());
        wait_for("episodes", || written() >= episodes);
        child.kill().unwrap();
        child.wait().unwrap();
        place.done(&["resume", &dir]);
        assert_same(&place.path("whole/quick"), &place.path(&format!("{out}/quick")));
    }
}

#[cfg(unix)]
#[test]
fn interrupted_between_two_rounds_it_loses_nothing() {
    let place = Place::recording();
    // No scheduled checkpoint comes before the signal.
    let long = [&FOUR[..], &["--set", "run.episodes=1500", "--set", "run.checkpoint_every=2000"]].concat();
    place.done(&[&["run", "quick.toml", "--out", "whole"], &long[..]].concat());
    let child = start(&place, &[&["run", "quick.toml", "--out", "stopped"], &long[..]].concat());
    let dir = "stopped/quick/seed-0";
    wait_for("episodes", || {
        fs::read(place.path(&format!("{dir}/metrics.jsonl"))).is_ok_and(|m| m.len() > 3000)
    });
    send("INT", child.id());
    let output = child.wait_with_output().unwrap();
    let text = crate::common::stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("all saved; resume it with: "), "{text}");
    let before = lines(&place, dir).len();
    assert!(before < 1500);
    place.done(&["resume", dir]);
    assert_same(&place.path("whole/quick"), &place.path("stopped/quick"));
}

#[test]
fn what_cannot_be_done_in_several_environments_is_refused() {
    let place = Place::new();
    let refused = |sets: &[&str]| {
        let mut arguments = vec!["run", "quick.toml", "--set", "run.num_envs=2"];
        sets.iter().for_each(|set| arguments.extend(["--set", set]));
        place.fails(2, &arguments)
    };
    for (set, reason) in [
        ("run.num_envs=0", "run.num_envs: expected 1 to 30 (run.episodes), found 0"),
        ("run.num_envs=31", "run.num_envs: expected 1 to 30 (run.episodes), found 31"),
        (
            "agent.learner={kind=\"ars\"}",
            "run.num_envs = 2: agent: this learner cannot learn from several environments",
        ),
        (
            "agent.plasticity={mode=\"always\"}",
            "run.num_envs = 2: agent: several environments at once cannot organise",
        ),
        (
            "agent.plasticity={mode=\"alternating\",on=10,off=10}",
            "run.num_envs = 2: agent: several environments at once cannot organise",
        ),
        ("env.wrappers=[{kind=\"normalize_observation\"}]", "agent.normalization.observation = true"),
    ] {
        let text = refused(&[set]);
        assert!(text.contains(reason), "{set}: {text}");
        assert!(!place.path("runs").exists());
    }
    let text = refused(&["run.episodes=5000", "run.num_envs=1001"]);
    assert!(text.contains("run.num_envs: expected 1 to 1000, found 1001"), "{text}");
}

/// The learners and spaces that one environment takes, and what an agent knows of all environments together.
#[test]
fn every_learner_that_can_runs_and_resumes() {
    let place = Place::new();
    for (number, learner) in
        ["actor_critic", "reinforce", "sarsa", "q_lambda", "true_online_sarsa", "rm_sorn", "random"]
            .into_iter()
            .enumerate()
    {
        let learner = format!("agent.learner={{kind=\"{learner}\"}}");
        let sets =
            [&FOUR[..], &["--set", &learner, "--set", "agent.normalization.observation=true"]].concat();
        let out = format!("whole-{number}");
        place.done(&[&["run", "quick.toml", "--out", &out], &sets[..]].concat());
        let cut = format!("cut-{number}");
        place.done(&[&["run", "quick.toml", "--out", &cut], &sets[..]].concat());
        let dir = format!("{cut}/quick/seed-0");
        let checkpoints = fs::read_dir(place.path(&format!("{dir}/checkpoints"))).unwrap();
        let numbers = checkpoints
            .map(|entry| entry.unwrap().file_name().into_string().unwrap()[8..14].parse::<u64>().unwrap());
        // A checkpoint with episodes under way in all environments.
        let first = numbers.min().unwrap();
        assert!((4..30).contains(&first));
        place.cut(&dir, first);
        place.done(&["resume", &dir]);
        assert_same(&place.path(&out), &place.path(&cut));
    }
}
