//! [`Outliers`]: observations outside of the space that their environment declares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sorn_env::{Space, SpaceError, Value};

/// Warns, once a run, of an observation outside of the bounds that its environment declares: encoders, and whoever chose a scale
/// after them, rely on these, and the run goes on.
pub(crate) struct Outliers {
    id: String,
    space: Space,
    seed: Option<u64>,
    step: u64,
    /// Of all environments of a run.
    warned: Arc<AtomicBool>,
}

impl Outliers {
    pub(crate) fn new(id: &str, space: Space, warned: &Arc<AtomicBool>) -> Outliers {
        Outliers { id: id.into(), space, seed: None, step: 0, warned: Arc::clone(warned) }
    }

    pub(crate) fn reset(&mut self, seed: Option<u64>, obs: &Value) {
        (self.seed, self.step) = (seed, 0);
        self.look(obs);
    }

    pub(crate) fn step(&mut self, obs: &Value) {
        self.step += 1;
        self.look(obs);
    }

    fn look(&self, obs: &Value) {
        if !self.warned.load(Ordering::Relaxed)
            && let Err(error) = self.space.check(obs)
        {
            self.warn(obs, &error);
        }
    }

    #[cold]
    fn warn(&self, obs: &Value, error: &SpaceError) {
        // Of another shape or type, or not finite: the run ends with an error that says so.
        let mut flat = vec![0.0; self.space.flat_dim()];
        let taken = self.space.flatten_into(obs, &mut flat).is_ok() && flat.iter().all(|x| x.is_finite());
        if taken && !self.warned.swap(true, Ordering::Relaxed) {
            let Outliers { id, step, .. } = self;
            let seed = self.seed.map_or_else(|| "none".into(), |seed| seed.to_string());
            tracing::warn!(
                "{id}: step {step} (environment seed {seed}): an observation outside of its space, {error}; \
                 told once a run, which goes on"
            );
        }
    }
}
