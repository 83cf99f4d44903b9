//! [`Poles`]: the states of many cart-poles as arrays, and their physics.

use crate::cartpole::{THETA_LIMIT, X_LIMIT, advance, force};

/// Cart-poles one beside the other.
#[derive(Clone, Debug)]
pub(crate) struct Poles {
    /// Positions, velocities, angles, angular velocities.
    state: [Vec<f64>; 4],
    /// Of the angles; kept so that a step allocates nothing.
    sin_cos: Vec<(f64, f64)>,
}

impl Poles {
    pub(crate) fn new(n: usize) -> Self {
        Poles { state: std::array::from_fn(|_| vec![0.0; n]), sin_cos: vec![(0.0, 1.0); n] }
    }

    pub(crate) fn len(&self) -> usize {
        self.sin_cos.len()
    }

    pub(crate) fn get(&self, i: usize) -> [f64; 4] {
        std::array::from_fn(|k| self.state[k][i])
    }

    pub(crate) fn set(&mut self, i: usize, state: [f64; 4]) {
        for (row, x) in self.state.iter_mut().zip(state) {
            row[i] = x;
        }
    }

    /// Positions of all, velocities of all, and so on.
    pub(crate) fn rows_mut(&mut self) -> &mut [Vec<f64>; 4] {
        &mut self.state
    }

    /// One step of every cart-pole; `actions` are 0 or 1, as many.
    pub(crate) fn advance(&mut self, actions: &[i64]) {
        for (sin_cos, theta) in self.sin_cos.iter_mut().zip(&self.state[2]) {
            *sin_cos = (theta.sin(), theta.cos());
        }
        advance_all(&mut self.state, &self.sin_cos, actions);
    }

    /// Whether each is beyond its limits; `fallen` has as many. Without a branch: where it is cannot be guessed.
    pub(crate) fn fallen(&self, fallen: &mut [bool]) {
        let n = fallen.len();
        let (x, theta) = (&self.state[0][..n], &self.state[2][..n]);
        for i in 0..n {
            fallen[i] = (x[i].abs() > X_LIMIT) | (theta[i].abs() > THETA_LIMIT);
        }
    }

    /// Observations in single precision; `obs` has as many.
    pub(crate) fn observe(&self, obs: &mut [[f32; 4]]) {
        let n = obs.len();
        let [x, x_dot, theta, theta_dot] = &self.state;
        // Slices of one known length let the compiler drop the bounds checks and use vectors.
        let (x, x_dot, theta, theta_dot) = (&x[..n], &x_dot[..n], &theta[..n], &theta_dot[..n]);
        for i in 0..n {
            obs[i] = [x[i] as f32, x_dot[i] as f32, theta[i] as f32, theta_dot[i] as f32];
        }
    }
}

/// The first action that is neither 0 nor 1.
pub(crate) fn wrong_action(actions: &[i64]) -> Option<usize> {
    // All bits but the last, of all actions at once.
    if actions.iter().fold(0, |bits, action| bits | (action & !1)) == 0 {
        return None;
    }
    actions.iter().position(|action| !(0..2).contains(action))
}

/// Vectors hold more cart-poles where the processor has AVX2, with the same bits.
fn advance_all(state: &mut [Vec<f64>; 4], sin_cos: &[(f64, f64)], actions: &[i64]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2. Measured at 1,024 cart-poles: a fifth more steps per second.
        unsafe { advance_avx2(state, sin_cos, actions) };
        return;
    }
    advance_each(state, sin_cos, actions);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn advance_avx2(state: &mut [Vec<f64>; 4], sin_cos: &[(f64, f64)], actions: &[i64]) {
    advance_each(state, sin_cos, actions);
}

#[inline(always)]
fn advance_each([x, x_dot, theta, theta_dot]: &mut [Vec<f64>; 4], sin_cos: &[(f64, f64)], actions: &[i64]) {
    let n = actions.len();
    let (x, x_dot, theta, theta_dot) = (&mut x[..n], &mut x_dot[..n], &mut theta[..n], &mut theta_dot[..n]);
    let sin_cos = &sin_cos[..n];
    for i in 0..n {
        let state = [x[i], x_dot[i], theta[i], theta_dot[i]];
        [x[i], x_dot[i], theta[i], theta_dot[i]] = advance(state, sin_cos[i], force(actions[i]));
    }
}
