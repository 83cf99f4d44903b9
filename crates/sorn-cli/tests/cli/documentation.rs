//! The commands of `docs/training.md` and `docs/papers.md` run as they stand there.

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
    let [file] = blocks(&page, "toml")[..] else { panic!("one experiment file expected") };
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
fn the_commands_of_the_page_on_papers_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/papers.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split("\n## ").nth(1).unwrap();
    let place = Place::new();
    let [file] = blocks(part, "toml")[..] else { panic!("one experiment file expected") };
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
