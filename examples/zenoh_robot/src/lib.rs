//! A rover that another process drives over Zenoh.
//!
//! [`rover`] is the robot, [`simulator`] answers commands for it, [`remote`] is the environment on the agent's side, [`message`] what
//! passes between them, and [`link`] the connection.

pub mod link;
pub mod message;
pub mod remote;
pub mod rover;
pub mod simulator;

pub use remote::{Patience, RemoteError, RemoteRover};
pub use rover::Rover;
