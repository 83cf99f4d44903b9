//! The steps, in the order in which they run: the quickest to fail first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::runner::Session;
use crate::workspace::cargo;
use crate::{graph, python};

/// What a step that did not fail did.
pub(crate) enum Outcome {
    Done,
    Skipped(&'static str),
}

/// One named part of `cargo xtask test`.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [&'static str],
    pub(crate) run: fn(&mut Session<'_>) -> Result<Outcome>,
}

pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", about: "Rust is formatted", needs: &[], run: fmt },
    Step {
        name: "dependencies",
        about: "crates depend on each other one way only",
        needs: &[],
        run: dependencies,
    },
    Step { name: "clippy", about: "no lint fires", needs: &[], run: clippy },
    Step { name: "docs", about: "the documentation builds without a warning", needs: &[], run: docs },
    Step { name: "rust", about: "Rust tests and doc examples", needs: &[], run: rust },
    Step {
        name: "custom-robot",
        about: "the example robot, a crate of its own",
        needs: &[],
        run: custom_robot,
    },
    Step { name: "python", about: "the virtual environment of the Python peers", needs: &[], run: python_ },
    Step { name: "ruff", about: "Python is linted and formatted", needs: &["python"], run: ruff },
    Step { name: "pytest", about: "the peer scripts' own tests", needs: &["python"], run: pytest },
    Step { name: "peers", about: "parity with the Python peers", needs: &["python"], run: peers },
];

/// The same selection for every step that compiles, so that no dependency is built twice.
const SELECTION: &[&str] = &["--workspace", "--features", "sorn-tests/peers"];
const ROBOT: &str = "examples/custom_robot/Cargo.toml";
const PEERS: &str = "tests/peers";

fn fmt(session: &mut Session<'_>) -> Result<Outcome> {
    session.run(cargo().args(["fmt", "--all", "--", "--check"]))?;
    if session.workspace.root.join(ROBOT).exists() {
        session.run(cargo().args(["fmt", "--manifest-path", ROBOT, "--", "--check"]))?;
    }
    Ok(Outcome::Done)
}

fn dependencies(session: &mut Session<'_>) -> Result<Outcome> {
    graph::check(session.workspace)?;
    Ok(Outcome::Done)
}

fn clippy(session: &mut Session<'_>) -> Result<Outcome> {
    session.run(cargo().arg("clippy").args(SELECTION).args(["--all-targets", "--", "-D", "warnings"]))?;
    Ok(Outcome::Done)
}

fn docs(session: &mut Session<'_>) -> Result<Outcome> {
    let mut flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    flags.push_str(" -D warnings");
    session.run(cargo().arg("doc").args(SELECTION).arg("--no-deps").env("RUSTDOCFLAGS", flags.trim()))?;
    Ok(Outcome::Done)
}

fn rust(session: &mut Session<'_>) -> Result<Outcome> {
    session.run(cargo().args(["test", "--workspace"]))?;
    Ok(Outcome::Done)
}

fn custom_robot(session: &mut Session<'_>) -> Result<Outcome> {
    if !session.workspace.root.join(ROBOT).exists() {
        return Ok(Outcome::Skipped("there is no examples/custom_robot"));
    }
    let target = session.workspace.target.clone();
    for arguments in [["clippy", "--all-targets"].as_slice(), &["test"]] {
        let mut command = cargo();
        command.args(arguments).args(["--manifest-path", ROBOT, "--target-dir"]).arg(&target);
        if arguments[0] == "clippy" {
            command.args(["--", "-D", "warnings"]);
        }
        session.run(&mut command)?;
    }
    Ok(Outcome::Done)
}

fn python_(session: &mut Session<'_>) -> Result<Outcome> {
    python::prepare(session.workspace)?;
    Ok(Outcome::Done)
}

fn ruff(session: &mut Session<'_>) -> Result<Outcome> {
    let ruff = python::program(session.workspace, "ruff");
    session.run(Command::new(&ruff).args(["check", "."]))?;
    session.run(Command::new(&ruff).args(["format", "--check", "."]))?;
    Ok(Outcome::Done)
}

fn pytest(session: &mut Session<'_>) -> Result<Outcome> {
    if !any_file(&session.workspace.root.join(PEERS), &is_pytest_file)? {
        return Ok(Outcome::Skipped("there is no test_*.py under tests/peers"));
    }
    let python = python::program(session.workspace, "python");
    session.run(Command::new(python).args(["-m", "pytest", PEERS]).env("MPLBACKEND", "Agg"))?;
    Ok(Outcome::Done)
}

fn peers(session: &mut Session<'_>) -> Result<Outcome> {
    let tests = session.workspace.peer_tests();
    if tests.is_empty() {
        return Ok(Outcome::Skipped("no test requires the feature \"peers\""));
    }
    let mut command = cargo();
    command.arg("test").args(SELECTION);
    for test in &tests {
        command.args(["--test", test]);
    }
    session.run(command.env("SORN_TEST_PYTHON", python::program(session.workspace, "python")))?;
    Ok(Outcome::Done)
}

fn is_pytest_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("test_") && name.ends_with(".py")
}

fn any_file(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<bool> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if wanted(&path) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
