//! `sorn check`: does an environment keep the contract?

use sorn_lab::counted;
use sorn_lab::sorn_env::conformance::{self, Config, Level};

use super::envs::{kwargs, lines, spaces};
use crate::ExitStatus;
use crate::args::Check;
use crate::output::{Usage, result};

pub(crate) fn run(args: &Check) -> anyhow::Result<ExitStatus> {
    let made = sorn_lab::sorn_envs::make(&args.env, &kwargs(&args.kwarg)?);
    let (mut env, _) = made.map_err(|e| Usage(e.to_string()))?;
    let report = conformance::check(&mut env, &Config { seed: args.seed, ..Config::default() });
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
    result(&text)?;
    Ok(if kept { ExitStatus::Done } else { ExitStatus::Failed })
}
