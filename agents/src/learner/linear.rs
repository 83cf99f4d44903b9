//! Arithmetic of linear readouts: weights are `(rows, features)`, row after row.

/// Four running sums, in a fixed order: fast, and the same bits everywhere.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let tail: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0; 4];
    for (x, y) in a4.zip(b4) {
        (0..4).for_each(|lane| sums[lane] += x[lane] * y[lane]);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + tail
}

/// One score per row of `weights`.
pub(crate) fn scores(weights: &[f64], phi: &[f64], out: &mut [f64]) {
    for (score, row) in out.iter_mut().zip(weights.chunks_exact(phi.len())) {
        *score = dot(row, phi);
    }
}

/// `out <- out + factor * x`.
pub(crate) fn add(out: &mut [f64], factor: f64, x: &[f64]) {
    out.iter_mut().zip(x).for_each(|(o, x)| *o += factor * x);
}

/// `z <- decay z + g phi`, then `weights += step z`.
pub(crate) fn update(weights: &mut [f64], z: &mut [f64], phi: &[f64], decay: f64, g: f64, step: f64) {
    for ((weight, z), phi) in weights.iter_mut().zip(z).zip(phi) {
        *z = decay * *z + g * phi;
        *weight += step * *z;
    }
}
