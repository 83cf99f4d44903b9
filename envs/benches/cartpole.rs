//! CartPole with random actions: one with its time limit and resets, a batch of environments, a structure of arrays.
//!
//! `cargo bench -p sorn-envs`; `tests/peers/bench_env.py` times Gymnasium's the same way.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sorn_env::seeding::Generator;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{AutoresetMode, Env, VecEnv};
use sorn_envs::{CartPole, CartPoleBatch, CartPoleConfig, CartPoleVec};

/// Random actions, drawn before the clock starts.
fn actions(n: usize) -> Vec<i64> {
    let mut rng = Generator::new(0);
    (0..n).map(|_| rng.integers(0, 2)).collect()
}

fn single(c: &mut Criterion) {
    const STEPS: usize = 10_000;
    let actions = actions(STEPS);
    let mut group = c.benchmark_group("single");
    group.throughput(Throughput::Elements(STEPS as u64));
    group.bench_function("CartPole-v1", |b| {
        let mut env = TimeLimit::new(CartPole::default(), 500);
        env.reset(Some(0), None).unwrap();
        b.iter(|| {
            for action in &actions {
                let step = env.step(action).unwrap();
                if black_box(&step).done() {
                    black_box(env.reset(None, None).unwrap());
                }
            }
        });
    });
    group.finish();
}

fn batch(c: &mut Criterion) {
    let mut group = c.benchmark_group("batch");
    for n in [64, 1024] {
        let rounds: Vec<Vec<i64>> = actions(64 * n).chunks(n).map(<[i64]>::to_vec).collect();
        group.throughput(Throughput::Elements((64 * n) as u64));
        group.bench_with_input(BenchmarkId::new("VecEnv", n), &n, |b, &n| {
            let env = TimeLimit::new(CartPole::default(), 500);
            let mut envs = VecEnv::new(vec![env; n], AutoresetMode::NextStep).unwrap();
            let mut batch = envs.reset(Some(0), None).unwrap();
            b.iter(|| {
                for actions in &rounds {
                    envs.step(actions, &mut batch).unwrap();
                    black_box(&batch);
                }
            });
        });
        group.bench_with_input(BenchmarkId::new("CartPoleVec", n), &n, |b, &n| {
            let mut envs = CartPoleVec::new(n, 500, CartPoleConfig::default());
            let (mut obs, mut rewards) = (vec![[0.0; 4]; n], vec![0.0; n]);
            let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
            envs.reset(Some(0), None, &mut obs).unwrap();
            b.iter(|| {
                for actions in &rounds {
                    let batch = CartPoleBatch {
                        obs: &mut obs,
                        rewards: &mut rewards,
                        terminated: &mut terminated,
                        truncated: &mut truncated,
                    };
                    envs.step(actions, batch).unwrap();
                    black_box(&obs);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, single, batch);
criterion_main!(benches);
