//! Named scores of a readout. One sort of score per file, those of one's own among them.

mod accuracy;
mod own;
mod recall;
mod state;
mod trivial;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fit::{Collected, Question, Reader};
use crate::source::Source;
use crate::{Target, Task, TaskError};

pub use own::{Decoded, Score, ScoreConfig, ScoreEntry, ScoreSetup, check_score};

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
///
/// Where several phases have the role `score`, or `generate`, the names of each begin with the phase's name, as in `quiet_accuracy`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores(pub BTreeMap<String, f64>);

impl Scores {
    pub(crate) fn put(&mut self, name: impl Into<String>, value: f64) {
        self.0.insert(name.into(), value);
    }

    /// Adds `scores`, with `prefix` before each name.
    pub fn extend(&mut self, prefix: &str, scores: Scores) {
        self.0.extend(scores.0.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)));
    }
}

/// What is scored: the steps of a phase, and what the readout gave in them.
pub(crate) struct Tested<'a> {
    pub(crate) task: &'a Task,
    pub(crate) source: &'a Source,
    pub(crate) question: &'a Question<'a>,
    /// The steps to which the readout was fitted.
    pub(crate) fitted: &'a Collected,
    pub(crate) tested: &'a Collected,
    /// Excitatory neurons.
    pub(crate) neurons: usize,
    /// The right label of each step that has one, by question.
    asked: Vec<Vec<u32>>,
    /// What the readout gave, by question.
    read: Vec<Vec<u32>>,
}

impl<'a> Tested<'a> {
    /// Asks `readers` for every step.
    ///
    /// # Errors
    /// [`TaskError::Readout`] if features are of the wrong length.
    pub(crate) fn new(
        (task, source, question): (&'a Task, &'a Source, &'a Question<'a>),
        readers: &[Reader],
        (fitted, tested): (&'a Collected, &'a Collected),
        neurons: usize,
    ) -> Result<Tested<'a>, TaskError> {
        let mut buffer = Vec::new();
        let (mut asked, mut read) = (Vec::new(), Vec::new());
        for (index, reader) in readers.iter().enumerate() {
            let steps = question.first..tested.rows.len();
            asked.push(steps.clone().map(|step| question.answer(&tested.items, step, index)).collect());
            let of = |step| reader.read(tested.rows.row(step), &mut buffer);
            read.push(steps.map(of).collect::<Result<_, _>>()?);
        }
        Ok(Tested { task, source, question, fitted, tested, neurons, asked, read })
    }

    /// How many steps were asked for.
    fn count(&self) -> usize {
        self.tested.rows.len() - self.question.first
    }

    /// Whether each answer to question `index` is right.
    fn right(&self, index: usize) -> impl Iterator<Item = bool> {
        self.asked[index].iter().zip(&self.read[index]).map(|(asked, read)| asked == read)
    }
}

/// Takes the built-in scores.
const BUILT_IN: [fn(&Tested<'_>, &mut Scores); 4] =
    [accuracy::score, recall::score, trivial::score, state::score];

/// The scores of what was `tested`, those of one's own among them, and what could not be taken.
pub(crate) fn score(tested: &Tested<'_>, seed: u64) -> Result<(Scores, Vec<String>), TaskError> {
    let mut scores = Scores::default();
    BUILT_IN.iter().for_each(|take| take(tested, &mut scores));
    let places: Vec<String>;
    let names = match tested.task.target {
        Target::Position => {
            places = (0..tested.source.places()).map(|place| place.to_string()).collect();
            &places
        }
        Target::Next | Target::Present | Target::Recall => tested.source.symbols(),
    };
    let decoded = Decoded::Labels { names, asked: &tested.asked, read: &tested.read };
    let problems = ScoreConfig::take(&tested.task.scores, seed, &decoded, &mut scores)?;
    Ok((scores, problems))
}
