//! What comes of a readout whose answer is the next input.

use std::collections::HashSet;

use crate::fit::Collected;
use crate::score::Scores;
use crate::source::Source;

/// Scores the symbols `generated`; `fitted` is what the readout was fitted to.
pub(crate) fn score(source: &Source, generated: &[u32], fitted: &Collected) -> Scores {
    let mut scores = Scores::default();
    let given: Vec<u32> = fitted.items.iter().map(|item| item.symbol).collect();
    let known: HashSet<&[u32]> = given.windows(3).collect();
    let triples = generated.windows(3).count();
    if triples > 0 {
        let right: Vec<&[u32]> = generated.windows(3).filter(|triple| known.contains(triple)).collect();
        scores.put("known_triples", right.len() as f64 / triples as f64);
        scores.put("distinct_triples", right.into_iter().collect::<HashSet<_>>().len() as f64);
    }
    scores.0.extend(source.judge(generated));
    scores
}
