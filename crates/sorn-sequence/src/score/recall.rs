//! How well symbols of some steps before are recalled.

use super::{Scores, Tested, trivial};

pub(super) fn score(tested: &Tested<'_>, scores: &mut Scores) {
    if tested.task.lags.is_empty() {
        return;
    }
    let mut memory = 0.0;
    for (index, lag) in tested.task.lags.iter().enumerate() {
        let right = tested.right(index).filter(|hit| *hit).count();
        let accuracy = right as f64 / tested.count() as f64;
        let chance = trivial::chance(tested, index);
        scores.put(format!("lag_{lag}"), accuracy);
        if *lag > 0 && chance < 1.0 {
            memory += (accuracy - chance) / (1.0 - chance);
        }
    }
    scores.put("memory", memory);
}
