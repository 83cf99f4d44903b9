//! `data.json`: which data a run was begun with, so that it never goes on with others.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sorn_agents::Checksum;

use crate::LabError;
use crate::files::{read_bytes, read_text, write_whole};

const DATA: &str = "data.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    /// The file, as the experiment names it.
    file: String,
    /// Checksum of its bytes.
    checksum: String,
}

/// Notes in `dir` what `file` holds.
pub(super) fn note(dir: &Path, file: &Path) -> Result<(), LabError> {
    let data = Data { file: file.display().to_string(), checksum: checksum(file)? };
    let json = serde_json::to_string_pretty(&data).unwrap_or_else(|e| unreachable!("plain data: {e}"));
    write_whole(&dir.join(DATA), (json + "\n").as_bytes())
}

/// Refuses to go on in `dir` if `file` holds other data than when its run was begun. Runs of earlier versions have no note.
pub(super) fn check(dir: &Path, file: &Path) -> Result<(), LabError> {
    let path = dir.join(DATA);
    if !path.exists() {
        return Ok(());
    }
    let noted: Data =
        serde_json::from_str(&read_text(&path)?).map_err(|e| LabError::damaged(&path, e.to_string()))?;
    match checksum(file)? == noted.checksum {
        true => Ok(()),
        false => {
            let expected = format!("expected {} as it was when the run was begun", file.display());
            let reason = format!("{expected}, found other data; put it back, or give another --out");
            Err(LabError::directory(dir, reason))
        }
    }
}

fn checksum(file: &Path) -> Result<String, LabError> {
    Ok(Checksum::of(&read_bytes(file)?).to_string())
}
