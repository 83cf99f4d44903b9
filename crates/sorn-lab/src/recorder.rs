//! [`Recorder`]: writes down every episode of a run, and checkpoints.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use sorn_agents::{Agent, AgentState, EpisodeEvent, Observer, StepEvent};
use sorn_report::stats::mean;

use crate::diagnostics::Tally;
use crate::evaluations::Evaluations;
use crate::judge::area;
use crate::metrics::Writer;
use crate::recordings::Recordings;
use crate::remembering::Memory;
use crate::{Checkpoint, Episode, Evaluated, LabError, Progress, RunDir, Solver, Summary};

/// The entry of a saved run in several environments with the diagnostics of the episodes under way.
const TALLIES: &str = "diagnostics";

/// What diagnostics are counted in, as of a checkpoint's agent if there is one; nothing if none are asked for.
pub(crate) fn tallies(dir: &RunDir, saved: Option<&AgentState>) -> Result<Vec<Tally>, LabError> {
    let experiment = dir.experiment();
    if !experiment.record.diagnostics {
        return Ok(Vec::new());
    }
    let n = experiment.run.num_envs as usize;
    match saved.and_then(|saved| saved.meta.get(TALLIES)) {
        None => Ok(vec![Tally::default(); n]),
        Some(saved) => match serde_json::from_value::<Vec<Tally>>(saved.clone()) {
            Ok(tallies) if tallies.len() == n => Ok(tallies),
            Ok(tallies) => {
                let reason =
                    format!("diagnostics: expected those of {n} environments, found {}", tallies.len());
                Err(LabError::damaged(&dir.checkpoints(), reason))
            }
            Err(error) => Err(LabError::damaged(&dir.checkpoints(), format!("diagnostics: {error}"))),
        },
    }
}

/// How long a run that is to stop may take to the end of its episode.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Recorder<'a> {
    dir: &'a RunDir,
    progress: &'a dyn Progress,
    writer: Writer,
    recordings: Recordings,
    evaluations: Option<Evaluations<'a>>,
    /// For each environment its present episode, if `record.diagnostics` asks for it.
    tallies: Vec<Tally>,
    /// The wish to stop came within an evaluation: nothing after the last checkpoint counts.
    abandoned: bool,
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
    /// `run.steps` ended the run within an episode or a round, from where it cannot go on.
    cut: bool,
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

/// Steps after which a run without the end of an episode is worth a word.
pub(crate) const LONG: u64 = 10_000;

impl<'a> Recorder<'a> {
    /// A recorder that goes on after `lines`, the episodes of the last checkpoint, and its `env_steps` steps; `cut` if these end
    /// within an episode.
    pub(crate) fn new(
        dir: &'a RunDir,
        progress: &'a dyn Progress,
        (writer, recordings, evaluations): (Writer, Recordings, Option<Evaluations<'a>>),
        (lines, env_steps, cut): (&[Episode], u64, bool),
        tallies: Vec<Tally>,
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
            evaluations,
            tallies,
            abandoned: false,
            solver,
            episodes: saved,
            env_steps,
            line_steps: lines.last().map_or(0, |line| line.env_steps),
            place: (saved, 0),
            rounds: dir.experiment().run.num_envs > 1,
            due: false,
            cut,
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
        self.episodes >= run.most_episodes()
            || self.env_steps >= run.most_steps()
            || (run.stop_when_solved && self.solver.solved_at().is_some())
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether `run.steps` ended the run within an episode, or between the environments of a round.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut && self.failed.is_none()
    }

    /// Saves the agent of a run that [is cut](Recorder::is_cut).
    pub(crate) fn save_end(&mut self, agent: AgentState) -> Result<(), LabError> {
        let checkpoint = self.checkpoint(agent, self.env_steps)?;
        checkpoint.save_end(&self.dir.checkpoints(), self.dir.experiment())?;
        self.saved = self.episodes;
        Ok(())
    }

    /// Episodes done.
    pub(crate) fn episodes(&self) -> u64 {
        self.episodes
    }

    /// Number of the present episode, and the steps done in it.
    pub(crate) fn place(&self) -> (u64, u64) {
        self.place
    }

    /// Ends the recording: how many episodes are saved, the summary without an evaluation, and the other files; or the error that
    /// ended it.
    pub(crate) fn close(self) -> Result<(u64, Summary, Recordings), LabError> {
        let wall_secs = self.wall_secs();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let lines = self.dir.episodes()?;
        let experiment = self.dir.experiment();
        let solved = self.solver.solved_at();
        let ended_early = solved.is_some() && experiment.run.stop_when_solved;
        let held = ended_early.then(|| self.solver.mean()).flatten();
        let summary = Summary {
            area: area(experiment, &lines, held),
            experiment: experiment.name.clone(),
            seed: experiment.run.seed,
            version: env!("CARGO_PKG_VERSION").into(),
            env: experiment.env.id.clone(),
            episodes: self.episodes,
            env_steps: if self.cut { self.env_steps } else { self.line_steps },
            wall_secs,
            mean_return_last_100: mean(self.solver.last(100)).ok(),
            threshold: self.solver.threshold(),
            solved: solved.is_some(),
            episodes_to_solve: solved.map(|(episodes, _)| episodes),
            env_steps_to_solve: solved.map(|(_, steps)| steps),
            eval: None,
            best: self.evaluations.as_ref().and_then(Evaluations::best),
            problems: Vec::new(),
        };
        Ok((self.saved, summary, self.recordings))
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
            diagnostics: self.tallies.get_mut(event.env).map(|tally| tally.end(agent)),
        };
        let run = &self.dir.experiment().run;
        if !event.ret.is_finite() {
            let reason = format!(
                "{}: episode {}: expected a finite return, found {}",
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
        if self.evaluations.as_ref().is_some_and(|e| e.due_after_episode(self.episodes)) {
            self.evaluate(agent)?;
            if self.abandoned {
                return Ok(());
            }
        }
        // The last one, too, is a scheduled checkpoint: `sorn eval` reads it.
        let scheduled = self.enough() || self.episodes.is_multiple_of(run.checkpoint_every);
        if self.rounds {
            self.cut = self.env_steps >= run.most_steps();
            self.due |= scheduled;
            return Ok(());
        }
        self.stopped = self.progress.stop() && !self.enough();
        if scheduled || self.stopped {
            self.save(agent.state(), scheduled)?;
        }
        Ok(())
    }

    /// The run as it is, with all that belongs to it on the disk.
    fn checkpoint(&mut self, mut agent: AgentState, env_steps: u64) -> Result<Checkpoint, LabError> {
        self.dir.still_there()?;
        if self.rounds && !self.tallies.is_empty() {
            agent.meta[TALLIES] = serde_json::json!(self.tallies);
        }
        self.writer.sync()?;
        self.recordings.sync()?;
        self.evaluations.as_ref().map_or(Ok(()), Evaluations::sync)?;
        let memory = self.memory.borrow().clone();
        Ok(Checkpoint { episodes: self.episodes, env_steps, agent, memory })
    }

    /// Writes a checkpoint.
    fn save(&mut self, agent: AgentState, scheduled: bool) -> Result<(), LabError> {
        let checkpoint = self.checkpoint(agent, self.line_steps)?;
        checkpoint.save(&self.dir.checkpoints(), self.dir.experiment(), scheduled)?;
        self.saved = self.episodes;
        Ok(())
    }

    /// Evaluates the agent as it is now, and keeps it if it is the best so far.
    fn evaluate(&mut self, agent: &Agent) -> Result<(), LabError> {
        let (began, experiment) = (Instant::now(), self.dir.experiment());
        let wall_secs = self.wall_secs();
        let memory = self.memory.borrow().clone();
        let Some(evaluations) = &mut self.evaluations else { return Ok(()) };
        let eval = evaluations.evaluate(agent, memory.clone(), self.progress)?;
        // It is no part of the training's time.
        self.started += began.elapsed();
        let Some(eval) = eval else {
            (self.abandoned, self.stopped) = (true, true);
            return Ok(());
        };
        let evaluated = Evaluated { episodes: self.episodes, env_steps: self.env_steps, wall_secs, eval };
        self.progress.evaluated(experiment.run.seed, &evaluated);
        self.recordings.evaluated(&evaluated)?;
        if evaluations.record(&evaluated)? {
            let (episodes, env_steps) = (self.episodes, self.env_steps);
            let checkpoint = Checkpoint { episodes, env_steps, agent: agent.state(), memory };
            checkpoint.save_best(&self.dir.checkpoints(), experiment)?;
        }
        Ok(())
    }

    /// After a round in several environments, which left the run in `state`: a checkpoint, where one is due or the run is to stop.
    /// `Break` where it is to end.
    pub(crate) fn on_round(&mut self, state: impl FnOnce() -> AgentState) -> ControlFlow<()> {
        if self.abandoned {
            return ControlFlow::Break(());
        }
        self.stopped = self.progress.stop() && !self.enough();
        if self.failed.is_none() && !self.cut && (self.due || self.stopped) {
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
        if let Some(tally) = self.tallies.get_mut(event.env) {
            tally.step(agent);
        }
        if let Err(error) = self.recordings.step(self.env_steps, agent) {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        let run = &self.dir.experiment().run;
        self.progress.step(run.seed, event, agent);
        if self.evaluations.as_ref().is_some_and(|e| e.due_after_step(self.env_steps)) {
            self.failed = self.evaluate(agent).err();
            if self.failed.is_some() || self.abandoned {
                return ControlFlow::Break(());
            }
        }
        if self.env_steps == LONG && self.episodes == 0 && run.steps.is_none() {
            tracing::warn!(
                "{}: no episode has ended in the first {LONG} steps; if none ever does, give run.steps, or a wrapper time_limit (env.wrappers)",
                self.dir.experiment().env.id
            );
        }
        if self.env_steps >= run.most_steps() && !event.done {
            self.cut = true;
            return ControlFlow::Break(());
        }
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
