//! Input vectors as upstream's `Initializer` makes them.
//!
//! Each generator takes its random numbers from the stream it is given; see [`rng::stream`](crate::rng::stream).

use crate::ParamError;
use crate::noise::normal;
use crate::rng::{Xoshiro256PlusPlus, below};
use crate::topology::choose;
use ndarray::Array2;

/// Value of a strong input, far above any threshold (upstream's `generate_strong_inp`).
pub const STRONG: f64 = 1.0e4;

/// A vector of `n` zeros with a 1 at `index`.
///
/// # Errors
/// `index` is not below `n`.
///
/// ```
/// assert_eq!(sorn_core::inputs::one_hot(3, 1).unwrap(), [0.0, 1.0, 0.0]);
/// ```
pub fn one_hot(n: usize, index: usize) -> Result<Vec<f64>, ParamError> {
    if index >= n {
        return Err(ParamError::new("index", index, format!("below n ({n})")));
    }
    let mut values = vec![0.0; n];
    values[index] = 1.0;
    Ok(values)
}

/// One column per label, of shape `(ne, labels)`: `nodes` neurons have a 1, all others 0.
///
/// As in upstream's `multi_one_hot_inp`, neurons are drawn in `nodes` rounds; within a round no two labels share a
/// neuron. A label may draw the same neuron in two rounds and then has fewer than `nodes`.
///
/// # Errors
/// More labels than neurons.
pub fn multi_one_hot(
    ne: usize,
    labels: usize,
    nodes: usize,
    rng: &mut Xoshiro256PlusPlus,
) -> Result<Array2<f64>, ParamError> {
    if labels > ne {
        return Err(ParamError::new("labels", labels, format!("at most ne ({ne})")));
    }
    let mut columns = Array2::zeros((ne, labels));
    for _ in 0..nodes {
        let mut neurons = choose(labels, ne, rng);
        shuffle(&mut neurons, rng);
        for (label, &neuron) in neurons.iter().enumerate() {
            columns[[neuron as usize, label]] = 1.0;
        }
    }
    Ok(columns)
}

/// A vector of `n` values of which `active`, drawn at random, are normal with this mean and standard deviation, the
/// others 0 (what upstream's `generate_gaussian_inputs` is for).
///
/// # Errors
/// `active` above `n`, or a mean or deviation that is not finite.
pub fn gaussian(
    n: usize,
    active: usize,
    mean: f64,
    sd: f64,
    rng: &mut Xoshiro256PlusPlus,
) -> Result<Vec<f64>, ParamError> {
    if !mean.is_finite() {
        return Err(ParamError::new("mean", mean, "finite values"));
    }
    if !(sd.is_finite() && sd >= 0.0) {
        return Err(ParamError::new("sd", sd, "finite, 0 or more"));
    }
    scatter(n, active, rng, |rng| mean + sd * normal(rng))
}

/// A vector of `n` values of which `active`, drawn at random, are [`STRONG`], the others 0 (upstream's
/// `generate_strong_inp`).
///
/// # Errors
/// `active` above `n`.
pub fn strong_one_hot(n: usize, active: usize, rng: &mut Xoshiro256PlusPlus) -> Result<Vec<f64>, ParamError> {
    scatter(n, active, rng, |_| STRONG)
}

fn scatter(
    n: usize,
    active: usize,
    rng: &mut Xoshiro256PlusPlus,
    mut value: impl FnMut(&mut Xoshiro256PlusPlus) -> f64,
) -> Result<Vec<f64>, ParamError> {
    if active > n {
        return Err(ParamError::new("active", active, format!("at most n ({n})")));
    }
    let mut values = vec![0.0; n];
    for index in choose(active, n, rng) {
        values[index as usize] = value(rng);
    }
    Ok(values)
}

/// Fisher & Yates.
fn shuffle(values: &mut [u32], rng: &mut Xoshiro256PlusPlus) {
    for last in (1..values.len()).rev() {
        values.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    #[test]
    fn multi_one_hot_gives_each_label_its_neurons() {
        let columns = multi_one_hot(100, 6, 5, &mut stream(1, "encoder")).unwrap();
        for column in columns.columns() {
            assert!(column.iter().all(|&v| v == 0.0 || v == 1.0));
            assert!((3.0..=5.0).contains(&column.sum()));
        }
        let one_round = multi_one_hot(20, 20, 1, &mut stream(1, "encoder")).unwrap();
        assert!(one_round.rows().into_iter().all(|row| row.sum() == 1.0));
        assert!(multi_one_hot(5, 6, 1, &mut stream(1, "encoder")).is_err());
    }

    #[test]
    fn active_entries_are_counted() {
        let rng = &mut stream(2, "encoder");
        let nonzero = |values: &[f64]| values.iter().filter(|v| **v != 0.0).count();
        assert_eq!(nonzero(&gaussian(50, 7, 1.0, 0.5, rng).unwrap()), 7);
        let strong = strong_one_hot(50, 3, rng).unwrap();
        assert_eq!((nonzero(&strong), strong.iter().sum::<f64>()), (3, 3.0 * STRONG));
        assert!(gaussian(5, 6, 0.0, 1.0, rng).is_err());
        assert!(gaussian(5, 1, f64::NAN, 1.0, rng).is_err());
        assert!(one_hot(3, 3).unwrap_err().to_string().contains("below n (3)"));
    }
}
