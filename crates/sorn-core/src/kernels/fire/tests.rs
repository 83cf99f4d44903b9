//! Every level against plain Rust.

use super::*;
use crate::rng::{Xoshiro256PlusPlus, below, stream, uniform};
use crate::simd::Level;
use crate::topology::choose;

fn numbers(n: usize, rng: &mut Xoshiro256PlusPlus) -> Neurons {
    // Quarters, so that some drives meet their thresholds exactly.
    let numbers: Vec<f64> = (0..n).map(|_| (4.0 * uniform(rng)).floor() / 4.0).collect();
    Neurons::from(&numbers[..])
}

fn bits(neurons: &Neurons) -> Vec<u64> {
    neurons.iter().map(|value| value.to_bits()).collect()
}

/// Every level gives the same result as a loop over single neurons, for any number of neurons.
#[test]
fn every_level_tells_the_same() {
    Level::available().into_iter().for_each(tells_the_same);
}

fn tells_the_same(level: Level) {
    let rng = &mut stream(5, "test");
    for n in 1..120 {
        let [excitation, inhibition, noise, input, thresholds] = std::array::from_fn(|_| numbers(n, rng));
        let inclusive = below(rng, 2) == 0;
        let drives = Drives { excitation: &excitation, noise: &noise, thresholds: &thresholds, inclusive };
        let fires = |total: f64| if inclusive { total >= 0.0 } else { total > 0.0 };
        let before = choose(n / 3, n, rng);
        let mut spikes = SpikeMask::new(n, &[], &before);
        let (mut recurrent, mut active) = (Neurons::zeros(n), Vec::new());
        spikes.advance();
        excitatory(level, drives, &inhibition, &input, &mut recurrent, &mut spikes, &mut active);
        let base = |k: usize| excitation[k] - inhibition[k] + noise[k];
        let expected: Vec<u32> =
            (0..n).filter(|&k| fires(base(k) + input[k] - thresholds[k])).map(|k| k as u32).collect();
        assert_eq!(active, expected);
        assert_eq!(recurrent[..], (0..n).map(|k| base(k) - thresholds[k]).collect::<Vec<f64>>());
        let anew = SpikeMask::new(n, &before, &expected);
        assert!((0..n).all(|k| spikes.code(k as u32) == anew.code(k as u32)));
        spikes.advance();
        active.clear();
        inhibitory(level, drives, &mut spikes, &mut active);
        let total = |k: usize| excitation[k] + noise[k] - thresholds[k];
        let expected: Vec<u32> = (0..n).filter(|&k| fires(total(k))).map(|k| k as u32).collect();
        assert_eq!(active, expected);
        assert_eq!(spikes.now().collect::<Vec<u32>>(), expected);
        let (min, max) = [(-0.25, 0.5), (0.0, 0.0), (f64::NEG_INFINITY, f64::INFINITY)][n % 3];
        let rule = Intrinsic { eta: 0.25, h_ip: &noise, min, max };
        let (mut moved, mut one_by_one) = (thresholds.clone(), thresholds.clone());
        for _ in 0..3 {
            intrinsic(level, rule, &spikes, &mut moved);
            for (k, threshold) in one_by_one.iter_mut().enumerate() {
                let x = f64::from(spikes.code(k as u32) >> 1);
                let changed = *threshold + rule.eta * (x - noise[k]);
                let raised = if changed <= min { min } else { changed };
                *threshold = if raised > max { max } else { raised };
            }
        }
        assert_eq!(bits(&moved), bits(&one_by_one));
    }
}
