//! What is to be read, and how well it was.

use std::ops::Range;

use sorn_env::Space;

/// A part of flat numbers that is read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One-hot numbers: which symbol.
    Symbol(Range<usize>),
    /// One number.
    Number(usize),
}

/// The targets of the flat numbers of a space.
pub(super) fn targets(space: &Space) -> Vec<Target> {
    let mut all = Vec::new();
    gather(space, &mut 0, &mut all);
    all
}

fn gather(space: &Space, at: &mut usize, all: &mut Vec<Target>) {
    let mut symbol = |n: i64| {
        let to = *at + usize::try_from(n).unwrap_or(0);
        all.push(Target::Symbol(*at..to));
        *at = to;
    };
    match space {
        Space::Discrete { n, .. } => symbol(*n),
        Space::MultiDiscrete { nvec } => nvec.iter().for_each(|n| symbol(*n)),
        Space::Dict(members) => members.iter().for_each(|(_, space)| gather(space, at, all)),
        Space::Tuple(members) => members.iter().for_each(|space| gather(space, at, all)),
        numbers => {
            let to = *at + numbers.flat_dim();
            all.extend((*at..to).map(Target::Number));
            *at = to;
        }
    }
}

/// Counts how well a target is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    /// Of each symbol how often it was there.
    counts: Vec<u64>,
    right: u64,
    /// Number, sum, sum of squares and sum of squared errors.
    n: f64,
    sum: f64,
    squares: f64,
    errors: f64,
}

impl Score {
    /// Takes what was there and what was read, both the flat numbers that the target is a part of.
    pub(super) fn take(&mut self, target: &Target, there: &[f64], read: &[f64]) {
        match target {
            Target::Symbol(range) => {
                self.counts.resize(range.len(), 0);
                let (there, read) = (largest(&there[range.clone()]), largest(&read[range.clone()]));
                self.counts[there] += 1;
                self.right += u64::from(there == read);
            }
            Target::Number(at) => {
                let (y, error) = (there[*at], there[*at] - read[*at]);
                self.n += 1.0;
                self.sum += y;
                self.squares += y * y;
                self.errors += error * error;
            }
        }
    }

    /// 0 for chance, 1 for perfect; none if there was nothing to tell apart.
    pub(super) fn value(&self) -> Option<f64> {
        if !self.counts.is_empty() {
            let n = self.counts.iter().sum::<u64>() as f64;
            let most = self.counts.iter().max().copied().unwrap_or(0) as f64;
            return (most < n).then(|| (self.right as f64 - most) / (n - most));
        }
        let variance = self.squares - self.sum * self.sum / self.n;
        // Less is rounding.
        (self.n > 0.0 && variance > 1e-12 * self.squares).then(|| 1.0 - self.errors / variance)
    }
}

fn largest(scores: &[f64]) -> usize {
    sorn_agents::Readout::largest(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_become_symbols_and_numbers() {
        let space = Space::Tuple(vec![
            Space::Discrete { n: 3, start: 5 },
            Space::box_f32(&[0.0, 0.0], &[1.0, 1.0]).unwrap(),
            Space::MultiDiscrete { nvec: vec![2, 2] },
            Space::MultiBinary { shape: vec![1] },
        ]);
        let all = targets(&space);
        let symbols: Vec<&Target> = all.iter().filter(|t| matches!(t, Target::Symbol(_))).collect();
        assert_eq!(symbols, [&Target::Symbol(0..3), &Target::Symbol(5..7), &Target::Symbol(7..9)]);
        assert_eq!(all[1..3], [Target::Number(3), Target::Number(4)]);
        assert_eq!((all.last(), space.flat_dim()), (Some(&Target::Number(9)), 10));
    }

    #[test]
    fn chance_is_nothing_and_right_is_all() {
        let score = |target: &Target, pairs: &[([f64; 2], [f64; 2])]| {
            let mut score = Score::default();
            pairs.iter().for_each(|(there, read)| score.take(target, there, read));
            score.value()
        };
        let (a, b) = ([1.0, 0.0], [0.0, 1.0]);
        let symbol = Target::Symbol(0..2);
        assert_eq!(score(&symbol, &[(a, a), (b, b)]), Some(1.0));
        // Always the more frequent one.
        assert_eq!(score(&symbol, &[(a, a), (a, a), (b, a)]), Some(0.0));
        assert_eq!(score(&symbol, &[(a, a)]), None);
        let number = Target::Number(1);
        assert_eq!(score(&number, &[([9.0, 1.0], [0.0, 1.0]), ([9.0, 3.0], [0.0, 3.0])]), Some(1.0));
        assert_eq!(score(&number, &[([9.0, 1.0], [0.0, 2.0]), ([9.0, 3.0], [0.0, 2.0])]), Some(0.0));
        assert_eq!(score(&number, &[([0.0, 2.0], a), ([0.0, 2.0], b)]), None);
        assert_eq!(score(&number, &[]), None);
    }
}
