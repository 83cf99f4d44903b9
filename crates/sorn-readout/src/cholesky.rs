//! Cholesky's factor of a symmetric matrix, row after row in a slice.

use crate::vector::{add, dot};

/// Overwrites the lower triangle of the `n` by `n` `matrix` with `L`, where `L L^T` is the matrix; only the lower triangle is
/// read. False if the matrix is not positive definite, or so nearly not that rounding decides.
#[must_use]
pub fn factor(matrix: &mut [f64], n: usize) -> bool {
    for i in 0..n {
        let (above, row_i) = matrix.split_at_mut(i * n);
        for j in 0..i {
            let row_j = &above[j * n..j * n + n];
            row_i[j] = (row_i[j] - dot(&row_i[..j], &row_j[..j])) / row_j[j];
        }
        let rest = row_i[i] - dot(&row_i[..i], &row_i[..i]);
        let rounding = (8 + i) as f64 * f64::EPSILON * row_i[i];
        if !(rest > rounding && rest.is_finite()) {
            return false;
        }
        row_i[i] = rest.sqrt();
    }
    true
}

/// Solves `L L^T x = right` in place.
pub fn solve(lower: &[f64], right: &mut [f64]) {
    let n = right.len();
    for i in 0..n {
        let row = &lower[i * n..i * n + i + 1];
        right[i] = (right[i] - dot(&row[..i], &right[..i])) / row[i];
    }
    for i in (0..n).rev() {
        right[i] /= lower[i * n + i];
        let x = right[i];
        add(&mut right[..i], -x, &lower[i * n..i * n + i]);
    }
}

/// `L` of a symmetric positive semidefinite `n` by `n` matrix of rank `r`, as `n` rows of `r` numbers, where `L L^T` is the matrix.
///
/// Pivots are taken by size; a pivot below `tolerance` times the largest counts as 0. The columns of `L` are linearly
/// independent. Only the lower triangle is read.
#[must_use]
pub fn semidefinite(matrix: &[f64], n: usize, tolerance: f64) -> (Vec<f64>, usize) {
    let mut left: Vec<f64> = (0..n).map(|i| matrix[i * n + i]).collect();
    let smallest = tolerance * left.iter().copied().fold(0.0, f64::max);
    // A column of L after the other, each as a row of its own.
    let mut columns: Vec<Vec<f64>> = Vec::new();
    loop {
        let largest = (0..n).reduce(|best, i| if left[i] > left[best] { i } else { best });
        let Some(pivot) = largest.filter(|&i| left[i] > smallest) else { break };
        let root = left[pivot].sqrt();
        let mut column: Vec<f64> = (0..n).map(|i| matrix[i.max(pivot) * n + i.min(pivot)]).collect();
        columns.iter().for_each(|earlier| add(&mut column, -earlier[pivot], earlier));
        for (i, value) in column.iter_mut().enumerate() {
            *value /= root;
            left[i] -= *value * *value;
        }
        column[pivot] = root;
        left[pivot] = f64::NEG_INFINITY;
        columns.push(column);
    }
    let rank = columns.len();
    let rows = (0..n).flat_map(|i| columns.iter().map(move |column| column[i])).collect();
    (rows, rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn solves_by_hand() {
        // [[4, 2], [2, 5]] = L L^T with L = [[2, 0], [1, 2]]; its product with (1, -1) is (2, -3).
        let mut matrix = [4.0, f64::NAN, 2.0, 5.0];
        assert!(factor(&mut matrix, 2));
        assert_eq!((matrix[0], matrix[2], matrix[3]), (2.0, 1.0, 2.0));
        let mut right = [2.0, -3.0];
        solve(&matrix, &mut right);
        assert_eq!(right, [1.0, -1.0]);
        assert!(!factor(&mut [1.0, 2.0, 2.0, 1.0], 2));
        assert!(!factor(&mut [f64::NAN], 1));
    }

    proptest! {
        #[test]
        fn a_factor_of_lower_rank_gives_the_matrix_back(entries in prop::collection::vec(-3.0..3.0_f64, 24), rank in 0_usize..=4) {
            // Six vectors of `rank` numbers.
            let vector = |i: usize| &entries[4 * i..4 * i + rank];
            let matrix: Vec<f64> = (0..36).map(|k| dot(vector(k / 6), vector(k % 6))).collect();
            let (rows, found) = semidefinite(&matrix, 6, 1e-9);
            prop_assert!(found <= rank);
            for (k, expected) in matrix.iter().enumerate() {
                let (i, j) = (k / 6, k % 6);
                let product = dot(&rows[i * found..][..found], &rows[j * found..][..found]);
                prop_assert!((product - expected).abs() < 1e-6, "{product} {expected}");
            }
        }
    }
}
