//! Runs the steps one after the other, times them and sums up.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::python;
use crate::steps::{Outcome, STEPS, Step};
use crate::workspace::Workspace;

/// How many single tests a step's programs reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// Adds what one line of libtest ("test result: ok. 3 passed; 0 failed; ...") or the last line of
    /// pytest ("1 failed, 3 passed in 0.1s", perhaps between "=") says. Other lines say nothing.
    fn read(&mut self, line: &str) {
        let line = line.trim_matches(['=', ' ']);
        let words: Vec<&str> = line.split_whitespace().map(|w| w.trim_matches([';', ',', '.'])).collect();
        let pytest = line.contains(" in ") && words.first().is_some_and(|w| w.parse::<u64>().is_ok());
        if !(line.starts_with("test result: ") || pytest) {
            return;
        }
        for pair in words.windows(2) {
            match (pair[0].parse::<u64>(), pair[1]) {
                (Ok(n), "passed") => self.passed += n,
                (Ok(n), "failed" | "error" | "errors") => self.failed += n,
                _ => {}
            }
        }
    }
}

/// What a step may use.
pub(crate) struct Session<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) counts: Counts,
    /// The step that was asked for, if it is one alone.
    pub(crate) alone: Option<&'a str>,
    /// The Python environment in the making, until somebody waits for it.
    pub(crate) venv: &'a mut Option<JoinHandle<Result<()>>>,
}

impl Session<'_> {
    /// Runs a command in the workspace's root, its output shown; an error names it and its status.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<()> {
        command.current_dir(&self.workspace.root);
        println!("$ {}", shown(command));
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        if let Some(stdout) = child.stdout.take() {
            let mut reader = BufReader::new(stdout);
            let mut line = Vec::new();
            let mut out = std::io::stdout().lock();
            while reader.read_until(b'\n', &mut line)? > 0 {
                out.write_all(&line)?;
                self.counts.read(String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
            out.flush()?;
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`{}` failed: {status}", shown(command));
        }
        Ok(())
    }
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut words = vec![program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|a| a.to_string_lossy().into_owned()));
    words.join(" ")
}

struct Report {
    step: &'static Step,
    result: Result<Outcome>,
    took: Duration,
    counts: Counts,
}

/// Runs all steps, or those named and what they need. False if one failed.
pub(crate) fn run(only: &[String], keep_going: bool) -> Result<bool> {
    let workspace = Workspace::load()?;
    let chosen = choose(only);
    let mut reports: Vec<Report> = Vec::new();
    // It is downloaded, while the steps before it compile.
    let mut venv = chosen.contains("python").then(|| {
        let workspace = workspace.clone();
        std::thread::spawn(move || python::prepare(&workspace, python::PEERS))
    });
    for step in STEPS.iter().filter(|s| chosen.contains(s.name)) {
        println!("\n== {}: {}", step.name, step.about);
        let started = Instant::now();
        let alone = if let [name] = only { Some(name.as_str()) } else { None };
        let mut context =
            Session { workspace: &workspace, counts: Counts::default(), alone, venv: &mut venv };
        let lacking =
            step.needs.iter().find(|n| reports.iter().any(|r| r.step.name == **n && r.result.is_err()));
        let result = match lacking {
            Some(name) => Err(anyhow::anyhow!("needs the step {name:?}, which failed")),
            None => (step.run)(&mut context),
        };
        let failed = result.is_err();
        match &result {
            Err(error) => println!("== {} FAILED: {error:#}", step.name),
            Ok(Outcome::Skipped(why)) => println!("== {} skipped: {why}", step.name),
            Ok(Outcome::Done) => {}
        }
        reports.push(Report { step, result, took: started.elapsed(), counts: context.counts });
        if failed && !keep_going {
            break;
        }
    }
    if let Some(venv) = venv {
        // Not left half made by a step that failed before its turn.
        let _ = python::join(venv);
    }
    Ok(sum_up(&reports, chosen.len()))
}

/// The names asked for together with what they need; all steps if none was named.
fn choose(only: &[String]) -> BTreeSet<&'static str> {
    let mut chosen = BTreeSet::new();
    for step in STEPS {
        if only.is_empty() || only.iter().any(|name| name == step.name) {
            chosen.insert(step.name);
            chosen.extend(step.needs);
        }
    }
    chosen
}

fn sum_up(reports: &[Report], chosen: usize) -> bool {
    println!("\n{:<14}{:<9}{:>9}  tests", "step", "result", "time");
    let mut total = Counts::default();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for report in reports {
        let result = match report.result {
            Ok(Outcome::Done) => {
                passed += 1;
                "ok"
            }
            Ok(Outcome::Skipped(_)) => {
                skipped += 1;
                "skipped"
            }
            Err(_) => {
                failed += 1;
                "FAILED"
            }
        };
        let Counts { passed, failed } = report.counts;
        let tests = match (passed, failed) {
            (0, 0) => String::new(),
            (passed, 0) => format!("  {passed} passed"),
            (passed, failed) => format!("  {passed} passed, {failed} failed"),
        };
        println!("{:<14}{result:<9}{:>7.1} s{tests}", report.step.name, report.took.as_secs_f64());
        total.passed += passed;
        total.failed += failed;
    }
    let seconds: f64 = reports.iter().map(|r| r.took.as_secs_f64()).sum();
    println!("{:<14}{:<9}{seconds:>7.1} s", "total", "");
    if skipped > 0 {
        println!("{skipped} skipped: nothing to do");
    }
    if reports.len() < chosen {
        println!("{} not run after the failure (--keep-going runs them)", chosen - reports.len());
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {verdict}. {} passed; {} failed", total.passed, total.failed);
    println!("{passed} passed, {failed} failed");
    failed == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_both_test_runners_are_added() {
        let mut counts = Counts::default();
        counts.read(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 1s",
        );
        counts.read("test result: FAILED. 1 passed; 2 failed; 0 ignored");
        counts.read("=================== 1 failed, 3 passed in 0.12s ===================");
        counts.read("4 passed, 1 skipped in 61.20s (0:01:01)");
        counts.read("2 passed in 0.5s");
        counts.read("running 5 tests");
        counts.read("test nine_9 passed ... ok");
        assert_eq!(counts, Counts { passed: 22, failed: 3 });
    }

    #[test]
    fn a_step_brings_what_it_needs() {
        assert_eq!(choose(&["fmt".to_owned()]), BTreeSet::from(["fmt"]));
        assert_eq!(choose(&["peers".to_owned()]), BTreeSet::from(["peers", "python"]));
        assert_eq!(choose(&[]).len(), STEPS.len());
    }

    #[test]
    fn needs_stand_before_the_steps_that_have_them() {
        for (i, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(STEPS[..i].iter().any(|s| s.name == *need), "{} needs {need}", step.name);
            }
        }
    }
}
