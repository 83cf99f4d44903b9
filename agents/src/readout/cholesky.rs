//! Cholesky's factor of a symmetric positive definite matrix, row after row in a slice.

/// Overwrites the lower triangle of the `n` by `n` `matrix` with `L`, where `L L^T` is the matrix; only the lower triangle is
/// read. False where the matrix is not positive definite.
pub(super) fn factor(matrix: &mut [f64], n: usize) -> bool {
    for i in 0..n {
        let (above, row_i) = matrix.split_at_mut(i * n);
        for j in 0..i {
            let row_j = &above[j * n..j * n + n];
            let known: f64 = row_i[..j].iter().zip(row_j).map(|(a, b)| a * b).sum();
            row_i[j] = (row_i[j] - known) / row_j[j];
        }
        let rest = row_i[i] - row_i[..i].iter().map(|a| a * a).sum::<f64>();
        if !(rest > 0.0 && rest.is_finite()) {
            return false;
        }
        row_i[i] = rest.sqrt();
    }
    true
}

/// Solves `L L^T x = right` in place.
pub(super) fn solve(lower: &[f64], right: &mut [f64]) {
    let n = right.len();
    for i in 0..n {
        let row = &lower[i * n..i * n + i + 1];
        let known: f64 = row[..i].iter().zip(&*right).map(|(a, b)| a * b).sum();
        right[i] = (right[i] - known) / row[i];
    }
    for i in (0..n).rev() {
        right[i] /= lower[i * n + i];
        let x = right[i];
        right[..i].iter_mut().zip(&lower[i * n..]).for_each(|(r, a)| *r -= a * x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
