//! `sorn eval`: the frozen greedy policy of a run.

use sorn_lab::{RunDir, evaluate};

use crate::ExitStatus;
use crate::args::Eval;
use crate::output::result;

pub(crate) fn run(args: &Eval) -> anyhow::Result<ExitStatus> {
    let dir = RunDir::open(&args.dir)?;
    let experiment = dir.experiment();
    let agent = dir.agent()?;
    let episodes = args.episodes.unwrap_or(experiment.eval.episodes.max(1));
    let Some(eval) = evaluate(experiment, &agent, episodes)? else {
        return Ok(ExitStatus::Done);
    };
    let text = match args.json {
        true => serde_json::to_string_pretty(&eval)? + "\n",
        false => format!(
            "{}, greedy policy, {} episodes: mean return {:.2} +- {:.2}, min {:.2}\n",
            experiment.env.id, eval.episodes, eval.mean, eval.sd, eval.min
        ),
    };
    result(&text)?;
    Ok(ExitStatus::Done)
}
