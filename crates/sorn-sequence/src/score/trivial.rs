//! Readers that see the last symbols alone: what a score must beat.

use std::collections::HashMap;

use super::{Scores, Tested};
use crate::Target;
use crate::fit::{Collected, Question};
use crate::source::Item;

pub(super) fn score(tested: &Tested<'_>, scores: &mut Scores) {
    if tested.task.target == Target::Recall {
        return;
    }
    for order in 1..=3 {
        let name = if order == 1 { "symbol_reader".into() } else { format!("{order}_symbol_reader") };
        scores.put(name, accuracy(tested.question, order, tested.fitted, tested.tested));
    }
}

/// The share that the likeliest answer to the last `order` symbols gets; to fewer where those were never seen.
///
/// For the symbol of the same step, the symbols before it count.
fn accuracy(question: &Question<'_>, order: usize, fitted: &Collected, tested: &Collected) -> f64 {
    let shorter: Vec<HashMap<Vec<u32>, u32>> =
        (0..=order).map(|order| likeliest(question, order, fitted)).collect();
    let steps = question.first..tested.rows.len();
    let count = steps.len() as f64;
    let right = steps.filter(|&step| {
        let known = (0..=order).rev().find_map(|order| {
            context(question, &tested.items, step, order).and_then(|seen| shorter[order].get(&seen))
        });
        known == Some(&question.answer(&tested.items, step, 0))
    });
    right.count() as f64 / count
}

/// The share that the likeliest answer of all to question `index` gets.
pub(super) fn chance(seen: &Tested<'_>, index: usize) -> f64 {
    let (question, fitted) = (seen.question, seen.fitted);
    let mut counts = vec![0_u64; question.classes];
    for step in question.first..fitted.rows.len() {
        counts[question.answer(&fitted.items, step, index) as usize] += 1;
    }
    let best = (0..counts.len()).rev().max_by_key(|answer| counts[*answer]).unwrap_or(0) as u32;
    let asked = &seen.asked[index];
    asked.iter().filter(|label| **label == best).count() as f64 / seen.count() as f64
}

/// The last `order` symbols before the one in question, if the phase has that many.
fn context(question: &Question<'_>, items: &[Item], step: usize, order: usize) -> Option<Vec<u32>> {
    let end = if question.asks_present() { step } else { step + 1 };
    let begin = end.checked_sub(order)?;
    Some(items[begin..end].iter().map(|item| item.symbol).collect())
}

/// The likeliest answer after each context.
fn likeliest(question: &Question<'_>, order: usize, fitted: &Collected) -> HashMap<Vec<u32>, u32> {
    let mut counts: HashMap<Vec<u32>, Vec<u64>> = HashMap::new();
    for step in question.first..fitted.rows.len() {
        if let Some(seen) = context(question, &fitted.items, step, order) {
            let counts = counts.entry(seen).or_insert_with(|| vec![0; question.classes]);
            counts[question.answer(&fitted.items, step, 0) as usize] += 1;
        }
    }
    // The first of equal ones, whatever the order of the map.
    let best =
        |counts: &[u64]| (0..counts.len()).rev().max_by_key(|answer| counts[*answer]).unwrap_or(0) as u32;
    counts.iter().map(|(seen, counts)| (seen.clone(), best(counts))).collect()
}
