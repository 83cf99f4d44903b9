//! What a network is made of: its weights, degrees and connections.

use sorn_core::Synapses;

use super::StatsError;
use super::error::{at_least, finite};

/// The log-normal distribution that fits positive values best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    /// The mean of the natural logarithms.
    pub mu: f64,
    /// The standard deviation of the natural logarithms (maximum likelihood: divisor n).
    pub sigma: f64,
    /// The largest log-likelihood; infinite where all values are equal.
    pub log_likelihood: f64,
}

/// Fits a log-normal distribution by maximum likelihood. Zero is an absent synapse and is not fitted: pass
/// the weights of existing synapses.
///
/// # Errors
/// [`StatsError::TooFew`] without a value, [`StatsError::NotAllowed`] where a value is not positive and finite.
pub fn fit_log_normal(weights: &[f64]) -> Result<LogNormal, StatsError> {
    at_least("weights", weights.len(), 1)?;
    finite("weights", weights)?;
    if let Some(index) = weights.iter().position(|w| *w <= 0.0) {
        return Err(StatsError::NotAllowed { argument: "weights", index, value: weights[index] });
    }
    let n = weights.len() as f64;
    let mu = weights.iter().map(|w| w.ln()).sum::<f64>() / n;
    let variance = weights.iter().map(|w| (w.ln() - mu).powi(2)).sum::<f64>() / n;
    let spread = (2.0 * std::f64::consts::PI * variance).ln();
    Ok(LogNormal { mu, sigma: variance.sqrt(), log_likelihood: -n * (mu + 0.5 * spread + 0.5) })
}

/// How many synapses each neuron sends and receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degrees {
    /// For each postsynaptic neuron its incoming synapses.
    pub incoming: Vec<usize>,
    /// For each presynaptic neuron its outgoing synapses.
    pub outgoing: Vec<usize>,
}

impl Degrees {
    /// Of a network's projection, such as [`Network::wee`](sorn_core::Network::wee).
    #[must_use]
    pub fn of(synapses: &Synapses) -> Self {
        let mut degrees = Self { incoming: vec![0; synapses.n_post()], outgoing: vec![0; synapses.n_pre] };
        for (post, incoming) in degrees.incoming.iter_mut().enumerate() {
            for (pre, _) in synapses.column(post).filter(|(_, weight)| *weight != 0.0) {
                *incoming += 1;
                degrees.outgoing[pre as usize] += 1;
            }
        }
        degrees
    }

    /// The degree distribution: how many neurons have degree 0, 1, 2, ... up to the largest. Takes
    /// [`incoming`](Self::incoming) or [`outgoing`](Self::outgoing).
    #[must_use]
    pub fn distribution(of: &[usize]) -> Vec<usize> {
        let mut neurons = vec![0; of.iter().max().map_or(0, |largest| largest + 1)];
        for degree in of {
            neurons[*degree] += 1;
        }
        neurons
    }

    /// The fraction of possible connections that exist, 0 for an empty network. `recurrent` says that pre- and
    /// postsynaptic neurons are the same population, in which no neuron connects to itself.
    #[must_use]
    pub fn connection_fraction(&self, recurrent: bool) -> f64 {
        let pre = self.outgoing.len();
        let post = if recurrent { self.incoming.len().saturating_sub(1) } else { self.incoming.len() };
        let existing: usize = self.incoming.iter().sum();
        if pre * post == 0 { 0.0 } else { existing as f64 / (pre * post) as f64 }
    }
}

/// Counts the synapses (pre, post) of a projection from `pre` to `post` neurons.
///
/// # Errors
/// [`StatsError::OutOfRange`] where a synapse names a neuron that does not exist.
pub fn degrees(
    synapses: impl IntoIterator<Item = (usize, usize)>,
    pre: usize,
    post: usize,
) -> Result<Degrees, StatsError> {
    let mut degrees = Degrees { incoming: vec![0; post], outgoing: vec![0; pre] };
    for (from, to) in synapses {
        let allowed = "less than the number of neurons";
        let missing =
            |argument, neuron: usize| StatsError::OutOfRange { argument, value: neuron as f64, allowed };
        *degrees.outgoing.get_mut(from).ok_or_else(|| missing("presynaptic neuron", from))? += 1;
        *degrees.incoming.get_mut(to).ok_or_else(|| missing("postsynaptic neuron", to))? += 1;
    }
    Ok(degrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_normal_of_known_values() {
        let fit = fit_log_normal(&[1.0, std::f64::consts::E.powi(2)]).unwrap();
        assert!((fit.mu - 1.0).abs() < 1e-15 && (fit.sigma - 1.0).abs() < 1e-15);
        let same = fit_log_normal(&[0.5, 0.5]).unwrap();
        assert_eq!((same.sigma, same.log_likelihood), (0.0, f64::INFINITY));
    }

    #[test]
    fn weights_that_are_none_are_named() {
        assert!(matches!(fit_log_normal(&[]), Err(StatsError::TooFew { .. })));
        for bad in [0.0, -0.5, f64::NAN, f64::INFINITY] {
            assert!(matches!(fit_log_normal(&[0.5, bad]), Err(StatsError::NotAllowed { index: 1, .. })));
        }
    }

    #[test]
    fn degrees_and_fraction() {
        let found = degrees([(0, 1), (0, 2), (2, 1)], 3, 3).unwrap();
        assert_eq!(found, Degrees { incoming: vec![0, 2, 1], outgoing: vec![2, 0, 1] });
        assert_eq!((found.connection_fraction(true), found.connection_fraction(false)), (0.5, 1.0 / 3.0));
        assert_eq!(Degrees::distribution(&found.incoming), [1, 1, 1]);
        assert_eq!(Degrees::distribution(&found.outgoing), [1, 1, 1]);
        assert_eq!(Degrees::distribution(&[3, 0, 3]), [1, 0, 0, 2]);
        assert_eq!(Degrees::distribution(&[]), [0; 0]);
        let mut synapses = Synapses::new(3);
        for column in [&[][..], &[(0, 0.1), (2, 0.3)], &[(0, 0.2), (1, 0.0)]] {
            synapses.push_column(column.iter().copied());
        }
        assert_eq!(Degrees::of(&synapses), found);
        assert_eq!(degrees([], 0, 0).unwrap().connection_fraction(true), 0.0);
        assert_eq!(degrees([], 1, 1).unwrap().connection_fraction(true), 0.0);
        let error = degrees([(0, 3)], 3, 3).unwrap_err().to_string();
        assert!(
            error.starts_with("postsynaptic neuron: expected ") && error.ends_with(", found 3"),
            "{error}"
        );
    }
}
