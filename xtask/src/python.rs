//! The virtual environments with the Python peers, kept under cargo's target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// What the parity tests and the package need.
pub(crate) const PEERS: Venv = Venv { folder: "venv", requirements: "tests/peers/requirements.txt" };
/// Engines and trackers of others, which are large.
pub(crate) const ENGINES: Venv =
    Venv { folder: "venv-engines", requirements: "tests/peers/requirements-engines.txt" };

const OLDEST: (u32, u32) = (3, 10);

/// A virtual environment below cargo's target directory.
#[derive(Clone, Copy)]
pub(crate) struct Venv {
    folder: &'static str,
    requirements: &'static str,
}

impl Venv {
    /// Where it is, whether or not it was made yet.
    fn directory(self, workspace: &Workspace) -> PathBuf {
        workspace.target.join(self.folder)
    }

    /// A program of it (`python`, `ruff`).
    pub(crate) fn program(self, workspace: &Workspace, name: &str) -> PathBuf {
        let (folder, suffix) = if cfg!(windows) { ("Scripts", ".exe") } else { ("bin", "") };
        self.directory(workspace).join(folder).join(format!("{name}{suffix}"))
    }
}

/// A program of the peers' environment.
pub(crate) fn program(workspace: &Workspace, name: &str) -> PathBuf {
    PEERS.program(workspace, name)
}

/// Makes an environment, or keeps the one there is while its requirements are the same.
pub(crate) fn prepare(workspace: &Workspace, which: Venv) -> Result<()> {
    let requirements = workspace.root.join(which.requirements);
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let venv = which.directory(workspace);
    // The stamp is written last, so an interrupted installation is not mistaken for a whole one.
    let stamp = venv.join("installed-requirements.txt");
    let usable = fs::read_to_string(&stamp).is_ok_and(|found| found == wanted)
        && version(&which.program(workspace, "python")).is_some();
    if usable {
        println!("{} is up to date", venv.display());
        return Ok(());
    }
    let interpreter = find()?;
    println!("making {} with {}", venv.display(), interpreter.display());
    succeed(
        Command::new(&interpreter).args(["-m", "venv", "--clear"]).arg(&venv),
        "cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)",
    )?;
    succeed(
        Command::new(which.program(workspace, "python"))
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(&requirements),
        &format!("cannot install {}", which.requirements),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// What became of [`prepare`] in a thread of its own.
pub(crate) fn join(preparing: JoinHandle<Result<()>>) -> Result<()> {
    preparing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn succeed(command: &mut Command, otherwise: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{otherwise}: {status}");
    }
    Ok(())
}

/// `python3.11` if it runs, else a `python3` that is new enough.
fn find() -> Result<PathBuf> {
    let mut seen = Vec::new();
    for name in ["python3.11", "python3", "python"] {
        match version(Path::new(name)) {
            Some(found) if found >= OLDEST => return Ok(name.into()),
            Some((major, minor)) => seen.push(format!("{name} is {major}.{minor}")),
            None => seen.push(format!("{name} does not run")),
        }
    }
    bail!(
        "the parity tests need Python {}.{} or newer, 3.11 for preference: {}",
        OLDEST.0,
        OLDEST.1,
        seen.join(", ")
    )
}

fn version(interpreter: &Path) -> Option<(u32, u32)> {
    let output = Command::new(interpreter)
        .args(["-c", "import sys; print(*sys.version_info[:2])"])
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|o| o.status.success())?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().map(|n| n.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("3 11\n"), Some((3, 11)));
        assert!(parse_version("3 9").unwrap() < OLDEST);
        assert_eq!(parse_version("three"), None);
        assert_eq!(parse_version(""), None);
    }
}
