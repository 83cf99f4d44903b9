//! The loops over features, compiled for the vector registers that the machine has.
//!
//! The arithmetic, and so every bit, is the same for all of them.

use multiversion::multiversion;

/// Running sums of a dot product.
const SUMS: usize = 32;

/// The dot product, in running sums of a fixed order.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_chunks, b_chunks) = (a.chunks_exact(SUMS), b.chunks_exact(SUMS));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0; SUMS];
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..SUMS {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let mut half = SUMS / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0] + rest
}

/// `z <- decay z + g phi`, then `weights += step z`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(crate) fn update(weights: &mut [f64], z: &mut [f64], phi: &[f64], decay: f64, g: f64, step: f64) {
    for ((weight, z), phi) in weights.iter_mut().zip(z).zip(phi) {
        *z = decay * *z + g * phi;
        *weight += step * *z;
    }
}

/// `z <- decay z + g phi`; the sum of the sizes of what `z` then has, in running sums of a fixed order.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(crate) fn decay_add(z: &mut [f64], decay: f64, g: f64, phi: &[f64]) -> f64 {
    let mut sums = [0.0; SUMS];
    let mut z_chunks = z.chunks_exact_mut(SUMS);
    let phi_chunks = phi.chunks_exact(SUMS);
    let phi_rest = phi_chunks.remainder();
    for (z, phi) in z_chunks.by_ref().zip(phi_chunks) {
        for lane in 0..SUMS {
            z[lane] = decay * z[lane] + g * phi[lane];
            sums[lane] += z[lane].abs();
        }
    }
    let mut rest = 0.0;
    for (z, phi) in z_chunks.into_remainder().iter_mut().zip(phi_rest) {
        *z = decay * *z + g * phi;
        rest += z.abs();
    }
    let mut half = SUMS / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0] + rest
}

/// `out <- out + factor x`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(crate) fn add(out: &mut [f64], factor: f64, x: &[f64]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += factor * x;
    }
}

/// `out <- start + factors[0] rows[0] + factors[1] rows[1] + ...`, added in that order; all as long as `out`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(crate) fn sum_rows(out: &mut [f64], start: &[f64], factors: &[f64], rows: &[f64]) {
    const WIDTH: usize = 16;
    let n = out.len();
    let whole = n - n % WIDTH;
    for first in (0..whole).step_by(WIDTH) {
        let mut sums: [f64; WIDTH] = std::array::from_fn(|lane| start[first..][..WIDTH][lane]);
        for (factor, row) in factors.iter().zip(rows.chunks_exact(n)) {
            let row = &row[first..][..WIDTH];
            for lane in 0..WIDTH {
                sums[lane] += factor * row[lane];
            }
        }
        out[first..][..WIDTH].copy_from_slice(&sums);
    }
    for at in whole..n {
        out[at] = factors.iter().zip(rows.chunks_exact(n)).fold(start[at], |sum, (f, row)| sum + f * row[at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_on_whole_numbers_of_every_length() {
        for n in 0..150_u32 {
            let numbers: Vec<f64> = (1..=n).map(f64::from).collect();
            let squares = f64::from(n * (n + 1) * (2 * n + 1) / 6);
            assert_eq!(dot(&numbers, &numbers), squares);

            let (mut weights, mut trace) = (numbers.clone(), numbers.clone());
            update(&mut weights, &mut trace, &numbers, 0.5, 2.0, 4.0);
            add(&mut weights, -3.0, &numbers);
            let mut other = numbers.clone();
            let size = decay_add(&mut other, 0.5, -2.0, &numbers);
            assert_eq!(size, 1.5 * numbers.iter().sum::<f64>());
            assert!(other.iter().zip(&numbers).all(|(z, number)| *z == -1.5 * number));
            for ((number, trace), weight) in numbers.iter().zip(&trace).zip(&weights) {
                assert_eq!((*trace, *weight), (2.5 * number, 8.0 * number));
            }
        }
    }

    #[test]
    fn rows_are_added_as_one_by_one() {
        for n in 0..50 {
            let rows: Vec<f64> = (0..3 * n).map(|k| f64::from(k).sqrt()).collect();
            let (start, factors) = (&rows[..n as usize], [0.1, -0.3, 7.7]);
            let mut expected = start.to_vec();
            for (row, factor) in factors.iter().enumerate() {
                add(&mut expected, *factor, &rows[row * n as usize..][..n as usize]);
            }
            let mut out = vec![f64::NAN; n as usize];
            sum_rows(&mut out, start, &factors, &rows);
            assert_eq!(out, expected);
        }
    }
}
