//! The small commands, and the help.

mod common;

use common::Place;

#[test]
fn help_is_stable() {
    let place = Place::new();
    let mut text = place.done(&["--help"]);
    for command in ["run", "resume", "eval", "simulate", "compare", "plot", "envs", "check", "new", "doctor"]
    {
        text.push_str(&format!("\n---- sorn {command}\n{}", place.done(&[command, "--help"])));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn environments_are_listed() {
    let place = Place::new();
    let text = place.done(&["envs"]);
    for id in ["CartPole-v1", "MaskedCartPole-v1", "MountainCar-v0", "Acrobot-v1", "Pendulum-v1"] {
        assert!(text.lines().any(|line| line.starts_with(id)), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&place.done(&["envs", "--json"])).unwrap();
    assert_eq!(json[1]["id"], "CartPole-v1");
    assert_eq!(json[1]["max_episode_steps"], 500);
}

#[test]
fn an_environment_is_checked() {
    let place = Place::new();
    assert!(place.done(&["check", "CartPole-v1"]).contains("CartPole-v1 keeps the contract"));
    let wrong = place.fails(2, &["check", "CartPole-v1", "--kwarg", "gravity=1"]);
    assert!(wrong.contains("unknown argument \"gravity\""), "{wrong}");
}

#[test]
fn the_doctor_tells_versions() {
    let text = Place::new().done(&["doctor"]);
    for part in [env!("CARGO_PKG_VERSION"), "instruction sets", "threads"] {
        assert!(text.contains(part), "{text}");
    }
}
