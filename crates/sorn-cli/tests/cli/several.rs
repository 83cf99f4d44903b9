//! Several experiment files in one command.

use crate::common::{Place, stderr};

fn file(name: &str, env: &str) -> String {
    format!(
        "name = \"{name}\"\n[env]\nid = \"{env}\"\n[agent.reservoir.params]\nne = 50\n\
         [run]\nepisodes = 3\nwindow = 2\n[eval]\nepisodes = 2\n"
    )
}

fn place() -> Place {
    let place = Place::new();
    place.write("pole.toml", &file("pole", "CartPole-v1"));
    place.write("car.toml", &file("car", "MountainCarContinuous-v0"));
    place
}

#[test]
fn files_are_run_one_after_another_with_the_same_seeds_and_controls() {
    let place = place();
    place.done(&["run", "pole.toml", "car.toml", "--seeds", "0..2", "--controls", "random"]);
    for arm in ["pole", "pole-random", "car", "car-random"] {
        assert!(place.path(&format!("runs/{arm}/aggregate.json")).is_file(), "{arm}");
    }
    // As if each had been run alone.
    place.done(&["run", "car.toml", "--seeds", "0..2", "--out", "alone"]);
    let metrics = |out: &str| {
        let text = std::fs::read_to_string(place.path(&format!("{out}/car/seed-1/metrics.jsonl"))).unwrap();
        let returns = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        returns.map(|line| line["return"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(metrics("runs").len(), 3);
    assert_eq!(metrics("runs"), metrics("alone"));
}

#[test]
fn a_wrong_file_among_several_is_refused_before_anything_is_run() {
    let place = place();
    place.write("wrong.toml", &file("wrong", "CartPole-v9"));
    let error = place.fails(2, &["run", "pole.toml", "wrong.toml", "--quiet"]);
    assert!(error.contains("wrong.toml") && error.contains("CartPole-v9"), "{error}");
    place.write("same.toml", &file("pole", "CartPole-v1"));
    let error = place.fails(2, &["run", "pole.toml", "same.toml", "--quiet"]);
    assert!(error.contains("same.toml") && error.contains("pole.toml has"), "{error}");
    let error = place.fails(2, &["run", "pole.toml", "car.toml", "--json", "--quiet"]);
    assert!(error.contains("--json: expected one experiment file, found 2"), "{error}");
    assert!(!place.path("runs").exists());
}

#[test]
fn a_file_that_fails_does_not_stop_the_others() {
    let place = place();
    std::fs::create_dir(place.path("runs")).unwrap();
    place.write("runs/pole", "in the way");
    let output = place.output(&["run", "pole.toml", "car.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("runs/pole: expected a directory, found a file"), "{output:?}");
    assert!(place.path("runs/car/seed-0/summary.json").is_file());
}
