//! The command from outside, one file per part of it.

mod batch;
mod common;
mod damaged;
mod errors;
mod export;
mod figures;
mod film;
mod live;
mod other;
mod reference;
mod resume;
mod run;
mod sequence;
mod simulate;
