//! Random symbols.

use sorn_core::rng::{Xoshiro256PlusPlus, below};
use sorn_core::room;

use super::Units;
use crate::TaskError;

/// Longer sequences are surely a slip of the finger.
const LONGEST: u32 = 1_000_000_000;

fn named(symbols: u32) -> Result<Vec<String>, TaskError> {
    match (2..=1_000_000).contains(&symbols) {
        true => Ok((0..symbols).map(|symbol| symbol.to_string()).collect()),
        false => Err(TaskError::config("task.source.symbols", "2 to 1000000", symbols)),
    }
}

/// Every symbol is a sequence of its own.
pub(super) fn independent(symbols: u32) -> Result<(Vec<String>, Units), TaskError> {
    let names = named(symbols)?;
    let sequences = (0..symbols).map(|symbol| vec![symbol]).collect();
    let first = vec![1.0 / f64::from(symbols); symbols as usize];
    Ok((names, Units { sequences, first, next: Vec::new() }))
}

/// One sequence for ever.
pub(super) fn repeated(
    symbols: u32,
    length: u32,
    rng: &mut Xoshiro256PlusPlus,
) -> Result<(Vec<String>, Units), TaskError> {
    let names = named(symbols)?;
    if !(1..=LONGEST).contains(&length) {
        return Err(TaskError::config("task.source.length", format!("1 to {LONGEST}"), length));
    }
    let bytes = 4 * u128::from(length);
    if !room::fits(bytes) {
        let found = format!("{length}, which needs {}", room::size(bytes));
        return Err(TaskError::config("task.source.length", "what fits in memory", found));
    }
    let sequence = (0..length).map(|_| below(rng, u64::from(symbols)) as u32).collect();
    Ok((names, Units { sequences: vec![sequence], first: vec![1.0], next: Vec::new() }))
}
