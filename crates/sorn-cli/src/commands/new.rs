//! `sorn new`: a file to begin from.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use sorn_lab::experiment_template;

use crate::ExitStatus;
use crate::args::New;
use crate::output::{Usage, program, result};

pub(crate) fn run(what: &New) -> anyhow::Result<ExitStatus> {
    let New::Experiment(args) = what;
    // The name of the file is as good.
    let name = args.name.strip_suffix(".toml").unwrap_or(&args.name);
    let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(named) {
        let allowed = "letters, digits, '-', '_' and '.', not '.' first";
        return Err(Usage(format!("name: {allowed} expected, found {:?}", args.name)).into());
    }
    let made = sorn_lab::sorn_envs::make(&args.env, &sorn_lab::sorn_envs::Kwargs::new());
    let (_, spec) = made.map_err(|e| Usage(format!("--env: {e}")))?;
    let path = PathBuf::from(format!("{name}.toml"));
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = match file {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Usage(format!("{}: exists already; give another name", path.display())).into());
        }
        other => other.map_err(|e| anyhow::anyhow!("{}: cannot be written: {e}", path.display()))?,
    };
    file.write_all(experiment_template(name, &spec).as_bytes())
        .map_err(|e| anyhow::anyhow!("{}: cannot be written: {e}", path.display()))?;
    result(&format!("{0} written; next: {1} run {0}\n", path.display(), program()))?;
    Ok(ExitStatus::Done)
}
