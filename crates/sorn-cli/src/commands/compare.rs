//! `sorn compare`: arms of an experiment side by side.

use std::path::{Path, PathBuf};

use sorn_lab::{Comparison, Spread, SweepDir, TaskSort, decimal, quartile, results_table};

use crate::ExitStatus;
use crate::args::{Compare, Over};
use crate::output::{Usage, result, table};

pub(crate) fn run(args: &Compare) -> anyhow::Result<ExitStatus> {
    if let Some(key) = &args.along {
        return along(key, args);
    }
    args.dirs.iter().try_for_each(|dir| super::sweep::refuse_sweep(dir))?;
    let mut tasks = 0;
    for dir in &args.dirs {
        tasks += usize::from(TaskSort::of_dir(dir)?.is_some());
    }
    if tasks == args.dirs.len() {
        if args.over.is_some() {
            let reason = "--over: expected directories of reinforcement learning, found those of tasks without an agent";
            return Err(Usage(reason.into()).into());
        }
        return super::task::compare(&args.dirs, args.json, args.markdown);
    }
    if tasks > 0 {
        let reason = "directories: expected all of tasks without an agent or all of reinforcement learning, found both";
        return Err(Usage(reason.into()).into());
    }
    if args.markdown {
        result(&results_table(&args.dirs)?)?;
        return Ok(ExitStatus::Done);
    }
    show(&args.dirs, args.out.as_deref(), args.over, args.json)
}

/// Shows how a sweep's measure depends on a key.
fn along(key: &str, args: &Compare) -> anyhow::Result<ExitStatus> {
    let [dir] = &args.dirs[..] else {
        let reason =
            format!("--along: expected the directory of one sweep, found {} directories", args.dirs.len());
        return Err(Usage(reason).into());
    };
    if let Some(reach) = args.reach.filter(|reach| !reach.is_finite()) {
        return Err(Usage(format!("--reach: expected a finite number, found {reach}")).into());
    }
    let sweep = SweepDir::read(dir)?;
    let curve = sweep.curve(key, args.measure.as_deref(), args.reach)?;
    if args.json {
        result(&(serde_json::to_string_pretty(&curve)? + "\n"))?;
        return Ok(ExitStatus::Done);
    }
    let rows = curve.rows();
    if args.markdown {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let mut text = line(&rows[0]) + &format!("|{}\n", "---|".repeat(rows[0].len()));
        rows[1..].iter().for_each(|row| text.push_str(&line(row)));
        result(&text)?;
        return Ok(ExitStatus::Done);
    }
    let figure = sweep.draw_curve(&curve)?;
    let mut text = table(&rows);
    text.push_str(&format!("median, q1, q3: {} over the seeds\n", curve.measure));
    if args.reach.is_some() {
        text.push_str("largest: the largest value up to which 4 of 5 seeds reach the number\n");
    }
    text.push_str(
        "p: two-sided Mann-Whitney test against the first kind of reservoir, or else the first arm\n",
    );
    text.push_str(&format!("figure  {}\n", figure.display()));
    result(&text)?;
    Ok(ExitStatus::Done)
}

/// Draws and prints the comparison of several directories.
pub(super) fn show(
    dirs: &[PathBuf],
    out: Option<&Path>,
    over: Option<Over>,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let comparison = Comparison::read(dirs)?;
    let out = out.map_or_else(|| dirs[0].join("figures"), Path::to_path_buf);
    let figures = comparison.draw(&out, over.map(Into::into))?;
    if json {
        result(&(serde_json::to_string_pretty(&comparison)? + "\n"))?;
        return Ok(ExitStatus::Done);
    }
    let mut text = match comparison.has_threshold() {
        true => solved(&comparison),
        false => evaluated(&comparison),
    };
    figures.iter().for_each(|path| text.push_str(&format!("figure  {}\n", path.display())));
    result(&text)?;
    Ok(ExitStatus::Done)
}

fn probability(p: Option<f64>) -> String {
    p.map_or("-".into(), |p| if p < 1e-4 { format!("{p:.0e}") } else { format!("{p:.4}") })
}

fn one_digit(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| decimal(value, 1))
}

/// The table of experiments whose runs are solved or not.
fn solved(comparison: &Comparison) -> String {
    let head = ["", "solved", "median", "q1", "q3", "max", "p", "eval mean", "p eval"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for arm in &comparison.arms {
        let a = &arm.aggregate;
        let spread = a.threshold.and(a.episodes_to_solve_spread);
        let episodes = |of: fn(Spread) -> f64| spread.map_or("-".into(), |s| quartile(of(s)));
        rows.push(vec![
            arm.label.clone(),
            a.threshold.map_or("-".into(), |_| format!("{}/{}", a.solved, a.seeds.len())),
            episodes(|s| s.median),
            episodes(|s| s.q1),
            episodes(|s| s.q3),
            episodes(|s| s.max),
            probability(arm.p),
            one_digit(a.eval_average.map(|mean| mean.value)),
            probability(arm.p_eval),
        ]);
    }
    let mut text = table(&rows);
    text.push_str("median, q1, q3, max: episodes to solve; a run that did not solve counts with the most episodes that any run had\n");
    text.push_str("p: two-sided Mann-Whitney test of the episodes to solve against the first row\n");
    text.push_str(
        "eval mean, p eval: mean return of the greedy policy after training, and the same test of it\n",
    );
    text
}

/// The table of experiments without a threshold.
fn evaluated(comparison: &Comparison) -> String {
    let head = ["", "seeds", "mean", "iqm", "low", "high", "p", "area", "p area"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for arm in &comparison.arms {
        let a = &arm.aggregate;
        rows.push(vec![
            arm.label.clone(),
            a.seeds.len().to_string(),
            one_digit(a.eval_average.map(|mean| mean.value)),
            one_digit(a.eval_iqm.map(|iqm| iqm.value)),
            one_digit(a.eval_iqm.map(|iqm| iqm.low)),
            one_digit(a.eval_iqm.map(|iqm| iqm.high)),
            probability(arm.p_eval),
            one_digit(a.area.map(|area| area.median)),
            probability(arm.p_area),
        ]);
    }
    let mut text = table(&rows);
    text.push_str("mean, iqm: mean and interquartile mean over the seeds of the mean return of the greedy policy after training\n");
    text.push_str("low, high: 95 % bootstrap interval of the interquartile mean (Agarwal et al. 2021)\n");
    text.push_str(
        "area: median of the areas under the learning curves, that is of the mean returns while training\n",
    );
    text.push_str("p, p area: two-sided Mann-Whitney tests of evaluation and area against the first row\n");
    text
}
