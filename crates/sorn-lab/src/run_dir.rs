//! [`RunDir`]: the directory of one seed, and the lock that keeps a second process out of it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{READ, WRITE};
use crate::files::{create_dir, write_whole};
use sorn_agents::Agent;

use crate::{Checkpoint, Experiment, LabError, Summary};

/// The directory `runs/<experiment>/seed-<n>` of one run, locked for this process.
pub struct RunDir {
    path: PathBuf,
    experiment: Experiment,
    // Held until dropped; the system frees it however the process ends.
    _lock: File,
}

impl RunDir {
    /// Where the run of `experiment` lies below `out`.
    pub fn place(out: &Path, experiment: &Experiment) -> PathBuf {
        out.join(&experiment.name).join(format!("seed-{}", experiment.run.seed))
    }

    /// Makes a new run directory at `path` and writes `config.toml`.
    ///
    /// # Errors
    /// [`LabError::Directory`] where `path` exists already, [`LabError::Io`] where it cannot be made.
    pub fn create(path: &Path, experiment: &Experiment) -> Result<RunDir, LabError> {
        if path.exists() {
            return Err(exists(path));
        }
        RunDir::create_or_complete(path, experiment)
    }

    /// As [`create`](RunDir::create), also where a crash left the directory without its `config.toml`.
    pub(crate) fn create_or_complete(path: &Path, experiment: &Experiment) -> Result<RunDir, LabError> {
        create_dir(path)?;
        let lock = lock(path)?;
        write_whole(&path.join("config.toml"), experiment.to_toml().as_bytes())?;
        Ok(RunDir { path: path.to_path_buf(), experiment: experiment.clone(), _lock: lock })
    }

    /// Opens an existing run directory.
    ///
    /// # Errors
    /// [`LabError`] where `path` is no run directory, another process runs in it, or its `config.toml` is damaged.
    pub fn open(path: &Path) -> Result<RunDir, LabError> {
        let config = path.join("config.toml");
        if !path.is_dir() {
            return Err(LabError::directory(path, "no such directory"));
        }
        if !config.is_file() {
            let reason =
                "not a run directory: it has no config.toml (a run directory is runs/<experiment>/seed-<n>)";
            return Err(LabError::directory(path, reason));
        }
        let experiment = Experiment::load(&config, &[])?;
        Ok(RunDir { path: path.to_path_buf(), experiment, _lock: lock(path)? })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The resolved experiment in its `config.toml`.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The summary, or `None` where the run is not finished.
    ///
    /// # Errors
    /// [`LabError`] where the file is damaged.
    pub fn summary(&self) -> Result<Option<Summary>, LabError> {
        Summary::read(&self.path.join("summary.json"))
    }

    /// The agent of the latest checkpoint.
    ///
    /// # Errors
    /// [`LabError`] where there is no checkpoint yet or the latest is damaged.
    pub fn agent(&self) -> Result<Agent, LabError> {
        let (env, _) = self.experiment.make_env(&self.origin())?;
        let dir = self.checkpoints();
        match Checkpoint::latest(&dir, &self.experiment)? {
            Some(checkpoint) => checkpoint.agent(&self.experiment, &env, &dir),
            None => Err(LabError::directory(&self.path, "no checkpoint yet; go on with it by `sorn resume`")),
        }
    }

    pub(crate) fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    pub(crate) fn origin(&self) -> String {
        self.path.join("config.toml").display().to_string()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), LabError> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            create_dir(parent)?;
        }
        write_whole(&path, bytes)
    }
}

/// The refusal to write over a run.
pub(crate) fn exists(path: &Path) -> LabError {
    let how = match path.join("summary.json").exists() {
        true => "holds a finished run",
        false => "holds a run that was begun; go on with it by `sorn resume`",
    };
    LabError::directory(
        path,
        format!("{how}; give another --out, another --seed, or move the directory away"),
    )
}

pub(crate) fn lock(dir: &Path) -> Result<File, LabError> {
    let path = dir.join(".lock");
    let file = match File::create(&path) {
        Ok(file) => file,
        // A run on a read-only disk can still be looked at.
        Err(e) if e.kind() == std::io::ErrorKind::ReadOnlyFilesystem => {
            return fs::File::open(dir).map_err(LabError::io(dir, READ));
        }
        Err(e) => return Err(LabError::io(&path, WRITE)(e)),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LabError::directory(
            dir,
            "another process is running in this directory; wait for it or stop it",
        )),
        Err(TryLockError::Error(e)) => Err(LabError::io(&path, "cannot be locked")(e)),
    }
}
