//! What comes of a readout whose answer is the next input.

use std::collections::{BTreeSet, HashSet};

use crate::fit::Collected;
use crate::score::Scores;
use crate::source::{Grammar, Source};
use crate::{SourceConfig, TaskError};

/// Scores the symbols `generated`; `fitted` is what the readout was fitted to.
pub(crate) fn score(
    config: &SourceConfig,
    source: &Source,
    generated: &[u32],
    fitted: &Collected,
    scores: &mut Scores,
) -> Result<(), TaskError> {
    let given: Vec<u32> = fitted.items.iter().map(|item| item.symbol).collect();
    let known: HashSet<&[u32]> = given.windows(3).collect();
    let triples = generated.windows(3).count();
    if triples > 0 {
        let right = generated.windows(3).filter(|triple| known.contains(triple)).count();
        scores.put("known_triples", right as f64 / triples as f64);
    }
    let SourceConfig::Grammar { grammar, held_out } = config else { return Ok(()) };
    let grammar = Grammar::new(*grammar, *held_out)?;
    let text: String = generated.iter().map(|symbol| source.symbols()[*symbol as usize].as_str()).collect();
    // The first may have begun before, and the last is not at its end.
    let mut sentences: Vec<String> = text.split('.').skip(1).map(|s| format!("{}.", s.trim())).collect();
    sentences.pop();
    let all = sentences.len() as f64;
    let share = |right: &dyn Fn(&String) -> bool| match all > 0.0 {
        true => sentences.iter().filter(|s| right(s)).count() as f64 / all,
        false => 0.0,
    };
    let is_right = |s: &String| grammar.given.contains(s) || grammar.held_out.contains(s);
    scores.put("sentences", all);
    // Without a single full stop nothing is right.
    scores.put("wrong", if all > 0.0 { share(&|s| !is_right(s)) } else { 1.0 });
    scores.put("held_out", share(&|s| grammar.held_out.contains(s)));
    let distinct: BTreeSet<&String> = sentences.iter().filter(|s| is_right(s)).collect();
    scores.put("distinct_right", distinct.len() as f64);
    Ok(())
}
