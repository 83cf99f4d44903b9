//! [`NativeEnv`]: any native environment, with its state by name.

use sorn_env::{AnyEnvError, DynEnv, Env, Frame, Info, Options, Space, Step, Value};

use crate::stateful::{Stateful, stateful_as};

/// The traits of a native environment.
trait Native: DynEnv + Stateful + Send {}

impl<E: DynEnv + Stateful + Send> Native for E {}

/// A native environment of any kind; [`make_native`](crate::make_native) makes one.
pub struct NativeEnv(Box<dyn Native>);

impl NativeEnv {
    pub(crate) fn new(env: impl DynEnv + Stateful + Send + 'static) -> Self {
        NativeEnv(Box::new(env))
    }
}

impl Env for NativeEnv {
    type Obs = Value;
    type Act = Value;
    type Error = AnyEnvError;

    fn observation_space(&self) -> Space {
        self.0.observation_space()
    }
    fn action_space(&self) -> Space {
        self.0.action_space()
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), AnyEnvError> {
        self.0.reset(seed, options).map_err(AnyEnvError)
    }
    fn step(&mut self, action: &Value) -> Result<Step<Value>, AnyEnvError> {
        self.0.step(action).map_err(AnyEnvError)
    }
    fn render(&mut self) -> Result<Option<Frame>, AnyEnvError> {
        self.0.render().map_err(AnyEnvError)
    }
    fn close(&mut self) -> Result<(), AnyEnvError> {
        self.0.close().map_err(AnyEnvError)
    }
}

stateful_as!(NativeEnv, 0);
