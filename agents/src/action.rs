//! From linear scores to actions, without chance.

use std::collections::BTreeMap;

use sorn_env::{Array, BoxSpace, Data, Space, Value};

use crate::AgentError;
use crate::policy::greedy;

/// An action space whose elements a learner chooses by linear scores: one for each element of each factor, and behind them one for each
/// number.
///
/// A Discrete space is a factor, a MultiDiscrete or MultiBinary one has several, those of MultiBinary with two elements each; a Box is
/// numbers. A Dict or Tuple has the factors and numbers of its members, one member after the other.
#[derive(Clone, Debug)]
pub(crate) struct Actions {
    space: Space,
    factors: Vec<usize>,
    ranges: Ranges,
}

/// Numbers of Boxes: where one has a range ([`BoxSpace::range`]), scores -1 and 1 are the bounds; elsewhere a score is the number itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges {
    low: Vec<f64>,
    high: Vec<f64>,
    center: Vec<f64>,
    half: Vec<f64>,
    /// Whether scores are squashed.
    bounded: Vec<bool>,
    /// Whether numbers are whole ones.
    whole: Vec<bool>,
}

impl Ranges {
    fn add(&mut self, space: &BoxSpace) {
        for number in 0..space.low.len() {
            let (low, high) = space.range(number);
            let bounded = low.is_finite() && high.is_finite();
            let (center, half) = if bounded { ((low + high) / 2.0, (high - low) / 2.0) } else { (0.0, 1.0) };
            self.low.push(space.low[number]);
            self.high.push(space.high[number]);
            self.center.push(center);
            self.half.push(half);
            self.bounded.push(bounded);
            self.whole.push(!space.dtype.is_float());
        }
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.center.len()
    }

    /// The numbers with these scores, those outside the bounds moved to them.
    pub(crate) fn clipped(&self, scores: impl Iterator<Item = f64>) -> impl Iterator<Item = f64> {
        scores.enumerate().map(|(at, score)| {
            let number = (self.center[at] + self.half[at] * score).clamp(self.low[at], self.high[at]);
            if self.whole[at] { number.round() } else { number }
        })
    }

    /// A score as one of [`clipped`](Ranges::clipped)'s: squashed by tanh into the bounds if both are finite.
    pub(crate) fn squash(&self, number: usize, score: f64) -> f64 {
        if self.bounded[number] { libm::tanh(score) } else { score }
    }

    /// The derivative of [`squash`](Ranges::squash) where it gives `squashed`.
    pub(crate) fn slope(&self, number: usize, squashed: f64) -> f64 {
        if self.bounded[number] { 1.0 - squashed * squashed } else { 1.0 }
    }
}

impl Actions {
    /// `who` names the learner or policy in the error.
    pub(crate) fn new(space: &Space, who: &str) -> Result<Actions, AgentError> {
        let mut actions = Actions { space: space.clone(), factors: Vec::new(), ranges: Ranges::default() };
        actions.add(space);
        match actions.scores() {
            0 => Err(AgentError::Mismatch(format!(
                "{who} needs an action space with at least one choice or number, found {space}"
            ))),
            _ => Ok(actions),
        }
    }

    fn add(&mut self, space: &Space) {
        let size = |n: &i64| usize::try_from(*n).unwrap_or(0);
        match space {
            Space::Discrete { n, .. } => self.factors.push(size(n)),
            Space::MultiDiscrete { nvec } => self.factors.extend(nvec.iter().map(size)),
            Space::MultiBinary { shape } => {
                self.factors.extend(std::iter::repeat_n(2, shape.iter().product()));
            }
            Space::Box(space) => self.ranges.add(space),
            Space::Dict(members) => members.iter().for_each(|(_, member)| self.add(member)),
            Space::Tuple(members) => members.iter().for_each(|member| self.add(member)),
        }
    }

    /// Number of scores.
    pub(crate) fn scores(&self) -> usize {
        self.choices() + self.ranges.len()
    }

    /// Number of scores of all factors, which come first.
    pub(crate) fn choices(&self) -> usize {
        self.factors.iter().sum()
    }

    /// Elements of each factor.
    pub(crate) fn factors(&self) -> &[usize] {
        &self.factors
    }

    /// The numbers.
    pub(crate) fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// The element with the largest score in each factor, and with the squashed scores.
    pub(crate) fn best(&self, scores: &[f64]) -> Value {
        let (choices, numbers) = scores.split_at(self.choices());
        self.element(self.greedy(choices), numbers.iter().enumerate().map(|(n, s)| self.ranges.squash(n, *s)))
    }

    /// The choice with the largest score in each factor.
    pub(crate) fn greedy(&self, scores: &[f64]) -> impl Iterator<Item = usize> {
        let mut rest = scores;
        self.factors.iter().map(move |&size| {
            let (factor, after) = rest.split_at(size);
            rest = after;
            greedy(factor)
        })
    }

    /// The element with these choices, one per factor, and numbers with these scores.
    pub(crate) fn element(
        &self,
        mut choices: impl Iterator<Item = usize>,
        scores: impl Iterator<Item = f64>,
    ) -> Value {
        let mut numbers = self.ranges.clipped(scores);
        element(&self.space, &mut || choices.next().unwrap_or(0), &mut || numbers.next().unwrap_or(0.0))
    }
}

fn element(space: &Space, choice: &mut dyn FnMut() -> usize, number: &mut dyn FnMut() -> f64) -> Value {
    let array = |shape: &[usize], data| {
        let array = Array::new(shape.to_vec(), data);
        Value::Array(array.unwrap_or_else(|e| unreachable!("as many numbers as the shape has: {e}")))
    };
    match space {
        Space::Discrete { start, .. } => Value::Int(start + choice() as i64),
        Space::MultiDiscrete { nvec } => {
            array(&[nvec.len()], Data::I64(nvec.iter().map(|_| choice() as i64).collect()))
        }
        Space::MultiBinary { shape } => {
            let size = shape.iter().product();
            array(shape, Data::I8((0..size).map(|_: usize| choice() as i8).collect()))
        }
        Space::Box(space) => array(&space.shape, Data::cast(space.low.iter().map(|_| number()), space.dtype)),
        Space::Dict(members) => {
            let members =
                members.iter().map(|(name, member)| (name.clone(), element(member, choice, number)));
            Value::Map(members.collect::<BTreeMap<_, _>>())
        }
        Space::Tuple(members) => {
            Value::List(members.iter().map(|member| element(member, choice, number)).collect())
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
        let mut all = vec![
            Space::Discrete { n: 3, start: -1 },
            Space::MultiDiscrete { nvec: vec![2, 4, 1] },
            Space::MultiBinary { shape: vec![2, 2] },
            Space::Box(half_open),
            Space::Box(BoxSpace::uniform(-3.0, 200.0, vec![2, 1], Dtype::I32).unwrap()),
        ];
        let inner = Space::Tuple(vec![all[4].clone(), all[2].clone()]);
        let named = [("b", &all[0]), ("a", &all[3]), ("c", &inner), ("d", &all[1])];
        all.push(Space::Dict(named.map(|(name, space)| (name.into(), space.clone())).to_vec()));
        all
    }

    proptest! {
        #[test]
        fn every_action_is_of_the_space(seed in prop::collection::vec(-50.0..50.0_f64, 24)) {
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
        let array = |value: &Value| value.as_array().unwrap().iter().collect::<Vec<_>>();
        assert_eq!(array(&best(&all[1], &[0.0, 1.0, 0.0, 1.0, 3.0, 2.0, 0.0])), [1.0, 2.0, 0.0]);
        assert_eq!(array(&best(&all[2], &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 5.0, 6.0])), [0.0, 1.0, 0.0, 1.0]);
        let squashed = array(&best(&all[3], &[0.5, -1.0, 7.0]));
        assert_eq!(squashed, [2.0 * libm::tanh(0.5), 0.0, 7.0]);
        assert_eq!(array(&best(&all[4], &[40.0, -40.0])), [200.0, -3.0]);
    }

    #[test]
    fn members_have_the_scores_of_their_spaces_choices_first() {
        let space = spaces().pop().unwrap();
        let actions = Actions::new(&space, "x").unwrap();
        assert_eq!((actions.factors(), actions.ranges().len()), (&[3, 2, 2, 2, 2, 2, 4, 1][..], 5));
        let mut scores = vec![0.0; actions.scores()];
        // The last element of `b`, the second of the first bit of `c`, the third of the second factor of `d`.
        (scores[2], scores[4], scores[15], scores[18], scores[22]) = (1.0, 1.0, 1.0, 0.5, -9.0);
        let Value::Map(best) = actions.best(&scores) else { panic!("a map") };
        let array = |value: &Value| value.as_array().unwrap().iter().collect::<Vec<_>>();
        assert_eq!((&best["b"], array(&best["d"])), (&Value::Int(1), vec![0.0, 2.0, 0.0]));
        assert_eq!(array(&best["a"]), [2.0 * libm::tanh(0.5), 0.0, 0.0]);
        let Value::List(c) = &best["c"] else { panic!("a list") };
        assert_eq!((array(&c[0]), array(&c[1])), (vec![99.0, -3.0], vec![1.0, 0.0, 0.0, 0.0]));
    }

    #[test]
    fn a_space_without_choices_or_numbers_is_refused() {
        let error = Actions::new(&Space::Tuple(vec![]), "x").unwrap_err().to_string();
        assert!(error.starts_with("x needs an action space with at least one choice or number"), "{error}");
    }
}
