//! The progress bar.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sorn_lab::{Episode, Progress, decimal};

use crate::stopping;

/// How often a bar tells the time left, whether or not anything happened.
const TICK: Duration = Duration::from_millis(200);

/// A bar of so many parts; hidden where `quiet` or stderr is no terminal.
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

/// One bar for all runs of a command: episodes, mean return, steps per second, time left.
pub(crate) struct Bar {
    bar: ProgressBar,
    episodes: u64,
    steps: AtomicU64,
    started: Instant,
    runs: Mutex<Vec<Live>>,
}

struct Live {
    seed: u64,
    /// First episode of this part of the run, last one done, and mean return of its window.
    first: u64,
    done: u64,
    mean: f64,
    finished: bool,
}

impl Bar {
    /// A bar for runs of at most `episodes` episodes each with these seeds; hidden where `quiet` or stderr is no terminal.
    pub(crate) fn new(seeds: &[u64], episodes: u64, quiet: bool) -> Bar {
        let template = "{bar:30} {pos}/{len} episodes  {msg}  at most {eta} left";
        let bar = bar(episodes * seeds.len() as u64, template, quiet);
        Bar { bar, episodes, steps: AtomicU64::new(0), started: Instant::now(), runs: Mutex::new(Vec::new()) }
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

    fn show(&self, runs: &[Live]) {
        let rate = self.steps.load(Ordering::Relaxed) as f64 / self.started.elapsed().as_secs_f64().max(1e-3);
        let rate = if rate < 1e4 { format!("{rate:.0}") } else { format!("{:.0}k", rate / 1e3) };
        let live: Vec<String> = runs
            .iter()
            .filter(|run| !run.finished)
            .map(|run| match self.bar.length() {
                Some(length) if length > self.episodes => format!("{}: {}", run.seed, decimal(run.mean, 1)),
                _ => decimal(run.mean, 1),
            })
            .collect();
        self.bar.set_message(format!("mean return {}  {rate} steps/s", live.join(", ")));
    }
}

impl Progress for Bar {
    fn episode(&self, seed: u64, episode: &Episode, mean: f64) {
        self.steps.fetch_add(episode.length, Ordering::Relaxed);
        self.bar.inc(1);
        let Ok(mut runs) = self.runs.lock() else { return };
        let done = episode.episode + 1;
        match runs.iter_mut().find(|run| run.seed == seed) {
            Some(run) => (run.done, run.mean) = (done, mean),
            None => runs.push(Live { seed, first: episode.episode, done, mean, finished: false }),
        }
        self.show(&runs);
    }

    fn finished(&self, seed: u64) {
        let Ok(mut runs) = self.runs.lock() else { return };
        // Episodes that need not be run any more, or were run before this command.
        let saved = match runs.iter_mut().find(|run| run.seed == seed) {
            Some(run) => {
                run.finished = true;
                self.episodes.saturating_sub(run.done - run.first)
            }
            None => self.episodes,
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
