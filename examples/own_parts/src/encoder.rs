//! Neurons that stand for places, each with a range of the observation that it answers to.

use sorn_agents::{Encoder, EncoderEntry, NoKeys};
use sorn_env::Space;

#[derive(Clone, Debug)]
struct Place(f64, f64, usize);

impl Encoder for Place {
    fn inputs(&self) -> usize {
        self.2
    }
    fn encode(&mut self, observation: &[f64], input: &mut [f64], _learns: bool) -> Result<(), String> {
        let place = (observation[0] - self.0) / (self.1 - self.0) * self.2 as f64;
        input.iter_mut().enumerate().for_each(|(k, u)| *u = 2.0 - 0.2 * (k as f64 - place).abs());
        Ok(())
    }
    fn clone_box(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

pub fn entry() -> EncoderEntry {
    EncoderEntry::new("place", "Neurons stand for places.", |_: NoKeys, setup| match setup.space {
        Space::Box(space) => Ok(Box::new(Place(space.low[0], space.high[0], setup.inputs))),
        other => Err(format!("expected observations of a Box, found {other}")),
    })
}
