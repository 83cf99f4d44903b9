//! A two-wheeled robot with five distance sensors in a corridor, behind [`sorn_env::Env`].
//!
//! [`world`] is the simulation that stands for the hardware, [`robot`] the environment, `main.rs` the learning program.

pub mod robot;
pub mod world;

pub use robot::{Faults, Robot, RobotError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
