//! The classic-control tasks without their velocities.

use serde_json::json;
use sorn_env::{BoxSpace, Env, Frame, Info, Options, Space, Step};

use crate::control::ControlError;
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::stateful_as;
use crate::{
    Acrobot, AcrobotConfig, CartPole, CartPoleConfig, MountainCar, MountainCarConfig, MountainCarContinuous,
    Pendulum, PendulumConfig,
};

/// The bounds of the numbers that are kept.
fn kept(space: Space, keep: &[usize]) -> Space {
    let Space::Box(BoxSpace { low, high, dtype, .. }) = space else {
        unreachable!("every classic-control task observes a Box")
    };
    let of = |bounds: &[f64]| keep.iter().map(|&i| bounds[i]).collect();
    Space::Box(BoxSpace { low: of(&low), high: of(&high), shape: vec![keep.len()], dtype })
}

macro_rules! masked {
    ($name:ident, $inner:ident($config:ty), $act:ty, keep $keep:literal of $all:literal: $indices:expr, $doc:literal) => {
        #[doc = $doc]
        ///
        /// To act well takes a memory of at least two observations. Same states, rewards and episodes as the whole task with the
        /// same seed.
        #[derive(Clone, Debug, Default)]
        pub struct $name($inner);

        impl $name {
            const KEEP: [usize; $keep] = $indices;

            /// The masked task before its first reset.
            pub fn new(config: $config) -> Self {
                $name($inner::new(config))
            }

            fn mask(obs: [f32; $all]) -> [f32; $keep] {
                Self::KEEP.map(|i| obs[i])
            }
        }

        impl Env for $name {
            type Obs = [f32; $keep];
            type Act = $act;
            type Error = ControlError;

            fn observation_space(&self) -> Space {
                kept(self.0.observation_space(), &Self::KEEP)
            }
            fn action_space(&self) -> Space {
                self.0.action_space()
            }
            fn reset(
                &mut self,
                seed: Option<u64>,
                options: Option<&Options>,
            ) -> Result<([f32; $keep], Info), ControlError> {
                let (obs, info) = self.0.reset(seed, options)?;
                Ok((Self::mask(obs), info))
            }
            fn step(&mut self, action: &$act) -> Result<Step<[f32; $keep]>, ControlError> {
                Ok(self.0.step(action)?.map(Self::mask))
            }
            fn render(&mut self) -> Result<Option<Frame>, ControlError> {
                self.0.render()
            }
        }

        stateful_as!($name, 0);
    };
}

masked!(MaskedCartPole, CartPole(CartPoleConfig), i64, keep 2 of 4: [0, 2],
    "[`CartPole`] with its velocities hidden: the observation is position (m) and angle (rad).");
masked!(MaskedMountainCar, MountainCar(MountainCarConfig), i64, keep 1 of 2: [0],
    "[`MountainCar`] with its velocity hidden: the observation is the position.");
masked!(MaskedMountainCarContinuous, MountainCarContinuous(MountainCarConfig), [f32; 1], keep 1 of 2: [0],
    "[`MountainCarContinuous`] with its velocity hidden: the observation is the position.");
masked!(MaskedAcrobot, Acrobot(AcrobotConfig), i64, keep 4 of 6: [0, 1, 2, 3],
    "[`Acrobot`] with its angular velocities hidden: the observation is cosine and sine of both angles.");
masked!(MaskedPendulum, Pendulum(PendulumConfig), [f32; 1], keep 2 of 3: [0, 1],
    "[`Pendulum`] with its angular velocity hidden: the observation is cosine and sine of the angle.");

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        id: "MaskedCartPole-v1",
        max_episode_steps: Some(500),
        reward_threshold: Some(475.0),
        render_fps: 50.0,
        description: "CartPole-v1 without velocities: position and angle alone.",
        kwargs: &["sutton_barto_reward"],
        defaults: || json!({}),
        one: |kwargs, limit| one(kwargs, limit, |config| Ok(MaskedCartPole::new(config))),
        native: |kwargs, limit| native(kwargs, limit, |config| Ok(MaskedCartPole::new(config))),
        many: Some(|kwargs, limit, many| each(kwargs, limit, many, |c| Ok(MaskedCartPole::new(c)))),
    },
    Entry {
        id: "MaskedMountainCar-v0",
        max_episode_steps: Some(200),
        reward_threshold: Some(-110.0),
        render_fps: 30.0,
        description: "MountainCar-v0 without velocity: the position alone.",
        kwargs: &["goal_velocity"],
        defaults: || json!({}),
        one: |kwargs, limit| one(kwargs, limit, |config| Ok(MaskedMountainCar::new(config))),
        native: |kwargs, limit| native(kwargs, limit, |config| Ok(MaskedMountainCar::new(config))),
        many: Some(|kwargs, limit, many| each(kwargs, limit, many, |c| Ok(MaskedMountainCar::new(c)))),
    },
    Entry {
        id: "MaskedMountainCarContinuous-v0",
        max_episode_steps: Some(999),
        reward_threshold: Some(90.0),
        render_fps: 30.0,
        description: "MountainCarContinuous-v0 without velocity: the position alone.",
        kwargs: &["goal_velocity"],
        defaults: || json!({}),
        one: |kwargs, limit| one(kwargs, limit, |config| Ok(MaskedMountainCarContinuous::new(config))),
        native: |kwargs, limit| native(kwargs, limit, |config| Ok(MaskedMountainCarContinuous::new(config))),
        many: Some(|kwargs, limit, many| {
            each(kwargs, limit, many, |c| Ok(MaskedMountainCarContinuous::new(c)))
        }),
    },
    Entry {
        id: "MaskedAcrobot-v1",
        max_episode_steps: Some(500),
        reward_threshold: Some(-100.0),
        render_fps: 15.0,
        description: "Acrobot-v1 without velocities: cosine and sine of both angles.",
        kwargs: &[],
        defaults: || json!({}),
        one: |kwargs, limit| one(kwargs, limit, |config| Ok(MaskedAcrobot::new(config))),
        native: |kwargs, limit| native(kwargs, limit, |config| Ok(MaskedAcrobot::new(config))),
        many: Some(|kwargs, limit, many| each(kwargs, limit, many, |c| Ok(MaskedAcrobot::new(c)))),
    },
    Entry {
        id: "MaskedPendulum-v1",
        max_episode_steps: Some(200),
        reward_threshold: None,
        render_fps: 30.0,
        description: "Pendulum-v1 without velocity: cosine and sine of the angle.",
        kwargs: &["g"],
        defaults: || json!({}),
        one: |kwargs, limit| one(kwargs, limit, |config| Ok(MaskedPendulum::new(config))),
        native: |kwargs, limit| native(kwargs, limit, |config| Ok(MaskedPendulum::new(config))),
        many: Some(|kwargs, limit, many| each(kwargs, limit, many, |c| Ok(MaskedPendulum::new(c)))),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_hides_numbers_and_nothing_else() {
        let (mut whole, mut masked) = (Acrobot::default(), MaskedAcrobot::default());
        let (first, _) = whole.reset(Some(5), None).unwrap();
        assert_eq!(masked.reset(Some(5), None).unwrap().0, first[..4]);
        for step in 0..100 {
            let (one, other) = (whole.step(&(step % 3)).unwrap(), masked.step(&(step % 3)).unwrap());
            assert_eq!(other.obs, one.obs[..4]);
            assert_eq!((other.reward, other.terminated), (one.reward, one.terminated));
        }
        assert_eq!(MaskedCartPole::mask([1.0, 2.0, 3.0, 4.0]), [1.0, 3.0]);
        let space = MaskedPendulum::default().observation_space().to_string();
        assert_eq!(space, "Box(-1, 1, (2,), float32)");
    }
}
