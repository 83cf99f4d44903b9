//! A nonlinear autoregressive moving average.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sorn_core::rng::{Xoshiro256PlusPlus, uniform};
use sorn_sequence::TaskError;

use super::{FURTHEST, Kind, Numbers, SeriesSetup, check, finite};

/// Configuration of [`SeriesConfig::Narma`](super::SeriesConfig::Narma).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NarmaConfig {
    /// How many steps back, 1 or more.
    #[serde(default = "order")]
    pub order: u32,
    /// Factor of the last value.
    #[serde(default = "a1")]
    pub a1: f64,
    /// Factor of the last value times the sum of the last `order` values.
    #[serde(default = "a2")]
    pub a2: f64,
    /// Factor of the product of the inputs.
    #[serde(default = "b")]
    pub b: f64,
    /// Constant.
    #[serde(default = "c")]
    pub c: f64,
}

fn order() -> u32 {
    10
}
fn a1() -> f64 {
    0.3
}
fn a2() -> f64 {
    0.05
}
fn b() -> f64 {
    1.5
}
fn c() -> f64 {
    0.1
}

/// How often an input is drawn anew.
const ATTEMPTS: u32 = 100;
/// Where other factors let the value grow without end, it begins anew from here.
const LARGEST: f64 = 1e6;

#[derive(Debug)]
struct Narma {
    factors: [f64; 4],
    /// The last inputs and values, the latest last.
    inputs: VecDeque<f64>,
    values: VecDeque<f64>,
    rng: Xoshiro256PlusPlus,
}

impl Kind for NarmaConfig {
    fn make(&self, setup: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError> {
        let NarmaConfig { order, a1, a2, b, c } = *self;
        check("order", order, (1..=FURTHEST).contains(&order), "1 to 100000")?;
        for (key, value) in [("a1", a1), ("a2", a2), ("b", b), ("c", c)] {
            finite(key, value)?;
        }
        let mut rng = setup.stream();
        let inputs = (1..order).map(|_| 0.5 * uniform(&mut rng)).collect();
        let values = vec![0.0; order as usize].into();
        Ok(Box::new(Narma { factors: [a1, a2, b, c], inputs, values, rng }))
    }
}

impl Numbers for Narma {
    fn inputs(&self) -> usize {
        1
    }

    fn targets(&self) -> Vec<String> {
        vec!["narma".into()]
    }

    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
        let [a1, a2, b, c] = self.factors;
        let last = self.values.back().copied().unwrap_or(0.0);
        let kept = a1 * last + a2 * last * self.values.iter().sum::<f64>() + c;
        let mut drawn = (0.0, 0.0);
        // From 1 on the recurrence may grow without end.
        for _ in 0..ATTEMPTS {
            let input = 0.5 * uniform(&mut self.rng);
            let first = self.inputs.front().copied().unwrap_or(input);
            drawn = (input, kept + b * first * input);
            if drawn.1 < 1.0 {
                break;
            }
        }
        let (input, value) = drawn;
        self.inputs.push_back(input);
        self.inputs.pop_front();
        if value.abs() < LARGEST {
            self.values.pop_front();
            self.values.push_back(value);
        } else {
            self.values.iter_mut().for_each(|value| *value = 0.0);
        }
        (inputs[0], targets[0]) = (input, value.clamp(-LARGEST, LARGEST));
        Ok(())
    }
}
