//! [`Numbers`]: observations and actions a wrapper can compute with.

use crate::{Array, Data, Value};

/// A fixed count of numbers that can be read and written one by one: arrays and vectors of floats, [`Array`], [`Value`].
///
/// A [`Value`] that is no array has no numbers.
pub trait Numbers: Clone {
    /// What a choice of the numbers is.
    type Selected: Numbers;

    /// How many.
    fn count(&self) -> usize;
    /// The `i`-th.
    ///
    /// # Panics
    /// Where `i >= count()`.
    fn number(&self, i: usize) -> f64;
    /// Replaces the `i`-th, rounded to the type of the numbers.
    ///
    /// # Panics
    /// Where `i >= count()`.
    fn set_number(&mut self, i: usize, x: f64);
    /// Those at `indices`, in that order.
    ///
    /// # Panics
    /// Where an index is not below `count()`.
    fn select(&self, indices: &[usize]) -> Self::Selected;

    /// Replaces each by `f(i, number)`.
    fn update(&mut self, mut f: impl FnMut(usize, f64) -> f64) {
        for i in 0..self.count() {
            self.set_number(i, f(i, self.number(i)));
        }
    }
}

macro_rules! floats {
    ($float:ty, $type:ty $(, $n:ident)?) => {
        impl$(<const $n: usize>)? Numbers for $type {
            type Selected = Vec<$float>;
            fn count(&self) -> usize {
                self.len()
            }
            #[allow(clippy::unnecessary_cast)]
            fn number(&self, i: usize) -> f64 {
                self[i] as f64
            }
            #[allow(clippy::unnecessary_cast)]
            fn set_number(&mut self, i: usize, x: f64) {
                self[i] = x as $float;
            }
            fn select(&self, indices: &[usize]) -> Vec<$float> {
                indices.iter().map(|&i| self[i]).collect()
            }
        }
    };
}

floats!(f32, [f32; N], N);
floats!(f64, [f64; N], N);
floats!(f32, Vec<f32>);
floats!(f64, Vec<f64>);

impl Numbers for Array {
    type Selected = Array;
    fn count(&self) -> usize {
        self.len()
    }
    fn number(&self, i: usize) -> f64 {
        self.data().get(i)
    }
    fn set_number(&mut self, i: usize, x: f64) {
        self.data_mut().set(i, x);
    }
    fn select(&self, indices: &[usize]) -> Array {
        Array::vector(Data::cast(indices.iter().map(|&i| self.data().get(i)), self.dtype()))
    }
}

impl Numbers for Value {
    type Selected = Value;
    fn count(&self) -> usize {
        self.as_array().map_or(0, Array::len)
    }
    fn number(&self, i: usize) -> f64 {
        self.as_array().map_or(f64::NAN, |array| Numbers::number(array, i))
    }
    fn set_number(&mut self, i: usize, x: f64) {
        if let Value::Array(array) = self {
            Numbers::set_number(array, i, x);
        }
    }
    fn select(&self, indices: &[usize]) -> Value {
        match self {
            Value::Array(array) => Value::Array(array.select(indices)),
            other => other.clone(),
        }
    }
}
