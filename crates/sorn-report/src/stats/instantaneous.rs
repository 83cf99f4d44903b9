//! The rate of a neuron at each moment.

use super::StatsError;
use super::interrupt::heed;

/// The kernel is cut off at this many standard deviations.
const CUTOFF: f64 = 5.0;

/// The firing rate at each of `steps` steps, in spikes per step: every spike of the train is spread over time by a
/// Gaussian of standard deviation `sigma` steps, cut off at 5 of them (Elephant's `instantaneous_rate`). What
/// falls beyond the ends of the recording is lost, so the rate is underestimated near them. 0 throughout for
/// a silent neuron.
///
/// # Errors
/// [`StatsError::OutOfRange`] where `sigma` is below 1 step, too narrow to be sampled at whole steps, or not finite.
pub fn instantaneous_rate(train: &[u64], steps: u64, sigma: f64) -> Result<Vec<f64>, StatsError> {
    if !(sigma >= 1.0 && sigma.is_finite()) {
        return Err(StatsError::OutOfRange { argument: "sigma", value: sigma, allowed: "1 step or more" });
    }
    // No further than any spike can reach.
    let reach = ((CUTOFF * sigma).ceil() as u64).min(steps);
    let scale = 1.0 / (sigma * (2.0 * std::f64::consts::PI).sqrt());
    let kernel: Vec<f64> =
        (0..=reach).map(|distance| scale * (-0.5 * (distance as f64 / sigma).powi(2)).exp()).collect();
    let mut rate = vec![0.0; steps as usize];
    for &spike in train.iter().filter(|spike| **spike < steps) {
        heed()?;
        let (spike, reach) = (spike as usize, reach as usize);
        let first = spike.saturating_sub(reach);
        for (step, rate) in rate.iter_mut().enumerate().take(spike + reach + 1).skip(first) {
            *rate += kernel[step.abs_diff(spike)];
        }
    }
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_single_spike_is_a_gaussian() {
        let rate = instantaneous_rate(&[50], 101, 4.0).unwrap();
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() / 4.0;
        for (step, wanted) in [(50, density(0.0)), (46, density(1.0)), (60, density(2.5)), (70, density(5.0))]
        {
            assert!((rate[step] - wanted).abs() < 1e-16);
        }
        assert_eq!((rate[71], rate[0]), (0.0, 0.0));
        assert!((rate.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn edges_of_the_question() {
        assert_eq!(instantaneous_rate(&[], 3, 1.0).unwrap(), [0.0; 3]);
        assert_eq!(instantaneous_rate(&[], 0, 1.0).unwrap(), [0.0; 0]);
        assert!(instantaneous_rate(&[0], 1, 1e300).unwrap()[0] > 0.0);
        for sigma in [0.5, 0.0, -1.0, f64::NAN, f64::INFINITY] {
            let found = instantaneous_rate(&[0], 3, sigma);
            assert!(matches!(found, Err(StatsError::OutOfRange { argument: "sigma", .. })), "{found:?}");
        }
    }

    proptest! {
        #[test]
        fn trains_add_up(spikes in prop::collection::btree_set(0..300u64, 0..60), sigma in 1.0..40.0) {
            let train: Vec<u64> = spikes.into_iter().collect();
            let whole = instantaneous_rate(&train, 300, sigma).unwrap();
            let mut sum = vec![0.0; 300];
            for spike in &train {
                let one = instantaneous_rate(&[*spike], 300, sigma).unwrap();
                sum.iter_mut().zip(one).for_each(|(sum, one)| *sum += one);
            }
            prop_assert!(whole.iter().zip(&sum).all(|(a, b)| (a - b).abs() < 1e-12));
            prop_assert!(whole.iter().sum::<f64>() <= train.len() as f64 * (1.0 + 1e-8));
        }
    }
}
