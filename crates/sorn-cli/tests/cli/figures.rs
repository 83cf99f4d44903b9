//! `sorn plot` and `sorn report`: figures of a run, and what they say of recordings that are missing or damaged.

use std::fs;

use crate::common::{Place, stderr};

const PROBES: &str = "record.probes=[\"TE:5\", \"ExcitatoryActivation\", \"EEConnectionCounts:10\"]";

#[test]
fn every_figure_of_a_run() {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--set", PROBES]);
    let kinds = [
        "learning-curve",
        "episode",
        "raster",
        "scatter",
        "firing-rates",
        "activity",
        "intervals",
        "correlations",
        "network",
        "hamming-distance",
        "weights",
        "weights-before",
        "weight-distribution",
        "weight-distribution-log",
        "incoming-connections",
        "outgoing-connections",
        "connections",
        "thresholds",
        "rates",
    ];
    for kind in kinds {
        let path = place.done(&["plot", "runs/quick/seed-0", kind]);
        assert_eq!(path, format!("runs/quick/seed-0/figures/{kind}.svg\n"));
        let svg = fs::read_to_string(place.path(path.trim_end())).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("quick, seed 0"), "{kind}");
        assert!(fs::read(place.path(path.trim_end()).with_extension("png")).unwrap().starts_with(b"\x89PNG"));
    }
    // A few steps of a small network need not have avalanches, but are no other failure.
    for kind in ["avalanche-sizes", "avalanche-durations"] {
        let output = place.output(&["plot", "runs/quick/seed-0", kind]);
        assert!(output.status.success() || stderr(&output).contains("no avalanche"), "{}", stderr(&output));
    }
    let unknown = place.fails(2, &["plot", "runs/quick/seed-0", "rastre"]);
    assert!(unknown.contains("raster"), "{unknown}");
}

#[test]
fn what_was_not_recorded_is_told() {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--set", "run.episodes=3"]);
    let told = place.fails(2, &["plot", "runs/quick/seed-0", "thresholds"]);
    assert!(told.contains("record.probes = [\"TE:10\"]"), "{told}");
    let set = ["--set", "agent.reservoir.kind=none", "--set", "name=none", "--set", "run.episodes=3"];
    place.done(&[&["run", "quick.toml"], &set[..]].concat());
    let told = place.fails(2, &["plot", "runs/none/seed-0", "weights"]);
    assert!(told.contains("agent.reservoir.kind is \"none\""), "{told}");
    place.done(&["plot", "runs/none/seed-0", "episode"]);
    let told = place.fails(2, &[&["run", "quick.toml", "--out", "b", "--set", PROBES], &set[..]].concat());
    assert!(told.contains("record.probes: expected a network to probe"), "{told}");
    let twice = ["run", "quick.toml", "--out", "c", "--set", "record.probes=[\"TE\", \"TE:5\"]"];
    assert!(place.fails(2, &twice).contains("TE is named twice"));
    let unknown = place.fails(2, &["run", "quick.toml", "--out", "c", "--set", "record.probes=[\"T\"]"]);
    assert!(unknown.contains("record.probes") && unknown.contains("SynapseBirths"), "{unknown}");
}

#[test]
fn a_report_holds_what_there_is_and_names_what_is_not() {
    let place = Place::new();
    for (name, kind) in [("a", "sorn"), ("b", "none")] {
        let (name, kind) = (format!("name={name}"), format!("agent.reservoir.kind={kind}"));
        let short = ["--seeds", "0..3", "--set", "run.episodes=6", "--set", "run.window=2"];
        place.done(&[&["run", "quick.toml", "--set", &name, "--set", &kind], &short[..]].concat());
    }
    assert_eq!(place.done(&["report", "runs/a", "runs/b"]), "runs/a/report.html\n");
    let html = fs::read_to_string(place.path("runs/a/report.html")).unwrap();
    for part in
        ["Learning curves", "sorn run runs/a/experiment.toml --seeds 0..=2", "data:image/png", "Does it run?"]
    {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("Missing or damaged") && !html.contains("://"), "no network");

    let half = fs::read(place.path("runs/a/seed-1/metrics.jsonl")).unwrap();
    fs::write(place.path("runs/a/seed-1/metrics.jsonl"), &half[..half.len() - 9]).unwrap();
    fs::write(place.path("runs/a/seed-0/summary.json"), "{").unwrap();
    fs::write(place.path("runs/b/seed-1/config.toml"), "name = 3").unwrap();
    fs::remove_dir_all(place.path("runs/b/seed-2")).unwrap();
    for checkpoint in fs::read_dir(place.path("runs/b/seed-0/checkpoints")).unwrap() {
        fs::write(checkpoint.unwrap().path(), "damaged").unwrap();
    }
    let output = place.output(&["report", "runs/a", "runs/b", "runs/c", "--out", "r.html"]);
    assert_eq!(output.status.code(), Some(0));
    let html = fs::read_to_string(place.path("r.html")).unwrap();
    for (name, told) in [
        ("runs/a/seed-1/metrics.jsonl", "written by half"),
        ("runs/a/seed-0/summary.json", "EOF"),
        ("runs/b/seed-1/config.toml", "name"),
        ("runs/b/seed-2", "no such directory"),
        ("runs/b/seed-0/checkpoints", "not a whole safetensors file"),
        ("runs/c", "no such directory"),
    ] {
        let line = stderr(&output).lines().find(|line| line.contains(name)).map(str::to_string);
        let line = line.unwrap_or_else(|| panic!("{name}: {}", stderr(&output)));
        assert!(line.contains(told), "{line}");
        assert!(html.contains(name), "{name}");
    }
    assert!(html.contains("not finished") && html.contains("Missing or damaged"));
    place.fails(2, &["report", "runs/c"]);
}
