//! The activity of a population, in the forms that the kernels look up.

use crate::simd::{LANES, Mask, Set, Simd, kernel, list_bits, set_bits};

/// Activity of a population at `t` ("before") and at `t + 1` ("now").
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpikeMask {
    /// Bit 0: active before; bit 1: active now.
    codes: Vec<u8>,
    /// The same as bits, sixteen neurons to a word, and empty words.
    before: Vec<Mask>,
    now: Vec<Mask>,
    /// Number of words that hold neurons.
    used: usize,
    /// Steps so far.
    generation: u64,
}

impl SpikeMask {
    /// The activity of `n` neurons, given the ascending indices of those active.
    pub(crate) fn new(n: usize, before: &[u32], now: &[u32]) -> Self {
        // Loops read 32 words at a time.
        let words = vec![0; (n.div_ceil(LANES) + 32).max(64)];
        let mut spikes = SpikeMask {
            codes: vec![0; n.next_multiple_of(LANES)],
            before: words.clone(),
            now: words,
            used: n.div_ceil(LANES),
            generation: 0,
        };
        for (bit, active) in [before, now].into_iter().enumerate() {
            for neuron in active.iter().map(|&neuron| neuron as usize) {
                spikes.codes[neuron] |= 1 << bit;
                [&mut spikes.before, &mut spikes.now][bit][neuron / LANES] |= 1 << (neuron % LANES);
            }
        }
        spikes
    }

    /// Advances by a step: the activity now becomes the activity before. The caller then sets every word with
    /// [`set_word`](Self::set_word).
    pub(crate) fn advance(&mut self) {
        self.generation += 1;
        std::mem::swap(&mut self.before, &mut self.now);
    }

    /// Records which of sixteen neurons are active now.
    #[inline(always)]
    pub(crate) fn set_word<S: Simd>(&mut self, word: usize, mask: Mask) {
        self.now[word] = mask;
        S::codes(self.before[word], mask, &mut self.codes.as_chunks_mut().0[word]);
    }

    /// The number of steps so far: two masks of one population with equal generations are equal.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Indices of the neurons active before, ascending.
    pub(crate) fn before(&self) -> impl Iterator<Item = u32> + '_ {
        set_bits(&self.before)
    }

    /// Indices of the neurons active now, ascending.
    pub(crate) fn now(&self) -> impl Iterator<Item = u32> + '_ {
        set_bits(&self.now)
    }

    /// Bit 0: whether a neuron was active before; bit 1: whether it is active now.
    #[inline(always)]
    pub(crate) fn code(&self, neuron: u32) -> u8 {
        self.codes[neuron as usize]
    }

    /// Masks of which of sixteen neurons were active before, and which are active now.
    #[inline(always)]
    pub(crate) fn word(&self, word: usize) -> (Mask, Mask) {
        (self.before[word], self.now[word])
    }

    /// Like [`word`](Self::word), for `N` words, of which at most 32 lie past the words of neurons.
    #[inline(always)]
    pub(crate) fn words<const N: usize>(&self, first: usize) -> [&[Mask; N]; 2] {
        [&self.before, &self.now].map(|words| words[first..].first_chunk().expect("enough words"))
    }

    /// The first 1,024 neurons.
    #[inline(always)]
    pub(crate) fn sets(&self) -> [&Set; 2] {
        self.words(0)
    }
}

kernel! {
    /// Lists the neurons active now, ascending.
    pub(crate) fn list_now<S: Simd>(spikes: &SpikeMask, to: &mut Vec<u32>) {
        to.clear();
        list_bits::<S>(spikes.now[..spikes.used].iter().copied(), to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{below, stream};
    use crate::simd::Scalar;
    use crate::topology::choose;

    #[test]
    fn advancing_equals_building_anew() {
        let rng = &mut stream(9, "test");
        let lists: Vec<Vec<u32>> = (0..20).map(|k| choose(k, 40, rng)).collect();
        let mut spikes = SpikeMask::new(40, &lists[0], &lists[1]);
        for k in 2..20 {
            spikes.advance();
            for word in 0..3 {
                let bits = lists[k].iter().filter(|&&i| i as usize / LANES == word);
                spikes.set_word::<Scalar>(word, bits.fold(0, |mask, i| mask | 1 << (i % 16)));
            }
            let anew =
                SpikeMask { generation: spikes.generation, ..SpikeMask::new(40, &lists[k - 1], &lists[k]) };
            assert_eq!(spikes, anew);
            assert_eq!(spikes.now().collect::<Vec<u32>>(), lists[k]);
            for level in crate::simd::Level::available() {
                let mut listed = vec![below(rng, 9) as u32];
                list_now(level, &spikes, &mut listed);
                assert_eq!(listed, lists[k]);
            }
        }
    }
}
