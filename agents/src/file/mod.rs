//! Agents as files: [`Agent::save`] and [`Agent::load`], the same format for Rust, the command line and Python.
//!
//! A file is safetensors: the arrays of [`Agent::state`] as tensors, and one metadata entry `sorn`, JSON with
//! `format_version`, a checksum, and under `agent` the configuration, the spaces, the seed and the rest of the state. Arrays that
//! a new agent of the same configuration and seed has as well are left out: what never changed is drawn again. A frozen agent's traces are left out too; they
//! begin anew with an episode.

mod checksum;
mod container;

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sorn_env::Space;

use crate::{Agent, AgentConfig, AgentError, AgentState};
pub use checksum::Checksum;

/// Version of the format of [`Agent::save`]; others are refused.
pub const AGENT_FORMAT_VERSION: u32 = 1;

/// A file of an agent that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub fault: FileFault,
}

/// What is wrong with a file of an agent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("expected an agent saved by Agent.save or `sorn export`, found {found}")]
    Foreign {
        /// What it seems to be.
        found: String,
    },
    /// Another version of the format.
    #[error("expected format_version {AGENT_FORMAT_VERSION}, found {found}")]
    Version {
        /// The version found.
        found: String,
    },
    /// It is cut off or changed.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// What it holds makes no agent.
    #[error("{0}")]
    Agent(#[from] AgentError),
}

/// All but the arrays.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    config: AgentConfig,
    observation_space: Space,
    action_space: Space,
    seed: u64,
    samples: bool,
    state: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    notes: Value,
}

impl Agent {
    /// Saves the agent, whole: [`load`](Agent::load) gives an agent that goes on to the bit. A [`frozen`](Agent::frozen) copy makes
    /// the smaller file of a policy that only acts.
    ///
    /// The file is written whole or not at all; what `path` held before is replaced.
    ///
    /// # Errors
    /// [`FileError`] naming the file.
    ///
    /// ```
    /// use sorn_agents::{Agent, AgentConfig};
    /// use sorn_env::Space;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("sorn-agent-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("thermostat.safetensors");
    /// let observations = Space::box_f32(&[0.0], &[1.0])?;
    /// let agent = Agent::new(&AgentConfig::default(), &observations, &Space::discrete(2)?, 42)?;
    /// agent.save(&path)?; // to go on learning
    /// agent.frozen().save(&path)?; // to act only
    /// let mut policy = Agent::load(&path)?;
    /// let action = policy.begin(&[0.5_f32])?;
    /// assert!(policy.action_space().contains(&action));
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        self.save_with(path, &Value::Null)
    }

    /// [`save`](Agent::save) with a note beside the agent, which [`load_with`](Agent::load_with) gives back.
    ///
    /// # Errors
    /// As [`save`](Agent::save).
    pub fn save_with(&self, path: impl AsRef<Path>, notes: &Value) -> Result<(), FileError> {
        let path = path.as_ref();
        write(path, &self.to_bytes(notes)).map_err(|e| FileError { path: path.into(), fault: e.into() })
    }

    /// The agent that was saved. It goes on between two episodes or within one, exactly as the saved one would have.
    ///
    /// # Errors
    /// [`FileError`] naming the file, and what it is where it is no agent.
    pub fn load(path: impl AsRef<Path>) -> Result<Agent, FileError> {
        Agent::load_with(path).map(|(agent, _)| agent)
    }

    /// The agent that was saved, and the note beside it; [`Value::Null`] where there is none.
    ///
    /// # Errors
    /// As [`load`](Agent::load).
    pub fn load_with(path: impl AsRef<Path>) -> Result<(Agent, Value), FileError> {
        let path = path.as_ref();
        let load = || Agent::from_bytes(&read(path)?);
        load().map_err(|fault| FileError { path: path.into(), fault })
    }

    /// The bytes of the file that [`save_with`](Agent::save_with) writes.
    pub fn to_bytes(&self, notes: &Value) -> Vec<u8> {
        let mut state = if self.is_frozen() { self.without_traces().state() } else { self.state() };
        if let Ok(fresh) =
            Agent::new(self.config(), self.observation_space(), self.action_space(), self.seed())
        {
            let fresh = fresh.state();
            state
                .arrays
                .retain(|name, array| !fresh.arrays.get(name).is_some_and(|other| equal(array, other)));
        }
        let saved = Saved {
            config: self.config().clone(),
            observation_space: self.observation_space().clone(),
            action_space: self.action_space().clone(),
            seed: self.seed(),
            samples: self.samples(),
            state: state.meta,
            notes: notes.clone(),
        };
        let saved = serde_json::to_value(&saved).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        container::pack(AGENT_FORMAT_VERSION, saved, &state.arrays)
    }

    /// The agent and the note that [`to_bytes`](Agent::to_bytes) was given.
    ///
    /// # Errors
    /// [`FileFault`]: what the bytes are where they are no agent.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Agent, Value), FileFault> {
        let (saved, arrays) = container::unpack(AGENT_FORMAT_VERSION, bytes)?;
        let saved: Saved = serde_path_to_error::deserialize(saved)
            .map_err(|e| FileFault::Damaged(format!("metadata \"sorn\": agent.{e}")))?;
        for space in [&saved.observation_space, &saved.action_space] {
            space.validate().map_err(|e| FileFault::Damaged(e.to_string()))?;
        }
        let fresh = Agent::new(&saved.config, &saved.observation_space, &saved.action_space, saved.seed)?;
        let mut whole = AgentState { meta: saved.state, ..fresh.state() };
        whole.arrays.extend(arrays);
        let mut agent = fresh;
        agent.load_state(&whole)?;
        agent.set_sampling(saved.samples);
        Ok((agent, saved.notes))
    }

    /// Checks that the agent was made for these spaces.
    ///
    /// # Errors
    /// [`AgentError::Mismatch`] naming both.
    pub fn check_spaces(&self, observation_space: &Space, action_space: &Space) -> Result<(), AgentError> {
        let pairs = [
            ("observation", self.observation_space(), observation_space),
            ("action", self.action_space(), action_space),
        ];
        match pairs.into_iter().find(|(_, own, given)| own != given) {
            None => Ok(()),
            Some((what, own, given)) => Err(AgentError::Mismatch(format!(
                "the saved agent's {what} space: expected {own}, found {given}"
            ))),
        }
    }
}

/// To the bit: a zero keeps its sign, and NaN is itself.
fn equal(a: &ndarray::ArrayD<f64>, b: &ndarray::ArrayD<f64>) -> bool {
    a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Writes a temporary file beside `path`, hands it to the disk and renames it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".tmp");
    #[cfg(unix)]
    {
        // As any new file: what the user's mask leaves.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// All bytes of a regular file; others, such as a device, may never end.
fn read(path: &Path) -> Result<Vec<u8>, FileFault> {
    let mut file = File::open(path)?;
    let kind = file.metadata()?;
    if !kind.is_file() {
        let found = if kind.is_dir() { Directory::of(path).to_string() } else { "no regular file".into() };
        return Err(FileFault::Foreign { found });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a directory seems to be.
enum Directory {
    Run,
    Other,
}

impl Directory {
    fn of(path: &Path) -> Directory {
        if path.join("config.toml").exists() { Directory::Run } else { Directory::Other }
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Directory::Run => "the directory of a run",
            Directory::Other => "a directory",
        })
    }
}
