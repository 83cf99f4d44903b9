//! What can go wrong between an experiment file and its run directory.

use std::io;
use std::path::{Path, PathBuf};

/// An experiment that cannot be run, resumed or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// A file that cannot be read or written.
    #[error("{}: {what}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was attempted.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// An experiment file, or an override, that says something not allowed.
    #[error("{origin}: {reason}")]
    Config {
        /// The file, or the override.
        origin: String,
        /// The key, what was found, what is allowed.
        reason: String,
    },
    /// A directory that is not what the command needs.
    #[error("{}: {reason}", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What was found and what to do.
        reason: String,
    },
    /// A directory in which another process is running.
    #[error("{}: another process is running in this directory; wait for it or stop it", .path.display())]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// A recorded file that is damaged or belongs to something else.
    #[error("{}: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        reason: String,
    },
    /// The agent cannot be built.
    #[error("{origin}: agent.{source}")]
    Agent {
        /// The experiment.
        origin: String,
        /// Why.
        source: sorn_agents::AgentError,
    },
    /// There is no memory for what is asked for.
    #[error("{origin}: {reason}")]
    Memory {
        /// The file or argument that asks.
        origin: String,
        /// What needs how many bytes.
        reason: String,
    },
    /// The run itself failed.
    #[error("seed {seed}: {reason}")]
    Run {
        /// Seed of the run.
        seed: u64,
        /// What failed, where.
        reason: String,
    },
}

impl LabError {
    pub(crate) fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> LabError {
        let path = path.to_path_buf();
        move |source| LabError::Io { path, what, source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> LabError {
        LabError::Damaged { path: path.to_path_buf(), reason: reason.into() }
    }

    pub(crate) fn directory(path: &Path, reason: impl Into<String>) -> LabError {
        LabError::Directory { path: path.to_path_buf(), reason: reason.into() }
    }

    /// Whether the command or a file it was given was wrong, as opposed to work that failed.
    pub fn is_usage(&self) -> bool {
        match self {
            // A name that no file can have is wrong, whatever was attempted.
            LabError::Io { source, .. } if source.kind() == io::ErrorKind::InvalidFilename => true,
            LabError::Io { source, what, .. } => *what == READ && source.kind() != io::ErrorKind::StorageFull,
            LabError::Run { .. } => false,
            _ => true,
        }
    }
}

/// The attempt whose failure means that the user named a wrong file.
pub(crate) const READ: &str = "cannot be read";
/// The attempt whose failure means that the disk is full or refuses.
pub(crate) const WRITE: &str = "cannot be written";
