//! Files are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::LabError;
use crate::error::{READ, WRITE};

/// Writes `bytes` to a temporary file beside `path`, flushes it to the disk and renames it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    let temporary = temporary(path);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_dir(path)
    };
    write().map_err(|e| {
        // What is left of a failed attempt only takes space.
        let _ = fs::remove_file(&temporary);
        LabError::io(path, WRITE)(e)
    })
}

/// Tries whether [`write_whole`] could write `path`; leaves nothing behind, and what `path` holds as it is.
pub(crate) fn try_write(path: &Path) -> Result<(), LabError> {
    let temporary = temporary(path);
    let attempt = || {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        match File::create_new(&temporary) {
            Ok(_) => fs::remove_file(&temporary),
            // Left by a process that was killed.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                File::options().write(true).open(&temporary).map(drop)
            }
            Err(e) => Err(e),
        }
    };
    attempt().map_err(LabError::io(path, WRITE))
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Hands the new name of `path` to the disk, where the system lets a directory be opened.
#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(parent)?.sync_all() {
        // Some file systems cannot do this for a directory.
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

#[cfg(not(unix))]
fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

pub(crate) fn read_text(path: &Path) -> Result<String, LabError> {
    fs::read_to_string(path).map_err(LabError::io(path, READ))
}

pub(crate) fn create_dir(path: &Path) -> Result<(), LabError> {
    fs::create_dir_all(path).map_err(LabError::io(path, WRITE))
}

pub(crate) fn remove(path: &Path) -> Result<(), LabError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(LabError::io(path, WRITE)(e)),
        _ => Ok(()),
    }
}

/// Takes away temporary files that a killed process left in `dir`.
pub(crate) fn remove_temporaries(dir: &Path) -> Result<(), LabError> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.path().extension().is_some_and(|e| e == "tmp") {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// FNV-1a, 64 bits: enough to notice damage.
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_is_the_published_one() {
        let mut hash = Fnv::default();
        hash.update(b"foobar");
        assert_eq!(hash.finish(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn files_are_replaced_whole_and_leave_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_whole(&path, b"1").unwrap();
        write_whole(&path, b"22").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"22");
        fs::write(dir.path().join("b.json.tmp"), b"half").unwrap();
        remove_temporaries(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let nowhere = dir.path().join("no/such/a.json");
        for error in [write_whole(&nowhere, b"1").unwrap_err(), try_write(&nowhere).unwrap_err()] {
            assert!(error.to_string().contains("no/such/a.json: cannot be written"), "{error}");
            assert!(!error.is_usage());
        }
        assert!(try_write(dir.path()).is_err());
        try_write(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"22");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
