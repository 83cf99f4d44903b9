//! The equation of Mackey and Glass.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sorn_core::rng::uniform;
use sorn_sequence::TaskError;

use super::{Ahead, FURTHEST, Kind, Numbers, SeriesSetup, check, finite, one};

/// Configuration of [`SeriesConfig::MackeyGlass`](super::SeriesConfig::MackeyGlass).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MackeyGlassConfig {
    /// Delay, positive.
    #[serde(default = "tau")]
    pub tau: f64,
    /// Factor of the delayed value.
    #[serde(default = "a")]
    pub a: f64,
    /// Rate of decay.
    #[serde(default = "b")]
    pub b: f64,
    /// Exponent.
    #[serde(default = "n")]
    pub n: f64,
    /// Time of a step, positive and at most `tau`.
    #[serde(default = "step")]
    pub step: f64,
    /// How many steps ahead the target lies, 1 or more.
    #[serde(default = "one")]
    pub ahead: u32,
}

fn tau() -> f64 {
    17.0
}
fn a() -> f64 {
    0.2
}
fn b() -> f64 {
    0.1
}
fn n() -> f64 {
    10.0
}
fn step() -> f64 {
    1.0
}

/// Time before the first value, after which the beginning does not matter.
const SETTLING: f64 = 1000.0;

#[derive(Debug)]
struct Flow {
    factors: [f64; 3],
    step: f64,
    x: f64,
    /// The values of the last `tau`, the earliest first.
    history: VecDeque<f64>,
}

impl Flow {
    fn next(&mut self) -> [f64; 1] {
        let [a, b, n] = self.factors;
        let delayed = self.history.pop_front().unwrap_or(self.x);
        self.history.push_back(self.x);
        let inflow = a * delayed / (1.0 + libm::pow(delayed, n));
        let slope = |x: f64| self.step * (inflow - b * x);
        let k1 = slope(self.x);
        let k2 = slope(self.x + 0.5 * k1);
        let k3 = slope(self.x + 0.5 * k2);
        let k4 = slope(self.x + k3);
        let before = self.x;
        self.x += (k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0;
        [before]
    }
}

#[derive(Debug)]
struct MackeyGlass {
    flow: Flow,
    ahead: Ahead<1>,
}

impl Kind for MackeyGlassConfig {
    fn make(&self, setup: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError> {
        let MackeyGlassConfig { tau, a, b, n, step, ahead } = *self;
        check("tau", tau, tau > 0.0 && tau.is_finite(), "a positive number")?;
        for (key, value) in [("a", a), ("b", b), ("n", n)] {
            finite(key, value)?;
        }
        let steps = (tau / step).round();
        let good = step > 0.0 && step <= tau && steps <= 1e6;
        check("step", step, good, "above 0, from a millionth of tau to tau")?;
        check("ahead", ahead, (1..=FURTHEST).contains(&ahead), "1 to 100000")?;
        let mut rng = setup.stream();
        let history = (0..steps as usize).map(|_| 1.1 + 0.2 * uniform(&mut rng)).collect();
        let mut flow = Flow { factors: [a, b, n], step, x: 1.2, history };
        let settling = (SETTLING / step).min(1e6) as usize;
        (0..settling).for_each(|_| _ = flow.next());
        let ahead = Ahead::new(ahead, || flow.next());
        Ok(Box::new(MackeyGlass { flow, ahead }))
    }
}

impl Numbers for MackeyGlass {
    fn inputs(&self) -> usize {
        1
    }

    fn targets(&self) -> Vec<String> {
        vec!["x".into()]
    }

    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
        let far = self.flow.next();
        targets.copy_from_slice(&far);
        inputs.copy_from_slice(&self.ahead.shift(far));
        Ok(())
    }
}
