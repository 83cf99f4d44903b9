//! The progress bar.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sorn_lab::sorn_agents::{Agent, StepEvent};
use sorn_lab::{Episode, Progress, RunConfig, SweepProgress, SweepTask, decimal};

use crate::stopping;

/// How often a bar tells the time left, whether or not anything happened.
const TICK: Duration = Duration::from_millis(200);

/// A bar of `parts` parts; hidden if `quiet`, or if stderr is no terminal.
fn bar(parts: u64, template: &str, quiet: bool) -> ProgressBar {
    let hidden = quiet || !std::io::stderr().is_terminal();
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
    let bar = ProgressBar::with_draw_target(Some(parts), target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸ "));
    }
    if !hidden {
        bar.enable_steady_tick(TICK);
    }
    bar
}

/// The steps of a simulation.
pub(crate) struct StepBar(ProgressBar);

impl StepBar {
    pub(crate) fn new(steps: u64, quiet: bool) -> StepBar {
        StepBar(bar(steps, "{bar:30} {pos}/{len} steps  {per_sec}  {eta} left", quiet))
    }

    pub(crate) fn show(&self, done: u64) {
        // A step may take a microsecond; the bar is drawn ten times a second.
        if done.is_multiple_of(64) {
            self.0.set_position(done);
        }
    }

    /// Shows that `done` steps are done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// Steps from one look at the bar to the next, within an episode.
const GLANCE: u64 = 256;

/// One bar for all runs of a command: episodes, or steps if they are limited, mean return, steps per second, time left.
pub(crate) struct Bar {
    bar: ProgressBar,
    /// Episodes of each run, or its steps, at most.
    most: u64,
    counts_steps: bool,
    runs: usize,
    steps: AtomicU64,
    started: Instant,
    live: Mutex<Vec<Live>>,
}

struct Live {
    seed: u64,
    /// Episodes or steps done in this part of the run, and the mean return of its window.
    done: u64,
    mean: Option<f64>,
    finished: bool,
}

impl Bar {
    /// A bar for runs with these seeds; hidden where `quiet` or stderr is no terminal.
    pub(crate) fn new(seeds: &[u64], run: &RunConfig, quiet: bool) -> Bar {
        let counts_steps = run.steps.is_some();
        let (most, unit) = match counts_steps {
            true => (run.most_steps(), "steps"),
            false => (run.most_episodes(), "episodes"),
        };
        let template = format!("{{bar:30}} {{pos}}/{{len}} {unit}  {{msg}}  at most {{eta}} left");
        let bar = bar(most.saturating_mul(seeds.len() as u64), &template, quiet);
        Bar {
            bar,
            most,
            counts_steps,
            runs: seeds.len(),
            steps: AtomicU64::new(0),
            started: Instant::now(),
            live: Mutex::new(Vec::new()),
        }
    }

    /// Shows a bar that was quiet.
    #[cfg(feature = "live")]
    pub(crate) fn reveal(&self) {
        self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        self.bar.enable_steady_tick(TICK);
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Adds to what the run of `seed` has done, and shows it.
    fn add(&self, seed: u64, steps: u64, episodes: u64, mean: Option<f64>) {
        self.steps.fetch_add(steps, Ordering::Relaxed);
        let parts = if self.counts_steps { steps } else { episodes };
        self.bar.inc(parts);
        let Ok(mut runs) = self.live.lock() else { return };
        match runs.iter_mut().find(|run| run.seed == seed) {
            Some(run) => (run.done, run.mean) = (run.done + parts, mean.or(run.mean)),
            None => runs.push(Live { seed, done: parts, mean, finished: false }),
        }
        self.show(&runs);
    }

    fn show(&self, runs: &[Live]) {
        let rate = self.steps.load(Ordering::Relaxed) as f64 / self.started.elapsed().as_secs_f64().max(1e-3);
        let rate = if rate < 1e4 { format!("{rate:.0}") } else { format!("{:.0}k", rate / 1e3) };
        let mean = |run: &Live| run.mean.map_or("-".into(), |mean| decimal(mean, 1));
        let live: Vec<String> = runs
            .iter()
            .filter(|run| !run.finished)
            .map(|run| match self.runs {
                1 => mean(run),
                _ => format!("{}: {}", run.seed, mean(run)),
            })
            .collect();
        self.bar.set_message(format!("mean return {}  {rate} steps/s", live.join(", ")));
    }
}

impl Progress for Bar {
    fn episode(&self, seed: u64, episode: &Episode, mean: f64) {
        self.add(seed, episode.length % GLANCE, 1, Some(mean));
    }

    fn step(&self, seed: u64, event: &StepEvent<'_>, _agent: &Agent) {
        if (event.step + 1).is_multiple_of(GLANCE) {
            self.add(seed, GLANCE, 0, None);
        }
    }

    fn finished(&self, seed: u64) {
        let Ok(mut runs) = self.live.lock() else { return };
        // What need not be run any more, or was run before this command.
        let saved = match runs.iter_mut().find(|run| run.seed == seed) {
            Some(run) => {
                run.finished = true;
                self.most.saturating_sub(run.done)
            }
            None => self.most,
        };
        self.bar.set_length(self.bar.length().unwrap_or(0).saturating_sub(saved));
        self.show(&runs);
    }

    fn stop(&self) -> bool {
        stopping::asked().is_some()
    }

    fn asked(&self) -> Option<Instant> {
        stopping::asked()
    }
}

/// The tasks of a sweep: done, running, failed, time left.
pub(crate) struct TaskBar {
    bar: ProgressBar,
    running: AtomicU64,
    failed: AtomicU64,
}

impl TaskBar {
    pub(crate) fn new(tasks: u64, quiet: bool) -> TaskBar {
        let bar = bar(tasks, "{bar:30} {pos}/{len} tasks done  {msg}  {eta} left", quiet);
        TaskBar { bar, running: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        let (running, failed) = (self.running.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        self.bar.set_message(format!("{running} running, {failed} failed"));
    }
}

impl SweepProgress for TaskBar {
    fn begun(&self, _task: &SweepTask) {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    fn ended(&self, _task: &SweepTask, done: Option<bool>) {
        self.running.fetch_sub(1, Ordering::Relaxed);
        match done {
            Some(true) => self.bar.inc(1),
            Some(false) => drop(self.failed.fetch_add(1, Ordering::Relaxed)),
            None => {}
        }
        self.show();
    }

    fn skipped(&self) {
        self.bar.inc(1);
        // It took no time, so that it says nothing of the others.
        self.bar.reset_eta();
    }

    fn stop(&self) -> bool {
        stopping::asked().is_some()
    }

    fn asked(&self) -> Option<Instant> {
        stopping::asked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_lab::sorn_env::Value;

    #[test]
    fn tasks_are_counted_by_how_they_end() {
        let bar = TaskBar::new(4, true);
        let task = SweepTask { number: 0, name: "a".into(), seed: 0, values: Default::default() };
        bar.skipped();
        for done in [Some(true), Some(false), None] {
            bar.begun(&task);
            bar.ended(&task, done);
        }
        bar.begun(&task);
        assert_eq!((bar.bar.position(), bar.bar.length()), (2, Some(4)));
        assert_eq!(bar.bar.message(), "1 running, 1 failed");
    }

    /// The parts that a bar shows as done, and all of them.
    fn parts(bar: &Bar) -> (u64, Option<u64>) {
        (bar.bar.position(), bar.bar.length())
    }

    #[test]
    fn a_bar_counts_episodes_or_steps() {
        let episode = |episode, length| Episode {
            episode,
            env_steps: length,
            ret: 1.0,
            length,
            wall_secs: 0.1,
            env: None,
            begun: None,
            diagnostics: None,
        };
        let episodes = RunConfig { episodes: Some(40), ..RunConfig::default() };
        let bar = Bar::new(&[3, 4], &episodes, true);
        bar.episode(3, &episode(0, 7), 1.0);
        assert_eq!(parts(&bar), (1, Some(80)));
        // A run that solved its task needs no more.
        bar.finished(3);
        assert_eq!(parts(&bar), (1, Some(41)));

        let steps = RunConfig { episodes: None, steps: Some(1000), ..RunConfig::default() };
        let bar = Bar::new(&[3], &steps, true);
        let agent = sorn_lab::sorn_agents::Agent::new(
            &Default::default(),
            &sorn_lab::sorn_env::Space::Discrete { n: 2, start: 0 },
            &sorn_lab::sorn_env::Space::Discrete { n: 2, start: 0 },
            0,
        )
        .unwrap();
        let action = Value::Int(0);
        for step in 0..300 {
            let event =
                StepEvent { env: 0, episode: 0, step, action: &action, reward: 0.0, done: step == 299 };
            bar.step(3, &event, &agent);
        }
        assert_eq!(parts(&bar), (256, Some(1000)));
        bar.episode(3, &episode(0, 300), 1.0);
        assert_eq!(parts(&bar), (300, Some(1000)));
    }
}
