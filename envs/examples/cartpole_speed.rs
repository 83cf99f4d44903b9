//! How many steps of CartPole-v1 one core takes in a second, with random actions. `tests/peers/bench_env.py` runs it between
//! its own measurements of Gymnasium's.
//!
//! Prints one JSON object of steps per second, best and median of many short rounds: `single` with the actions drawn in the loop,
//! as `env.step(env.action_space.sample())` does; `single_drawn` with actions drawn beforehand; `vector_64` and `vector_1024`,
//! batches with actions drawn beforehand.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value as Json, json};
use sorn_env::seeding::Generator;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{Env, Value};
use sorn_envs::{CartPole, CartPoleBatch, CartPoleConfig, CartPoleVec};

const ROUNDS: usize = 100;

/// Seconds of many rounds, ascending.
#[inline(always)]
fn seconds(mut round: impl FnMut()) -> [f64; ROUNDS] {
    let mut seconds = [0.0; ROUNDS];
    for seconds in &mut seconds {
        let start = Instant::now();
        round();
        *seconds = start.elapsed().as_secs_f64();
    }
    seconds.sort_by(f64::total_cmp);
    seconds
}

/// Rates of the best and of the median of rounds of `steps` steps.
fn rates(steps: usize, seconds: &[f64]) -> Json {
    json!({ "best": steps as f64 / seconds[0], "median": steps as f64 / seconds[ROUNDS / 2] })
}

#[inline(always)]
fn env() -> TimeLimit<CartPole> {
    let mut env = TimeLimit::new(CartPole::default(), 500);
    env.reset(Some(0), None).expect("no options");
    env
}

/// One step, and a reset where it ends the episode; all that they return is used.
#[inline(always)]
fn advance(env: &mut TimeLimit<CartPole>, action: i64) {
    let step = env.step(&action).expect("0 or 1");
    black_box(step.obs);
    black_box(step.reward);
    if step.done() {
        black_box(env.reset(None, None).expect("no options").0);
    }
}

fn single() -> Json {
    const STEPS: usize = 100_000;
    let (mut env, mut rng) = (env(), Generator::new(0));
    let space = env.action_space();
    let seconds = seconds(|| {
        for _ in 0..STEPS {
            if let Value::Int(action) = space.sample(&mut rng) {
                advance(&mut env, action);
            }
        }
    });
    rates(STEPS, &seconds)
}

fn single_drawn() -> Json {
    const STEPS: usize = 100_000;
    let (mut env, mut rng) = (env(), Generator::new(0));
    let actions: Vec<i64> = (0..STEPS).map(|_| rng.integers(0, 2)).collect();
    let seconds = seconds(|| actions.iter().for_each(|&action| advance(&mut env, action)));
    rates(STEPS, &seconds)
}

fn vector(n: usize) -> Json {
    let rows = 100_000 / n;
    let mut rng = Generator::new(0);
    let actions: Vec<i64> = (0..rows * n).map(|_| rng.integers(0, 2)).collect();
    let mut envs = CartPoleVec::new(n, 500, CartPoleConfig::default());
    let (mut obs, mut rewards) = (vec![[0.0; 4]; n], vec![0.0; n]);
    let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
    envs.reset(Some(0), None, &mut obs).expect("no options");
    let seconds = seconds(|| {
        for actions in actions.chunks_exact(n) {
            let batch = CartPoleBatch {
                obs: &mut obs,
                rewards: &mut rewards,
                terminated: &mut terminated,
                truncated: &mut truncated,
            };
            envs.step(actions, batch).expect("0 or 1");
            black_box(&obs);
        }
    });
    rates(rows * n, &seconds)
}

fn main() {
    let rates = json!({
        "single": single(), "single_drawn": single_drawn(), "vector_64": vector(64), "vector_1024": vector(1024),
    });
    println!("{rates}");
}
