//! `sorn new`: a file to begin from.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use sorn_lab::{TaskSort, experiment_template, task_template};

use crate::ExitStatus;
use crate::args::{New, NewExperiment};
use crate::output::{Usage, program, result};

pub(crate) fn run(what: &New) -> anyhow::Result<ExitStatus> {
    match what {
        New::Experiment(args) => experiment(args),
        New::Sweep(args) => super::scripts::run(args),
    }
}

fn experiment(args: &NewExperiment) -> anyhow::Result<ExitStatus> {
    // The name of the file is as good.
    let name = args.name.strip_suffix(".toml").unwrap_or(&args.name);
    let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(named) {
        let allowed = "letters, digits, '-', '_' and '.', not '.' first";
        return Err(Usage(format!("name: expected {allowed}, found {:?}", args.name)).into());
    }
    let text = match args.task.as_deref().and_then(TaskSort::named) {
        Some(sort) => task_template(name, sort),
        None => {
            let made = sorn_lab::sorn_envs::make(&args.env, &sorn_lab::sorn_envs::Kwargs::new());
            experiment_template(name, &made.map_err(|e| Usage(format!("--env: {e}")))?.1)
        }
    };
    let path = PathBuf::from(format!("{name}.toml"));
    write_new(&path, &text)?;
    result(&format!("{0} written; next: {1} run {0}\n", path.display(), program()))?;
    Ok(ExitStatus::Done)
}

/// Writes a file that is not registered yet.
pub(super) fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Usage(format!("{}: exists already; give another name", path.display())).into());
        }
        other => other.map_err(|e| anyhow::anyhow!("{}: cannot be written: {e}", path.display()))?,
    };
    file.write_all(text.as_bytes()).map_err(|e| anyhow::anyhow!("{}: cannot be written: {e}", path.display()))
}
