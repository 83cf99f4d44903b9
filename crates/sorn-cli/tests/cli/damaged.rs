//! Recordings that are missing, cut short or no such thing: each is named, and `sorn report` tells of the rest.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Place, stderr};

/// Two runs of one experiment with probes, and another beside it.
fn place() -> Place {
    let place = Place::new();
    let short = ["--seeds", "0..2", "--set", "run.episodes=6", "--set", "run.checkpoint_every=6"];
    let probes = ["--set", "record.probes=[\"TE:5\", \"ExcitatoryActivation\"]"];
    place.done(&[&["run", "quick.toml"], &short[..], &probes[..]].concat());
    place.done(&[&["run", "quick.toml", "--set", "name=other"], &short[..]].concat());
    place
}

/// The one checkpoint of a run.
fn checkpoint(run: &Path) -> PathBuf {
    let mut all = fs::read_dir(run.join("checkpoints")).unwrap().map(|entry| entry.unwrap().path());
    let one = all.next().unwrap();
    assert!(all.next().is_none());
    one
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    Missing,
    Empty,
    Half,
    Garbage,
}

impl Damage {
    fn of(self, path: &Path, whole: &[u8]) {
        match self {
            Damage::Missing => fs::remove_file(path).unwrap(),
            Damage::Empty => fs::write(path, b"").unwrap(),
            Damage::Half => fs::write(path, &whole[..half(path, whole)]).unwrap(),
            Damage::Garbage => fs::write(path, [0xff, 0xfe, 0x00, 0x80].repeat(100)).unwrap(),
        }
    }
}

/// Where a file is cut in the middle; one in TOML behind a key, since at the end of a line it would be whole again.
fn half(path: &Path, whole: &[u8]) -> usize {
    let half = whole.len() / 2;
    let key = whole[half..]
        .iter()
        .position(|byte| *byte == b'=')
        .filter(|_| path.extension().is_some_and(|e| e == "toml"));
    key.map_or(half, |key| half + key + 1)
}

const ALL: [Damage; 4] = [Damage::Missing, Damage::Empty, Damage::Half, Damage::Garbage];

/// Does each damage to a file in turn, looks, and mends it.
fn damaged(place: &Place, file: &str, damages: &[Damage], look: impl Fn(Damage)) {
    let path = place.path(file);
    let whole = fs::read(&path).unwrap();
    for &damage in damages {
        damage.of(&path, &whole);
        look(damage);
        fs::write(&path, &whole).unwrap();
    }
}

/// The line of standard error that names the file, or for one that is missing the folder it is not in.
fn named(text: &str, file: &str) -> String {
    let folders = std::iter::successors(Some(file), |path| path.rsplit_once('/').map(|(folder, _)| folder));
    // All runs lie in `runs`, which names none.
    let mut lines =
        folders.filter(|path| path.contains('/')).filter_map(|path| text.lines().find(|l| l.contains(path)));
    lines.next().unwrap_or_else(|| panic!("{file}: {text}")).to_string()
}

#[test]
fn a_report_names_what_is_damaged_and_tells_of_the_rest() {
    let place = place();
    let of = |name: &str| format!("runs/quick/seed-0/{name}");
    let checkpoint = checkpoint(&place.path(&of("")));
    let checkpoint = of(&format!("checkpoints/{}", checkpoint.file_name().unwrap().to_str().unwrap()));
    let report = |file: &str, damage: Damage| {
        let output = place.output(&["report", "runs/quick", "runs/other", "--out", "r.html"]);
        assert_eq!(output.status.code(), Some(0), "{file} {damage:?}: {}", stderr(&output));
        let html = fs::read_to_string(place.path("r.html")).unwrap();
        let text = stderr(&output);
        assert!(!text.contains("panicked"), "{text}");
        // What is whole is there.
        assert!(html.contains("Learning curves") && html.contains("other, 2 runs"), "{file} {damage:?}");
        (text, html)
    };
    for file in [of("config.toml"), of("metrics.jsonl")] {
        damaged(&place, &file, &ALL, |damage| {
            let (text, html) = report(&file, damage);
            named(&text, &file);
            assert!(html.contains("Missing or damaged"), "{file} {damage:?}");
        });
    }
    damaged(&place, &checkpoint, &ALL, |damage| drop(named(&report(&checkpoint, damage).0, &checkpoint)));
    let summary = of("summary.json");
    damaged(&place, &summary, &ALL, |damage| {
        let (text, html) = report(&summary, damage);
        // A run that is not finished has none.
        assert!(html.contains("not finished"), "{damage:?}");
        match damage {
            Damage::Missing => assert!(text.is_empty() && !html.contains("Missing or damaged"), "{text}"),
            _ => drop(named(&text, &summary)),
        }
    });
    for file in ["runs/quick/experiment.toml", "runs/quick/seeds.json"] {
        damaged(&place, file, &ALL, |damage| {
            let (text, html) = report(file, damage);
            named(&text, file);
            assert!(html.contains("Missing or damaged"));
            // Alone there is nothing left to report.
            assert!(!place.output(&["report", "runs/quick"]).status.success());
        });
    }
    let whole = place.output(&["report", "runs/quick", "runs/other"]);
    assert!(whole.status.success() && stderr(&whole).is_empty());
}

#[test]
fn a_figure_names_the_file_it_cannot_be_drawn_from() {
    let place = place();
    let run = "runs/quick/seed-0";
    let checkpoint = checkpoint(&place.path(run));
    let checkpoint = format!("checkpoints/{}", checkpoint.file_name().unwrap().to_str().unwrap());
    let cases = [
        ("config.toml", "raster", &ALL[..]),
        ("config.toml", "learning-curve", &ALL),
        // A last line that was written by half is one that is not registered yet.
        ("metrics.jsonl", "learning-curve", &[Damage::Missing, Damage::Empty, Damage::Garbage]),
        ("probes.npz", "thresholds", &ALL),
        ("probes.npz", "rates", &ALL),
        (&checkpoint, "raster", &ALL),
        (&checkpoint, "weights", &ALL),
    ];
    for (file, kind, damages) in cases {
        let path = format!("{run}/{file}");
        damaged(&place, &path, damages, |damage| {
            let figures = place.path(&format!("{run}/figures"));
            let before = fs::read_dir(&figures).map_or(0, Iterator::count);
            let output = place.output(&["plot", run, kind]);
            assert!(!output.status.success(), "{file} {kind} {damage:?}");
            let text = stderr(&output);
            assert!(!text.contains("panicked"), "{text}");
            named(&text, &path);
            assert_eq!(fs::read_dir(&figures).map_or(0, Iterator::count), before, "half a figure");
        });
        place.done(&["plot", run, kind]);
        fs::remove_file(place.path(&format!("{run}/figures/{kind}.svg"))).unwrap();
        fs::remove_file(place.path(&format!("{run}/figures/{kind}.png"))).unwrap();
    }
}

#[test]
fn a_comparison_names_the_file_that_it_lacks() {
    let place = place();
    for file in ["runs/other/aggregate.json", "runs/other/seed-1/metrics.jsonl", "runs/quick/experiment.toml"]
    {
        // A curve of the lines that are whole is still a curve.
        let damages = if file.ends_with("jsonl") { &[Damage::Missing, Damage::Garbage][..] } else { &ALL };
        damaged(&place, file, damages, |damage| {
            let output = place.output(&["compare", "runs/quick", "runs/other"]);
            assert!(!output.status.success(), "{file} {damage:?}");
            let text = stderr(&output);
            assert!(!text.contains("panicked") && output.stdout.is_empty(), "{text}");
            named(&text, file);
        });
    }
    place.done(&["compare", "runs/quick", "runs/other"]);
}
