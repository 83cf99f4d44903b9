//! The environment contract: what an environment is, what it accepts and returns, and nothing else.
//!
//! An environment implements [`Env`]. Its spaces are [`Space`]s, its observations and actions are [`Element`]s of them,
//! [`Env::step`] returns a [`Step`]. Semantics are those of Gymnasium 1.x.

pub mod conformance;
mod dynamic;
mod element;
mod env;
pub mod fixed_rate;
mod keys;
mod near;
pub mod seeding;
mod space;
mod space_file;
mod space_values;
mod value;
mod vec_env;
pub mod wrappers;

pub use dynamic::{AnyEnv, AnyEnvError, BoxError, DynEnv};
pub use element::Element;
pub use env::{Env, Frame, Info, Options, Step};
pub use keys::keys_of;
pub use near::{ALIKE, near};
pub use space::{BoxSpace, Space, SpaceError};
pub use value::{Array, Data, Dtype, Value};
pub use vec_env::{AutoresetMode, Batch, VecEnv, VecError};
