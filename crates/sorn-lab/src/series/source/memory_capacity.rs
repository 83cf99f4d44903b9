//! Independent numbers, to be remembered.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sorn_core::rng::{Xoshiro256PlusPlus, uniform};
use sorn_sequence::TaskError;

use super::{Answers, FURTHEST, Kind, Numbers, SeriesSetup, check};

/// Configuration of [`SeriesConfig::MemoryCapacity`](super::SeriesConfig::MemoryCapacity).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemoryCapacityConfig {
    /// How many steps before, each 1 or more.
    #[serde(default = "delays")]
    pub delays: Vec<u32>,
}

fn delays() -> Vec<u32> {
    (1..=40).collect()
}

#[derive(Debug)]
struct Uniform {
    delays: Vec<u32>,
    /// The present number first.
    past: VecDeque<f64>,
    rng: Xoshiro256PlusPlus,
}

impl Kind for MemoryCapacityConfig {
    fn make(&self, setup: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError> {
        let delays = self.delays.clone();
        let again = |index: usize| delays[..index].contains(&delays[index]);
        let good = !delays.is_empty()
            && delays.iter().all(|delay| (1..=FURTHEST).contains(delay))
            && !(0..delays.len()).any(again);
        check("delays", format!("{delays:?}"), good, "at least one, each once, from 1 to 100000")?;
        let longest = delays.iter().copied().max().unwrap_or(0);
        let mut rng = setup.stream();
        let past = (0..longest + 1).map(|_| number(&mut rng)).collect();
        Ok(Box::new(Uniform { delays, past, rng }))
    }
}

fn number(rng: &mut Xoshiro256PlusPlus) -> f64 {
    2.0 * uniform(rng) - 1.0
}

impl Numbers for Uniform {
    fn inputs(&self) -> usize {
        1
    }

    fn targets(&self) -> Vec<String> {
        self.delays.iter().map(|delay| format!("delay_{delay}")).collect()
    }

    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
        self.past.pop_back();
        self.past.push_front(number(&mut self.rng));
        inputs[0] = self.past[0];
        targets.iter_mut().zip(&self.delays).for_each(|(target, delay)| *target = self.past[*delay as usize]);
        Ok(())
    }

    fn judge(&self, answers: &Answers<'_>) -> Vec<(String, f64)> {
        vec![("memory".into(), answers.r2.iter().sum())]
    }
}
