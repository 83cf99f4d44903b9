//! Every wrong input gets an error that names it, and exit code 2; work that fails gets 1.

use std::fs;
use std::process::Stdio;

use crate::common::{Place, QUICK, stderr};

/// The error of `sorn run` on the quick experiment with `from` replaced by `to`.
fn refused(from: &str, to: &str) -> String {
    let place = Place::new();
    assert!(QUICK.contains(from), "{from}");
    place.write("wrong.toml", &QUICK.replace(from, to));
    let text = place.fails(2, &["run", "wrong.toml"]);
    assert!(text.starts_with("error: wrong.toml"), "{text}");
    assert!(!place.path("runs").exists(), "nothing is made for a wrong file");
    text
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
}

#[test]
fn a_wrong_file_is_refused_with_the_key() {
    contains(
        &refused("episodes = 30", "episods = 30"),
        &["run.episods: unknown key; did you mean `episodes`?"],
    );
    contains(&refused("ne = 50", "ne = 1"), &["ne", "found 1"]);
    contains(&refused("ne = 50", "ne = \"50\""), &["agent.reservoir.params.ne", "string \"50\""]);
    contains(&refused("ne = 50", "eta_stdp = -1.0"), &["eta_stdp", "-1"]);
    contains(&refused("episodes = 30", "episodes = 0"), &["run.episodes: expected at least 1, found 0"]);
    contains(&refused("episodes = 30", "episodes = -3"), &["run.episodes", "-3"]);
    contains(&refused("window = 10", "window = 2.5"), &["run.window", "2.5"]);
    contains(&refused("threshold = 450.0", "threshold = nan"), &["run.threshold", "NaN"]);
    contains(&refused("CartPole-v1", "CartPol-v1"), &["env.id", "CartPol-v1", "did you mean", "CartPole-v1"]);
    contains(&refused("id = ", "kwargs = { gravity = 1 }\nid = "), &["env", "unknown argument \"gravity\""]);
    contains(&refused("id = ", "wrappers = [{ kind = \"fly\" }]\nid = "), &["env.wrappers[0]", "fly"]);
    contains(
        &refused("id = ", "wrappers = [{ kind = \"frame_skip\", steps = 0 }]\nid = "),
        &["env.wrappers[0]", "FrameSkip"],
    );
    contains(&refused("scale = [1.0, 1.0, 0.1, 1.0]", "scale = [1.0]"), &["encoder.scale"]);
    contains(&refused("kind = \"sorn\"", "kind = \"lstm\""), &["agent.reservoir.kind", "lstm", "static"]);
    let learner = "[agent.learner]\nkind = \"random\"\nactor_step = 1.0\n[agent.encoder]";
    contains(&refused("[agent.encoder]", learner), &["agent.learner.actor_step: unknown key"]);
    contains(&refused("name = \"quick\"", "name = \"../up\""), &["name", "../up"]);
    contains(&refused("name = \"quick\"", "name = "), &["line 2"]);
    contains(&refused("[env]\nid = \"CartPole-v1\"", ""), &["env: missing"]);
    contains(&refused("id = \"CartPole-v1\"", "id = \"Pendulum-v1\""), &["agent"]);
}

#[test]
fn a_wrong_command_is_refused() {
    let place = Place::new();
    let cases: &[(&[&str], &str)] = &[
        (&["run", "gone.toml"], "gone.toml: cannot be read"),
        (&["run", "."], "cannot be read"),
        (&["run", "quick.toml", "--seeds", "5..5"], "names no seed"),
        (&["run", "quick.toml", "--seeds", "0..2", "--seed", "1"], "cannot be used with"),
        (&["run", "quick.toml", "--threads", "0"], "--threads"),
        (&["run", "quick.toml", "--set", "run.episodes"], "--set run.episodes: expected key=value"),
        (&["run", "quick.toml", "--set", "run.epochs=1"], "--set run.epochs=1: run.epochs: unknown key"),
        (&["run", "quick.toml", "--set", "run.episodes=many"], "--set run.episodes=many: run.episodes"),
        (&["run", "quick.toml", "--set", "env.id=Pong"], "unknown environment \"Pong\""),
        (&["run", "quick.toml", "--seed", "18446744073709551615"], "run.seed"),
        (&["resume", "nowhere"], "nowhere: no such directory"),
        (&["resume", "."], "no config.toml"),
        (&["eval", "nowhere"], "nowhere: no such directory"),
        (
            &["eval", "quick.toml"],
            "quick.toml: expected an agent saved by Agent.save or `sorn export`, found a file of",
        ),
        (
            &["run", "quick.toml", "--set", "agent.reservoir.params.h_ip=nan"],
            "agent.reservoir.params.h_ip: expected a finite number",
        ),
        (&["plot", "nowhere", "learning-curve"], "nowhere: no such directory"),
        (&["plot", ".", "pie"], "learning-curve"),
        (&["check", "CartPole"], "did you mean"),
        (&["new", "experiment", "a/b"], "name"),
        (&["new", "experiment", "a", "--env", "Cart"], "--env"),
        (&["evl"], "eval"),
        (&[], "Usage"),
    ];
    for (arguments, part) in cases {
        contains(&place.fails(2, arguments), &[part]);
    }
    assert!(!place.path("runs").exists());
}

/// Of the right type and out of range: the line of the file, or the override, whichever said it.
#[test]
fn whoever_said_a_wrong_value_is_blamed() {
    let said = |from: &str, to: &str| refused(from, to).lines().next().unwrap().to_string();
    assert_eq!(
        said("episodes = 30", "episodes = 0"),
        "error: wrong.toml:25: run.episodes: expected at least 1, found 0"
    );
    assert!(said("CartPole-v1", "CartPol-v1").starts_with("error: wrong.toml:6: env.id: "));
    let text = said("scale = [1.0, 1.0, 0.1, 1.0]", "scale = [1.0]");
    assert!(text.starts_with("error: wrong.toml:10: agent.encoder.scale: "), "{text}");
    let text = said("id = ", "wrappers = [\n  { kind = \"frame_skip\", steps = 0 }\n]\nid = ");
    assert!(text.starts_with("error: wrong.toml:7: env.wrappers[0]: "), "{text}");

    let place = Place::new();
    for (set, reason) in [
        ("run.episodes=0", "run.episodes: expected at least 1, found 0"),
        (
            "run.seed=18446744073709551615",
            "run.seed: expected at most 9223372036854775807, found 18446744073709551615",
        ),
        ("agent.encoder.scale=[1.0]", "agent.encoder.scale: "),
        ("env={id=\"Pong\"}", "env.id: "),
    ] {
        let text = place.fails(2, &["run", "quick.toml", "--set", "run.window=9", "--set", set]);
        assert!(text.starts_with(&format!("error: --set {set}: {reason}")), "{text}");
    }
    let text = place.fails(2, &["run", "quick.toml", "--set", "env.kwargs.g=1"]);
    assert!(text.starts_with("error: quick.toml with --set env.kwargs.g=1: env: "), "{text}");
    // The file is at odds with what was set beside it: its line is named.
    let text = place.fails(2, &["run", "quick.toml", "--set", "env.id=MaskedCartPole-v1"]);
    assert!(text.starts_with("error: quick.toml:10: agent.encoder.scale: expected 2 numbers"), "{text}");
}

#[test]
fn an_existing_run_is_not_written_over() {
    let place = Place::new();
    let short = ["run", "quick.toml", "--set", "run.episodes=2"];
    place.done(&short);
    let before = crate::common::contents(&place.path("runs"));
    contains(&place.fails(2, &short), &["runs/quick/seed-0: holds a finished run", "--out", "--seed"]);
    assert_eq!(before, crate::common::contents(&place.path("runs")));
    fs::remove_file(place.path("runs/quick/seed-0/summary.json")).unwrap();
    contains(&place.fails(2, &short), &["sorn resume"]);
}

#[test]
fn damaged_run_directories_are_told() {
    let place = Place::new();
    place.done(&["run", "quick.toml"]);
    let dir = place.path("runs/quick/seed-0");
    let file = |name: &str| dir.join(name);
    let checkpoint = file("checkpoints/episode-000030.safetensors");
    let whole = fs::read(&checkpoint).unwrap();
    let resume = || place.fails(2, &["resume", "runs/quick/seed-0"]);

    let summary = fs::read(file("summary.json")).unwrap();
    fs::write(file("summary.json"), "{}").unwrap();
    contains(&resume(), &["summary.json", "missing field"]);
    fs::remove_file(file("summary.json")).unwrap();

    fs::write(&checkpoint, &whole[..whole.len() / 2]).unwrap();
    contains(&resume(), &["episode-000030.safetensors: not a whole safetensors file"]);
    contains(&place.fails(2, &["eval", "runs/quick/seed-0"]), &["episode-000030.safetensors"]);
    fs::write(&checkpoint, "PK\u{3}\u{4}not at all a checkpoint").unwrap();
    contains(&resume(), &["episode-000030.safetensors: not a whole safetensors file"]);

    // A checkpoint of another run.
    place.done(&["run", "quick.toml", "--seed", "1"]);
    fs::copy(place.path("runs/quick/seed-1/checkpoints/episode-000030.safetensors"), &checkpoint).unwrap();
    contains(&resume(), &["another configuration", "run.seed was 1, is now 0"]);
    fs::write(&checkpoint, &whole).unwrap();

    let config = fs::read_to_string(file("config.toml")).unwrap();
    fs::write(file("config.toml"), config.replace("\nwindow = 10", "\nwindow = 11")).unwrap();
    contains(&resume(), &["another configuration", "run.window was 10, is now 11"]);
    fs::write(file("config.toml"), config.replace("\nwindow", "\nwindows")).unwrap();
    contains(&resume(), &["config.toml", "run.windows: unknown key"]);
    fs::write(file("config.toml"), &config).unwrap();

    let metrics = fs::read_to_string(file("metrics.jsonl")).unwrap();
    fs::write(file("metrics.jsonl"), metrics.lines().take(3).map(|l| format!("{l}\n")).collect::<String>())
        .unwrap();
    contains(&resume(), &["metrics.jsonl: expected 30 episodes", "found 3"]);
    fs::write(file("metrics.jsonl"), metrics.replacen("return", "retrun", 1)).unwrap();
    contains(&resume(), &["metrics.jsonl: line 1"]);
    // A changed digit, which would change the summary and whether the run counts as solved.
    let line = metrics.lines().nth(4).unwrap();
    let length = line.split("\"length\":").nth(1).unwrap();
    let digit = if length.starts_with('9') { "1" } else { "9" };
    let changed =
        line.replacen(&format!("\"length\":{length}"), &format!("\"length\":{digit}{}", &length[1..]), 1);
    fs::write(file("metrics.jsonl"), metrics.replacen(line, &changed, 1)).unwrap();
    contains(&resume(), &["metrics.jsonl: line 5: it is damaged: expected checksum", "found"]);

    // Whole again, it ends as it did.
    fs::write(file("metrics.jsonl"), &metrics).unwrap();
    place.done(&["resume", "runs/quick/seed-0"]);
    let strip = |bytes: &[u8]| {
        let mut value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        value["wall_secs"] = 0.into();
        value
    };
    assert_eq!(strip(&fs::read(file("summary.json")).unwrap()), strip(&summary));
}

#[test]
fn a_recording_that_a_checkpoint_knows_of_must_be_there() {
    let place = Place::recording();
    place.done(&["run", "quick.toml"]);
    place.cut("runs/quick/seed-0", 30);
    // A run under way has streams; this one was finished, which removes them.
    let text = place.fails(2, &["resume", "runs/quick/seed-0"]);
    contains(&text, &["probes/TE.npy: expected the ", " rows up to the checkpoint, found no such file"]);
}

#[test]
fn a_finished_run_without_its_checkpoint_is_told_so() {
    let place = Place::new();
    place.done(&["run", "quick.toml"]);
    fs::remove_dir_all(place.path("runs/quick/seed-0/checkpoints")).unwrap();
    for command in [&["eval", "runs/quick/seed-0"][..], &["export", "runs/quick/seed-0", "--out", "a"]] {
        let text = place.fails(2, command);
        contains(
            &text,
            &["checkpoints: expected the checkpoint of the finished run, found none", "restore it"],
        );
        assert!(!text.contains("sorn resume"), "{text}");
    }
    // One that is not finished goes on.
    fs::remove_file(place.path("runs/quick/seed-0/summary.json")).unwrap();
    contains(&place.fails(2, &["eval", "runs/quick/seed-0"]), &["no checkpoint yet", "sorn resume"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_with_the_file_named() {
    let place = Place::new();
    let output = place.on_a_full_disk(&["run", "quick.toml"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    contains(&text, &["runs/quick/seed-0/config.toml: cannot be written: File too large"]);
    assert_eq!(text.matches("too large").count(), 1, "{text}");
    // Nothing of the attempt is left but the lock.
    assert_eq!(fs::read_dir(place.path("runs/quick/seed-0")).unwrap().count(), 1);
    // With space again it runs.
    place.done(&["run", "quick.toml", "--set", "run.episodes=1"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_fails_and_a_closed_one_is_nobodys_fault() {
    let place = Place::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.sorn(&["envs"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    contains(&stderr(&output), &["stdout: cannot be written: No space left"]);
    for arguments in [&["envs"][..], &["--help"], &["run", "quick.toml", "--set", "run.episodes=1"]] {
        let mut child = place.sorn(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn what_is_piped_has_no_colour_and_no_progress() {
    let place = Place::new();
    let output = place.output(&["run", "quick.toml", "--set", "run.episodes=3"]);
    assert_eq!(stderr(&output), "");
    assert!(!output.stdout.contains(&0x1b));
    let output = place.output(&["run", "gone.toml"]);
    assert!(!output.stderr.contains(&0x1b));
}

#[cfg(not(any(feature = "gymnasium", feature = "gym-rs")))]
#[test]
fn environments_that_need_a_feature_say_how_to_build_it() {
    let place = Place::new();
    for (id, feature) in [
        ("gymnasium:CartPole-v1", "gymnasium"),
        ("my_robots:Robot-v0", "gymnasium"),
        ("gym-rs:CartPole-v1", "gym-rs"),
    ] {
        let text = place.fails(2, &["run", "quick.toml", "--set", &format!("env.id={id}")]);
        let build = format!("cargo run --release --features {feature} -- run FILE");
        contains(&text, &["env.id: ", id, &build]);
        assert!(!place.path("runs").exists());
    }
    let wrapper = "env.wrappers=[{ kind = \"gymnasium.wrappers:ClipReward\" }]";
    let text = place.fails(2, &["run", "quick.toml", "--set", wrapper]);
    contains(&text, &["env.wrappers: ", "gymnasium.wrappers:ClipReward", "is Python's"]);
    contains(&place.done(&["doctor"]), &["python", "built without the feature gymnasium"]);
}
