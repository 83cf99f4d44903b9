//! An agent's controls: by one flag, along a key of a sweep, and what their activity tells.

use serde_json::Value;

use crate::common::{Place, contents};

/// Which suit came two steps before: few neurons, few episodes.
const SUITS: &str = r#"
name = "suits"

[env]
id = "popgym-RepeatPreviousEasy-v0"
kwargs = { k = 3 }

[agent.encoder]
kind = "pools"
size = 5

[agent.reservoir.params]
preset = "counting"
ne = 60

[agent.plasticity]
mode = "first_steps"
steps = 800

[agent.features]
names = ["activity", "bias"]

[run]
episodes = 40
window = 10
checkpoint_every = 10

[eval]
episodes = 3
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("suits.toml", SUITS);
    place
}

const ARMS: [&str; 6] = ["suits", "suits-static", "suits-none", "suits-rewired", "suits-esn", "suits-random"];

#[test]
fn an_agents_controls_are_trained_beside_it_and_compared() {
    let place = place();
    let command = ["run", "suits.toml", "--controls", "all", "--seeds", "0..2"];
    let table = place.done(&command);
    for arm in ARMS {
        assert!(
            table.contains(arm) && place.path(&format!("runs/{arm}/aggregate.json")).is_file(),
            "{table}"
        );
    }
    assert!(table.contains("Mann-Whitney"), "{table}");
    assert!(place.path("runs/suits/figures/comparison.svg").is_file());
    let whole = contents(&place.path("runs"));
    // What was stopped goes on by the same command, to the same bits; what is done is left.
    place.cut("runs/suits-rewired/seed-1", 20);
    place.cut("runs/suits-esn/seed-0", 20);
    let json: Value = serde_json::from_str(&place.done(&[&command[..], &["--json"]].concat())).unwrap();
    let names: Vec<&str> =
        json["arms"].as_array().unwrap().iter().map(|arm| arm["label"].as_str().unwrap()).collect();
    assert_eq!(names, ARMS);
    assert!(json["arms"][4]["p_eval"].is_number());
    let again = contents(&place.path("runs"));
    let changed: Vec<&String> = whole.keys().filter(|name| whole[*name] != again[*name]).collect();
    assert!(changed.is_empty() && whole.len() == again.len(), "{changed:?}");
    // Each is what the key alone makes of the experiment.
    place.done(&[
        "run",
        "suits.toml",
        "--seeds",
        "0..2",
        "--out",
        "other",
        "--set",
        "name=suits-esn",
        "--set",
        "agent.reservoir.kind=esn",
    ]);
    let metrics = |at: &str| contents(&place.path(at))["seed-1/metrics.jsonl"].clone();
    assert_eq!(metrics("other/suits-esn"), metrics("runs/suits-esn"));
    assert_ne!(metrics("runs/suits-static"), metrics("runs/suits"));
    let markdown = place.done(&["compare", "--markdown", "runs/suits-esn", "runs/suits"]);
    assert!(markdown.lines().nth(2).unwrap().starts_with("| `suits` |"), "{markdown}");
}

#[test]
fn a_control_that_cannot_be_is_refused_before_anything_runs() {
    let place = place();
    let refused = |more: &[&str]| place.fails(2, &[&["run", "suits.toml", "--seeds", "0..2"], more].concat());
    let text = refused(&["--controls", "static,lstm"]);
    assert!(
        text.contains("--controls: expected all, or some of static, none, rewired, esn, random"),
        "{text}"
    );
    let text = refused(&["--controls", "rewired", "--set", "agent.plasticity={ mode = \"always\" }"]);
    assert!(text.contains("agent.plasticity.mode = \"first_steps\""), "{text}");
    let text = refused(&["--controls", "esn", "--set", "agent.reservoir.esn.leak=0"]);
    assert!(text.contains("reservoir.esn.leak: expected a number above 0 and at most 1, found 0"), "{text}");
    let text = refused(&["--set", "agent.reservoir.esn.radius=1.0"]);
    assert!(text.contains("agent.reservoir.esn.radius: unknown key"), "{text}");
    let text = refused(&["--set", "record.probes=[\"TE\"]", "--set", "agent.reservoir.kind=esn"]);
    assert!(text.contains("found agent.reservoir.kind = \"esn\""), "{text}");
    assert!(!place.path("runs").exists());
    // Runs of another configuration stay what they are.
    place.done(&["run", "suits.toml", "--seeds", "0..2", "--set", "run.episodes=5"]);
    let text = refused(&["--controls", "static"]);
    assert!(text.contains("holds runs of another configuration (run.episodes"), "{text}");
}

#[test]
fn a_sweep_is_shown_along_one_of_its_keys() {
    let place = place();
    let grid = "\n[sweep]\nseeds = \"0..3\"\n[sweep.grid]\nenv.kwargs.k = [4, 1]\nagent.reservoir.kind = [\"sorn\", \"static\", \"none\"]\n";
    place.write("curve.toml", &format!("{SUITS}{grid}"));
    place.done(&["sweep", "curve.toml"]);
    let along = ["compare", "runs/suits", "--along", "env.kwargs.k", "--reach", "-0.2"];
    let text = place.done(&along);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["k", "seeds", "median", "q1", "q3", "at", "-0.2", "largest", "k", "p"], "{text}");
    assert_eq!(rows[1][..3], ["sorn", "1", "3"], "{text}");
    assert_eq!(rows[6][..3], ["none", "4", "3"], "{text}");
    assert!(place.path("runs/suits/figures/eval.mean-along-k.svg").is_file());
    let json: Value = serde_json::from_str(&place.done(&[&along[..], &["--json"]].concat())).unwrap();
    let none = &json["arms"][2];
    // The present suit is seen without a network; that of three steps before is not.
    assert_eq!((&none["against"], &none["largest"]), (&"sorn".into(), &1.0.into()), "{none}");
    assert_eq!(none["points"][0]["values"].as_array().unwrap().len(), 3);
    assert!(none["points"][1]["p"].is_number());
    let markdown = place.done(&[&along[..], &["--markdown", "--measure", "wall_secs"]].concat());
    assert!(markdown.starts_with("|  | k | seeds | median"), "{markdown}");

    let refused = |arguments: &[&str]| place.fails(2, &[&["compare", "runs/suits"], arguments].concat());
    let text = refused(&["--along", "run.window"]);
    assert!(
        text.contains("--along: expected a key of the sweep (agent.reservoir.kind, env.kwargs.k)"),
        "{text}"
    );
    let text = refused(&["--along", "agent.reservoir.kind"]);
    assert!(text.contains("expected numbers, found \"sorn\""), "{text}");
    let text = refused(&["--along", "env.kwargs.k", "--measure", "eval.men"]);
    assert!(
        text.contains("--measure: expected a number of the finished runs (") && text.contains("eval.mean"),
        "{text}"
    );
    assert!(place.fails(2, &["compare", "runs/suits"]).contains("found a sweep"));
}

#[test]
fn the_activity_tells_of_the_past() {
    let place = place();
    place.done(&["run", "suits.toml", "--controls", "esn,none", "--seeds", "0..2"]);
    let decode = |dir: &str, more: &[&str]| -> Value {
        let arguments =
            [&["decode", dir, "--steps", "4000", "--lags", "3", "--json", "--quiet"], more].concat();
        serde_json::from_str(&place.done(&arguments)).unwrap()
    };
    let sorn = decode("runs/suits", &["--threads", "1"]);
    assert_eq!(sorn, decode("runs/suits", &["--threads", "2"]));
    assert_eq!(sorn["states"], serde_json::json!(["before plasticity", "after"]));
    let median = |decoded: &Value, state: usize, part: &str, lag: usize| {
        decoded["spreads"][state][part][lag]["median"].as_f64()
    };
    // Each suit has neurons of its own, so that the present is plain; actions are not among the inputs, and drawn at random.
    for state in [0, 1] {
        assert!(median(&sorn, state, "observation", 0).unwrap() > 0.9, "{sorn}");
        assert!(median(&sorn, state, "action", 1).unwrap().abs() < 0.1, "{sorn}");
    }
    assert_eq!(median(&sorn, 0, "action", 0), None);
    assert_ne!(sorn["spreads"][0], sorn["spreads"][1]);
    let esn = decode("runs/suits-esn", &[]);
    assert_eq!(esn["states"], serde_json::json!(["esn"]));
    assert!(median(&esn, 0, "observation", 3).unwrap() > 0.9, "{esn}");
    let none = decode("runs/suits-none/seed-0", &["--actions", "policy"]);
    assert!(median(&none, 0, "observation", 0).unwrap() > 0.9, "{none}");
    assert!(median(&none, 0, "observation", 2).unwrap() < 0.1, "{none}");

    let text = place.done(&["decode", "runs/suits", "--steps", "1000", "--lags", "2"]);
    assert!(text.starts_with("lag  observation, before plasticity"), "{text}");
    assert!(text.lines().nth(4).unwrap().starts_with("sum"), "{text}");
    assert!(place.path("runs/suits/figures/decode.png").is_file());
    let written = std::fs::read_to_string(place.path("runs/suits/decode.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap()["lags"], 2);
    // An episode has 51 steps.
    let text = place.fails(1, &["decode", "runs/suits", "--lags", "60", "--steps", "100", "--quiet"]);
    assert!(
        text.contains(
            "--lags: expected less than the longest of 1000 episodes, which has 51 steps, found 60"
        ),
        "{text}"
    );
}
