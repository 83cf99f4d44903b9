//! How much weights change, by how large they are.

use sorn_core::Synapses;

use super::StatsError;
use super::error::at_least;

/// What becomes of the synapses that two looks have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightChanges {
    /// Weights at the first look.
    pub before: Vec<f64>,
    /// Weights at the second look, in the same order.
    pub after: Vec<f64>,
}

impl WeightChanges {
    /// The synapses whose weights are above `above` at both looks.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for projections of different sizes.
    pub fn between(before: &Synapses, after: &Synapses, above: f64) -> Result<WeightChanges, StatsError> {
        if before.n_post() != after.n_post() {
            let (value, allowed) = (after.n_post() as f64, "as many postsynaptic neurons as before");
            return Err(StatsError::OutOfRange { argument: "after", value, allowed });
        }
        let mut changes = WeightChanges { before: Vec::new(), after: Vec::new() };
        for post in 0..before.n_post() {
            let mut later = after.column(post).peekable();
            for (pre, weight) in before.column(post) {
                while later.next_if(|(other, _)| *other < pre).is_some() {}
                if let Some((_, new)) = later.next_if(|(other, _)| *other == pre)
                    && weight > above
                    && new > above
                {
                    changes.before.push(weight);
                    changes.after.push(new);
                }
            }
        }
        Ok(changes)
    }

    /// Spearman's rank correlation of the weight with the size of its change, |after - before|.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for fewer than three synapses, [`StatsError::Undefined`] if all weights or changes are equal.
    pub fn absolute_correlation(&self) -> Result<f64, StatsError> {
        self.correlation(|before, after| (after - before).abs())
    }

    /// Spearman's rank correlation of the weight with the relative size of its change, |after - before| / before: negative if
    /// small weights change more, as Zheng, Dimitrakakis and Triesch 2013 find.
    ///
    /// # Errors
    /// As [`absolute_correlation`](Self::absolute_correlation).
    pub fn relative_correlation(&self) -> Result<f64, StatsError> {
        self.correlation(|before, after| (after - before).abs() / before)
    }

    fn correlation(&self, change: impl Fn(f64, f64) -> f64) -> Result<f64, StatsError> {
        at_least("synapses", self.before.len(), 3)?;
        let changes: Vec<f64> = self.before.iter().zip(&self.after).map(|(b, a)| change(*b, *a)).collect();
        let (x, y) = (ranks(&self.before), ranks(&changes));
        let n = x.len() as f64;
        let mean = 0.5 * (n + 1.0);
        let (mut shared, mut spread_x, mut spread_y) = (0.0, 0.0, 0.0);
        for (x, y) in x.iter().zip(&y) {
            shared += (x - mean) * (y - mean);
            spread_x += (x - mean).powi(2);
            spread_y += (y - mean).powi(2);
        }
        let found = shared / (spread_x * spread_y).sqrt();
        match found.is_finite() {
            true => Ok(found),
            false => Err(StatsError::Undefined("equal weights or changes have no correlation")),
        }
    }
}

/// Ranks from 1, equal values sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + 0.5 * (equal.len() as f64 + 1.0);
        equal.iter().for_each(|index| ranks[*index] = rank);
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synapses(columns: &[&[(u32, f64)]]) -> Synapses {
        let mut synapses = Synapses::new(9);
        columns.iter().for_each(|column| synapses.push_column(column.iter().copied()));
        synapses
    }

    #[test]
    fn common_synapses_are_paired() {
        let before = synapses(&[&[(1, 0.1), (4, 0.2), (5, 0.3)], &[(2, 0.4)]]);
        let after = synapses(&[&[(0, 0.9), (4, 0.25), (5, 0.001)], &[(2, 0.5), (3, 0.1)]]);
        let found = WeightChanges::between(&before, &after, 0.01).unwrap();
        assert_eq!(found, WeightChanges { before: vec![0.2, 0.4], after: vec![0.25, 0.5] });
        assert!(WeightChanges::between(&before, &synapses(&[&[]]), 0.0).is_err());
        assert!(matches!(found.absolute_correlation(), Err(StatsError::TooFew { found: 2, .. })));
    }

    #[test]
    fn the_same_change_is_relatively_larger_in_small_weights() {
        let before: Vec<f64> = (1..=20).map(|i| f64::from(i) * 0.01).collect();
        let after = before.iter().map(|w| w + 0.005).collect();
        let found = WeightChanges { before: before.clone(), after };
        assert!((found.relative_correlation().unwrap() + 1.0).abs() < 1e-12);
        let grown = WeightChanges { after: before.iter().map(|w| w * w).collect(), before };
        assert!(grown.absolute_correlation().unwrap() > 0.9);
        let equal = WeightChanges { before: vec![0.1; 4], after: vec![0.2, 0.3, 0.4, 0.5] };
        assert!(matches!(equal.absolute_correlation(), Err(StatsError::Undefined(_))));
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
    }
}
