//! `sorn run`, `resume` and `compare` of tasks that are no agent's.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sorn_lab::sorn_agents::own::conformance::Report;
use sorn_lab::sorn_sequence::Task;
use sorn_lab::{
    DynamicsTask, LabError, SeriesTask, TaskExperiment, TaskKind, TaskProgress, TaskSort, TaskSweep,
    TaskTable, counted,
};

use crate::ExitStatus;
use crate::args::{How, Run};
use crate::output::{note, program, report, result, table};
use crate::progress::StepBar;
use crate::stopping;

const STOPPING: &str = "stopping; what was done is saved";

pub(crate) fn run(sort: TaskSort, file: &Path, args: &Run) -> anyhow::Result<ExitStatus> {
    match sort {
        TaskSort::Sequence => run_kind::<Task>(file, args),
        TaskSort::Dynamics => run_kind::<DynamicsTask>(file, args),
        TaskSort::Series => run_kind::<SeriesTask>(file, args),
        _ => unreachable!("every kind has its arm"),
    }
}

fn run_kind<T: TaskKind>(file: &Path, args: &Run) -> anyhow::Result<ExitStatus> {
    let experiment = TaskExperiment::<T>::load(file, &args.set)?;
    let seeds = match (&args.seeds, args.seed) {
        (Some(seeds), _) => seeds.0.clone(),
        (None, seed) => vec![seed.unwrap_or(experiment.run.seed)],
    };
    if let Some(large) = seeds.iter().find(|seed| i64::try_from(**seed).is_err()) {
        let reason = format!("run.seed: expected at most {}, found {large}", i64::MAX);
        return Err(LabError::Config { origin: "--seeds".into(), reason }.into());
    }
    let controls = experiment.controls(&args.controls)?;
    let sweep = TaskSweep::create(&args.out, &experiment, &seeds, &controls, args.seeds.is_some())?;
    go_on(&sweep, &args.how)
}

/// Checks the sources of one's own that a file names, each by its key.
pub(crate) fn check(
    sort: TaskSort,
    file: &Path,
    set: &[String],
    seed: u64,
) -> Result<Vec<(String, Report)>, LabError> {
    Ok(match sort {
        TaskSort::Sequence => TaskExperiment::<Task>::load(file, set)?.task.check_own(seed),
        TaskSort::Dynamics => TaskExperiment::<DynamicsTask>::load(file, set)?.task.check_own(seed),
        TaskSort::Series => TaskExperiment::<SeriesTask>::load(file, set)?.task.check_own(seed),
        _ => unreachable!("every kind has its arm"),
    })
}

/// The name that a file's experiment has, and so its directory.
pub(crate) fn name(sort: TaskSort, file: &Path, set: &[String]) -> Result<String, LabError> {
    Ok(match sort {
        TaskSort::Sequence => TaskExperiment::<Task>::load(file, set)?.name,
        TaskSort::Dynamics => TaskExperiment::<DynamicsTask>::load(file, set)?.name,
        TaskSort::Series => TaskExperiment::<SeriesTask>::load(file, set)?.name,
        _ => unreachable!("every kind has its arm"),
    })
}

/// Goes on with the directory of a task.
pub(crate) fn resume(sort: TaskSort, dir: &Path, how: &How) -> anyhow::Result<ExitStatus> {
    match sort {
        TaskSort::Sequence => go_on(&TaskSweep::<Task>::open(dir)?, how),
        TaskSort::Dynamics => go_on(&TaskSweep::<DynamicsTask>::open(dir)?, how),
        TaskSort::Series => go_on(&TaskSweep::<SeriesTask>::open(dir)?, how),
        _ => unreachable!("every kind has its arm"),
    }
}

/// Prints the tables of finished tasks.
pub(crate) fn compare(dirs: &[PathBuf], json: bool, markdown: bool) -> anyhow::Result<ExitStatus> {
    let mut tables = Vec::new();
    for dir in dirs {
        tables.push(match TaskSort::of_dir(dir)? {
            Some(TaskSort::Dynamics) => TaskTable::of(&TaskSweep::<DynamicsTask>::read(dir)?)?,
            Some(TaskSort::Series) => TaskTable::of(&TaskSweep::<SeriesTask>::read(dir)?)?,
            _ => TaskTable::of(&TaskSweep::<Task>::read(dir)?)?,
        });
    }
    if json {
        result(&(serde_json::to_string_pretty(&tables)? + "\n"))?;
        return Ok(ExitStatus::Done);
    }
    for found in &tables {
        result(&if markdown { found.markdown() } else { described(found) })?;
    }
    Ok(ExitStatus::Done)
}

fn go_on<T: TaskKind>(sweep: &TaskSweep<T>, how: &How) -> anyhow::Result<ExitStatus> {
    stopping::on_signals(STOPPING);
    let progress = Steps::new(sweep.steps()?, how.quiet);
    let swept = sweep.run(how.threads.map_or(0, usize::from), &progress);
    progress.clear();
    let swept = swept?;
    let at = sweep.path().display();
    let mut status = ExitStatus::Done;
    if swept.stopped > 0 {
        let n = counted(swept.stopped as u64, "run");
        note(&format!("stopped, {n} not finished; resume it with: {} resume {at}", program()));
        status = ExitStatus::Interrupted;
    }
    for (dir, error) in swept.failed {
        note(&format!("{}:", dir.display()));
        status = report(&error.into());
    }
    if let Some(found) = &swept.table {
        let text = if how.json { serde_json::to_string_pretty(found)? + "\n" } else { described(found) };
        result(&text)?;
        if !how.json {
            result(&format!("table  {at}/{}\n", T::TABLE))?;
        }
    }
    Ok(status)
}

fn described(found: &TaskTable) -> String {
    let mut text = table(&found.rows());
    text.push_str(&format!("{}: median (quartiles)\n", counted(found.seeds.len() as u64, "seed")));
    if found.arms.iter().any(|arm| arm.against.is_some()) {
        text.push_str("p: two-sided Mann-Whitney test of the last score: a control against its arm, an arm against the experiment\n");
    }
    found.problems.iter().for_each(|problem| text.push_str(&format!("problem: {problem}\n")));
    for rows in [found.reference_rows(), found.claim_rows()] {
        if !rows.is_empty() {
            text.push('\n');
            text.push_str(&table(&rows));
        }
    }
    if !found.references.is_empty() || !found.claims.is_empty() {
        text.push_str("here: all runs together if the score can be pooled, else the mean over runs; 95 % bootstrap interval over runs\n");
    }
    text
}

pub(super) struct Steps {
    bar: StepBar,
    done: AtomicU64,
}

impl Steps {
    pub(super) fn new(steps: u64, quiet: bool) -> Steps {
        Steps { bar: StepBar::new(steps, quiet), done: AtomicU64::new(0) }
    }

    pub(super) fn clear(&self) {
        self.bar.clear();
    }
}

impl TaskProgress for Steps {
    fn steps(&self, steps: u64) {
        self.bar.set(self.done.fetch_add(steps, Ordering::Relaxed) + steps);
    }

    fn stop(&self) -> bool {
        stopping::asked().is_some()
    }
}
