//! Batches of CartPole against Gymnasium's vector environments: same seeds and actions, same bits.

use serde::Serialize;
use serde_json::{Value as Json, json};
use sorn_env::seeding::Generator;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{AutoresetMode, Options, Value, VecEnv};
use sorn_envs::{CartPole, CartPoleBatch, CartPoleConfig, CartPoleVec};
use sorn_tests::Peer;

/// One batch, played for some steps. `tests/peers/env_vec_trace.py` plays the same.
#[derive(Serialize)]
struct Case {
    vec: &'static str,
    num_envs: usize,
    seed: u64,
    options: Option<std::collections::BTreeMap<&'static str, f64>>,
    steps: u64,
    kwargs: Json,
    #[serde(skip)]
    limit: u32,
    #[serde(skip)]
    config: CartPoleConfig,
}

impl Case {
    fn new(vec: &'static str, num_envs: usize, seed: u64) -> Self {
        let (kwargs, config) = (json!({}), CartPoleConfig::default());
        Case { vec, num_envs, seed, options: None, steps: 200, kwargs, limit: 500, config }
    }

    fn options(&self) -> Option<Options> {
        let options = self.options.as_ref()?;
        Some(options.iter().map(|(name, x)| (name.to_string(), Value::Float(*x))).collect())
    }
}

fn floats(obs: &[[f32; 4]]) -> Vec<u8> {
    obs.iter().flatten().flat_map(|x| x.to_le_bytes()).collect()
}

/// The bytes the script writes for a step.
fn step_bytes(obs: &[[f32; 4]], rewards: &[f64], terminated: &[bool], truncated: &[bool]) -> Vec<u8> {
    let mut bytes = floats(obs);
    bytes.extend(rewards.iter().flat_map(|x| x.to_le_bytes()));
    bytes.extend(terminated.iter().chain(truncated).map(|&b| u8::from(b)));
    bytes
}

/// Takes as many bytes off the front of Gymnasium's as we have, and compares.
fn expect(theirs: &mut &[u8], ours: &[u8], case: &Case, step: u64) {
    let (head, tail) = theirs.split_at_checked(ours.len()).expect("Gymnasium wrote a whole trace");
    let place = head.iter().zip(ours).position(|(a, b)| a != b);
    assert_eq!(place, None, "{}, seed {}, step {step}: first different byte", case.vec, case.seed);
    *theirs = tail;
}

fn play_arrays(case: &Case, theirs: &mut &[u8]) -> u64 {
    let n = case.num_envs;
    let mut envs = CartPoleVec::new(n, case.limit, case.config);
    let (mut obs, mut rewards) = (vec![[0.0; 4]; n], vec![0.0; n]);
    let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
    envs.reset(Some(case.seed), case.options().as_ref(), &mut obs).unwrap();
    expect(theirs, &floats(&obs), case, 0);
    let mut rng = Generator::new(case.seed + 1);
    let mut ends = 0;
    for step in 1..=case.steps {
        let actions: Vec<i64> = (0..n).map(|_| rng.integers(0, 2)).collect();
        let batch = CartPoleBatch {
            obs: &mut obs,
            rewards: &mut rewards,
            terminated: &mut terminated,
            truncated: &mut truncated,
        };
        envs.step(&actions, batch).unwrap();
        let rewards: Vec<f64> = rewards.iter().map(|&x| f64::from(x)).collect();
        expect(theirs, &step_bytes(&obs, &rewards, &terminated, &truncated), case, step);
        ends += (0..n).filter(|&i| terminated[i] | truncated[i]).count() as u64;
    }
    ends
}

fn play_envs(case: &Case, theirs: &mut &[u8]) -> u64 {
    let mode = match case.vec {
        "NextStep" => AutoresetMode::NextStep,
        "SameStep" => AutoresetMode::SameStep,
        _ => AutoresetMode::Disabled,
    };
    let env = TimeLimit::new(CartPole::new(case.config), u64::from(case.limit));
    let mut envs = VecEnv::new(vec![env; case.num_envs], mode).unwrap();
    let mut batch = envs.reset(Some(case.seed), case.options().as_ref()).unwrap();
    expect(theirs, &floats(&batch.obs), case, 0);
    let mut rng = Generator::new(case.seed + 1);
    let mut ends = 0;
    for step in 0..case.steps {
        let actions: Vec<i64> = (0..case.num_envs).map(|_| rng.integers(0, 2)).collect();
        envs.step(&actions, &mut batch).unwrap();
        let ours = step_bytes(&batch.obs, &batch.rewards, &batch.terminated, &batch.truncated);
        expect(theirs, &ours, case, step);
        let last: Vec<[f32; 4]> = batch.final_obs.iter().flatten().copied().collect();
        expect(theirs, &floats(&last), case, step);
        let done: Vec<bool> = batch.terminated.iter().zip(&batch.truncated).map(|(a, b)| a | b).collect();
        ends += done.iter().filter(|&&done| done).count() as u64;
        if mode == AutoresetMode::Disabled && done.contains(&true) {
            let seeds: Vec<_> = (0..case.num_envs as u64).map(|i| Some(1000 + step + i)).collect();
            envs.reset_where(&done, Some(&seeds), None, &mut batch).unwrap();
            expect(theirs, &floats(&batch.obs), case, step);
        }
    }
    ends
}

fn same_as_gymnasium(cases: &[Case], play: fn(&Case, &mut &[u8]) -> u64) {
    let input = serde_json::to_vec(cases).unwrap();
    let trace = Peer::from_env().unwrap().bytes("env_vec_trace.py", &[], &input).unwrap();
    let mut theirs = &trace[..];
    for case in cases {
        assert!(play(case, &mut theirs) >= 5, "episodes ended in {} {}", case.vec, case.seed);
    }
    assert!(theirs.is_empty(), "Gymnasium wrote {} bytes more", theirs.len());
}

#[test]
fn structure_of_arrays() {
    let mut cases: Vec<Case> =
        (0..20).map(|seed| Case::new("vector_entry_point", 1 + 7 * seed as usize, seed)).collect();
    cases.push(Case { steps: 1200, ..Case::new("vector_entry_point", 64, 20) });
    let kwargs = json!({ "sutton_barto_reward": true });
    let config = CartPoleConfig { sutton_barto_reward: true };
    let options = Some([("low", -0.2), ("high", 0.15)].into());
    cases.push(Case { kwargs, config, options, ..Case::new("vector_entry_point", 16, 21) });
    let kwargs = json!({ "max_episode_steps": 12 });
    cases.push(Case { kwargs, limit: 12, ..Case::new("vector_entry_point", 16, 22) });
    same_as_gymnasium(&cases, play_arrays);
}

#[test]
fn three_autoreset_modes() {
    let mut cases = vec![];
    for (i, vec) in ["NextStep", "SameStep", "Disabled"].into_iter().enumerate() {
        cases.push(Case { steps: 300, ..Case::new(vec, 5, 30 + i as u64) });
        let kwargs = json!({ "max_episode_steps": 15 });
        cases.push(Case { kwargs, limit: 15, ..Case::new(vec, 9, 40 + i as u64) });
    }
    same_as_gymnasium(&cases, play_envs);
}
