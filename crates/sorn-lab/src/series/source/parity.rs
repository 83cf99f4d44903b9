//! Independent bits, to be combined.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sorn_core::rng::{Xoshiro256PlusPlus, below};
use sorn_sequence::TaskError;

use super::{Answers, FURTHEST, Kind, Numbers, SeriesSetup, check};

/// Configuration of [`SeriesConfig::Parity`](super::SeriesConfig::Parity).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ParityConfig {
    /// How many bits, 1 or more.
    #[serde(default = "three")]
    pub bits: u32,
    /// Steps before.
    #[serde(default)]
    pub delay: u32,
}

fn three() -> u32 {
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

impl Kind for ParityConfig {
    fn make(&self, setup: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError> {
        let ParityConfig { bits, delay } = *self;
        check("bits", bits, (1..=1000).contains(&bits), "1 to 1000")?;
        check("delay", delay, delay <= FURTHEST, "at most 100000")?;
        let mut rng = setup.stream();
        let past = (0..bits + delay).map(|_| bit(&mut rng)).collect();
        Ok(Box::new(Bits { bits: bits as usize, delay: delay as usize, past, rng }))
    }
}

fn bit(rng: &mut Xoshiro256PlusPlus) -> f64 {
    if below(rng, 2) == 1 { 1.0 } else { -1.0 }
}

impl Numbers for Bits {
    fn inputs(&self) -> usize {
        1
    }

    fn targets(&self) -> Vec<String> {
        vec!["parity".into()]
    }

    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
        self.past.pop_back();
        self.past.push_front(bit(&mut self.rng));
        inputs[0] = self.past[0];
        targets[0] = self.past.iter().skip(self.delay).take(self.bits).product();
        Ok(())
    }

    fn judge(&self, answers: &Answers<'_>) -> Vec<(String, f64)> {
        let both = answers.outputs.iter().zip(answers.targets);
        let right = both.filter(|(output, target)| (**output > 0.0) == (**target > 0.0)).count();
        vec![("accuracy".into(), right as f64 / answers.outputs.len() as f64)]
    }
}
