//! [`MaskedCartPole`].

use sorn_env::seeding::Generator;
use sorn_env::{Env, Frame, Info, Options, Space, Step, Value};

use crate::cartpole::{CartPole, CartPoleConfig, observation_bounds};
use crate::control::ControlError;
use crate::stateful::{AttributeError, Stateful};

/// [`CartPole`] with its velocities hidden: the observation is position (m) and angle (rad).
///
/// Balancing takes a memory of at least two observations. Same states, rewards and episodes as `CartPole` with the same seed.
#[derive(Clone, Debug, Default)]
pub struct MaskedCartPole(CartPole);

impl MaskedCartPole {
    /// A masked cart-pole before its first reset.
    pub fn new(config: CartPoleConfig) -> Self {
        MaskedCartPole(CartPole::new(config))
    }
}

fn mask([x, _, theta, _]: [f32; 4]) -> [f32; 2] {
    [x, theta]
}

impl Env for MaskedCartPole {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = mask(observation_bounds());
        Space::box_f32(&high.map(|x| -x), &high).expect("constant bounds")
    }
    fn action_space(&self) -> Space {
        self.0.action_space()
    }
    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 2], Info), ControlError> {
        let (obs, info) = self.0.reset(seed, options)?;
        Ok((mask(obs), info))
    }
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 2]>, ControlError> {
        Ok(self.0.step(action)?.map(mask))
    }
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        self.0.render()
    }
}

impl Stateful for MaskedCartPole {
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
}
