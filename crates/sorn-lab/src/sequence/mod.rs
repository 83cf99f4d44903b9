//! Sequence tasks as experiments: a file, arms, run directories, a table.

mod experiment;
mod run;
mod sweep;
mod table;

use std::path::Path;

pub use experiment::{SequenceExperiment, SequenceRunConfig, Vary};
pub use run::{SequenceOutcome, SequenceProgress, SequenceSummary};
pub use sweep::{SequenceSweep, SequenceSwept};
pub use table::{SequenceArm, SequenceTable};

pub(crate) use experiment::is_sequence;
pub(crate) use run::run;

use crate::LabError;
use crate::files::read_text;

/// Whether the experiment file `path` says `kind = "sequence"` in its `[task]`.
///
/// # Errors
/// [`LabError::Io`] if the file cannot be read. A file that is no TOML is left to the reader of its kind.
pub fn is_sequence_file(path: &Path) -> Result<bool, LabError> {
    let table: Result<toml::Table, _> = read_text(path)?.parse();
    Ok(table.is_ok_and(|table| experiment::is_sequence(&table)))
}

/// Whether `dir` holds a sequence task: one run or several arms and seeds.
///
/// # Errors
/// [`LabError::Io`] if its files cannot be read.
pub fn is_sequence_dir(dir: &Path) -> Result<bool, LabError> {
    for name in [sweep::EXPERIMENT, run::CONFIG] {
        if dir.join(name).is_file() {
            return is_sequence_file(&dir.join(name));
        }
    }
    Ok(false)
}
