//! Linear equations with a symmetric positive definite matrix.

use ndarray::Array2;

/// The lower triangle L with L L^T = `matrix`, of which only the lower triangle is read; none where the matrix is not
/// positive definite.
pub(super) fn factor(mut matrix: Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    for i in 0..n {
        for j in 0..=i {
            let (row_i, row_j) = (matrix.row(i), matrix.row(j));
            let known: f64 = (0..j).map(|k| row_i[k] * row_j[k]).sum();
            let rest = matrix[[i, j]] - known;
            matrix[[i, j]] = match i == j {
                true if rest > 0.0 && rest.is_finite() => rest.sqrt(),
                true => return None,
                false => rest / matrix[[j, j]],
            };
        }
    }
    Some(matrix)
}

/// Solves L L^T x = `right`, in place.
pub(super) fn solve(lower: &Array2<f64>, right: &mut [f64]) {
    let n = right.len();
    for i in 0..n {
        let known: f64 = (0..i).map(|k| lower[[i, k]] * right[k]).sum();
        right[i] = (right[i] - known) / lower[[i, i]];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| lower[[k, i]] * right[k]).sum();
        right[i] = (right[i] - known) / lower[[i, i]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        assert_eq!(factor(array![[1.0, 9.0], [2.0, 4.0]]), None);
        assert_eq!(factor(array![[f64::NAN]]), None);
        assert_eq!(factor(array![[4.0, 9.0], [2.0, 10.0]]), Some(array![[2.0, 9.0], [1.0, 3.0]]));
    }

    proptest! {
        #[test]
        fn the_solution_solves(entries in prop::collection::vec(-3.0..3.0f64, 30), wanted in prop::collection::vec(-3.0..3.0f64, 5)) {
            let factor_of = Array2::from_shape_vec((5, 6), entries).unwrap();
            let matrix = factor_of.dot(&factor_of.t()) + Array2::<f64>::eye(5);
            let mut solution = matrix.dot(&ndarray::Array1::from(wanted.clone())).to_vec();
            solve(&factor(matrix).unwrap(), &mut solution);
            prop_assert!(solution.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-9));
        }
    }
}
