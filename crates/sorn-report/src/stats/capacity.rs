//! Memory capacity: how long a reservoir remembers its input.

use sorn_readout::Ridge;

use super::error::{at_least, finite};
use super::interrupt::heed;
use super::{StatsError, scaled};
use crate::SpikeTrains;

/// How much of the input of `lag` steps ago can be read from the spikes.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryCapacity {
    /// For each lag from 0 the squared correlation of the input then and the best linear readout's guess, between 0 and 1.
    pub by_lag: Vec<f64>,
}

impl MemoryCapacity {
    /// The memory capacity: the sum over lags from 1 on, as Jaeger 2001 defines it. Never above the number of neurons.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.by_lag.iter().skip(1).sum()
    }
}

/// The memory capacity of a reservoir driven by one random input (Jaeger 2001, "Short term memory in echo state
/// networks"). For each lag from 0 to `lags` a linear readout with constant is fitted by ridge regression to the first
/// `training` steps: it guesses from the spikes of a step the `input` of `lag` steps before. The guesses are then
/// compared with the input on the remaining steps, so that a readout that only learnt by heart scores nothing.
///
/// `input[t]` is what the network was given in the step that made the spikes of step `t`; its values should be
/// independent and of one distribution. The bias that remains is of the order of 1 / steps for each lag.
///
/// # Errors
/// [`StatsError::OutOfRange`] where `input` is not as long as the recording, or `ridge` not above 0 or too small for neurons
/// that fire almost alike,
/// [`StatsError::TooFew`] for fewer than two steps after `lags` to train on or to compare,
/// [`StatsError::Undefined`] for constant input there, [`StatsError::NotAllowed`] for input that is not finite.
pub fn memory_capacity(
    spikes: &SpikeTrains,
    input: &[f64],
    lags: usize,
    training: usize,
    ridge: f64,
) -> Result<MemoryCapacity, StatsError> {
    if input.len() as u64 != spikes.steps() {
        let (value, allowed) = (input.len() as f64, "as many as the recording has steps");
        return Err(StatsError::OutOfRange { argument: "number of inputs", value, allowed });
    }
    if !(ridge > 0.0 && ridge.is_finite()) {
        return Err(StatsError::OutOfRange { argument: "ridge", value: ridge, allowed: "a number above 0" });
    }
    finite("input", input)?;
    let (input, _) = scaled(input);
    at_least("training steps after the lags", training.saturating_sub(lags), 2)?;
    at_least("steps after the training", input.len().saturating_sub(training), 2)?;
    let mut states = vec![Vec::new(); input.len()];
    for (neuron, train) in (0_u32..).zip(spikes.iter()) {
        train.iter().for_each(|step| states[*step as usize].push(neuron));
    }
    let bias = spikes.neurons();
    let features =
        |state: &[u32]| state.iter().map(|i| (*i, 1.0)).chain([(bias as u32, 1.0)]).collect::<Vec<_>>();
    let refused = |_| StatsError::OutOfRange {
        argument: "ridge",
        value: ridge,
        allowed: "more, as some neurons fire almost alike",
    };
    let mut fit = Ridge::new(bias + 1, lags + 1).map_err(refused)?;
    let mut targets = vec![0.0; lags + 1];
    for step in lags..training {
        heed()?;
        targets.iter_mut().enumerate().for_each(|(lag, target)| *target = input[step - lag]);
        fit.learn_sparse(features(&states[step]).into_iter(), &targets).map_err(refused)?;
    }
    // The constant is not shrunk. Neurons that always fire together need a ridge that does not drown in rounding.
    let mut penalties = vec![ridge; bias];
    penalties.push(0.0);
    let readout = fit.solve_each(&penalties).map_err(refused)?;
    let by_lag = (0..=lags)
        .map(|lag| {
            heed()?;
            let weights = &readout.weights()[lag * (bias + 1)..];
            // A constant added to every guess changes no correlation.
            let guesses = states[training..].iter().map(|s| s.iter().map(|i| weights[*i as usize]).sum());
            squared_correlation(guesses.collect(), &input[training - lag..input.len() - lag])
                .ok_or(StatsError::Undefined("constant input cannot be remembered"))
        })
        .collect::<Result<_, _>>()?;
    Ok(MemoryCapacity { by_lag })
}

/// None where `input` is constant; 0 where the guesses are.
fn squared_correlation(guesses: Vec<f64>, input: &[f64]) -> Option<f64> {
    let n = input.len() as f64;
    let (mean_g, mean_u) = (guesses.iter().sum::<f64>() / n, input.iter().sum::<f64>() / n);
    let (mut shared, mut spread_g, mut spread_u) = (0.0, 0.0, 0.0);
    for (g, u) in guesses.iter().zip(input) {
        shared += (g - mean_g) * (u - mean_u);
        spread_g += (g - mean_g).powi(2);
        spread_u += (u - mean_u).powi(2);
    }
    if spread_u == 0.0 {
        return None;
    }
    Some(if spread_g == 0.0 { 0.0 } else { (shared * shared / (spread_g * spread_u)).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_core::rng::{stream, uniform};

    /// Neuron j spikes where the random bit of j steps ago was set: a shift register.
    fn register(neurons: u64, steps: u64) -> (SpikeTrains, Vec<f64>) {
        let rng = &mut stream(1, "test");
        let input: Vec<f64> = (0..steps).map(|_| f64::from(u8::from(uniform(rng) < 0.5))).collect();
        let train = |lag: u64| (lag..steps).filter(|t| input[(t - lag) as usize] == 1.0).collect();
        (SpikeTrains::new((0..neurons).map(train).collect(), steps).unwrap(), input)
    }

    #[test]
    fn a_shift_register_remembers_as_long_as_it_is() {
        let (spikes, input) = register(6, 20_000);
        let found = memory_capacity(&spikes, &input, 15, 10_000, 1e-3).unwrap();
        assert_eq!(found.by_lag.len(), 16);
        assert!(found.by_lag[..6].iter().all(|c| *c > 1.0 - 1e-9), "{found:?}");
        // Ten lags of nothing: squared correlations of independent data, 1/10,000 each on average.
        assert!(found.by_lag[6..].iter().all(|c| *c < 0.002), "{found:?}");
        assert!((found.total() - 5.0).abs() < 0.005, "{}", found.total());
    }

    #[test]
    fn twins_need_a_ridge() {
        let (spikes, input) = register(1, 100);
        let twins = SpikeTrains::new(vec![spikes.train(0).to_vec(); 2], 100).unwrap();
        let error = memory_capacity(&twins, &input, 2, 50, 1e-300).unwrap_err();
        assert!(matches!(error, StatsError::OutOfRange { argument: "ridge", .. }), "{error}");
        assert!(memory_capacity(&twins, &input, 2, 50, 1e-6).is_ok());
    }

    #[test]
    fn silent_neurons_remember_nothing() {
        let (_, input) = register(1, 100);
        let silent = SpikeTrains::new(vec![vec![]; 3], 100).unwrap();
        assert_eq!(memory_capacity(&silent, &input, 2, 50, 1.0).unwrap().by_lag, [0.0; 3]);
        let none = SpikeTrains::new(vec![], 100).unwrap();
        assert_eq!(memory_capacity(&none, &input, 2, 50, 1.0).unwrap().total(), 0.0);
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let (spikes, input) = register(2, 100);
        let of = |input: &[f64], lags, training, ridge| {
            memory_capacity(&spikes, input, lags, training, ridge).unwrap_err()
        };
        assert!(of(&input[1..], 2, 50, 1.0).to_string().ends_with(", found 99"));
        assert!(matches!(of(&input, 2, 50, 0.0), StatsError::OutOfRange { argument: "ridge", .. }));
        assert!(matches!(of(&input, 2, 50, f64::NAN), StatsError::OutOfRange { argument: "ridge", .. }));
        assert!(matches!(of(&input, 60, 50, 1.0), StatsError::TooFew { found: 0, .. }));
        assert!(matches!(of(&input, 2, 99, 1.0), StatsError::TooFew { found: 1, .. }));
        assert!(matches!(of(&[0.5; 100], 2, 50, 1.0), StatsError::Undefined(_)));
        let mut bad = input.clone();
        bad[7] = f64::NAN;
        assert!(matches!(of(&bad, 2, 50, 1.0), StatsError::NotAllowed { index: 7, .. }));
    }
}
