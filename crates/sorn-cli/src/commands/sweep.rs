//! `sorn sweep`: many configurations of one experiment, on this machine or a task at a time on many.

use std::path::{Path, PathBuf};

use serde_json::json;
use sorn_lab::{Goal, Plan, Ranking, SweepDir, TaskState, Worked, counted, is_sweep_dir, significant};

use crate::args::{Engine, How, Resume, Run, Seeds, Sweep, Tasks};
use crate::output::{Usage, note, program, result, table};
use crate::progress::TaskBar;
use crate::{ExitStatus, Extras, stopping};

/// Failed tasks that are listed one by one; the directory of each has its reason.
const TOLD: usize = 20;

/// What says which task of an array a process is to run.
const ARRAYS: [&str; 4] = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "PBS_ARRAY_INDEX", "PBS_ARRAYID"];

pub(crate) fn run(args: &Sweep, extras: Option<&dyn Extras>) -> anyhow::Result<ExitStatus> {
    if args.list {
        return list(&look(args)?, args);
    }
    if args.collect {
        return collect(&look(args)?, args);
    }
    if args.claim {
        return claim(&look(args)?, args);
    }
    let ray = match (args.engine, extras) {
        (Engine::Local, _) => {
            let given = [("--hand-in", args.hand_in.is_some()), ("--bring-back", args.bring_back)];
            if let Some((name, _)) = given.into_iter().find(|(_, given)| *given) {
                return Err(Usage(format!("{name}: expected --engine ray, found --engine local")).into());
            }
            None
        }
        (Engine::Ray, Some(extras)) => Some(extras),
        (Engine::Ray, None) => {
            let reason = "expected the `sorn` of the Python package with Ray, found the plain program";
            return Err(Usage(format!("--engine ray: {reason}: pip install 'sorn-rs[ray]'")).into());
        }
    };
    let sweep = look(args)?;
    let chosen = chosen(args, sweep.plan())?;
    if chosen.is_none() {
        sweep.plan().check()?;
    }
    let sweep = if args.file.is_dir() { sweep } else { SweepDir::create(&args.out, sweep.into_plan())? };
    let all = chosen.is_none();
    let numbers = chosen.unwrap_or_else(|| (0..sweep.plan().tasks()).collect());
    let worked = match ray {
        None => {
            stopping::on_signals(stopping::SAVED);
            let bar = TaskBar::new(numbers.len() as u64, args.quiet);
            let worked = sweep.run(&numbers, args.jobs.map_or(0, usize::from), &bar);
            bar.clear();
            worked?
        }
        Some(extras) => {
            let request = json!({
                "jobs": args.jobs,
                "seconds": args.hand_in.unwrap_or(15),
                "bring_back": args.bring_back,
                "quiet": args.quiet,
            });
            match extras.ray(&sweep, &numbers, &request)? {
                Ok(worked) => worked,
                Err(status) => return Ok(status),
            }
        }
    };
    let status = told(&sweep, &worked, numbers.len() as u64, all && !args.json)?;
    match all && worked.done == sweep.plan().tasks() {
        true => collect(&sweep, args),
        false => Ok(status),
    }
}

/// Collects the results into files, and prints the best configurations.
fn collect(sweep: &SweepDir, args: &Sweep) -> anyhow::Result<ExitStatus> {
    if !is_sweep_dir(sweep.path()) {
        let at = sweep.path().display();
        return Err(Usage(format!(
            "{at}: expected the directory of a sweep, found none; run its tasks first"
        ))
        .into());
    }
    let found = sweep.results();
    let [csv, _] = sweep.write_results(&found)?;
    #[cfg(feature = "parquet")]
    sweep.write_parquet(&found)?;
    let hparams = if args.hparams { Some(sweep.write_hparams(&found)?) } else { None };
    found.damaged.iter().for_each(|reason| note(&format!("left out: {reason}")));
    found.failed.iter().for_each(|place| note(&format!("failed: {}/error.txt says why", place.display())));
    if found.failures > found.failed.len() as u64 {
        note(&format!("and {} more that failed", found.failures - found.failed.len() as u64));
    }
    let finished = found.rows.len() as u64;
    if !found.is_whole() {
        let missing = found.tasks - finished;
        note(&format!(
            "{finished} of {} done, {missing} missing: no best configuration is chosen; continue with: {} sweep {}",
            counted(found.tasks, "task"),
            program(),
            sweep.path().display()
        ));
    }
    let ranking = match sweep.ranking(&found) {
        Ok(ranking) => ranking,
        // The table is there all the same.
        Err(error) => {
            result(&format!("results        {}\n", csv.display()))?;
            return Err(error.into());
        }
    };
    let best = sweep.write_ranking(&ranking)?;
    let (figures, problems) = sweep.draw(&found, &ranking.measure)?;
    problems.iter().for_each(|problem| note(&format!("figure left out: {problem}")));
    if args.json {
        result(&(serde_json::to_string_pretty(&ranking)? + "\n"))?;
    } else {
        result(&described(sweep, &ranking, &csv, best.as_deref(), &figures))?;
        if let Some(folder) = hparams {
            result(&format!("hparams        tensorboard --logdir {}\n", folder.display()))?;
        }
    }
    Ok(if found.is_whole() { ExitStatus::Done } else { ExitStatus::Failed })
}

/// Configurations that are printed.
const PRINTED: usize = 10;

fn described(
    sweep: &SweepDir,
    ranking: &Ranking,
    csv: &Path,
    best: Option<&Path>,
    figures: &[PathBuf],
) -> String {
    let mut rows = vec![["", "mean", "q1", "median", "q3"].map(String::from).to_vec()];
    for ranked in ranking.configurations.iter().take(PRINTED) {
        let number = |value: Option<f64>| value.map_or("-".into(), significant);
        let spread = ranked.spread;
        let spread = [spread.map(|s| s.q1), spread.map(|s| s.median), spread.map(|s| s.q3)];
        let cells = [ranked.mean].into_iter().chain(spread).map(number);
        rows.push(std::iter::once(ranked.name.clone()).chain(cells).collect());
    }
    let mut text = table(&rows);
    let all = ranking.configurations.len();
    if all > PRINTED {
        text.push_str(&format!("and {} more in {}/ranking.json\n", all - PRINTED, sweep.path().display()));
    }
    let best_is = match ranking.goal {
        Goal::Maximize => "largest",
        Goal::Minimize => "smallest",
    };
    let seeds = counted(ranking.seeds.len() as u64, "seed");
    text.push_str(&format!("{} over {seeds}; the {best_is} mean is the best\n", ranking.measure));
    text.push_str(&format!("results        {}\n", csv.display()));
    figures.iter().for_each(|figure| text.push_str(&format!("figure         {}\n", figure.display())));
    if let Some(best) = best {
        text.push_str(&format!("configuration  {}\n", best.display()));
        let next = match sweep.plan().fresh_seeds().is_empty() {
            false => format!("{} sweep {} --claim", program(), sweep.path().display()),
            true => {
                let from = ranking.seeds.iter().max().map_or(0, |seed| seed + 1);
                let (best, out) = (best.display(), sweep.path().display());
                format!("{} run {best} --seeds {from}..{} --out {out}", program(), from + 20)
            }
        };
        text.push_str(&format!(
            "The best mean is optimistic, since its seeds chose it; the same with fresh seeds: {next}\n"
        ));
    }
    text
}

/// Runs the best configuration with seeds that did not choose it.
fn claim(sweep: &SweepDir, args: &Sweep) -> anyhow::Result<ExitStatus> {
    let claim = sweep.claim()?;
    note(&format!(
        "{} with {} that did not choose it",
        claim.file.display(),
        counted(sweep.plan().fresh_seeds().len() as u64, "fresh seed")
    ));
    let how = How { threads: args.jobs, quiet: args.quiet, live: false, json: args.json };
    match claim.begun {
        true => super::resume::run(&Resume { dir: claim.dir, set: Vec::new(), how }),
        false => super::run::run(&Run {
            files: vec![claim.file],
            seed: None,
            seeds: Some(Seeds(sweep.plan().fresh_seeds().to_vec())),
            set: Vec::new(),
            controls: Vec::new(),
            out: sweep.path().to_path_buf(),
            how,
        }),
    }
}

/// The sweep of a file or directory, to look at it.
fn look(args: &Sweep) -> anyhow::Result<SweepDir> {
    if !args.file.is_dir() {
        return Ok(SweepDir::look(&args.out, Plan::load(&args.file, &args.set)?)?);
    }
    if let Some(text) = args.set.first() {
        let reason = format!("--set {text}: expected an experiment file, found the directory of a sweep");
        return Err(Usage(reason).into());
    }
    Ok(SweepDir::read(&args.file)?)
}

/// The tasks that the command line or an array job names; `None` if neither does.
fn chosen(args: &Sweep, plan: &Plan) -> anyhow::Result<Option<Vec<u64>>> {
    let (from, numbers) = match &args.task {
        Some(Tasks(numbers)) => ("--task", numbers.clone()),
        None => {
            let found = ARRAYS.iter().find_map(|name| Some((*name, std::env::var(name).ok()?)));
            let Some((name, text)) = found else {
                return match args.of {
                    None => Ok(None),
                    Some(_) => {
                        let arrays = ARRAYS.join(", ");
                        Err(Usage(format!("--of: expected --task, or one of {arrays} in the environment"))
                            .into())
                    }
                };
            };
            let number = text
                .parse::<u64>()
                .map_err(|_| Usage(format!("{name}: expected the number of a task, found {text:?}")))?;
            note(&format!("{} {number} ({name})", if args.of.is_some() { "part" } else { "task" }));
            (name, vec![number])
        }
    };
    let (most, what) = match args.of {
        None => (plan.tasks(), "task"),
        Some(parts) => (parts, "part"),
    };
    if let Some(number) = numbers.iter().find(|number| **number >= most) {
        return Err(Usage(format!("{from}: expected a {what} from 0 to {}, found {number}", most - 1)).into());
    }
    let all = || 0..plan.tasks();
    Ok(Some(match args.of {
        None => numbers,
        Some(parts) => all().filter(|task| numbers.contains(&(task % parts))).collect(),
    }))
}

/// Prints the tasks, many at a time: there may be millions.
fn list(sweep: &SweepDir, args: &Sweep) -> anyhow::Result<ExitStatus> {
    const AT_ONCE: usize = 10_000;
    let chosen = args.task.as_ref().map(|tasks| tasks.0.clone());
    if let Some(number) = chosen.iter().flatten().find(|number| **number >= sweep.plan().tasks()) {
        let last = sweep.plan().tasks() - 1;
        return Err(Usage(format!("--task: expected a task from 0 to {last}, found {number}")).into());
    }
    let numbers = chosen.unwrap_or_else(|| (0..sweep.plan().tasks()).collect());
    let last = numbers.last().copied();
    let mut first = true;
    for part in numbers.chunks(AT_ONCE) {
        let mut text = String::new();
        for task in part.iter().filter_map(|number| sweep.plan().task(*number)) {
            let (state, place) = (sweep.state(&task), sweep.place(&task));
            if args.json {
                let mut line = serde_json::to_value(&task)?;
                line["directory"] = place.display().to_string().into();
                line["state"] = serde_json::to_value(state)?;
                let comma = if Some(task.number) == last { "" } else { "," };
                text.push_str(&format!("{}{line}{comma}\n", if first { "[" } else { " " }));
                first = false;
            } else {
                text.push_str(&format!("{:>6}  {}  {}\n", task.number, named(state), place.display()));
            }
        }
        result(&text)?;
    }
    if args.json {
        result("]\n")?;
    }
    Ok(ExitStatus::Done)
}

/// As wide as the widest.
fn named(state: TaskState) -> &'static str {
    match state {
        TaskState::Missing => "missing",
        TaskState::Begun => "begun  ",
        TaskState::Failed => "failed ",
        TaskState::Done => "done   ",
    }
}

/// Says how work ended.
fn told(sweep: &SweepDir, worked: &Worked, of: u64, speaks: bool) -> anyhow::Result<ExitStatus> {
    let again = format!("{} sweep {}", program(), sweep.path().display());
    for (task, place, error) in worked.failed.iter().take(TOLD) {
        note(&format!("task {} failed: {}: {}", task.number, place.display(), short(place, error)));
    }
    let failed = worked.failed.len();
    if failed > TOLD {
        note(&format!("and {} more; the file error.txt in the directory of a task says why", failed - TOLD));
    }
    let mut said = format!("{} of {} done", worked.done, counted(of, "task"));
    for (count, what) in [
        (failed as u64, "failed"),
        (worked.left, "not finished"),
        (worked.elsewhere.len() as u64, "running in another process"),
    ] {
        if count > 0 {
            said.push_str(&format!(", {count} {what}"));
        }
    }
    let status = match () {
        () if worked.left > 0 => ExitStatus::Interrupted,
        () if failed > 0 => ExitStatus::Failed,
        () => ExitStatus::Done,
    };
    match status {
        ExitStatus::Done if speaks => result(&format!("{said}\n"))?,
        ExitStatus::Done => note(&said),
        _ => note(&format!("{said}, what was done is saved; continue with: {again}")),
    }
    Ok(status)
}

/// The error of a task without the directory that stands before it.
fn short(place: &Path, error: &sorn_lab::LabError) -> String {
    let text = error.to_string();
    let place = format!("{}: ", place.display());
    text.strip_prefix(&place).map_or(text.clone(), String::from)
}

/// Refuses the directory of a sweep, which other commands take.
pub(super) fn refuse_sweep(dir: &Path) -> Result<(), Usage> {
    match is_sweep_dir(dir) {
        false => Ok(()),
        true => {
            let dir = dir.display();
            Err(Usage(format!(
                "{dir}: expected runs of `sorn run`, found a sweep, with which `sorn sweep {dir}` goes on and which \
                 `sorn report {dir}` reports"
            )))
        }
    }
}
