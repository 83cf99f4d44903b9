//! The Mersenne Twister MT19937 (Matsumoto & Nishimura 1998), which both Python's `random` and NumPy's legacy
//! `np.random` are made of.

const N: usize = 624;
const M: usize = 397;

/// The generator's state as Python and NumPy tell it: 624 words and how many of them were used.
#[derive(Clone, Debug)]
pub(crate) struct Mt19937 {
    key: Box<[u32; N]>,
    position: usize,
    /// What the words of `key` give.
    output: Box<[u32; N]>,
}

impl Mt19937 {
    /// `None` where the state is not one of 624 words and a position up to 624.
    pub(crate) fn new(key: &[u32], position: usize) -> Option<Self> {
        let key: [u32; N] = key.try_into().ok()?;
        (position <= N).then(|| {
            let output = Box::new(key.map(temper));
            Mt19937 { key: Box::new(key), position, output }
        })
    }

    pub(crate) fn key(&self) -> &[u32; N] {
        &self.key
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    #[inline(always)]
    pub(crate) fn next_u32(&mut self) -> u32 {
        if self.position == N {
            self.refill();
        }
        let word = self.output[self.position];
        self.position += 1;
        word
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    #[inline(always)]
    pub(crate) fn next_f64(&mut self) -> f64 {
        let words = [self.next_u32(), self.next_u32()];
        unit(words)
    }

    /// Two numbers as [`next_f64`](Self::next_f64) gives them.
    #[inline(always)]
    pub(crate) fn next_f64_pair(&mut self) -> [f64; 2] {
        match self.output.get(self.position..self.position + 4) {
            Some(&[a, b, c, d]) => {
                self.position += 4;
                [unit([a, b]), unit([c, d])]
            }
            _ => [self.next_f64(), self.next_f64()],
        }
    }

    #[cold]
    fn refill(&mut self) {
        let key = &mut self.key[..];
        let twist = |upper: u32, lower: u32| {
            let y = (upper & 0x8000_0000) | (lower & 0x7fff_ffff);
            (y >> 1) ^ (0x9908_b0df & (lower & 1).wrapping_neg())
        };
        for k in 0..N - M {
            key[k] = key[k + M] ^ twist(key[k], key[k + 1]);
        }
        for k in N - M..N - 1 {
            key[k] = key[k + M - N] ^ twist(key[k], key[k + 1]);
        }
        key[N - 1] = key[M - 1] ^ twist(key[N - 1], key[0]);
        self.position = 0;
        self.output.iter_mut().zip(&*self.key).for_each(|(output, &word)| *output = temper(word));
    }
}

#[inline(always)]
fn temper(mut y: u32) -> u32 {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c_5680;
    y ^= (y << 15) & 0xefc6_0000;
    y ^ (y >> 18)
}

/// The upper 27 bits of one word and the upper 26 of the next, as a fraction.
#[inline(always)]
fn unit([high, low]: [u32; 2]) -> f64 {
    let bits = u64::from(high >> 5) << 26 | u64::from(low >> 6);
    bits as f64 / 9_007_199_254_740_992.0
}
