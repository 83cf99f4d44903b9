//! One run: from a run directory, new or half done, to its summary.

use std::ops::ControlFlow;
use std::time::Instant;

use rand_xoshiro::rand_core::Rng;
use sorn_agents::{Agent, EpisodeEvent, Observer};
use sorn_core::rng;

use crate::metrics::Writer;
use crate::{Checkpoint, Episode, LabError, RunDir, Solver, Summary, evaluate, figures};

/// What looks on while runs go.
pub trait Progress: Sync {
    /// An episode of run `seed` ended; `mean` is the mean return of its last window.
    fn episode(&self, seed: u64, episode: &Episode, mean: f64);
    /// The run of `seed` ended or was stopped.
    fn finished(&self, seed: u64);
    /// Whether runs are to stop at the end of their episode.
    fn stop(&self) -> bool;
}

/// Shows nothing and never stops.
pub struct Quiet;

impl Progress for Quiet {
    fn episode(&self, _seed: u64, _episode: &Episode, _mean: f64) {}
    fn finished(&self, _seed: u64) {}
    fn stop(&self) -> bool {
        false
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its summary is written.
    Finished(Summary),
    /// It was stopped after so many episodes, and can go on.
    Stopped {
        /// Episodes done and saved.
        episodes: u64,
    },
}

/// The seed with which the environment is reset for one episode: drawn from the run's seed and the stream's name.
pub(crate) fn episode_seed(seed: u64, stream: &str, episode: u64) -> u64 {
    // Gymnasium takes any whole number from 0; 32 bits are also taken by environments that hand it to older generators.
    u64::from(rng::stream(seed, &format!("{stream} {episode}")).next_u32())
}

/// Trains in `dir` from its latest checkpoint, or from the start, until the run is finished or stopped.
///
/// A finished run is left as it is and its summary returned.
///
/// # Errors
/// [`LabError`] naming what failed; all episodes up to the last checkpoint stay.
pub fn train(dir: &RunDir, progress: &dyn Progress) -> Result<Outcome, LabError> {
    let outcome = match dir.summary()? {
        Some(summary) => Ok(Outcome::Finished(summary)),
        None => go_on(dir, progress),
    };
    progress.finished(dir.experiment().run.seed);
    outcome
}

fn go_on(dir: &RunDir, progress: &dyn Progress) -> Result<Outcome, LabError> {
    let experiment = dir.experiment();
    let seed = experiment.run.seed;
    let (mut env, spec) = experiment.make_env(&dir.origin())?;
    let saved = Checkpoint::latest(&dir.checkpoints(), experiment)?;
    let mut agent = match &saved {
        None => experiment.make_agent(&env, &dir.origin())?,
        Some(checkpoint) => checkpoint.agent(experiment, &env, &dir.checkpoints())?,
    };
    let (episodes, env_steps, wall_before) =
        saved.map_or((0, 0, 0.0), |c| (c.episodes, c.env_steps, c.wall_secs));
    let (writer, lines) = Writer::open(&dir.metrics(), episodes)?;
    let mut recorder = Recorder {
        dir,
        progress,
        writer,
        solver: Solver::new(experiment.run.window, experiment.threshold(&spec)),
        episodes,
        env_steps,
        wall_before,
        started: Instant::now(),
        stopped: false,
        failed: None,
    };
    lines.iter().for_each(|line| recorder.solver.push(line));
    if !recorder.enough() {
        let rest = episodes..experiment.run.episodes;
        let seeds = |episode| episode_seed(seed, "env", episode);
        sorn_agents::run(&mut env, &mut agent, rest, seeds, &mut recorder)
            .map_err(|e| LabError::Run { seed, reason: format!("{}: {e}", experiment.env.id) })?;
    }
    if let Some(error) = recorder.failed {
        return Err(error);
    }
    if recorder.stopped {
        return Ok(Outcome::Stopped { episodes: recorder.episodes });
    }
    recorder.finish(&agent)
}

/// Writes down every episode, and checkpoints.
struct Recorder<'a> {
    dir: &'a RunDir,
    progress: &'a dyn Progress,
    writer: Writer,
    solver: Solver,
    episodes: u64,
    env_steps: u64,
    wall_before: f64,
    started: Instant,
    stopped: bool,
    failed: Option<LabError>,
}

impl Recorder<'_> {
    fn wall_secs(&self) -> f64 {
        self.wall_before + self.started.elapsed().as_secs_f64()
    }

    /// Whether nothing is left to train.
    fn enough(&self) -> bool {
        let run = &self.dir.experiment().run;
        self.episodes >= run.episodes || (run.stop_when_solved && self.solver.solved_at().is_some())
    }

    fn record(&mut self, event: &EpisodeEvent, agent: &Agent) -> Result<(), LabError> {
        self.episodes = event.episode + 1;
        self.env_steps += event.length;
        let episode = Episode {
            episode: event.episode,
            env_steps: self.env_steps,
            ret: event.ret,
            length: event.length,
            wall_secs: self.wall_secs(),
        };
        self.writer.append(&episode)?;
        self.solver.push(&episode);
        let run = &self.dir.experiment().run;
        self.progress.episode(run.seed, &episode, self.solver.mean().unwrap_or(event.ret));
        // The last one, too, is a scheduled checkpoint: `sorn eval` reads it.
        let scheduled = self.enough() || self.episodes.is_multiple_of(run.checkpoint_every);
        self.stopped = self.progress.stop() && !self.enough();
        if scheduled || self.stopped {
            self.writer.sync()?;
            let checkpoint = Checkpoint {
                episodes: self.episodes,
                env_steps: self.env_steps,
                wall_secs: self.wall_secs(),
                agent: agent.state(),
            };
            checkpoint.save(&self.dir.checkpoints(), self.dir.experiment(), scheduled)?;
        }
        Ok(())
    }

    fn finish(self, agent: &Agent) -> Result<Outcome, LabError> {
        let experiment = self.dir.experiment();
        let wall_secs = self.wall_secs();
        let last = self.solver.last(100);
        let summary = Summary {
            experiment: experiment.name.clone(),
            seed: experiment.run.seed,
            version: env!("CARGO_PKG_VERSION").into(),
            env: experiment.env.id.clone(),
            episodes: self.episodes,
            env_steps: self.env_steps,
            wall_secs,
            mean_return_last_100: last.iter().sum::<f64>() / last.len() as f64,
            solved: self.solver.solved_at().is_some(),
            episodes_to_solve: self.solver.solved_at().map(|(episodes, _)| episodes),
            env_steps_to_solve: self.solver.solved_at().map(|(_, steps)| steps),
            eval: evaluate(experiment, agent, experiment.eval.episodes)?,
        };
        figures::of_run(self.dir, self.solver.returns())?;
        // Last: where there is a summary, the run is finished.
        self.dir.write("summary.json", summary.to_json().as_bytes())?;
        Ok(Outcome::Finished(summary))
    }
}

impl Observer for Recorder<'_> {
    fn on_episode(&mut self, event: &EpisodeEvent, agent: &Agent) -> ControlFlow<()> {
        if let Err(error) = self.record(event, agent) {
            self.failed = Some(error);
        }
        match self.failed.is_some() || self.stopped || self.enough() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
