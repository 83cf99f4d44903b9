//! `sorn decode`: what the activity of a reservoir tells of the past.

use sorn_lab::{DecodeConfig, RunDir, Sweep, TaskSort, counted, decode};

use super::task::Steps;
use crate::ExitStatus;
use crate::args::{Actor, Decode};
use crate::output::{Usage, note, result, table};
use crate::stopping;

const STOPPING: &str = "stopping; nothing is written";

pub(crate) fn run(args: &Decode) -> anyhow::Result<ExitStatus> {
    super::sweep::refuse_sweep(&args.dir)?;
    if TaskSort::of_dir(&args.dir)?.is_some() {
        let at = args.dir.display();
        return Err(Usage(format!("{at}: expected runs of an agent, found a task without one")).into());
    }
    let runs = match Sweep::read(&args.dir)? {
        Some(sweep) => sweep.seeds().len(),
        None => RunDir::read(&args.dir).map(|_| 1)?,
    };
    let config = DecodeConfig {
        lags: usize::from(args.lags),
        steps: args.steps,
        actor: match args.actions {
            Actor::Random => sorn_lab::Actor::Random,
            Actor::Policy => sorn_lab::Actor::Policy,
        },
    };
    stopping::on_signals(STOPPING);
    let progress = Steps::new(args.steps.saturating_mul(runs as u64), args.quiet);
    let decoded = decode(&args.dir, &config, args.threads.map_or(0, usize::from), &progress);
    progress.clear();
    let Some(decoded) = decoded? else {
        note("stopped; the same command begins anew");
        return Ok(ExitStatus::Interrupted);
    };
    let figure = decoded.draw(&args.dir)?;
    if args.json {
        result(&(serde_json::to_string_pretty(&decoded)? + "\n"))?;
        return Ok(ExitStatus::Done);
    }
    let mut text = table(&decoded.rows());
    text.push_str(&format!(
        "{}: linear readouts of the activity in episodes they were not fitted to{}\n",
        counted(runs as u64, "seed"),
        if runs > 1 { "; median (quartiles)" } else { "" }
    ));
    text.push_str("symbols: share read rightly, 0 for always the most frequent one; numbers: share of the variance explained\n");
    text.push_str(&format!(
        "numbers  {}\nfigure   {}\n",
        args.dir.join("decode.json").display(),
        figure.display()
    ));
    result(&text)?;
    Ok(ExitStatus::Done)
}
