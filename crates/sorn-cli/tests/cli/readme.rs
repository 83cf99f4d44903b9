//! The commands of README.md and experiments/README.md run in the order in which they stand, made small.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::common::Place;

/// The lines of the blocks of shell commands, without their comments.
fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.split("  #").next().unwrap_or(line).trim());
    lines.filter(|line| !line.is_empty()).map(String::from).collect()
}

/// What another step runs: the tests themselves, a terminal, environments of Python's.
fn elsewhere(command: &str) -> bool {
    ["xtask", "--live", "gymnasium"].iter().any(|part| command.contains(part))
}

/// The same command with two seeds, few episodes and short phases.
fn small(command: &str, root: &Path) -> String {
    let mut words: Vec<String> = command.split(' ').map(String::from).collect();
    for word in &mut words {
        if let Some((first, last)) = word.split_once("..")
            && let (Ok(first), Ok(_)) = (first.parse::<u64>(), last.parse::<u64>())
        {
            *word = format!("{first}..{}", first + 2);
        }
        *word = word.replace("run.episodes=2000", "run.episodes=20");
    }
    if words[1] != "run" {
        return words.join(" ");
    }
    let file = fs::read_to_string(root.join(&words[2])).unwrap_or_else(|e| panic!("{command}: {e}"));
    let table: toml::Table = file.parse().unwrap();
    let phases = table.get("task").and_then(|task| task["phases"].as_array());
    let sets: Vec<String> = match phases {
        Some(phases) => phases
            .iter()
            .map(|phase| format!("task.phases.{}.steps=1500", phase["name"].as_str().unwrap()))
            .collect(),
        None => vec!["run.episodes=8".into(), "eval.episodes=2".into()],
    };
    words.extend(sets.into_iter().flat_map(|set| ["--set".into(), set]));
    words.join(" ")
}

/// Runs them; what they printed, one after the other.
fn run_all(page: &str) -> (Place, Vec<(String, String)>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let place = Place::new();
    symlink(root.join("experiments"), place.path("experiments")).unwrap();
    fs::create_dir(place.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_sorn"), place.path("bin/sorn")).unwrap();
    let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap());
    let mut printed = Vec::new();
    for command in commands(&fs::read_to_string(root.join(page)).unwrap()) {
        if elsewhere(&command) {
            continue;
        }
        let command = command.replace("cargo run --release -- ", "sorn ");
        assert!(command.starts_with("sorn "), "{page}: a command that is not tried: {command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &small(&command, &root)]).current_dir(place.path("")).env("PATH", &path);
        let output = shell.env_remove("SORN_LOG").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        printed.push((command, text));
    }
    (place, printed)
}

/// What the command that contains `part` printed.
fn said<'a>(printed: &'a [(String, String)], part: &str) -> &'a str {
    let found = printed.iter().find(|(command, _)| command.contains(part));
    &found.unwrap_or_else(|| panic!("no command with {part}")).1
}

#[test]
fn the_readme_runs_from_top_to_bottom() {
    let (place, printed) = run_all("README.md");
    assert!(printed.len() >= 15, "{printed:?}");
    for part in ["cartpole-static", "p"] {
        assert!(said(&printed, "compare runs/cartpole").contains(part), "{printed:?}");
    }
    assert!(said(&printed, "envs CartPole-v1").contains("time limit"));
    assert!(said(&printed, "explain agent.learner").contains("ppo"));
    for made in [
        "runs/cartpole/seed-0/summary.json",
        "runs/cartpole/seed-1/summary.json",
        "film.gif",
        "half/cartpole",
    ] {
        assert!(place.path(made).exists(), "{made}");
    }
    // The larger budget was used.
    let summary = fs::read_to_string(place.path("runs/cartpole/seed-0/summary.json")).unwrap();
    assert!(summary.contains("\"episodes\": 20"), "{summary}");
}

#[test]
fn the_readme_of_the_experiments_runs_from_top_to_bottom() {
    let (_, printed) = run_all("experiments/README.md");
    assert!(printed.len() >= 8, "{printed:?}");
    assert!(said(&printed, "compare runs/acrobot").contains("acrobot-static"));
    assert!(said(&printed, "compare --markdown runs/counting").contains("of_ceiling"));
    assert!(said(&printed, "compare runs/repeat-previous").contains("repeat-previous-none"));
}
