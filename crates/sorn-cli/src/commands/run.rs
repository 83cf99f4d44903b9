//! `sorn run`: from an experiment file to run directories.

use std::path::{Path, PathBuf};

use sorn_lab::{
    Aggregate, Experiment, Outcome, RunConfig, RunDir, Summary, Sweep, SweepOutcome, TaskSort, counted,
    decimal, quartile, train,
};

use super::task;
use crate::ExitStatus;
use crate::args::{How, Run};
use crate::live::{self, Subject};
use crate::output::{Usage, note, program, report, result, table};
use crate::progress::Bar;
use crate::stopping;

pub(crate) fn run(args: &Run) -> anyhow::Result<ExitStatus> {
    live::check(&args.how)?;
    if let [file] = &args.files[..] {
        return run_file(file, args);
    }
    if args.how.json {
        return Err(Usage(format!("--json: expected one experiment file, found {}", args.files.len())).into());
    }
    // Names first: a command that is refused has done nothing.
    let mut names: Vec<(String, &Path)> = Vec::new();
    for file in &args.files {
        let name = match TaskSort::of_file(file)? {
            Some(sort) => task::name(sort, file, &args.set)?,
            None => Experiment::load(file, &args.set)?.name,
        };
        if let Some((_, other)) = names.iter().find(|(taken, _)| *taken == name) {
            let (file, other) = (file.display(), other.display());
            let found = format!("found {name:?}, which {other} has");
            return Err(Usage(format!("{file}: expected a name of its own, {found}")).into());
        }
        names.push((name, file));
    }
    let mut status = ExitStatus::Done;
    for (index, file) in args.files.iter().enumerate() {
        if !args.how.quiet {
            note(&format!("file {} of {}: {}", index + 1, args.files.len(), file.display()));
        }
        match run_file(file, args).unwrap_or_else(|error| report(&error)) {
            ExitStatus::Done => {}
            ExitStatus::Interrupted => return Ok(ExitStatus::Interrupted),
            failed => status = failed,
        }
    }
    Ok(status)
}

fn run_file(file: &Path, args: &Run) -> anyhow::Result<ExitStatus> {
    if let Some(sort) = TaskSort::of_file(file)? {
        return task::run(sort, file, args);
    }
    let mut experiment = Experiment::load(file, &args.set)?;
    if let Some(Some(large)) = args.seeds.as_ref().map(|s| s.0.iter().find(|&&s| i64::try_from(s).is_err())) {
        experiment.run.seed = *large;
        experiment.validate("--seeds")?;
    }
    if !args.controls.is_empty() {
        let seeds = match (&args.seeds, args.seed) {
            (Some(seeds), _) => seeds.0.clone(),
            (None, seed) => vec![seed.unwrap_or(experiment.run.seed)],
        };
        return arms(&args.out, &experiment.with_controls(&args.controls)?, &seeds, &args.how);
    }
    if let Some(seeds) = &args.seeds {
        let sweep = Sweep::create(&args.out, &experiment, &seeds.0)?;
        return many(&sweep, &args.how);
    }
    if let Some(seed) = args.seed {
        experiment.run.seed = seed;
        experiment.validate("--seed")?;
    }
    let dir = RunDir::create(&RunDir::place(&args.out, &experiment), &experiment)?;
    one(&dir, &args.how)
}

const STOPPING: &str = "stopping at the end of the episode, or of the first step after five seconds (back to the last checkpoint)";

/// Trains one seed and says what came of it.
pub(crate) fn one(dir: &RunDir, how: &How) -> anyhow::Result<ExitStatus> {
    let run = &dir.experiment().run;
    stopping::on_signals(STOPPING);
    let bar = Bar::new(&[run.seed], run, how.quiet || how.live);
    let subject = Subject { experiment: dir.experiment(), seeds: &[run.seed], stopping: STOPPING };
    let outcome = live::watch(how, &bar, &subject, |progress| train(dir, progress));
    bar.clear();
    let at = dir.path().display();
    let summary = match outcome {
        Err(error) => {
            let status = report(&error.into());
            if status == ExitStatus::Failed && dir.path().join("config.toml").exists() {
                note(&format!("what was saved stays; resume it with: {} resume {at}", program()));
            }
            return Ok(status);
        }
        Ok(Outcome::Stopped { saved, done }) => {
            let what = match saved == done {
                true => format!("stopped after {}, all saved", counted(done, "episode")),
                false => format!(
                    "stopped after {}, of which {saved} {} saved",
                    counted(done, "episode"),
                    if saved == 1 { "is" } else { "are" }
                ),
            };
            note(&format!("{what}; resume it with: {} resume {at}", program()));
            return Ok(ExitStatus::Interrupted);
        }
        Ok(Outcome::Finished(summary)) => summary,
    };
    if how.json {
        result(&(serde_json::to_string_pretty(&summary)? + "\n"))?;
        return Ok(ExitStatus::Done);
    }
    let mut rows = vec![
        vec!["episodes".into(), summary.episodes.to_string()],
        vec!["environment steps".into(), summary.env_steps.to_string()],
        vec![
            "mean return, last 100".into(),
            summary.mean_return_last_100.map_or("-".into(), |mean| decimal(mean, 1)),
        ],
        vec!["training, seconds".into(), format!("{:.2}", summary.wall_secs)],
    ];
    if let Some(eval) = &summary.eval {
        let text =
            format!("{} +- {}, min {}", decimal(eval.mean, 1), decimal(eval.sd, 1), decimal(eval.min, 1));
        rows.push(vec![format!("greedy policy, {}", counted(eval.episodes, "episode")), text]);
    }
    if let Some(best) = &summary.best {
        let after = format!("best while training, after {}", counted(best.env_steps, "step"));
        let [mean, sd, min] = [best.eval.mean, best.eval.sd, best.eval.min].map(|value| decimal(value, 1));
        rows.push(vec![after, format!("{mean} +- {sd}, min {min}")]);
    }
    match &summary.problems[..] {
        [] if summary.episodes > 0 => {
            rows.push(vec!["learning curve".into(), format!("{at}/figures/learning-curve.svg")]);
        }
        problems => rows.extend(problems.iter().map(|problem| vec!["problem".into(), problem.clone()])),
    }
    let reached = match (summary.episodes_to_solve, summary.env_steps_to_solve) {
        _ if summary.threshold.is_none() => judged(&summary, run),
        (Some(episodes), Some(steps)) => {
            let (episodes, steps) = (counted(episodes, "episode"), counted(steps, "step"));
            format!("{} solved in {episodes} ({steps})", summary.env)
        }
        _ => format!("{} not solved in {}", summary.env, done(&summary, run)),
    };
    result(&format!("{}{reached}; next: {} eval {at}\n", table(&rows), program()))?;
    Ok(ExitStatus::Done)
}

/// What came of a run on a task that has no threshold.
fn judged(summary: &Summary, run: &RunConfig) -> String {
    let (env, done) = (&summary.env, done(summary, run));
    match (&summary.eval, summary.mean_return_last_100) {
        (Some(eval), _) => format!("{env}: mean return {} after {done}", decimal(eval.mean, 1)),
        (None, Some(mean)) => {
            format!("{env}: mean return {} in the last episodes of {done}", decimal(mean, 1))
        }
        (None, None) => format!("{env}: {done}"),
    }
}

/// What a run has done: its episodes, and its steps if they were limited.
fn done(summary: &Summary, run: &RunConfig) -> String {
    let (episodes, steps) = (counted(summary.episodes, "episode"), counted(summary.env_steps, "step"));
    if run.steps.is_some() { format!("{steps} ({episodes})") } else { episodes }
}

/// Trains an experiment and its controls, each with many seeds in a directory of its own, and compares them. The same command goes on
/// with what was stopped.
fn arms(out: &Path, arms: &[Experiment], seeds: &[u64], how: &How) -> anyhow::Result<ExitStatus> {
    // Directories first: a command that is refused has done nothing.
    let sweeps: Vec<Sweep> =
        arms.iter().map(|arm| Sweep::create_or_open(out, arm, seeds)).collect::<Result<_, _>>()?;
    let mut whole = true;
    let mut status = ExitStatus::Done;
    for (index, sweep) in sweeps.iter().enumerate() {
        if !how.quiet {
            note(&format!("{} of {}: {}", index + 1, sweeps.len(), sweep.path().display()));
        }
        let (ended, aggregate) = trained(sweep, how)?;
        whole &= aggregate.is_some();
        if ended != ExitStatus::Done {
            status = ended;
        }
        if ended == ExitStatus::Interrupted {
            break;
        }
    }
    if !whole {
        note("the same command goes on with every arm");
        return Ok(status);
    }
    let dirs: Vec<PathBuf> = sweeps.iter().map(|sweep| sweep.path().to_path_buf()).collect();
    super::compare::show(&dirs, None, None, how.json)
}

/// Trains many seeds and says what came of them.
pub(crate) fn many(sweep: &Sweep, how: &How) -> anyhow::Result<ExitStatus> {
    let (status, aggregate) = trained(sweep, how)?;
    if let Some(aggregate) = &aggregate {
        let text = match how.json {
            true => serde_json::to_string_pretty(aggregate)? + "\n",
            false => describe(aggregate, sweep.path()),
        };
        result(&text)?;
    }
    Ok(status)
}

/// Trains many seeds, and says how that ended; the table is there if all are finished.
fn trained(sweep: &Sweep, how: &How) -> anyhow::Result<(ExitStatus, Option<Aggregate>)> {
    stopping::on_signals(STOPPING);
    let bar = Bar::new(sweep.seeds(), &sweep.experiment().run, how.quiet || how.live);
    let subject = Subject { experiment: sweep.experiment(), seeds: sweep.seeds(), stopping: STOPPING };
    let threads = how.threads.map_or(0, usize::from);
    let outcome = live::watch(how, &bar, &subject, |progress| sweep.run(threads, progress));
    bar.clear();
    let SweepOutcome { aggregate, stopped, failed } = outcome?;
    let at = sweep.path().display();
    if !stopped.is_empty() {
        let n = counted(stopped.len() as u64, "seed");
        note(&format!("stopped, {n} not finished, all saved; resume it with: {} resume {at}", program()));
    }
    let mut status = if stopped.is_empty() { ExitStatus::Done } else { ExitStatus::Interrupted };
    let failures = failed.len();
    for (_, error) in failed {
        status = report(&error.into());
    }
    if failures > 0 {
        let n = counted(sweep.seeds().len() as u64, "seed");
        note(&format!(
            "{failures} of {n} failed, what was saved stays; resume it with: {} resume {at}",
            program()
        ));
    }
    Ok((status, aggregate))
}

fn describe(aggregate: &Aggregate, path: &Path) -> String {
    let mut rows = vec![["", "q1", "median", "q3", "min", "max"].map(String::from).to_vec()];
    let quantities = [
        ("episodes to solve", aggregate.threshold.and(aggregate.episodes_to_solve_spread), None),
        ("environment steps", aggregate.env_steps, Some(0)),
        ("training, seconds", aggregate.wall_secs, Some(2)),
        ("greedy policy, mean return", aggregate.eval_mean, Some(1)),
        ("mean return while training", aggregate.area, Some(1)),
    ];
    for (name, spread, digits) in quantities {
        if let Some(s) = spread {
            let cells = [s.q1, s.median, s.q3, s.min, s.max].map(|v| match digits {
                None => quartile(v),
                Some(digits) => decimal(v, digits),
            });
            rows.push(std::iter::once(name.to_string()).chain(cells).collect());
        }
    }
    let (solved, n) = (aggregate.solved, aggregate.seeds.len() as u64);
    let mut text = table(&rows);
    if aggregate.threshold.is_some() && solved < n {
        text.push_str("(a run that did not solve the task counts with the most episodes that any run had)\n");
    }
    match &aggregate.problems[..] {
        [] => text.push_str(&format!("learning curve  {}/figures/learning-curve.svg\n", path.display())),
        problems => problems.iter().for_each(|problem| text.push_str(&format!("problem  {problem}\n"))),
    }
    let eval = format!("{} eval {}/seed-{}", program(), path.display(), aggregate.seeds[0]);
    let seeds = counted(n, "seed");
    let reached = match (aggregate.threshold, aggregate.eval_iqm) {
        (Some(_), _) => format!(" solved by {solved} of {seeds}"),
        (None, Some(iqm)) => format!(
            ": interquartile mean return {} (95 % interval {} to {}) of {seeds}",
            decimal(iqm.value, 1),
            decimal(iqm.low, 1),
            decimal(iqm.high, 1)
        ),
        (None, None) => format!(": {seeds}"),
    };
    text.push_str(&format!("{}{reached}; next: {eval}\n", aggregate.env));
    text
}
