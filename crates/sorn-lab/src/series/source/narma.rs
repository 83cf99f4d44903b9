//! A nonlinear autoregressive moving average.

use std::collections::VecDeque;

use sorn_core::rng::{Xoshiro256PlusPlus, uniform};
use sorn_sequence::TaskError;

use super::{FURTHEST, Numbers, Parts, check, finite};

pub(super) fn order() -> u32 {
    10
}
pub(super) fn a1() -> f64 {
    0.3
}
pub(super) fn a2() -> f64 {
    0.05
}
pub(super) fn b() -> f64 {
    1.5
}
pub(super) fn c() -> f64 {
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

pub(super) fn new(order: u32, factors: [f64; 4], mut rng: Xoshiro256PlusPlus) -> Result<Parts, TaskError> {
    check("order", order, (1..=FURTHEST).contains(&order), "1 to 100000")?;
    for (key, value) in ["a1", "a2", "b", "c"].into_iter().zip(factors) {
        finite(key, value)?;
    }
    let inputs = (1..order).map(|_| 0.5 * uniform(&mut rng)).collect();
    let narma = Narma { factors, inputs, values: vec![0.0; order as usize].into(), rng };
    Ok((Box::new(narma), 1, vec!["narma".into()]))
}

impl Numbers for Narma {
    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) {
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
    }
}
