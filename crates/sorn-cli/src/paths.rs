//! Files that a command is to write.

use std::path::Path;

use crate::output::Usage;

/// Refuses a path that names no file in an existing directory, before the work is done whose result goes there.
pub(crate) fn writable(argument: &str, path: &Path) -> Result<(), Usage> {
    let refuse = |found: String| Err(Usage(format!("{argument} {}: {found}", path.display())));
    if path.is_dir() {
        return refuse("expected a file, found a directory".into());
    }
    if path.exists() && !path.is_file() {
        return refuse("expected a file, found a device or a pipe".into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            refuse(format!("expected a file in a directory that exists; {} does not", folder.display()))
        }
        _ => Ok(()),
    }
}
