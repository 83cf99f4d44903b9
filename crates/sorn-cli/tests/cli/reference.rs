//! The reference of experiment files says what the code says.
//!
//! `SORN_UPDATE=1 cargo test -p sorn-cli --test cli reference`, run twice, writes the schema and then the page anew.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::Place;

/// Compares `made` with a file of the repository, or writes it.
fn compare(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    if std::env::var_os("SORN_UPDATE").is_some() {
        fs::write(&path, made).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == made, "{file} is not what the code says; see the head of this test");
}

#[test]
fn the_schema_is_that_of_the_types() {
    let schema = format!("{:#}\n", sorn_lab::experiment_schema());
    compare("crates/sorn-cli/src/experiment.schema.json", &schema);
    let printed = Place::new().done(&["explain", "--schema"]);
    assert_eq!(printed, include_str!("../../src/experiment.schema.json"));
}

#[test]
fn the_page_is_that_of_the_schema() {
    compare("docs/experiment-file.md", &Place::new().done(&["explain", "--markdown"]));
}

#[test]
fn keys_are_explained() {
    let place = Place::new();
    let text = place.done(&["explain", "run.episodes"]);
    assert_eq!(
        text,
        "run.episodes\n  a non-negative integer\n  Episodes at most. If neither this nor `steps` is given, 1,000.\n"
    );
    let text = place.done(&["explain", "agent.learner.clip_range"]);
    assert!(text.starts_with("agent.learner.clip_range  (kind = \"ppo\")\n"), "{text}");
    let text = place.done(&["explain", "agent.learner.gamma"]);
    assert!(text.contains("(kind = \"actor_critic\")") && text.contains("(kind = \"ppo\")"), "{text}");
    let text = place.done(&["explain", "env.wrappers[0].steps"]);
    assert!(text.contains("frame_skip"), "{text}");
    let text = place.done(&["explain", "task.phases.role"]);
    assert!(text.contains("\"generate\""), "{text}");
    let text = place.done(&["explain", "task.measures.lags"]);
    assert!(text.starts_with("task.measures[].lags  (kind = \"branching\")\n"), "{text}");
    let text = place.done(&["explain"]);
    assert!(text.contains("agent") && text.contains("phases") || text.contains("task"), "{text}");
    let text = place.fails(2, &["explain", "run.episods"]);
    assert!(text.contains("\"run.episods\"; did you mean run.episodes?"), "{text}");
}

#[test]
fn every_key_has_a_meaning() {
    fn look(value: &Value, path: &str, missing: &mut Vec<String>) {
        if let Some(properties) = value["properties"].as_object() {
            // A choice of a table with one key is described as a whole.
            let whole = properties.len() == 1 && value["description"].is_string();
            for (key, property) in properties {
                if !whole && property["description"].is_null() && property["const"].is_null() {
                    missing.push(format!("{path}.{key}"));
                }
            }
        }
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(key, inner)| look(inner, &format!("{path}/{key}"), missing))
            }
            Value::Array(list) => list.iter().for_each(|inner| look(inner, path, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    let mut schema = sorn_lab::experiment_schema();
    // What tells the kinds of files apart describes nothing.
    schema["if"].take();
    schema["else"]["if"].take();
    schema["else"]["else"]["if"].take();
    look(&schema, "", &mut missing);
    assert!(missing.is_empty(), "without a description: {missing:?}");
}

#[test]
fn shells_and_manuals_know_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.done(&["completions", shell]);
        assert!(script.contains("resume") && script.contains("explain"), "{shell}");
    }
    fs::create_dir(place.path("man")).unwrap();
    place.done(&["man", "--out", "man"]);
    let page = fs::read_to_string(place.path("man/sorn-run.1")).unwrap();
    assert!(page.contains("\\-\\-seeds"), "{page}");
    assert!(place.path("man/sorn.1").exists() && place.path("man/sorn-new-experiment.1").exists());
    assert!(place.fails(2, &["man", "--out", "nowhere"]).contains("nowhere"));
}

#[test]
fn the_page_of_commands_is_what_help_says() {
    let place = Place::new();
    let mut page = String::from("# The command\n\nWhat `sorn --help` and `sorn COMMAND --help` say.\n");
    let help = place.done(&["--help"]);
    page.push_str(&format!("\n```text\n{}```\n", unwrapped(&help)));
    for command in commands(&help) {
        let help = place.done(&[command, "--help"]);
        page.push_str(&format!("\n## sorn {command}\n\n```text\n{}```\n", unwrapped(&help)));
        for inner in commands(&help) {
            let help = place.done(&[command, inner, "--help"]);
            page.push_str(&format!("\n### sorn {command} {inner}\n\n```text\n{}```\n", unwrapped(&help)));
        }
    }
    compare("docs/command.md", &page);
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<&str> {
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

/// Without spaces at the ends of lines.
fn unwrapped(help: &str) -> String {
    help.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
