//! Whether a small perturbation of a network grows or dies.

use ndarray::ArrayView2;
use sorn_core::{Error, Network};

use super::StatsError;
use super::error::at_least;
use super::interrupt::heed;

/// The growth of a perturbation: two copies of the network as it stands, in one of which excitatory neuron `neuron` is
/// flipped from silent to active or back, get the same `inputs` (steps, inputs) and the same noise. The answer has one
/// number more than there are steps: the Hamming distance of their excitatory activities, 1 before the first step, then
/// after each (Bertschinger and Natschlager 2004, doi 10.1162/089976604323057443).
///
/// Whatever is plastic stays so, in both copies: freeze the network ([`Network::set_frozen`]) to measure its dynamics
/// alone.
///
/// # Errors
/// [`StatsError::OutOfRange`] where there is no such neuron, [`StatsError::Network`] where the network refuses an input or
/// has rules beside the built-in ones, which a copy cannot be given.
pub fn perturbation_growth(
    network: &Network,
    neuron: usize,
    inputs: ArrayView2<'_, f64>,
) -> Result<Vec<u64>, StatsError> {
    if neuron >= network.ne() {
        let allowed = "less than the number of excitatory neurons";
        return Err(StatsError::OutOfRange { argument: "neuron", value: neuron as f64, allowed });
    }
    let state = network.state();
    let mut flipped = state.clone();
    let (active, neuron) = (&mut flipped.x[1], neuron as u32);
    match active.binary_search(&neuron) {
        Ok(at) => drop(active.remove(at)),
        Err(at) => active.insert(at, neuron),
    }
    let mut twins =
        [Network::from_state(network.params(), state)?, Network::from_state(network.params(), flipped)?];
    let mut growth = vec![1];
    let mut input = vec![0.0; inputs.ncols()];
    for row in inputs.rows() {
        heed()?;
        input.iter_mut().zip(row).for_each(|(input, value)| *input = *value);
        for twin in &mut twins {
            twin.step(&input).map_err(Error::from)?;
        }
        growth.push(differing(twins[0].activity().spikes_e, twins[1].activity().spikes_e));
    }
    Ok(growth)
}

/// How many numbers are in one of two ascending lists and not in the other.
fn differing(a: &[u32], b: &[u32]) -> u64 {
    let shared = a.iter().filter(|i| b.binary_search(i).is_ok()).count();
    (a.len() + b.len() - 2 * shared) as u64
}

/// An estimate of the largest Lyapunov exponent, per step: the logarithm of the mean distance `steps` steps after
/// perturbations of size 1, over `steps`. `growth` holds the answers of [`perturbation_growth`] for several neurons and
/// moments. Above 0 perturbations grow (chaos), below they die (order). A finite network saturates: take few steps. After one,
/// e to this power is the mean number of neurons that one neuron's flip changes.
///
/// # Errors
/// [`StatsError::TooFew`] without a perturbation or where one was not followed for so long,
/// [`StatsError::OutOfRange`] for 0 steps, [`StatsError::Undefined`] where every perturbation has died.
pub fn lyapunov_exponent(growth: &[Vec<u64>], steps: usize) -> Result<f64, StatsError> {
    if steps == 0 {
        return Err(StatsError::OutOfRange { argument: "steps", value: 0.0, allowed: "1 or more" });
    }
    at_least("growth", growth.len(), 1)?;
    let mut sum = 0.0;
    for distances in growth {
        at_least("distances of a perturbation", distances.len(), steps + 1)?;
        sum += distances[steps] as f64 / distances[0].max(1) as f64;
    }
    if sum == 0.0 {
        return Err(StatsError::Undefined("every perturbation has died: the exponent is below any number"));
    }
    Ok((sum / growth.len() as f64).ln() / steps as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use sorn_core::{Params, PlasticityRule, RuleContext, Rules, State, Synapses};

    /// A ring: neuron i drives neuron i + 1 so strongly that nothing else matters.
    fn ring(ne: usize, targets: usize) -> Network {
        let params = Params {
            ne,
            nu: 1,
            ni: Some(1),
            lambda_ee: 1.0.into(),
            lambda_ei: 1.0.into(),
            noise_sd: 0.0,
            ..Params::default()
        };
        let mut wee = Synapses::new(ne);
        for post in 0..ne {
            let mut sources: Vec<u32> =
                (1..=targets).map(|distance| ((post + ne - distance) % ne) as u32).collect();
            sources.sort_unstable();
            wee.push_column(sources.into_iter().map(|pre| (pre, 1.0)));
        }
        let (mut wei, mut wie) = (Synapses::new(1), Synapses::new(ne));
        (0..ne).for_each(|_| wei.push_column([]));
        wie.push_column((0..ne as u32).map(|pre| (pre, 0.001)));
        let state = State {
            wee,
            wei,
            wie,
            te: vec![0.5; ne],
            frozen: Rules::all(),
            ..Network::new(&params, 1).unwrap().state()
        };
        Network::from_state(&params, state).unwrap()
    }

    #[test]
    fn a_ring_passes_a_perturbation_on() {
        let growth = perturbation_growth(&ring(12, 1), 5, Array2::zeros((30, 1)).view()).unwrap();
        assert_eq!(growth, [1; 31]);
        assert_eq!(lyapunov_exponent(&[growth], 10).unwrap(), 0.0);
    }

    #[test]
    fn two_targets_each_spread_it() {
        // One neuron, then its two followers, then the three after them, until the whole ring differs.
        let growth = perturbation_growth(&ring(12, 2), 5, Array2::zeros((14, 1)).view()).unwrap();
        assert_eq!(growth[..5], [1, 2, 3, 4, 5]);
        assert_eq!(growth[11..], [12; 4]);
        assert!((lyapunov_exponent(&[growth.clone(), growth], 1).unwrap() - 2.0_f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn a_network_that_sorn_makes() {
        let mut network = Network::new(&Params::default(), 2).unwrap();
        let input = |step: usize| [if step.is_multiple_of(2) { 1.0 } else { 0.0 }; 10];
        for step in 0..500 {
            network.step(&input(step)).unwrap();
        }
        let inputs = Array2::from_shape_fn((6, 10), |(step, _)| input(step)[0]);
        let before = network.state();
        let growth: Vec<Vec<u64>> =
            (0..200).map(|neuron| perturbation_growth(&network, neuron, inputs.view()).unwrap()).collect();
        assert_eq!(network.state(), before, "the network itself has not moved");
        // The same by hand: two networks, one after the other, their activities side by side.
        let flipped = before.x[1][0];
        let mut state = before.clone();
        state.x[1].remove(0);
        let courses = [before, state].map(|state| {
            let mut twin = Network::from_state(network.params(), state).unwrap();
            (0..6).map(|step| twin.step(&input(step)).unwrap().spikes_e.to_vec()).collect::<Vec<_>>()
        });
        for (step, distance) in growth[flipped as usize][1..].iter().enumerate() {
            let active = |twin: usize, i| courses[twin][step].contains(&i);
            let wanted = (0..200).filter(|i| active(0, *i) != active(1, *i)).count();
            assert_eq!(*distance, wanted as u64);
        }
        assert!(growth.iter().all(|g| g.len() == 7 && g[0] == 1));
        assert!(lyapunov_exponent(&growth, 1).unwrap().is_finite());
    }

    #[derive(Clone, Debug)]
    struct Nothing;

    impl PlasticityRule for Nothing {
        fn name(&self) -> &str {
            "nothing"
        }
        fn apply(&mut self, _: &mut RuleContext<'_>) {}
        fn clone_box(&self) -> Box<dyn PlasticityRule> {
            Box::new(Self)
        }
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let mut ring = ring(5, 1);
        let of = |ring: &Network, neuron, inputs| {
            perturbation_growth(ring, neuron, Array2::zeros((3, inputs)).view()).unwrap_err().to_string()
        };
        assert!(of(&ring, 5, 1).ends_with("number of excitatory neurons, found 5"));
        assert!(of(&ring, 0, 2).contains("found 2"));
        ring.add_rule(0, Box::new(Nothing));
        assert!(of(&ring, 0, 1).contains("memories"));
        assert!(matches!(lyapunov_exponent(&[], 1), Err(StatsError::TooFew { argument: "growth", .. })));
        assert!(matches!(lyapunov_exponent(&[vec![1, 1]], 0), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(lyapunov_exponent(&[vec![1, 1]], 2), Err(StatsError::TooFew { found: 2, .. })));
        assert!(matches!(lyapunov_exponent(&[vec![1, 0]], 1), Err(StatsError::Undefined(_))));
    }
}
