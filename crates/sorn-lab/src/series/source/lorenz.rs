//! The system of Lorenz.

use serde::{Deserialize, Serialize};
use sorn_core::rng::uniform;
use sorn_sequence::TaskError;

use super::{Ahead, FURTHEST, Kind, Numbers, SeriesSetup, check, finite, one};

/// Configuration of [`SeriesConfig::Lorenz`](super::SeriesConfig::Lorenz).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LorenzConfig {
    /// Prandtl number.
    #[serde(default = "sigma")]
    pub sigma: f64,
    /// Rayleigh number, over its critical value.
    #[serde(default = "rho")]
    pub rho: f64,
    /// Geometry of the cell.
    #[serde(default = "beta")]
    pub beta: f64,
    /// Time of a step, positive.
    #[serde(default = "step")]
    pub step: f64,
    /// How many steps ahead the targets lie, 1 or more.
    #[serde(default = "one")]
    pub ahead: u32,
}

fn sigma() -> f64 {
    10.0
}
fn rho() -> f64 {
    28.0
}
fn beta() -> f64 {
    8.0 / 3.0
}
fn step() -> f64 {
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

impl Kind for LorenzConfig {
    fn make(&self, setup: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError> {
        let LorenzConfig { sigma, rho, beta, step, ahead } = *self;
        for (key, value) in [("sigma", sigma), ("rho", rho), ("beta", beta)] {
            finite(key, value)?;
        }
        check("step", step, step > 0.0 && step.is_finite(), "a positive number")?;
        check("ahead", ahead, (1..=FURTHEST).contains(&ahead), "1 to 100000")?;
        let mut rng = setup.stream();
        let point = std::array::from_fn(|_| 1.0 + uniform(&mut rng));
        let mut flow = Flow { factors: [sigma, rho, beta], step, point };
        (0..SETTLING).for_each(|_| _ = flow.next());
        let settled = flow.point.iter().all(|value| value.is_finite());
        check("step", step, settled, "a step and factors with which the system stays finite")?;
        let ahead = Ahead::new(ahead, || flow.next());
        Ok(Box::new(Lorenz { flow, ahead }))
    }
}

impl Numbers for Lorenz {
    fn inputs(&self) -> usize {
        3
    }

    fn targets(&self) -> Vec<String> {
        ["x", "y", "z"].map(String::from).to_vec()
    }

    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
        let far = self.flow.next();
        targets.copy_from_slice(&far);
        inputs.copy_from_slice(&self.ahead.shift(far));
        Ok(())
    }
}
