//! `sorn compare`: arms of an experiment side by side.

use sorn_lab::{Comparison, decimal, quartile, results_table};

use crate::ExitStatus;
use crate::args::Compare;
use crate::output::{Usage, result, table};

pub(crate) fn run(args: &Compare) -> anyhow::Result<ExitStatus> {
    let mut sequences = 0;
    for dir in &args.dirs {
        sequences += usize::from(sorn_lab::is_sequence_dir(dir)?);
    }
    if sequences == args.dirs.len() {
        return super::sequence::compare(&args.dirs, args.json, args.markdown);
    }
    if sequences > 0 {
        let reason =
            "directories: expected all of sequence tasks or all of reinforcement learning, found both";
        return Err(Usage(reason.into()).into());
    }
    if args.markdown {
        result(&results_table(&args.dirs)?)?;
        return Ok(ExitStatus::Done);
    }
    let comparison = Comparison::read(&args.dirs)?;
    let out = args.out.clone().unwrap_or_else(|| args.dirs[0].join("figures"));
    let figures = comparison.draw(&out)?;
    if args.json {
        result(&(serde_json::to_string_pretty(&comparison)? + "\n"))?;
        return Ok(ExitStatus::Done);
    }
    let head = ["", "solved", "median", "q1", "q3", "max", "eval mean", "p"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for arm in &comparison.arms {
        let episodes = |v: Option<f64>| v.map_or("-".into(), quartile);
        let spread = arm.aggregate.episodes_to_solve_spread;
        rows.push(vec![
            arm.aggregate.experiment.clone(),
            format!("{}/{}", arm.aggregate.solved, arm.aggregate.seeds.len()),
            episodes(spread.map(|s| s.median)),
            episodes(spread.map(|s| s.q1)),
            episodes(spread.map(|s| s.q3)),
            episodes(spread.map(|s| s.max)),
            arm.aggregate.eval_mean.map_or("-".into(), |s| decimal(s.median, 1)),
            arm.p.map_or("-".into(), |p| if p < 1e-4 { format!("{p:.0e}") } else { format!("{p:.4}") }),
        ]);
    }
    let mut text = table(&rows);
    text.push_str("median, q1, q3, max: episodes to solve; a run that did not solve counts with the most episodes that any run had\n");
    text.push_str("p: two-sided Mann-Whitney test of the episodes to solve against the first row\n");
    figures.iter().for_each(|path| text.push_str(&format!("figure  {}\n", path.display())));
    result(&text)?;
    Ok(ExitStatus::Done)
}
