//! Environments of the crate `gym-rs` (feature `gym-rs`, which needs the system's SDL2 and SDL2_gfx, and CMake).
//!
//! [`GymRs`] makes any of them an [`Env`]; [`make`](crate::make) knows the two it ships as `gym-rs:CartPole-v1` and
//! `gym-rs:MountainCar-v0`, with Gymnasium's time limits.
//!
//! # They are not Gymnasium's
//! In version 0.3.0:
//! - no environment truncates: put a [`TimeLimit`](sorn_env::wrappers::TimeLimit) around it, as the two ids do;
//! - CartPole adds the pole's mass and half length where its equations multiply them (0.6 instead of 0.05), which is another
//!   motion;
//! - CartPole begins anywhere within 0.5 of upright rest in each number, not within 0.05: more than half of its episodes begin
//!   with the pole beyond the angle at which they end;
//! - seeds give other episodes than Gymnasium's, and a reset without a seed takes one from the operating system; here it takes
//!   the next one of a generator that the last seed began.
//!
//! They compute in `f64`; observations are rounded to `f32`, as Gymnasium's are. Infos and reset options do not convert.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use gym_rs::core::Env as GymEnv;
use gym_rs::spaces::{BoxR, Discrete};
use gym_rs::utils::custom::traits::Sample;
use gym_rs::utils::renderer::{RenderColor, RenderFrame, RenderMode, Renders};
use sorn_env::seeding::Generator;
use sorn_env::{Element, Env, Frame, Info, Options, Space, SpaceError, Step};

/// A space of gym-rs, or of an environment written for it.
pub trait GymRsSpace {
    /// The space as a [`Space`].
    ///
    /// # Errors
    /// [`SpaceError`] if it has no equivalent, e.g. because it has no elements.
    fn to_space(&self) -> Result<Space, SpaceError>;
}

impl GymRsSpace for Discrete {
    fn to_space(&self) -> Result<Space, SpaceError> {
        let n = i64::try_from(self.0);
        Space::discrete(n.map_err(|_| SpaceError::new("Discrete of 64 bits", self.0.to_string()))?)
    }
}

impl<T: Clone + Into<Vec<f64>>> GymRsSpace for BoxR<T> {
    fn to_space(&self) -> Result<Space, SpaceError> {
        Space::box_f32(&narrow(self.low.clone().into()), &narrow(self.high.clone().into()))
    }
}

fn narrow(numbers: Vec<f64>) -> Vec<f32> {
    numbers.into_iter().map(|x| x as f32).collect()
}

/// The error of an environment of gym-rs.
#[derive(Debug, thiserror::Error)]
pub enum GymRsError {
    /// An action outside the action space, at which the environment would panic.
    #[error("action: {0}")]
    Action(SpaceError),
    /// Reset options, which cannot be converted for an environment of gym-rs.
    #[error("environments of gym-rs take no reset options, found {0:?}")]
    Options(Vec<String>),
    /// Drawing failed, as it does without a window system.
    #[error("gym-rs could not draw: it needs a window system")]
    Render,
}

/// An environment of gym-rs.
///
/// ```
/// use gym_rs::envs::classical_control::cartpole::CartPoleEnv;
/// use gym_rs::utils::renderer::RenderMode;
/// use sorn_env::{Env, wrappers::TimeLimit};
/// use sorn_envs::gym_rs::GymRs;
///
/// let mut env = TimeLimit::new(GymRs::new(CartPoleEnv::new(RenderMode::None))?, 500);
/// let (first, _) = env.reset(Some(1), None)?;
/// let step = env.step(&1)?;
/// assert_eq!((first.len(), step.reward), (4, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct GymRs<E> {
    env: E,
    observation_space: Space,
    action_space: Space,
    seeds: Option<Generator>,
}

impl<E> GymRs<E>
where
    E: GymEnv,
    E::Observation: Sample + Into<Vec<f64>>,
    E::ObservationSpace: GymRsSpace,
    E::ActionSpace: GymRsSpace,
{
    /// `env` behind our contract. Tells once, as a warning, that it is not Gymnasium's.
    ///
    /// # Errors
    /// [`SpaceError`] where one of its spaces is none of [`Space`]'s.
    pub fn new(env: E) -> Result<Self, SpaceError> {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            tracing::warn!(
                "environments of gym-rs differ from Gymnasium's: they never truncate by themselves, CartPole moves by wrong \
                 equations (pole mass + length instead of mass * length) and begins within 0.5 instead of 0.05, and seeds give \
                 other episodes"
            );
        });
        let observation_space = env.observation_space().to_space()?;
        let action_space = env.action_space().to_space()?;
        Ok(GymRs { env, observation_space, action_space, seeds: None })
    }

    /// The wrapped environment.
    pub fn inner(&self) -> &E {
        &self.env
    }
}

impl<E> Env for GymRs<E>
where
    E: GymEnv,
    E::Observation: Sample + Into<Vec<f64>>,
    E::Action: Element + Clone,
{
    type Obs = Vec<f32>;
    type Act = E::Action;
    type Error = GymRsError;

    fn observation_space(&self) -> Space {
        self.observation_space.clone()
    }

    fn action_space(&self) -> Space {
        self.action_space.clone()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<(Vec<f32>, Info), GymRsError> {
        if let Some(options) = options.filter(|options| !options.is_empty()) {
            return Err(GymRsError::Options(options.keys().cloned().collect()));
        }
        if let Some(seed) = seed {
            self.seeds = Some(Generator::new(seed));
        }
        let next = seed.or_else(|| self.seeds.as_mut().map(Generator::next_uint64));
        let (obs, _) = self.env.reset(next, false, None);
        Ok((narrow(obs.into()), Info::new()))
    }

    fn step(&mut self, action: &E::Action) -> Result<Step<Vec<f32>>, GymRsError> {
        self.action_space.check(&action.to_value()).map_err(GymRsError::Action)?;
        let step = self.env.step(action.clone());
        Ok(Step {
            obs: narrow(step.observation.into()),
            reward: *step.reward,
            terminated: step.done,
            truncated: step.truncated,
            info: Info::new(),
        })
    }

    /// Opens a hidden window. `None` where the environment has no mode `RgbArray`.
    fn render(&mut self) -> Result<Option<Frame>, GymRsError> {
        if !self.env.metadata().render_modes.contains(&RenderMode::RgbArray) {
            return Ok(None);
        }
        // gym-rs panics if SDL has no window system.
        let drawn = catch_unwind(AssertUnwindSafe(|| self.env.render(RenderMode::RgbArray)));
        match drawn.map_err(|_| GymRsError::Render)? {
            Renders::SingleRgbArray(picture) => Ok(Some(frame(&picture))),
            Renders::RgbArray(pictures) => Ok(pictures.last().map(frame)),
            _ => Ok(None),
        }
    }

    fn close(&mut self) -> Result<(), GymRsError> {
        self.env.close();
        Ok(())
    }
}

fn frame(RenderFrame(rows): &RenderFrame) -> Frame {
    let width = rows.first().map_or(0, Vec::len);
    let rgb = rows.iter().flatten().flat_map(|RenderColor::RGB(red, green, blue)| [*red, *green, *blue]);
    Frame { width, height: rows.len(), rgb: rgb.collect() }
}
