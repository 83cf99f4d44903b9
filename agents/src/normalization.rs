//! Normalisation of observations and rewards by running statistics, which are saved with the agent.
//!
//! By default nothing here has a scale: an observation times any number plus any other, and a reward times any positive number,
//! give the same agent, up to rounding.

use std::fmt;

use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use sorn_env::{BoxSpace, Dtype, Space};

use crate::encoder::{Slot, slots};
use crate::error::check;
use crate::noise::Noise;
use crate::reservoir::{entry, json};
use crate::{AgentConfig, AgentError, AgentState, LearnerConfig};

/// Which numbers of an observation are normalised: in a file `false`, `true` or `"numbers"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalized {
    /// `false`: none.
    Off,
    /// `true`: all, the 0 and 1 of one-hot codes among them; the encoder then sees a Box from `-clip` to `clip`.
    All,
    /// `"numbers"`: those of a Box; the 0 and 1 of Discrete, MultiDiscrete and MultiBinary spaces stay as they are. A number
    /// that never varied is 0.
    #[default]
    Numbers,
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Normalized {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Normalized".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": [false, true, "numbers"] })
    }
}

impl Serialize for Normalized {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Normalized::Off => serializer.serialize_bool(false),
            Normalized::All => serializer.serialize_bool(true),
            Normalized::Numbers => serializer.serialize_str("numbers"),
        }
    }
}

impl<'de> Deserialize<'de> for Normalized {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Given;

        impl Visitor<'_> for Given {
            type Value = Normalized;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or \"numbers\"")
            }
            fn visit_bool<E>(self, all: bool) -> Result<Normalized, E> {
                Ok(if all { Normalized::All } else { Normalized::Off })
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Normalized, E> {
                match text {
                    "numbers" => Ok(Normalized::Numbers),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Given)
    }
}

/// What is normalised, as Gymnasium's `NormalizeObservation` and `NormalizeReward` do it. Statistics grow while training and
/// stand still in a frozen agent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NormalizationConfig {
    /// Which numbers of the observation become themselves minus their mean, over their standard deviation.
    pub observation: Normalized,
    /// The reward that is learnt from: over the standard deviation of the discounted return so far; its sign and its zero stay.
    /// Where absent, `true` for an actor-critic with bounded steps and no `anneal`, else `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward: Option<bool>,
    /// Discount of that return, in `[0, 1]`.
    pub gamma: f64,
    /// Largest size of a normalised number, positive.
    pub clip: f64,
    /// Weight of a number of a Box that is noise, in `[0, 1]`: new in nearly every step, without correlation to the step before,
    /// where other numbers have one. 1: every number has the same weight. With `observation = "numbers"` and the encoder
    /// `random_projection` alone.
    pub noise: f64,
}

impl Default for NormalizationConfig {
    fn default() -> Self {
        NormalizationConfig {
            observation: Normalized::default(),
            reward: None,
            gamma: 0.99,
            clip: 10.0,
            noise: 0.1,
        }
    }
}

/// Keeps the quotient finite where nothing has varied yet and `observation` or `reward` is `true`, as Gymnasium does.
const EPSILON: f64 = 1e-8;

/// Mean and variance of numbers that come one after the other (Welford 1962, 10.1080/00401706.1962.10490022).
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Running {
    pub(crate) fn new(len: usize) -> Running {
        Running { count: 0.0, mean: vec![0.0; len], squares: vec![0.0; len] }
    }

    pub(crate) fn take(&mut self, numbers: &[f64]) {
        self.count += 1.0;
        for ((mean, squares), x) in self.mean.iter_mut().zip(&mut self.squares).zip(numbers) {
            let before = x - *mean;
            *mean += before / self.count;
            *squares += before * (x - *mean);
        }
    }

    fn sd(&self, index: usize) -> f64 {
        (self.squares[index] / self.count.max(1.0) + EPSILON).sqrt()
    }

    /// The standard deviation, without a scale of its own: 0 where nothing varied, and where what varied is rounding.
    pub(crate) fn scale(&self, index: usize) -> f64 {
        let sd = (self.squares[index] / self.count.max(1.0)).sqrt();
        if sd > 1e-12 * self.mean[index].abs() { sd } else { 0.0 }
    }

    /// A number less the mean, over the standard deviation, at most `clip` in size; 0 where nothing varied.
    pub(crate) fn normalized(&self, index: usize, x: f64, clip: f64) -> f64 {
        match self.scale(index) {
            0.0 => 0.0,
            scale => ((x - self.mean[index]) / scale).clamp(-clip, clip),
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState, name: &str) {
        state.put(&format!("normalization/{name}_mean"), &[self.mean.len()], &self.mean);
        state.put(&format!("normalization/{name}_squares"), &[self.squares.len()], &self.squares);
    }

    pub(crate) fn load(&mut self, state: &AgentState, name: &str) -> Result<(), AgentError> {
        state.read(&format!("normalization/{name}_mean"), &mut self.mean)?;
        state.read(&format!("normalization/{name}_squares"), &mut self.squares)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Normalization {
    config: NormalizationConfig,
    /// Whether rewards are normalised, and whether without a scale.
    rewards: bool,
    scale_free: bool,
    /// Whether each number is of a Box.
    numbers: Vec<bool>,
    observations: Running,
    returns: Running,
    noise: Noise,
    passing: Passing,
}

/// What passes from step to step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passing {
    /// The discounted return of this episode so far.
    ret: f64,
    /// The observation before, as it was; empty where none preceded in this episode.
    before: Vec<f64>,
}

impl Normalization {
    /// Normalises observations of `space`.
    pub(crate) fn new(config: &AgentConfig, space: &Space) -> Result<Normalization, AgentError> {
        let NormalizationConfig { reward, gamma, clip, .. } = config.normalization;
        let numbers: Vec<bool> = slots(space).iter().map(|slot| *slot != Slot::Bit).collect();
        check("normalization.clip", clip, clip > 0.0, "a positive number")?;
        check("normalization.gamma", gamma, (0.0..=1.0).contains(&gamma), "a number in [0, 1]")?;
        let by_return = match &config.learner {
            LearnerConfig::Ars(_) => {
                Some("learner.kind = \"ars\" divides by the deviation of its returns itself")
            }
            LearnerConfig::ActorCritic(config) if config.anneal.is_some() => {
                Some("learner.anneal.target_return is a return of the environment's own rewards")
            }
            _ => None,
        };
        let usual =
            matches!(&config.learner, LearnerConfig::ActorCritic(c) if c.is_bounded() && c.anneal.is_none());
        match by_return {
            Some(why) if reward == Some(true) => {
                Err(AgentError::Mismatch(format!("normalization.reward = true: {why}")))
            }
            _ => Ok(Normalization {
                config: config.normalization,
                rewards: reward.unwrap_or(usual),
                scale_free: reward.is_none(),
                observations: Running::new(numbers.len()),
                noise: Noise::new(config.normalization.noise, numbers.len())?,
                numbers,
                returns: Running::new(1),
                passing: Passing::default(),
            }),
        }
    }

    /// The space of what the encoder sees, given the environment's.
    pub(crate) fn space(&self, space: &Space) -> Result<Space, AgentError> {
        let clip = self.config.clip;
        let normalized = |space: &Space| -> Result<Space, AgentError> {
            Ok(Space::Box(BoxSpace::uniform(-clip, clip, vec![space.flat_dim()], Dtype::F64)?))
        };
        match (self.config.observation, space) {
            (Normalized::Off, _) => Ok(space.clone()),
            (Normalized::All, _) | (Normalized::Numbers, Space::Box(_)) => normalized(space),
            (Normalized::Numbers, Space::Dict(members)) => {
                let member = |(name, space): &(String, Space)| Ok((name.clone(), self.space(space)?));
                Ok(Space::Dict(members.iter().map(member).collect::<Result<_, AgentError>>()?))
            }
            (Normalized::Numbers, Space::Tuple(members)) => {
                let members = members.iter().map(|space| self.space(space));
                Ok(Space::Tuple(members.collect::<Result<_, AgentError>>()?))
            }
            (Normalized::Numbers, _) => Ok(space.clone()),
        }
    }

    /// Normalises an observation in place, and takes it into the statistics first where the agent learns.
    pub(crate) fn observe(&mut self, numbers: &mut [f64], learns: bool) {
        if self.config.observation == Normalized::Off {
            return;
        }
        if learns {
            self.observations.take(numbers);
            if !self.passing.before.is_empty() && self.config.observation == Normalized::Numbers {
                let (running, numbers_of_boxes, clip) = (&self.observations, &self.numbers, self.config.clip);
                let normalized =
                    |i: usize, x: f64| if numbers_of_boxes[i] { running.normalized(i, x, clip) } else { 0.0 };
                self.noise.take(&self.passing.before, numbers, normalized);
            }
            self.passing.before.clear();
            self.passing.before.extend_from_slice(numbers);
        }
        let clip = self.config.clip;
        let all = self.config.observation == Normalized::All;
        for (index, x) in numbers.iter_mut().enumerate() {
            if all {
                *x = ((*x - self.observations.mean[index]) / self.observations.sd(index)).clamp(-clip, clip);
            } else if self.numbers[index] {
                *x = self.observations.normalized(index, *x, clip);
            }
        }
    }

    /// An episode begins.
    pub(crate) fn begin(&mut self) {
        self.passing.before.clear();
    }

    /// The weight of each number; `None` where all are 1.
    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.noise.weights()
    }

    /// Swaps what passes from step to step with that of another stream of observations.
    pub(crate) fn exchange(&mut self, passing: &mut Passing) {
        std::mem::swap(&mut self.passing, passing);
    }

    /// The normalised reward.
    pub(crate) fn reward(&mut self, reward: f64, done: bool) -> f64 {
        if !self.rewards {
            return reward;
        }
        self.passing.ret = self.config.gamma * self.passing.ret + reward;
        self.returns.take(&[self.passing.ret]);
        let clip = self.config.clip;
        if self.scale_free {
            // Before any return differs from another its size stands for the deviation.
            let (sd, size) = (self.returns.scale(0), self.passing.ret.abs());
            let scale = if sd > 0.0 { sd } else { size };
            if done {
                self.passing.ret = 0.0;
            }
            return if scale > 0.0 { (reward / scale).clamp(-clip, clip) } else { 0.0 };
        }
        if done {
            self.passing.ret = 0.0;
        }
        (reward / self.returns.sd(0)).clamp(-clip, clip)
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        self.observations.save(state, "observation");
        self.returns.save(state, "return");
        self.noise.save(state, &self.passing.before);
        state.meta["normalization"] = json(&(self.observations.count, self.returns.count, self.passing.ret));
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.observations.load(state, "observation")?;
        self.returns.load(state, "return")?;
        self.noise.load(state, &mut self.passing.before)?;
        (self.observations.count, self.returns.count, self.passing.ret) = entry(state, "normalization")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normalization(config: NormalizationConfig, numbers: usize) -> Normalization {
        let config = AgentConfig { normalization: config, ..AgentConfig::default() };
        let space = Space::Box(BoxSpace::uniform(-1e9, 1e9, vec![numbers], Dtype::F64).unwrap());
        Normalization::new(&config, &space).unwrap()
    }

    proptest! {
        #[test]
        fn statistics_are_those_of_all_numbers(numbers in prop::collection::vec(-1e3..1e3_f64, 2..40)) {
            let mut running = Running::new(1);
            numbers.iter().for_each(|&x| running.take(&[x]));
            let n = numbers.len() as f64;
            let mean = numbers.iter().sum::<f64>() / n;
            let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            prop_assert!((running.mean[0] - mean).abs() < 1e-9);
            prop_assert!((running.sd(0).powi(2) - variance).abs() < 1e-6 * (1.0 + variance));
        }
    }

    #[test]
    fn observations_are_centred_scaled_and_clipped() {
        let config =
            NormalizationConfig { observation: Normalized::All, clip: 1.5, ..NormalizationConfig::default() };
        let mut normalization = normalization(config, 2);
        for x in [[1.0, 5.0], [3.0, 5.0]] {
            normalization.observe(&mut x.clone(), true);
        }
        let mut numbers = [3.0, 9.0];
        normalization.observe(&mut numbers, false);
        assert!((numbers[0] - 1.0).abs() < 1e-6 && numbers[1] == 1.5, "{numbers:?}");
        assert_eq!(normalization.observations.count, 2.0);
        let space = normalization.space(&Space::Discrete { n: 3, start: 0 }).unwrap();
        assert_eq!(space, Space::Box(BoxSpace::uniform(-1.5, 1.5, vec![3], Dtype::F64).unwrap()));
    }

    #[test]
    fn rewards_are_over_the_deviation_of_the_discounted_return() {
        let config = NormalizationConfig { reward: Some(true), gamma: 0.5, ..NormalizationConfig::default() };
        let mut normalization = normalization(config, 1);
        // Returns 4, 2 + 2 = 4 and, in a new episode, 1.
        normalization.reward(4.0, false);
        normalization.reward(2.0, true);
        let reward = normalization.reward(1.0, false);
        let sd = (2.0_f64).sqrt();
        assert!((reward - 1.0 / sd).abs() < 1e-6, "{reward}");
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let mut config = AgentConfig::default();
        config.normalization.reward = Some(true);
        let space = Space::Discrete { n: 2, start: 0 };
        config.learner = LearnerConfig::Ars(Default::default());
        let error = Normalization::new(&config, &space).unwrap_err().to_string();
        assert!(error.starts_with("normalization.reward = true: learner.kind = \"ars\""), "{error}");
        config.learner = LearnerConfig::default();
        config.normalization.clip = 0.0;
        let error = Normalization::new(&config, &space).unwrap_err().to_string();
        assert_eq!(error, "normalization.clip: expected a positive number, found 0");
    }

    fn scale_free(numbers: usize) -> Normalization {
        normalization(NormalizationConfig::default(), numbers)
    }

    #[test]
    fn scale_and_offset_of_an_observation_do_not_matter() {
        let walk: Vec<f64> = (0..200).map(|k| (f64::from(k) * 0.7).sin() + f64::from(k % 7)).collect();
        let (mut plain, mut other) = (scale_free(1), scale_free(1));
        for (scale, offset) in [(1e3, 50.0), (1e-9, 0.0), (-4e7, 1e9)] {
            for x in &walk {
                let (mut a, mut b) = ([*x], [scale * x + offset]);
                plain.observe(&mut a, true);
                other.observe(&mut b, true);
                assert!((a[0] - b[0] * f64::signum(scale)).abs() < 1e-5, "{a:?} {b:?}");
            }
            (plain, other) = (scale_free(1), scale_free(1));
        }
    }

    #[test]
    fn what_never_varies_is_nothing_and_codes_stay() {
        let space = Space::Tuple(vec![
            Space::box_f32(&[0.0, 0.0], &[1e6, 1.0]).unwrap(),
            Space::Discrete { n: 2, start: 0 },
        ]);
        let config = AgentConfig::default();
        let mut normalization = Normalization::new(&config, &space).unwrap();
        for x in 0..9 {
            let mut numbers = [123_456.7, f64::from(x), 0.0, 1.0];
            normalization.observe(&mut numbers, true);
            assert_eq!((numbers[0], &numbers[2..]), (0.0, &[0.0, 1.0][..]));
        }
        let seen = normalization.space(&space).unwrap();
        assert_eq!(slots(&seen)[1..], [Slot::Number { low: -10.0, high: 10.0 }, Slot::Bit, Slot::Bit]);
    }

    #[test]
    fn the_scale_of_rewards_does_not_matter_and_their_sign_does() {
        for scale in [1e6, 1e-3, 1e-12] {
            let (mut plain, mut other) = (scale_free(1), scale_free(1));
            for k in 0..300 {
                let reward = f64::from(k % 5) - 1.0;
                let (a, b) = (plain.reward(reward, k % 40 == 39), other.reward(scale * reward, k % 40 == 39));
                assert!((a - b).abs() < 1e-6 && (a.signum() == reward.signum() || reward == 0.0), "{a} {b}");
            }
        }
        let mut silent = scale_free(1);
        assert!((0..9).all(|_| silent.reward(0.0, false) == 0.0));
    }

    #[test]
    fn what_is_normalised_is_written_as_it_is_read() {
        for text in ["false", "true", "\"numbers\""] {
            let config: NormalizationConfig = toml::from_str(&format!("observation = {text}")).unwrap();
            let written = toml::to_string(&config).unwrap();
            assert!(written.starts_with(&format!("observation = {text}")), "{written}");
        }
        let error = toml::from_str::<NormalizationConfig>("observation = \"all\"").unwrap_err().to_string();
        assert!(error.contains("true, false or \"numbers\""), "{error}");
    }
}
