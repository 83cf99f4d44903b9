//! How active the network is, and how many states it takes.

use std::collections::HashSet;

use super::{Scores, Tested};

pub(super) fn score(tested: &Tested<'_>, scores: &mut Scores) {
    let rows = &tested.tested.rows;
    scores.put("rate", tested.tested.spikes as f64 / rows.len() as f64 / tested.neurons as f64);
    let states: HashSet<Vec<(u32, u64)>> = (0..rows.len())
        .map(|step| rows.row(step).map(|(index, value)| (index, value.to_bits())).collect())
        .collect();
    scores.put("distinct_states", states.len() as f64);
}
