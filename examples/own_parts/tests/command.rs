//! What `docs/own.md` shows is what stands here, and does what it says.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PAGE: &str = "../../docs/own.md";

/// The blocks of the page in the language `name`.
fn blocks(name: &str) -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let open = format!("```{name}\n");
    page.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap().to_string()).collect()
}

fn own(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

const FILES: [&str; 3] = ["line.toml", "reber.toml", "henon.toml"];

/// A directory with the experiment files.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    FILES.iter().for_each(|file| fs::write(place.path().join(file), own(file)).unwrap());
    place
}

/// The program of the page that takes these files: of agents, or of tasks.
fn command(place: &Path, arguments: &[&str]) -> Command {
    let task = arguments
        .iter()
        .any(|argument| ["reber", "henon", "task."].iter().any(|name| argument.contains(name)));
    let mut command =
        Command::new(if task { env!("CARGO_BIN_EXE_my-task") } else { env!("CARGO_BIN_EXE_my-robot") });
    command.current_dir(place).args(arguments).stdin(Stdio::null());
    command
}

fn run(place: &Path, arguments: &[&str]) -> Output {
    command(place, arguments).output().unwrap()
}

/// What it prints; it must succeed.
fn done(place: &Path, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What it complains of; it must refuse its arguments.
fn refused(place: &Path, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_page_shows_this_program() {
    let program = own("src/main.rs");
    assert_eq!(blocks("rust").join("\n"), format!("{program}\n{}", own("src/bin/my-task.rs")));
    FILES.iter().for_each(|file| assert!(blocks("toml").contains(&own(file)), "{file}"));
    let code = program.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    assert!(code.count() < 120);
}

#[test]
fn the_commands_of_the_page_run() {
    let place = place();
    let place = place.path();
    let mut commands = 0;
    for line in blocks("sh").join("\n").lines().filter(|line| line.starts_with("my-")) {
        let line = line.split("  #").next().unwrap().trim_end();
        let arguments: Vec<&str> = line.split(' ').skip(1).collect();
        let text = done(place, &arguments);
        match arguments[0] {
            "check" if line.contains("reber") => {
                let kept = |part: &str| format!("{part} keeps the contract\n");
                let parts = ["task.source.kind = \"reber\"", "task.scores[0].kind = \"allowed\""];
                assert_eq!(text, parts.map(kept).concat());
            }
            "explain" if line.ends_with("task.scores") => {
                for part in ["kind = \"allowed\"", "The share of answers that Reber's grammar allows."] {
                    assert!(text.contains(part), "{part}: {text}");
                }
            }
            "run" if line.contains("reber") => {
                let summary =
                    fs::read_to_string(place.join("runs/reber/experiment/seed-0/summary.json")).unwrap();
                assert!(summary.contains("\"allowed\": 0.98"), "{summary}");
            }
            "explain" if line.starts_with("my-task") => {
                for choice in ["kind = \"reber\"", "Reber's grammar.", "kind = \"henon\"", "kind = \"words\""]
                {
                    assert!(text.contains(choice), "{choice}: {text}");
                }
            }
            "check" => assert_eq!(text.matches("keeps the contract").count(), 4, "{text}"),
            "eval" => assert!(text.contains("LineFollower-v0, greedy policy"), "{text}"),
            "explain" => {
                assert!(text.contains("kind = \"one_step\"") && text.contains("Q-learning of one step"))
            }
            "envs" => assert!(text.contains("LineFollower-v0") && text.contains("Stay on a line."), "{text}"),
            _ => {}
        }
        commands += 1;
    }
    assert!(commands > 8);
    let summary = fs::read_to_string(place.join("runs/line/seed-0/summary.json")).unwrap();
    assert!(summary.contains("\"mean\": 200.0"), "{summary}");
    assert!(fs::read(place.join("film.gif")).unwrap().starts_with(b"GIF89a"));
    assert!(fs::read_to_string(place.join("runs/line/report.html")).unwrap().contains("LineFollower-v0"));
}

#[test]
fn after_a_kill_a_run_goes_on_to_the_same_bits() {
    let place = place();
    let place = place.path();
    let short: &[&str] = &[
        "--quiet",
        "--set",
        "run.episodes=50",
        "--set",
        "run.checkpoint_every=5",
        "--set",
        "run.stop_when_solved=false",
    ];
    let arguments = |out: &'static str| [&["run", "line.toml", "--out", out], short].concat();
    let begun = Instant::now();
    done(place, &arguments("whole"));
    let whole = begun.elapsed();
    let mut killed = 0;
    for fraction in [0.3, 0.5, 0.7] {
        let _ = fs::remove_dir_all(place.join("killed"));
        let mut child = command(place, &arguments("killed")).stderr(Stdio::null()).spawn().unwrap();
        sleep(whole.mul_f64(fraction).max(Duration::from_millis(20)));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        if !place.join("killed/line/seed-0/config.toml").exists() {
            continue;
        }
        done(place, &["resume", "killed/line/seed-0", "--quiet"]);
        // A checkpoint knows no wall time.
        let last = "line/seed-0/checkpoints/episode-000050.safetensors";
        let [one, other] = ["whole", "killed"].map(|out| fs::read(place.join(out).join(last)).unwrap());
        assert!(one == other, "killed after {fraction} of the time");
    }
    assert!(killed > 0, "every process ended before it was killed");
}

#[test]
fn after_a_kill_a_task_goes_on_to_the_same_scores() {
    let place = place();
    let place = place.path();
    for (file, name) in [("reber.toml", "reber"), ("henon.toml", "henon")] {
        let longer = "task.phases.organise.steps=100000";
        let arguments = |out: &'static str| {
            ["run", file, "--quiet", "--out", out, "--set", longer, "--set", "run.checkpoint_every=500"]
        };
        let begun = Instant::now();
        done(place, &arguments("whole"));
        let whole = begun.elapsed();
        let scores = |out: &str| {
            let text = fs::read_to_string(place.join(out).join(name).join("seed-0/summary.json")).unwrap();
            text.split("\"scores\"").nth(1).unwrap().to_string()
        };
        let mut child = command(place, &arguments("killed")).stderr(Stdio::null()).spawn().unwrap();
        sleep(whole.mul_f64(0.5).max(Duration::from_millis(20)));
        child.kill().unwrap();
        let killed = !child.wait().unwrap().success();
        let resumed = place.join("killed").join(name);
        assert!(killed && resumed.join("seed-0/checkpoints").exists(), "{name} ended before it was killed");
        done(place, &["resume", &format!("killed/{name}"), "--quiet"]);
        assert_eq!(scores("killed"), scores("whole"));
    }
}

#[test]
fn an_agent_with_parts_of_its_own_is_a_file() {
    let place = place();
    let place = place.path();
    done(place, &["run", "line.toml", "--quiet", "--set", "run.episodes=40"]);
    done(place, &["export", "runs/line/seed-0", "--out", "agent.safetensors"]);
    let [direct, exported] = ["runs/line/seed-0", "agent.safetensors"]
        .map(|from| done(place, &["eval", from, "--episodes", "20", "--json"]));
    assert_eq!(direct, exported);
}

#[test]
fn what_is_wrong_is_told_by_its_key() {
    let place = place();
    let refusal = |set: &str| refused(place.path(), &["run", "line.toml", "--set", set]);
    let cases = [
        (
            "agent.learner.stpe=1",
            "agent.learner.stpe: unknown key of kind \"one_step\" (expected one of step)",
        ),
        ("agent.learner.kind=one_stp", "found \"one_stp\"; did you mean \"one_step\"?"),
        ("agent.encoder.kind=palce", "found \"palce\"; did you mean \"place\"?"),
        ("env.kwargs.drft=1", "unknown argument \"drft\" (expected one of drift, max_episode_steps)"),
        ("env.id=LineFollower-v1", "did you mean LineFollower-v0?"),
        (
            "agent.reservoir.rules=[{kind=\"decay\",rate=2}]",
            "agent.reservoir.rules[0].rate: expected 0 to below 1, found 2",
        ),
        (
            "agent.reservoir.rules=[{kind=\"dekay\"}]",
            "expected a registered rule of your own as kind (one of `decay`)",
        ),
        ("run.num_envs=2", "this learner cannot learn from several environments at once"),
    ];
    for (set, expected) in cases {
        let text = refusal(set);
        assert!(text.contains(expected), "{set}: {text}");
    }
    for (file, set, expected) in [
        ("reber.toml", "task.source.kind=rebr", "did you mean \"reber\"?"),
        (
            "reber.toml",
            "task.source.frist=1",
            "task.source.frist: unknown key of kind \"reber\" (expected one of first)",
        ),
        (
            "reber.toml",
            "task.scores=[{kind=\"allowd\"}]",
            "expected a registered score of your own as kind (one of `allowed`)",
        ),
        (
            "reber.toml",
            "task.scores=[{kind=\"allowed\",of=1}]",
            "task.scores[0].of: unknown key of kind \"allowed\" (expected none)",
        ),
        ("reber.toml", "task.source.first=2", "task.source.first: expected 0 to 1, found 2"),
        ("henon.toml", "task.source.kind=hennon", "did you mean \"henon\"?"),
        ("henon.toml", "task.source.b=1", "task.source.b: unknown key of kind \"henon\" (expected one of a)"),
    ] {
        let text = refused(place.path(), &["run", file, "--set", set]);
        assert!(text.contains(expected), "{set}: {text}");
    }
    // What grows without end is found as it runs.
    let output = run(place.path(), &["run", "henon.toml", "--quiet", "--set", "task.source.a=9"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1), "{text}");
    assert!(text.contains("task.source: expected finite numbers, found"), "{text}");
}
