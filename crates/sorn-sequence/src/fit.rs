//! Rows of features with what is to be read from them, and the readouts fitted to them.

use sorn_readout::{LeastSquares, Logistic, Readout, Ridge, Rows};

use crate::features::Features;
use crate::source::{Item, Source};
use crate::{ReadoutConfig, ReadoutKind, Target, Task, TaskError};

/// The steps of one phase.
pub(crate) struct Collected {
    pub(crate) rows: Rows,
    /// The item of each step, and the one after the last.
    pub(crate) items: Vec<Item>,
    /// Excitatory spikes.
    pub(crate) spikes: u64,
}

impl Collected {
    pub(crate) fn new(features: usize) -> Collected {
        Collected { rows: Rows::new(features), items: Vec::new(), spikes: 0 }
    }
}

/// What is asked of the steps.
pub(crate) struct Question<'a> {
    task: &'a Task,
    /// Answers that there are.
    pub(crate) classes: usize,
    /// Steps of each phase before the first that has an answer.
    pub(crate) first: usize,
}

impl<'a> Question<'a> {
    pub(crate) fn new(task: &'a Task, source: &Source) -> Question<'a> {
        let classes = match task.target {
            Target::Position => source.places(),
            Target::Next | Target::Present | Target::Recall => source.inputs(),
        };
        // With one class there is nothing to tell apart; a second that never comes does no harm.
        let first = task.lags.iter().copied().max().unwrap_or(0) as usize;
        Question { task, classes: classes.max(2), first }
    }

    /// Number of questions: lags for recall, else 1.
    pub(crate) fn count(&self) -> usize {
        self.task.lags.len().max(1)
    }

    /// The answer to question `index` at step `step` of a phase.
    pub(crate) fn answer(&self, items: &[Item], step: usize, index: usize) -> u32 {
        match self.task.target {
            Target::Next => items[step + 1].symbol,
            Target::Present => items[step].symbol,
            Target::Position => items[step + 1].place,
            Target::Recall => items[step - self.task.lags[index] as usize].symbol,
        }
    }

    /// The item that question 0 asks for at step `step`.
    pub(crate) fn asked<'b>(&self, items: &'b [Item], step: usize) -> &'b Item {
        match self.task.target {
            Target::Next | Target::Position => &items[step + 1],
            Target::Present | Target::Recall => &items[step],
        }
    }

    /// Whether the symbol of the same step is asked for.
    pub(crate) fn asks_present(&self) -> bool {
        self.task.target == Target::Present
    }

    /// Fits one readout per question.
    pub(crate) fn fit(&self, collected: &Collected, features: &Features) -> Result<Vec<Reader>, TaskError> {
        let config = &self.task.readout;
        match config.kind {
            ReadoutKind::Logistic => self.logistic(collected, config),
            ReadoutKind::LeastSquares | ReadoutKind::Ridge => {
                self.linear(collected, config, &features.penalties(config.penalty))
            }
        }
    }

    fn logistic(&self, collected: &Collected, config: &ReadoutConfig) -> Result<Vec<Reader>, TaskError> {
        let mut rows = Rows::new(collected.rows.features());
        for step in self.first..collected.rows.len() {
            rows.push_sparse(collected.rows.row(step))?;
        }
        (0..self.count())
            .map(|index| {
                let steps = self.first..collected.rows.len();
                let labels: Vec<u32> = steps.map(|step| self.answer(&collected.items, step, index)).collect();
                let fit =
                    Logistic { c: config.c, ..Logistic::default() }.fit(&rows, &labels, self.classes)?;
                Ok(Reader { readout: fit.readout, intercept: true })
            })
            .collect()
    }

    fn linear(
        &self,
        collected: &Collected,
        config: &ReadoutConfig,
        penalties: &[f64],
    ) -> Result<Vec<Reader>, TaskError> {
        let features = collected.rows.features();
        // The questions share the features, and so the matrix that is inverted.
        let mut targets = vec![0.0; self.count() * self.classes];
        let mut ridge = Ridge::new(features, targets.len())?;
        let mut least_squares = LeastSquares::new(features, targets.len())?;
        for step in self.first..collected.rows.len() {
            targets.fill(0.0);
            for index in 0..self.count() {
                targets[index * self.classes + self.answer(&collected.items, step, index) as usize] = 1.0;
            }
            match config.kind {
                ReadoutKind::Ridge => ridge.learn_sparse(collected.rows.row(step), &targets)?,
                _ => least_squares.learn_sparse(collected.rows.row(step), &targets)?,
            }
        }
        let all = match config.kind {
            ReadoutKind::Ridge => ridge.solve_each(penalties)?,
            _ => least_squares.solve(),
        };
        let of = |weights: &[f64]| Readout::new(weights.to_vec(), features);
        let blocks = all.weights().chunks_exact(self.classes * features);
        blocks.map(|weights| Ok(Reader { readout: of(weights)?, intercept: false })).collect()
    }
}

/// A readout that decides.
pub(crate) struct Reader {
    readout: Readout,
    /// Whether one more feature that is always 1 follows the others.
    intercept: bool,
}

impl Reader {
    /// The answer with the largest score.
    pub(crate) fn read(
        &self,
        entries: impl Iterator<Item = (u32, f64)> + Clone,
        scores: &mut Vec<f64>,
    ) -> Result<u32, TaskError> {
        scores.resize(self.readout.targets(), 0.0);
        let last = self.readout.features() as u32 - 1;
        let constant = self.intercept.then_some((last, 1.0));
        self.readout.predict_sparse(entries.chain(constant), scores)?;
        Ok(Readout::largest(scores) as u32)
    }
}
