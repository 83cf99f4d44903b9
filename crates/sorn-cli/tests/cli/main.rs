//! The command from outside, one file per part of it.

mod arguments;
mod batch;
mod budget;
mod common;
mod controls;
mod damaged;
mod diagnostics;
mod documentation;
mod dynamics;
mod errors;
mod evaluate;
mod export;
mod extend;
mod figures;
mod film;
mod huge;
mod initial;
mod judge;
mod live;
#[cfg(target_os = "linux")]
mod memory;
mod other;
#[cfg(unix)]
mod readme;
mod reference;
mod resume;
mod run;
mod sequence;
mod series;
mod several;
mod simulate;
#[cfg(unix)]
mod stopping;
#[cfg(unix)]
mod sweep;
