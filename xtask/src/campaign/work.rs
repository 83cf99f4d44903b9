//! Pieces of work that are disturbed: what is started, how it is gone on with, and what must come of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::build::sorn;
use super::process::{self, End};
use super::rng::Rng;
use super::same::{Tree, tree};
use super::setting::{NAME, Setting};
use super::{Campaign, build, tasks};

/// Nothing here takes long; what takes longer hangs.
pub(crate) const HANG: Duration = Duration::from_secs(20);

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// `sorn run`, and `sorn resume`.
    Run,
    /// `sorn run --seeds`, and `sorn resume`.
    Seeds,
    /// `sorn run --seeds --controls` of a task without an agent, and `sorn resume`.
    Task,
    /// `sorn simulate` into new files.
    Simulate,
    /// `sorn simulate` that goes on from a state and saves it in the same file.
    GoOn,
    /// `sorn plot`.
    Plot,
    /// `sorn report`.
    Report,
}

const WORKS: [Work; 10] = [
    Work::Run,
    Work::Run,
    Work::Run,
    Work::Seeds,
    Work::Task,
    Work::Task,
    Work::Simulate,
    Work::GoOn,
    Work::Plot,
    Work::Report,
];

/// A piece of work, and what comes of it if nothing disturbs it.
pub(crate) struct Piece {
    pub(crate) work: Work,
    setting: Setting,
    simulate: Vec<String>,
    kind: &'static str,
    threads: u64,
    state: &'static str,
    home: PathBuf,
    /// What is there before it begins.
    pub(crate) before: Tree,
    /// What is there when it is done.
    pub(crate) after: Tree,
    /// How long it took.
    pub(crate) took: Duration,
}

const FIGURES: [&str; 6] =
    ["learning-curve", "raster", "weight-distribution", "network", "firing-rates", "incoming-connections"];
const PRESETS: [&str; 2] = ["upstream", "zheng2013"];

impl Piece {
    /// A random piece of work below the folder `home`, done once undisturbed.
    ///
    /// # Errors
    /// Where that fails: then the case is wrong, or the command is.
    pub(crate) fn random(campaign: &Campaign, home: &Path, rng: &mut Rng) -> Result<Piece> {
        let work = *rng.pick(&WORKS);
        let setting = Setting::random(rng);
        let preset = *rng.pick(&PRESETS);
        let ne = rng.within(10, 80);
        let state = *rng.pick(&["state.safetensors", "state.npz"]);
        let mut simulate: Vec<String> = ["simulate", "--quiet", "--seed"].map(String::from).into();
        simulate.extend([setting.seed.to_string(), "--preset".into(), preset.into()]);
        for set in [format!("ne={ne}"), "lambda_ee=5.0".into(), "lambda_ei=6.0".into()] {
            simulate.extend(["--set".into(), set]);
        }
        simulate.extend(["--steps".into(), rng.within(1, 400).to_string()]);
        let kind = *rng.pick(&FIGURES);
        let threads = rng.within(1, 3);
        let mut piece = Piece {
            work,
            setting,
            simulate,
            kind,
            threads,
            state,
            home: home.to_path_buf(),
            before: Tree::new(),
            after: Tree::new(),
            took: Duration::ZERO,
        };
        if work == Work::Task {
            piece.setting.toml = tasks::random(rng);
            tasks::data(home)?;
        }
        fs::write(home.join("tried.toml"), &piece.setting.toml)?;
        piece.make_given(campaign)?;
        let whole = piece.place("whole")?;
        piece.before = tree(&whole)?;
        let done = process::run(&mut piece.command(campaign, &whole)?, &home.join("whole.err"), 6 * HANG)?;
        if done.end != End::Code(0) {
            bail!(
                "{work:?}: undisturbed it ends with {:?}: {}\n{}",
                done.end,
                done.tail(),
                piece.setting.toml
            );
        }
        piece.took = done.took;
        piece.after = tree(&whole)?;
        Ok(piece)
    }

    /// What must be there before the work begins, in `given/`.
    fn make_given(&self, campaign: &Campaign) -> Result<()> {
        let given = self.home.join("given");
        fs::create_dir_all(&given)?;
        let args = match self.work {
            Work::Plot | Work::Report => self.run_arguments(),
            Work::GoOn => {
                let mut args = self.simulate.clone();
                args.extend(["--save-state".into(), self.state.into()]);
                args
            }
            Work::Run | Work::Seeds | Work::Task | Work::Simulate => return Ok(()),
        };
        let done = process::run(&mut sorn(campaign, &given, &args), &self.home.join("given.err"), 6 * HANG)?;
        if done.end != End::Code(0) {
            bail!(
                "{:?}: {args:?} ends with {:?}: {}\n{}",
                self.work,
                done.end,
                done.tail(),
                self.setting.toml
            );
        }
        Ok(())
    }

    fn run_arguments(&self) -> Vec<String> {
        let mut args: Vec<String> = ["run", "../tried.toml", "--quiet"].map(String::from).into();
        if matches!(self.work, Work::Seeds | Work::Task) {
            args.extend(["--seeds".into(), "0..3".into(), "--threads".into(), self.threads.to_string()]);
        }
        if self.work == Work::Task {
            args.extend(["--controls".into(), "static".into()]);
        }
        args
    }

    fn run_dir(&self) -> String {
        match self.work {
            Work::Seeds | Work::Task => format!("runs/{NAME}"),
            _ => format!("runs/{NAME}/seed-{}", self.setting.seed),
        }
    }

    /// Makes the folder `name` in which the work can begin.
    pub(crate) fn place(&self, name: &str) -> Result<PathBuf> {
        let dir = self.home.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
        }
        copy(&self.home.join("given"), &dir)?;
        Ok(dir)
    }

    /// The command that begins the work in `dir`, or goes on with it.
    pub(crate) fn command(&self, campaign: &Campaign, dir: &Path) -> Result<Command> {
        let run = self.run_dir();
        let args: Vec<String> = match self.work {
            Work::Run | Work::Seeds | Work::Task => {
                let mark = if self.work == Work::Run { "config.toml" } else { "seeds.json" };
                match dir.join(&run).join(mark).exists() {
                    false => self.run_arguments(),
                    true if self.work == Work::Run => ["resume", &run, "--quiet"].map(String::from).into(),
                    true => ["resume", &run, "--quiet", "--threads", &self.threads.to_string()]
                        .map(String::from)
                        .into(),
                }
            }
            Work::Simulate => {
                // The command writes over nothing: what is there is whole, see `check_results`, and gives way.
                for name in ["probes.npz", self.state] {
                    let _ = fs::remove_file(dir.join(name));
                }
                let more = ["--probe", "TE:7", "--probe", "ExcitatoryActivation", "--out", "probes.npz"];
                let more = more.into_iter().chain(["--save-state", self.state]);
                self.simulate.iter().cloned().chain(more.map(String::from)).collect()
            }
            Work::GoOn => {
                // From the beginning again, where it was done.
                fs::copy(self.home.join("given").join(self.state), dir.join(self.state))?;
                let args = [
                    "simulate",
                    "--quiet",
                    "--state",
                    self.state,
                    "--steps",
                    "50",
                    "--save-state",
                    self.state,
                ];
                args.map(String::from).into()
            }
            Work::Plot => ["plot", &run, self.figure()].map(String::from).into(),
            Work::Report => ["report", &run, "--out", "report.html"].map(String::from).into(),
        };
        Ok(sorn(campaign, dir, &args))
    }

    /// Of an experiment without a network only the learning curve can be drawn.
    fn figure(&self) -> &'static str {
        if self.setting.toml.contains("kind = \"none\"") { "learning-curve" } else { self.kind }
    }

    /// Like [`command`](Piece::command), with a fault.
    pub(crate) fn faulty(
        &self,
        campaign: &Campaign,
        dir: &Path,
        what: &str,
        log: Option<PathBuf>,
    ) -> Result<Command> {
        let mut command = self.command(campaign, dir)?;
        build::with_faults(campaign, &mut command, dir, what, log);
        Ok(command)
    }

    /// How many operations on files the work takes, and what each is.
    pub(crate) fn operations(&self, campaign: &Campaign) -> Result<Vec<String>> {
        let dir = self.place("counted")?;
        let log = self.home.join("operations.log");
        let mut command = self.faulty(campaign, &dir, "0 count", Some(log.clone()))?;
        let done = process::run(&mut command, &self.home.join("counted.err"), 6 * HANG)?;
        if done.end != End::Code(0) {
            bail!("{:?}: while its operations were counted: {:?}: {}", self.work, done.end, done.tail());
        }
        let text = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        fs::remove_dir_all(&dir)?;
        Ok(String::from_utf8_lossy(&text).lines().map(String::from).collect())
    }

    /// Whether everything in `dir` that has the name of a result is whole: as before the work, or as after it.
    pub(crate) fn check_results(&self, dir: &Path) -> Result<Result<(), String>> {
        let found = tree(dir)?;
        let mut said = Vec::new();
        for (name, bytes) in found.iter().filter(|(name, _)| is_result(name)) {
            if [self.before.get(name), self.after.get(name)].contains(&Some(bytes)) {
                continue;
            }
            // Of checkpoints the last few are kept; those before are not in the end's tree. A task writes over its own.
            if name.contains("checkpoints/") && (self.work == Work::Task || !self.after.contains_key(name)) {
                continue;
            }
            said.push(format!("{name} is neither as before nor as after"));
        }
        Ok(if said.is_empty() { Ok(()) } else { Err(said.join("; ")) })
    }

    /// Whether `dir` holds what comes of the work.
    pub(crate) fn check_end(&self, dir: &Path) -> Result<Result<(), String>> {
        let mut found = tree(dir)?;
        // Files beside a simulation's own that a killed process left take space, and are no result.
        if matches!(self.work, Work::Simulate | Work::GoOn | Work::Plot | Work::Report) {
            found.retain(|name, _| !is_leftover(name));
        }
        if self.work != Work::Task {
            return Ok(super::same::difference(&self.after, &found));
        }
        // The last checkpoint of a task is that of where it was stopped last.
        let mut after = self.after.clone();
        for tree in [&mut after, &mut found] {
            tree.retain(|name, _| !name.contains("checkpoints/"));
        }
        Ok(super::same::difference(&after, &found))
    }
}

/// Whether a file counts as a result by its name alone.
fn is_result(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    matches!(last, "summary.json" | "aggregate.json" | "seeds.json" | "config.toml" | "experiment.toml")
        || [".npz", ".safetensors", ".svg", ".png", ".html"].iter().any(|end| last.ends_with(end))
}

/// A file that is on its way.
pub(crate) fn is_leftover(name: &str) -> bool {
    name.ends_with(".tmp")
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}
