//! The robot keeps the contract, with and without faults, and its faults are errors.

use custom_robot::world::{INNER, OUTER, Pose, RADIUS, RANGE, SENSORS};
use custom_robot::{Faults, Robot, RobotError};
use sorn_env::Env;
use sorn_env::conformance::{Config, check};

#[test]
fn it_keeps_the_contract() {
    let report = check(&mut Robot::new(Faults::default()), &Config::default());
    assert!(report.findings.is_empty() && report.failures == 0, "{report}");
}

#[test]
fn it_keeps_the_contract_while_failing() {
    let faults = Faults { sensor: 0.01, overrun: 0.05 };
    let report = check(&mut Robot::new(faults), &Config { episodes: 20, ..Config::default() });
    assert!(report.passed() && report.failures > 5, "{report}");
}

#[test]
fn a_dead_sensor_and_a_missed_deadline_are_errors() {
    let mut robot = Robot::new(Faults { sensor: 0.0, overrun: 1.0 });
    assert_eq!(robot.step(&1), Err(RobotError::NotReset));
    robot.reset(Some(0), None).unwrap();
    let late = robot.step(&1).unwrap_err();
    assert!(matches!(late, RobotError::DeadlineMissed { took, allowed } if took > allowed), "{late}");
    let mut robot = Robot::new(Faults { sensor: 1.0, overrun: 0.0 });
    assert_eq!(robot.reset(Some(0), None), Err(RobotError::SensorTimeout { sensor: 0 }));
    let mut robot = Robot::new(Faults::default());
    robot.reset(Some(0), None).unwrap();
    assert_eq!(robot.step(&3).unwrap_err().to_string(), "action: expected Discrete(3), found integer 3");
}

#[test]
fn distances_are_those_to_the_walls() {
    let north = Pose { x: 0.0, y: 0.9, heading: 0.0 };
    let distances = SENSORS.map(|direction| north.distance(direction));
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert!(near(distances[0], 0.9 - INNER) && near(distances[4], OUTER - 0.9), "{distances:?}");
    assert!(near(distances[2], RANGE), "nothing ahead within range: {distances:?}");
    assert!(near(distances[1], 0.3 * 2f64.sqrt()) && near(distances[3], 0.3 * 2f64.sqrt()), "{distances:?}");
    assert!(!north.collides());
    assert!(Pose { y: INNER + 0.99 * RADIUS, ..north }.collides());
    assert!(Pose { y: OUTER - 0.99 * RADIUS, ..north }.collides());
}

#[test]
fn always_turning_crashes() {
    for action in [0, 1, 2] {
        let mut robot = Robot::new(Faults::default());
        robot.reset(Some(1), None).unwrap();
        let crashed = (0..300).any(|_| robot.step(&action).unwrap().terminated);
        assert!(crashed, "action {action} alone never crashes: nothing to learn");
    }
}
