//! Independent numbers, to be remembered.

use std::collections::VecDeque;

use sorn_core::rng::{Xoshiro256PlusPlus, uniform};
use sorn_sequence::TaskError;

use super::{FURTHEST, Numbers, Parts, check};

pub(super) fn delays() -> Vec<u32> {
    (1..=40).collect()
}

#[derive(Debug)]
struct Uniform {
    delays: Vec<u32>,
    /// The present number first.
    past: VecDeque<f64>,
    rng: Xoshiro256PlusPlus,
}

pub(super) fn new(delays: &[u32], mut rng: Xoshiro256PlusPlus) -> Result<Parts, TaskError> {
    let again = |index: usize| delays[..index].contains(&delays[index]);
    let good = !delays.is_empty()
        && delays.iter().all(|delay| (1..=FURTHEST).contains(delay))
        && !(0..delays.len()).any(again);
    check("delays", format!("{delays:?}"), good, "at least one, each once, from 1 to 100000")?;
    let longest = delays.iter().copied().max().unwrap_or(0);
    let past = (0..longest + 1).map(|_| number(&mut rng)).collect();
    let names = delays.iter().map(|delay| format!("delay_{delay}")).collect();
    Ok((Box::new(Uniform { delays: delays.to_vec(), past, rng }), 1, names))
}

fn number(rng: &mut Xoshiro256PlusPlus) -> f64 {
    2.0 * uniform(rng) - 1.0
}

impl Numbers for Uniform {
    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) {
        self.past.pop_back();
        self.past.push_front(number(&mut self.rng));
        inputs[0] = self.past[0];
        targets.iter_mut().zip(&self.delays).for_each(|(target, delay)| *target = self.past[*delay as usize]);
    }
}
