//! [`Subject`]: the run that a figure is of.

use std::path::Path;

use ndarray::ArrayD;
use sorn_core::Synapses;
use sorn_report::SpikeTrains;

use crate::recordings::read_probe;
use crate::task::TaskRun;
use crate::{LabError, Probe, ProbeKind, Progress, Replay, RunDir};

/// Rows of a recording, and the step of each.
type Rows = (ArrayD<f64>, Vec<u64>);

/// More steps would make no better figure.
const MOST: usize = 20_000;

/// A run whose network can be drawn.
pub(crate) enum Subject {
    /// An agent's.
    Agent(Box<RunDir>),
    /// That of a task without an agent.
    Task(Box<TaskRun>),
}

impl Subject {
    pub(super) fn path(&self) -> &Path {
        match self {
            Subject::Agent(run) => run.path(),
            Subject::Task(run) => run.path(),
        }
    }

    /// "name, seed n", and what it shows.
    pub(super) fn title(&self, what: &str) -> String {
        let (name, seed) = match self {
            Subject::Agent(run) => (run.experiment().name.as_str(), run.experiment().run.seed),
            Subject::Task(run) => run.name(),
        };
        format!("{name}, seed {seed}: {what}")
    }

    /// What steps are called.
    pub(super) fn steps(&self) -> &'static str {
        match self {
            Subject::Agent(_) => "environment steps",
            Subject::Task(_) => "steps",
        }
    }

    /// What comes before the last state of the weights.
    pub(super) fn learning(&self) -> &'static str {
        match self {
            Subject::Agent(_) => "training",
            Subject::Task(_) => "organising",
        }
    }

    fn probes(&self) -> &[Probe] {
        match self {
            Subject::Agent(run) => &run.experiment().record.probes,
            Subject::Task(run) => &run.record().probes,
        }
    }

    /// The rows that were recorded of a quantity, and the step of each.
    pub(super) fn recorded(&self, kind: ProbeKind) -> Result<Option<Rows>, LabError> {
        let Some(probe) = self.probes().iter().find(|probe| probe.kind == kind) else { return Ok(None) };
        let Some(rows) = read_probe(self.path(), kind)? else {
            let reason = format!("{kind}: neither probes.npz nor probes/{kind}.npy is there");
            return Err(LabError::damaged(self.path(), reason));
        };
        let steps = match self {
            Subject::Agent(_) => (1..=rows.shape()[0] as u64).map(|row| row * probe.every).collect(),
            Subject::Task(run) => run.recorded_steps(probe.every),
        };
        Ok(Some((rows, steps)))
    }

    pub(super) fn missing(&self, kind: ProbeKind, every: &str) -> LabError {
        let reason = format!(
            "{kind} was not recorded; put record.probes = [\"{kind}{every}\"] in the experiment file"
        );
        LabError::directory(self.path(), reason)
    }

    /// The E-to-E weights at the beginning, or at the end of learning.
    pub(crate) fn weights(&self, before: bool) -> Result<Synapses, LabError> {
        match self {
            Subject::Agent(run) => of_agent(run, before),
            Subject::Task(run) => run.weights(before),
        }
    }

    /// What the neurons do: an agent's in `least` steps or more of the greedy policy, a task's in the last phase that was recorded. `None`
    /// where `progress` wished to stop.
    pub(super) fn spikes(&self, least: u64, progress: &dyn Progress) -> Result<Option<Spikes>, LabError> {
        match self {
            Subject::Agent(run) => Ok(Replay::of(run, least, progress)?.map(|replay| Spikes::of(&replay))),
            Subject::Task(run) => self.of_probes(run).map(Some),
        }
    }

    fn of_probes(&self, run: &TaskRun) -> Result<Spikes, LabError> {
        let kinds = [ProbeKind::ExcitatoryActivation, ProbeKind::InhibitoryActivation];
        let every_step =
            |kind: ProbeKind| run.record().probes.iter().any(|probe| probe.kind == kind && probe.every == 1);
        if !every_step(kinds[0]) {
            return Err(self.missing(kinds[0], ""));
        }
        let (mut steps, mut lists, mut neurons) = (0, [Vec::new(), Vec::new()], [0, 0]);
        for (index, kind) in kinds.into_iter().enumerate().filter(|(_, kind)| every_step(*kind)) {
            let Some((rows, at)) = self.recorded(kind)? else { continue };
            let at = &at[..rows.shape()[0].min(at.len())];
            // The steps in a row that end with the last one.
            let apart = at.windows(2).rposition(|pair| pair[1] != pair[0] + 1).map_or(0, |gap| gap + 1);
            let first = apart.max(run.last_phase(at)).max(at.len().saturating_sub(MOST));
            (steps, neurons[index]) = ((at.len() - first) as u64, rows.shape()[1] as u32);
            for (step, row) in (0..).zip(rows.outer_iter().skip(first)) {
                let active = row.iter().enumerate().filter(|(_, value)| **value != 0.0);
                lists[index].extend(active.map(|(neuron, _)| (step, neuron as u32)));
            }
        }
        let [excitatory, inhibitory] = lists;
        Ok(Spikes { excitatory, inhibitory, neurons: (neurons[0], neurons[1]), steps, of: String::new() })
    }
}

/// The E-to-E weights before training, which the seed decides, or those of the latest checkpoint.
pub(crate) fn of_agent(run: &RunDir, before: bool) -> Result<Synapses, LabError> {
    let agent = match before {
        true => {
            let (env, _) = run.experiment().make_env(&run.origin())?;
            run.make_agent(&env)?
        }
        false => run.trained()?.agent,
    };
    match agent.network() {
        Some(network) => Ok(network.wee()),
        None => {
            let kind = agent.config().reservoir.kind.name();
            let reason = format!(
                "has no network: agent.reservoir.kind is {kind:?}, weights have \"sorn\", \"static\" and \"rewired\""
            );
            Err(LabError::directory(run.path(), reason))
        }
    }
}

/// Spikes over some steps.
pub(crate) struct Spikes {
    /// Step and neuron of each, steps from 0.
    pub(super) excitatory: Vec<(u64, u32)>,
    pub(super) inhibitory: Vec<(u64, u32)>,
    /// Numbers of excitatory and inhibitory neurons.
    pub(super) neurons: (u32, u32),
    pub(super) steps: u64,
    /// Under which circumstances, for titles.
    pub(super) of: String,
}

impl Spikes {
    pub(super) fn of(replay: &Replay) -> Spikes {
        Spikes {
            excitatory: replay.excitatory.clone(),
            inhibitory: replay.inhibitory.clone(),
            neurons: replay.neurons,
            steps: replay.steps(),
            of: ", greedy policy".into(),
        }
    }

    /// The excitatory spikes as trains.
    pub(super) fn trains(&self) -> SpikeTrains {
        let events = self.excitatory.iter().map(|&(step, neuron)| (step, neuron as usize));
        SpikeTrains::from_events(events, self.neurons.0 as usize, self.steps)
            .unwrap_or_else(|e| unreachable!("spikes are recorded in order: {e}"))
    }

    /// Number of excitatory spikes in each step.
    pub(super) fn activity(&self) -> Vec<u64> {
        let mut activity = vec![0; self.steps as usize];
        self.excitatory.iter().for_each(|&(step, _)| activity[step as usize] += 1);
        activity
    }
}
