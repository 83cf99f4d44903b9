//! Who is active among the presynaptic neurons of a slice.

use super::isa::Isa;
use super::{LANES, Mask};

/// Activity of a population at `t` ("before") and at `t + 1` ("now").
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    /// Bit 0: active before; bit 1: active now. At least 256, so that a byte is always an index.
    pub(super) codes: Vec<u8>,
    /// The same as bits, sixteen neurons to a word; at least 64 words.
    pub(super) words_before: Vec<Mask>,
    pub(super) words_now: Vec<Mask>,
    /// Words that are of neurons.
    used: usize,
    /// Steps that the pattern has gone on.
    generation: u64,
}

impl Pattern {
    /// The pattern of `n` neurons of which these are active, indices ascending.
    pub(crate) fn new(n: usize, before: &[u32], now: &[u32]) -> Self {
        let words = vec![0; n.div_ceil(LANES).max(64)];
        let mut pattern = Pattern {
            codes: vec![0; n.next_multiple_of(LANES).max(256)],
            words_before: words.clone(),
            words_now: words,
            used: n.div_ceil(LANES),
            generation: 0,
        };
        for &neuron in before {
            pattern.codes[neuron as usize] |= 1;
            pattern.words_before[neuron as usize / LANES] |= 1 << (neuron as usize % LANES);
        }
        for &neuron in now {
            pattern.codes[neuron as usize] |= 2;
            pattern.words_now[neuron as usize / LANES] |= 1 << (neuron as usize % LANES);
        }
        pattern
    }

    /// Goes on by a step: those active `now` become those active before, and every word waits for
    /// [`set_word`](Self::set_word).
    pub(crate) fn advance(&mut self) {
        self.generation += 1;
        std::mem::swap(&mut self.words_before, &mut self.words_now);
    }

    /// Tells who of sixteen neurons is active now, and appends them to `active`.
    #[inline(always)]
    pub(crate) fn set_word(&mut self, word: usize, mask: Mask, active: &mut Vec<u32>) {
        self.words_now[word] = mask;
        let before = self.words_before[word];
        for (l, code) in self.codes[word * LANES..].iter_mut().take(LANES).enumerate() {
            *code = ((before >> l & 1) | (mask >> l & 1) << 1) as u8;
        }
        let mut rest = mask;
        while rest != 0 {
            active.push(word as u32 * LANES as u32 + rest.trailing_zeros());
            rest &= rest - 1;
        }
    }

    /// Codes of sixteen neurons, who was active before, and who is now: for loops that do what [`set_word`](Self::set_word)
    /// does.
    #[inline(always)]
    pub(crate) fn word_mut(&mut self, word: usize) -> (&mut [u8], Mask, &mut Mask) {
        (&mut self.codes[word * LANES..][..LANES], self.words_before[word], &mut self.words_now[word])
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Who was active before, ascending.
    pub(crate) fn before(&self) -> impl Iterator<Item = u32> + '_ {
        set_bits(&self.words_before)
    }

    /// Bit 0: whether a neuron was active before; bit 1: whether it is now.
    #[inline(always)]
    pub(crate) fn code(&self, neuron: u32) -> u8 {
        self.codes[neuron as usize]
    }

    /// Who is active now, ascending.
    pub(crate) fn now(&self) -> impl Iterator<Item = u32> + '_ {
        set_bits(&self.words_now)
    }

    /// Lists who is active now, ascending.
    pub(crate) fn list_now(&self, to: &mut Vec<u32>) {
        to.clear();
        #[cfg(target_arch = "x86_64")]
        match Isa::best() {
            // SAFETY: the machine has it.
            Isa::Avx512 => return unsafe { super::avx512::list(&self.words_now[..self.used], to) },
            // SAFETY: the machine has it.
            Isa::Avx2 => return unsafe { super::avx2::list(&self.words_now[..self.used], to) },
            Isa::Plain => {}
        }
        to.extend(self.now());
    }

    /// As [`word`](Self::word), for `N` words of at least 64.
    #[inline(always)]
    pub(crate) fn words<const N: usize>(&self, first: usize) -> [&[Mask; N]; 2] {
        [&self.words_before, &self.words_now]
            .map(|words| words[first..].first_chunk().expect("so many words"))
    }

    /// Who of sixteen neurons was active before, and who is now.
    #[inline(always)]
    pub(crate) fn word(&self, word: usize) -> (Mask, Mask) {
        (self.words_before[word], self.words_now[word])
    }
}

fn set_bits(words: &[Mask]) -> impl Iterator<Item = u32> + '_ {
    words.iter().enumerate().flat_map(|(word, &mask)| {
        let mut rest = mask;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some((word * LANES) as u32 + bit)
        })
    })
}

/// Which columns of a slice a rule changes: those of a mask, where the presynaptic neuron is active at the right time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairing {
    /// Raised where the presynaptic neuron was active before.
    pub(crate) plus_before: Mask,
    /// Lowered where it was active before.
    pub(crate) minus_before: Mask,
    /// Lowered where it is active now.
    pub(crate) minus_now: Mask,
}

/// Per row of a slice, which synapses a rule changes and which see an active neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks {
    pub(crate) plus: Vec<Mask>,
    pub(crate) minus: Vec<Mask>,
    pub(crate) now: Vec<Mask>,
}

impl Masks {
    pub(crate) fn resize(&mut self, rows: usize) {
        for masks in [&mut self.plus, &mut self.minus, &mut self.now] {
            if masks.len() < rows {
                masks.resize(rows, 0);
            }
        }
    }
}

/// Fills the masks of the rows of presynaptic indices, a multiple of four.
pub(crate) type Lookup<I> = fn(&[[I; LANES]], &Pattern, Pairing, &mut Masks);

/// A type of presynaptic indices.
pub(crate) trait Index: Copy + Default + std::fmt::Debug + Send + Sync + 'static {
    fn from_u32(index: u32) -> Self;
    fn to_u32(self) -> u32;
    /// The same indices, if they have sixteen bits.
    fn as_u16(_indices: &[[Self; LANES]]) -> Option<&[[u16; LANES]]> {
        None
    }
    /// A lookup among `n` neurons in registers, if there is one.
    fn fast_lookup(n: usize, isa: Isa) -> Option<Lookup<Self>>;
}

impl Index for u8 {
    #[inline(always)]
    fn from_u32(index: u32) -> Self {
        index as u8
    }

    #[inline(always)]
    fn to_u32(self) -> u32 {
        self.into()
    }

    fn fast_lookup(_: usize, isa: Isa) -> Option<Lookup<Self>> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => Some(super::avx512::LOOKUP_U8),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Some(super::avx2::LOOKUP_U8),
            _ => None,
        }
    }
}

impl Index for u16 {
    #[inline(always)]
    fn as_u16(indices: &[[u16; LANES]]) -> Option<&[[u16; LANES]]> {
        Some(indices)
    }

    #[inline(always)]
    fn from_u32(index: u32) -> Self {
        index as u16
    }

    #[inline(always)]
    fn to_u32(self) -> u32 {
        self.into()
    }

    fn fast_lookup(n: usize, isa: Isa) -> Option<Lookup<Self>> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 if n <= 1024 => Some(super::avx512::LOOKUP_U16),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 if n <= super::avx2::MOST_U16 => Some(super::avx2::LOOKUP_U16),
            _ => None,
        }
    }
}

impl Index for u32 {
    #[inline(always)]
    fn from_u32(index: u32) -> Self {
        index
    }

    #[inline(always)]
    fn to_u32(self) -> u32 {
        self
    }

    fn fast_lookup(_: usize, _: Isa) -> Option<Lookup<Self>> {
        None
    }
}

/// A lookup for every machine.
pub(crate) fn portable<I: Index>(pre: &[[I; LANES]], pattern: &Pattern, pairing: Pairing, masks: &mut Masks) {
    let out = masks.plus.iter_mut().zip(&mut masks.minus).zip(&mut masks.now);
    for (pre, ((plus, minus), now)) in pre.iter().zip(out) {
        let (mut before, mut active) = (0, 0);
        for (l, pre) in pre.iter().enumerate() {
            let code = Mask::from(pattern.codes[pre.to_u32() as usize]);
            before |= (code & 1) << l;
            active |= (code >> 1) << l;
        }
        (*plus, *minus) = pair(before, active, pairing);
        *now = active;
    }
}

/// Synapses to raise and to lower; where both, neither, since a raise and a lowering of STDP cancel.
#[inline(always)]
pub(crate) fn pair(before: Mask, now: Mask, pairing: Pairing) -> (Mask, Mask) {
    let plus = before & pairing.plus_before;
    let minus = (before & pairing.minus_before) | (now & pairing.minus_now);
    (plus & !minus, minus & !plus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{below, stream};
    use crate::topology::choose;

    fn compare<I: Index>(n: usize) {
        let rng = &mut stream(n as u64, "test");
        for rows in [0, 4, 20, 64] {
            let count = below(rng, n as u64 + 1) as usize;
            let (before, now) = (choose(count, n, rng), choose(count / 2, n, rng));
            let pattern = Pattern::new(n, &before, &now);
            let pre: Vec<[I; LANES]> = (0..rows)
                .map(|_| std::array::from_fn(|_| I::from_u32(below(rng, n as u64) as u32)))
                .collect();
            let mut mask = || below(rng, 1 << 16) as Mask;
            let pairing = Pairing { plus_before: mask(), minus_before: mask(), minus_now: mask() };
            let (mut fast, mut plain) = (Masks::default(), Masks::default());
            fast.resize(rows);
            plain.resize(rows);
            portable(&pre, &pattern, pairing, &mut plain);
            for isa in Isa::available() {
                I::fast_lookup(n, isa).unwrap_or(portable)(&pre, &pattern, pairing, &mut fast);
                assert_eq!((&fast.plus, &fast.minus, &fast.now), (&plain.plus, &plain.minus, &plain.now));
            }
            for (row, pre) in pre.iter().enumerate() {
                for (l, pre) in pre.iter().enumerate() {
                    let active = now.binary_search(&pre.to_u32()).is_ok();
                    assert_eq!(plain.now[row] >> l & 1 == 1, active);
                }
            }
        }
    }

    #[test]
    fn every_lookup_finds_who_is_active() {
        for n in [3, 100, 256] {
            compare::<u8>(n);
        }
        for n in [300, 512, 1024, 1025, 5000] {
            compare::<u16>(n);
        }
        compare::<u32>(70_000);
    }

    #[test]
    fn advancing_equals_building_anew() {
        let rng = &mut stream(9, "test");
        let lists: Vec<Vec<u32>> = (0..20).map(|k| choose(k, 40, rng)).collect();
        let mut pattern = Pattern::new(40, &lists[0], &lists[1]);
        for k in 2..20 {
            pattern.advance();
            let mut active = Vec::new();
            for word in 0..3 {
                let bits = lists[k].iter().filter(|&&i| i as usize / LANES == word);
                pattern.set_word(word, bits.fold(0, |mask, i| mask | 1 << (i % 16)), &mut active);
            }
            assert_eq!(active, lists[k]);
            let anew = Pattern::new(40, &lists[k - 1], &lists[k]);
            assert_eq!(pattern.codes, anew.codes);
            assert_eq!(
                (pattern.words_before, pattern.words_now),
                (anew.words_before.clone(), anew.words_now.clone())
            );
            pattern = anew;
        }
    }
}
