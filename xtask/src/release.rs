//! `cargo xtask release`: what has to hold before a version is published. Nothing is published here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, cargo};
use crate::{python, site};

pub(crate) const USAGE: &str = "\
Usage: cargo xtask release [--only NAME]... [--dirty]

  Checks what has to hold before a version is published, and prints a table. The files that would be published
  lie in target/package and target/release-files afterwards. Nothing is published.

  --only NAME    this check alone (may be given several times): tree, versions, crates, supply, semver, wheel, site
  --dirty        allow changes that are not committed
";

/// What a wheel may weigh, and the site.
const WHEEL: u64 = 8_000_000;
const SITE: u64 = 15_000_000;

enum Found {
    Good(String),
    /// Not checked, and why.
    Open(String),
    Bad(String),
}

type Check = fn(&Release<'_>) -> Result<Found>;

const CHECKS: [(&str, &str, Check); 7] = [
    ("tree", "everything is committed", tree),
    ("versions", "one version everywhere, told of in CHANGELOG.md", versions),
    ("crates", "every crate builds from what would be published", crates),
    ("supply", "licences, sources and known faults of dependencies", supply),
    ("semver", "the version says what changed", semver),
    ("wheel", "wheel and source distribution install with pip alone", wheel),
    ("site", "the documentation builds, and is small", site_),
];

struct Release<'a> {
    workspace: &'a Workspace,
    version: String,
    dirty: bool,
    /// Wheels and source distribution.
    files: PathBuf,
}

pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<bool> {
    let (only, dirty) = parse(arguments)?;
    let version = workspace.packages().find(|package| package["name"] == "sorn-core");
    let version =
        version.and_then(|package| package["version"].as_str()).context("no version of sorn-core")?;
    let files = workspace.target.join("release-files");
    let release = Release { workspace, version: version.to_owned(), dirty, files };
    let mut rows = Vec::new();
    for (name, about, check) in CHECKS {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!("== {name}: {about}");
        let found = check(&release).unwrap_or_else(|error| Found::Bad(format!("{error:#}")));
        rows.push((name, found));
    }
    println!();
    let mut good = true;
    for (name, found) in rows {
        let (word, text) = match found {
            Found::Good(text) => ("good", text),
            Found::Open(text) => ("not checked", text),
            Found::Bad(text) => ("BAD", text),
        };
        good &= word != "BAD";
        println!("{name:<10}{word:<13}{text}");
    }
    Ok(good)
}

fn parse(arguments: &[String]) -> Result<(Vec<String>, bool)> {
    let (mut only, mut dirty) = (Vec::new(), false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--dirty" => dirty = true,
            "--only" => {
                let known: Vec<&str> = CHECKS.iter().map(|(name, ..)| *name).collect();
                match arguments.next() {
                    Some(name) if known.contains(&name.as_str()) => only.push(name.clone()),
                    found => bail!("--only: expected one of {}, found {found:?}", known.join(", ")),
                }
            }
            unknown => bail!("unknown argument {unknown:?}\n\n{USAGE}"),
        }
    }
    Ok((only, dirty))
}

fn tree(release: &Release<'_>) -> Result<Found> {
    let status = output(Command::new("git").args(["status", "--porcelain"]), &release.workspace.root)?;
    let changed = status.lines().count();
    Ok(match changed {
        0 => Found::Good("nothing is uncommitted".into()),
        _ if release.dirty => Found::Open(format!("{changed} files are not committed (--dirty)")),
        _ => Found::Bad(format!("{changed} files are not committed")),
    })
}

fn versions(release: &Release<'_>) -> Result<Found> {
    let root = &release.workspace.root;
    let read =
        |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"));
    let wrong = disagreeing(
        &release.version,
        &read("CITATION.cff")?,
        &read("codemeta.json")?,
        &read("CHANGELOG.md")?,
    );
    let others = release.workspace.packages().filter(|package| package["publish"].is_null());
    let others = others.filter(|package| package["version"] != release.version.as_str());
    let wrong: Vec<String> =
        wrong.into_iter().chain(others.map(|package| format!("the crate {}", package["name"]))).collect();
    Ok(match wrong.is_empty() {
        true => Found::Good(release.version.clone()),
        false => Found::Bad(format!("expected {}, not found in {}", release.version, wrong.join(", "))),
    })
}

/// The files that do not tell of this version.
fn disagreeing(version: &str, citation: &str, codemeta: &str, changelog: &str) -> Vec<String> {
    let codemeta: serde_json::Value = serde_json::from_str(codemeta).unwrap_or_default();
    let heading = format!("## [{version}]");
    let told = [
        ("CITATION.cff", citation.lines().any(|line| line == format!("version: {version}"))),
        ("codemeta.json", codemeta["version"] == version),
        ("CHANGELOG.md", changelog.lines().any(|line| line.starts_with(&heading))),
    ];
    told.into_iter().filter(|(_, told)| !told).map(|(name, _)| name.to_owned()).collect()
}

fn crates(release: &Release<'_>) -> Result<Found> {
    let mut publish = cargo();
    publish.args(["publish", "--workspace", "--dry-run"]);
    if release.dirty {
        publish.arg("--allow-dirty");
    }
    succeed(&mut publish, &release.workspace.root)?;
    let names = release.workspace.packages().filter(|package| package["publish"].is_null()).count();
    Ok(Found::Good(format!("{names} crates build from their packages")))
}

fn supply(release: &Release<'_>) -> Result<Found> {
    if !there(cargo().args(["deny", "--version"])) {
        return Ok(Found::Open("cargo-deny is not installed: cargo install cargo-deny".into()));
    }
    succeed(cargo().args(["deny", "check"]), &release.workspace.root)?;
    Ok(Found::Good("cargo deny check".into()))
}

fn semver(release: &Release<'_>) -> Result<Found> {
    if !there(cargo().args(["semver-checks", "--version"])) {
        return Ok(Found::Open(
            "cargo-semver-checks is not installed: cargo install cargo-semver-checks".into(),
        ));
    }
    let tags = output(
        Command::new("git").args(["tag", "--list", "v*", "--sort=-v:refname"]),
        &release.workspace.root,
    )?;
    let Some(before) = tags.lines().next() else {
        return Ok(Found::Open("there is no earlier version (a tag vX.Y.Z) to compare with".into()));
    };
    succeed(cargo().args(["semver-checks", "--baseline-rev", before]), &release.workspace.root)?;
    Ok(Found::Good(format!("compared with {before}")))
}

fn wheel(release: &Release<'_>) -> Result<Found> {
    let workspace = release.workspace;
    python::prepare(workspace, python::PEERS)?;
    if release.files.exists() {
        fs::remove_dir_all(&release.files)
            .with_context(|| format!("cannot empty {}", release.files.display()))?;
    }
    let python_ = python::program(workspace, "python");
    let maturin = |what: &str| {
        let mut command = Command::new(&python_);
        command.args(["-m", "maturin", what, "--manifest-path", "crates/sorn-py/Cargo.toml", "--out"]);
        command.arg(&release.files);
        command
    };
    // Zig links against an old C library, so that the wheel runs on old systems.
    let zig = there(Command::new(&python_).args(["-m", "ziglang", "version"]));
    let mut build = maturin("build");
    build.args(["--release", "--interpreter"]).arg(&python_);
    if zig {
        build.args(["--zig", "--compatibility", "manylinux_2_17"]);
    }
    succeed(&mut build, &workspace.root)?;
    succeed(&mut maturin("sdist"), &workspace.root)?;
    let built = ending(&release.files, "whl")?;
    let size = fs::metadata(&built)?.len();
    if size > WHEEL {
        return Ok(Found::Bad(format!("the wheel has {size} bytes, expected at most {WHEEL}")));
    }
    let import = tried(release, &python_, &built)?;
    let portable = if zig {
        ""
    } else {
        "; for this system alone, since ziglang is not installed (pip install ziglang)"
    };
    let name = built.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Found::Good(format!("{name}, {size} bytes, imported in {import} ms{portable}")))
}

/// Installs a wheel into an environment with nothing else, runs something, and gives the milliseconds of the import (the third, which
/// finds its files in memory).
fn tried(release: &Release<'_>, python_: &Path, wheel: &Path) -> Result<u128> {
    let fresh = release.workspace.target.join("release-try");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).with_context(|| format!("cannot empty {}", fresh.display()))?;
    }
    fs::create_dir_all(&fresh).with_context(|| format!("cannot make {}", fresh.display()))?;
    let root = &release.workspace.root;
    succeed(Command::new(python_).args(["-m", "venv"]).arg(fresh.join("venv")), root)?;
    let bin = fresh.join(if cfg!(windows) { "venv/Scripts" } else { "venv/bin" });
    succeed(Command::new(bin.join("python")).args(["-m", "pip", "install", "--quiet"]).arg(wheel), root)?;
    let experiment = root.join("experiments/cartpole.toml");
    let mut run = Command::new(bin.join("sorn"));
    run.arg("run").arg(experiment).args(["--set", "run.episodes=5", "--set", "eval.episodes=1", "--quiet"]);
    succeed(&mut run, &fresh)?;
    let script = "import numpy, time; start = time.perf_counter(); import sorn_rs; print(round(1000 * (time.perf_counter() - start)))";
    let mut import = 0;
    for _ in 0..3 {
        let text = output(Command::new(bin.join("python")).args(["-c", script]), &fresh)?;
        import = text.trim().parse().with_context(|| format!("expected milliseconds, found {text:?}"))?;
    }
    Ok(import)
}

fn site_(release: &Release<'_>) -> Result<Found> {
    let workspace = release.workspace;
    let start = Instant::now();
    let pages = site::pages(workspace, &mut |command| succeed(command, &workspace.root))?;
    let size = weight(&pages)?;
    let text = format!("{size} bytes in {} s", start.elapsed().as_secs());
    Ok(if size <= SITE {
        Found::Good(text)
    } else {
        Found::Bad(format!("{text}, expected at most {SITE} bytes"))
    })
}

/// Bytes of all files below a folder.
fn weight(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() { weight(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(sum)
}

fn ending(folder: &Path, end: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let found = paths.find(|path| path.extension().is_some_and(|found| found == end));
    found.with_context(|| format!("{}: expected a file that ends with .{end}", folder.display()))
}

fn there(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn output(command: &mut Command, folder: &Path) -> Result<String> {
    let output = command.current_dir(folder).output();
    let output = output.with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !output.status.success() {
        bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn succeed(command: &mut Command, folder: &Path) -> Result<()> {
    let status = command.current_dir(folder).status();
    let status = status.with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} failed: {status}", command.get_program());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_do_not_tell_of_the_version_are_named() {
        let citation = "title: x\nversion: 1.2.0\n";
        let codemeta = r#"{ "version": "1.2.0" }"#;
        let changelog = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n";
        assert!(disagreeing("1.2.0", citation, codemeta, changelog).is_empty());
        assert_eq!(
            disagreeing("1.2.1", citation, codemeta, changelog),
            ["CITATION.cff", "codemeta.json", "CHANGELOG.md"]
        );
        assert_eq!(disagreeing("1.2.0", citation, codemeta, "## [Unreleased]\n"), ["CHANGELOG.md"]);
        assert_eq!(disagreeing("1.2.0", citation, "no json", changelog), ["codemeta.json"]);
    }

    #[test]
    fn checks_are_chosen_by_name() {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parse(&words("--only wheel --dirty")).unwrap(), (vec!["wheel".into()], true));
        let error = parse(&words("--only wheels")).unwrap_err().to_string();
        assert!(error.contains("tree, versions") && error.contains("wheels"), "{error}");
        assert!(parse(&words("--publish")).is_err());
    }

    #[test]
    fn a_folder_weighs_what_its_files_do() {
        let folder = std::env::temp_dir().join(format!("sorn-release-{}", std::process::id()));
        fs::create_dir_all(folder.join("in")).unwrap();
        fs::write(folder.join("a"), [0; 10]).unwrap();
        fs::write(folder.join("in/b.whl"), [0; 7]).unwrap();
        assert_eq!(weight(&folder).unwrap(), 17);
        assert!(ending(&folder.join("in"), "whl").unwrap().ends_with("b.whl"));
        assert!(ending(&folder, "whl").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
