//! What the readout sees.

use serde::{Deserialize, Serialize};

use crate::AgentError;
use crate::error::check;
use crate::reservoir::{Reservoir, Seen};

/// One group of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Activity `x` of each unit, 0 or 1; of an echo state network from -1 to 1.
    Activity,
    /// Trace `z` of the activity before this observation: `z <- decay z + (1 - decay) x`, from 0 in each episode.
    Trace,
    /// `x - z`: what is new in the activity.
    ActivityMinusTrace,
    /// Recurrent drive of each unit.
    RecurrentDrive,
    /// The observation as the encoder sees it: its numbers, normalised and weighed where the configuration says so.
    Observation,
    /// The encoded observation, the reservoir's input.
    EncodedObservation,
    /// A constant 1.
    Bias,
}

impl Feature {
    /// How many numbers it is, of so many units, numbers observed and inputs.
    fn len(self, units: usize, observed: usize, inputs: usize) -> usize {
        match self {
            Feature::Activity | Feature::Trace | Feature::ActivityMinusTrace | Feature::RecurrentDrive => {
                units
            }
            Feature::Observation => observed,
            Feature::EncodedObservation => inputs,
            Feature::Bias => 1,
        }
    }
}

/// Which features, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FeaturesConfig {
    /// Groups, one after the other.
    pub names: Vec<Feature>,
    /// Decay of the trace per observation, in `[0, 1)`.
    pub trace_decay: f64,
    /// Observations, from the first on, whose mean and standard deviation standardise every feature; 0: features are as they are. A feature that
    /// is seldom active, as the memory of a cue is, then counts as much as others.
    pub standardize: u64,
}

impl Default for FeaturesConfig {
    fn default() -> Self {
        FeaturesConfig {
            names: vec![Feature::Activity, Feature::ActivityMinusTrace, Feature::Bias],
            trace_decay: 0.6,
            standardize: 0,
        }
    }
}

/// Numbers, of which the first have weights.
#[derive(Clone, Copy)]
pub(crate) struct Weighted<'a> {
    pub(crate) numbers: &'a [f64],
    pub(crate) weights: Option<&'a [f64]>,
}

impl Weighted<'_> {
    fn write(self, out: &mut [f64]) {
        out.copy_from_slice(self.numbers);
        if let Some(weights) = self.weights {
            out.iter_mut().zip(weights).for_each(|(number, weight)| *number *= weight);
        }
    }
}

/// Features at work: the trace, and the groups' order.
#[derive(Clone, Debug)]
pub(crate) struct Features {
    names: Vec<Feature>,
    decay: f64,
    trace: Vec<f64>,
    len: usize,
}

impl Features {
    pub(crate) fn new(
        config: &FeaturesConfig,
        units: usize,
        observed: usize,
        inputs: usize,
    ) -> Result<Features, AgentError> {
        let decay = config.trace_decay;
        check("features.trace_decay", decay, (0.0..1.0).contains(&decay), "a number in [0, 1)")?;
        if config.names.is_empty() {
            return Err(AgentError::config("features.names", "none", "at least one feature"));
        }
        let len = config.names.iter().map(|feature| feature.len(units, observed, inputs)).sum();
        Ok(Features { names: config.names.clone(), decay, trace: vec![0.0; units], len })
    }

    /// Number of features.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Forgets the trace: a new episode begins.
    pub(crate) fn begin(&mut self) {
        self.trace.fill(0.0);
    }

    /// Writes the features of the present observation, then takes its activity into the trace, if that is among them.
    pub(crate) fn write(
        &mut self,
        reservoir: &Reservoir,
        observation: Weighted<'_>,
        input: &[f64],
        out: &mut [f64],
    ) {
        let seen = reservoir.seen();
        let units = self.trace.len();
        let mut rest = out;
        for name in &self.names {
            let len = name.len(units, observation.numbers.len(), input.len());
            let (group, after) = rest.split_at_mut(len);
            rest = after;
            match name {
                Feature::Bias => group[0] = 1.0,
                Feature::Observation => observation.write(group),
                Feature::EncodedObservation => group.copy_from_slice(input),
                Feature::RecurrentDrive => group.copy_from_slice(reservoir.recurrent()),
                Feature::Trace => group.copy_from_slice(&self.trace),
                Feature::Activity => {
                    group.fill(0.0);
                    add(seen, 1.0, group);
                }
                Feature::ActivityMinusTrace => {
                    group.iter_mut().zip(&self.trace).for_each(|(f, z)| *f = -z);
                    add(seen, 1.0, group);
                }
            }
        }
        if self.names.iter().any(|name| matches!(name, Feature::Trace | Feature::ActivityMinusTrace)) {
            self.trace.iter_mut().for_each(|z| *z *= self.decay);
            add(seen, 1.0 - self.decay, &mut self.trace);
        }
    }

    pub(crate) fn trace(&self) -> &[f64] {
        &self.trace
    }

    pub(crate) fn trace_mut(&mut self) -> &mut [f64] {
        &mut self.trace
    }
}

/// Adds the activity, times a factor.
fn add(seen: Seen<'_>, factor: f64, to: &mut [f64]) {
    match seen {
        Seen::Active(active) => active.iter().for_each(|&unit| to[unit as usize] += factor),
        Seen::Numbers(numbers) => to.iter_mut().zip(numbers).for_each(|(to, x)| *to += factor * x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReservoirConfig;

    #[test]
    fn an_observation_stands_among_the_features_with_its_weights() {
        let reservoir = Reservoir::new(&ReservoirConfig::default(), 1).unwrap();
        let config =
            FeaturesConfig { names: vec![Feature::Bias, Feature::Observation], ..FeaturesConfig::default() };
        let mut features = Features::new(&config, reservoir.units(), 3, 400).unwrap();
        let mut phi = vec![f64::NAN; features.len()];
        let numbers = &[0.5, -2.0, 7.0];
        features.write(&reservoir, Weighted { numbers, weights: None }, &[], &mut phi);
        assert_eq!(phi, [1.0, 0.5, -2.0, 7.0]);
        // The last number is one beside the observation, such as the previous reward, and has no weight.
        let weights = Some(&[1.0, 0.0][..]);
        features.write(&reservoir, Weighted { numbers, weights }, &[], &mut phi);
        assert_eq!(phi, [1.0, 0.5, 0.0, 7.0]);
    }
}
