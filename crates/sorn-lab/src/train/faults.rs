//! An environment that fails during a run: the error, and what is kept of the run.

use std::path::Path;

use sorn_env::{AnyEnv, Array, BoxError, Env, Info, Options, Space, Step, Value};

use super::*;
use crate::{Experiment, read};

/// The episode and the step in which it fails.
const PLACE: (u64, u64) = (6, 2);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Panic,
    Error,
    Nan,
    NanReward,
    Shape,
    /// The space of actions is larger than the set of actions it takes.
    Action,
}

/// CartPole that fails in one of its episodes.
struct Faulty {
    env: AnyEnv,
    fault: Fault,
    /// Episodes begun, and steps of the present one.
    begun: u64,
    steps: u64,
}

fn vector(numbers: &[f32]) -> Value {
    Value::Array(Array::vector(numbers.to_vec()))
}

impl Env for Faulty {
    type Obs = Value;
    type Act = Value;
    type Error = sorn_env::AnyEnvError;

    fn observation_space(&self) -> Space {
        self.env.observation_space()
    }
    fn action_space(&self) -> Space {
        match self.fault {
            Fault::Action => Space::Discrete { n: 2, start: 0 },
            _ => self.env.action_space(),
        }
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), Self::Error> {
        (self.begun, self.steps) = (self.begun + 1, 0);
        self.env.reset(seed, options)
    }
    fn step(&mut self, action: &Value) -> Result<Step<Value>, Self::Error> {
        let now = (self.begun - 1, self.steps) == PLACE;
        self.steps += 1;
        let fault = if now { self.fault } else { Fault::None };
        let action = if fault == Fault::Action { &Value::Int(2) } else { action };
        let mut step = self.env.step(action)?;
        match fault {
            Fault::None | Fault::Action => {}
            Fault::Panic => panic!("motor 2 is gone"),
            Fault::Error => return Err(sorn_env::AnyEnvError(BoxError::from("the cable is loose"))),
            Fault::Nan => step.obs = vector(&[0.0, 0.0, f32::NAN, 0.0]),
            Fault::NanReward => step.reward = f64::NAN,
            Fault::Shape => step.obs = vector(&[0.0; 3]),
        }
        Ok(step)
    }
}

const TEXT: &str = "name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[agent.reservoir.params]\nne = 20\nlambda_ee = 5.0\n\
                lambda_ei = 10.0\n[run]\nepisodes = 9\ncheckpoint_every = 4\n[eval]\nepisodes = 0";

fn experiment() -> Experiment {
    read::experiment(TEXT, "a.toml", &[]).unwrap()
}

/// Trains in the run directory below `parent` with a fault from its episode `from` on.
fn run(parent: &Path, fault: Fault, from: u64) -> Result<Outcome, LabError> {
    let path = RunDir::place(parent, &experiment());
    let dir = match path.exists() {
        true => RunDir::open(&path)?,
        false => RunDir::create(&path, &experiment())?,
    };
    let (env, spec) = experiment().make_env("a.toml")?;
    go_on_in(vec![AnyEnv::new(Faulty { env, fault, begun: from, steps: 0 })], &spec, &dir, &Quiet)
}

/// Episodes with returns and lengths, as the file has them.
fn metrics(parent: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(parent.join("a/seed-0/metrics.jsonl")).unwrap();
    text.lines().map(|line| line.split(",\"wall_secs\"").next().unwrap_or_default().to_string()).collect()
}

#[test]
fn a_fault_is_told_with_its_place_and_the_run_goes_on_after_it() {
    let sound = tempfile::tempdir().unwrap();
    assert!(matches!(run(sound.path(), Fault::None, 0), Ok(Outcome::Finished(_))));
    let sound = metrics(sound.path());
    assert_eq!(sound.len(), 9);

    let seed = episode_seed(0, "env", PLACE.0);
    for (fault, reason) in [
        (Fault::Panic, "a panic: motor 2 is gone"),
        (Fault::Error, "the environment failed: the cable is loose"),
        (Fault::Nan, "NaN"),
        (Fault::NanReward, "reward"),
        (Fault::Shape, "array of shape (3,)"),
        (Fault::Action, "the environment failed: action: expected Discrete(2), found integer 2"),
    ] {
        let parent = tempfile::tempdir().unwrap();
        let error = run(parent.path(), fault, 0).unwrap_err();
        assert!(!error.is_usage());
        let text = error.to_string();
        let place = format!("seed 0: CartPole-v1: episode 6, step 2 (environment seed {seed}): ");
        assert!(text.starts_with(&place) && text.contains(reason), "{fault:?}: {text}");

        let dir = RunDir::read(&parent.path().join("a/seed-0")).unwrap();
        assert_eq!(metrics(parent.path()), sound[..6], "{fault:?}");
        assert_eq!(dir.summary().unwrap(), None);
        let checkpoint = Checkpoint::latest(&dir.checkpoints(), dir.experiment()).unwrap().unwrap();
        assert_eq!(checkpoint.episodes, 4);
        assert!(matches!(run(parent.path(), Fault::None, 4), Ok(Outcome::Finished(_))));
        assert_eq!(metrics(parent.path()), sound, "{fault:?}");
    }
}

#[test]
fn in_several_environments_the_one_that_fails_is_named() {
    let several = || {
        read::experiment(
            &TEXT.replace(
                "[run]",
                "[agent.plasticity]\nmode = \"first_steps\"\nsteps = 0\n[run]\nnum_envs = 3",
            ),
            "a.toml",
            &[],
        )
    };
    for (fault, reason) in [
        (Fault::Panic, "the environment failed: a panic: motor 2 is gone"),
        (Fault::Error, "the environment failed: the cable is loose"),
        (Fault::Nan, "NaN"),
        (Fault::NanReward, "reward"),
        (Fault::Shape, "array of shape (3,)"),
    ] {
        let parent = tempfile::tempdir().unwrap();
        let experiment = several().unwrap();
        let dir = RunDir::create(&RunDir::place(parent.path(), &experiment), &experiment).unwrap();
        let faulty = |index| {
            let fault = if index == 1 { fault } else { Fault::None };
            let (env, _) = experiment.make_env("a.toml").unwrap();
            // The first reset makes the batch's places; its second episode is the one that fails.
            AnyEnv::new(Faulty { env, fault, begun: PLACE.0 - 2, steps: 0 })
        };
        let (_, spec) = experiment.make_env("a.toml").unwrap();
        let error = go_on_in((0..3).map(faulty).collect(), &spec, &dir, &Quiet).unwrap_err();
        assert!(!error.is_usage());
        let text = error.to_string();
        let episode: u64 = text.split("episode ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
        let seed = episode_seed(0, "env", episode);
        let place = format!(
            "seed 0: CartPole-v1: environment 1, episode {episode}, step 2 (environment seed {seed}): "
        );
        assert!(text.starts_with(&place) && text.contains(reason), "{fault:?}: {text}");
    }
}
