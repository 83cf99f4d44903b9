//! The drop-in side: runs by upstream's arguments, seeded as upstream seeds them.

mod record;
mod settings;
mod simulation;
mod state;
mod static_network;
mod topology;
mod training;

pub(crate) use record::{fits, room_for, scatter};
pub(crate) use simulation::{lambd_connections, simulate};
pub(crate) use state::{Arrays, to_dict};
pub(crate) use topology::{Kind, sparse};
pub(crate) use training::train;
