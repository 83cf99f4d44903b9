//! Structural plasticity with a synapse chosen by the caller.

use super::input;
use crate::matrix::WeightMatrix;
use crate::rng::{Xoshiro256PlusPlus, below};
use crate::{Activity, InputError, Network};

/// The source of the synapse that grows in a step.
pub(crate) enum Growth<'a> {
    /// The network's own generator.
    Drawn,
    /// The caller, before the step.
    Supplied(Option<(u32, u32)>),
    /// The caller, once the rules before structural plasticity have run.
    Chosen(&'a mut dyn FnMut(AbsentPairs<'_>) -> Option<(u32, u32)>),
}

/// The pairs of distinct excitatory neurons that have no synapse.
#[derive(Clone, Copy, Debug)]
pub struct AbsentPairs<'a> {
    wee: &'a dyn WeightMatrix,
    ne: usize,
}

impl<'a> AbsentPairs<'a> {
    pub(crate) fn new(wee: &'a dyn WeightMatrix, ne: usize) -> Self {
        AbsentPairs { wee, ne }
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.ne * (self.ne - 1) - self.wee.count()
    }

    /// Whether every pair has a synapse.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `n`-th pair `(pre, post)`, ordered by `pre`, then by `post`: the order of a dense matrix in C order. Takes
    /// time proportional to the number of synapses.
    pub fn nth(&self, n: usize) -> Option<(u32, u32)> {
        let mut degrees = vec![0; self.ne];
        self.wee.add_out_degrees(&mut degrees);
        let mut left = n;
        for (pre, degree) in degrees.into_iter().enumerate() {
            let absent = self.ne - 1 - degree as usize;
            if left < absent {
                let absent = |&post: &usize| post != pre && !self.wee.contains(pre as u32, post);
                let post = (0..self.ne).filter(absent).nth(left)?;
                return Some((pre as u32, post as u32));
            }
            left -= absent;
        }
        None
    }
}

impl Network {
    /// Like [`step`](Self::step), with noise supplied and the pair that structural plasticity connects chosen by
    /// `choose`, which is given the pairs that are absent after the preceding rules have run. `choose` is not called if structural
    /// plasticity is frozen or is not a rule of the network.
    ///
    /// # Errors
    /// As [`step`](Self::step); also noise of wrong length or not finite.
    pub fn step_choosing(
        &mut self,
        input: &[f64],
        noise_e: Option<&[f64]>,
        noise_i: Option<&[f64]>,
        choose: &mut dyn FnMut(AbsentPairs<'_>) -> Option<(u32, u32)>,
    ) -> Result<Activity<'_>, InputError> {
        input::check("input", input, self.params.input_len())?;
        self.supply_noise(noise_e, noise_i)?;
        self.advance(input, Growth::Chosen(choose));
        self.forget_noise();
        Ok(self.activity())
    }
}

/// Adds `number` absent pairs `(pre, post)` to `grown`, drawn uniformly from those not yet in it.
pub(crate) fn draw_absent(
    wee: &dyn WeightMatrix,
    number: usize,
    ne: usize,
    rng: &mut Xoshiro256PlusPlus,
    grown: &mut Vec<(u32, u32)>,
) {
    let absent = AbsentPairs::new(wee, ne).len();
    let wanted = (grown.len() + number).min(absent);
    while grown.len() < wanted {
        let pair = (below(rng, ne as u64) as u32, below(rng, ne as u64) as u32);
        if pair.0 != pair.1 && !grown.contains(&pair) && !wee.contains(pair.0, pair.1 as usize) {
            grown.push(pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Rules};

    #[test]
    fn absent_pairs_are_those_of_the_dense_matrix() {
        let params =
            Params { ne: 12, nu: 2, lambda_ee: 3.0.into(), lambda_ei: 4.0.into(), ..Params::default() };
        let mut network = Network::new(&params, 3).unwrap();
        network.set_frozen(Rules::none().with(crate::Rule::Stdp));
        let dense = network.wee().to_dense();
        let mut expected: Vec<(u32, u32)> = Vec::new();
        for ((pre, post), &weight) in dense.indexed_iter() {
            if weight == 0.0 && pre != post {
                expected.push((pre as u32, post as u32));
            }
        }
        let mut found = Vec::new();
        let mut choose = |absent: AbsentPairs<'_>| {
            found = (0..absent.len()).map(|n| absent.nth(n).unwrap()).collect();
            assert_eq!(absent.nth(absent.len()), None);
            found.last().copied()
        };
        network.step_choosing(&[0.0; 2], None, None, &mut choose).unwrap();
        assert_eq!(found, expected);
        let (pre, post) = *expected.last().unwrap();
        assert!(network.wee().to_dense()[[pre as usize, post as usize]] > 0.0);
        assert_eq!(network.births(), 1);
    }

    #[test]
    fn a_batch_grows_in_one_step_and_is_part_of_the_state() {
        let params = Params { sp_batch: 11, ..Params::default() };
        let mut network = Network::new(&params, 3).unwrap();
        let mut collected = 0;
        for _ in 0..5000 {
            let (before, births) = (collected, network.births());
            network.step(&[0.0; 10]).unwrap();
            collected = network.state().collected.len();
            match network.births() - births {
                0 => assert!(collected == before || collected == before + 1),
                grown => assert_eq!((grown, before, collected), (11, 10, 0)),
            }
        }
        let drawn = network.births() + collected as u64;
        assert!((400..600).contains(&drawn), "{drawn}");
        while network.state().collected.len() != 7 {
            network.step(&[0.0; 10]).unwrap();
        }
        let mut again = Network::from_state(&params, network.state()).unwrap();
        for _ in 0..500 {
            network.step(&[0.0; 10]).unwrap();
            again.step(&[0.0; 10]).unwrap();
        }
        assert_eq!(network.state(), again.state());
        let mut state = network.state();
        state.collected = vec![(4, 4)];
        let error = Network::from_state(&params, state).unwrap_err().to_string();
        assert!(error.contains("collected"), "{error}");
    }

    #[test]
    fn frozen_structural_plasticity_asks_nobody() {
        let mut network = Network::new(&Params::default(), 3).unwrap();
        network.set_frozen(Rules::all());
        let mut choose = |_: AbsentPairs<'_>| -> Option<(u32, u32)> { panic!("asked") };
        network.step_choosing(&[0.0; 10], None, None, &mut choose).unwrap();
    }
}
