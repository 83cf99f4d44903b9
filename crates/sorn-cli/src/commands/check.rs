//! `sorn check`: does an environment keep the contract?

use std::path::Path;

use sorn_lab::sorn_agents::own::conformance::{Report, check_own};
use sorn_lab::sorn_env::Env as _;
use sorn_lab::sorn_env::conformance::{self, Config, Level};
use sorn_lab::{Experiment, TaskSort, counted};

use super::envs::{is_file, kwargs, lines, no_overrides, only_overrides, spaces};
use super::task;
use crate::ExitStatus;
use crate::args::Check;
use crate::output::{Usage, result};

pub(crate) fn run(args: &Check) -> anyhow::Result<ExitStatus> {
    let (mut env, parts) = match is_file(&args.env) {
        false => {
            no_overrides(&args.env, &args.set)?;
            let made = sorn_lab::sorn_envs::make(&args.env, &kwargs(&args.kwarg)?);
            (made.map_err(|e| Usage(e.to_string()))?.0, vec![])
        }
        true => {
            only_overrides(&args.env, &args.kwarg)?;
            let file = Path::new(&args.env);
            if let Some(sort) = TaskSort::of_file(file)? {
                let parts = task::check(sort, file, &args.set, args.seed)?;
                if !parts.is_empty() {
                    let (text, kept) = said(parts);
                    result(&text)?;
                    return Ok(if kept { ExitStatus::Done } else { ExitStatus::Failed });
                }
            }
            let experiment = Experiment::read(file, &args.set)?;
            let (env, _) = experiment.make_env(&args.env)?;
            let (observations, actions) = (env.observation_space(), env.action_space());
            (env, check_own(&experiment.agent, &observations, &actions, args.seed))
        }
    };
    let config = Config { seed: args.seed, ..Config::default() };
    let report = conformance::check(&mut env, &config);
    let mut text = lines(&spaces(&env));
    for finding in &report.findings {
        let level = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        text.push_str(&format!("{level}: {}: {}\n", finding.check, finding.message));
    }
    let broken = report.findings.iter().any(|finding| finding.level == Level::Error);
    let kept = !broken && report.failures == 0;
    let verdict = match (broken, report.failures) {
        (true, _) => "breaks the contract",
        (false, 0) => "keeps the contract",
        _ => "fails, so whether it keeps the contract is not known",
    };
    let failures = match report.failures {
        0 => String::new(),
        n => format!(", of which {n} ended with a failure"),
    };
    text.push_str(&format!(
        "{} {verdict} ({} in {}{failures})\n",
        args.env,
        counted(report.steps, "step"),
        counted(report.episodes, "episode")
    ));
    if report.ended == 0 && report.failures == 0 && report.episodes > 0 {
        let steps = config.steps;
        text.push_str(&format!(
            "note: no episode ended within {steps} steps of random actions; if none ever does, an experiment needs run.steps, or a wrapper time_limit (env.wrappers)\n"
        ));
    }
    let (of_parts, parts_kept) = said(parts);
    result(&(text + &of_parts))?;
    Ok(if kept && parts_kept { ExitStatus::Done } else { ExitStatus::Failed })
}

/// What is said of parts of one's own, and whether all of them keep the contract.
fn said(parts: Vec<(String, Report)>) -> (String, bool) {
    let (mut text, mut kept) = (String::new(), true);
    for (part, report) in parts {
        kept &= report.passed();
        report.findings.iter().for_each(|finding| text.push_str(&format!("error: {part}: {finding}\n")));
        let verdict = if report.passed() { "keeps the contract" } else { "breaks the contract" };
        text.push_str(&format!("{part} {verdict}\n"));
    }
    (text, kept)
}
