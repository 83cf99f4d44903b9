//! [`NativeEnv`]: any native environment, with its state by name.

use sorn_env::seeding::Generator;
use sorn_env::{AnyEnvError, DynEnv, Env, Frame, Info, Options, Space, Step, Value};

use crate::stateful::{AttributeError, Stateful};

/// What a native environment can do.
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

impl Stateful for NativeEnv {
    fn attributes(&self) -> &'static [&'static str] {
        self.0.attributes()
    }
    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError> {
        self.0.attribute(name)
    }
    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError> {
        self.0.set_attribute(name, value)
    }
    fn generator(&self) -> Option<&Generator> {
        self.0.generator()
    }
    fn set_generator(&mut self, generator: Option<Generator>) {
        self.0.set_generator(generator);
    }
    fn saved_state(&self) -> Value {
        self.0.saved_state()
    }
    fn restore_state(&mut self, saved: &Value) -> Result<(), AttributeError> {
        self.0.restore_state(saved)
    }
}
