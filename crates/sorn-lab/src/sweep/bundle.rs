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
