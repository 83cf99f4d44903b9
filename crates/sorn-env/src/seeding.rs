//! Random numbers of environments: NumPy's `SeedSequence` and `PCG64`, bit for bit.
//!
//! Gymnasium seeds an environment with `numpy.random.Generator(PCG64(SeedSequence(seed)))`. [`Generator`] is that
//! generator, so an environment written on it starts where its Gymnasium twin starts.
//!
//! ```
//! let mut rng = sorn_env::seeding::np_random(Some(42));
//! assert_eq!(rng.random(), 0.7739560485559633); // numpy.random.default_rng(42).random()
//! ```

mod normal;

use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher};

use rand::rand_core::TryRng;
use rand_distr::{Distribution, Exp1};
use serde::{Deserialize, Serialize};

use crate::{Array, Data, SpaceError, Value};

/// A generator as Gymnasium's `np_random(seed)` gives it. Without a seed, one is drawn from the operating system.
pub fn np_random(seed: Option<u64>) -> Generator {
    Generator::new(seed.unwrap_or_else(entropy))
}

/// The generator of a reset. A seed restarts it; without a seed it continues, or gets a random seed if there is none yet.
///
/// An environment keeps an `Option<Generator>`, initially `None`, and calls this function at the start of its `reset`.
#[inline]
pub fn reseed(rng: &mut Option<Generator>, seed: Option<u64>) -> &mut Generator {
    if let Some(seed) = seed {
        *rng = Some(Generator::new(seed));
    }
    rng.get_or_insert_with(|| np_random(None))
}

/// A seed that differs from call to call and run to run.
pub fn entropy() -> u64 {
    // The standard library keys each hasher from the operating system's randomness.
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

const POOL: usize = 4;
const INIT_A: u32 = 0x43b0_d7e5;
const MULT_A: u32 = 0x931e_8875;
const INIT_B: u32 = 0x8b51_f9dd;
const MULT_B: u32 = 0x58f3_8ded;
const MIX_L: u32 = 0xca01_f9dd;
const MIX_R: u32 = 0x4973_f715;

fn hash(value: u32, constant: &mut u32) -> u32 {
    let value = value ^ *constant;
    *constant = constant.wrapping_mul(MULT_A);
    let value = value.wrapping_mul(*constant);
    value ^ (value >> 16)
}

fn mix(x: u32, y: u32) -> u32 {
    let value = x.wrapping_mul(MIX_L).wrapping_sub(y.wrapping_mul(MIX_R));
    value ^ (value >> 16)
}

/// NumPy's `SeedSequence(seed).generate_state(4, uint64)`: O'Neill's `seed_seq_fe128`.
fn seed_sequence(seed: u64) -> [u64; 4] {
    // NumPy splits the integer into as many 32-bit words as it needs; absent words are zeros in the pool.
    let entropy = [seed as u32, (seed >> 32) as u32, 0, 0];
    let mut constant = INIT_A;
    let mut pool = entropy.map(|word| hash(word, &mut constant));
    for source in 0..POOL {
        for target in 0..POOL {
            if source != target {
                pool[target] = mix(pool[target], hash(pool[source], &mut constant));
            }
        }
    }
    let mut constant = INIT_B;
    let mut words = [0u32; 8];
    for (i, word) in words.iter_mut().enumerate() {
        let value = pool[i % POOL] ^ constant;
        constant = constant.wrapping_mul(MULT_B);
        let value = value.wrapping_mul(constant);
        *word = value ^ (value >> 16);
    }
    std::array::from_fn(|i| u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32)
}

const PCG_MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

/// NumPy's `Generator(PCG64)`: the same seed gives the same numbers from [`random`](Generator::random),
/// [`uniform`](Generator::uniform), [`integers`](Generator::integers), [`standard_normal`](Generator::standard_normal) and
/// [`shuffle`](Generator::shuffle).
///
/// [`exponential`](Generator::exponential) has the same distribution as NumPy's but draws other numbers. The generator is also a
/// [`rand`] generator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    state: [u64; 2],
    increment: [u64; 2],
    /// The upper half of a 64-bit draw of which 32 bits were used.
    spare: Option<u32>,
}

fn join(words: [u64; 2]) -> u128 {
    u128::from(words[0]) << 64 | u128::from(words[1])
}

fn split(value: u128) -> [u64; 2] {
    [(value >> 64) as u64, value as u64]
}

impl Generator {
    /// The generator of a seed: `numpy.random.default_rng(seed)`.
    pub fn new(seed: u64) -> Self {
        let words = seed_sequence(seed);
        let increment = join([words[2], words[3]]) << 1 | 1;
        let state = increment.wrapping_add(join([words[0], words[1]]));
        let state = state.wrapping_mul(PCG_MULTIPLIER).wrapping_add(increment);
        Generator { state: split(state), increment: split(increment), spare: None }
    }

    /// The generator as a value, from which [`from_value`](Generator::from_value) makes it again.
    pub fn to_value(&self) -> Value {
        let words = [self.state, self.increment].concat().into_iter().map(|word| word as i64);
        let words = ("words".to_string(), Value::Array(Array::vector(words.collect::<Vec<i64>>())));
        let spare = self.spare.map(|spare| ("spare".to_string(), Value::Int(spare.into())));
        Value::Map(std::iter::once(words).chain(spare).collect())
    }

    /// Restores the generator from the result of [`to_value`](Generator::to_value).
    ///
    /// # Errors
    /// [`SpaceError`] if the value does not hold a generator.
    pub fn from_value(value: &Value) -> Result<Self, SpaceError> {
        let wrong = || {
            SpaceError::new(
                "a generator of four words, the last one odd, and perhaps 32 spare bits",
                value.describe(),
            )
        };
        let Value::Map(map) = value else { return Err(wrong()) };
        let words = match map.get("words").and_then(Value::as_array).map(Array::data) {
            Some(Data::I64(words)) => <[i64; 4]>::try_from(words.as_slice()).map_err(|_| wrong())?,
            _ => return Err(wrong()),
        };
        let [a, b, c, d] = words.map(|word| word as u64);
        let spare = match map.get("spare") {
            None => None,
            Some(spare) => Some(spare.as_i64().and_then(|spare| spare.try_into().ok()).ok_or_else(wrong)?),
        };
        match d % 2 {
            1 => Ok(Generator { state: [a, b], increment: [c, d], spare }),
            _ => Err(wrong()),
        }
    }

    /// A uniform 64-bit integer.
    #[inline]
    pub fn next_uint64(&mut self) -> u64 {
        let state = join(self.state).wrapping_mul(PCG_MULTIPLIER).wrapping_add(join(self.increment));
        self.state = split(state);
        ((state >> 64) as u64 ^ state as u64).rotate_right((state >> 122) as u32)
    }

    /// A uniform 32-bit integer: the lower, then the upper half of a 64-bit draw.
    #[inline]
    pub fn next_uint32(&mut self) -> u32 {
        self.spare.take().unwrap_or_else(|| {
            let both = self.next_uint64();
            self.spare = Some((both >> 32) as u32);
            both as u32
        })
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    #[inline]
    pub fn random(&mut self) -> f64 {
        (self.next_uint64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in `[low, high)`: `low + (high - low) * random()`.
    #[inline]
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random()
    }

    /// Uniform among `low, low + 1, ..., high - 1` (Lemire's method, as NumPy's `integers`).
    ///
    /// # Panics
    /// Panics if `low >= high`.
    #[inline]
    pub fn integers(&mut self, low: i64, high: i64) -> i64 {
        assert!(low < high, "expected low < high, found low = {low}, high = {high}");
        // Largest offset, not the count: a count of 2^64 would not fit.
        let top = (high as u64).wrapping_sub(1).wrapping_sub(low as u64);
        let offset = match u32::try_from(top) {
            Ok(0) => 0,
            Ok(u32::MAX) => u64::from(self.next_uint32()),
            Ok(top) => u64::from(self.lemire_32(top + 1)),
            Err(_) if top == u64::MAX => self.next_uint64(),
            Err(_) => self.lemire_64(top + 1),
        };
        (low as u64).wrapping_add(offset) as i64
    }

    #[inline]
    fn lemire_32(&mut self, count: u32) -> u32 {
        let mut product = u64::from(self.next_uint32()) * u64::from(count);
        if (product as u32) < count {
            let threshold = count.wrapping_neg() % count;
            while (product as u32) < threshold {
                product = u64::from(self.next_uint32()) * u64::from(count);
            }
        }
        (product >> 32) as u32
    }

    fn lemire_64(&mut self, count: u64) -> u64 {
        let mut product = u128::from(self.next_uint64()) * u128::from(count);
        if (product as u64) < count {
            let threshold = count.wrapping_neg() % count;
            while (product as u64) < threshold {
                product = u128::from(self.next_uint64()) * u128::from(count);
            }
        }
        (product >> 64) as u64
    }

    /// Uniform in `[0, 1)` in single precision, a multiple of 2^-24: NumPy's `random(dtype=float32)`.
    #[inline]
    pub fn random_f32(&mut self) -> f32 {
        (self.next_uint32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Puts `items` in a random order, each equally likely (Fisher & Yates, as NumPy's `shuffle` of an array).
    #[inline]
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.interval(last as u64) as usize);
        }
    }

    /// Uniform among `0, 1, ..., top` by rejection, as NumPy's `shuffle` draws it; `integers` takes other draws.
    #[inline]
    fn interval(&mut self, top: u64) -> u64 {
        let mask = u64::MAX >> top.leading_zeros();
        loop {
            let draw =
                if top <= u64::from(u32::MAX) { u64::from(self.next_uint32()) } else { self.next_uint64() };
            if draw & mask <= top {
                return draw & mask;
            }
        }
    }

    /// Normal with mean 0 and standard deviation 1.
    pub fn standard_normal(&mut self) -> f64 {
        normal::standard_normal(self)
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        Exp1.sample(self)
    }
}

impl TryRng for Generator {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_uint32())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next_uint64())
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_uint64().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected numbers printed by NumPy 2.4: SeedSequence(s).generate_state(4, uint64), default_rng(s).
    #[test]
    fn seeds_as_numpy() {
        assert_eq!(seed_sequence(0)[0], 15793235383387715774);
        assert_eq!(seed_sequence(42), SEED_42);
        assert_eq!(seed_sequence(u64::MAX), SEED_MAX);
    }

    #[test]
    fn draws_as_numpy() {
        let mut rng = Generator::new(42);
        assert_eq!(rng.random(), 0.7739560485559633);
        assert_eq!(rng.uniform(-0.05, 0.05), -0.006112156024794771);
        let small: Vec<i64> = (0..5).map(|_| rng.integers(-3, 9)).collect();
        assert_eq!(small, INTEGERS_SMALL);
        let wide: Vec<i64> = (0..3).map(|_| rng.integers(0, 1 << 40)).collect();
        assert_eq!(wide, INTEGERS_WIDE);
        assert_eq!(rng.integers(i64::MIN, i64::MAX), INTEGER_FULL);
        assert_eq!(rng.integers(5, 6), 5);
        assert_eq!(rng.random(), RANDOM_AFTER);
    }

    #[test]
    fn normal_numbers_and_orders_are_numpys() {
        // default_rng(42): three normal numbers, arange(10) shuffled, three numbers in single precision.
        let mut rng = Generator::new(42);
        let normal: [f64; 3] = std::array::from_fn(|_| rng.standard_normal());
        assert_eq!(normal, [0.30471707975443135, -1.0399841062404955, 0.7504511958064572]);
        let mut order: Vec<u8> = (0..10).collect();
        rng.shuffle(&mut order);
        assert_eq!(order, [6, 8, 4, 2, 9, 3, 0, 7, 1, 5]);
        assert_eq!([0; 3].map(|_| rng.random_f32()), [0.500_351_9, 0.370_798, 0.182_549_6]);
        // default_rng(7).standard_normal(2_000_000): the bits of all in one number, and how many lie in the tail.
        let mut rng = Generator::new(7);
        let (mut bits, mut far) = (0, 0);
        for _ in 0..2_000_000 {
            let x = rng.standard_normal();
            bits ^= x.to_bits();
            far += u32::from(x.abs() > 3.654_152_885_361_009);
        }
        assert_eq!((bits, far), (0x7f52_89be_cd00_f1f2, 483));
    }

    #[test]
    fn state_survives_json() {
        let mut rng = Generator::new(7);
        rng.next_uint32();
        let text = serde_json::to_string(&rng).unwrap();
        let mut copy: Generator = serde_json::from_str(&text).unwrap();
        assert_eq!((copy.next_uint32(), copy.next_uint64()), (rng.next_uint32(), rng.next_uint64()));
    }

    #[test]
    fn state_survives_as_a_value() {
        for draws in 0..3 {
            let mut rng = Generator::new(7);
            for _ in 0..draws {
                rng.next_uint32();
            }
            let mut copy = Generator::from_value(&rng.to_value()).unwrap();
            assert_eq!(copy, rng);
            assert_eq!((copy.next_uint32(), copy.next_uint64()), (rng.next_uint32(), rng.next_uint64()));
        }
        let even =
            Value::Map([("words".to_string(), Value::Array(Array::vector(vec![1i64, 2, 3, 4])))].into());
        for wrong in [Value::Int(3), even] {
            assert!(
                Generator::from_value(&wrong)
                    .unwrap_err()
                    .to_string()
                    .starts_with("expected a generator of four words")
            );
        }
    }

    #[test]
    fn normal_and_exponential_have_their_moments() {
        let mut rng = Generator::new(1);
        let n = 200_000;
        let normal: Vec<f64> = (0..n).map(|_| rng.standard_normal()).collect();
        let mean = normal.iter().sum::<f64>() / f64::from(n);
        let variance = normal.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let mean = (0..n).map(|_| rng.exponential()).sum::<f64>() / f64::from(n);
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn entropy_differs() {
        assert_ne!(entropy(), entropy());
    }

    const SEED_42: [u64; 4] =
        [11465652750463011511, 15382171918060459190, 9018504550953525431, 3703499796004394495];
    const SEED_MAX: [u64; 4] =
        [12591116029944179981, 1268942265879420026, 1998214320288580263, 12063755697402456310];
    const INTEGERS_SMALL: [i64; 5] = [2, 7, -2, 5, -1];
    const INTEGERS_WIDE: [i64; 3] = [1072708119942, 836881952700, 864286843831];
    const INTEGER_FULL: i64 = -6860092642535747310;
    const RANDOM_AFTER: f64 = 0.45038593789556713;
}
