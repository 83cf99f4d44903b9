//! What people read: results on stdout, errors on stderr.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use sorn_lab::LabError;

use crate::ExitStatus;

/// Whether colours are wanted on a stream (<https://no-color.org>).
pub(crate) fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Writes a result to stdout.
pub(crate) fn result(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever closed the pipe has read enough.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(anyhow::anyhow!("stdout: cannot be written: {e}")),
        Ok(()) => Ok(()),
    }
}

/// Writes a remark to stderr.
pub(crate) fn note(text: &str) {
    // If stderr is closed, the message has no reader.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Stderr for the log: what many runs of one command warn of alike is written once.
#[derive(Clone, Copy)]
struct Once;

impl Write for Once {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        static SEEN: Mutex<BTreeSet<Vec<u8>>> = Mutex::new(BTreeSet::new());
        const MOST: usize = 10_000;
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !seen.contains(line);
        if new && seen.len() < MOST {
            seen.insert(line.to_vec());
        }
        if new { io::stderr().write_all(line).map(|()| line.len()) } else { Ok(line.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Sends warnings of the libraries to stderr; `SORN_LOG` (off, error, warn, info, debug or trace) says which.
pub(crate) fn start_log() {
    let level = std::env::var("SORN_LOG").ok().and_then(|level| level.parse().ok());
    // A second call in one process keeps the first's subscriber.
    let _ = tracing_subscriber::fmt()
        .with_max_level(level.unwrap_or(tracing_subscriber::filter::LevelFilter::WARN))
        .with_writer(|| Once)
        .with_ansi(colours(&io::stderr()))
        .without_time()
        .with_target(false)
        .try_init();
}

/// Writes an error to stderr and says how the command ended.
pub(crate) fn report(error: &anyhow::Error) -> ExitStatus {
    let label = if colours(&io::stderr()) { "\x1b[1;31merror\x1b[0m" } else { "error" };
    // The messages are whole; their sources say nothing more.
    note(&format!("{label}: {error}"));
    match error.downcast_ref::<LabError>() {
        Some(lab) if lab.is_usage() => ExitStatus::Usage,
        Some(_) => ExitStatus::Failed,
        None if error.is::<Usage>() => ExitStatus::Usage,
        None => ExitStatus::Failed,
    }
}

/// A wrong command, as opposed to work that failed.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The name of a program of one's own.
static NAME: OnceLock<String> = OnceLock::new();

/// Takes the program's name from the first argument.
pub(crate) fn name_program(first: Option<&OsString>) {
    let stem = first.and_then(|first| Path::new(first).file_stem());
    if let Some(stem) = stem {
        NAME.get_or_init(|| stem.to_string_lossy().into_owned());
    }
}

/// How the user calls this program: by its name, or through cargo where it lies in a build directory.
pub(crate) fn program() -> &'static str {
    let built = std::env::current_exe()
        .is_ok_and(|path| path.parent().and_then(|p| p.parent()).is_some_and(|p| p.ends_with("target")));
    if built { "cargo run --release --" } else { NAME.get().map_or("sorn", String::as_str) }
}

/// Columns of text, the first left-aligned and the others right-aligned.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            match column {
                0 => line.push_str(&format!("{cell:<width$}")),
                _ => line.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
