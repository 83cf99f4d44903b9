//! `sorn export`, and `sorn eval` of what it wrote.

use std::fs;

use sorn_lab::sorn_agents::Agent;

use crate::common::Place;

#[test]
fn an_exported_agent_is_evaluated_as_its_run_is() {
    let place = Place::new();
    assert!(place.sorn(&["run", "quick.toml", "-q"]).output().unwrap().status.success());
    let json = |arguments: &[&str]| {
        let output = place.sorn(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let of_run = json(&["eval", "runs/quick/seed-0", "--json", "--seed", "9"]);
    json(&["export", "runs/quick/seed-0", "--out", "agent.safetensors"]);
    json(&["export", "runs/quick/seed-0", "--out", "policy.safetensors", "--policy"]);
    for file in ["agent.safetensors", "policy.safetensors"] {
        let arguments = ["eval", file, "--episodes", "3", "--json", "--seed", "9"];
        assert_eq!(json(&arguments), of_run, "{file}");
        assert_eq!(json(&[&arguments[..], &["--env", "CartPole-v1"]].concat()), of_run, "{file}");
    }
    let agent = Agent::load(place.path("agent.safetensors")).unwrap();
    let policy = Agent::load(place.path("policy.safetensors")).unwrap();
    assert!(policy.is_frozen() && !agent.is_frozen() && agent.steps() > 0);
    let size = |name| fs::metadata(place.path(name)).unwrap().len();
    assert!(size("policy.safetensors") <= size("agent.safetensors"));
}

#[test]
fn what_cannot_be_exported_or_evaluated_is_named() {
    let place = Place::new();
    assert!(place.sorn(&["run", "quick.toml", "-q", "--seeds", "0..2"]).output().unwrap().status.success());
    place.write("text.safetensors", "no agent");
    let refused = |arguments: &[&str]| {
        let output = place.sorn(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let text = refused(&["export", "runs/quick", "--out", "a.safetensors"]);
    assert!(text.contains("runs/quick: holds several runs") && text.contains("seed-0"), "{text}");
    let text = refused(&["eval", "text.safetensors"]);
    assert!(text.contains("text.safetensors: the file is damaged"), "{text}");
    let text = refused(&["eval", "runs/quick/seed-0", "--env", "CartPole-v1"]);
    assert!(text.contains("--env CartPole-v1: expected the file of an agent"), "{text}");
    let checkpoints = place.path("runs/quick/seed-0/checkpoints");
    let checkpoint = fs::read_dir(checkpoints).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(place.path("half.safetensors"), &bytes[..bytes.len() - 1]).unwrap();
    let text = refused(&["eval", "half.safetensors"]);
    assert!(text.contains("half.safetensors: the file is damaged"), "{text}");
    // A whole one is an agent as any other.
    let [file, run] = [checkpoint.to_str().unwrap(), "runs/quick/seed-0"]
        .map(|of| place.done(&["eval", of, "--episodes", "3", "--json"]));
    assert_eq!(file, run);
    assert!(
        place.sorn(&["export", "runs/quick/seed-0", "--out", "a.safetensors"]).status().unwrap().success()
    );
    let text = refused(&["eval", "a.safetensors", "--env", "Acrobot-v1"]);
    assert!(
        text.contains("a.safetensors: agent.the saved agent's observation space: expected Box("),
        "{text}"
    );
    let output =
        place.sorn(&["export", "runs/quick/seed-0", "--out", "none/a.safetensors"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
