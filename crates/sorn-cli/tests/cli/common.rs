//! What the tests of the command share: a small experiment, the command itself, and what a directory holds.

// Each test file uses a part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Every episode is short, so that a run takes well under a second.
pub(crate) const QUICK: &str = r#"
name = "quick"
question = "Does it run?"

[env]
id = "CartPole-v1"

[agent.encoder]
kind = "random_projection"
scale = [1.0, 1.0, 0.1, 1.0]

[agent.reservoir]
kind = "sorn"

[agent.reservoir.params]
ne = 50
lambda_ee = 10.0
lambda_ei = 20.0

[agent.plasticity]
mode = "first_steps"
steps = 400

[run]
episodes = 30
window = 10
threshold = 450.0
checkpoint_every = 4

[eval]
episodes = 3
"#;

/// A folder with the quick experiment in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        place.write("quick.toml", QUICK);
        place
    }

    /// The same, with probes of every step, of some and of few.
    pub(crate) fn recording() -> Place {
        let place = Place::new();
        let probes =
            "\n[record]\nprobes = [\"TE:7\", \"ExcitatoryActivation\", \"EEConnectionCounts:100\"]\n";
        place.write("quick.toml", &format!("{QUICK}{probes}"));
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The command in this folder, on a disk that takes no byte: every write to a file fails.
    #[cfg(unix)]
    pub(crate) fn on_a_full_disk(&self, arguments: &[&str]) -> Output {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_sorn")]);
        shell.args(arguments).current_dir(self.0.path()).env_remove("SORN_LOG").output().unwrap()
    }

    /// The command in this folder.
    pub(crate) fn sorn(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sorn"));
        command.args(arguments).current_dir(self.0.path()).env_remove("SORN_LOG");
        command
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.sorn(arguments).output().unwrap()
    }

    /// Takes a finished run back to the checkpoint of one episode, as if it had been killed after it.
    pub(crate) fn cut(&self, dir: &str, episode: u64) {
        let dir = self.path(dir);
        fs::remove_file(dir.join("summary.json")).unwrap();
        let mut kept = 0;
        for entry in fs::read_dir(dir.join("checkpoints")).unwrap() {
            let path = entry.unwrap().path();
            match path.ends_with(format!("episode-{episode:06}.safetensors")) {
                true => kept += 1,
                false => fs::remove_file(path).unwrap(),
            }
        }
        assert_eq!(kept, 1, "{}: no checkpoint of episode {episode}", dir.display());
    }

    /// Runs a command that must succeed, and gives its stdout.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with this exit code and nothing on stdout, and gives its stderr.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let text = stderr(&output);
        assert!(!text.contains("panicked"), "{text}");
        text
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// All files below `dir` by their path in it, wall times set to 0.
pub(crate) fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    gather(dir, dir, &mut all);
    all
}

fn gather(root: &Path, dir: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, all);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_string();
        let bytes = fs::read(&path).unwrap();
        let bytes = match path.extension().and_then(|e| e.to_str()) {
            Some("json") => timeless(&bytes),
            Some("jsonl") => bytes.split_inclusive(|&b| b == b'\n').flat_map(timeless).collect(),
            Some("csv") => timeless_csv(&bytes),
            _ => bytes,
        };
        all.insert(name, bytes);
    }
}

/// Without the column of the wall time.
fn timeless_csv(csv: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(csv.to_vec()).unwrap();
    let time = text.lines().next().unwrap().split(',').position(|name| name == "wall_secs").unwrap();
    let mut kept = String::new();
    for line in text.lines() {
        let columns = line.split(',').enumerate().filter(|(index, _)| *index != time);
        kept += &columns.map(|(_, column)| column).collect::<Vec<_>>().join(",");
        kept.push('\n');
    }
    kept.into_bytes()
}

fn timeless(json: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(json).unwrap();
    without_time(&mut value);
    // A line's checksum is of its wall time too.
    if let Some(fields) = value.as_object_mut() {
        fields.remove("checksum");
    }
    format!("{value}\n").into_bytes()
}

fn without_time(value: &mut Value) {
    let Some(entries) = value.as_object_mut() else { return };
    for (key, value) in entries {
        if key == "wall_secs" {
            assert!(value.is_number() || value.is_object());
            *value = Value::from(0);
        }
        without_time(value);
    }
}

/// Fails with the names of the files that differ.
pub(crate) fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (contents(left), contents(right));
    let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differing: Vec<_> = names.into_iter().filter(|name| left.get(*name) != right.get(*name)).collect();
    assert!(differing.is_empty(), "different: {differing:?}");
}

pub(crate) fn start(place: &Place, arguments: &[&str]) -> Child {
    place.sorn(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn wait_for(what: &str, ready: impl Fn() -> bool) {
    let begun = Instant::now();
    while !ready() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
        sleep(Duration::from_millis(1));
    }
}

#[cfg(unix)]
pub(crate) fn send(signal: &str, process: u32) {
    let arguments = [format!("-{signal}"), process.to_string()];
    // A process that has just ended needs no signal any more.
    let _ = std::process::Command::new("kill").args(arguments).stderr(Stdio::null()).status().unwrap();
}
