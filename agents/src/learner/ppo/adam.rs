//! Adam (Kingma & Ba 2015, arXiv 1412.6980), algorithm 1, in the form of PyTorch:
//!
//! ```text
//! m <- m + (1 - beta_1) (g - m)
//! v <- beta_2 v + (1 - beta_2) g^2
//! p <- p - rate / (1 - beta_1^t) * m / (sqrt(v) / sqrt(1 - beta_2^t) + epsilon)
//! ```

use multiversion::multiversion;

const BETA: (f64, f64) = (0.9, 0.999);
/// That of stable-baselines3's policies; PyTorch's default is 1e-8.
const EPSILON: f64 = 1e-5;

/// Moments of the gradient of each parameter.
#[derive(Clone, Debug)]
pub(super) struct Adam {
    pub(super) m: Vec<f64>,
    pub(super) v: Vec<f64>,
    /// Steps taken.
    pub(super) t: u64,
}

impl Adam {
    pub(super) fn new(parameters: usize) -> Adam {
        Adam { m: vec![0.0; parameters], v: vec![0.0; parameters], t: 0 }
    }

    /// Takes a step against `scale` times the gradient.
    pub(super) fn step(&mut self, parameters: &mut [f64], gradient: &[f64], scale: f64, rate: f64) {
        self.t += 1;
        let t = self.t as f64;
        let rate = rate / (1.0 - libm::pow(BETA.0, t));
        let root = (1.0 - libm::pow(BETA.1, t)).sqrt();
        step(parameters, gradient, &mut self.m, &mut self.v, [scale, rate, root]);
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn step(p: &mut [f64], g: &[f64], m: &mut [f64], v: &mut [f64], [scale, rate, root]: [f64; 3]) {
    for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
        let g = scale * g;
        *m += (1.0 - BETA.0) * (g - *m);
        *v = BETA.1 * *v + (1.0 - BETA.1) * g * g;
        *p -= rate * *m / (v.sqrt() / root + EPSILON);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_paper() {
        let (mut adam, mut p) = (Adam::new(1), [0.3]);
        let (mut m, mut v, mut expected) = (0.0, 0.0, 0.3_f64);
        for t in 1..=20 {
            let g = (f64::from(t) * 0.7).sin();
            adam.step(&mut p, &[2.0 * g], 0.5, 0.01);
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (m_hat, v_hat) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
            expected -= 0.01 * m_hat / (v_hat.sqrt() + 1e-5);
            assert!((p[0] - expected).abs() < 1e-14, "{t}: {} {expected}", p[0]);
        }
    }
}
