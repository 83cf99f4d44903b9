//! Any environment of Python's Gymnasium (feature `gymnasium`).
//!
//! [`make`](crate::make) knows them by `gymnasium:Acrobot-v1`, and by `module:Name-v0` where the module registers them.
//! [`GymnasiumEnv`] is one environment, [`GymnasiumVecEnv`] a batch that Gymnasium itself runs. [`initialize`] starts the
//! interpreter; in a program that is itself a Python one, the adapters use the interpreter they find.
//!
//! Threads take turns in the interpreter, so several environments in one process are no faster than one; a [`GymnasiumVecEnv`]
//! with its environments in processes of their own is.

mod attach;
mod call;
mod codec;
mod decode;
mod encode;
mod env;
mod error;
mod frame;
mod interpreter;
mod making;
mod memory;
mod objects;
mod python_space;
mod result;
mod twin;
mod vec_env;
mod watch;

pub use call::{Section, call, call_method};
pub use env::GymnasiumEnv;
pub use error::{GymnasiumError, PythonException, WrapperFault};
pub use interpreter::{InterpreterError, InterpreterInfo, initialize, interpreter};
pub use objects::{from_python, to_python};
pub use python_space::PythonSpace;
pub use vec_env::{GymnasiumVecEnv, Vectorization};
pub use watch::watch;
