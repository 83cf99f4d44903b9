//! The robot keeps the contract, and moves as one would expect.

use rapier_robot::world::World;
use rapier_robot::{Balancer, BalancerError};
use sorn_env::Env;
use sorn_env::conformance::{Config, check};

fn after(pitch: f32, drive: f32, steps: usize) -> World {
    let mut world = World::new(pitch);
    (0..steps).for_each(|_| world.advance(drive));
    world
}

#[test]
fn it_keeps_the_contract() {
    let report = check(&mut Balancer::new(0.2).unwrap(), &Config { episodes: 20, ..Config::default() });
    assert!(report.findings.is_empty() && report.failures == 0, "{report}");
}

#[test]
fn a_tilted_body_falls_and_a_straight_one_stands() {
    assert!(after(0.0, 0.0, 50).pitch()[0].abs() < 1e-3);
    assert!(after(0.1, 0.0, 25).pitch()[0] > 0.2);
    assert!(after(-0.1, 0.0, 25).pitch()[0] < -0.2);
}

#[test]
fn the_motor_drives_the_wheel_one_way_and_turns_the_body_the_other() {
    let world = after(0.0, 0.5, 5);
    assert!(world.place()[0] > 0.0 && world.place()[1] > 0.0, "{:?}", world.place());
    assert!(world.pitch()[0] < 0.0, "{:?}", world.pitch());
    let mirrored = after(0.0, -0.5, 5);
    assert!((world.pitch()[0] + mirrored.pitch()[0]).abs() < 1e-4);
    assert!((world.place()[0] + mirrored.place()[0]).abs() < 1e-4);
}

#[test]
fn the_wheel_rolls_without_slipping() {
    let world = after(0.0, 0.2, 10);
    let [place, speed] = world.place();
    assert!((place - world.rolled()).abs() < 0.01 * place.abs(), "{place} {speed} {}", world.rolled());
}

#[test]
fn a_push_tilts_the_body() {
    let mut world = World::new(0.0);
    world.push(0.2);
    world.advance(0.0);
    assert!(world.pitch()[0] > 0.0 && world.pitch()[1] > 0.0, "{:?}", world.pitch());
}

#[test]
fn the_same_seed_gives_the_same_bits_in_whatever_order_episodes_come() {
    let episode = |robot: &mut Balancer, seed| {
        let (first, _) = robot.reset(Some(seed), None).unwrap();
        let mut bits = first.map(f32::to_bits).to_vec();
        for step in 0..100 {
            let step = robot.step(&[(step as f32).sin()]).unwrap();
            bits.extend(step.obs.map(f32::to_bits));
        }
        bits
    };
    let mut robot = Balancer::new(0.2).unwrap();
    let [one, two, again] = [1, 2, 1].map(|seed| episode(&mut robot, seed));
    assert!(one == again && one != two);
    assert!(episode(&mut Balancer::new(0.2).unwrap(), 2) == two);
}

#[test]
fn what_is_wrong_is_said() {
    let mut robot = Balancer::new(0.2).unwrap();
    assert_eq!(robot.step(&[0.0]), Err(BalancerError::NotReset));
    robot.reset(Some(0), None).unwrap();
    let said = |drive| {
        Balancer::new(0.2).and_then(|mut robot| {
            robot.reset(Some(0), None).unwrap();
            robot.step(&[drive]).map_err(|error| error.to_string())
        })
    };
    assert_eq!(said(1.5).unwrap_err(), "action: expected -1 to 1, found 1.5");
    assert_eq!(said(f32::NAN).unwrap_err(), "action: expected -1 to 1, found NaN");
    assert_eq!(Balancer::new(-1.0).err().unwrap(), "push: expected 0 to 10 N s, found -1");
}
