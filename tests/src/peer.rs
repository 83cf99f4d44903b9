//! A Python interpreter that has the peers installed.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The environment variable that names the interpreter.
pub const VARIABLE: &str = "SORN_TEST_PYTHON";

/// Why a peer gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// [`VARIABLE`] is not set.
    #[error(
        "{VARIABLE} is not set: let it name a Python interpreter with the packages of \
         tests/peers/requirements.txt, or run `cargo xtask test --only peers`, which makes one"
    )]
    NoInterpreter,
    /// There is no such script under `tests/peers/`.
    #[error("there is no script {}", .0.display())]
    NoScript(PathBuf),
    /// The interpreter did not start, or a pipe to it broke.
    #[error("{} with {VARIABLE}={}: {source}", script.display(), python.display())]
    Io {
        /// The script that was to run.
        script: PathBuf,
        /// The interpreter that was to run it.
        python: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The script ended with an error.
    #[error("{} ended with {status}:\n{stderr}", script.display())]
    Failed {
        /// The script that ran.
        script: PathBuf,
        /// Its exit status.
        status: ExitStatus,
        /// What it wrote to its standard error, the traceback among it.
        stderr: String,
    },
    /// The script's answer, or the question to it, is not the JSON that was meant.
    #[error("{}: {source}; its output began with {start:?}", script.display())]
    Json {
        /// The script that ran.
        script: PathBuf,
        /// What is wrong with the JSON.
        source: serde_json::Error,
        /// The first 200 characters of the output.
        start: String,
    },
}

/// A Python interpreter that has the peers installed.
#[derive(Clone, Debug)]
pub struct Peer {
    python: PathBuf,
}

impl Peer {
    /// The interpreter named by [`VARIABLE`].
    ///
    /// # Errors
    /// [`PeerError::NoInterpreter`] where the variable is missing or empty.
    pub fn from_env() -> Result<Self, PeerError> {
        match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            Some(python) => Ok(Self::new(python)),
            None => Err(PeerError::NoInterpreter),
        }
    }

    /// A given interpreter.
    pub fn new(python: impl Into<PathBuf>) -> Self {
        Self { python: python.into() }
    }

    /// Runs `tests/peers/<script>` with arguments, gives it `input` on standard input and returns what it
    /// writes to standard output.
    ///
    /// # Errors
    /// [`PeerError`]: no such script, no such interpreter, or an exit status other than 0 (with the
    /// script's traceback).
    pub fn bytes(&self, script: &str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, PeerError> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
        if !script.is_file() {
            return Err(PeerError::NoScript(script));
        }
        let io = |source| PeerError::Io { script: script.clone(), python: self.python.clone(), source };
        // A peer may write where it stands: upstream leaves a log file there.
        let folder = tempfile::tempdir().map_err(io)?;
        // With another folder to stand in, a relative path must be made absolute; a bare name is looked up.
        let python = match self.python.components().count() {
            0 | 1 => self.python.clone(),
            _ => std::path::absolute(&self.python).map_err(io)?,
        };
        let mut child = Command::new(python)
            .arg(&script)
            .current_dir(&folder)
            .args(arguments)
            // Same dictionaries and sets in every run, no window, nothing written beside the scripts.
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONIOENCODING", "utf-8")
            .env("MPLBACKEND", "Agg")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(io)?;
        let stdin = child.stdin.take();
        // Written from a thread of its own: a script may answer before it has read everything.
        let (written, output) = thread::scope(|scope| {
            let writer = scope.spawn(move || match stdin {
                Some(mut stdin) => stdin.write_all(input),
                None => Ok(()),
            });
            let output = child.wait_with_output();
            (writer.join(), output)
        });
        let output = output.map_err(io)?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(PeerError::Failed { script, status: output.status, stderr });
        }
        match written {
            Ok(Err(source)) if source.kind() != ErrorKind::BrokenPipe => Err(io(source)),
            // A script may leave its input unread.
            _ => Ok(output.stdout),
        }
    }

    /// Like [`Peer::bytes`], with JSON in both directions and no arguments.
    ///
    /// # Errors
    /// Those of [`Peer::bytes`], and [`PeerError::Json`] where question or answer is not the type meant.
    pub fn json<Q, A>(&self, script: &str, question: &Q) -> Result<A, PeerError>
    where
        Q: Serialize + ?Sized,
        A: DeserializeOwned,
    {
        let json = |source, answer: &[u8]| PeerError::Json {
            script: script.into(),
            source,
            start: String::from_utf8_lossy(answer).chars().take(200).collect(),
        };
        let input = serde_json::to_vec(question).map_err(|source| json(source, b""))?;
        let answer = self.bytes(script, &[], &input)?;
        serde_json::from_slice(&answer).map_err(|source| json(source, &answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_script_is_named() {
        let error = Peer::new("python3").bytes("no-such-script.py", &[], b"").unwrap_err().to_string();
        assert!(error.contains("no-such-script.py"), "{error}");
    }

    #[test]
    fn an_unknown_interpreter_is_named() {
        let error = Peer::new("no-such-python").bytes("smoke.py", &[], b"").unwrap_err().to_string();
        assert!(error.contains("no-such-python") && error.contains(VARIABLE), "{error}");
    }
}
