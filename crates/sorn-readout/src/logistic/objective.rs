//! The function that logistic regression minimises, and Newton's method on it.

use multiversion::multiversion;

use super::Examples;
use crate::vector::{add, dot};

/// Classes are padded to whole blocks, which the compiler keeps in vector registers.
const BLOCK: usize = 8;

/// The fraction of the expected descent with which a step is content.
const ARMIJO: f64 = 1e-4;

pub(super) struct Objective<'a> {
    examples: &'a Examples<'a>,
    /// Classes, and classes with padding.
    classes: usize,
    width: usize,
    /// `(features + 1, width)`: weights of one feature side by side; the last feature is the intercept's.
    w: Vec<f64>,
    /// Scores and probabilities, `(distinct rows, width)`; the padding has probability 0.
    scores: Vec<f64>,
    p: Vec<f64>,
    /// Number of examples in each distinct row.
    sizes: Vec<f64>,
    /// Penalty on half the square of each weight, in units of one example.
    shrink: f64,
    loss: f64,
}

impl<'a> Objective<'a> {
    /// The function at weights of 0.
    pub(super) fn new(examples: &'a Examples<'a>, c: f64) -> Self {
        let classes = examples.classes;
        let width = classes.next_multiple_of(BLOCK);
        let rows = examples.distinct.len();
        // Of two classes only the difference counts: w/2 and -w/2 stand for one row w, and have half the squares.
        let shrink = if classes == 2 { 2.0 / c } else { 1.0 / c };
        let mut objective = Objective {
            examples,
            classes,
            width,
            w: vec![0.0; (examples.rows.features() + 1) * width],
            scores: vec![0.0; rows * width],
            p: vec![0.0; rows * width],
            sizes: examples.counts.chunks_exact(classes).map(|counts| counts.iter().sum()).collect(),
            shrink,
            loss: 0.0,
        };
        let norm = objective.squares(&objective.w);
        objective.loss = objective.value(0.0, &objective.scores, norm);
        objective
    }

    /// The mean loss.
    pub(super) fn loss(&self) -> f64 {
        self.loss / self.examples.total
    }

    /// Weights of shape (classes, features + 1), row after row; those of one feature add up to 0.
    pub(super) fn weights(&self) -> Vec<f64> {
        let features = self.w.len() / self.width;
        let mut weights = vec![0.0; self.classes * features];
        for (feature, column) in self.w.chunks_exact(self.width).enumerate() {
            let mean = column[..self.classes].iter().sum::<f64>() / self.classes as f64;
            for (class, w) in column[..self.classes].iter().enumerate() {
                weights[class * features + feature] = w - mean;
            }
        }
        weights
    }

    /// Takes Newton steps until the next would lower the mean loss by less than `tolerance`, or there were `most`; the number
    /// of steps, and whether the minimum was found.
    pub(super) fn minimise(&mut self, tolerance: f64, most: u32) -> (u32, bool) {
        let tolerance = tolerance * self.examples.total;
        let mut first = None;
        for step in 0..most {
            let (gradient, diagonal) = self.slope();
            let size = dot(&gradient, &gradient).sqrt();
            if size == 0.0 {
                return (step, true);
            }
            // The nearer to the minimum, the more exactly the equations are solved.
            let share = (size / *first.get_or_insert(size)).sqrt().min(0.5);
            let (direction, descent) = self.newton(&gradient, &diagonal, share * size);
            if !self.go(&direction, descent) {
                // No lower value can be told from this one.
                return (step, descent <= tolerance.max(f64::EPSILON * self.loss));
            }
            if descent / 2.0 <= tolerance {
                return (step + 1, true);
            }
        }
        (most, false)
    }

    /// The gradient, and the diagonal of the Hessian.
    fn slope(&mut self) -> (Vec<f64>, Vec<f64>) {
        self.probabilities();
        let examples = self.examples;
        let intercept = self.w.len() - self.width;
        let mut gradient: Vec<f64> = self.w.iter().map(|w| self.shrink * w).collect();
        let mut diagonal = vec![self.shrink; self.w.len()];
        gradient[intercept..].fill(0.0);
        // For the padding, of which the gradient is 0.
        diagonal[intercept..].fill(f64::MIN_POSITIVE);
        let (mut error, mut curve) = (vec![0.0; self.width], vec![0.0; self.width]);
        for (row, p) in self.p.chunks_exact(self.width).enumerate() {
            let (counts, size) = (&examples.counts[row * self.classes..], self.sizes[row]);
            for class in 0..self.classes {
                error[class] = size * p[class] - counts[class];
                curve[class] = size * p[class] * (1.0 - p[class]);
            }
            for (feature, value) in examples.rows.row(examples.distinct[row]) {
                let at = feature as usize * self.width;
                add(&mut gradient[at..at + self.width], value, &error);
                add(&mut diagonal[at..at + self.width], value * value, &curve);
            }
            add(&mut gradient[intercept..], 1.0, &error);
            add(&mut diagonal[intercept..], 1.0, &curve);
        }
        (gradient, diagonal)
    }

    /// Solves `H s = -gradient` by conjugate gradients, preconditioned by the diagonal, up to a residual of size `enough`; the
    /// step and how much the quadratic model's linear part falls along it.
    fn newton(&self, gradient: &[f64], diagonal: &[f64], enough: f64) -> (Vec<f64>, f64) {
        let n = gradient.len();
        let mut step = vec![0.0; n];
        let mut residual: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let scaled =
            |residual: &[f64]| -> Vec<f64> { residual.iter().zip(diagonal).map(|(r, d)| r / d).collect() };
        let mut z = scaled(&residual);
        let mut direction = z.clone();
        let mut product = vec![0.0; n];
        let mut energy = dot(&residual, &z);
        for _ in 0..n {
            self.hessian_times(&direction, &mut product);
            let curvature = dot(&direction, &product);
            if !(curvature > 0.0 && energy > 0.0) {
                break;
            }
            let length = energy / curvature;
            add(&mut step, length, &direction);
            add(&mut residual, -length, &product);
            if dot(&residual, &residual).sqrt() <= enough {
                break;
            }
            z = scaled(&residual);
            let next = dot(&residual, &z);
            let keep = next / energy;
            energy = next;
            direction.iter_mut().zip(&z).for_each(|(d, z)| *d = z + keep * *d);
        }
        let descent = -dot(&step, gradient);
        (step, descent)
    }

    /// Goes along `direction` as far as the loss falls enough; false if it does not fall.
    fn go(&mut self, direction: &[f64], descent: f64) -> bool {
        let mut change = vec![0.0; self.scores.len()];
        let examples = self.examples;
        for (row, change) in change.chunks_exact_mut(self.width).enumerate() {
            let (indices, values) = examples.rows.parts(examples.distinct[row]);
            forward(direction, indices, values, change);
        }
        let mut length = 1.0;
        // 2^-30 of a Newton step is none.
        for _ in 0..30 {
            let moved = |(w, d): (&f64, &f64)| w + length * d;
            let w: Vec<f64> = self.w.iter().zip(direction).map(moved).collect();
            let loss = self.value(length, &change, self.squares(&w));
            if loss <= self.loss - ARMIJO * length * descent && loss < self.loss {
                self.w = w;
                add(&mut self.scores, length, &change);
                self.loss = loss;
                return true;
            }
            length /= 2.0;
        }
        false
    }

    /// The sum of the squares that are shrunk.
    fn squares(&self, w: &[f64]) -> f64 {
        let shrunk = &w[..w.len() - self.width];
        dot(shrunk, shrunk)
    }

    /// The loss at `scores + length change` with weights of which the squares add up to `squares`.
    fn value(&self, length: f64, change: &[f64], squares: f64) -> f64 {
        let classes = self.classes;
        let mut total = 0.0;
        let rows = self.scores.chunks_exact(self.width).zip(change.chunks_exact(self.width));
        let mut moved = vec![0.0; classes];
        for (row, (scores, change)) in rows.enumerate() {
            for ((moved, score), change) in moved.iter_mut().zip(scores).zip(change) {
                *moved = score + length * change;
            }
            let most = moved.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = moved.iter().map(|score| libm::exp(score - most)).sum();
            total += self.sizes[row] * (libm::log(sum) + most);
            total -= dot(&self.examples.counts[row * classes..][..classes], &moved);
        }
        total + 0.5 * self.shrink * squares
    }

    fn probabilities(&mut self) {
        for (p, scores) in self.p.chunks_exact_mut(self.width).zip(self.scores.chunks_exact(self.width)) {
            let (p, scores) = (&mut p[..self.classes], &scores[..self.classes]);
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            p.iter_mut().zip(scores).for_each(|(p, score)| *p = libm::exp(score - most));
            let sum: f64 = p.iter().sum();
            p.iter_mut().for_each(|p| *p /= sum);
        }
    }

    fn hessian_times(&self, v: &[f64], out: &mut [f64]) {
        let intercept = v.len() - self.width;
        out[..intercept].iter_mut().zip(v).for_each(|(out, v)| *out = self.shrink * v);
        out[intercept..].fill(0.0);
        curvature(self.examples, &self.p, &self.sizes, v, out);
    }
}

/// `out += X^T C (diag(p) - p p^T) X v`, row after row.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn curvature(examples: &Examples<'_>, p: &[f64], sizes: &[f64], v: &[f64], out: &mut [f64]) {
    let width = examples.classes.next_multiple_of(BLOCK);
    let intercept = v.len() - width;
    let mut scores = vec![0.0; width];
    for ((row, p), size) in examples.distinct.iter().zip(p.chunks_exact(width)).zip(sizes) {
        let (indices, values) = examples.rows.parts(*row);
        forward(v, indices, values, &mut scores);
        let mut lanes = [0.0; BLOCK];
        for (p, s) in p.as_chunks::<BLOCK>().0.iter().zip(scores.as_chunks::<BLOCK>().0) {
            for lane in 0..BLOCK {
                lanes[lane] += p[lane] * s[lane];
            }
        }
        let mean: f64 = lanes.iter().sum();
        for (score, p) in scores.iter_mut().zip(p) {
            *score = size * p * (*score - mean);
        }
        for (index, value) in indices.iter().zip(values) {
            let at = *index as usize * width;
            add(&mut out[at..at + width], *value, &scores);
        }
        add(&mut out[intercept..], 1.0, &scores);
    }
}

/// The scores of a row with the given entries.
#[inline(always)]
fn forward(w: &[f64], indices: &[u32], values: &[f64], scores: &mut [f64]) {
    let width = scores.len();
    let (w, intercept) = w.split_at(w.len() - width);
    for (block, scores) in scores.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        let mut sums: [f64; BLOCK] = std::array::from_fn(|lane| intercept[block * BLOCK + lane]);
        for (index, value) in indices.iter().zip(values) {
            let weights = &w[*index as usize * width + block * BLOCK..][..BLOCK];
            for lane in 0..BLOCK {
                sums[lane] += value * weights[lane];
            }
        }
        *scores = sums;
    }
}
