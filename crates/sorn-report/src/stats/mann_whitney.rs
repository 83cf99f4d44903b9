//! The Mann-Whitney rank test: does one sample tend to larger values than the other?

use super::StatsError;
use super::error::{at_least, no_nan};
use super::normal::normal_upper_tail;

/// Up to this many values per sample the exact distribution is used (where there are no ties).
const EXACT_UP_TO: usize = 50;

/// The result of [`mann_whitney`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// The statistic of the first sample: how many pairs (one value of each sample) have the larger value
    /// in the first, ties counted half. Between 0 and the product of the sample sizes.
    pub u: f64,
    /// The two-sided p-value.
    pub p: f64,
    /// Whether `p` comes from the exact distribution of `u`, not from the normal approximation.
    pub exact: bool,
}

/// The two-sided Mann-Whitney U test (Mann and Whitney 1947).
///
/// Without ties and with at most 50 values per sample, `p` is exact. Otherwise it comes from the normal
/// approximation with the correction for ties and for continuity, as in
/// `scipy.stats.mannwhitneyu(a, b, method="asymptotic")`. If all values are equal, `p` is 1.
///
/// Values may be infinite: only their order counts. A run that never solved its task is thus
/// `f64::INFINITY` episodes, tied with the other unsolved ones.
///
/// # Errors
/// [`StatsError`] where a sample is empty or has a NaN.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Result<MannWhitney, StatsError> {
    at_least("a", a.len(), 1)?;
    at_least("b", b.len(), 1)?;
    no_nan("a", a)?;
    no_nan("b", b)?;
    let (rank_sum, ties) = rank_sum_of_first(a, b);
    let (m, n) = (a.len() as f64, b.len() as f64);
    let u = rank_sum - m * (m + 1.0) / 2.0;
    let larger = u.max(m * n - u);
    let exact = ties == 0.0 && a.len() <= EXACT_UP_TO && b.len() <= EXACT_UP_TO;
    let p = if exact {
        2.0 * tail(a.len(), b.len(), larger as usize)
    } else {
        let total = m + n;
        let variance = m * n / 12.0 * ((total + 1.0) - ties / (total * (total - 1.0)));
        if variance <= 0.0 {
            1.0
        } else {
            2.0 * normal_upper_tail((larger - m * n / 2.0 - 0.5) / variance.sqrt())
        }
    };
    Ok(MannWhitney { u, p: p.min(1.0), exact })
}

/// Sum of the first sample's mid-ranks in both samples together, and the sum of t^3 - t over groups of t ties.
fn rank_sum_of_first(a: &[f64], b: &[f64]) -> (f64, f64) {
    let mut all: Vec<(f64, bool)> =
        a.iter().map(|v| (*v, true)).chain(b.iter().map(|v| (*v, false))).collect();
    all.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    // `==`, not the total order: -0.0 and 0.0 are a tie.
    for group in all.chunk_by(|x, y| x.0 == y.0) {
        let size = group.len() as f64;
        let rank = before + (size + 1.0) / 2.0;
        rank_sum += rank * group.iter().filter(|(_, first)| *first).count() as f64;
        ties += size * size * size - size;
        before += size;
    }
    (rank_sum, ties)
}

/// P(U >= u) under the null hypothesis for samples of m and n without ties.
///
/// The number of arrangements with U = k is the coefficient of x^k in the Gaussian binomial coefficient
/// (m + n choose m), a product of (1 - x^(n+i)) / (1 - x^i) for i = 1..=m.
fn tail(m: usize, n: usize, u: usize) -> f64 {
    let top = m * n;
    let mut counts = vec![0.0; top + 1];
    counts[0] = 1.0;
    for i in 1..=m {
        for k in (n + i..=top).rev() {
            counts[k] -= counts[k - n - i];
        }
        for k in i..=top {
            counts[k] += counts[k - i];
        }
    }
    let all: f64 = counts.iter().sum();
    counts[u.min(top)..].iter().sum::<f64>() / all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exact_values_of_small_samples() {
        // Of the 20 ways to choose 3 ranks of 6 one gives U = 0 and one U = 9.
        let test = mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).unwrap();
        assert_eq!((test.u, test.exact), (0.0, true));
        assert!((test.p - 0.1).abs() < 1e-15);
        assert_eq!(mann_whitney(&[1.0], &[2.0]).unwrap().p, 1.0);
    }

    #[test]
    fn the_counts_stay_exact_at_the_largest_size() {
        // Symmetry and the total, which is 100 choose 50, hold to rounding.
        let all = tail(50, 50, 0);
        assert!((all - 1.0).abs() < 1e-12);
        let upper = tail(50, 50, 1251);
        let lower = 1.0 - tail(50, 50, 1250);
        assert!((upper - lower).abs() < 1e-12, "{upper} {lower}");
    }

    #[test]
    fn equal_and_unsolved_runs() {
        assert_eq!(mann_whitney(&[1.0; 4], &[1.0; 5]).unwrap().p, 1.0);
        let inf = f64::INFINITY;
        let test = mann_whitney(&[100.0, 110.0, inf], &[inf, inf, inf]).unwrap();
        assert_eq!(test.u, 1.5);
        assert!(test.p < 1.0 && !test.exact);
    }

    #[test]
    fn bad_arguments_are_named() {
        assert!(matches!(mann_whitney(&[], &[1.0]), Err(StatsError::TooFew { argument: "a", .. })));
        assert!(matches!(
            mann_whitney(&[1.0], &[f64::NAN]),
            Err(StatsError::NotAllowed { argument: "b", .. })
        ));
    }

    proptest! {
        #[test]
        fn swapping_the_samples_mirrors_u_and_keeps_p(
            a in prop::collection::vec(0..12u8, 1..15),
            b in prop::collection::vec(0..12u8, 1..15),
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) =
                (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
            let (ab, ba) = (mann_whitney(&a, &b).unwrap(), mann_whitney(&b, &a).unwrap());
            prop_assert_eq!(ab.u + ba.u, (a.len() * b.len()) as f64);
            prop_assert!((ab.p - ba.p).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&ab.p));
        }
    }
}
