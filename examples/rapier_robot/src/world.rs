//! What Rapier simulates: floor, wheel, body, and the motor between them, seen from the side.

use rapier2d::prelude::*;

/// Radius of the wheels (m). Seen from the side they are one.
pub const RADIUS: f32 = 0.08;
/// Half the width and half the height of the body (m).
pub const BODY: [f32; 2] = [0.04, 0.25];
/// Largest torque of the motor (N m).
const TORQUE: f32 = 1.0;
/// Time that Rapier integrates over at once (s).
const DT: f32 = 0.01;
/// Integrations per step of the environment: 50 actions a second.
const SUBSTEPS: usize = 2;

/// The robot on its floor.
pub struct World {
    physics: PhysicsWorld,
    wheel: RigidBodyHandle,
    body: RigidBodyHandle,
}

impl World {
    /// A robot at rest above 0 m, its body tilted by `pitch` (rad, positive to the right).
    pub fn new(pitch: f32) -> World {
        let mut physics = PhysicsWorld::new();
        physics.integration_parameters.dt = DT;
        let floor = ColliderBuilder::cuboid(10.0, 0.5).friction(1.0);
        physics.insert(RigidBodyBuilder::fixed().translation(Vector::new(0.0, -0.5)), floor);
        // A body that sleeps would not feel the motor.
        let dynamic = || RigidBodyBuilder::dynamic().can_sleep(false);
        let (wheel, _) = physics.insert(
            dynamic().translation(Vector::new(0.0, RADIUS)),
            ColliderBuilder::ball(RADIUS).mass(0.5).friction(1.0),
        );
        let [half_width, half_height] = BODY;
        let rotation = Rotation::new(-pitch);
        let (body, _) = physics.insert(
            dynamic()
                .translation(Vector::new(0.0, RADIUS) + rotation * Vector::new(0.0, half_height))
                .rotation(-pitch),
            ColliderBuilder::cuboid(half_width, half_height).mass(2.0),
        );
        let axle = RevoluteJointBuilder::new()
            .local_anchor1(Vector::ZERO)
            .local_anchor2(Vector::new(0.0, -half_height))
            .contacts_enabled(false);
        physics.insert_impulse_joint(wheel, body, axle);
        World { physics, wheel, body }
    }

    /// One step of the environment with the motor at `drive`, a part of its largest torque, positive to the right.
    pub fn advance(&mut self, drive: f32) {
        let impulse = drive * TORQUE * DT;
        for _ in 0..SUBSTEPS {
            // What turns the wheel turns the body the other way.
            self.physics.bodies[self.wheel].apply_torque_impulse(-impulse, true);
            self.physics.bodies[self.body].apply_torque_impulse(impulse, true);
            self.physics.step();
        }
    }

    /// Somebody pushes the top of the body to the right (N s).
    pub fn push(&mut self, impulse: f32) {
        let body = &mut self.physics.bodies[self.body];
        let top = body.translation() + *body.rotation() * Vector::new(0.0, BODY[1]);
        body.apply_impulse_at_point(Vector::new(impulse, 0.0), top, true);
    }

    /// Tilt of the body (rad) and its rate (rad/s), positive to the right.
    pub fn pitch(&self) -> [f32; 2] {
        let body = &self.physics.bodies[self.body];
        [-body.rotation().angle(), -body.angvel()]
    }

    /// Where the axle is (m) and its speed (m/s), positive to the right.
    pub fn place(&self) -> [f32; 2] {
        let wheel = &self.physics.bodies[self.wheel];
        [wheel.translation().x, wheel.linvel().x]
    }

    /// How far the wheel has rolled (m), while it has turned by less than half a turn.
    pub fn rolled(&self) -> f32 {
        -self.physics.bodies[self.wheel].rotation().angle() * RADIUS
    }

    /// The colour of the point (x, y) (m) in a picture: wheel with a spoke, body, floor, air.
    pub fn colour(&self, x: f32, y: f32) -> [u8; 3] {
        let point = Vector::new(x, y);
        let local = |handle: RigidBodyHandle| {
            let body = &self.physics.bodies[handle];
            body.rotation().inverse() * (point - body.translation())
        };
        let (wheel, body) = (local(self.wheel), local(self.body));
        match () {
            _ if wheel.length() < RADIUS && wheel.x.abs() < 0.01 => [255; 3],
            _ if wheel.length() < RADIUS => [40, 40, 40],
            _ if body.x.abs() < BODY[0] && body.y.abs() < BODY[1] => [200, 60, 40],
            _ if y < 0.0 => [150, 150, 150],
            _ => [255; 3],
        }
    }
}
