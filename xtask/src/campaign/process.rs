//! Programs that are started, watched, interrupted and killed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Not at all within the time it was given; it was killed.
    Hung,
}

impl End {
    fn of(status: ExitStatus) -> End {
        match status.code() {
            Some(code) => End::Code(code),
            None => End::Signal(signal(status)),
        }
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> i32 {
    0
}

pub(crate) const SIGKILL: i32 = 9;

/// What a program did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) end: End,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Done {
    /// The last lines of the standard error.
    pub(crate) fn tail(&self) -> String {
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(4)..].join(" | ")
    }
}

/// A program under way; its standard output is thrown away, its standard error kept in a file.
pub(crate) struct Running {
    child: Child,
    stderr: PathBuf,
    began: Instant,
}

/// Starts `command`; `stderr` is the file for its standard error.
pub(crate) fn start(command: &mut Command, stderr: &Path) -> Result<Running> {
    let file = File::create(stderr).with_context(|| format!("cannot write {}", stderr.display()))?;
    let began = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    Ok(Running { child, stderr: stderr.to_path_buf(), began })
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits, at most as long as `limit` after the start.
    pub(crate) fn finish(mut self, limit: Duration) -> Result<Done> {
        let mut pause = Duration::from_micros(500);
        let end = loop {
            if let Some(status) = self.child.try_wait()? {
                break End::of(status);
            }
            if self.began.elapsed() > limit {
                self.child.kill()?;
                self.child.wait()?;
                break End::Hung;
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        let took = self.began.elapsed();
        let stderr = fs::read(&self.stderr).unwrap_or_default();
        Ok(Done { end, stderr: String::from_utf8_lossy(&stderr).into_owned(), took })
    }

    /// Sends a signal by its name ("KILL", "INT") to a process that may have ended.
    pub(crate) fn send(&self, signal: &str) -> Result<()> {
        let arguments = [format!("-{signal}"), self.id().to_string()];
        Command::new("kill").args(arguments).stderr(Stdio::null()).status().context("cannot start kill")?;
        Ok(())
    }
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command, stderr: &Path, limit: Duration) -> Result<Done> {
    start(command, stderr)?.finish(limit)
}
