//! The small commands, and the help.

use crate::common::Place;

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
fn an_environment_is_shown_with_its_spaces() {
    let place = Place::new();
    let text = place.done(&["envs", "Pendulum-v1"]);
    let told = |text: &str, lines: &[&str]| {
        lines.iter().for_each(|line| assert!(text.lines().any(|l| l == *line), "{line}: {text}"));
    };
    told(
        &text,
        &[
            "environment        Pendulum-v1: Swing a rod up and hold it upright by a torque.",
            "observation space  Box([-1, -1, -8], [1, 1, 8], (3,), float32)",
            "action space       Box(-2, 2, (1,), float32)",
            "time limit         200 steps",
            "solved at          -",
            "arguments          g, max_episode_steps",
        ],
    );
    told(
        &place.done(&["envs", "Pendulum-v1", "--kwarg", "max_episode_steps=-1"]),
        &["time limit         none"],
    );

    // Inside its wrappers, and though the agent does not fit them.
    let wrappers =
        "env.wrappers=[{ kind = \"frame_skip\", steps = 2 }, { kind = \"mask_observation\", keep = [2] }]";
    place.fails(2, &["run", "quick.toml", "--set", wrappers]);
    told(
        &place.done(&["envs", "quick.toml", "--set", wrappers]),
        &[
            "wrappers           frame_skip, mask_observation",
            "observation space  Box(-0.41887903, 0.41887903, (1,), float32)",
            "action space       Discrete(2)",
            "time limit         500 steps of the environment itself",
        ],
    );
    let shown = place.done(&["envs", "quick.toml", "--set", wrappers, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(json["id"], "CartPole-v1");
    assert!(json["observation_space"].as_str().unwrap().contains("(1,)"), "{shown}");

    assert!(place.fails(2, &["envs", "CartPol-v1"]).contains("did you mean CartPole-v1"));
    assert!(place.fails(2, &["envs", "CartPole-v1", "--set", "run.seed=1"]).contains("experiment file"));
    assert!(place.fails(2, &["envs", "quick.toml", "--kwarg", "a=1"]).contains("--set env.kwargs.KEY=VALUE"));
    assert!(place.fails(2, &["envs", "gone.toml"]).contains("gone.toml: cannot be read"));
}

#[test]
fn an_environment_is_checked() {
    let place = Place::new();
    let text = place.done(&["check", "CartPole-v1"]);
    assert!(text.contains("CartPole-v1 keeps the contract"), "{text}");
    assert!(text.contains("\naction space       Discrete(2)\n"), "{text}");
    let text = place.done(&["check", "quick.toml", "--set", "env.wrappers=[{kind=\"frame_skip\",steps=3}]"]);
    assert!(text.contains("quick.toml keeps the contract"), "{text}");
    assert!(!text.contains("no episode ended"), "{text}");
    place.write("endless.toml", "name = \"endless\"\nenv.id = \"Acrobot-v1\"\nrun.episodes = 1\nrun.stop_when_solved = false\nenv.wrappers = [{ kind = \"time_limit\", max_episode_steps = 500 }]");
    let text = place.done(&["check", "endless.toml"]);
    assert!(text.contains("note: no episode ended within 200 steps of random actions"), "{text}");
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
