//! A robot that balances on its wheels, as [`sorn_env::Env`]. [`world`] is the physics, [`robot`] the environment.

pub mod robot;
pub mod world;

pub use robot::{Balancer, BalancerError, entry};
