//! [`Recorder`]: writes down every episode of a run, and checkpoints.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use sorn_agents::{Agent, AgentState, EpisodeEvent, Observer, StepEvent};
use sorn_report::stats::mean;

use crate::metrics::Writer;
use crate::recordings::Recordings;
use crate::remembering::Memory;
use crate::{Checkpoint, Episode, LabError, Progress, RunDir, Solver, Summary};

/// How long a run that is to stop may take to the end of its episode.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Recorder<'a> {
    dir: &'a RunDir,
    progress: &'a dyn Progress,
    writer: Writer,
    recordings: Recordings,
    solver: Solver,
    episodes: u64,
    /// Steps done, and those at the end of the last episode.
    env_steps: u64,
    line_steps: u64,
    /// Number of the present episode, and the steps done in it.
    place: (u64, u64),
    /// Several environments, so that checkpoints are made between two rounds; whether one is to be made.
    rounds: bool,
    due: bool,
    saved: u64,
    wall_before: f64,
    started: Instant,
    /// When it was asked to stop.
    stopping: Option<Instant>,
    stopped: bool,
    failed: Option<LabError>,
    /// What the environment has learnt.
    memory: Memory,
}

impl<'a> Recorder<'a> {
    /// A recorder that goes on after `lines`, the episodes of the last checkpoint, and its `env_steps` steps.
    pub(crate) fn new(
        dir: &'a RunDir,
        progress: &'a dyn Progress,
        (writer, recordings): (Writer, Recordings),
        (lines, env_steps): (&[Episode], u64),
        threshold: Option<f64>,
        memory: Memory,
    ) -> Self {
        let mut solver = Solver::new(dir.experiment().run.window, threshold);
        lines.iter().for_each(|line| solver.push(line));
        let saved = lines.len() as u64;
        Recorder {
            dir,
            progress,
            writer,
            recordings,
            solver,
            episodes: saved,
            env_steps,
            line_steps: lines.last().map_or(0, |line| line.env_steps),
            place: (saved, 0),
            rounds: dir.experiment().run.num_envs > 1,
            due: false,
            saved,
            wall_before: lines.last().map_or(0.0, |line| line.wall_secs),
            started: Instant::now(),
            stopping: None,
            stopped: false,
            failed: None,
            memory,
        }
    }

    /// Whether nothing is left to train.
    pub(crate) fn enough(&self) -> bool {
        let run = &self.dir.experiment().run;
        self.episodes >= run.episodes || (run.stop_when_solved && self.solver.solved_at().is_some())
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Episodes done.
    pub(crate) fn episodes(&self) -> u64 {
        self.episodes
    }

    /// Number of the present episode, and the steps done in it.
    pub(crate) fn place(&self) -> (u64, u64) {
        self.place
    }

    /// Ends the recording: how many episodes are saved, the summary without an evaluation, all returns, and the other files;
    /// or the error that ended it.
    pub(crate) fn close(self) -> Result<(u64, Summary, Solver, Recordings), LabError> {
        let wall_secs = self.wall_secs();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let experiment = self.dir.experiment();
        let solved = self.solver.solved_at();
        let summary = Summary {
            experiment: experiment.name.clone(),
            seed: experiment.run.seed,
            version: env!("CARGO_PKG_VERSION").into(),
            env: experiment.env.id.clone(),
            episodes: self.episodes,
            env_steps: self.line_steps,
            wall_secs,
            mean_return_last_100: mean(self.solver.last(100)).unwrap_or(0.0),
            threshold: self.solver.threshold(),
            solved: solved.is_some(),
            episodes_to_solve: solved.map(|(episodes, _)| episodes),
            env_steps_to_solve: solved.map(|(_, steps)| steps),
            eval: None,
            problems: Vec::new(),
        };
        Ok((self.saved, summary, self.solver, self.recordings))
    }

    fn wall_secs(&self) -> f64 {
        self.wall_before + self.started.elapsed().as_secs_f64()
    }

    fn record(&mut self, event: &EpisodeEvent, agent: &Agent) -> Result<(), LabError> {
        let episode = Episode {
            episode: self.episodes,
            env_steps: self.env_steps,
            ret: event.ret,
            length: event.length,
            wall_secs: self.wall_secs(),
            env: self.rounds.then_some(event.env as u64),
            begun: self.rounds.then_some(event.episode),
        };
        let run = &self.dir.experiment().run;
        if !event.ret.is_finite() {
            let reason = format!(
                "{}: episode {}: a finite return expected, found {}",
                self.dir.experiment().env.id,
                event.episode,
                event.ret
            );
            return Err(LabError::Run { seed: run.seed, reason });
        }
        self.writer.append(&episode)?;
        self.recordings.episode(&episode)?;
        (self.episodes, self.line_steps) = (self.episodes + 1, self.env_steps);
        self.place = (event.episode + 1, 0);
        self.solver.push(&episode);
        self.progress.episode(run.seed, &episode, self.solver.mean().unwrap_or(event.ret));
        // The last one, too, is a scheduled checkpoint: `sorn eval` reads it.
        let scheduled = self.enough() || self.episodes.is_multiple_of(run.checkpoint_every);
        if self.rounds {
            self.due |= scheduled;
            return Ok(());
        }
        self.stopped = self.progress.stop() && !self.enough();
        if scheduled || self.stopped {
            self.save(agent.state(), scheduled)?;
        }
        Ok(())
    }

    /// Writes a checkpoint.
    fn save(&mut self, agent: AgentState, scheduled: bool) -> Result<(), LabError> {
        self.dir.still_there()?;
        self.writer.sync()?;
        self.recordings.sync()?;
        let checkpoint = Checkpoint {
            episodes: self.episodes,
            env_steps: self.line_steps,
            agent,
            memory: self.memory.borrow().clone(),
        };
        checkpoint.save(&self.dir.checkpoints(), self.dir.experiment(), scheduled)?;
        self.saved = self.episodes;
        Ok(())
    }

    /// After a round in several environments, which left the run in `state`: a checkpoint, where one is due or the run is to stop.
    /// `Break` where it is to end.
    pub(crate) fn on_round(&mut self, state: impl FnOnce() -> AgentState) -> ControlFlow<()> {
        self.stopped = self.progress.stop() && !self.enough();
        if self.failed.is_none() && (self.due || self.stopped) {
            let scheduled = std::mem::take(&mut self.due);
            self.failed = self.save(state(), scheduled).err();
        }
        match self.failed.is_some() || self.stopped || self.enough() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl Observer for Recorder<'_> {
    fn on_step(&mut self, event: &StepEvent<'_>, agent: &Agent) -> ControlFlow<()> {
        self.place = (event.episode, event.step + 1);
        self.env_steps += 1;
        if let Err(error) = self.recordings.step(self.env_steps, agent) {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        self.progress.step(self.dir.experiment().run.seed, event, agent);
        if !self.rounds
            && self.progress.stop()
            && self
                .stopping
                .get_or_insert_with(|| self.progress.asked().unwrap_or_else(Instant::now))
                .elapsed()
                > GRACE
        {
            self.stopped = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

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
