use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Says when it was stepped, and with what.
#[derive(Debug, Default)]
struct Plant {
    applied: Vec<i64>,
    ends_at: Option<usize>,
    fails_at: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
#[error("a sensor failed")]
struct Failed;

impl Env for Plant {
    type Obs = [f32; 1];
    type Act = i64;
    type Error = Failed;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[0.0], &[1e6]).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::discrete(100).unwrap()
    }
    fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 1], Info), Failed> {
        self.applied.clear();
        Ok(([0.0], Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 1]>, Failed> {
        self.applied.push(*action);
        if Some(self.applied.len()) == self.fails_at {
            return Err(Failed);
        }
        let terminated = Some(self.applied.len()) == self.ends_at;
        let obs = [self.applied.len() as f32];
        Ok(Step { obs, reward: 1.0, terminated, truncated: false, info: Info::new() })
    }
}

/// Time passes when a test says so; a sleep ends on time. Shared with the test that moves it.
#[derive(Clone, Default)]
struct Manual(Arc<std::sync::atomic::AtomicU64>);

impl Manual {
    fn pass(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for Manual {
    fn now(&mut self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
    fn sleep_until(&mut self, time: Duration) {
        self.0.fetch_max(time.as_millis() as u64, Ordering::Relaxed);
    }
}

fn at_100_hertz(on_overrun: OnOverrun, plant: Plant) -> (FixedRate<Plant, Manual>, Manual) {
    let clock = Manual::default();
    let rate = Rate { on_overrun, ..Rate::hertz(100.0).unwrap() };
    let mut env = FixedRate::with_clock(plant, rate, clock.clone());
    env.reset(None, None).unwrap();
    (env, clock)
}

#[test]
fn steps_are_taken_at_the_ticks() {
    let (mut env, clock) = at_100_hertz(OnOverrun::Skip, Plant::default());
    for tick in 1..=5 {
        clock.pass(4);
        env.step(&tick).unwrap();
        assert_eq!(env.clock.now().as_millis() as i64, 10 * tick);
    }
    let report = env.report();
    assert_eq!((report.steps, report.overruns, report.missed_ticks, report.missed_deadlines), (5, 0, 0, 0));
    assert_eq!(report.agent.max().as_millis(), 4);
}

/// An action that comes 25 ms after its tick misses that tick and the two after it.
#[test]
fn a_late_action_skips_holds_or_stops() {
    let (mut env, clock) = at_100_hertz(OnOverrun::Skip, Plant::default());
    env.step(&7).unwrap();
    clock.pass(35);
    let step = env.step(&8).unwrap();
    assert_eq!((env.inner().applied.as_slice(), step.reward), ([7, 8].as_slice(), 1.0));
    // The grid of ticks stays.
    assert_eq!(env.clock.now().as_millis(), 50);
    let report = env.report();
    assert_eq!((report.overruns, report.missed_ticks, report.missed_deadlines), (1, 3, 1));

    let (mut env, clock) = at_100_hertz(OnOverrun::Hold, Plant::default());
    env.step(&7).unwrap();
    clock.pass(35);
    let step = env.step(&8).unwrap();
    assert_eq!((env.inner().applied.as_slice(), step.reward), ([7, 7, 7, 7, 8].as_slice(), 4.0));
    assert_eq!(env.clock.now().as_millis(), 50);

    let (mut env, clock) = at_100_hertz(OnOverrun::Stop, Plant::default());
    env.step(&7).unwrap();
    clock.pass(35);
    let error = env.step(&8).unwrap_err().to_string();
    assert_eq!(
        error,
        "the action came 25ms after its tick, of a period of 10ms; the environment was stopped"
    );
    assert_eq!(env.inner().applied, [7]);
}

#[test]
fn an_episode_that_ends_while_the_last_action_is_held_drops_the_late_one() {
    let (mut env, clock) = at_100_hertz(OnOverrun::Hold, Plant { ends_at: Some(3), ..Plant::default() });
    env.step(&7).unwrap();
    clock.pass(35);
    let step = env.step(&8).unwrap();
    assert!(step.terminated);
    assert_eq!((env.inner().applied.as_slice(), step.reward), ([7, 7, 7].as_slice(), 2.0));
}

#[test]
fn the_first_action_of_an_episode_has_nothing_to_hold() {
    let (mut env, clock) = at_100_hertz(OnOverrun::Hold, Plant::default());
    clock.pass(25);
    env.step(&5).unwrap();
    assert_eq!(env.inner().applied, [5]);
    assert_eq!(env.report().missed_ticks, 2);
    // Nor does it hold that of the episode before.
    env.reset(None, None).unwrap();
    clock.pass(25);
    env.step(&6).unwrap();
    assert_eq!(env.inner().applied, [6]);
}

#[test]
fn the_environment_is_stopped_once_however_the_loop_ends() {
    let stopping = |plant, on_overrun| {
        let count = Arc::new(AtomicU32::new(0));
        let counted = count.clone();
        let (env, clock) = at_100_hertz(on_overrun, plant);
        let env = env.with_stop(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        (env, clock, count)
    };
    let (env, _, count) = stopping(Plant::default(), OnOverrun::Skip);
    drop(env);
    assert_eq!(count.load(Ordering::Relaxed), 1);

    let (mut env, _, count) = stopping(Plant::default(), OnOverrun::Skip);
    env.close().unwrap();
    drop(env);
    assert_eq!(count.load(Ordering::Relaxed), 1);

    let (mut env, clock, count) = stopping(Plant::default(), OnOverrun::Stop);
    clock.pass(11);
    env.step(&1).unwrap_err();
    assert_eq!(count.load(Ordering::Relaxed), 1);
    // The next episode is stopped too.
    env.reset(None, None).unwrap();
    drop(env);
    assert_eq!(count.load(Ordering::Relaxed), 2);

    let (mut env, _, count) = stopping(Plant { fails_at: Some(1), ..Plant::default() }, OnOverrun::Skip);
    assert!(matches!(env.step(&1), Err(RateError::Env(Failed))));
    assert_eq!(count.load(Ordering::Relaxed), 1);

    let (env, _, count) = stopping(Plant::default(), OnOverrun::Skip);
    let panicked = std::thread::spawn(move || {
        let _env = env;
        panic!("the loop");
    });
    assert!(panicked.join().is_err());
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

/// Steps of an environment that take longer than a tick.
#[test]
fn an_environment_slower_than_its_ticks_is_not_stepped_ever_more_often() {
    #[derive(Default)]
    struct Slow(Plant, Manual);
    impl Env for Slow {
        type Obs = [f32; 1];
        type Act = i64;
        type Error = Failed;
        fn observation_space(&self) -> Space {
            self.0.observation_space()
        }
        fn action_space(&self) -> Space {
            self.0.action_space()
        }
        fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 1], Info), Failed> {
            self.0.reset(None, None)
        }
        fn step(&mut self, action: &i64) -> Result<Step<[f32; 1]>, Failed> {
            self.1.pass(25);
            self.0.step(action)
        }
    }
    let clock = Manual::default();
    let rate = Rate { on_overrun: OnOverrun::Hold, ..Rate::hertz(100.0).unwrap() };
    let mut env = FixedRate::with_clock(Slow(Plant::default(), clock.clone()), rate, clock);
    env.reset(None, None).unwrap();
    for _ in 0..50 {
        env.step(&1).unwrap();
    }
    assert!(env.inner().0.applied.len() <= 3 * 50, "{}", env.report());
}

#[test]
fn rates_are_positive_and_finite() {
    for hertz in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e12, 1e-300] {
        let error = Rate::hertz(hertz).unwrap_err().to_string();
        assert!(error.ends_with(&format!("found {hertz}")), "{error}");
    }
    assert_eq!(Rate::hertz(50.0).unwrap().period, Duration::from_millis(20));
}
