//! `sorn eval`: the frozen policy of a run, or of several.

use sorn_lab::sorn_report::stats::mean;
use sorn_lab::{
    Evaluation, Experiment, Filmed, Quiet, RunDir, Sweep, Trained, counted, decimal, evaluate, film,
    read_agent, try_film,
};

use crate::ExitStatus;
use crate::args::Eval;
use crate::output::{Usage, note, result, table};
use crate::paths::writable;

pub(crate) fn run(args: &Eval) -> anyhow::Result<ExitStatus> {
    if let Some(path) = &args.gif
        && path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("gif"))
    {
        return Err(Usage(format!("--gif {}: expected a name that ends in .gif", path.display())).into());
    }
    args.gif.iter().try_for_each(|path| writable("--gif", path))?;
    if args.dir.is_file() {
        if args.best {
            let reason = format!("--best: expected a run directory, found the file {}", args.dir.display());
            return Err(Usage(reason).into());
        }
        let (experiment, trained) = read_agent(&args.dir, args.env.as_deref())?;
        return one(&experiment, trained, args);
    }
    if let Some(id) = &args.env {
        let reason = format!("--env {id}: expected the file of an agent, found {}", args.dir.display());
        return Err(Usage(reason).into());
    }
    let Some(sweep) = Sweep::read(&args.dir)? else {
        let dir = RunDir::read(&args.dir)?;
        return one(dir.experiment(), trained(&dir, args)?, args);
    };
    if args.gif.is_some() {
        let one = sweep.runs().next().map(|(_, path)| path.display().to_string()).unwrap_or_default();
        let reason =
            format!("--gif films one run, and {} holds several; give one, e.g. {one}", args.dir.display());
        return Err(Usage(reason).into());
    }
    let mut evals = Vec::new();
    for (seed, path) in sweep.runs() {
        let dir = RunDir::read(&path)?;
        let trained = Trained { deterministic: !args.stochastic, ..trained(&dir, args)? };
        match evaluated(dir.experiment(), &trained, args)? {
            Some(eval) => evals.push((seed, eval)),
            None => return Ok(ExitStatus::Interrupted),
        }
    }
    result(&describe(&evals, args)?)?;
    Ok(ExitStatus::Done)
}

fn trained(dir: &RunDir, args: &Eval) -> anyhow::Result<Trained> {
    Ok(if args.best { dir.best()? } else { dir.trained()? })
}

fn one(experiment: &Experiment, trained: Trained, args: &Eval) -> anyhow::Result<ExitStatus> {
    let trained = Trained { deterministic: !args.stochastic, ..trained };
    let seed = args.seed.unwrap_or(experiment.run.seed);
    // Before hours of evaluation, not after.
    if let Some(path) = &args.gif {
        try_film(experiment, &trained, seed, path)?;
    }
    let Some(eval) = evaluated(experiment, &trained, args)? else { return Ok(ExitStatus::Interrupted) };
    let text = match args.json {
        true => serde_json::to_string_pretty(&eval)? + "\n",
        false => format!(
            "{}, {}, {}: mean return {} +- {}, min {}\n",
            experiment.env.id,
            if args.stochastic { "drawn actions" } else { "greedy policy" },
            counted(eval.episodes, "episode"),
            decimal(eval.mean, 2),
            decimal(eval.sd, 2),
            decimal(eval.min, 2)
        ),
    };
    // Whatever becomes of the film.
    result(&text)?;
    if let Some(path) = &args.gif {
        let filmed = film(experiment, &trained, seed, args.spikes, path, &Quiet)?;
        let Some(Filmed { ret, length, seconds }) = filmed else { return Ok(ExitStatus::Interrupted) };
        let path = path.display();
        note(&format!(
            "{path}: the first episode, return {}, {} in {seconds:.1} seconds",
            decimal(ret, 2),
            counted(length, "step")
        ));
    }
    Ok(ExitStatus::Done)
}

fn evaluated(experiment: &Experiment, trained: &Trained, args: &Eval) -> anyhow::Result<Option<Evaluation>> {
    let episodes = args.episodes.unwrap_or(experiment.eval.episodes.max(1));
    let seed = args.seed.unwrap_or(experiment.run.seed);
    Ok(evaluate(experiment, trained, episodes, seed, &Quiet)?)
}

fn describe(evals: &[(u64, Evaluation)], args: &Eval) -> anyhow::Result<String> {
    if args.json {
        let list: Vec<_> =
            evals.iter().map(|(seed, eval)| serde_json::json!({ "seed": seed, "eval": eval })).collect();
        return Ok(serde_json::to_string_pretty(&list)? + "\n");
    }
    let mut rows = vec![["seed", "episodes", "mean", "sd", "min"].map(String::from).to_vec()];
    for (seed, eval) in evals {
        let numbers = [eval.mean, eval.sd, eval.min].map(|v| decimal(v, 2));
        rows.push([seed.to_string(), eval.episodes.to_string()].into_iter().chain(numbers).collect());
    }
    let means: Vec<f64> = evals.iter().map(|(_, eval)| eval.mean).collect();
    Ok(format!(
        "{}{}: {} of {}, mean return {}\n",
        table(&rows),
        args.dir.display(),
        if args.stochastic { "drawn actions" } else { "greedy policies" },
        counted(evals.len() as u64, "seed"),
        mean(&means).map_or("-".into(), |mean| decimal(mean, 2))
    ))
}
