//! Some members of the observations of a Dict space.

use std::collections::BTreeMap;

use sorn_env::{AnyEnv, AnyEnvError, Env, Frame, Info, Options, Space, SpaceError, Step, Value};

/// An environment of whose observations, elements of a Dict space, only some members are seen.
pub(super) struct Members {
    env: AnyEnv,
    space: Space,
    names: Vec<String>,
}

impl Members {
    /// # Errors
    /// What is wrong with the names, if the observations are of a Dict; nothing if they are not.
    pub(super) fn new(env: AnyEnv, names: &[String]) -> Result<Members, Option<String>> {
        let Space::Dict(members) = env.observation_space() else { return Err(None) };
        let there: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        if let Some((at, name)) = names
            .iter()
            .enumerate()
            .find(|(at, name)| !there.contains(&name.as_str()) || names[..*at].contains(name))
        {
            let twice = if names[..at].contains(name) { " twice" } else { "" };
            return Err(Some(format!("expected members of {there:?}, found {name:?}{twice}")));
        }
        let kept = members.into_iter().filter(|(name, _)| names.contains(name)).collect();
        Ok(Members { env, space: Space::Dict(kept), names: names.to_vec() })
    }

    fn seen(&self, obs: Value) -> Value {
        match obs {
            Value::Map(members) => {
                let kept = members.into_iter().filter(|(name, _)| self.names.contains(name));
                Value::Map(kept.collect::<BTreeMap<_, _>>())
            }
            other => other,
        }
    }
}

impl Env for Members {
    type Obs = Value;
    type Act = Value;
    type Error = AnyEnvError;

    fn observation_space(&self) -> Space {
        self.space.clone()
    }
    fn action_space(&self) -> Space {
        self.env.action_space()
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), AnyEnvError> {
        let (obs, info) = self.env.reset(seed, options)?;
        Ok((self.seen(obs), info))
    }
    fn step(&mut self, action: &Value) -> Result<Step<Value>, AnyEnvError> {
        let step = self.env.step(action)?;
        Ok(Step { obs: self.seen(step.obs), ..step })
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
