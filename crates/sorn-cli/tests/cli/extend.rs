//! Runs that go on beyond their end, and seeds that are added to a sweep.

use std::fs;

use crate::common::{Place, assert_same, contents, stderr};

/// What a run with the larger budget from its beginning comes to.
fn whole(place: &Place, more: &[&str]) {
    place.done(&[&["run", "quick.toml", "--out", "whole"], more].concat());
}

#[test]
fn a_finished_run_goes_on_as_if_it_had_had_the_larger_budget_from_the_start() {
    let evaluated = ["--set", "eval.every=7", "--set", "eval.each=1", "--set", "record.tensorboard=true"];
    for (first, then) in [
        (["run.episodes=14", "run.steps=100000"], "run.episodes=30"),
        (["run.episodes=12", "run.steps=100000"], "run.episodes=14"),
        (["run.episodes=100000", "run.steps=301"], "run.steps=700"),
        (["run.episodes=100000", "run.steps=301"], "run.steps=303"),
        (["run.episodes=1", "run.steps=100000"], "run.episodes=2"),
    ] {
        let place = Place::recording();
        let set = |last: &str| {
            let of = |set: &str| {
                if set.split('=').next() == last.split('=').next() { last.into() } else { set.into() }
            };
            first
                .map(of)
                .iter()
                .flat_map(|set: &String| ["--set".to_string(), set.clone()])
                .collect::<Vec<_>>()
        };
        let longer = set(then);
        let longer: Vec<&str> = longer.iter().map(String::as_str).chain(evaluated).collect();
        whole(&place, &longer);
        let shorter: Vec<&str> = first.iter().flat_map(|set| ["--set", set]).chain(evaluated).collect();
        place.done(&[&["run", "quick.toml", "--out", "part"], &shorter[..]].concat());
        place.done(&["resume", "part/quick/seed-0", "--set", then]);
        assert_timeless_same(&place, "whole/quick", "part/quick");
    }
}

/// As [`assert_same`], but for TensorBoard's file, which holds times.
fn assert_timeless_same(place: &Place, left: &str, right: &str) {
    for dir in [left, right] {
        let events = place.path(&format!("{dir}/seed-0/tensorboard"));
        if events.exists() {
            fs::remove_dir_all(events).unwrap();
        }
    }
    assert_same(&place.path(left), &place.path(right));
}

#[test]
fn in_several_environments_a_budget_of_steps_is_extended_to_the_same_bits() {
    let place = Place::recording();
    let text = fs::read_to_string(place.path("quick.toml")).unwrap();
    place.write("quick.toml", &text.replace("episodes = 30\n", "steps = 900\nstop_when_solved = false\n"));
    let four = ["--set", "run.num_envs=4", "--set", "agent.plasticity.steps=100"];
    whole(&place, &four);
    place.done(&[&["run", "quick.toml", "--out", "part", "--set", "run.steps=501"], &four[..]].concat());
    let output = place.output(&["resume", "part/quick/seed-0", "--set", "run.steps=900"]);
    assert!(output.status.success() && !stderr(&output).contains("other results"), "{}", stderr(&output));
    let [whole, part] = ["whole/quick/seed-0", "part/quick/seed-0"].map(|dir| contents(&place.path(dir)));
    for name in [
        "metrics.jsonl",
        "metrics.csv",
        "probes.npz",
        "summary.json",
        "config.toml",
        "checkpoints/end.safetensors",
    ] {
        assert!(whole[name] == part[name], "{name}");
    }
    // A budget of episodes leaves environments idle at its end, and the command says so.
    place.done(&[&["run", "quick.toml", "--out", "idle", "--set", "run.episodes=12"], &four[..]].concat());
    let output = place.output(&["resume", "idle/quick/seed-0", "--set", "run.episodes=20"]);
    assert!(output.status.success() && stderr(&output).contains("to other results"), "{}", stderr(&output));
    let lines = fs::read_to_string(place.path("idle/quick/seed-0/metrics.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 20);
}

#[test]
fn a_run_that_solved_its_task_trains_on_if_asked() {
    let place = Place::new();
    let set = ["--set", "run.threshold=9.0"];
    whole(&place, &[&set[..], &["--set", "run.stop_when_solved=false"]].concat());
    place.done(&[&["run", "quick.toml", "--out", "part"], &set[..]].concat());
    let output = place.output(&["resume", "part/quick/seed-0", "--set", "run.episodes=40"]);
    assert!(
        stderr(&output).contains("nothing to do; it ended when it solved its task, --set run.stop_when"),
        "{}",
        stderr(&output)
    );
    place.done(&[
        "resume",
        "part/quick/seed-0",
        "--set",
        "run.episodes=30",
        "--set",
        "run.stop_when_solved=false",
    ]);
    assert_same(&place.path("whole/quick"), &place.path("part/quick"));
    place.done(&[&["run", "quick.toml", "--out", "both", "--seeds", "0..2"], &set[..]].concat());
    let output = place.output(&["resume", "both/quick", "--set", "run.episodes=40"]);
    let told = "2 runs ended when solved; --set run.stop_when_solved=false trains on";
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
    let on = ["resume", "both/quick", "--set", "run.episodes=40", "--set", "run.stop_when_solved=false"];
    assert!(!stderr(&place.output(&on)).contains("trains on"));
}

#[test]
fn all_seeds_of_a_sweep_go_on() {
    let place = Place::new();
    whole(&place, &["--seeds", "0..3"]);
    place.done(&["run", "quick.toml", "--out", "part", "--seeds", "0..3", "--set", "run.episodes=9"]);
    place.done(&["resume", "part/quick", "--set", "run.episodes=30"]);
    assert_same(&place.path("whole/quick"), &place.path("part/quick"));
    // Killed before the runs knew of it, the sweep's own file decides.
    place.done(&["run", "quick.toml", "--out", "killed", "--seeds", "0..3", "--set", "run.episodes=9"]);
    let file = place.path("killed/quick/experiment.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("episodes = 9\n", "episodes = 30\n")).unwrap();
    fs::remove_file(place.path("killed/quick/aggregate.json")).unwrap();
    place.done(&["resume", "killed/quick"]);
    assert_same(&place.path("whole/quick"), &place.path("killed/quick"));
}

#[test]
fn seeds_are_added_to_a_finished_sweep() {
    let place = Place::new();
    let short = ["--set", "run.episodes=8"];
    let run = |seeds: &str, out: &str| {
        place.done(&[&["run", "quick.toml", "--seeds", seeds, "--out", out], &short[..]].concat())
    };
    run("0..6", "whole");
    run("0..3", "part");
    let before = contents(&place.path("part/quick/seed-1"));
    let text = run("0..6", "part");
    assert!(text.contains("of 6 seeds"), "{text}");
    assert_same(&place.path("whole"), &place.path("part"));
    assert_eq!(before, contents(&place.path("part/quick/seed-1")));
    // Others than those that are there are added, too; where all are there, nothing is left to do.
    run("2,9", "part");
    let plan = fs::read_to_string(place.path("part/quick/seeds.json")).unwrap();
    assert_eq!(plan, "{\"seeds\":[0,1,2,3,4,5,9]}");
    let text =
        place.fails(2, &[&["run", "quick.toml", "--seeds", "0..3", "--out", "part"], &short[..]].concat());
    assert!(text.contains("holds runs with these seeds already"), "{text}");
    let text = place.fails(2, &["run", "quick.toml", "--seeds", "0..9", "--out", "part"]);
    assert!(text.contains("another configuration (run.episodes was 8, is now 30)"), "{text}");
    assert!(text.contains("`sorn resume DIR --set run.episodes=N`"), "{text}");
}

#[test]
fn only_a_larger_budget_may_be_set() {
    let place = Place::new();
    place.done(&["run", "quick.toml"]);
    let before = contents(&place.path("runs"));
    let dir = "runs/quick/seed-0";
    for (set, reason) in [
        (
            "agent.learner.gamma=0.9",
            "agent.learner.gamma: expected run.episodes, run.steps or run.stop_when_solved",
        ),
        ("run.window=3", "--set run.window=3: run.window: expected run.episodes"),
        ("run.episodes", "--set run.episodes: expected key=value"),
        ("run.episodes=many", "run.episodes: expected a non-negative integer"),
        ("run.episodes=0", "run.episodes: expected at least 1, found 0"),
        ("run.episodes=29", "run.episodes: expected at least 30, the episodes that are done, found 29"),
        ("run.steps=10", "run.steps: expected at least"),
    ] {
        let text = place.fails(2, &["resume", dir, "--set", set]);
        assert!(text.contains(reason), "{set}: {text}");
    }
    assert_eq!(before, contents(&place.path("runs")));
    let text = place.done(&["resume", dir, "--set", "run.episodes=30"]);
    assert!(text.contains("not solved in 30 episodes"), "{text}");
    assert_eq!(before, contents(&place.path("runs")));
    // A budget that somebody wrote into the file counts as well.
    let file = place.path("runs/quick/seed-0/config.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("episodes = 30\n", "episodes = 34\n")).unwrap();
    assert!(place.done(&["resume", dir]).contains("not solved in 34 episodes"));
    whole(&place, &["--set", "run.episodes=34"]);
    assert_same(&place.path("whole"), &place.path("runs"));
}

#[test]
fn the_list_of_seeds_of_earlier_versions_is_read() {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--seeds", "0..2", "--set", "run.episodes=4"]);
    fs::rename(place.path("runs/quick/seeds.json"), place.path("runs/quick/sweep.json")).unwrap();
    let again = place.fails(2, &["run", "quick.toml", "--seeds", "0..2", "--set", "run.episodes=4"]);
    assert!(again.contains("holds runs with these seeds already"), "{again}");
    place.done(&["run", "quick.toml", "--seeds", "1..3", "--set", "run.episodes=4"]);
    let text = place.done(&["resume", "runs/quick", "--json"]);
    assert!(text.contains("\"seeds\": [\n    0,\n    1,\n    2\n  ]"), "{text}");
}
