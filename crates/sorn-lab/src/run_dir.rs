//! [`RunDir`]: the directory of one seed, and the lock that keeps a second process out of it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::WRITE;
use crate::files::{create_dir, is_temporary, read_text, remove_temporaries, write_whole};
use crate::{Checkpoint, Episode, Experiment, LabError, Summary, Trained, metrics, read};

const CONFIG: &str = "config.toml";
const LOCK: &str = ".lock";

/// The directory `runs/<experiment>/seed-<n>` of one run.
pub struct RunDir {
    path: PathBuf,
    experiment: Experiment,
    // Held until dropped where this process may write; the system frees it however the process ends.
    _lock: Option<File>,
}

impl RunDir {
    /// Where the run of `experiment` lies below `out`.
    pub fn place(out: &Path, experiment: &Experiment) -> PathBuf {
        out.join(&experiment.name).join(format!("seed-{}", experiment.run.seed))
    }

    /// Makes a new run directory at `path`, locks it for this process and writes `config.toml`.
    ///
    /// # Errors
    /// [`LabError::Directory`] where `path` holds a run or anything else, [`LabError::Io`] where it cannot be made.
    pub fn create(path: &Path, experiment: &Experiment) -> Result<RunDir, LabError> {
        if path.join(CONFIG).exists() {
            return Err(exists(path));
        }
        // What a process that was killed here leaves behind is no run yet.
        let ours = |name: &std::ffi::OsStr| name == LOCK || is_temporary(name, Some(CONFIG));
        if let Ok(mut entries) = fs::read_dir(path)
            && let Some(entry) = entries.find_map(|e| e.ok().filter(|e| !ours(&e.file_name())))
        {
            let name = entry.file_name();
            let reason =
                format!("no run directory, but not empty either ({}); give another --out", name.display());
            return Err(LabError::directory(path, reason));
        }
        create_dir(path)?;
        let lock = lock(path)?;
        if path.join(CONFIG).exists() {
            return Err(exists(path));
        }
        write_whole(&path.join(CONFIG), experiment.to_toml().as_bytes())?;
        Ok(RunDir { path: path.to_path_buf(), experiment: experiment.clone(), _lock: Some(lock) })
    }

    /// Opens an existing run directory to go on with it, and locks it for this process.
    ///
    /// # Errors
    /// [`LabError`] where `path` is no run directory, another process runs in it, or its `config.toml` is damaged.
    pub fn open(path: &Path) -> Result<RunDir, LabError> {
        let mut dir = RunDir::read(path)?;
        dir._lock = Some(lock(path)?);
        Ok(dir)
    }

    /// Opens an existing run directory to look at it; another process may be running in it.
    ///
    /// # Errors
    /// [`LabError`] where `path` is no run directory, or its `config.toml` is damaged.
    pub fn read(path: &Path) -> Result<RunDir, LabError> {
        let config = path.join(CONFIG);
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(LabError::directory(path, "a directory expected, found a file")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(LabError::directory(path, "no such directory"));
            }
            Err(e) => return Err(LabError::directory(path, format!("cannot be read: {e}"))),
        }
        if !config.is_file() {
            let reason =
                "not a run directory: it has no config.toml (a run directory is runs/<experiment>/seed-<n>)";
            return Err(LabError::directory(path, reason));
        }
        let experiment = read::experiment(&read_text(&config)?, &config.display().to_string(), &[])?;
        Ok(RunDir { path: path.to_path_buf(), experiment, _lock: None })
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

    /// What the run has learnt, as of its latest checkpoint.
    ///
    /// # Errors
    /// [`LabError`] where there is no checkpoint yet or the latest is damaged.
    pub fn trained(&self) -> Result<Trained, LabError> {
        let (env, _) = self.experiment.make_env(&self.origin())?;
        let dir = self.checkpoints();
        match Checkpoint::latest_file(&dir, &self.experiment)? {
            Some((path, checkpoint)) => Ok(Trained {
                agent: checkpoint.agent(&self.experiment, &env, &path)?,
                memory: checkpoint.memory,
                deterministic: true,
            }),
            None if self.path.join("summary.json").exists() => {
                let reason = "expected the checkpoint of the finished run, found none; restore it, or run the experiment anew in \
                              another directory";
                Err(LabError::directory(&dir, reason))
            }
            None => Err(LabError::directory(&self.path, "no checkpoint yet; go on with it by `sorn resume`")),
        }
    }

    /// The episodes that `metrics.jsonl` holds so far; a last line that was written by half is none.
    ///
    /// # Errors
    /// [`LabError`] if the file cannot be read or is damaged.
    pub fn episodes(&self) -> Result<Vec<Episode>, LabError> {
        metrics::read(&self.metrics())
    }

    pub(crate) fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Whether the directory is as this process left it.
    ///
    /// # Errors
    /// [`LabError::Run`] naming what somebody removed: writing on would give a run that lacks it.
    pub(crate) fn still_there(&self) -> Result<(), LabError> {
        let gone = |path: &Path| {
            let reason =
                format!("{}: gone; something removed it while the run was writing it", path.display());
            Err(LabError::Run { seed: self.experiment.run.seed, reason })
        };
        if !self.path.is_dir() {
            return gone(&self.path);
        }
        let files = [self.path.join(CONFIG), self.metrics()];
        files.iter().find(|path| !path.is_file()).map_or(Ok(()), |path| gone(path))
    }

    pub(crate) fn origin(&self) -> String {
        self.path.join(CONFIG).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), LabError> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            create_dir(parent)?;
        }
        write_whole(&path, bytes)
    }
}

/// Whether `path` holds a run.
pub(crate) fn is_run(path: &Path) -> bool {
    path.join(CONFIG).exists()
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

/// Keeps other processes from writing in `dir` while the file returned lives, and removes what a killed one left.
pub(crate) fn lock(dir: &Path) -> Result<File, LabError> {
    let path = dir.join(LOCK);
    let file = File::create(&path).map_err(LabError::io(&path, WRITE))?;
    match file.try_lock() {
        Ok(()) => {
            for folder in ["", "checkpoints", "figures", "tensorboard"] {
                remove_temporaries(&dir.join(folder))?;
            }
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(LabError::directory(
            dir,
            "another process is running in this directory; wait for it or stop it",
        )),
        Err(TryLockError::Error(e)) => Err(LabError::io(&path, "cannot be locked")(e)),
    }
}

/// Refuses if another process is running in one of the runs at `paths`.
pub(crate) fn refuse_live(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), LabError> {
    paths.into_iter().filter(|path| is_run(path)).try_for_each(|path| lock(&path).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment() -> Experiment {
        read::experiment("name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[agent]\n", "a.toml", &[]).unwrap()
    }

    #[test]
    fn a_run_is_never_written_over_and_locked_while_it_runs() {
        let parent = tempfile::tempdir().unwrap();
        let path = RunDir::place(parent.path(), &experiment());
        assert!(path.ends_with("a/seed-0"));
        let dir = RunDir::create(&path, &experiment()).unwrap();
        let refused = RunDir::create(&path, &experiment()).err().unwrap();
        assert!(refused.to_string().contains("sorn resume") && refused.is_usage(), "{refused}");
        let second = RunDir::open(&path).err().unwrap().to_string();
        assert!(second.contains("another process"), "{second}");
        assert_eq!(RunDir::read(&path).unwrap().experiment(), &experiment());
        drop(dir);
        assert_eq!(RunDir::open(&path).unwrap().experiment(), &experiment());
    }

    #[test]
    fn what_a_killed_process_left_goes_from_every_folder_of_a_run() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("seed-0");
        drop(RunDir::create(&path, &experiment()).unwrap());
        let left = ["", "checkpoints", "figures", "tensorboard"].map(|folder| {
            fs::create_dir_all(path.join(folder)).unwrap();
            path.join(folder).join(".a.x1y2z3.tmp")
        });
        left.iter().for_each(|file| fs::write(file, "half").unwrap());
        RunDir::open(&path).unwrap();
        assert!(left.iter().all(|file| !file.exists()));
    }

    #[test]
    fn what_was_removed_under_a_run_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("seed-0");
        let dir = RunDir::create(&path, &experiment()).unwrap();
        let gone = || {
            let error = dir.still_there().unwrap_err();
            assert!(!error.is_usage());
            error.to_string()
        };
        assert!(gone().contains("seed-0/metrics.jsonl: gone"), "{}", gone());
        fs::write(dir.metrics(), "").unwrap();
        dir.still_there().unwrap();
        fs::remove_file(path.join(CONFIG)).unwrap();
        assert!(gone().contains("seed-0/config.toml: gone"), "{}", gone());
        fs::remove_dir_all(&path).unwrap();
        assert!(gone().contains("seed-0: gone"), "{}", gone());
    }

    #[test]
    fn a_directory_without_its_config_is_no_run_yet() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("seed-0");
        fs::create_dir(&path).unwrap();
        fs::write(path.join(LOCK), "").unwrap();
        fs::write(path.join("config.toml.tmp"), "name = ").unwrap();
        fs::write(path.join(".config.toml.a1b2c3.tmp"), "name = ").unwrap();
        assert!(RunDir::open(&path).err().unwrap().to_string().contains("no config.toml"));
        drop(RunDir::create(&path, &experiment()).unwrap());
        let other = parent.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("thesis.tex"), "").unwrap();
        assert!(RunDir::create(&other, &experiment()).err().unwrap().to_string().contains("thesis.tex"));
        assert!(RunDir::open(parent.path()).is_err() && RunDir::open(&parent.path().join("gone")).is_err());
    }
}
