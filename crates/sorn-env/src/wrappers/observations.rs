//! Observation wrappers: normalisation, scaling, masking, noise.

use std::collections::BTreeMap;

use super::numbers::Numbers;
use super::observation::{MapObservation, ObservationMap, float_box};
use crate::seeding::{Generator, reseed};
use crate::{Array, BoxSpace, Data, Env, Space, SpaceError, Value};

/// Observations minus their running mean over their running standard deviation.
pub type NormalizeObservation<E> = MapObservation<E, RunningNorm>;
/// Observations mapped linearly from the bounds of their space to others.
pub type RescaleObservation<E> = MapObservation<E, Linear>;
/// Observations times a factor per number.
pub type ScaleObservation<E> = MapObservation<E, Linear>;
/// Some of the numbers of the observations.
pub type MaskObservation<E> = MapObservation<E, Selection>;
/// Observations with Gaussian noise.
pub type NoiseObservation<E> = MapObservation<E, GaussianNoise>;

/// Running mean and variance per number, from all observations so far (Welford's method). They outlive episodes: they are the
/// wrapper's [`memory`](Env::memory).
#[derive(Clone, Debug)]
pub struct RunningNorm {
    count: f64,
    mean: Vec<f64>,
    variance: Vec<f64>,
    epsilon: f64,
    updating: bool,
}

impl RunningNorm {
    /// Whether further observations change mean and variance; an evaluation sets it to false.
    pub fn set_updating(&mut self, updating: bool) {
        self.updating = updating;
    }

    /// Running mean per number.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Running variance per number.
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }
}

impl<E: Env> MapObservation<E, RunningNorm>
where
    E::Obs: Numbers,
{
    /// `env` with observations normalised to mean 0 and standard deviation 1; `epsilon`, 1e-8 as a rule, is added to the
    /// variance.
    ///
    /// # Errors
    /// [`SpaceError`] where the observations are no Box of floats or `epsilon` is not positive.
    pub fn new(env: E, epsilon: f64) -> Result<Self, SpaceError> {
        let inner = float_box(env.observation_space(), "NormalizeObservation")?;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(SpaceError::new("epsilon > 0", epsilon.to_string()).at("NormalizeObservation"));
        }
        let n = inner.low.len();
        // A count just above 0 lets the first observation replace the prior (mean 0, variance 1), as in Gymnasium.
        let map =
            RunningNorm { count: 1e-4, mean: vec![0.0; n], variance: vec![1.0; n], epsilon, updating: true };
        let space =
            Space::Box(BoxSpace { low: vec![f64::NEG_INFINITY; n], high: vec![f64::INFINITY; n], ..inner });
        Ok(Self::with_map(env, map, space))
    }
}

impl<O: Numbers> ObservationMap<O> for RunningNorm {
    type Output = O;

    fn apply(&mut self, mut obs: O) -> O {
        if self.updating {
            let total = self.count + 1.0;
            for i in 0..obs.count().min(self.mean.len()) {
                let delta = obs.number(i) - self.mean[i];
                self.mean[i] += delta / total;
                self.variance[i] =
                    (self.variance[i] * self.count + delta * delta * self.count / total) / total;
            }
            self.count = total;
        }
        obs.update(|i, x| (x - self.mean[i]) / (self.variance[i] + self.epsilon).sqrt());
        obs
    }

    fn memory(&self) -> Option<Value> {
        let array = |numbers: &[f64]| Value::Array(Array::vector(numbers.to_vec()));
        Some(Value::Map(BTreeMap::from([
            ("count".to_string(), Value::Float(self.count)),
            ("mean".to_string(), array(&self.mean)),
            ("variance".to_string(), array(&self.variance)),
        ])))
    }

    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        let n = self.mean.len();
        let wrong = || SpaceError::new(format!("count, mean and variance of {n} numbers"), memory.describe());
        let Value::Map(members) = memory else { return Err(wrong()) };
        let vector = |name: &str| match members.get(name).and_then(Value::as_array).map(Array::data) {
            Some(Data::F64(numbers)) if numbers.len() == n => Ok(numbers.clone()),
            _ => Err(wrong()),
        };
        let count = members.get("count").and_then(Value::as_f64).ok_or_else(wrong)?;
        let (mean, variance) = (vector("mean")?, vector("variance")?);
        (self.count, self.mean, self.variance) = (count, mean, variance);
        Ok(())
    }

    fn freeze(&mut self) {
        self.updating = false;
    }
}

/// `scale * x + offset` per number.
#[derive(Clone, Debug)]
pub struct Linear {
    scale: Vec<f64>,
    offset: Vec<f64>,
    bounds: Option<[f64; 2]>,
}

impl Linear {
    fn at(&self, i: usize, x: f64) -> f64 {
        let y = self.scale[i] * x + self.offset[i];
        match self.bounds {
            // Rounding must not carry an observation past a bound; what was far outside stays outside.
            Some([min, max]) if (y.clamp(min, max) - y).abs() < (max - min) * 1e-6 => y.clamp(min, max),
            _ => y,
        }
    }
}

impl<O: Numbers> ObservationMap<O> for Linear {
    type Output = O;
    fn apply(&mut self, mut obs: O) -> O {
        obs.update(|i, x| self.at(i, x));
        obs
    }
}

impl<E: Env> MapObservation<E, Linear>
where
    E::Obs: Numbers,
{
    /// `env` with observations mapped linearly from the bounds of their space to `[min, max]`.
    ///
    /// # Errors
    /// [`SpaceError`] where the observations are no bounded Box of floats, or not `min < max`.
    pub fn rescale(env: E, min: f64, max: f64) -> Result<Self, SpaceError> {
        let inner = float_box(env.observation_space(), "RescaleObservation")?;
        if !(min < max && min.is_finite() && max.is_finite()) {
            return Err(
                SpaceError::new("min < max", format!("min {min}, max {max}")).at("RescaleObservation")
            );
        }
        if !inner.is_bounded() || inner.low.iter().zip(&inner.high).any(|(low, high)| low >= high) {
            let expected = "a Box bounded on both sides, low < high";
            return Err(SpaceError::new(expected, Space::Box(inner).to_string()).at("RescaleObservation"));
        }
        let scale: Vec<f64> =
            inner.low.iter().zip(&inner.high).map(|(low, high)| (max - min) / (high - low)).collect();
        let offset = inner.low.iter().zip(&scale).map(|(low, scale)| min - low * scale).collect();
        let n = scale.len();
        let space = BoxSpace { low: vec![min; n], high: vec![max; n], ..inner };
        let map = Linear { scale, offset, bounds: Some([min, max]) };
        Ok(Self::with_map(env, map, Space::Box(space)))
    }

    /// `env` with each number of its observations times a factor.
    ///
    /// # Errors
    /// [`SpaceError`] where the observations are no Box of floats or `factors` is not one finite number other than 0 for each.
    pub fn scale(env: E, factors: Vec<f64>) -> Result<Self, SpaceError> {
        let mut inner = float_box(env.observation_space(), "ScaleObservation")?;
        let n = inner.low.len();
        if factors.len() != n || factors.iter().any(|&x| x == 0.0 || !x.is_finite()) {
            let expected = format!("{n} finite factors other than 0");
            return Err(SpaceError::new(expected, format!("{factors:?}")).at("ScaleObservation"));
        }
        // Rounded as the observations are, so that a bound scaled stays a bound.
        let bound = |x: f64| if inner.dtype == crate::Dtype::F32 { f64::from(x as f32) } else { x };
        for (factor, (low, high)) in factors.iter().zip(inner.low.iter_mut().zip(&mut inner.high)) {
            let (a, b) = (bound(factor * *low), bound(factor * *high));
            (*low, *high) = (a.min(b), a.max(b));
        }
        let map = Linear { offset: vec![0.0; n], scale: factors, bounds: None };
        Ok(Self::with_map(env, map, Space::Box(inner)))
    }
}

/// Some of the numbers, in the order given.
#[derive(Clone, Debug)]
pub struct Selection {
    keep: Vec<usize>,
}

impl<O: Numbers> ObservationMap<O> for Selection {
    type Output = O::Selected;
    fn apply(&mut self, obs: O) -> O::Selected {
        obs.select(&self.keep)
    }
}

impl<E: Env> MapObservation<E, Selection>
where
    E::Obs: Numbers,
{
    /// `env` with only the numbers at the indices `keep` of its observations, in that order, as a vector.
    ///
    /// # Errors
    /// [`SpaceError`] where the observations are no Box of floats, or `keep` is empty, holds an index twice or one too large.
    pub fn new(env: E, keep: Vec<usize>) -> Result<Self, SpaceError> {
        let inner = float_box(env.observation_space(), "MaskObservation")?;
        let n = inner.low.len();
        let twice = keep.iter().enumerate().any(|(i, index)| keep[..i].contains(index));
        if keep.is_empty() || twice || keep.iter().any(|&index| index >= n) {
            let expected = format!("at least one index, each below {n} and given once");
            return Err(SpaceError::new(expected, format!("{keep:?}")).at("MaskObservation"));
        }
        let space = BoxSpace {
            low: keep.iter().map(|&i| inner.low[i]).collect(),
            high: keep.iter().map(|&i| inner.high[i]).collect(),
            shape: vec![keep.len()],
            dtype: inner.dtype,
        };
        Ok(Self::with_map(env, Selection { keep }, Space::Box(space)))
    }
}

/// Independent Gaussian noise on every number.
#[derive(Clone, Debug)]
pub struct GaussianNoise {
    sd: f64,
    rng: Option<Generator>,
}

impl<O: Numbers> ObservationMap<O> for GaussianNoise {
    type Output = O;
    fn reset(&mut self, seed: Option<u64>) {
        // Another stream than the environment's, which has the plain seed.
        reseed(&mut self.rng, seed.map(|seed| seed ^ 0x6e6f_6973_6500_0000));
    }
    fn apply(&mut self, mut obs: O) -> O {
        let rng = reseed(&mut self.rng, None);
        obs.update(|_, x| x + self.sd * rng.standard_normal());
        obs
    }
}

impl<E: Env> MapObservation<E, GaussianNoise>
where
    E::Obs: Numbers,
{
    /// `env` with noise of standard deviation `sd` on every number of its observations. A reset's seed seeds the noise too.
    ///
    /// # Errors
    /// [`SpaceError`] where the observations are no Box of floats, or `sd` is negative or not finite.
    pub fn new(env: E, sd: f64) -> Result<Self, SpaceError> {
        let inner = float_box(env.observation_space(), "NoiseObservation")?;
        if !(sd >= 0.0 && sd.is_finite()) {
            return Err(SpaceError::new("sd >= 0", sd.to_string()).at("NoiseObservation"));
        }
        let n = inner.low.len();
        let space = BoxSpace { low: vec![f64::NEG_INFINITY; n], high: vec![f64::INFINITY; n], ..inner };
        Ok(Self::with_map(env, GaussianNoise { sd, rng: None }, Space::Box(space)))
    }
}
