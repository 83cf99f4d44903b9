//! The conformance check finds what is wrong, and nothing where nothing is.

use sorn_env::conformance::{Config, Finding, Level, Report, check};
use sorn_env::seeding::{Generator, entropy, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

/// What is wrong with the environment under test.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    Nothing,
    Bounds,
    Shape,
    Reward,
    NoNumber,
    Unseeded,
    Hidden,
    AlwaysSame,
    Stuck,
    Picture,
    BadSpace,
    Moody,
    Close,
}

#[derive(Debug, thiserror::Error)]
#[error("sensor {0} does not answer")]
struct Dead(u8);

struct Walk {
    fault: Fault,
    rng: Option<Generator>,
    at: f32,
    calls: u64,
}

impl Env for Walk {
    type Obs = Vec<f32>;
    type Act = i64;
    type Error = Dead;

    fn observation_space(&self) -> Space {
        if self.fault == Fault::BadSpace {
            Space::Discrete { n: 0, start: 0 }
        } else {
            Space::box_f32(&[-1.0], &[1.0]).unwrap()
        }
    }
    fn action_space(&self) -> Space {
        Space::Discrete { n: 2, start: 0 }
    }
    fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> Result<(Vec<f32>, Info), Dead> {
        self.calls += 1;
        if self.fault == Fault::Stuck && self.calls > 2 {
            return Err(Dead(1));
        }
        let seed = if self.fault == Fault::Unseeded { Some(entropy()) } else { seed };
        let rng = reseed(&mut self.rng, seed);
        self.at = if self.fault == Fault::AlwaysSame { 0.0 } else { rng.uniform(-0.5, 0.5) as f32 };
        Ok((vec![self.at], Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<Vec<f32>>, Dead> {
        self.calls += 1;
        if self.fault == Fault::Moody && self.calls.is_multiple_of(17) {
            return Err(Dead(2));
        }
        self.at += if *action == 0 { -0.1 } else { 0.1 };
        if self.fault == Fault::Hidden {
            self.at += self.calls as f32 * 1e-4;
        }
        let terminated = self.at.abs() > 0.9;
        let reward = if self.fault == Fault::Reward { f64::NAN } else { 1.0 };
        let mut obs = vec![match self.fault {
            Fault::Bounds => 7.0,
            Fault::NoNumber => f32::NAN,
            _ => self.at.clamp(-1.0, 1.0),
        }];
        if self.fault == Fault::Shape {
            obs.push(0.0);
        }
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }
    fn render(&mut self) -> Result<Option<Frame>, Dead> {
        let bytes = if self.fault == Fault::Picture { 11 } else { 12 };
        Ok(Some(Frame { width: 2, height: 2, rgb: vec![0; bytes] }))
    }
    fn close(&mut self) -> Result<(), Dead> {
        if self.fault == Fault::Close { Err(Dead(3)) } else { Ok(()) }
    }
}

fn report(fault: Fault) -> Report {
    check(&mut Walk { fault, rng: None, at: 0.0, calls: 0 }, &Config::default())
}

#[test]
fn a_good_environment_passes() {
    let report = report(Fault::Nothing);
    assert!(report.findings.is_empty() && report.steps > 50 && report.episodes == 8, "{report}");
    assert!(report.to_string().ends_with("0 failures: nothing found"), "{report}");
}

#[test]
fn each_fault_is_found_by_its_check() {
    for (fault, name, text) in [
        (
            Fault::Bounds,
            "step",
            "expected Box(-1, 1, (1,), float32), found 7 at position 0 at seed 0, step 0",
        ),
        (Fault::Shape, "step", "found array of shape (2,)"),
        (Fault::Reward, "step", "expected a finite reward, found NaN at seed 0, step 0"),
        (Fault::Unseeded, "determinism", "the same seed gave another first observation at seed 0"),
        (Fault::Hidden, "determinism", "the same seed and actions gave another step at seed 0, step 0"),
        (Fault::Stuck, "reset", "it failed: sensor 1 does not answer"),
        (Fault::Picture, "render", "expected 2x2x3 bytes, found 11"),
        (Fault::BadSpace, "spaces", "observation space: expected Discrete with n >= 1, found n = 0"),
        (Fault::Close, "close", "sensor 3"),
    ] {
        let report = report(fault);
        assert!(!report.passed(), "{fault:?}");
        let found = report.findings.iter().any(|f| f.check == name && f.message.contains(text));
        assert!(found, "{fault:?}: {report}");
        let same = report.findings.iter().filter(|f| f.check == name && f.level == Level::Error).count();
        assert!(same <= 2, "one mistake, one finding: {report}");
    }
}

#[test]
fn what_is_no_number_is_no_other_step() {
    for fault in [Fault::Reward, Fault::NoNumber] {
        let report = report(fault);
        assert!(!report.passed() && report.findings.iter().all(|f| f.check == "step"), "{report}");
    }
}

#[test]
fn a_start_without_chance_is_a_warning() {
    let report = report(Fault::AlwaysSame);
    assert!(report.passed(), "{report}");
    assert_eq!((report.findings[0].level, report.findings[0].check), (Level::Warning, "seeding"));
}

#[test]
fn failures_are_the_worlds_and_counted() {
    let report = report(Fault::Moody);
    // Every episode ended with a failure: nothing is known of how one ends.
    assert!(!report.passed() && report.failures == report.episodes, "{report}");
    let [Finding { level: Level::Warning, check: "step", message }] = &report.findings[..] else {
        panic!("{report}");
    };
    assert!(message.starts_with("the environment failed at seed "), "{message}");
    assert!(message.ends_with(": sensor 2 does not answer"), "{message}");
}
