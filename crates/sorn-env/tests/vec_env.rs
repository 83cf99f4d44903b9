//! Batches: the three autoreset modes, their errors, threads.

use sorn_env::seeding::{Generator, reseed};
use sorn_env::{AutoresetMode, Batch, Env, Info, Options, Space, Step, VecEnv, VecError};

/// Lives a random number of steps below ten; observes how many are left.
#[derive(Clone, Debug, Default)]
struct Candle {
    rng: Option<Generator>,
    left: f32,
    wide: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("burnt finger")]
struct Burnt;

impl Env for Candle {
    type Obs = [f32; 1];
    type Act = i64;
    type Error = Burnt;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[0.0], &[if self.wide { 20.0 } else { 10.0 }]).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::Discrete { n: 2, start: 0 }
    }
    fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> Result<([f32; 1], Info), Burnt> {
        self.left = reseed(&mut self.rng, seed).integers(1, 10) as f32;
        Ok(([self.left], Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 1]>, Burnt> {
        if *action > 1 {
            return Err(Burnt);
        }
        self.left -= 1.0;
        let obs = [self.left];
        Ok(Step { obs, reward: 1.0, terminated: self.left == 0.0, truncated: false, info: Info::new() })
    }
}

fn candles(n: usize, mode: AutoresetMode) -> VecEnv<Candle> {
    VecEnv::new(vec![Candle::default(); n], mode).unwrap()
}

#[test]
fn next_step_resets_in_a_step_of_its_own() {
    let mut envs = candles(3, AutoresetMode::NextStep);
    let mut batch = envs.reset(Some(5), None).unwrap();
    let mut over = [false; 3];
    for _ in 0..100 {
        let before = batch.clone();
        envs.step(&[0, 1, 0], &mut batch).unwrap();
        for (i, over) in over.iter_mut().enumerate() {
            if *over {
                assert!(batch.rewards[i] == 0.0 && batch.obs[i][0] >= 1.0 && !batch.terminated[i]);
            } else {
                assert!(batch.rewards[i] == 1.0 && batch.obs[i][0] == before.obs[i][0] - 1.0);
            }
            assert!(batch.final_obs[i].is_none());
            *over = batch.terminated[i];
        }
    }
}

#[test]
fn same_step_gives_the_final_observation() {
    let mut envs = candles(3, AutoresetMode::SameStep);
    let mut batch = envs.reset(Some(5), None).unwrap();
    let mut ends = 0;
    for _ in 0..100 {
        envs.step(&[0, 1, 0], &mut batch).unwrap();
        for i in 0..3 {
            assert_eq!(batch.rewards[i], 1.0);
            assert!(batch.obs[i][0] >= 1.0, "never the last observation");
            assert_eq!(batch.final_obs[i], batch.terminated[i].then_some([0.0]));
            assert_eq!(batch.final_infos[i].is_some(), batch.terminated[i]);
            ends += u32::from(batch.terminated[i]);
        }
    }
    assert!(ends > 20);
}

#[test]
fn disabled_leaves_resets_to_the_caller() {
    let mut envs = candles(2, AutoresetMode::Disabled);
    let mut batch = envs.reset(Some(5), None).unwrap();
    while !batch.terminated.contains(&true) {
        envs.step(&[0, 0], &mut batch).unwrap();
    }
    let error = envs.step(&[0, 0], &mut batch).unwrap_err();
    assert!(error.to_string().contains("call reset_where()"), "{error}");
    let mask = batch.terminated.clone();
    let seeds = [Some(77), Some(77)];
    envs.reset_where(&mask, Some(&seeds), None, &mut batch).unwrap();
    let fresh = Candle::default().reset(Some(77), None).unwrap().0;
    let reset = mask.iter().position(|&over| over).unwrap();
    assert_eq!(batch.obs[reset], fresh);
    envs.step(&[0, 0], &mut batch).unwrap();
}

#[test]
fn those_without_an_action_stay_where_they_are() {
    let mut envs = candles(3, AutoresetMode::Disabled);
    let mut batch = envs.reset(Some(5), None).unwrap();
    while !batch.terminated[1] {
        let before = batch.clone();
        envs.step_where(&[None, Some(0), None], &mut batch).unwrap();
        assert!(batch.obs[1][0] == before.obs[1][0] - 1.0 && batch.obs[0] == before.obs[0]);
        assert_eq!(batch.rewards, [0.0, 1.0, 0.0]);
    }
    envs.step_where(&[Some(0), None, None], &mut batch).unwrap();
    let error = envs.step_where(&[None, Some(0), None], &mut batch).unwrap_err().to_string();
    assert!(error.starts_with("environment 1 of the batch") && error.contains("reset_where"), "{error}");
    let error = envs.step_where(&[None], &mut batch).unwrap_err().to_string();
    assert_eq!(error, "actions: expected 3, one per environment, found 1");
}

#[test]
fn misuse_is_told() {
    let mut envs = candles(2, AutoresetMode::NextStep);
    let mut batch = envs.reset(Some(0), None).unwrap();
    let mut message = |actions: &[i64]| envs.step(actions, &mut batch).unwrap_err().to_string();
    assert_eq!(message(&[0]), "actions: expected 2, one per environment, found 1");
    assert_eq!(message(&[0, 2]), "environment 1 of the batch: burnt finger");
    assert!(matches!(VecEnv::<Candle>::new(vec![], AutoresetMode::NextStep), Err(VecError::Envs { .. })));
    let wide = Candle { wide: true, ..Candle::default() };
    let error = VecEnv::new(vec![Candle::default(), wide], AutoresetMode::NextStep).unwrap_err().to_string();
    assert!(error.contains("Box(0, 20, (1,), float32) and Discrete(2) at 1"), "{error}");
}

#[cfg(feature = "rayon")]
#[test]
fn threads_change_nothing() {
    let some: Vec<Option<i64>> = (0..33).map(|i| (i % 3 > 0).then_some(1)).collect();
    let run = |threads: usize| -> Vec<Batch<[f32; 1]>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut envs = candles(33, AutoresetMode::SameStep);
        let mut batch = envs.reset(Some(1), None).unwrap();
        let step = |_| {
            pool.install(|| envs.step_parallel(&[1; 33], &mut batch)).unwrap();
            batch.clone()
        };
        let mut all: Vec<_> = (0..50).map(step).collect();
        pool.install(|| envs.step_where_parallel(&some, &mut batch)).unwrap();
        all.push(batch);
        all
    };
    let mut envs = candles(33, AutoresetMode::SameStep);
    let mut batch = envs.reset(Some(1), None).unwrap();
    let mut serial: Vec<_> = (0..50)
        .map(|_| {
            envs.step(&[1; 33], &mut batch).unwrap();
            batch.clone()
        })
        .collect();
    envs.step_where(&some, &mut batch).unwrap();
    serial.push(batch.clone());
    assert!(serial == run(1) && serial == run(2) && serial == run(7));

    let mut actions = [0; 33];
    (actions[20], actions[9]) = (5, 5);
    let error = envs.step_parallel(&actions, &mut batch).unwrap_err().to_string();
    assert!(error.contains("environment 9 "), "{error}");
}

#[allow(dead_code)]
fn batches_are_sendable(batch: Batch<[f32; 1]>) -> impl Send + Sync {
    batch
}
