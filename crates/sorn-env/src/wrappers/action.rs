//! Action wrappers: rescaling and clipping.

use super::forward;
use super::numbers::Numbers;
use super::observation::float_box;
use crate::{BoxSpace, Env, Space, SpaceError, Step};

/// A change made to every action before the environment gets it.
pub trait ActionMap<A> {
    /// The action the environment gets.
    fn apply(&mut self, action: &A) -> A;
}

/// An environment whose actions are changed by `F`.
#[derive(Clone, Debug)]
pub struct MapAction<E, F> {
    env: E,
    map: F,
    space: Space,
}

impl<E, F> MapAction<E, F> {
    /// `env` with actions of `space`, changed by `map` to elements of its own.
    pub fn with_map(env: E, map: F, space: Space) -> Self {
        MapAction { env, map, space }
    }

    /// The environment inside.
    pub fn inner(&self) -> &E {
        &self.env
    }
}

impl<E: Env, F: ActionMap<E::Act>> Env for MapAction<E, F> {
    type Obs = E::Obs;
    type Act = E::Act;
    type Error = E::Error;

    forward!(observation_space, reset, render, close, memory);

    fn action_space(&self) -> Space {
        self.space.clone()
    }

    fn step(&mut self, action: &E::Act) -> Result<Step<E::Obs>, E::Error> {
        self.env.step(&self.map.apply(action))
    }
}

/// Actions between `min` and `max`, mapped linearly to the bounds of the environment's own space.
pub type RescaleAction<E> = MapAction<E, RescaleToBounds>;
/// Any actions, clipped to the bounds of the environment's own space.
pub type ClipAction<E> = MapAction<E, Clip>;

/// Linear from `[min, max]` to bounds per number.
#[derive(Clone, Debug)]
pub struct RescaleToBounds {
    min: f64,
    max: f64,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl<A: Numbers> ActionMap<A> for RescaleToBounds {
    fn apply(&mut self, action: &A) -> A {
        let mut action = action.clone();
        action.update(|i, x| {
            let (Some(low), Some(high)) = (self.low.get(i), self.high.get(i)) else { return x };
            let scaled = low + (high - low) * ((x - self.min) / (self.max - self.min));
            // Rounding must not carry an action past a bound; what lies outside [min, max] stays outside.
            if (self.min..=self.max).contains(&x) { scaled.clamp(*low, *high) } else { scaled }
        });
        action
    }
}

impl<E: Env> MapAction<E, RescaleToBounds>
where
    E::Act: Numbers,
{
    /// `env` with actions in `[min, max]`.
    ///
    /// # Errors
    /// [`SpaceError`] where the actions are no bounded Box of floats, or not `min < max`.
    pub fn new(env: E, min: f64, max: f64) -> Result<Self, SpaceError> {
        let inner = float_box(env.action_space(), "RescaleAction")?;
        if !(min < max && min.is_finite() && max.is_finite()) {
            return Err(SpaceError::new("min < max", format!("min {min}, max {max}")).at("RescaleAction"));
        }
        if !inner.is_bounded() {
            let expected = "a Box bounded on both sides";
            return Err(SpaceError::new(expected, Space::Box(inner).to_string()).at("RescaleAction"));
        }
        let n = inner.low.len();
        let space =
            BoxSpace { low: vec![min; n], high: vec![max; n], shape: inner.shape, dtype: inner.dtype };
        let map = RescaleToBounds { min, max, low: inner.low, high: inner.high };
        Ok(Self::with_map(env, map, Space::Box(space)))
    }
}

/// Clipping to bounds per number.
#[derive(Clone, Debug)]
pub struct Clip {
    low: Vec<f64>,
    high: Vec<f64>,
}

impl<A: Numbers> ActionMap<A> for Clip {
    fn apply(&mut self, action: &A) -> A {
        let mut action = action.clone();
        action.update(|i, x| match (self.low.get(i), self.high.get(i)) {
            (Some(low), Some(high)) => x.clamp(*low, *high),
            _ => x,
        });
        action
    }
}

impl<E: Env> MapAction<E, Clip>
where
    E::Act: Numbers,
{
    /// `env` with unbounded actions.
    ///
    /// # Errors
    /// [`SpaceError`] where the actions are no Box of floats.
    pub fn new(env: E) -> Result<Self, SpaceError> {
        let inner = float_box(env.action_space(), "ClipAction")?;
        let n = inner.low.len();
        let space = BoxSpace {
            low: vec![f64::NEG_INFINITY; n],
            high: vec![f64::INFINITY; n],
            shape: inner.shape,
            dtype: inner.dtype,
        };
        Ok(Self::with_map(env, Clip { low: inner.low, high: inner.high }, Space::Box(space)))
    }
}
