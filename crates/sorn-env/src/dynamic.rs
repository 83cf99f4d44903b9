//! The dyn-compatible form of [`Env`], for registries, the command line and bridges.

use crate::{Element, Env, Frame, Info, Options, Space, SpaceError, Step, Value};

/// Any environment's error, owned.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// [`Env`] with observations and actions as [`Value`]s. Every `Env` whose types are [`Element`]s implements it.
pub trait DynEnv {
    /// See [`Env::observation_space`].
    fn observation_space(&self) -> Space;
    /// See [`Env::action_space`].
    fn action_space(&self) -> Space;
    /// See [`Env::reset`].
    ///
    /// # Errors
    /// The environment's own.
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), BoxError>;
    /// See [`Env::step`].
    ///
    /// # Errors
    /// The environment's own, and [`SpaceError`] for a value that is not an action of the environment.
    fn step(&mut self, action: &Value) -> Result<Step<Value>, BoxError>;
    /// See [`Env::render`].
    ///
    /// # Errors
    /// The environment's own.
    fn render(&mut self) -> Result<Option<Frame>, BoxError>;
    /// See [`Env::memory`].
    fn memory(&self) -> Option<Value>;
    /// See [`Env::set_memory`].
    ///
    /// # Errors
    /// [`SpaceError`] if the memory belongs to another environment.
    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError>;
    /// See [`Env::freeze`].
    ///
    /// # Errors
    /// The environment's own.
    fn freeze(&mut self) -> Result<(), BoxError>;
    /// See [`Env::close`].
    ///
    /// # Errors
    /// The environment's own.
    fn close(&mut self) -> Result<(), BoxError>;
}

impl<E> DynEnv for E
where
    E: Env,
    E::Obs: Element,
    E::Act: Element,
{
    fn observation_space(&self) -> Space {
        Env::observation_space(self)
    }
    fn action_space(&self) -> Space {
        Env::action_space(self)
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), BoxError> {
        let (obs, info) = Env::reset(self, seed, options)?;
        Ok((obs.into_value(), info))
    }
    fn step(&mut self, action: &Value) -> Result<Step<Value>, BoxError> {
        Ok(E::Act::with_value(action, |action| Env::step(self, action))??.map(Element::into_value))
    }
    fn render(&mut self) -> Result<Option<Frame>, BoxError> {
        Ok(Env::render(self)?)
    }
    fn memory(&self) -> Option<Value> {
        Env::memory(self)
    }
    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        Env::set_memory(self, memory)
    }
    fn freeze(&mut self) -> Result<(), BoxError> {
        Ok(Env::freeze(self)?)
    }
    fn close(&mut self) -> Result<(), BoxError> {
        Ok(Env::close(self)?)
    }
}

/// An environment of any type behind one type; itself an [`Env`] over [`Value`]s.
pub struct AnyEnv(Box<dyn DynEnv + Send>);

/// The error of [`AnyEnv`]: the error of the wrapped environment.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct AnyEnvError(pub BoxError);

impl AnyEnv {
    /// Hides the type of `env`.
    pub fn new(env: impl DynEnv + Send + 'static) -> Self {
        AnyEnv(Box::new(env))
    }
}

impl Env for AnyEnv {
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
    fn memory(&self) -> Option<Value> {
        self.0.memory()
    }
    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        self.0.set_memory(memory)
    }
    fn freeze(&mut self) -> Result<(), AnyEnvError> {
        self.0.freeze().map_err(AnyEnvError)
    }
    fn close(&mut self) -> Result<(), AnyEnvError> {
        self.0.close().map_err(AnyEnvError)
    }
}
