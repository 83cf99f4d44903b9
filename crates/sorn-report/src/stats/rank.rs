//! Kernel rank and generalisation rank: how well a reservoir tells inputs apart, and how well it does not.

use ndarray::{ArrayView2, ArrayView3, Axis};
use sorn_core::{Error, Network};

use super::StatsError;
use super::interrupt::heed;

/// The kernel rank: how many of the states that different input streams leave behind are linearly independent
/// (Legenstein and Maass 2007, doi 10.1016/j.neunet.2007.04.017). `streams` has the shape (streams, steps, inputs). Each
/// is fed to a copy of the network as it stands, with the same noise; the excitatory neurons' activity after the last
/// step is one row of the matrix whose rank this is: at most the smaller of streams and neurons. Freeze the network
/// ([`Network::set_frozen`]) to measure the reservoir without what it would learn on the way.
///
/// A good reservoir has a high kernel rank and a low [`generalisation_rank`].
///
/// # Errors
/// [`StatsError::Network`] where the network refuses an input.
pub fn kernel_rank(network: &Network, streams: ArrayView3<'_, f64>) -> Result<usize, StatsError> {
    rank_of_states(network, streams, |_, _| false)
}

/// The generalisation rank: the same as [`kernel_rank`] for streams that should make no difference, because their last
/// `shared` inputs are the same (Busing, Schrauwen and Legenstein 2010, doi 10.1162/neco.2009.01-09-947): those of the
/// first stream. The lower, the less the network dwells on what is long past.
///
/// # Errors
/// [`StatsError::OutOfRange`] where the streams are shorter than `shared`, [`StatsError::Network`] where the network
/// refuses an input.
pub fn generalisation_rank(
    network: &Network,
    streams: ArrayView3<'_, f64>,
    shared: usize,
) -> Result<usize, StatsError> {
    let steps = streams.len_of(Axis(1));
    if shared > steps {
        let allowed = "no more than the streams have steps";
        return Err(StatsError::OutOfRange { argument: "shared", value: shared as f64, allowed });
    }
    rank_of_states(network, streams, |_, step| step >= steps - shared)
}

/// Where `first` says so, a stream takes the first one's input.
fn rank_of_states(
    network: &Network,
    streams: ArrayView3<'_, f64>,
    first: impl Fn(usize, usize) -> bool,
) -> Result<usize, StatsError> {
    let mut input = vec![0.0; streams.len_of(Axis(2))];
    let mut states = Vec::with_capacity(streams.len_of(Axis(0)));
    for stream in 0..streams.len_of(Axis(0)) {
        let mut network = network.clone();
        for step in 0..streams.len_of(Axis(1)) {
            heed()?;
            let from = if first(stream, step) { 0 } else { stream };
            let row: ArrayView2<'_, f64> = streams.index_axis(Axis(0), from);
            input.iter_mut().zip(row.row(step)).for_each(|(input, value)| *input = *value);
            network.step(&input).map_err(Error::from)?;
        }
        states.push(network.activity().spikes_e.to_vec());
    }
    binary_rank(&states, network.ne())
}

/// The rank of the matrix whose rows have ones at the given columns and zeros elsewhere, by elimination modulo the
/// prime 2^61 - 1. Exact arithmetic needs no tolerance; the rank of whole numbers could only be larger if the prime
/// divided every largest non-zero minor.
fn binary_rank(rows: &[Vec<u32>], columns: usize) -> Result<usize, StatsError> {
    let mut matrix: Vec<Vec<u64>> = rows
        .iter()
        .map(|ones| {
            let mut row = vec![0; columns];
            ones.iter().for_each(|column| row[*column as usize] = 1);
            row
        })
        .collect();
    let mut rank = 0;
    for column in 0..columns {
        heed()?;
        let Some(pivot) = (rank..matrix.len()).find(|row| matrix[*row][column] != 0) else { continue };
        matrix.swap(rank, pivot);
        let (done, rest) = matrix.split_at_mut(rank + 1);
        let pivot = &done[rank];
        let inverse = power(pivot[column], PRIME - 2);
        for row in rest.iter_mut().filter(|row| row[column] != 0) {
            // Adding this multiple of the pivot row leaves 0 here.
            let factor = PRIME - times(row[column], inverse);
            for (value, above) in row[column..].iter_mut().zip(&pivot[column..]) {
                *value = (*value + times(factor, *above)) % PRIME;
            }
        }
        rank += 1;
    }
    Ok(rank)
}

const PRIME: u64 = (1 << 61) - 1;

fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(PRIME)) as u64
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut product = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = times(product, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use proptest::prelude::*;
    use sorn_core::rng::{stream, uniform};
    use sorn_core::{Params, Rules};

    fn network() -> Network {
        let mut network = Network::new(&Params { ne: 80, nu: 8, ..Params::default() }, 3).unwrap();
        for step in 0..200 {
            let mut input = [0.0; 8];
            input[step % 8] = 1.0;
            network.step(&input).unwrap();
        }
        network.set_frozen(Rules::all());
        network
    }

    fn streams(count: usize, steps: usize) -> Array3<f64> {
        let rng = &mut stream(2, "test");
        Array3::from_shape_fn((count, steps, 8), |_| f64::from(u8::from(uniform(rng) < 0.3)))
    }

    #[test]
    fn different_streams_are_told_apart_and_equal_ends_less() {
        let (network, streams) = (network(), streams(40, 25));
        let kernel = kernel_rank(&network, streams.view()).unwrap();
        assert!(kernel > 20 && kernel <= 40, "{kernel}");
        let ranks: Vec<usize> = [0, 5, 25]
            .iter()
            .map(|shared| generalisation_rank(&network, streams.view(), *shared).unwrap())
            .collect();
        assert_eq!(ranks[0], kernel, "nothing is shared");
        assert_eq!(ranks[2], 1, "all streams are the same");
        assert!(ranks[1] <= kernel, "{ranks:?}");
        // The network itself has not moved.
        assert_eq!(kernel_rank(&network, streams.view()).unwrap(), kernel);
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let network = network();
        let error = generalisation_rank(&network, streams(3, 4).view(), 5).unwrap_err();
        assert!(matches!(error, StatsError::OutOfRange { argument: "shared", .. }), "{error}");
        let error = kernel_rank(&network, Array3::zeros((2, 3, 7)).view()).unwrap_err().to_string();
        assert!(error.contains('7') && error.contains('8'), "{error}");
        assert_eq!(kernel_rank(&network, Array3::zeros((0, 3, 8)).view()).unwrap(), 0);
    }

    #[test]
    fn small_ranks() {
        assert_eq!(binary_rank(&[], 3), Ok(0));
        assert_eq!(binary_rank(&[vec![], vec![]], 3), Ok(0));
        assert_eq!(binary_rank(&[vec![0, 1], vec![1, 2], vec![0, 1], vec![2]], 3), Ok(3));
        // Dependent over the integers modulo 2, not over the rationals: the determinant is 2.
        assert_eq!(binary_rank(&[vec![0, 1], vec![1, 2], vec![0, 2]], 3), Ok(3));
        assert_eq!(binary_rank(&[vec![0, 1, 2, 3], vec![0, 1], vec![2, 3]], 4), Ok(2));
    }

    proptest! {
        #[test]
        fn a_matrix_and_its_transpose_have_one_rank(rows in prop::collection::vec(0..256u32, 0..14)) {
            let ones = |row: u32| (0..8).filter(move |column| row >> column & 1 == 1).collect::<Vec<u32>>();
            let matrix: Vec<Vec<u32>> = rows.iter().map(|row| ones(*row)).collect();
            let column = |c: u32| (0..rows.len() as u32).filter(|r| rows[*r as usize] >> c & 1 == 1).collect();
            let transpose: Vec<Vec<u32>> = (0..8).map(column).collect();
            prop_assert_eq!(binary_rank(&matrix, 8), binary_rank(&transpose, rows.len()));
        }
    }
}
