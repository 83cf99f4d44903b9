//! The interpreter's global generators, `np.random` and `random`: taken over, drawn from as NumPy and Python would, and
//! handed back.

use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use sorn_lab::sorn_envs::gymnasium::call_method;

use crate::mt19937::Mt19937;

/// Both generators. Between [`take`](Self::take) and [`give_back`](Self::give_back) no other code may draw from them, so
/// the interpreter must stay attached.
pub(crate) struct Globals<'py> {
    pub(crate) numpy: NumpyRandom,
    pub(crate) python: PythonRandom,
    np_random: Bound<'py, PyAny>,
    random: Bound<'py, PyAny>,
    version: Bound<'py, PyAny>,
    gauss_next: Bound<'py, PyAny>,
}

impl<'py> Globals<'py> {
    pub(crate) fn take(py: Python<'py>) -> PyResult<Self> {
        let np_random = py.import("numpy.random")?.into_any();
        let state = call_method(&np_random, intern!(py, "get_state"), (), None)?;
        let foreign = |_| {
            PyValueError::new_err(
                "np.random: expected NumPy's own global generator (MT19937), or seed=, found another",
            )
        };
        let (name, key, position, has_gauss, gauss) =
            state.extract::<(String, Bound<'py, PyArray1<u32>>, usize, i64, f64)>().map_err(foreign)?;
        let mt = Mt19937::new(key.readonly().as_slice()?, position).filter(|_| name == "MT19937");
        let numpy = NumpyRandom {
            mt: mt.ok_or(()).map_err(|()| foreign(PyValueError::new_err("")))?,
            cached: (has_gauss != 0).then_some(gauss),
        };

        let random = py.import("random")?.into_any();
        let state = call_method(&random, intern!(py, "getstate"), (), None)?;
        let (version, words, gauss_next) =
            state.extract::<(Bound<'py, PyAny>, Vec<u32>, Bound<'py, PyAny>)>()?;
        let mt = words.split_last().and_then(|(&position, key)| Mt19937::new(key, position as usize));
        let python = PythonRandom {
            mt: mt
                .ok_or_else(|| PyValueError::new_err("random: expected a state of MT19937, found another"))?,
        };
        Ok(Globals { numpy, python, np_random, random, version, gauss_next })
    }

    pub(crate) fn give_back(self) -> PyResult<()> {
        let py = self.np_random.py();
        let NumpyRandom { mt, cached } = self.numpy;
        let key = PyArray1::from_slice(py, &mt.key()[..]);
        let state = ("MT19937", key, mt.position(), i32::from(cached.is_some()), cached.unwrap_or(0.0));
        call_method(&self.np_random, intern!(py, "set_state"), (state,), None)?;
        let mt = self.python.mt;
        let words = mt.key().iter().copied().chain([mt.position() as u32]);
        let words = PyTuple::new(py, words.collect::<Vec<_>>())?;
        call_method(&self.random, intern!(py, "setstate"), ((self.version, words, self.gauss_next),), None)?;
        Ok(())
    }
}

/// NumPy's legacy generator, `np.random.RandomState`.
pub(crate) struct NumpyRandom {
    mt: Mt19937,
    /// The second of a pair of normal numbers, not yet given out.
    cached: Option<f64>,
}

impl NumpyRandom {
    pub(crate) fn new(mt: Mt19937, cached: Option<f64>) -> Self {
        NumpyRandom { mt, cached }
    }

    pub(crate) fn mt(&self) -> &Mt19937 {
        &self.mt
    }

    /// `np.random.uniform(low, high)`.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.mt.next_f64()
    }

    /// `np.random.random()`.
    pub(crate) fn random(&mut self) -> f64 {
        self.mt.next_f64()
    }

    /// `np.random.normal(mean, sd)`.
    pub(crate) fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        let gauss = self.cached.take().unwrap_or_else(|| {
            let (first, second) = self.pair();
            self.cached = Some(second);
            first
        });
        mean + sd * gauss
    }

    /// `np.random.normal(0, sd, out.len())`.
    pub(crate) fn fill_normal(&mut self, sd: f64, out: &mut [f64]) {
        let cached = usize::from(self.cached.is_some()).min(out.len());
        let (first, rest) = out.split_at_mut(cached);
        for first in first {
            *first = self.normal(0.0, sd);
        }
        let (pairs, last) = rest.as_chunks_mut::<2>();
        // Points first, then what becomes of them: the second loop has no branch.
        let mut points = [[0.0; 3]; 32];
        for pairs in pairs.chunks_mut(points.len()) {
            let points = &mut points[..pairs.len()];
            self.points(points);
            for (pair, [x1, x2, r2]) in pairs.iter_mut().zip(points) {
                let f = polar(*r2);
                *pair = [0.0 + sd * (f * *x2), 0.0 + sd * (f * *x1)];
            }
        }
        for last in last {
            *last = self.normal(0.0, sd);
        }
    }

    /// Two normal numbers by Marsaglia's polar method, in NumPy's order.
    fn pair(&mut self) -> (f64, f64) {
        let mut point = [[0.0; 3]];
        self.points(&mut point);
        let [[x1, x2, r2]] = point;
        let f = polar(r2);
        (f * x2, f * x1)
    }

    /// Points in the unit disk and the squares of their radii, by rejection.
    fn points(&mut self, points: &mut [[f64; 3]]) {
        let mut found = 0;
        while found < points.len() {
            let [x1, x2] = self.mt.next_f64_pair().map(|unit| 2.0 * unit - 1.0);
            let r2 = x1 * x1 + x2 * x2;
            points[found] = [x1, x2, r2];
            found += usize::from((r2 < 1.0) & (r2 != 0.0));
        }
    }

    /// `np.random.randint(0, n)` for `n` up to 2^32, by rejection below the next power of two. `n` must be positive.
    pub(crate) fn randint(&mut self, n: u32) -> u32 {
        let most = n - 1;
        if most == 0 {
            return 0;
        }
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let value = self.mt.next_u32() & mask;
            if value <= most {
                return value;
            }
        }
    }
}

/// What a coordinate is multiplied by to be normal. The logarithm is the platform's, as NumPy's is.
fn polar(r2: f64) -> f64 {
    (-2.0 * r2.ln() / r2).sqrt()
}

/// Python's `random`.
pub(crate) struct PythonRandom {
    mt: Mt19937,
}

impl PythonRandom {
    /// `random.randrange(n)`, the index that `random.choice` draws. `n` must be positive.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let shift = n.leading_zeros();
        loop {
            let value = if shift == 32 { 0 } else { self.mt.next_u32() >> shift };
            if value < n {
                return value;
            }
        }
    }

    /// The positions that `random.sample` draws: `k` distinct numbers below `n`. `k` must not exceed `n`.
    pub(crate) fn sample(&mut self, n: u32, k: u32) -> Vec<u32> {
        // As Python decides between a list of the population and a set of what was drawn.
        let mut set_size = 21;
        if k > 5 {
            let exponent = (f64::from(k * 3).ln() / 4.0_f64.ln()).ceil();
            set_size += 4_u64.saturating_pow(exponent as u32);
        }
        if u64::from(n) <= set_size {
            let mut pool: Vec<u32> = (0..n).collect();
            return (0..k)
                .map(|drawn| {
                    let at = self.below(n - drawn) as usize;
                    let position = pool[at];
                    pool[at] = pool[(n - drawn - 1) as usize];
                    position
                })
                .collect();
        }
        let mut taken = vec![false; n as usize];
        (0..k)
            .map(|_| {
                loop {
                    let position = self.below(n);
                    if !std::mem::replace(&mut taken[position as usize], true) {
                        return position;
                    }
                }
            })
            .collect()
    }
}
