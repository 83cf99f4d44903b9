//! `cargo xtask campaign`: kills, faults, odd files and odd calls, for as long as one likes.

mod build;
mod concurrent;
mod environments;
mod faults;
mod fuzz;
mod kill;
mod options;
mod pool;
mod process;
mod python;
mod rng;
mod same;
mod setting;
mod soak;
mod table;
mod tasks;
mod watch;
mod work;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::workspace::Workspace;

pub(crate) use options::{Options, USAGE};
use table::Table;

/// One kind of case.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Its part of the time of `all`.
    share: f64,
    /// Builds what is tried, before its time begins.
    build: fn(&Campaign) -> Result<()>,
    run: fn(&Campaign) -> Result<()>,
}

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "kill",
        about: "kills and signals at any moment",
        share: 0.2,
        build: build::programs,
        run: kill::run,
    },
    Kind {
        name: "faults",
        about: "disks that are full, break or write by half",
        share: 0.2,
        build: build::programs,
        run: faults::run,
    },
    Kind {
        name: "concurrent",
        about: "several writers in one directory, or of one file",
        share: 0.1,
        build: build::programs,
        run: concurrent::run,
    },
    Kind {
        name: "fuzz",
        about: "mutated files and command lines",
        share: 0.2,
        build: fuzz::build,
        run: fuzz::run,
    },
    Kind {
        name: "python",
        about: "odd calls of the Python package, threads, forks, signals, exits",
        share: 0.15,
        build: python::build,
        run: python::run,
    },
    Kind {
        name: "environments",
        about: "environments of Python's that misbehave",
        share: 0.1,
        build: environments::build,
        run: environments::run,
    },
    Kind {
        name: "soak",
        about: "memory, descriptors and disk of long runs",
        share: 0.1,
        build: build::programs,
        run: soak::run,
    },
];

/// What a kind of case works with.
pub(crate) struct Campaign {
    workspace: Workspace,
    seed: u64,
    cases: Option<u64>,
    case: Option<u64>,
    target: Option<String>,
    jobs: usize,
    coverage: bool,
    deadline: Instant,
    scratch: PathBuf,
    programs: PathBuf,
    table: Table,
}

impl Campaign {
    fn time_is_up(&self) -> bool {
        // With a number of cases it is the number that counts.
        self.cases.is_none() && self.case.is_none() && Instant::now() >= self.deadline
    }

    /// The command that repeats one case.
    fn repeat(&self, kind: &str, case: u64) -> String {
        format!("cargo xtask campaign {kind} --seed {} --case {case}", self.seed)
    }
}

/// Runs the kinds named; false if a promise did not hold.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let workspace = Workspace::load()?;
    if let Some(path) = &options.markdown {
        // Before hours of work, not after them.
        table::check_place(path)?;
    }
    // The process's number: another campaign may run beside this one.
    let home = workspace.target.join("campaign");
    let scratch = home.join(format!("scratch-{}", std::process::id()));
    fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| options.kinds.contains(&kind.name)).collect();
    let shares: f64 = kinds.iter().map(|kind| kind.share).sum();
    let mut campaign = Campaign {
        workspace,
        seed: options.seed,
        cases: options.cases,
        case: options.case,
        target: options.target.clone(),
        jobs: options.jobs,
        coverage: options.coverage,
        deadline: Instant::now(),
        scratch: scratch.clone(),
        programs: home.join("programs"),
        table: Table::default(),
    };
    for kind in kinds {
        println!("== {}: {}", kind.name, kind.about);
        (kind.build)(&campaign)?;
        let minutes = options.minutes * kind.share / shares;
        campaign.deadline = Instant::now() + Duration::from_secs_f64(60.0 * minutes);
        (kind.run)(&campaign)?;
    }
    print!("{}", campaign.table.text());
    let command = options.command();
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&campaign.table.json(options.seed, &command))?;
        fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &options.markdown {
        campaign.table.put_into(path, &command)?;
    }
    campaign.table.check()?;
    let failed = campaign.table.failed();
    match failed {
        0 => fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?,
        n => println!("{n} failed; what is left of them is in {}", scratch.display()),
    }
    Ok(failed == 0)
}
