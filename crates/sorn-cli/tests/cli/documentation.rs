//! The commands of `docs/training.md`, `docs/papers.md`, `docs/series.md`, `docs/sequences.md`, `docs/sweeps.md` and `docs/memory.md` run as they stand there.

use std::fs;
use std::path::Path;

use crate::common::Place;

/// The blocks of `text` in the language `name`.
fn blocks<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("```{name}\n");
    text.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_commands_of_the_page_on_training_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/training.md");
    let page = fs::read_to_string(page).unwrap();
    let place = Place::new();
    let [file] = blocks(&page, "toml")[..] else { panic!("expected one experiment file") };
    place.write("swing.toml", file);
    let mut commands = 0;
    for line in blocks(&page, "sh").join("\n").lines().filter(|line| !line.is_empty()) {
        let arguments: Vec<&str> =
            line.strip_prefix("sorn ").unwrap_or_else(|| panic!("{line}")).split(' ').collect();
        let text = place.done(&arguments);
        assert!(!text.contains("solved"), "{line}: {text}");
        commands += 1;
    }
    assert!(commands > 10);
    for file in ["swing-static", "swing"] {
        assert!(!place.path(&format!("runs/{file}/figures/episodes-to-solve.svg")).exists());
    }
    assert!(place.path("runs/swing/figures/evaluations.svg").exists());
    assert!(!fs::read_to_string(place.path("runs/swing/report.html")).unwrap().contains(">solved<"));
}

#[test]
fn the_commands_of_the_page_on_series_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/series.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split("\n## ").nth(1).unwrap();
    let place = Place::new();
    let [file] = blocks(part, "toml")[..] else { panic!("expected one experiment file") };
    place.write("echoes.toml", file);
    let mut told = String::new();
    for line in blocks(part, "sh").join("\n").lines().filter(|line| !line.is_empty()) {
        let arguments: Vec<&str> =
            line.strip_prefix("sorn ").unwrap_or_else(|| panic!("{line}")).split(' ').collect();
        told.push_str(&place.done(&arguments));
    }
    // The claim holds, and every source is told of.
    let row = told.lines().find(|line| line.starts_with("Traces remember more")).unwrap();
    assert!(row.ends_with("yes"), "{row}");
    for source in ["narma", "mackey_glass", "lorenz", "memory_capacity", "parity", "file"] {
        assert!(told.contains(source), "{source}");
    }
    assert!(place.path("shorter/echoes/table.json").exists());
}

#[test]
fn the_commands_of_the_page_on_sequences_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sequences.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split("\n## ").nth(1).unwrap();
    let place = Place::new();
    let [file] = blocks(part, "toml")[..] else { panic!("expected one experiment file") };
    place.write("phrases.toml", file);
    let mut told = String::new();
    for line in blocks(part, "sh").join("\n").lines().filter(|line| !line.is_empty()) {
        let arguments: Vec<&str> =
            line.strip_prefix("sorn ").unwrap_or_else(|| panic!("{line}")).split(' ').collect();
        told.push_str(&place.done(&arguments));
    }
    // The claim holds, and every source is told of.
    let row = told.lines().find(|line| line.starts_with("Self-organisation helps")).unwrap();
    assert!(row.ends_with("yes"), "{row}");
    for source in ["words", "random", "repeated", "grammar", "text"] {
        assert!(told.contains(source), "{source}");
    }
    assert!(place.path("shorter/phrases/table.json").exists());
}

#[test]
fn the_branches_of_the_page_on_sequences_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sequences.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split("\n## Branches").nth(1).unwrap().split("\n## ").next().unwrap();
    let place = Place::new();
    let [file] = blocks(part, "toml")[..] else { panic!("expected one experiment file") };
    place.write("two-ways.toml", file);
    let lines = blocks(part, "sh").join("\n");
    let told: Vec<String> = lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| place.done(&line.strip_prefix("sorn ").unwrap().split(' ').collect::<Vec<_>>()))
        .collect();
    assert_eq!(told.len(), 2);
    let row = told[0].lines().find(|line| line.starts_with("The readout is worse")).unwrap();
    assert!(row.ends_with("yes"), "{row}");
}

#[test]
fn the_commands_of_the_page_on_papers_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/papers.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split("\n## ").nth(1).unwrap();
    let place = Place::new();
    let [file] = blocks(part, "toml")[..] else { panic!("expected one experiment file") };
    place.write("bursts.toml", file);
    let mut told = String::new();
    let lines = blocks(part, "sh").join("\n");
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let arguments: Vec<&str> =
            line.strip_prefix("sorn ").unwrap_or_else(|| panic!("{line}")).split(' ').collect();
        told.push_str(&place.done(&arguments));
    }
    // The claim holds, and the figures are there.
    let row =
        told.lines().find(|line| line.starts_with("Strong noise makes activity less variable")).unwrap();
    assert!(row.ends_with("yes"), "{row}");
    for figure in ["avalanche-sizes.svg", "activity-distribution.png"] {
        assert!(place.path(&format!("runs/bursts/figures/{figure}")).exists(), "{figure}");
    }
    assert!(place.path("other/bursts/aggregate.json").exists());
}

#[test]
fn the_commands_of_the_page_on_sweeps_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sweeps.md");
    let page = fs::read_to_string(page).unwrap();
    let place = Place::new();
    let [file] = blocks(&page, "toml")[..] else { panic!("expected one experiment file") };
    place.write("poles.toml", file);
    let (mut commands, mut said) = (0, String::new());
    for line in blocks(&page, "sh").join("\n").lines().filter(|line| !line.is_empty()) {
        let arguments: Vec<&str> =
            line.strip_prefix("sorn ").unwrap_or_else(|| panic!("{line}")).split(' ').collect();
        said.push_str(&place.done(&arguments));
        commands += 1;
    }
    assert!(commands >= 9);
    for part in [
        "gain=3.0,window=10,actor_step=1.0/seed-1",
        "runs/poles/best.toml",
        "12 tasks in 3 parts",
        "report.html",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // The pictures and tables that the page names.
    for file in [
        "results.csv",
        "results.json",
        "ranking.json",
        "figures/over-gain.svg",
        "figures/gain-by-actor_step.svg",
    ] {
        assert!(page.contains(file) && place.path("runs/poles").join(file).exists(), "{file}");
    }
}

#[test]
fn the_commands_of_the_page_on_memory_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/memory.md");
    let page = fs::read_to_string(page).unwrap();
    let place = Place::new();
    let [suits, curve] = blocks(&page, "toml")[..] else { panic!("expected two experiment files") };
    place.write("suits.toml", suits);
    place.write("suits-memory.toml", curve);
    let mut commands = 0;
    for line in blocks(&page, "sh").join("\n").lines().filter(|line| !line.is_empty()) {
        let arguments: Vec<&str> =
            line.strip_prefix("sorn ").unwrap_or_else(|| panic!("{line}")).split(' ').collect();
        place.done(&arguments);
        commands += 1;
    }
    assert!(commands >= 8);
    for control in ["", "-static", "-none", "-rewired", "-esn", "-random"] {
        assert!(place.path(&format!("runs/suits{control}/aggregate.json")).is_file(), "{control}");
    }
    for file in
        ["suits-memory/figures/eval.mean-along-k.svg", "suits/decode.json", "suits/figures/decode.svg"]
    {
        assert!(place.path("runs").join(file).is_file(), "{file}");
    }
    // The values that the page calls usual are.
    let usual =
        place.done(&["run", "suits.toml", "--controls", "esn", "--out", "a", "--seed", "1", "--json"]);
    let without = suits.split("[agent.reservoir.esn]").collect::<Vec<_>>();
    let rest = without[1].split_once("[agent.plasticity]").unwrap().1;
    place.write("suits.toml", &format!("{}[agent.plasticity]{rest}", without[0]));
    let same = place.done(&["run", "suits.toml", "--controls", "esn", "--out", "b", "--seed", "1", "--json"]);
    let means = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        json["arms"][1]["aggregate"]["eval_means"].clone()
    };
    assert_eq!(means(&usual), means(&same));
}

#[test]
fn the_sweep_over_memory_is_shown_along_its_keys() {
    let place = Place::new();
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/sweeps/repeat-previous-memory.toml");
    place.write("memory.toml", &fs::read_to_string(file).unwrap());
    assert_eq!(place.done(&["sweep", "memory.toml", "--list"]).lines().count(), 4 * 5 * 12 * 20);
    let mut arguments = vec!["sweep", "memory.toml", "--quiet", "--task", "0,240,1200"];
    ["run.episodes=3", "eval.episodes=2"].iter().for_each(|set| arguments.extend(["--set", set]));
    place.done(&arguments);
    let curve = ["compare", "runs/repeat-previous-memory", "--along", "agent.reservoir.params.ne", "--json"];
    let curve: serde_json::Value = serde_json::from_str(&place.done(&curve)).unwrap();
    // The size of the pools changes with the number of neurons, and makes no arm.
    let labels: Vec<&str> =
        curve["arms"].as_array().unwrap().iter().map(|arm| arm["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["sorn, k 2", "static, k 2"]);
    assert_eq!(curve["arms"][0]["points"].as_array().unwrap().len(), 2, "{curve}");
}

#[test]
fn the_sweeps_of_symbols_and_lengths_run() {
    let place = Place::new();
    for (name, key, runs) in [
        ("memory-len", "env.kwargs.memory_length", 23 * 4 * 10),
        ("rm-sorn-recall", "env.kwargs.lag", 3 * 2 * 2 * 20),
        ("rm-sorn-counting", "env.kwargs.n", 3 * 2 * 20),
    ] {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../experiments/sweeps/{name}.toml"));
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains(&format!("sorn compare runs/{name} --along {key}")), "{name}");
        assert!(text.contains(&format!("the whole sweep has {runs} runs")), "{name}");
        place.write("sweep.toml", &text);
        assert_eq!(place.done(&["sweep", "sweep.toml", "--list"]).lines().count(), runs, "{name}");
        let mut arguments = vec!["sweep", "sweep.toml", "--quiet", "--task", "0,20,40"];
        ["run.episodes=2", "eval.episodes=1"].iter().for_each(|set| arguments.extend(["--set", set]));
        place.done(&arguments);
        place.done(&["compare", &format!("runs/{name}"), "--along", key]);
    }
}

#[test]
fn the_example_of_a_sweep_runs() {
    let place = Place::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/sweeps/cartpole-steps.toml");
    place.write("cartpole-steps.toml", &fs::read_to_string(file).unwrap());
    let listed = place.done(&["sweep", "cartpole-steps.toml", "--list"]);
    assert_eq!(listed.lines().count(), 125);
    let small = [
        "sweep.seeds=0..2",
        "sweep.fresh_seeds=7..9",
        "sweep.random.count=3",
        "run.episodes=150",
        "eval.episodes=2",
    ];
    let mut arguments = vec!["sweep", "cartpole-steps.toml", "--json"];
    small.iter().for_each(|set| arguments.extend(["--set", set]));
    let ranking: serde_json::Value = serde_json::from_str(&place.done(&arguments)).unwrap();
    assert_eq!((&ranking["measure"], &ranking["goal"]), (&"episodes_to_solve".into(), &"minimize".into()));
    let means: Vec<f64> =
        ranking["configurations"].as_array().unwrap().iter().map(|c| c["mean"].as_f64().unwrap()).collect();
    assert!(means.len() == 3 && means.is_sorted() && means[2] <= 150.0, "{means:?}");
    let claim = place.done(&["sweep", "runs/cartpole-steps", "--claim", "--json"]);
    let claim: serde_json::Value = serde_json::from_str(&claim).unwrap();
    assert_eq!(claim["seeds"], serde_json::json!([7, 8]));
}

#[test]
fn a_search_with_optuna_needs_the_package() {
    let place = Place::new();
    let text = place.fails(2, &["tune", "quick.toml"]);
    assert!(text.contains("pip install 'sorn-rs[tune]'"), "{text}");
    assert!(!place.path("runs").exists());
}
