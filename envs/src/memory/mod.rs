//! Tasks that cannot be solved without memory.
//!
//! Those of POPGym (Morad et al. 2023, arXiv 2303.01859) have its names, `popgym-RepeatPreviousEasy-v0` and so on, and equal
//! `popgym` 1.0.7 step for step with the same seed and actions: observations, rewards and flags; what its `info` holds they do
//! not have. [`MemoryChain`] is that of bsuite (Osband et al. 2020, arXiv 1908.03568), [`TMaze`] that of Bakker 2001. [`SymbolRecall`] and
//! [`SymbolCounting`] are tasks of the SORN papers as environments.

mod autoencode;
mod cards;
mod count_recall;
mod deck;
mod memory_chain;
mod multiarmed_bandit;
mod noisy_position_only_cartpole;
mod position_only_cartpole;
mod position_only_pendulum;
mod repeat_first;
mod repeat_previous;
mod symbol_counting;
mod symbol_recall;
mod symbols;
mod t_maze;
mod velocity_only_cartpole;
mod whole;

use crate::registry::entry::Entry;

pub use autoencode::{Autoencode, AutoencodeConfig};
pub use count_recall::{CountRecall, CountRecallConfig, DeckType};
pub use memory_chain::{MemoryChain, MemoryChainConfig};
pub use multiarmed_bandit::{MultiarmedBandit, MultiarmedBanditConfig};
pub use noisy_position_only_cartpole::{NoisyPositionOnlyCartPole, NoisyPositionOnlyCartPoleConfig};
pub use position_only_cartpole::{PositionOnlyCartPole, PositionOnlyCartPoleConfig};
pub use position_only_pendulum::{PositionOnlyPendulum, PositionOnlyPendulumConfig};
pub use repeat_first::{RepeatFirst, RepeatFirstConfig};
pub use repeat_previous::{RepeatPrevious, RepeatPreviousConfig};
pub use symbol_counting::{SymbolCounting, SymbolCountingConfig};
pub use symbol_recall::{SymbolRecall, SymbolRecallConfig};
pub use t_maze::{TMaze, TMazeConfig};
pub use velocity_only_cartpole::{VelocityOnlyCartPole, VelocityOnlyCartPoleConfig};

/// Task by task.
pub(crate) const FAMILIES: &[&[Entry]] = &[
    repeat_previous::ENTRIES,
    repeat_first::ENTRIES,
    autoencode::ENTRIES,
    count_recall::ENTRIES,
    multiarmed_bandit::ENTRIES,
    position_only_cartpole::ENTRIES,
    velocity_only_cartpole::ENTRIES,
    noisy_position_only_cartpole::ENTRIES,
    position_only_pendulum::ENTRIES,
    memory_chain::ENTRIES,
    t_maze::ENTRIES,
    symbol_recall::ENTRIES,
    symbol_counting::ENTRIES,
];

#[cfg(test)]
mod tests;
