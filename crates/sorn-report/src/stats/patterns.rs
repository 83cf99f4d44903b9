//! Distributions of activity patterns and the divergence between them.

use std::collections::BTreeMap;

use super::StatsError;

/// How often each pattern of up to 32 neurons occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    neurons: u32,
    counts: BTreeMap<u32, u64>,
    total: u64,
}

impl Patterns {
    /// No pattern of `neurons` neurons yet.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for no neuron or more than 32.
    pub fn new(neurons: u32) -> Result<Patterns, StatsError> {
        if neurons == 0 || neurons > 32 {
            let (value, allowed) = (f64::from(neurons), "1 to 32");
            return Err(StatsError::OutOfRange { argument: "neurons", value, allowed });
        }
        Ok(Patterns { neurons, ..Patterns::default() })
    }

    /// Counts a pattern: bit k is neuron k's.
    pub fn push(&mut self, pattern: u32) {
        *self.counts.entry(pattern).or_default() += 1;
        self.total += 1;
    }

    /// Patterns counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Different patterns counted.
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// How often a pattern was counted.
    pub fn count(&self, pattern: u32) -> u64 {
        self.counts.get(&pattern).copied().unwrap_or(0)
    }
}

/// The Kullback-Leibler divergence D(p||q) in bits of two distributions of patterns, each with `added` to the count of every
/// possible pattern, so that none is impossible (Hartmann et al. 2015 and Berkes et al. 2011 add 1).
///
/// # Errors
/// [`StatsError::OutOfRange`] for patterns of different numbers of neurons, and `added` that is not positive and finite.
pub fn pattern_divergence(p: &Patterns, q: &Patterns, added: f64) -> Result<f64, StatsError> {
    if p.neurons != q.neurons {
        let (value, allowed) = (f64::from(q.neurons), "as many neurons in both");
        return Err(StatsError::OutOfRange { argument: "neurons", value, allowed });
    }
    if !(added > 0.0 && added.is_finite()) {
        return Err(StatsError::OutOfRange { argument: "added", value: added, allowed: "a positive number" });
    }
    let possible = f64::from(p.neurons).exp2();
    let total = |of: &Patterns| of.total as f64 + added * possible;
    let term = |in_p: u64, in_q: u64| {
        let (a, b) = ((in_p as f64 + added) / total(p), (in_q as f64 + added) / total(q));
        a * (a / b).log2()
    };
    let seen: std::collections::BTreeSet<u32> = p.counts.keys().chain(q.counts.keys()).copied().collect();
    let unseen = (possible - seen.len() as f64) * term(0, 0);
    let sum: f64 = seen.iter().map(|pattern| term(p.count(*pattern), q.count(*pattern))).sum();
    Ok((sum + unseen).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(neurons: u32, patterns: &[u32]) -> Patterns {
        let mut found = Patterns::new(neurons).unwrap();
        patterns.iter().for_each(|pattern| found.push(*pattern));
        found
    }

    #[test]
    fn divergence_of_known_distributions() {
        // (3, 1) and (1, 3) of 4, with 1 added each time: 2/3, 1/3 and the reverse.
        let (p, q) = (of(1, &[0, 0, 0, 1]), of(1, &[1, 1, 1, 0]));
        let wanted = (4.0 / 6.0) * (4.0_f64 / 2.0).log2() + (2.0 / 6.0) * (2.0_f64 / 4.0).log2();
        assert!((pattern_divergence(&p, &q, 1.0).unwrap() - wanted).abs() < 1e-15);
        assert_eq!(pattern_divergence(&p, &p, 1.0).unwrap(), 0.0);
        assert_eq!((p.total(), p.distinct(), p.count(0)), (4, 2, 3));
        // Patterns that neither shows count as well.
        let (p, q) = (of(16, &[5; 100]), of(16, &[7; 100]));
        let dense = |own: u32| {
            let mut all = vec![1.0_f64 / (100.0 + 65_536.0); 65_536];
            all[own as usize] *= 101.0;
            all
        };
        let (a, b) = (dense(5), dense(7));
        let wanted: f64 = a.iter().zip(&b).map(|(a, b): (&f64, &f64)| a * (a / b).log2()).sum();
        assert!((pattern_divergence(&p, &q, 1.0).unwrap() - wanted).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(Patterns::new(0).is_err() && Patterns::new(33).is_err());
        assert!(pattern_divergence(&of(3, &[]), &of(4, &[]), 1.0).is_err());
        assert!(pattern_divergence(&of(3, &[]), &of(3, &[]), 0.0).is_err());
    }
}
