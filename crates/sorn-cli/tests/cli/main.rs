//! The command from outside, one file per part of it.

mod arguments;
mod batch;
mod common;
mod damaged;
mod errors;
mod export;
mod figures;
mod film;
mod huge;
mod live;
#[cfg(target_os = "linux")]
mod memory;
mod other;
mod reference;
mod resume;
mod run;
mod sequence;
mod simulate;
#[cfg(unix)]
mod stopping;
