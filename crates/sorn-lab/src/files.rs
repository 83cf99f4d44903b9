//! Files are written whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::LabError;
use crate::error::{READ, WRITE};

/// Writes `bytes` to a temporary file beside `path`, flushes it to the disk and renames it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|e| {
        // What is left of a failed attempt only takes space.
        let _ = fs::remove_file(&temporary);
        LabError::io(path, WRITE)(e)
    })
}

pub(crate) fn read_text(path: &Path) -> Result<String, LabError> {
    fs::read_to_string(path).map_err(LabError::io(path, READ))
}

pub(crate) fn create_dir(path: &Path) -> Result<(), LabError> {
    fs::create_dir_all(path).map_err(LabError::io(path, WRITE))
}

pub(crate) fn remove(path: &Path) -> Result<(), LabError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(LabError::io(path, WRITE)(e)),
        _ => Ok(()),
    }
}
