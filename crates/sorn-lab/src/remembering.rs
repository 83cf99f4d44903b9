//! [`Remembering`]: what an environment has learnt, seen from outside the loop that holds it.

use std::cell::RefCell;
use std::rc::Rc;

use sorn_env::{AnyEnv, AnyEnvError, Env, Frame, Info, Options, Space, SpaceError, Step, Value};

use crate::outliers::Outliers;

/// The environment's memory at the end of the last episode.
pub(crate) type Memory = Rc<RefCell<Option<Value>>>;

/// An environment that leaves its memory in a [`Memory`] whenever an episode ends: the run loop borrows the environment, and
/// whoever writes checkpoints looks on from beside.
pub(crate) struct Remembering {
    env: AnyEnv,
    memory: Memory,
    outliers: Outliers,
}

impl Remembering {
    pub(crate) fn new(env: AnyEnv, memory: Memory, outliers: Outliers) -> Self {
        *memory.borrow_mut() = env.memory();
        Remembering { env, memory, outliers }
    }
}

impl Env for Remembering {
    type Obs = Value;
    type Act = Value;
    type Error = AnyEnvError;

    fn observation_space(&self) -> Space {
        self.env.observation_space()
    }
    fn action_space(&self) -> Space {
        self.env.action_space()
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), AnyEnvError> {
        let begun = self.env.reset(seed, options)?;
        self.outliers.reset(seed, &begun.0);
        Ok(begun)
    }
    fn step(&mut self, action: &Value) -> Result<Step<Value>, AnyEnvError> {
        let step = self.env.step(action)?;
        self.outliers.step(&step.obs);
        if step.done() {
            *self.memory.borrow_mut() = self.env.memory();
        }
        Ok(step)
    }
    fn render(&mut self) -> Result<Option<Frame>, AnyEnvError> {
        self.env.render()
    }
    fn memory(&self) -> Option<Value> {
        self.env.memory()
    }
    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        self.env.set_memory(memory)
    }
    fn freeze(&mut self) -> Result<(), AnyEnvError> {
        self.env.freeze()
    }
    fn close(&mut self) -> Result<(), AnyEnvError> {
        self.env.close()
    }
}
