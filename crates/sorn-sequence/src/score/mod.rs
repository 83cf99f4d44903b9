//! Named scores of a readout, beside those of trivial readers.

mod trivial;

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::fit::{Collected, Question, Reader};
use crate::source::Source;
use crate::{Target, Task, TaskError};

/// Scores by name.
///
/// | Name | What it is |
/// |---|---|
/// | `accuracy` | share of the steps that the readout gets right |
/// | `ceiling` | share that a reader gets who knows which word it is in, and all probabilities |
/// | `of_ceiling` | `accuracy` over `ceiling`; neither is there if a source of one's own does not know the ceiling |
/// | `last_symbol` | share right of the last symbols of words (C and F of the counting task) |
/// | `within_words` | share right of all symbols but the first of each word |
/// | `symbol_reader`, `2_symbol_reader`, `3_symbol_reader` | share that the likeliest answer to the last one, two or three symbols gets |
/// | `lag_K` | share right of the symbols of K steps before |
/// | `memory` | over lags from 1, the sum of (share right - chance) / (1 - chance), where chance is that of the likeliest symbol |
/// | `rate` | active excitatory neurons, as a share of all |
/// | `distinct_states` | different sets of features |
/// | `wrong`, `held_out` | of the generated sentences, the share that is none of the grammar's, and that was left out of the input |
/// | `distinct_right` | different right sentences that were generated |
/// | `known_triples` | share of generated triples of symbols that the steps of the fit held |
/// | `distinct_triples` | different ones among these |
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores(pub BTreeMap<String, f64>);

impl Scores {
    pub(crate) fn put(&mut self, name: impl Into<String>, value: f64) {
        self.0.insert(name.into(), value);
    }
}

/// Scores `readers`, fitted to `fitted`, on the steps `tested`.
pub(crate) fn score(
    task: &Task,
    source: &Source,
    question: &Question<'_>,
    readers: &[Reader],
    (fitted, tested): (&Collected, &Collected),
    neurons: usize,
) -> Result<Scores, TaskError> {
    let mut scores = Scores::default();
    let steps = question.first..tested.rows.len();
    let count = steps.len() as f64;
    let mut buffer = Vec::new();
    let mut right_at = |reader: &Reader, index: usize, step: usize| -> Result<bool, TaskError> {
        let read = reader.read(tested.rows.row(step), &mut buffer)?;
        Ok(read == question.answer(&tested.items, step, index))
    };
    if task.target == Target::Recall {
        let mut memory = 0.0;
        for (index, (reader, lag)) in readers.iter().zip(&task.lags).enumerate() {
            let mut right = 0.0;
            for step in steps.clone() {
                right += f64::from(u8::from(right_at(reader, index, step)?));
            }
            let accuracy = right / count;
            let chance = trivial::chance(question, index, fitted, tested);
            scores.put(format!("lag_{lag}"), accuracy);
            if *lag > 0 && chance < 1.0 {
                memory += (accuracy - chance) / (1.0 - chance);
            }
        }
        scores.put("memory", memory);
    } else {
        let (mut right, mut last, mut within) = (0.0, Share::default(), Share::default());
        for step in steps.clone() {
            let hit = right_at(&readers[0], 0, step)?;
            let asked = question.asked(&tested.items, step);
            right += f64::from(u8::from(hit));
            if asked.place > 0 {
                within.count(hit);
            }
            if asked.place > 0 && asked.last {
                last.count(hit);
            }
        }
        let ceiling = match task.target {
            Target::Position => Some(1.0),
            Target::Next | Target::Present | Target::Recall => source.ceiling(),
        };
        scores.put("accuracy", right / count);
        if let Some(ceiling) = ceiling {
            scores.put("ceiling", ceiling);
            scores.put("of_ceiling", right / count / ceiling);
        }
        for (name, share) in [("last_symbol", last), ("within_words", within)] {
            if let Some(share) = share.value() {
                scores.put(name, share);
            }
        }
        for order in 1..=3 {
            let name = if order == 1 { "symbol_reader".into() } else { format!("{order}_symbol_reader") };
            scores.put(name, trivial::accuracy(question, order, fitted, tested));
        }
    }
    scores.put("rate", tested.spikes as f64 / tested.rows.len() as f64 / neurons as f64);
    let states: HashSet<Vec<(u32, u64)>> = (0..tested.rows.len())
        .map(|step| tested.rows.row(step).map(|(index, value)| (index, value.to_bits())).collect())
        .collect();
    scores.put("distinct_states", states.len() as f64);
    Ok(scores)
}

/// A share of what was counted.
#[derive(Clone, Copy, Default)]
struct Share {
    right: u64,
    all: u64,
}

impl Share {
    fn count(&mut self, right: bool) {
        self.right += u64::from(right);
        self.all += 1;
    }

    fn value(self) -> Option<f64> {
        (self.all > 0).then(|| self.right as f64 / self.all as f64)
    }
}
