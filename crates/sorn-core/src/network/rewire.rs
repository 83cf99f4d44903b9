//! Random rewiring: a control that keeps the learnt weights and thresholds, but not which neurons are connected.

use crate::rng::{Xoshiro256PlusPlus, below};
use crate::{State, Synapses};

impl State {
    /// Draws a new presynaptic neuron for every E-to-E synapse. The presynaptic neurons of one neuron are distinct and never the
    /// neuron itself. Weights, the number of synapses at each neuron, and thresholds stay.
    pub fn rewire(&mut self, rng: &mut Xoshiro256PlusPlus) {
        let n = self.wee.n_post();
        let mut rewired = Synapses::new(n);
        for post in 0..n {
            let weights: Vec<f64> = self.wee.column(post).map(|(_, weight)| weight).collect();
            // Distinct neurons other than `post`, in random order (Fisher & Yates).
            let mut others: Vec<u32> = (0..n as u32).filter(|pre| *pre as usize != post).collect();
            let mut column: Vec<(u32, f64)> = Vec::with_capacity(weights.len());
            for (at, weight) in weights.into_iter().enumerate() {
                let drawn = at + below(rng, (others.len() - at) as u64) as usize;
                others.swap(at, drawn);
                column.push((others[at], weight));
            }
            column.sort_unstable_by_key(|(pre, _)| *pre);
            rewired.push_column(column);
        }
        self.wee = rewired;
        self.wee_units.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Network, Params, rng};

    #[test]
    fn weights_stay_at_their_neurons_and_partners_change() {
        let params = Params { ne: 40, ..Params::default() };
        let before = Network::new(&params, 3).unwrap().state();
        let rewired = |seed| {
            let mut state = before.clone();
            state.rewire(&mut rng::stream(seed, "rewiring"));
            state
        };
        let after = rewired(1);
        after.check(&params).unwrap();
        assert_eq!((&after.wee.indptr, &after.te, &after.wei), (&before.wee.indptr, &before.te, &before.wei));
        assert_ne!(after.wee.indices, before.wee.indices);
        for post in 0..40 {
            let weights = |state: &State| {
                let mut weights: Vec<f64> = state.wee.column(post).map(|(_, weight)| weight).collect();
                weights.sort_by(f64::total_cmp);
                weights
            };
            assert_eq!(weights(&after), weights(&before));
            assert!(after.wee.column(post).all(|(pre, _)| pre as usize != post));
        }
        assert_eq!(after, rewired(1));
        assert_ne!(after, rewired(2));
    }
}
