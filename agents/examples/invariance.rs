//! The default agent where a task is written in other units, with numbers that mean nothing beside it, or with other bounds of
//! its actions: `cargo run --release -p sorn-agents --example invariance -- [--seeds 500..520] [--task NAME] [--change NAME]
//! [--threads N] [--set KEY=JSON]`.
//!
//! Prints a row per task and change: seeds at the bar, and the median return of 100 greedy episodes (quartiles; least).

use std::ops::{ControlFlow, Range};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer};
use sorn_env::{AnyEnv, AnyEnvError, BoxSpace, Dtype, Env, Info, Options, Space, Step, Value};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Task, episodes of training, the return of a success.
#[allow(dead_code)]
const TASKS: [(&str, u64, f64); 6] = [
    ("CartPole-v1", 1000, 475.0),
    ("Acrobot-v1", 600, -100.0),
    ("MaskedCartPole-v1", 800, 475.0),
    ("Pendulum-v1", 1000, -220.0),
    ("MountainCarContinuous-v0", 400, 90.0),
    ("MountainCar-v0", 2000, -130.0),
];

/// What is done to a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    Plain,
    /// Observations times 1,000 plus 50.
    Observations,
    /// Rewards times a million.
    LargeRewards,
    /// Rewards times a thousandth.
    SmallRewards,
    /// Twenty numbers of a normal distribution behind the observation, new in every step.
    Noise,
    /// Actions of a Box from 0 to 10,000.
    Actions,
}

#[allow(dead_code)]
const CHANGES: [(&str, Change); 6] = [
    ("plain", Change::Plain),
    ("observations", Change::Observations),
    ("large-rewards", Change::LargeRewards),
    ("small-rewards", Change::SmallRewards),
    ("noise", Change::Noise),
    ("actions", Change::Actions),
];

const NOISE: usize = 20;

/// A task with a change.
struct Changed {
    inner: AnyEnv,
    change: Change,
    rng: Xoshiro256PlusPlus,
}

impl Changed {
    fn see(&mut self, obs: &Value) -> Result<Vec<f64>, Error> {
        let space = self.inner.observation_space();
        let mut numbers = vec![0.0; space.flat_dim()];
        space.flatten_into(obs, &mut numbers)?;
        match self.change {
            Change::Observations => numbers.iter_mut().for_each(|x| *x = 1e3 * *x + 50.0),
            Change::Noise => {
                for _ in 0..NOISE {
                    // Twelve uniform numbers make a normal one that is good enough here.
                    let sum: f64 = (0..12).map(|_| (self.rng.next_u64() >> 11) as f64 / 2f64.powi(53)).sum();
                    numbers.push(sum - 6.0);
                }
            }
            _ => {}
        }
        Ok(numbers)
    }
}

impl Env for Changed {
    type Obs = Vec<f64>;
    type Act = Value;
    type Error = AnyEnvError;

    fn observation_space(&self) -> Space {
        let numbers = self.inner.observation_space().flat_dim();
        let all = numbers + if self.change == Change::Noise { NOISE } else { 0 };
        Space::Box(BoxSpace::uniform(f64::NEG_INFINITY, f64::INFINITY, vec![all], Dtype::F64).expect("a Box"))
    }
    fn action_space(&self) -> Space {
        match (self.change, self.inner.action_space()) {
            (Change::Actions, Space::Box(space)) => {
                Space::Box(BoxSpace::uniform(0.0, 1e4, space.shape, Dtype::F32).expect("a Box"))
            }
            (_, space) => space,
        }
    }
    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<(Vec<f64>, Info), AnyEnvError> {
        if let Some(seed) = seed {
            self.rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        }
        let (obs, info) = self.inner.reset(seed, options)?;
        Ok((self.see(&obs).map_err(AnyEnvError)?, info))
    }
    fn step(&mut self, action: &Value) -> Result<Step<Vec<f64>>, AnyEnvError> {
        let inner = match (self.change, self.inner.action_space()) {
            (Change::Actions, Space::Box(space)) => {
                let mut numbers = vec![0.0; space.low.len()];
                self.action_space().flatten_into(action, &mut numbers).map_err(|e| AnyEnvError(e.into()))?;
                let scaled = numbers.iter().zip(space.low.iter().zip(&space.high));
                let scaled: Vec<f32> =
                    scaled.map(|(x, (low, high))| (low + x / 1e4 * (high - low)) as f32).collect();
                Value::Array(sorn_env::Array::vector(scaled))
            }
            _ => action.clone(),
        };
        let mut step = self.inner.step(&inner)?;
        step.reward *= match self.change {
            Change::LargeRewards => 1e6,
            Change::SmallRewards => 1e-3,
            _ => 1.0,
        };
        let obs = self.see(&step.obs).map_err(AnyEnvError)?;
        Ok(step.map(|_| obs))
    }
}

/// Returns of episodes, until 100 of them in a row reach the threshold in the mean.
struct Returns {
    all: Vec<f64>,
    threshold: f64,
}

impl Observer for Returns {
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        self.all.push(event.ret);
        let solved =
            self.all.len() >= 100 && self.all.iter().rev().take(100).sum::<f64>() / 100.0 >= self.threshold;
        if solved { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The mean return of 100 greedy episodes after training, in the task's own rewards.
pub(crate) fn learn(
    config: &AgentConfig,
    task: &str,
    episodes: u64,
    change: Change,
    seed: u64,
) -> Result<(f64, usize), Error> {
    let (inner, spec) = sorn_envs::make(task, &Default::default())?;
    let scale = match change {
        Change::LargeRewards => 1e6,
        Change::SmallRewards => 1e-3,
        _ => 1.0,
    };
    let threshold = spec.reward_threshold.map_or(f64::INFINITY, |threshold| scale * threshold);
    let returns = |threshold| Returns { all: Vec::new(), threshold };
    let mut env = Changed { inner, change, rng: Xoshiro256PlusPlus::seed_from_u64(seed) };
    let mut agent = Agent::new(config, &env.observation_space(), &env.action_space(), seed)?;
    let env_seed = |episode: u64| seed * 1_000_003 + episode;
    let mut training = returns(threshold);
    sorn_agents::run(&mut env, &mut agent, 0..episodes, env_seed, &mut training)?;
    let mut greedy = returns(f64::INFINITY);
    let evaluated = episodes + 1_000_000..episodes + 1_000_100;
    sorn_agents::run(&mut env, &mut agent.frozen(), evaluated, env_seed, &mut greedy)?;
    Ok((greedy.all.iter().sum::<f64>() / 100.0 / scale, training.all.len()))
}

#[allow(dead_code)]
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (at - at.floor()) * (sorted[high] - sorted[low])
}

#[allow(dead_code)] // the test calls `learn`
fn main() -> Result<(), Error> {
    let mut seeds: Range<u64> = 500..520;
    let (mut only_task, mut only_change, mut threads) = (None, None, 0);
    let mut json = serde_json::to_value(AgentConfig::default())?;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().ok_or_else(|| format!("{arg}: expected a value"))?;
        match arg.as_str() {
            "--seeds" => {
                let (from, to) = value.split_once("..").ok_or("--seeds: expected FROM..TO")?;
                seeds = from.parse()?..to.parse()?;
            }
            "--task" => only_task = Some(value),
            "--change" => only_change = Some(value),
            "--threads" => threads = value.parse()?,
            "--set" => {
                let (key, value) = value.split_once('=').ok_or("--set: expected KEY=JSON")?;
                *json
                    .pointer_mut(&format!("/{}", key.replace('.', "/")))
                    .ok_or_else(|| format!("no key {key}"))? = serde_json::from_str(value)?;
            }
            _ => {
                return Err(
                    format!("expected --seeds, --task, --change, --threads or --set, found {arg}").into()
                );
            }
        }
    }
    let config: AgentConfig = serde_json::from_value(json)?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    println!(
        "| Task | change | at the bar | evaluation: median (quartiles; least) | median episodes |\n|---|---|---|---|---|"
    );
    for (task, episodes, bar) in
        TASKS.iter().filter(|(task, ..)| only_task.as_ref().is_none_or(|t| t == task))
    {
        for (name, change) in CHANGES
            .iter()
            .filter(|(name, _)| only_change.as_ref().is_none_or(|c| c.split(',').any(|c| c == *name)))
        {
            if *change == Change::Actions && !["Pendulum-v1", "MountainCarContinuous-v0"].contains(task) {
                continue;
            }
            let results: Result<Vec<(f64, usize)>, Error> = seeds
                .clone()
                .into_par_iter()
                .map(|seed| learn(&config, task, *episodes, *change, seed))
                .collect();
            let (mut results, mut trained): (Vec<f64>, Vec<usize>) = results?.into_iter().unzip();
            trained.sort_unstable();
            results.sort_by(f64::total_cmp);
            let successes = results.iter().filter(|x| **x >= *bar).count();
            let [least, first, median, third] = [0.0, 0.25, 0.5, 0.75].map(|q| quantile(&results, q));
            println!(
                "| {task} | {name} | {successes}/{} at {bar} | {median:.1} ({first:.1}, {third:.1}; {least:.1}) | {} |",
                results.len(),
                trained[trained.len() / 2]
            );
        }
    }
    Ok(())
}
