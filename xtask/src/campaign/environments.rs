//! Environments of Python's that misbehave, through the bridge to Gymnasium.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Campaign;
use super::build::{self, sorn_as};
use super::pool::{Group, groups};
use super::process::{self, Done, End};
use super::rng::Rng;
use super::same::{Tree, difference, tree};
use super::work::HANG;
use crate::python::{PEERS, prepare, program};
use crate::steps::{BRIDGED, TESTED};
use crate::workspace::cargo;

const KIND: &str = "environments";
const SIZE: u64 = 20;
/// The command with the bridge, beside the one without.
const BRIDGE: &str = "sorn-bridge";

const SAID: &str = "an environment that misbehaves is an error that says what, or a finished run";
const SAME: &str = "a run in Python's environment that was killed is finished with the same bits";

/// What `Faulty-v0` of `tests/peers/odd_envs.py` knows; others are added there.
const FAULTS: [&str; 25] = [
    "",
    "raise",
    "refuse",
    "interrupt",
    "four",
    "shape",
    "nan",
    "outside",
    "kind",
    "list",
    "wide",
    "strided",
    "text",
    "reward",
    "numpy_reward",
    "make",
    "space",
    "reset",
    "picture",
    "rewards",
    "terminated_none",
    "truncated_text",
    "exit",
    "c_exit",
    "fork",
];

pub(crate) fn build(campaign: &Campaign) -> Result<()> {
    let workspace = &campaign.workspace;
    prepare(workspace, PEERS)?;
    let python = program(workspace, "python");
    let mut command = cargo();
    command.arg("test").args(TESTED).args(BRIDGED);
    build::build(campaign, command.args(["--no-run", "--test", "gymnasium"]).env("PYO3_PYTHON", &python))?;
    build::copy(campaign, "sorn", BRIDGE)
}

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    groups(campaign, KIND, SIZE, campaign.jobs, group)
}

fn group(group: &Group<'_>) -> Result<()> {
    let campaign = group.campaign;
    let toml = "name = \"odd\"\n[env]\nid = \"peers.odd_envs:Faulty-v0\"\n[agent.reservoir.params]\nne = 20\nlambda_ee = 5\n\
                lambda_ei = 5\n[run]\nepisodes = 8\nwindow = 2\ncheckpoint_every = 2\n[eval]\nepisodes = 1\n";
    fs::write(group.dir.join("odd.toml"), toml).context("cannot write the experiment")?;
    let whole = reference(campaign, &group.dir)?;
    for case in group.cases() {
        let mut rng = Rng::new(campaign.seed, KIND, case);
        rng.next();
        let repeat = || campaign.repeat(KIND, case);
        if rng.one_in(4) {
            let outcome = killed(campaign, &group.dir, &whole, &mut rng)?;
            campaign.table.tried(KIND, SAME, repeat, outcome);
            continue;
        }
        let fault = *rng.pick(&FAULTS);
        let sound = rng.below(10).to_string();
        let envs = if rng.one_in(4) { 3 } else { 1 };
        let sets = [
            format!("env.kwargs.fault=\"{fault}\""),
            format!("env.kwargs.sound_episodes={sound}"),
            format!("run.num_envs={envs}"),
        ];
        let plasticity = "agent.plasticity={mode=\"first_steps\",steps=5}";
        let mut args = vec!["run", "odd.toml", "--quiet", "--out", "odd", "--set", plasticity];
        sets.iter().for_each(|set| args.extend(["--set", set]));
        let done = process::run(&mut bridge(campaign, &group.dir, &args), &group.dir.join("err"), HANG)?;
        let outcome = said(&done, group.dir.join("odd/odd/seed-0/summary.json").exists());
        let outcome =
            outcome.map_err(|said| format!("{fault:?} after {sound} episodes, {envs} at once: {said}"));
        campaign.table.tried(KIND, SAID, repeat, outcome);
        let _ = fs::remove_dir_all(group.dir.join("odd"));
    }
    Ok(())
}

/// Exit code 0 means that the run is finished; any other is reported.
fn said(done: &Done, summary: bool) -> Result<(), String> {
    match done.end {
        _ if done.stderr.contains("panicked") => Err(format!("a panic: {}", done.tail())),
        End::Code(0) if summary => Ok(()),
        End::Code(0) => Err("exit code 0 without a summary".into()),
        End::Code(1 | 2 | 130) if done.stderr.contains("error") || done.end == End::Code(130) => Ok(()),
        end => Err(format!("{end:?}: {}", done.tail())),
    }
}

fn bridge(campaign: &Campaign, dir: &Path, args: &[&str]) -> Command {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let mut command = sorn_as(campaign, BRIDGE, dir, &args);
    let peers = campaign.workspace.root.join("tests");
    command.env("SORN_PYTHON", program(&campaign.workspace, "python"));
    command.env("PYTHONPATH", peers).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn reference(campaign: &Campaign, dir: &Path) -> Result<Tree> {
    let done = process::run(
        &mut bridge(campaign, dir, &["run", "odd.toml", "--quiet", "--out", "whole"]),
        &dir.join("whole.err"),
        6 * HANG,
    )?;
    anyhow::ensure!(done.end == End::Code(0), "undisturbed it ends with {:?}: {}", done.end, done.tail());
    tree(&dir.join("whole"))
}

fn killed(campaign: &Campaign, dir: &Path, whole: &Tree, rng: &mut Rng) -> Result<Result<(), String>> {
    let run = "killed/odd/seed-0";
    for _ in 0..3 {
        let args: &[&str] = match dir.join(run).join("config.toml").exists() {
            true => &["resume", run, "--quiet"],
            false => &["run", "odd.toml", "--quiet", "--out", "killed"],
        };
        let running = process::start(&mut bridge(campaign, dir, args), &dir.join("err"))?;
        std::thread::sleep(std::time::Duration::from_secs_f64(1.5 * rng.fraction()));
        let signal: &str = if rng.pick(&[true, false]) == &true { "KILL" } else { "TERM" };
        running.send(signal)?;
        running.finish(HANG)?;
    }
    let args: &[&str] = match dir.join(run).join("config.toml").exists() {
        true => &["resume", run, "--quiet"],
        false => &["run", "odd.toml", "--quiet", "--out", "killed"],
    };
    let done = process::run(&mut bridge(campaign, dir, args), &dir.join("err"), HANG)?;
    let outcome = match done.end {
        End::Code(0) => difference(whole, &tree(&dir.join("killed"))?),
        end => Err(format!("{end:?}: {}", done.tail())),
    };
    fs::remove_dir_all(dir.join("killed"))?;
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_without_a_summary_and_silence_are_found() {
        let done = |end, stderr: &str| Done { end, stderr: stderr.into(), took: HANG };
        assert!(said(&done(End::Code(0), ""), true).is_ok());
        assert!(said(&done(End::Code(1), "error: a.b: no such robot"), false).is_ok());
        for (end, stderr) in
            [(End::Code(0), ""), (End::Code(1), ""), (End::Signal(6), "error"), (End::Hung, "")]
        {
            assert!(said(&done(end, stderr), false).is_err(), "{end:?}");
        }
    }
}
