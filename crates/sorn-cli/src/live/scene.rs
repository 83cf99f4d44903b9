//! [`Scene`]: what is seen of a run.

use std::collections::VecDeque;
use std::time::Instant;

use sorn_lab::sorn_agents::{Agent, StepEvent};
use sorn_lab::sorn_env::Value;
use sorn_lab::{Diagnostics, Episode, Evaluated, Experiment, decimal};

/// Steps of spikes that are kept: more columns of dots has no terminal.
pub(super) const STEPS: usize = 512;
/// Points of a curve; a longer one keeps every other.
const POINTS: usize = 2000;

/// The mean return of one seed's runs over its episodes.
pub(super) struct Curve {
    pub(super) seed: u64,
    /// Episodes, from 1, and means.
    pub(super) points: Vec<(f64, f64)>,
    every: u64,
    pub(super) last: (f64, f64),
    pub(super) finished: bool,
}

impl Curve {
    fn push(&mut self, episode: u64, mean: f64) {
        self.last = (episode as f64 + 1.0, mean);
        if episode.is_multiple_of(self.every) {
            self.points.push(self.last);
        }
        if self.points.len() > POINTS {
            self.every *= 2;
            let every = self.every;
            self.points.retain(|(episode, _)| (*episode as u64 - 1).is_multiple_of(every));
        }
    }
}

/// A component of the observation, and the least and the greatest it has been, 0 among them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Component {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// What is seen of a run, or of the runs of several seeds, of which one is seen from within.
pub(super) struct Scene {
    pub(super) name: String,
    pub(super) env: String,
    /// Whether the observation is the environment's own, neither wrapped nor normalised.
    pub(super) plain: bool,
    pub(super) window: u64,
    pub(super) threshold: Option<f64>,
    /// Episodes and environment steps at most, of each run.
    pub(super) episodes: Option<u64>,
    pub(super) steps: Option<u64>,
    /// How many runs there are.
    pub(super) runs: usize,
    pub(super) curves: Vec<Curve>,
    pub(super) started: Instant,
    /// Environment steps of all runs, and those of the run whose episode ended last, since it began.
    pub(super) env_steps: u64,
    pub(super) run_steps: u64,
    /// Those of the episode that ended last, if they are recorded.
    pub(super) diagnostics: Option<Diagnostics>,
    /// Mean return of the last evaluation while training.
    pub(super) evaluation: Option<f64>,
    /// The run that is seen from within: seed, episode and step.
    pub(super) at: Option<(u64, u64, u64)>,
    pub(super) observation: Vec<Component>,
    pub(super) action: String,
    pub(super) reward: f64,
    pub(super) value: Option<f64>,
    /// Excitatory and inhibitory neurons; the latter follow the former in `spikes`.
    pub(super) neurons: (u32, u32),
    /// Those that spiked, of the latest steps in a row.
    pub(super) spikes: VecDeque<Vec<u32>>,
    /// Steps taken since they were last asked for.
    taken: usize,
    full: bool,
}

impl Scene {
    pub(super) fn new(experiment: &Experiment, runs: usize) -> Scene {
        let id = &experiment.env.id;
        let known = sorn_lab::sorn_envs::specs().find(|spec| spec.id == *id);
        Scene {
            name: experiment.name.clone(),
            env: id.clone(),
            plain: experiment.env.wrappers.is_empty() && experiment.agent.normalization == Default::default(),
            window: experiment.run.window,
            threshold: experiment.run.threshold.or(known.and_then(|spec| spec.reward_threshold)),
            episodes: experiment.run.episodes,
            steps: experiment.run.steps,
            runs,
            curves: Vec::new(),
            started: Instant::now(),
            env_steps: 0,
            run_steps: 0,
            diagnostics: None,
            evaluation: None,
            at: None,
            observation: Vec::new(),
            action: String::new(),
            reward: 0.0,
            value: None,
            neurons: (0, 0),
            spikes: VecDeque::with_capacity(STEPS),
            taken: 0,
            full: false,
        }
    }

    pub(super) fn episode(&mut self, seed: u64, episode: &Episode, mean: f64) {
        self.env_steps += episode.length;
        self.run_steps = episode.env_steps;
        self.diagnostics = episode.diagnostics;
        self.curve(seed).push(episode.episode, mean);
    }

    pub(super) fn evaluated(&mut self, evaluated: &Evaluated) {
        self.evaluation = Some(evaluated.eval.mean);
    }

    pub(super) fn finished(&mut self, seed: u64) {
        self.curve(seed).finished = true;
    }

    fn curve(&mut self, seed: u64) -> &mut Curve {
        let index = self.curves.iter().position(|curve| curve.seed == seed).unwrap_or_else(|| {
            let (points, last) = (Vec::new(), (0.0, 0.0));
            self.curves.push(Curve { seed, points, every: 1, last, finished: false });
            self.curves.len() - 1
        });
        &mut self.curves[index]
    }

    /// Takes a step of the run of `seed`; false once as many were taken since the last [`ask`](Scene::ask) as are shown.
    pub(super) fn step(&mut self, seed: u64, event: &StepEvent<'_>, agent: &Agent) -> bool {
        // What is shown are steps in a row, of one run.
        if self.full || self.at.is_some_and(|at| at.0 != seed) {
            self.spikes.clear();
            self.full = false;
        }
        self.at = Some((seed, event.episode, event.step));
        let found = agent.observation();
        self.observation.resize(found.len(), Component::default());
        for (component, &value) in self.observation.iter_mut().zip(found) {
            let (low, high) = (component.low.min(value), component.high.max(value));
            *component = Component { value, low, high };
        }
        self.action = match event.action {
            Value::Array(array) => array.iter().map(|v| decimal(v, 3)).collect::<Vec<_>>().join(" "),
            other => other.as_f64().map_or(String::new(), |v| v.to_string()),
        };
        (self.reward, self.value) = (event.reward, agent.value());
        let mut row = match self.spikes.len() {
            STEPS => self.spikes.pop_front().unwrap_or_default(),
            _ => Vec::new(),
        };
        row.clear();
        row.extend(agent.spikes());
        match agent.network() {
            Some(network) => {
                let ne = network.ne() as u32;
                row.extend(network.activity().spikes_i.iter().map(|neuron| neuron + ne));
                self.neurons = (ne, network.ni() as u32);
            }
            None => self.neurons = (agent.config().reservoir.params.ne as u32, 0),
        }
        self.spikes.push_back(row);
        self.taken += 1;
        self.full = self.taken >= STEPS;
        !self.full
    }

    /// Asks for the steps of the next picture.
    pub(super) fn ask(&mut self) {
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_curves_keep_their_shape_in_few_points() {
        let mut curve = Curve { seed: 0, points: Vec::new(), every: 1, last: (0.0, 0.0), finished: false };
        (0..100_000).for_each(|episode| curve.push(episode, episode as f64 / 2.0));
        assert!(curve.points.len() <= POINTS && curve.points.len() > POINTS / 4);
        assert!(curve.points.iter().all(|(episode, mean)| *mean == (episode - 1.0) / 2.0));
        assert!(curve.points.windows(2).all(|pair| pair[1].0 - pair[0].0 == curve.every as f64));
        assert_eq!(curve.last, (100_000.0, 49_999.5));
    }
}
