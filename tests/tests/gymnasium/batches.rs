//! Gymnasium's vector environments, against our own batch of single ones.

use serde_json::json;
use sorn_env::{AutoresetMode, Value, VecEnv};
use sorn_envs::Kwargs;
use sorn_envs::gymnasium::{GymnasiumEnv, GymnasiumVecEnv, Vectorization};

use crate::start_python;

const N: usize = 3;

fn kwargs() -> Kwargs {
    json!({ "max_episode_steps": 13 }).as_object().unwrap().clone()
}

fn python(id: &str, mode: AutoresetMode, how: Vectorization) -> GymnasiumVecEnv {
    start_python();
    GymnasiumVecEnv::make(id, &kwargs(), &[], N, mode, how).unwrap()
}

fn ours(id: &str, mode: AutoresetMode) -> VecEnv<GymnasiumEnv> {
    start_python();
    let envs = (0..N).map(|_| GymnasiumEnv::make(id, &kwargs(), &[]).unwrap());
    VecEnv::new(envs.collect(), mode).unwrap()
}

/// Both return the same for the same actions; how many episodes ended.
fn same(id: &str, mode: AutoresetMode, how: Vectorization) -> usize {
    let (mut theirs, mut ours) = (python(id, mode, how), ours(id, mode));
    assert_eq!(theirs.num_envs(), N);
    assert_eq!(theirs.single_observation_space(), ours.single_observation_space());
    assert_eq!(theirs.single_action_space(), ours.single_action_space());
    let (mut left, mut right) = (theirs.reset(Some(7), None).unwrap(), ours.reset(Some(7), None).unwrap());
    assert_eq!(left, right);
    let space = ours.single_action_space();
    let mut rng = sorn_env::seeding::Generator::new(1);
    let mut ended = 0;
    for step in 0..60 {
        let actions: Vec<Value> = (0..N).map(|_| space.sample(&mut rng)).collect();
        theirs.step(&actions, &mut left).unwrap();
        ours.step(&actions, &mut right).unwrap();
        assert_eq!(left, right, "{id}, {mode:?}, step {step}");
        let over: Vec<bool> = right
            .terminated
            .iter()
            .zip(&right.truncated)
            .map(|(&terminated, &truncated)| terminated || truncated)
            .collect();
        ended += over.iter().filter(|&&over| over).count();
        if mode == AutoresetMode::Disabled && over.contains(&true) {
            let seeds = [Some(step), None, Some(99)];
            theirs.reset_where(&over, Some(&seeds), None, &mut left).unwrap();
            ours.reset_where(&over, Some(&seeds), None, &mut right).unwrap();
            assert_eq!(left, right, "{id}, {mode:?}, reset after step {step}");
        }
    }
    theirs.close().unwrap();
    ended
}

#[test]
fn one_after_the_other() {
    for mode in [AutoresetMode::NextStep, AutoresetMode::SameStep, AutoresetMode::Disabled] {
        for id in [
            "gymnasium:CartPole-v1",
            "gymnasium:Pendulum-v1",
            "gymnasium:HalfCheetah-v5",
            "peers.odd_envs:Composite-v0",
            "peers.odd_envs:Shifted-v0",
        ] {
            let ended = same(id, mode, Vectorization::Sync);
            assert!(ended >= 9, "{id}, {mode:?}: {ended}");
        }
    }
}

#[test]
fn in_processes_of_their_own() {
    for mode in [AutoresetMode::NextStep, AutoresetMode::SameStep] {
        assert!(same("gymnasium:CartPole-v1", mode, Vectorization::Async) >= 9);
    }
    assert!(same("peers.odd_envs:Composite-v0", AutoresetMode::NextStep, Vectorization::Async) >= 9);
}

#[test]
fn faults_are_told() {
    let mut env = python("gymnasium:CartPole-v1", AutoresetMode::NextStep, Vectorization::Sync);
    let mut batch = env.reset(None, None).unwrap();
    let error = env.step(&[Value::Int(0)], &mut batch).unwrap_err().to_string();
    assert_eq!(error, "gymnasium:CartPole-v1: step: actions: expected 3, one per environment, found 1");
    let error = env.step(&[Value::Int(0), Value::Int(5), Value::Int(0)], &mut batch).unwrap_err().to_string();
    assert!(error.contains("expected an integer from 0 to 1, found integer 5"), "{error}");

    let kwargs = json!({ "fault": "raise" }).as_object().unwrap().clone();
    for how in [Vectorization::Sync, Vectorization::Async] {
        let made =
            GymnasiumVecEnv::make("peers.odd_envs:Faulty-v0", &kwargs, &[], 2, AutoresetMode::NextStep, how);
        let mut env = made.unwrap();
        let mut batch = env.reset(Some(0), None).unwrap();
        let actions = [Value::Int(0), Value::Int(1)];
        env.step(&actions, &mut batch).unwrap();
        env.step(&actions, &mut batch).unwrap();
        let error = env.step(&actions, &mut batch).unwrap_err().to_string();
        assert!(error.contains("step raised RuntimeError: sensor 7 failed"), "{how:?}: {error}");
    }
}
