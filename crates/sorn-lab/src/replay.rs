//! [`Replay`]: what the frozen, greedy policy of a run does, step by step.

use std::ops::ControlFlow;

use sorn_agents::{Agent, EpisodeEvent, Observer, StepEvent};
use sorn_env::Value;
use sorn_report::SpikeTrains;

use crate::train::{episode_seed, guarded};
use crate::{LabError, Progress, RunDir};

/// More steps would make no better figure.
const MOST: u64 = 20_000;

/// Episodes of evaluation, step by step: row t is the action of step t and what followed it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// Each component of the observation, over the steps.
    pub observations: Vec<Vec<f64>>,
    /// Each component of the action, over the steps; none of actions that are no numbers.
    pub actions: Vec<Vec<f64>>,
    /// Rewards of the environment.
    pub rewards: Vec<f64>,
    /// The value the learner expects after each step; empty of a learner that estimates none.
    pub values: Vec<f64>,
    /// Spikes (step, neuron) of the excitatory neurons, or of the input code's units where there is no network.
    pub excitatory: Vec<(u64, u32)>,
    /// Spikes (step, neuron) of the inhibitory neurons.
    pub inhibitory: Vec<(u64, u32)>,
    /// Numbers of excitatory and inhibitory neurons.
    pub neurons: (u32, u32),
    /// The steps done when each whole episode ended, ascending.
    pub ends: Vec<u64>,
}

impl Replay {
    /// Runs whole evaluation episodes with a frozen copy of the agent in `dir`'s latest checkpoint, those of `sorn eval`, until
    /// `least` steps are done; cut off at 20,000 steps. `None` where `progress` wished to stop.
    ///
    /// # Errors
    /// [`LabError`] where there is no checkpoint, or the environment or the agent fails.
    pub fn of(dir: &RunDir, least: u64, progress: &dyn Progress) -> Result<Option<Replay>, LabError> {
        let experiment = dir.experiment();
        let trained = dir.trained()?;
        let mut agent = trained.frozen();
        let (mut env, _) = trained.make_env(experiment)?;
        let seed = experiment.run.seed;
        let neurons = agent.network().map(|network| (network.ne() as u32, network.ni() as u32));
        let units = agent.config().reservoir.params.ne as u32;
        let replay = Replay { neurons: neurons.unwrap_or((units, 0)), ..Replay::default() };
        let mut look = Look { replay, least: least.min(MOST), progress, stopped: false };
        let seeds = |episode| episode_seed(seed, "evaluation", episode);
        let name = format!("replay of {}", experiment.env.id);
        guarded(&name, seed, &mut look, Look::place, seeds, |look| {
            sorn_agents::run(&mut env, &mut agent, 0..u64::MAX, seeds, look)
        })?;
        Ok((!look.stopped).then_some(look.replay))
    }

    /// Number of steps.
    pub fn steps(&self) -> u64 {
        self.rewards.len() as u64
    }

    /// The excitatory spikes as trains.
    pub fn trains(&self) -> SpikeTrains {
        let events = self.excitatory.iter().map(|&(step, neuron)| (step, neuron as usize));
        SpikeTrains::from_events(events, self.neurons.0 as usize, self.steps())
            .unwrap_or_else(|e| unreachable!("spikes are recorded in order: {e}"))
    }

    /// Number of excitatory spikes in each step.
    pub fn activity(&self) -> Vec<u64> {
        let mut activity = vec![0; self.rewards.len()];
        self.excitatory.iter().for_each(|&(step, _)| activity[step as usize] += 1);
        activity
    }
}

struct Look<'a> {
    replay: Replay,
    least: u64,
    progress: &'a dyn Progress,
    stopped: bool,
}

impl Look<'_> {
    fn place(&self) -> (u64, u64) {
        let before = self.replay.ends.last().copied().unwrap_or(0);
        (self.replay.ends.len() as u64, self.replay.steps() - before)
    }
}

impl Observer for Look<'_> {
    fn on_step(&mut self, event: &StepEvent<'_>, agent: &Agent) -> ControlFlow<()> {
        let replay = &mut self.replay;
        let step = replay.steps();
        extend(&mut replay.observations, agent.observation().iter().copied());
        match event.action {
            Value::Array(array) => extend(&mut replay.actions, array.iter()),
            other => extend(&mut replay.actions, other.as_f64().into_iter()),
        }
        replay.rewards.push(event.reward);
        replay.values.extend(agent.value());
        replay.excitatory.extend(agent.spikes().iter().map(|&neuron| (step, neuron)));
        if let Some(network) = agent.network() {
            replay.inhibitory.extend(network.activity().spikes_i.iter().map(|&neuron| (step, neuron)));
        }
        self.stopped = self.progress.stop();
        match self.stopped || self.replay.steps() == MOST {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_episode(&mut self, _event: &EpisodeEvent, _agent: &Agent) -> ControlFlow<()> {
        self.replay.ends.push(self.replay.steps());
        match self.replay.steps() >= self.least {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// Appends one step's components.
fn extend(columns: &mut Vec<Vec<f64>>, values: impl Iterator<Item = f64>) {
    for (index, value) in values.enumerate() {
        if index == columns.len() {
            columns.push(Vec::new());
        }
        columns[index].push(value);
    }
}
