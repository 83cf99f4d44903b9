//! `sorn compare`: arms of an experiment side by side.

use sorn_lab::{Comparison, Spread, TaskSort, decimal, quartile, results_table};

use crate::ExitStatus;
use crate::args::Compare;
use crate::output::{Usage, result, table};

pub(crate) fn run(args: &Compare) -> anyhow::Result<ExitStatus> {
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
    let comparison = Comparison::read(&args.dirs)?;
    let out = args.out.clone().unwrap_or_else(|| args.dirs[0].join("figures"));
    let figures = comparison.draw(&out, args.over.map(Into::into))?;
    if args.json {
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
