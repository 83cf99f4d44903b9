//! [`Physics`]: a cart-pole with changed constants.

use crate::cartpole::{
    CART_MASS, FORCE, GRAVITY, HALF_LENGTH, POLE_MASS, POLE_MASS_LENGTH, TAU, THETA_LIMIT, TOTAL_MASS,
    X_LIMIT,
};

/// The constants by Gymnasium's names. Each is used by itself: another `masspole` leaves `total_mass` as it is, as in Gymnasium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Physics {
    numbers: [f64; NUMBERS.len()],
    /// Positions move by the velocities before the step (`"euler"`), or by those after it.
    pub(crate) euler: bool,
}

/// Names of the numbers.
pub(crate) const NUMBERS: [&str; 10] = [
    "gravity",
    "masscart",
    "masspole",
    "total_mass",
    "length",
    "polemass_length",
    "force_mag",
    "tau",
    "theta_threshold_radians",
    "x_threshold",
];

impl Default for Physics {
    fn default() -> Self {
        let numbers = [
            GRAVITY,
            CART_MASS,
            POLE_MASS,
            TOTAL_MASS,
            HALF_LENGTH,
            POLE_MASS_LENGTH,
            FORCE,
            TAU,
            THETA_LIMIT,
            X_LIMIT,
        ];
        Physics { numbers, euler: true }
    }
}

impl Physics {
    /// The number of this name.
    pub(crate) fn number(&mut self, name: &str) -> Option<&mut f64> {
        NUMBERS.iter().position(|known| *known == name).map(|i| &mut self.numbers[i])
    }

    /// Position and angle beyond which an episode ends, and the pole's half length.
    pub(crate) fn limits(&self) -> (f64, f64, f64) {
        let [.., theta_limit, x_limit] = self.numbers;
        (x_limit, theta_limit, self.numbers[4])
    }

    /// One step, given sine and cosine of the angle. The order of operations is Gymnasium's.
    pub(crate) fn advance(
        &self,
        [x, x_dot, theta, theta_dot]: [f64; 4],
        (sin, cos): (f64, f64),
        action: i64,
    ) -> [f64; 4] {
        let [gravity, _, pole_mass, total_mass, length, pole_mass_length, force, tau, ..] = self.numbers;
        let force = if action == 1 { force } else { -force };
        let temp = (force + pole_mass_length * (theta_dot * theta_dot) * sin) / total_mass;
        let theta_acc =
            (gravity * sin - cos * temp) / (length * (4.0 / 3.0 - pole_mass * (cos * cos) / total_mass));
        let x_acc = temp - pole_mass_length * theta_acc * cos / total_mass;
        if self.euler {
            return [
                x + tau * x_dot,
                x_dot + tau * x_acc,
                theta + tau * theta_dot,
                theta_dot + tau * theta_acc,
            ];
        }
        let (x_dot, theta_dot) = (x_dot + tau * x_acc, theta_dot + tau * theta_acc);
        [x + tau * x_dot, x_dot, theta + tau * theta_dot, theta_dot]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cartpole::{advance, force};

    #[test]
    fn unchanged_it_moves_as_every_cartpole() {
        let state = [0.01, -0.4, 0.07, 1.3];
        let turn = f64::sin_cos(state[2]);
        for action in [0, 1] {
            assert_eq!(Physics::default().advance(state, turn, action), advance(state, turn, force(action)));
        }
    }
}
