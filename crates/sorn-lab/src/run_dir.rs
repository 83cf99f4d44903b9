//! [`RunDir`]: the directory of one seed, and the lock that keeps a second process out of it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use sorn_agents::Agent;
use sorn_env::AnyEnv;

use crate::error::WRITE;
use crate::files::{create_dir, is_temporary, read_text, remove, remove_temporaries, write_whole};
use crate::{
    Checkpoint, Episode, Evaluated, Experiment, LabError, RunConfig, Summary, TaskSort, Trained, checkpoint,
    evaluations, initial, metrics, read,
};

const CONFIG: &str = "config.toml";
const LOCK: &str = ".lock";

/// The directory `runs/<experiment>/seed-<n>` of one run.
pub struct RunDir {
    path: PathBuf,
    experiment: Experiment,
    // Held until dropped where this process may write; the system frees it however the process ends.
    _lock: Option<File>,
}

/// Refuses the directory of a task without an agent.
pub(crate) fn of_an_agent(dir: &Path) -> Result<(), LabError> {
    match TaskSort::of_dir(dir)? {
        None => Ok(()),
        Some(_) => {
            Err(LabError::directory(dir, "expected a run of an agent, found a task without one ([task])"))
        }
    }
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
        let ours = |name: &std::ffi::OsStr| {
            [LOCK, initial::NPZ, initial::SAFETENSORS].iter().any(|ours| name == *ours)
                || [CONFIG, "initial."].iter().any(|of| is_temporary(name, Some(of)))
        };
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
        if let Some(file) = &experiment.run.initial {
            initial::keep(path, file)?;
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
            Ok(_) => return Err(LabError::directory(path, "expected a directory, found a file")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(LabError::directory(path, "no such directory"));
            }
            Err(e) => return Err(LabError::directory(path, format!("cannot be read: {e}"))),
        }
        of_an_agent(path)?;
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

    /// Gives the run another budget, with which [`train`](crate::train) goes on; `overrides` are those of
    /// [`Experiment::with_budget`]. True if it may come to other results than with that budget from its beginning.
    ///
    /// # Errors
    /// [`LabError`] if a key is no budget's, the budget is less than what is done, or the file cannot be written.
    pub fn set_budget(&mut self, overrides: &[String]) -> Result<bool, LabError> {
        let experiment = self.experiment.with_budget(overrides)?;
        self.take_budget(&experiment.run)
    }

    /// Whether the run has nothing left to train.
    ///
    /// # Errors
    /// [`LabError`] where the summary is damaged.
    pub fn is_finished(&self) -> Result<bool, LabError> {
        Ok(self.summary()?.is_some_and(|summary| self.experiment.run.is_over(&summary)))
    }

    pub(crate) fn take_budget(&mut self, run: &RunConfig) -> Result<bool, LabError> {
        let done = self.done()?;
        let new = self.experiment.run.with_budget_of(run);
        self.experiment.allow_budget(&new, done)?;
        if new == self.experiment.run {
            return Ok(false);
        }
        // Towards the end of a budget of episodes environments fall idle, and the round in which a task is solved is not ended.
        let old = &self.experiment.run;
        let depends = old.num_envs > 1 && (old.episodes.is_some() || old.stop_when_solved) && done.0 > 0;
        self.experiment.run = new;
        self.write(CONFIG, self.experiment.to_toml().as_bytes())?;
        Ok(depends)
    }

    /// Refuses a budget that is less than what is done.
    pub(crate) fn allow_budget(&self, run: &RunConfig) -> Result<(), LabError> {
        self.experiment.allow_budget(run, self.done()?)
    }

    /// Episodes and environment steps that are done.
    fn done(&self) -> Result<(u64, u64), LabError> {
        if let Some(summary) = self.summary()? {
            return Ok((summary.episodes, summary.env_steps));
        }
        let lines = if self.metrics().exists() { self.episodes()? } else { Vec::new() };
        Ok((lines.len() as u64, lines.last().map_or(0, |line| line.env_steps)))
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), LabError> {
        remove(&self.path.join(name))
    }

    /// The summary, or `None` where the run is not finished.
    ///
    /// # Errors
    /// [`LabError`] where the file is damaged.
    pub fn summary(&self) -> Result<Option<Summary>, LabError> {
        Summary::read(&self.path.join("summary.json"))
    }

    /// The agent before the first episode.
    pub(crate) fn make_agent(&self, env: &AnyEnv) -> Result<Agent, LabError> {
        let mut agent = self.experiment.make_agent(env, &self.origin())?;
        self.begin(&mut agent).map(|()| agent)
    }

    /// Gives an agent as it was drawn what the run begins with.
    pub(crate) fn begin(&self, agent: &mut Agent) -> Result<(), LabError> {
        match &self.experiment.run.initial {
            None => Ok(()),
            Some(file) => initial::begin_agent(agent, &initial::kept(&self.path, file), &self.origin()),
        }
    }

    /// What the run has learnt, as of its latest checkpoint.
    ///
    /// # Errors
    /// [`LabError`] where there is no checkpoint yet or the latest is damaged.
    pub fn trained(&self) -> Result<Trained, LabError> {
        let dir = self.checkpoints();
        match Checkpoint::latest_file(&dir, &self.experiment)? {
            Some((path, checkpoint)) => self.learnt(&path, checkpoint),
            None if self.path.join("summary.json").exists() => {
                let reason = "expected the checkpoint of the finished run, found none; restore it, or run the experiment again in \
                              another directory";
                Err(LabError::directory(&dir, reason))
            }
            None => Err(LabError::directory(&self.path, "no checkpoint yet; resume it with `sorn resume`")),
        }
    }

    /// What the run had learnt at its best evaluation while training.
    ///
    /// # Errors
    /// [`LabError`] where there was none, or its checkpoint is damaged.
    pub fn best(&self) -> Result<Trained, LabError> {
        let dir = self.checkpoints();
        match Checkpoint::best(&dir, &self.experiment)? {
            Some(checkpoint) => self.learnt(&dir.join(checkpoint::BEST), checkpoint),
            None => {
                let reason = "no checkpoints/best.safetensors: eval.every or eval.every_steps evaluates while training and keeps the \
                              best";
                Err(LabError::directory(&self.path, reason))
            }
        }
    }

    /// `file` names the checkpoint in errors.
    fn learnt(&self, file: &Path, checkpoint: Checkpoint) -> Result<Trained, LabError> {
        let (env, _) = self.experiment.make_env(&self.origin())?;
        Ok(Trained {
            agent: checkpoint.agent(&self.experiment, &env, file)?,
            memory: checkpoint.memory,
            deterministic: true,
        })
    }

    /// The evaluations while training that `evaluations.jsonl` holds so far.
    ///
    /// # Errors
    /// [`LabError`] if the file cannot be read or is damaged.
    pub fn evaluations(&self) -> Result<Vec<Evaluated>, LabError> {
        evaluations::read(self)
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
        true => "holds a finished run; `sorn resume DIR --set run.episodes=N` trains on",
        false => "holds a run that was begun; resume it with `sorn resume`",
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
        Err(TryLockError::WouldBlock) => Err(LabError::Busy { path: dir.to_path_buf() }),
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
