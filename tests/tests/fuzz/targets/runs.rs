//! Small runs that are right, to be damaged.

use std::fs;
use std::path::{Path, PathBuf};

use sorn_lab::{Experiment, Quiet, RunDir, Sweep, train};

/// Takes some ten milliseconds.
pub(super) const TINY: &str = r#"name = "tiny"
[env]
id = "CartPole-v1"
wrappers = [{ kind = "time_limit", max_episode_steps = 12 }, { kind = "normalize_observation" }]
[agent.reservoir.params]
ne = 12
lambda_ee = 4
lambda_ei = 4
[agent.plasticity]
mode = "first_steps"
steps = 20
[run]
episodes = 6
window = 3
checkpoint_every = 3
[eval]
episodes = 1
"#;

/// The experiment [`TINY`].
pub(super) fn experiment(dir: &Path) -> Experiment {
    let file = dir.join("tiny.toml");
    fs::write(&file, TINY).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    Experiment::load(&file, &[]).unwrap_or_else(|e| panic!("{e}"))
}

/// A finished run of it in `dir`, and its directory.
pub(super) fn run(dir: &Path) -> (Experiment, PathBuf) {
    let experiment = experiment(dir);
    let path = dir.join("run");
    if !path.exists() {
        let done = RunDir::create(&path, &experiment).and_then(|run| train(&run, &Quiet));
        done.unwrap_or_else(|e| panic!("{e}"));
    }
    (experiment, path)
}

/// A finished sweep of two seeds, and its directory.
pub(super) fn sweep(dir: &Path) -> PathBuf {
    let experiment = experiment(dir);
    let sweep = Sweep::create(&dir.join("runs"), &experiment, &[0, 1]).unwrap_or_else(|e| panic!("{e}"));
    sweep.run(1, &Quiet).unwrap_or_else(|e| panic!("{e}"));
    sweep.path().to_path_buf()
}

/// The last checkpoint of a run.
pub(super) fn checkpoint(run: &Path) -> PathBuf {
    let entries = fs::read_dir(run.join("checkpoints")).unwrap_or_else(|e| panic!("{e}"));
    entries.flatten().map(|entry| entry.path()).max().unwrap_or_else(|| panic!("no checkpoint"))
}

pub(super) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
