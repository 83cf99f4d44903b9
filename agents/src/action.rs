//! From linear scores to actions, without chance.

use sorn_env::{Array, BoxSpace, Data, Space, Value};

use crate::AgentError;
use crate::policy::greedy;

/// An action space whose elements a learner chooses by linear scores.
#[derive(Clone, Debug)]
pub(crate) enum Actions {
    /// One score per element.
    Discrete { start: i64, n: [usize; 1] },
    /// One score per element of each factor, factor after factor. Binary factors have two; their shape is that of the
    /// array.
    Factors { sizes: Vec<usize>, shape: Vec<usize>, binary: bool },
    /// One score per number.
    Box(Ranges),
}

/// A Box: where it has a range ([`BoxSpace::range`]), scores -1 and 1 are the bounds; elsewhere a score is the number itself.
#[derive(Clone, Debug)]
pub(crate) struct Ranges {
    space: BoxSpace,
    center: Vec<f64>,
    half: Vec<f64>,
}

impl Ranges {
    fn new(space: &BoxSpace) -> Ranges {
        let range = |i| match space.range(i) {
            (low, high) if low.is_finite() && high.is_finite() => ((low + high) / 2.0, (high - low) / 2.0),
            _ => (0.0, 1.0),
        };
        let (center, half) = (0..space.low.len()).map(range).unzip();
        Ranges { space: space.clone(), center, half }
    }

    /// Numbers in the Box.
    pub(crate) fn len(&self) -> usize {
        self.center.len()
    }

    /// The element with these scores, those outside the bounds moved to them.
    pub(crate) fn clipped(&self, scores: impl Iterator<Item = f64>) -> Value {
        let BoxSpace { low, high, shape, dtype } = &self.space;
        let bounds = self.center.iter().zip(&self.half).zip(low.iter().zip(high));
        let numbers = scores.zip(bounds).map(|(score, ((center, half), (low, high)))| {
            let number = (center + half * score).clamp(*low, *high);
            if dtype.is_float() { number } else { number.round() }
        });
        let array = Array::new(shape.clone(), Data::cast(numbers, *dtype));
        Value::Array(array.unwrap_or_else(|e| unreachable!("as many numbers as the Box has: {e}")))
    }

    /// A score as one of [`clipped`](Ranges::clipped)'s: squashed by tanh into the bounds where both are finite.
    pub(crate) fn squash(&self, number: usize, score: f64) -> f64 {
        if self.is_bounded(number) { libm::tanh(score) } else { score }
    }

    /// The derivative of [`squash`](Ranges::squash) where it gives `squashed`.
    pub(crate) fn slope(&self, number: usize, squashed: f64) -> f64 {
        if self.is_bounded(number) { 1.0 - squashed * squashed } else { 1.0 }
    }

    fn is_bounded(&self, number: usize) -> bool {
        let (low, high) = self.space.range(number);
        low.is_finite() && high.is_finite()
    }

    /// The element with these scores, squashed.
    pub(crate) fn squashed(&self, scores: &[f64]) -> Value {
        self.clipped(scores.iter().enumerate().map(|(number, &score)| self.squash(number, score)))
    }
}

impl Actions {
    /// `who` names the learner or policy in the error.
    pub(crate) fn new(space: &Space, who: &str) -> Result<Actions, AgentError> {
        let size = |n: &i64| usize::try_from(*n).unwrap_or(0);
        Ok(match space {
            Space::Discrete { n, start } => Actions::Discrete { start: *start, n: [size(n)] },
            Space::MultiDiscrete { nvec } => Actions::Factors {
                sizes: nvec.iter().map(size).collect(),
                shape: vec![nvec.len()],
                binary: false,
            },
            Space::MultiBinary { shape } => Actions::Factors {
                sizes: vec![2; shape.iter().product()],
                shape: shape.clone(),
                binary: true,
            },
            Space::Box(space) => Actions::Box(Ranges::new(space)),
            Space::Dict(_) | Space::Tuple(_) => {
                return Err(AgentError::Mismatch(format!(
                    "{who} needs a Discrete, MultiDiscrete, MultiBinary or Box action space, found {space}"
                )));
            }
        })
    }

    /// Number of scores.
    pub(crate) fn scores(&self) -> usize {
        match self {
            Actions::Box(ranges) => ranges.len(),
            _ => self.factors().iter().sum(),
        }
    }

    /// Elements of each factor; a Box has none.
    pub(crate) fn factors(&self) -> &[usize] {
        match self {
            Actions::Discrete { n, .. } => n,
            Actions::Factors { sizes, .. } => sizes,
            Actions::Box(_) => &[],
        }
    }

    /// The element with the largest score, in each factor, or with the squashed scores.
    pub(crate) fn best(&self, scores: &[f64]) -> Value {
        match self {
            Actions::Discrete { start, .. } => Value::Int(start + greedy(scores) as i64),
            Actions::Factors { sizes, .. } => {
                let mut rest = scores;
                self.chosen(sizes.iter().map(|&size| {
                    let (factor, after) = rest.split_at(size);
                    rest = after;
                    greedy(factor)
                }))
            }
            Actions::Box(ranges) => ranges.squashed(scores),
        }
    }

    /// The element with these choices, one per factor.
    pub(crate) fn chosen(&self, mut choices: impl Iterator<Item = usize>) -> Value {
        match self {
            Actions::Discrete { start, .. } => Value::Int(start + choices.next().unwrap_or(0) as i64),
            Actions::Factors { shape, binary, .. } => {
                let data = match binary {
                    true => Data::I8(choices.map(|c| c as i8).collect()),
                    false => Data::I64(choices.map(|c| c as i64).collect()),
                };
                let array = Array::new(shape.clone(), data);
                Value::Array(array.unwrap_or_else(|e| unreachable!("a choice per factor: {e}")))
            }
            Actions::Box(_) => unreachable!("a Box has no factors"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sorn_env::Dtype;

    fn spaces() -> Vec<Space> {
        let mut half_open =
            BoxSpace::f32(&[-2.0, 0.0, f32::NEG_INFINITY], &[2.0, f32::INFINITY, f32::INFINITY]).unwrap();
        half_open.dtype = Dtype::F64;
        vec![
            Space::Discrete { n: 3, start: -1 },
            Space::MultiDiscrete { nvec: vec![2, 4, 1] },
            Space::MultiBinary { shape: vec![2, 2] },
            Space::Box(half_open),
            Space::Box(BoxSpace::uniform(-3.0, 200.0, vec![2, 1], Dtype::I32).unwrap()),
        ]
    }

    proptest! {
        #[test]
        fn every_action_is_of_the_space(seed in prop::collection::vec(-50.0..50.0_f64, 12)) {
            for space in spaces() {
                let actions = Actions::new(&space, "x").unwrap();
                let action = actions.best(&seed[..actions.scores()]);
                prop_assert!(space.contains(&action), "{space}: {action:?}");
            }
        }
    }

    #[test]
    fn scores_choose() {
        let best = |space: &Space, scores: &[f64]| Actions::new(space, "x").unwrap().best(scores);
        let all = spaces();
        assert_eq!(best(&all[0], &[0.0, 2.0, 1.0]), Value::Int(0));
        let array = |value: Value| value.as_array().unwrap().iter().collect::<Vec<_>>();
        assert_eq!(array(best(&all[1], &[0.0, 1.0, 0.0, 1.0, 3.0, 2.0, 0.0])), [1.0, 2.0, 0.0]);
        assert_eq!(array(best(&all[2], &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 5.0, 6.0])), [0.0, 1.0, 0.0, 1.0]);
        let squashed = array(best(&all[3], &[0.5, -1.0, 7.0]));
        assert_eq!(squashed, [2.0 * libm::tanh(0.5), 0.0, 7.0]);
        assert_eq!(array(best(&all[4], &[40.0, -40.0])), [200.0, -3.0]);
    }
}
