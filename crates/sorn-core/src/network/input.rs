//! The map from inputs to excitatory neurons.

use crate::rng::{Xoshiro256PlusPlus, below};
use crate::topology::choose;
use crate::{InputError, InputMap, Params};

/// Pools of neurons per input, drawn once; empty for the other maps. Neuron indices ascend in a pool.
pub(crate) fn draw_pools(params: &Params, rng: &mut Xoshiro256PlusPlus) -> Vec<Vec<u32>> {
    let InputMap::Pools { size, overlap } = params.input else { return Vec::new() };
    if overlap {
        return (0..params.nu).map(|_| choose(size, params.ne, rng)).collect();
    }
    // Distinct neurons, shuffled (Fisher & Yates), then dealt out.
    let mut neurons = choose(size * params.nu, params.ne, rng);
    for last in (1..neurons.len()).rev() {
        neurons.swap(last, below(rng, last as u64 + 1) as usize);
    }
    neurons
        .chunks(size)
        .map(|pool| {
            let mut pool = pool.to_vec();
            pool.sort_unstable();
            pool
        })
        .collect()
}

/// Returns an error for a wrong length and for values that are not finite.
pub(crate) fn check(argument: &'static str, values: &[f64], expected: usize) -> Result<(), InputError> {
    if values.len() != expected {
        return Err(InputError::Length { argument, expected, found: values.len() });
    }
    // A sum is finite if every value is, except on overflow, so the slow search is rare.
    if !sum(values).is_finite()
        && let Some(index) = values.iter().position(|value| !value.is_finite())
    {
        return Err(InputError::NotFinite { argument, index, value: values[index] });
    }
    Ok(())
}

/// Adds in sixteen independent running sums.
fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; 16];
    let chunks = values.chunks_exact(16);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value);
    }
    rest + sums.iter().sum::<f64>()
}

/// Spreads an input over the excitatory neurons.
pub(crate) fn spread(params: &Params, pools: &[Vec<u32>], input: &[f64], out: &mut [f64]) {
    let gain = params.input_gain;
    match params.input {
        InputMap::First | InputMap::Direct => {
            for (out, value) in out.iter_mut().zip(input) {
                *out = gain * value;
            }
        }
        InputMap::Pools { .. } => {
            out.fill(0.0);
            for (pool, value) in pools.iter().zip(input) {
                for &neuron in pool {
                    out[neuron as usize] += gain * value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    #[test]
    fn refuses_nan_infinity_and_wrong_length() {
        assert!(check("input", &[0.0, 1.0], 2).is_ok());
        assert!(check("input", &[f64::MAX, f64::MAX], 2).is_ok());
        let error = check("input", &[0.0, f64::INFINITY], 2).unwrap_err();
        assert_eq!(error.to_string(), "input[1]: expected a finite number, found inf");
        assert!(check("input", &[f64::NAN], 1).is_err());
        let mut many = [1.0; 50];
        assert!(check("input", &many, 50).is_ok());
        many[30] = f64::NAN;
        assert!(check("input", &many, 50).unwrap_err().to_string().starts_with("input[30]"));
        assert!(check("input", &[], 1).is_err());
    }

    #[test]
    fn pools_are_disjoint_unless_they_overlap() {
        let params = |overlap| Params { input: InputMap::Pools { size: 20, overlap }, ..Params::default() };
        let rng = &mut stream(1, "topology");
        let mut all: Vec<u32> = draw_pools(&params(false), rng).concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 200);
        let pools = draw_pools(&params(true), rng);
        assert!(pools.iter().all(|pool| pool.len() == 20 && pool.windows(2).all(|w| w[0] < w[1])));
    }
}
