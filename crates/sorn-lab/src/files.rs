//! Files are written whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::LabError;
use crate::error::{READ, WRITE};

/// A file on its way: what is written goes to a temporary file beside it, with a name of its own, and [`finish`](Whole::finish) puts
/// it in place. Any number of writers may write the same path: it always holds all of one of them.
///
/// The temporary file is locked while it is written and removed if it is not finished, so one that nobody has locked was left by a
/// process that was killed.
#[derive(Debug)]
pub(crate) struct Whole {
    file: NamedTempFile,
    path: PathBuf,
}

impl Whole {
    pub(crate) fn create(path: &Path) -> Result<Whole, LabError> {
        let create = || {
            match fs::metadata(path) {
                Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
                // Put in place of /dev/null, a file would take it from every program.
                Ok(found) if !found.is_file() => {
                    return Err(io::Error::other("expected a file, found a device or a pipe"));
                }
                _ => {}
            }
            loop {
                let file = temporary(path)?;
                // A file system without locks is no reason to fail.
                let _ = file.as_file().try_lock();
                if still_there(file.as_file())? {
                    return Ok(file);
                }
            }
        };
        create().map(|file| Whole { file, path: path.to_path_buf() }).map_err(LabError::io(path, WRITE))
    }

    /// The file to write into.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Hands the file to the disk and puts it in place.
    pub(crate) fn finish(self) -> Result<(), LabError> {
        let Whole { file, path } = self;
        let finish = || {
            file.as_file().sync_all()?;
            file.persist(&path)?;
            sync_dir(&path)
        };
        finish().map_err(LabError::io(&path, WRITE))
    }
}

/// Writes `bytes` to a temporary file beside `path`, hands it to the disk and puts it in place: whole or not at all.
///
/// # Errors
/// [`LabError::Io`] if the file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    let mut whole = Whole::create(path)?;
    whole.file().write_all(bytes).map_err(LabError::io(path, WRITE))?;
    whole.finish()
}

/// Tries whether [`write_whole`] could write `path`; leaves nothing behind, and what `path` holds as it is.
pub(crate) fn try_write(path: &Path) -> Result<(), LabError> {
    Whole::create(path).map(drop)
}

/// A new file beside `path`: `.NAME.RANDOM.tmp`.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    // As any new file: what the user's mask leaves. A temporary file is otherwise its owner's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder(path))
}

const SUFFIX: &str = ".tmp";

/// Where `path` lies.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether the file is still in place after it has been created and locked.
#[cfg(unix)]
fn still_there(file: &File) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 0)
}

#[cfg(not(unix))]
fn still_there(_file: &File) -> io::Result<bool> {
    Ok(true)
}

/// Whether `name` is that of a temporary file of this program's for `NAME`; of any file if `of` is none.
pub(crate) fn is_temporary(name: &OsStr, of: Option<&str>) -> bool {
    let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)) else { return false };
    // Earlier versions wrote NAME.tmp.
    of.is_none_or(|of| stem == of || stem.strip_prefix('.').is_some_and(|rest| rest.starts_with(of)))
}

/// Hands the new name of `path` to the disk, where the system lets a directory be opened.
#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    match File::open(folder(path))?.sync_all() {
        // Some file systems cannot do this for a directory.
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

#[cfg(not(unix))]
fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// More bytes than any text that this program reads has.
const LONGEST: u64 = 1 << 26;

/// The text of a file or pipe. One that never ends, such as a device, is refused.
pub(crate) fn read_text(path: &Path) -> Result<String, LabError> {
    let read = || {
        let mut text = String::new();
        let length = File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)? as u64;
        if length > LONGEST {
            return Err(io::Error::other(format!("more than {LONGEST} bytes")));
        }
        // Some editors put a byte-order mark first.
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Ok(text)
    };
    read().map_err(LabError::io(path, READ))
}

/// All bytes of a file or pipe; a device, which may never end, is refused.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, LabError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(LabError::io(path, READ))?;
    Ok(bytes)
}

/// A file or pipe, to read to its end.
pub(crate) fn open(path: &Path) -> Result<File, LabError> {
    let file = File::open(path).map_err(LabError::io(path, READ))?;
    let kind = file.metadata().map_err(LabError::io(path, READ))?.file_type();
    match is_device(kind) {
        true => Err(LabError::damaged(path, "expected a file, found a device")),
        false => Ok(file),
    }
}

#[cfg(unix)]
fn is_device(kind: fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    kind.is_char_device() || kind.is_block_device()
}

#[cfg(not(unix))]
fn is_device(_kind: fs::FileType) -> bool {
    false
}

pub(crate) fn create_dir(path: &Path) -> Result<(), LabError> {
    fs::create_dir_all(path).map_err(|error| match obstacle(path) {
        Some((place, reason)) => LabError::directory(&place, reason),
        None => LabError::io(path, WRITE)(error),
    })
}

/// The first place on the way to `path` that is there and no directory, and what it is.
fn obstacle(path: &Path) -> Option<(PathBuf, String)> {
    let mut places: Vec<&Path> = path.ancestors().collect();
    places.reverse();
    for place in places.into_iter().filter(|place| !place.as_os_str().is_empty()) {
        let Ok(found) = fs::symlink_metadata(place) else { continue };
        let reason = match fs::read_link(place) {
            Ok(target) if !place.exists() => {
                format!("expected a directory, found a link to {}, which does not exist", target.display())
            }
            _ if place.is_dir() => continue,
            _ if found.is_file() => "expected a directory, found a file".to_owned(),
            _ => "expected a directory, found something else".to_owned(),
        };
        return Some((place.to_path_buf(), reason));
    }
    None
}

pub(crate) fn remove(path: &Path) -> Result<(), LabError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(LabError::io(path, WRITE)(e)),
        _ => Ok(()),
    }
}

/// Takes away temporary files that a killed process left in `dir`; those that a process is writing stay.
pub(crate) fn remove_temporaries(dir: &Path) -> Result<(), LabError> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries.flatten().filter(|entry| is_temporary(&entry.file_name(), None)) {
        let path = entry.path();
        let left = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if left {
            remove(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_whole_and_leave_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_whole(&path, b"1").unwrap();
        write_whole(&path, b"22").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"22");
        // Two that a process was killed over, one of an earlier version, and one that is being written.
        for left in ["b.json.tmp", ".a.json.x1y2z3.tmp"] {
            fs::write(dir.path().join(left), b"half").unwrap();
        }
        let mut writing = Whole::create(&path).unwrap();
        writing.file().write_all(b"333").unwrap();
        remove_temporaries(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        writing.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"333");
        drop(Whole::create(&path).unwrap());
        write_whole(&path, b"22").unwrap();
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

    #[test]
    fn a_file_is_all_of_one_of_its_writers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        std::thread::scope(|scope| {
            for writer in 0..4_u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write_whole(path, &vec![writer; 100_000]).unwrap();
                        let found = fs::read(path).unwrap();
                        assert!(found.len() == 100_000 && found.iter().all(|byte| *byte == found[0]));
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_stands_in_the_way_of_a_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("file"), "").unwrap();
        std::os::unix::fs::symlink(path("gone"), path("link")).unwrap();
        for (place, reason) in [
            ("file/a/b", "file: expected a directory, found a file"),
            ("file", "file: expected a directory, found a file"),
            ("link/a", "gone, which does not exist"),
            ("link", "link: expected a directory, found a link to "),
        ] {
            let error = create_dir(&path(place)).unwrap_err();
            assert!(error.is_usage() && error.to_string().contains(reason), "{error}");
        }
        create_dir(&path("new/one")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read() {
        for device in ["/dev/zero", "/dev/null"] {
            let error = read_bytes(Path::new(device)).unwrap_err();
            assert_eq!(error.to_string(), format!("{device}: expected a file, found a device"));
            assert!(error.is_usage());
        }
        let error = read_bytes(Path::new("/")).unwrap_err();
        assert!(error.is_usage() && error.to_string().starts_with("/: cannot be read"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_gets_the_rights_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        write_whole(&dir.path().join("whole"), b"1").unwrap();
        fs::write(dir.path().join("plain"), b"1").unwrap();
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("whole"), mode("plain"));
    }
}
