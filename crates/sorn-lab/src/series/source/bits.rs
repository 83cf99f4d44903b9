//! Independent bits, to be combined.

use std::collections::VecDeque;

use sorn_core::rng::{Xoshiro256PlusPlus, below};
use sorn_sequence::TaskError;

use super::{FURTHEST, Numbers, Parts, check};

pub(super) fn three() -> u32 {
    3
}

#[derive(Debug)]
struct Bits {
    bits: usize,
    delay: usize,
    /// The present bit first.
    past: VecDeque<f64>,
    rng: Xoshiro256PlusPlus,
}

pub(super) fn new(bits: u32, delay: u32, mut rng: Xoshiro256PlusPlus) -> Result<Parts, TaskError> {
    check("bits", bits, (1..=1000).contains(&bits), "1 to 1000")?;
    check("delay", delay, delay <= FURTHEST, "at most 100000")?;
    let past = (0..bits + delay).map(|_| bit(&mut rng)).collect();
    let bits = Bits { bits: bits as usize, delay: delay as usize, past, rng };
    Ok((Box::new(bits), 1, vec!["parity".into()]))
}

fn bit(rng: &mut Xoshiro256PlusPlus) -> f64 {
    if below(rng, 2) == 1 { 1.0 } else { -1.0 }
}

impl Numbers for Bits {
    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) {
        self.past.pop_back();
        self.past.push_front(bit(&mut self.rng));
        inputs[0] = self.past[0];
        targets[0] = self.past.iter().skip(self.delay).take(self.bits).product();
    }
}
