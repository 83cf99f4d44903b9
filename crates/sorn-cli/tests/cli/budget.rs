//! Budgets in environment steps: exact, resumable, in one environment or several.

use std::fs;

use crate::common::{Place, QUICK, assert_same, contents, start, wait_for};
use serde_json::Value;

/// The quick experiment with steps in the place of episodes.
fn steps(place: &Place, steps: u64) {
    place.write("quick.toml", &QUICK.replace("episodes = 30\n", &format!("steps = {steps}\n")));
}

const FOUR: [&str; 4] = ["--set", "run.num_envs=4", "--set", "agent.plasticity.steps=100"];

fn summary(place: &Place, dir: &str) -> Value {
    serde_json::from_slice(&fs::read(place.path(&format!("{dir}/summary.json"))).unwrap()).unwrap()
}

/// What the metrics hold, wall times left out.
fn metrics(place: &Place, dir: &str) -> String {
    String::from_utf8(contents(&place.path(dir)).remove("metrics.jsonl").unwrap()).unwrap()
}

#[test]
fn a_run_ends_with_exactly_the_step_of_its_budget() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::recording();
        for budget in ["500", "501", "900"] {
            let budget = ["--set", &format!("run.steps={budget}"), "--set", "run.episodes=100000"];
            let out = ["--out", &budget[1]["run.steps=".len()..]];
            place.done(&[&["run", "quick.toml"], &budget[..], more, &out[..]].concat());
        }
        for budget in [500, 501, 900] {
            let dir = format!("{budget}/quick/seed-0");
            assert_eq!(summary(&place, &dir)["env_steps"], budget);
            let probes = sorn_lab_probe(&place, &dir);
            assert_eq!(probes, budget as usize, "every step is probed");
        }
        // A larger budget changes nothing of what came before.
        let (less, more) = (metrics(&place, "500/quick/seed-0"), metrics(&place, "900/quick/seed-0"));
        assert!(more.starts_with(&less) && more.len() > less.len());
        // What is evaluated is the agent after the last step, not after the last episode.
        let dir = "500/quick/seed-0";
        let eval: Value = serde_json::from_str(&place.done(&["eval", dir, "--json"])).unwrap();
        assert_eq!(eval, summary(&place, dir)["eval"]);
        let end = |budget: u64| {
            let end = place.path(&format!("{budget}/quick/seed-0/checkpoints/end.safetensors"));
            fs::read(end).unwrap()
        };
        assert_ne!(end(500), end(501));
    }
}

/// Rows of the probe of every step.
fn sorn_lab_probe(place: &Place, dir: &str) -> usize {
    let bytes = fs::read(place.path(&format!("{dir}/probes.npz"))).unwrap();
    // The header of an NPY file: the only uncompressed array of this name.
    let text = String::from_utf8_lossy(&bytes);
    let at = text.find("ExcitatoryActivation.npy").unwrap();
    let shape = text[at..].split("'shape': (").nth(1).unwrap();
    shape.split(',').next().unwrap().trim().parse().unwrap()
}

#[test]
fn a_budget_of_steps_alone_is_what_the_run_directory_says() {
    let place = Place::new();
    steps(&place, 300);
    let text = place.done(&["run", "quick.toml"]);
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("CartPole-v1 not solved in 300 steps ("), "{last}");
    let config = fs::read_to_string(place.path("runs/quick/seed-0/config.toml")).unwrap();
    let run = config.split("[run]").nth(1).unwrap().split("[eval]").next().unwrap();
    assert!(run.contains("steps = 300") && !run.contains("episodes"), "{run}");
    place.done(&["run", "runs/quick/seed-0/config.toml", "--out", "again"]);
    assert_same(&place.path("runs"), &place.path("again"));
}

#[test]
fn the_budget_that_is_reached_first_ends_the_run() {
    let place = Place::new();
    let run = |episodes: &str, steps: &str| {
        let (episodes, steps) = (format!("run.episodes={episodes}"), format!("run.steps={steps}"));
        let out = format!("{episodes}-{steps}");
        place.done(&["run", "quick.toml", "--set", &episodes, "--set", &steps, "--out", &out]);
        summary(&place, &format!("{out}/quick/seed-0"))
    };
    let five = run("5", "100000");
    assert_eq!(five["episodes"], 5);
    assert_eq!(run("30", "60")["env_steps"], 60);
    // The budget is used up by the last step of an episode.
    let exact = five["env_steps"].as_u64().unwrap();
    let both = run("30", &exact.to_string());
    assert_eq!((both["episodes"].as_u64(), both["env_steps"].as_u64()), (Some(5), Some(exact)));
    let dir = place.path(&format!("run.episodes=30-run.steps={exact}/quick/seed-0/checkpoints"));
    assert!(dir.join("episode-000005.safetensors").exists() && !dir.join("end.safetensors").exists());
}

#[test]
fn killed_after_any_episode_it_resumes_to_the_same_bits() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::recording();
        let set = [
            "--set",
            "run.steps=2000",
            "--set",
            "run.episodes=100000",
            "--set",
            "run.stop_when_solved=false",
        ];
        let run = [&["run", "quick.toml"], &set[..], more].concat();
        place.done(&[&run[..], &["--out", "whole"]].concat());
        for episodes in [1, 7, 20, 40] {
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

#[test]
fn killed_between_the_last_step_and_the_evaluation_it_trains_nothing_anew() {
    for more in [&[][..], &FOUR[..]] {
        let place = Place::new();
        let set = ["--set", "run.steps=500", "--set", "run.episodes=100000"];
        place.done(&[&["run", "quick.toml"], &set[..], more].concat());
        let dir = place.path("runs/quick/seed-0");
        let whole = contents(&dir);
        // Its wall times are those of the training.
        let before = fs::read(dir.join("metrics.jsonl")).unwrap();
        fs::remove_file(dir.join("summary.json")).unwrap();
        place.done(&["resume", "runs/quick/seed-0"]);
        assert_eq!(fs::read(dir.join("metrics.jsonl")).unwrap(), before);
        assert!(contents(&dir) == whole);
    }
}

#[test]
fn sweeps_have_budgets_of_steps_too() {
    let place = Place::new();
    steps(&place, 400);
    for threads in ["1", "3"] {
        place.done(&["run", "quick.toml", "--seeds", "0..3", "--threads", threads, "--out", threads]);
    }
    assert_same(&place.path("1"), &place.path("3"));
    let aggregate: Value =
        serde_json::from_slice(&fs::read(place.path("1/quick/aggregate.json")).unwrap()).unwrap();
    assert_eq!(
        (&aggregate["env_steps"]["min"], &aggregate["env_steps"]["max"]),
        (&400.0.into(), &400.0.into())
    );
}

#[test]
fn a_run_in_which_no_episode_ended_says_so() {
    let place = Place::new();
    let set = ["--set", "env.id=Pendulum-v1", "--set", "agent.encoder.scale=[1.0, 1.0, 8.0]"];
    steps(&place, 50);
    let text = place.done(&[&["run", "quick.toml"], &set[..]].concat());
    assert!(text.contains("mean return, last 100") && text.contains("in 50 steps (0 episodes)"), "{text}");
    let found = summary(&place, "runs/quick/seed-0");
    assert_eq!((&found["episodes"], &found["mean_return_last_100"]), (&0.into(), &Value::Null));
    let text = place.fails(2, &["plot", "runs/quick/seed-0", "learning-curve"]);
    assert!(text.contains("has no episode"), "{text}");
    place.done(&[&["run", "quick.toml", "--seeds", "0..2", "--out", "many"], &set[..]].concat());
    place.done(&["report", "many/quick"]);
}

#[test]
fn curves_are_drawn_over_episodes_steps_or_seconds() {
    let place = Place::new();
    steps(&place, 400);
    place.done(&["run", "quick.toml", "--seeds", "0..2"]);
    let drawn = |arguments: &[&str]| fs::read_to_string(place.path(place.done(arguments).trim())).unwrap();
    for dir in ["runs/quick", "runs/quick/seed-1"] {
        let usual = drawn(&["plot", dir, "learning-curve"]);
        assert!(usual.contains("environment step"), "a budget of steps is drawn over steps");
        for (unit, label) in
            [("episodes", "episode"), ("steps", "environment step"), ("seconds", "seconds of")]
        {
            let figure = drawn(&["plot", dir, "learning-curve", "--over", unit]);
            assert!(figure.contains(label), "{unit}");
            assert!(place.path(&format!("{dir}/figures/learning-curve-over-{unit}.png")).is_file());
        }
    }
    place.done(&["compare", "runs/quick", "--over", "steps"]);
    assert!(place.path("runs/quick/figures/comparison-over-steps.svg").is_file());
    let text = place.fails(2, &["plot", "runs/quick/seed-0", "raster", "--over", "steps"]);
    assert!(text.contains("--over: expected the figure learning-curve, found raster"), "{text}");
    let text = place.fails(2, &["plot", "runs/quick", "learning-curve", "--over", "hours"]);
    assert!(text.contains("episodes, steps, seconds"), "{text}");
}

#[test]
fn a_wrong_budget_is_named() {
    let place = Place::new();
    let refused = |set: &[&str]| {
        let mut arguments = vec!["run", "quick.toml"];
        set.iter().for_each(|set| arguments.extend(["--set", set]));
        place.fails(2, &arguments)
    };
    assert!(refused(&["run.steps=0"]).contains("run.steps: expected at least 1, found 0"));
    assert!(refused(&["run.steps=1.5"]).contains("run.steps: "));
    let text = refused(&["run.steps=20", "run.num_envs=25"]);
    assert!(text.contains("run.num_envs: expected 1 to 20 (run.steps), found 25"), "{text}");
    assert!(!place.path("runs").exists());
}
