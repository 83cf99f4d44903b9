//! The robot's surroundings: a square corridor, and what wheels and sensors do in it.

use std::f64::consts::FRAC_PI_4;

/// Half the side of the outer wall (m).
pub const OUTER: f64 = 1.2;
/// Half the side of the block in the middle (m).
pub const INNER: f64 = 0.6;
/// Radius of the robot's body (m).
pub const RADIUS: f64 = 0.08;
/// Distance between the wheels (m).
pub const WHEELBASE: f64 = 0.2;
/// Farthest a sensor sees (m).
pub const RANGE: f64 = 1.0;
/// Directions of the sensors from straight ahead (rad), from the right to the left.
pub const SENSORS: [f64; 5] = [-2.0 * FRAC_PI_4, -FRAC_PI_4, 0.0, FRAC_PI_4, 2.0 * FRAC_PI_4];

/// Where the robot is (m) and where it heads (rad, anticlockwise from x).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// East of the middle (m).
    pub x: f64,
    /// North of the middle (m).
    pub y: f64,
    /// Heading (rad).
    pub heading: f64,
}

impl Pose {
    /// The pose after `seconds` with the wheels at these speeds (m/s).
    pub fn drive(self, left: f64, right: f64, seconds: f64) -> Pose {
        let heading = self.heading + (right - left) / WHEELBASE * seconds;
        // The mean of both headings: second order in the turn.
        let (sin, cos) = (0.5 * (self.heading + heading)).sin_cos();
        let way = 0.5 * (left + right) * seconds;
        Pose { x: self.x + way * cos, y: self.y + way * sin, heading }
    }

    /// Whether the body touches a wall.
    pub fn collides(self) -> bool {
        let (x, y) = (self.x.abs(), self.y.abs());
        let to_block = f64::hypot((x - INNER).max(0.0), (y - INNER).max(0.0));
        x.max(y) > OUTER - RADIUS || to_block < RADIUS
    }

    /// Distance to the nearest wall in a direction from straight ahead (rad), at most [`RANGE`] (m).
    pub fn distance(self, direction: f64) -> f64 {
        let (sin, cos) = (self.heading + direction).sin_cos();
        // Along the ray, each axis is between its walls from `enter` to `leave`.
        let between = |at: f64, speed: f64, half: f64| {
            let (a, b) = ((-half - at) / speed, (half - at) / speed);
            (a.min(b), a.max(b))
        };
        let (x_in, x_out) = between(self.x, cos, INNER);
        let (y_in, y_out) = between(self.y, sin, INNER);
        let (enter, leave) = (x_in.max(y_in), x_out.min(y_out));
        let block = if enter < leave && enter > 0.0 { enter } else { RANGE };
        let outer = between(self.x, cos, OUTER).1.min(between(self.y, sin, OUTER).1);
        block.min(outer).min(RANGE)
    }
}
