//! Uniformly random actions of any space.

use rand_xoshiro::rand_core::Rng;
use sorn_core::rng;
use sorn_env::seeding::Generator;
use sorn_env::{Space, Value};

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

    pub(crate) fn act(&mut self) -> Value {
        self.actions.sample(&mut self.generator)
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        state.meta["policy"] = json(&self.generator);
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.generator = entry(state, "policy")?;
        Ok(())
    }
}
