//! Run directories of a sweep as bytes, for machines that share no folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Component, Path};

use super::dir::{ERROR, SweepDir, is_done};
use crate::LabError;
use crate::error::READ;
use crate::files::{create_dir, is_temporary, read_bytes, remove, write_whole};
use crate::run_dir::lock;

const LOCK: &str = ".lock";

/// The directory of a task, which this process has for itself until this is dropped.
#[derive(Debug)]
pub struct Held(#[allow(dead_code)] File);

impl SweepDir {
    /// Keeps other processes out of the directory of the task `number`; `None` if one of them has it.
    ///
    /// # Errors
    /// [`LabError`] if there is no such task, or its directory cannot be made.
    pub fn hold(&self, number: u64) -> Result<Option<Held>, LabError> {
        let place = self.place(&self.numbered(number)?);
        create_dir(&place)?;
        match lock(&place) {
            Ok(file) => Ok(Some(Held(file))),
            Err(LabError::Busy { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The files of the task `number` by their names within its directory, parts divided by `/`.
    ///
    /// # Errors
    /// [`LabError`] if there is no such task, or a file cannot be read.
    pub fn pack(&self, number: u64) -> Result<BTreeMap<String, Vec<u8>>, LabError> {
        let place = self.place(&self.numbered(number)?);
        let mut files = BTreeMap::new();
        for name in names(&place, "")? {
            files.insert(name.clone(), read_bytes(&place.join(&name))?);
        }
        Ok(files)
    }

    /// Makes the directory of the task `number` what [`pack`](SweepDir::pack) found. It is a run that can go on at every moment: what is
    /// recorded comes before the checkpoints that know of it, the summary last.
    ///
    /// # Errors
    /// [`LabError`] if there is no such task, a name leads out of the directory, or a file cannot be written.
    pub fn unpack(&self, number: u64, files: &BTreeMap<String, Vec<u8>>) -> Result<(), LabError> {
        let place = self.place(&self.numbered(number)?);
        for name in files.keys() {
            let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            if name.is_empty() || !inside {
                let reason = format!("expected names of files within it, found {name:?}");
                return Err(LabError::damaged(&place, reason));
            }
        }
        // A run that is done stays as it is.
        if is_done(&place) {
            return Ok(());
        }
        create_dir(&place)?;
        let write = |name: &String| {
            let path = place.join(name);
            path.parent().map_or(Ok(()), create_dir)?;
            write_whole(&path, &files[name])
        };
        let (summary, rest): (Vec<&String>, Vec<&String>) =
            files.keys().partition(|name| *name == "summary.json");
        let (checkpoints, recorded): (Vec<&String>, Vec<&String>) =
            rest.into_iter().partition(|name| name.starts_with("checkpoints/"));
        recorded.into_iter().chain(checkpoints).try_for_each(write)?;
        for name in names(&place, "")?.iter().filter(|name| !files.contains_key(*name)) {
            remove(&place.join(name))?;
        }
        summary.into_iter().try_for_each(write)
    }

    /// Writes why the task `number` failed, where its directory is there.
    ///
    /// # Errors
    /// [`LabError`] if there is no such task, or the file cannot be written.
    pub fn tell(&self, number: u64, reason: &str) -> Result<(), LabError> {
        let place = self.place(&self.numbered(number)?);
        match place.is_dir() {
            true => write_whole(&place.join(ERROR), format!("{reason}\n").as_bytes()),
            false => Ok(()),
        }
    }
}

/// The files below `dir`, without locks and what a killed process left.
fn names(dir: &Path, parent: &str) -> Result<Vec<String>, LabError> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        other => other.map_err(LabError::io(dir, READ))?,
    };
    for entry in entries {
        let entry = entry.map_err(LabError::io(dir, READ))?;
        let name = entry.file_name();
        if name == LOCK || is_temporary(&name, None) {
            continue;
        }
        let Some(name) = name.to_str().map(|name| format!("{parent}{name}")) else { continue };
        match entry.file_type().map_err(LabError::io(dir, READ))?.is_dir() {
            true => found.extend(names(&entry.path(), &format!("{name}/"))?),
            false => found.push(name),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Instant;

    use super::*;
    use crate::{Plan, SweepProgress, SweepTask, TaskState};

    const FILE: &str = "name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[agent.encoder]\nkind = \"random_projection\"\n[agent.reservoir.params]\nne = 50\n\
                        [run]\nepisodes = 9\ncheckpoint_every = 2\nwindow = 2\nstop_when_solved = false\n[eval]\nepisodes = 1\n[sweep]\n\
                        [sweep.grid]\nagent.encoder.gain = [1.0, 2.0]\n";

    /// Stops when it has been asked this many times.
    struct After(AtomicU64);

    impl SweepProgress for After {
        fn begun(&self, _task: &SweepTask) {}
        fn ended(&self, _task: &SweepTask, _done: Option<bool>) {}
        fn skipped(&self) {}
        fn stop(&self) -> bool {
            let asked = |left: u64| Some(left.saturating_sub(1));
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, asked).is_ok_and(|left| left == 0)
        }
        fn asked(&self) -> Option<Instant> {
            None
        }
    }

    fn sweep(dir: &Path) -> SweepDir {
        SweepDir::create(dir, Plan::read(FILE, "a.toml", &[]).unwrap()).unwrap()
    }

    fn run(sweep: &SweepDir, questions: u64) {
        sweep.run(&[1], 1, &After(AtomicU64::new(questions))).unwrap();
    }

    #[test]
    fn a_run_goes_on_elsewhere_to_the_same_bits() {
        let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [whole, here, there] = dirs.each_ref().map(|dir| sweep(dir.path()));
        run(&whole, u64::MAX);
        // Some steps here, and the rest elsewhere.
        run(&here, 60);
        let task = here.plan().task(1).unwrap();
        assert_eq!(here.state(&task), TaskState::Begun);
        let files = here.pack(1).unwrap();
        assert!(files.keys().any(|name| name.starts_with("checkpoints/")), "{:?}", files.keys());
        there.unpack(1, &files).unwrap();
        run(&there, u64::MAX);
        assert_eq!(there.state(&task), TaskState::Done);
        // Back again; nothing is left of what it had before.
        here.unpack(1, &there.pack(1).unwrap()).unwrap();
        assert_eq!(here.pack(1).unwrap(), there.pack(1).unwrap());
        let [whole, here] = [&whole, &here].map(|sweep| sweep.pack(1).unwrap());
        assert!(whole.keys().eq(here.keys()), "{:?} {:?}", whole.keys(), here.keys());
        let bits = |name: &&String| name.ends_with(".safetensors") || name.ends_with(".svg");
        assert!(whole.keys().filter(bits).count() >= 2);
        assert!(whole.keys().filter(bits).all(|name| whole[name] == here[name]));
    }

    #[test]
    fn names_that_lead_out_and_tasks_that_are_none_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let sweep = sweep(dir.path());
        for name in ["../x", "/tmp/x", "", "a/../../x"] {
            let files = BTreeMap::from([(name.to_string(), Vec::new())]);
            let error = sweep.unpack(0, &files).unwrap_err().to_string();
            assert!(error.contains("expected names of files within it"), "{name}: {error}");
        }
        assert!(sweep.pack(2).unwrap_err().to_string().contains("expected a task from 0 to 1, found 2"));
        let held = sweep.hold(0).unwrap().unwrap();
        assert!(sweep.hold(0).unwrap().is_none());
        drop(held);
        assert!(sweep.hold(0).unwrap().is_some());
    }
}
