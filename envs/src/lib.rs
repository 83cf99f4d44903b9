//! Native environments and the registry that makes them by id: classic control, equal to Gymnasium's to the bit, and tasks of
//! memory, equal to those of POPGym.
//!
//! ```
//! use sorn_env::{Env, Value};
//!
//! let (mut env, spec) = sorn_envs::make("CartPole-v1", &serde_json::Map::new())?;
//! assert_eq!(spec.max_episode_steps, Some(500));
//! let (_observation, _info) = env.reset(Some(42), None)?;
//! let step = env.step(&Value::Int(1))?;
//! assert_eq!(step.reward, 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sine and cosine
//! The environments call the platform's `sin` and `cos`, as Gymnasium does through NumPy and Python, or find the same bits faster
//! where glibc's method says what they are (CartPole's small angles). On Linux with glibc the
//! two agree in every bit. Another C library's functions may differ from glibc's in the last bit of a result (1 unit in the
//! last place, 1.1e-16 relative), and trajectories then drift apart as those of any two such platforms do in Gymnasium itself.

mod acrobot;
mod batch;
mod cart_poles;
mod cartpole;
mod cartpole_physics;
mod cartpole_vec;
mod control;
mod draw;
mod fused;
#[cfg(feature = "gym-rs")]
pub mod gym_rs;
#[cfg(feature = "gymnasium")]
pub mod gymnasium;
pub mod kwargs;
mod masked;
pub mod memory;
mod mountain_car;
mod mountain_car_continuous;
mod native;
mod numpy;
#[cfg(feature = "gym-rs")]
mod own_thread;
mod pendulum;
mod poles;
mod python_wrapper;
mod registry;
mod small_angle;
mod stateful;

pub use acrobot::{Acrobot, AcrobotConfig};
pub use batch::{Actions, AnyBatch, BatchRows};
pub use cartpole::{CartPole, CartPoleConfig};
pub use cartpole_vec::{CartPoleBatch, CartPoleVec};
pub use control::ControlError;
pub use kwargs::Kwargs;
pub use masked::{
    MaskedAcrobot, MaskedCartPole, MaskedMountainCar, MaskedMountainCarContinuous, MaskedPendulum,
};
pub use mountain_car::{MountainCar, MountainCarConfig};
pub use mountain_car_continuous::MountainCarContinuous;
pub use native::NativeEnv;
pub use pendulum::{Pendulum, PendulumConfig};
pub use python_wrapper::PythonWrapper;
pub use registry::{
    EnvEntry, EnvSpec, MakeError, NoKwargs, RegisterError, make, make_batch, make_native, make_observing,
    make_wrapped, spec, specs,
};
pub use stateful::{AttributeError, Stateful};
