//! Random connection matrices.

use crate::kernels::noise::{ln, normal};
use crate::params::switches::NetworkType;
use crate::rng::{Xoshiro256PlusPlus, below, uniform};
use crate::{Params, Synapses};

/// Initial weights are uniform in `[0, 0.1)` before they are normalised, as upstream draws them.
const MAX_INITIAL_WEIGHT: f64 = 0.1;

/// E-to-E synapses: `lambda_ee` incoming per neuron, never from itself.
pub(crate) fn ee(params: &Params, rng: &mut Xoshiro256PlusPlus) -> Synapses {
    let ne = params.ne;
    let mut sampler = Sampler::new(ne);
    let most = if params.network_type_ee == NetworkType::Dense { ne * (ne - 1) } else { 0 };
    let mut wee = Synapses::with_capacity(ne, most);
    for post in 0..ne {
        // Drawn among the other neurons, so indices from `post` on are shifted by one.
        sampler.draw(params.network_type_ee, params.in_degree_ee(), ne - 1, rng);
        if sampler.chosen.is_empty() {
            sampler.choose(1, ne - 1, rng);
        }
        let others = sampler.chosen.iter().map(|&pre| pre + u32::from(pre as usize >= post));
        wee.push_column(others.map(|pre| (pre, initial_weight(rng))));
    }
    normalise(wee)
}

/// I-to-E synapses: `lambda_ei` outgoing per inhibitory neuron.
pub(crate) fn ei(params: &Params, rng: &mut Xoshiro256PlusPlus) -> Synapses {
    let (ne, ni) = (params.ne, params.ni());
    let mut sampler = Sampler::new(ne);
    let mut columns = vec![Vec::new(); ne];
    for pre in 0..ni {
        sampler.draw(params.network_type_ei, params.out_degree_ei(), ne, rng);
        for &post in &sampler.chosen {
            columns[post as usize].push((pre as u32, initial_weight(rng)));
        }
    }
    let mut wei = Synapses::new(ni);
    for mut column in columns {
        if column.is_empty() {
            column.push((below(rng, ni as u64) as u32, initial_weight(rng)));
        }
        wei.push_column(column);
    }
    normalise(wei)
}

/// E-to-I synapses: `lambda_ie` incoming per inhibitory neuron.
pub(crate) fn ie(params: &Params, rng: &mut Xoshiro256PlusPlus) -> Synapses {
    let ne = params.ne;
    let mut sampler = Sampler::new(ne);
    let mut wie = Synapses::new(ne);
    for _ in 0..params.ni() {
        sampler.draw(params.network_type_ie, params.in_degree_ie(), ne, rng);
        if sampler.chosen.is_empty() {
            sampler.choose(1, ne, rng);
        }
        wie.push_column(sampler.chosen.iter().map(|&pre| (pre, initial_weight(rng))));
    }
    normalise(wie)
}

/// `count` distinct numbers below `n`, ascending.
pub(crate) fn choose(count: usize, n: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<u32> {
    let mut sampler = Sampler::new(n);
    sampler.choose(count, n, rng);
    sampler.chosen
}

/// A weight in `(0, 0.1]`: a drawn synapse exists.
fn initial_weight(rng: &mut Xoshiro256PlusPlus) -> f64 {
    MAX_INITIAL_WEIGHT * (1.0 - uniform(rng))
}

fn normalise(mut synapses: Synapses) -> Synapses {
    for post in 0..synapses.n_post() {
        let column = &mut synapses.weights[synapses.indptr[post]..synapses.indptr[post + 1]];
        let sum: f64 = column.iter().sum();
        column.iter_mut().for_each(|weight| *weight /= sum);
    }
    synapses
}

/// Draws distinct indices; reuses its buffer.
struct Sampler {
    chosen: Vec<u32>,
    taken: Vec<bool>,
}

impl Sampler {
    fn new(n: usize) -> Self {
        Sampler { chosen: Vec::new(), taken: vec![false; n] }
    }

    fn draw(&mut self, network_type: NetworkType, lambda: f64, n: usize, rng: &mut Xoshiro256PlusPlus) {
        match network_type {
            NetworkType::Sparse => {
                let count = (lambda + normal(rng)).round().clamp(1.0, n as f64);
                self.choose(count as usize, n, rng);
            }
            NetworkType::Bernoulli => self.bernoulli(lambda / n as f64, n, rng),
            NetworkType::Dense => {
                self.chosen.clear();
                self.chosen.extend(0..n as u32);
            }
        }
    }

    fn choose(&mut self, count: usize, n: usize, rng: &mut Xoshiro256PlusPlus) {
        self.chosen.clear();
        // If more than half are drawn, it is faster to draw those that are left out.
        let complement = count > n / 2;
        let draws = if complement { n - count } else { count };
        while self.chosen.len() < draws {
            let index = below(rng, n as u64) as u32;
            if !std::mem::replace(&mut self.taken[index as usize], true) {
                self.chosen.push(index);
            }
        }
        if complement {
            let left_out = std::mem::take(&mut self.chosen);
            self.chosen.extend((0..n as u32).filter(|&index| !self.taken[index as usize]));
            left_out.iter().for_each(|&index| self.taken[index as usize] = false);
        } else {
            self.chosen.sort_unstable();
            self.chosen.iter().for_each(|&index| self.taken[index as usize] = false);
        }
    }

    fn bernoulli(&mut self, p: f64, n: usize, rng: &mut Xoshiro256PlusPlus) {
        self.chosen.clear();
        if p >= 1.0 {
            self.chosen.extend(0..n as u32);
        } else if p > 0.0 {
            // Gaps between connected pairs have a geometric distribution, so absent pairs cost nothing.
            let scale = 1.0 / ln(1.0 - p);
            let mut next = -1.0;
            loop {
                next += 1.0 + (ln(1.0 - uniform(rng)) * scale).floor();
                if next >= n as f64 {
                    break;
                }
                self.chosen.push(next as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    #[test]
    fn mean_degrees_are_lambda() {
        for network_type in [NetworkType::Sparse, NetworkType::Bernoulli] {
            let params = Params {
                ne: 500,
                network_type_ee: network_type,
                network_type_ei: network_type,
                network_type_ie: network_type,
                lambda_ee: 12.0.into(),
                ..Params::default()
            };
            let rng = &mut stream(1, "topology");
            assert!((ee(&params, rng).len() as f64 / 500.0 - 12.0).abs() < 0.6);
            assert!((ei(&params, rng).len() as f64 / 100.0 - 40.0).abs() < 2.0);
            assert!((ie(&params, rng).len() as f64 / 100.0 - 100.0).abs() < 3.0);
        }
    }

    #[test]
    fn matrices_are_sound() {
        for network_type in [NetworkType::Sparse, NetworkType::Bernoulli, NetworkType::Dense] {
            let params = Params {
                ne: 40,
                network_type_ee: network_type,
                network_type_ei: network_type,
                network_type_ie: network_type,
                lambda_ee: 2.0.into(),
                lambda_ei: 3.0.into(),
                lambda_ie: 39.0.into(),
                ..Params::default()
            };
            let rng = &mut stream(2, "topology");
            ee(&params, rng).check("wee", 40, 40, true).unwrap();
            ei(&params, rng).check("wei", 8, 40, false).unwrap();
            ie(&params, rng).check("wie", 40, 8, false).unwrap();
            for post in 0..40 {
                let sum: f64 = ee(&params, rng).column(post).map(|(_, weight)| weight).sum();
                assert!((sum - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn choose_is_distinct_and_uniform() {
        let rng = &mut stream(5, "topology");
        let mut counts = [0; 10];
        for count in [3, 8] {
            for _ in 0..2000 {
                let chosen = choose(count, 10, rng);
                assert!(chosen.len() == count && chosen.windows(2).all(|w| w[0] < w[1]));
                chosen.iter().for_each(|&i| counts[i as usize] += 1);
            }
        }
        assert!(counts.iter().all(|&n| (2050..2350).contains(&n)), "{counts:?}");
    }
}
