//! The system of Lorenz.

use sorn_core::rng::{Xoshiro256PlusPlus, uniform};
use sorn_sequence::TaskError;

use super::{Ahead, FURTHEST, Numbers, Parts, check, finite};

pub(super) fn sigma() -> f64 {
    10.0
}
pub(super) fn rho() -> f64 {
    28.0
}
pub(super) fn beta() -> f64 {
    8.0 / 3.0
}
pub(super) fn step() -> f64 {
    0.03
}

/// Steps before the first value, after which the system is on its attractor.
const SETTLING: usize = 1000;

#[derive(Debug)]
struct Flow {
    factors: [f64; 3],
    step: f64,
    point: [f64; 3],
}

impl Flow {
    fn next(&mut self) -> [f64; 3] {
        let [sigma, rho, beta] = self.factors;
        let slope = |[x, y, z]: [f64; 3]| [sigma * (y - x), x * (rho - z) - y, x * y - beta * z];
        let from = self.point;
        let at = |factor: f64, slope: [f64; 3]| std::array::from_fn(|i| from[i] + factor * slope[i]);
        let k1 = slope(from);
        let k2 = slope(at(0.5 * self.step, k1));
        let k3 = slope(at(0.5 * self.step, k2));
        let k4 = slope(at(self.step, k3));
        let mean = std::array::from_fn(|i| (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]) / 6.0);
        self.point = at(self.step, mean);
        from
    }
}

#[derive(Debug)]
struct Lorenz {
    flow: Flow,
    ahead: Ahead<3>,
}

pub(super) fn new(
    factors: [f64; 3],
    step: f64,
    ahead: u32,
    mut rng: Xoshiro256PlusPlus,
) -> Result<Parts, TaskError> {
    for (key, value) in ["sigma", "rho", "beta"].into_iter().zip(factors) {
        finite(key, value)?;
    }
    check("step", step, step > 0.0 && step.is_finite(), "a positive number")?;
    check("ahead", ahead, (1..=FURTHEST).contains(&ahead), "1 to 100000")?;
    let point = std::array::from_fn(|_| 1.0 + uniform(&mut rng));
    let mut flow = Flow { factors, step, point };
    (0..SETTLING).for_each(|_| _ = flow.next());
    if !flow.point.iter().all(|value| value.is_finite()) {
        return Err(TaskError::config(
            "task.source.step",
            "a step and factors with which the system stays finite",
            step,
        ));
    }
    let ahead = Ahead::new(ahead, || flow.next());
    Ok((Box::new(Lorenz { flow, ahead }), 3, ["x", "y", "z"].map(String::from).to_vec()))
}

impl Numbers for Lorenz {
    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) {
        let far = self.flow.next();
        targets.copy_from_slice(&far);
        inputs.copy_from_slice(&self.ahead.shift(far));
    }
}
