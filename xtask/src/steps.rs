//! The steps, in the order in which they run: the quickest to fail first.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::python::Venv;
use crate::runner::Session;
use crate::workspace::{Workspace, cargo};
use crate::{campaign, examples, graph, machines, python, site};

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
        run: examples::quick,
    },
    Step { name: "python", about: "the virtual environment of the Python peers", needs: &[], run: python_ },
    Step { name: "ruff", about: "Python is linted and formatted", needs: &["python"], run: ruff },
    Step {
        name: "package",
        about: "the Python package: built, installed, tested",
        needs: &["python"],
        run: package,
    },
    Step {
        name: "site",
        about: "the documentation site, every link checked, and files for hosts and editors",
        needs: &["python", "package"],
        run: site_,
    },
    Step { name: "peers", about: "parity with the Python peers", needs: &["python"], run: peers },
    Step {
        name: "bridge",
        about: "environments of Python's Gymnasium, in an interpreter inside the program",
        needs: &["python"],
        run: bridge,
    },
    Step {
        name: "gym-rs",
        about: "environments of the crate gym-rs, which needs SDL2",
        needs: &[],
        run: gym_rs,
    },
    Step {
        name: "aarch64",
        about: "tests and bits of another processor, under QEMU; what they need is Debian's",
        needs: &[],
        run: machines::aarch64,
    },
    Step {
        name: "armv7",
        about: "tests and bits of a processor of 32 bits, under QEMU; what they need is Debian's",
        needs: &[],
        run: machines::armv7,
    },
    Step {
        name: "musl",
        about: "a static program, and its bits; what it needs is rustup's or Debian's",
        needs: &[],
        run: machines::musl,
    },
    Step {
        name: "engines",
        about: "sweeps on Ray, runs handed to MLflow and Weights & Biases, jobs of submitit",
        needs: &[],
        run: engines,
    },
    Step { name: "slurm", about: "sweeps on Slurm, which Debian packages", needs: &[], run: slurm },
    Step {
        name: "robots",
        about: "example robots over Zenoh and with Rapier, crates of their own",
        needs: &[],
        run: examples::robots,
    },
    Step { name: "browser", about: "pages in Chromium, which Debian packages", needs: &[], run: browser },
    Step {
        name: "campaign",
        about: "kills, faults, odd files and odd calls: two minutes of them, ten if it is the only step",
        needs: &["python"],
        run: campaign,
    },
];

/// What is linted and documented.
const ALL: &[&str] =
    &["--workspace", "--features", "sorn-tests/peers,sorn-tests/browser,sorn-tests/fuzz,sorn-cli/live"];
/// What is built and tested: the same crates with the same features in every step, so that no dependency is built
/// twice. The Python package is built and tested by a step of its own.
pub(crate) const TESTED: &[&str] = &["--workspace", "--exclude", "sorn-py", "--features", "sorn-cli/live"];
const PACKAGE: &str = "crates/sorn-py";

fn fmt(session: &mut Session<'_>) -> Result<Outcome> {
    session.run(cargo().args(["fmt", "--all", "--", "--check"]))?;
    for example in examples::all(session) {
        session.run(cargo().args(["fmt", "--manifest-path", example, "--", "--check"]))?;
    }
    Ok(Outcome::Done)
}

fn dependencies(session: &mut Session<'_>) -> Result<Outcome> {
    graph::check(session.workspace)?;
    Ok(Outcome::Done)
}

fn clippy(session: &mut Session<'_>) -> Result<Outcome> {
    session.run(cargo().arg("clippy").args(ALL).args(["--all-targets", "--", "-D", "warnings"]))?;
    Ok(Outcome::Done)
}

fn docs(session: &mut Session<'_>) -> Result<Outcome> {
    let mut flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    flags.push_str(" -D warnings");
    session.run(cargo().arg("doc").args(ALL).arg("--no-deps").env("RUSTDOCFLAGS", flags.trim()))?;
    Ok(Outcome::Done)
}

fn rust(session: &mut Session<'_>) -> Result<Outcome> {
    session.run(cargo().arg("test").args(TESTED))?;
    Ok(Outcome::Done)
}

fn python_(session: &mut Session<'_>) -> Result<Outcome> {
    if let Some(venv) = session.venv.take() {
        python::join(venv)?;
    }
    Ok(Outcome::Done)
}

fn ruff(session: &mut Session<'_>) -> Result<Outcome> {
    let ruff = python::program(session.workspace, "ruff");
    session.run(Command::new(&ruff).args(["check", "."]))?;
    session.run(Command::new(&ruff).args(["format", "--check", "."]))?;
    Ok(Outcome::Done)
}

fn package(session: &mut Session<'_>) -> Result<Outcome> {
    if !session.workspace.root.join(PACKAGE).exists() {
        return Ok(Outcome::Skipped("there is no crates/sorn-py"));
    }
    let workspace = session.workspace;
    install_package(workspace, &mut |command| session.run(command))?;
    // A test that skips itself for want of a peer would pass for the wrong reason: `-rs` names it.
    let tests = Path::new(PACKAGE).join("tests");
    let python = python::program(workspace, "python");
    session
        .run(Command::new(&python).args(["-m", "pytest", "-q", "-rs"]).arg(tests).env("MPLBACKEND", "Agg"))?;
    Ok(Outcome::Done)
}

/// Builds the wheel and installs it into the peers' virtual environment; `run` runs a command.
pub(crate) fn install_package(
    workspace: &Workspace,
    run: &mut dyn FnMut(&mut Command) -> Result<()>,
) -> Result<()> {
    install_package_in(workspace, python::PEERS, run)
}

fn install_package_in(
    workspace: &Workspace,
    which: Venv,
    run: &mut dyn FnMut(&mut Command) -> Result<()>,
) -> Result<()> {
    let python = which.program(workspace, "python");
    let wheels = workspace.target.join("wheels");
    // Wheels of other versions would be installed as well.
    if wheels.exists() {
        fs::remove_dir_all(&wheels).with_context(|| format!("cannot empty {}", wheels.display()))?;
    }
    let mut build = Command::new(&python);
    build.args(["-m", "maturin", "build", "--profile", "dev", "--manifest-path"]);
    build.arg(Path::new(PACKAGE).join("Cargo.toml")).arg("--interpreter").arg(&python);
    run(build.arg("--out").arg(&wheels))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps"]);
    for wheel in fs::read_dir(&wheels)? {
        install.arg(wheel?.path());
    }
    run(&mut install)
}

fn site_(session: &mut Session<'_>) -> Result<Outcome> {
    let workspace = session.workspace;
    let checker = python::program(workspace, "check-jsonschema");
    for (schema, files) in [
        ("github-workflows", [".github/workflows/test.yml"].as_slice()),
        ("github-issue-forms", &[".github/ISSUE_TEMPLATE/fault.yml", ".github/ISSUE_TEMPLATE/feature.yml"]),
        ("github-issue-config", &[".github/ISSUE_TEMPLATE/config.yml"]),
        ("citation-file-format", &["CITATION.cff"]),
    ] {
        let mut check = Command::new(&checker);
        session.run(check.arg("--builtin-schema").arg(format!("vendor.{schema}")).args(files))?;
    }
    // The editors' schema accepts what the program accepts.
    let mut check = Command::new(&checker);
    check.args(["--schemafile", "crates/sorn-cli/src/experiment.schema.json"]);
    for folder in [
        "experiments",
        "experiments/others",
        "experiments/papers",
        "experiments/series",
        "experiments/sweeps",
    ] {
        let entries =
            fs::read_dir(workspace.root.join(folder)).with_context(|| format!("cannot read {folder}"))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "toml") {
                check.arg(path);
            }
        }
    }
    session.run(&mut check)?;
    site::pages(workspace, &mut |command| session.run(command))?;
    Ok(Outcome::Done)
}

fn peers(session: &mut Session<'_>) -> Result<Outcome> {
    let mut command = cargo();
    command.arg("test").args(TESTED).args(["--features", "sorn-tests/peers", "--test", "parity"]);
    session.run(command.env("SORN_TEST_PYTHON", python::program(session.workspace, "python")))?;
    Ok(Outcome::Done)
}

fn bridge(session: &mut Session<'_>) -> Result<Outcome> {
    let python = python::program(session.workspace, "python");
    let mut command = cargo();
    command.arg("test").args(TESTED).args(BRIDGED).args(["--test", "gymnasium"]);
    // Linked with the library of the interpreter that is to run.
    session.run(command.env("PYO3_PYTHON", &python).env("SORN_TEST_PYTHON", &python))?;
    Ok(Outcome::Done)
}

/// The features of the bridge to Gymnasium. Not those of gym-rs: its SDL and that of Python's pygame do not get on in one process.
pub(crate) const BRIDGED: [&str; 2] = ["--features", "sorn-tests/gymnasium,sorn-cli/gymnasium"];

/// What gym-rs needs of the system, as Debian and Ubuntu call it.
const SDL: [&str; 3] = ["cmake", "libsdl2-dev", "libsdl2-gfx-dev"];

fn gym_rs(session: &mut Session<'_>) -> Result<Outcome> {
    if !has_sdl() {
        install(session, &SDL)?;
    }
    if !has_sdl() {
        return Ok(Outcome::Skipped(
            "CMake, SDL2 or SDL2_gfx is missing; on Debian and Ubuntu: apt-get install cmake libsdl2-dev libsdl2-gfx-dev",
        ));
    }
    session.run(cargo().arg("test").args(TESTED).args([
        "--features",
        "sorn-envs/gym-rs",
        "--test",
        "gym_rs",
    ]))?;
    Ok(Outcome::Done)
}

fn has_sdl() -> bool {
    let header = |prefix: &&str| Path::new(prefix).join("include/SDL2/SDL2_gfxPrimitives.h").exists();
    let prefixes = ["/usr", "/usr/local", "/opt/homebrew"];
    prefixes.iter().any(header) && runs(Command::new("cmake").arg("--version"))
}

fn campaign(session: &mut Session<'_>) -> Result<Outcome> {
    let minutes = if session.alone == Some("campaign") { "10" } else { "2" };
    // The same cases every time: others are tried by `cargo xtask campaign --seed N`.
    let arguments = ["all", "--minutes", minutes, "--seed", "1"].map(str::to_owned);
    match campaign::run(&campaign::Options::parse(&arguments)?)? {
        true => Ok(Outcome::Done),
        false => bail!("a promise did not hold; the table names the command that repeats each case"),
    }
}

fn engines(session: &mut Session<'_>) -> Result<Outcome> {
    if session.alone != Some("engines") {
        return Ok(Outcome::Skipped(
            "Ray and the trackers are 700 MB: it runs if it is the only step, --only engines",
        ));
    }
    let workspace = session.workspace;
    python::prepare(workspace, python::ENGINES)?;
    install_package_in(workspace, python::ENGINES, &mut |command| session.run(command))?;
    let tests = Path::new(PACKAGE).join("tests");
    let mut pytest = Command::new(python::ENGINES.program(workspace, "python"));
    pytest.args(["-m", "pytest", "-q", "-rs"]);
    pytest.args(["test_ray.py", "test_tracking.py", "test_sweeps_page.py"].map(|test| tests.join(test)));
    session.run(&mut pytest)?;
    Ok(Outcome::Done)
}

fn slurm(session: &mut Session<'_>) -> Result<Outcome> {
    if session.alone != Some("slurm") {
        return Ok(Outcome::Skipped(
            "it starts Slurm's daemons: it runs if it is the only step, --only slurm",
        ));
    }
    let there = || {
        ["slurmctld", "slurmd"].into_iter().all(|daemon| runs(Command::new(daemon).arg("-V")))
            && runs(Command::new("munged").arg("--version"))
    };
    if !there() {
        install(session, &["slurm-wlm", "munge"])?;
    }
    if !there() || !is_root() {
        return Ok(Outcome::Skipped(
            "Slurm is missing, or this is not root; on Debian: apt-get install slurm-wlm munge",
        ));
    }
    session.run(cargo().arg("test").args(TESTED).args(["--test", "slurm"]))?;
    Ok(Outcome::Done)
}

/// Where Debian, Ubuntu and others have it; the first is small and all that is needed.
const CHROMIUM: [&str; 4] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

fn browser(session: &mut Session<'_>) -> Result<Outcome> {
    if chromium().is_none() {
        install(session, &CHROMIUM[..1])?;
    }
    let Some(chromium) = chromium() else {
        return Ok(Outcome::Skipped(
            "Chromium is missing; on Debian: apt-get install chromium-headless-shell",
        ));
    };
    let mut command = cargo();
    command.arg("test").args(TESTED).args(["--features", "sorn-tests/browser", "--test", "browser"]);
    session.run(command.args(["--", "--nocapture"]).env("SORN_TEST_CHROMIUM", chromium))?;
    Ok(Outcome::Done)
}

fn chromium() -> Option<&'static str> {
    CHROMIUM.into_iter().find(|program| runs(Command::new(program).arg("--version")))
}

/// Installs packages of Debian where that takes no password, as in a container. Where the package manager has no
/// connection nothing is installed, and the step finds that out.
pub(crate) fn install(session: &mut Session<'_>, packages: &[&str]) -> Result<()> {
    if !is_root() || !runs(Command::new("apt-get").arg("--version")) {
        return Ok(());
    }
    let install = ["install", "-qq", "-y", "--no-install-recommends"];
    let steps = [["update", "-qq"].to_vec(), [&install, packages].concat()];
    for arguments in steps {
        if let Err(error) = session.run(Command::new("apt-get").args(arguments)) {
            println!("{error}");
        }
    }
    Ok(())
}

pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

pub(crate) fn runs(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
