//! Uniformly random actions of any space.

use rand_xoshiro::rand_core::Rng;
use sorn_core::rng;
use sorn_env::seeding::Generator;
use sorn_env::{Space, Value};

use super::{Learn, Transition, same};
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState};

#[derive(Clone, Debug)]
pub(crate) struct Random {
    actions: Space,
    generator: Generator,
}

impl Random {
    pub(crate) fn new(actions: &Space, seed: u64) -> Random {
        let generator = Generator::new(rng::stream(seed, "policy").next_u64());
        Random { actions: actions.clone(), generator }
    }
}

impl Learn for Random {
    fn begin(&mut self) {}

    fn act(&mut self, _phi: &[f64]) -> Value {
        self.actions.sample(&mut self.generator)
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        self.act(phi)
    }

    fn learn(&mut self, _transition: &Transition<'_>) -> Result<(), AgentError> {
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        state.meta["policy"] = json(&self.generator);
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.generator = entry(state, "policy")?;
        Ok(())
    }

    fn sees(&self) -> bool {
        false
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }

    fn exchange(&mut self, other: &mut dyn Learn) -> bool {
        same::<Self>(other).is_some()
    }
}
