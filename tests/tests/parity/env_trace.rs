//! Every native environment against Gymnasium's: same seeds and actions, same bits.

use serde::Serialize;
use serde_json::{Value as Json, json};
use sorn_env::seeding::Generator;
use sorn_env::{Array, Env, Options, Space, Value};
use sorn_tests::Peer;

/// One environment, played for some steps. `tests/peers/env_trace.py` plays the same.
#[derive(Clone, Serialize)]
struct Case {
    id: &'static str,
    kwargs: Json,
    seed: u64,
    options: Option<std::collections::BTreeMap<&'static str, f64>>,
    steps: u64,
    /// Steps taken after the end of an episode before the (seedless) reset.
    past_end: u64,
    /// Linear in the observation; random actions without.
    weights: Option<Vec<f64>>,
    /// Largest random continuous action, or factor of the linear one.
    scale: f64,
    policy_seed: u64,
}

fn case(id: &'static str, seed: u64, steps: u64) -> Case {
    let kwargs = json!({});
    Case {
        id,
        kwargs,
        seed,
        options: None,
        steps,
        past_end: 0,
        weights: None,
        scale: 1.0,
        policy_seed: !seed,
    }
}

fn choose(case: &Case, space: &Space, rng: &mut Generator, obs: &[f32]) -> Value {
    let linear = case.weights.as_ref().map(|weights| {
        weights.iter().zip(obs).fold(0.0, |total, (weight, &x)| total + weight * f64::from(x))
    });
    match (space, linear) {
        (Space::Discrete { n, .. }, None) => Value::Int(rng.integers(0, *n)),
        (Space::Discrete { n, .. }, Some(total)) => Value::Int(if total > 0.0 { n - 1 } else { 0 }),
        (_, None) => number(rng.uniform(-case.scale, case.scale)),
        (_, Some(total)) => number(case.scale * total),
    }
}

fn number(x: f64) -> Value {
    Value::Array(Array::vector(vec![x as f32]))
}

fn floats(obs: &Value) -> Vec<f32> {
    obs.as_array().expect("a Box observation").iter().map(|x| x as f32).collect()
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (head, tail) = bytes.split_at_checked(n).expect("Gymnasium wrote a whole trace");
    *bytes = tail;
    head
}

fn expect_floats(theirs: &mut &[u8], ours: &[f32], what: &str) {
    let theirs = take(theirs, 4 * ours.len()).chunks(4);
    let theirs: Vec<f32> = theirs.map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(ours), bits(&theirs), "{what}: {ours:?}, Gymnasium {theirs:?}");
}

/// What happened while playing, so that a test can tell that it tested something.
#[derive(Default, Debug)]
struct Seen {
    steps: u64,
    terminated: u64,
    truncated: u64,
}

/// Compares one case with `theirs`, takes what it read off the front.
fn compare(case: &Case, theirs: &mut &[u8], seen: &mut Seen) {
    let (mut env, _) = sorn_envs::make(case.id, case.kwargs.as_object().unwrap()).unwrap();
    let space = env.action_space();
    let mut rng = Generator::new(case.policy_seed);
    let options: Option<Options> =
        case.options.as_ref().map(|o| o.iter().map(|(k, v)| (k.to_string(), Value::Float(*v))).collect());
    let what = |step: u64| format!("{}, seed {}, step {step}", case.id, case.seed);
    let mut obs = floats(&env.reset(Some(case.seed), options.as_ref()).unwrap().0);
    expect_floats(theirs, &obs, &what(0));
    let mut past = 0;
    for step in 1..=case.steps {
        let ours = env.step(&choose(case, &space, &mut rng, &obs)).unwrap();
        obs = floats(&ours.obs);
        expect_floats(theirs, &obs, &what(step));
        let reward = f64::from_le_bytes(take(theirs, 8).try_into().unwrap());
        assert_eq!(ours.reward.to_bits(), reward.to_bits(), "{}: {} or {reward}", what(step), ours.reward);
        let flags = take(theirs, 2);
        assert_eq!([u8::from(ours.terminated), u8::from(ours.truncated)], flags, "{}", what(step));
        seen.steps += 1;
        seen.terminated += u64::from(ours.terminated);
        seen.truncated += u64::from(ours.truncated);
        if ours.done() {
            past += 1;
            if past > case.past_end {
                past = 0;
                obs = floats(&env.reset(None, options.as_ref()).unwrap().0);
                expect_floats(theirs, &obs, &what(step));
            }
        }
    }
}

fn same_as_gymnasium(cases: &[Case]) -> Seen {
    let input = serde_json::to_vec(cases).unwrap();
    let trace = Peer::from_env().unwrap().bytes("env_trace.py", &[], &input).unwrap();
    let mut theirs = &trace[..];
    let mut seen = Seen::default();
    for case in cases {
        compare(case, &mut theirs, &mut seen);
    }
    assert!(theirs.is_empty(), "Gymnasium wrote {} bytes more", theirs.len());
    seen
}

fn bounds(low: f64, high: f64) -> Option<std::collections::BTreeMap<&'static str, f64>> {
    Some([("low", low), ("high", high)].into())
}

fn balance() -> Option<Vec<f64>> {
    Some(vec![0.05, 0.1, 1.0, 0.5])
}

#[test]
fn cartpole_random_and_past_the_end() {
    let cases: Vec<Case> =
        (0..1000).map(|seed| Case { past_end: seed % 4, ..case("CartPole-v1", seed * 7_919, 60) }).collect();
    let seen = same_as_gymnasium(&cases);
    assert!(seen.steps == 60_000 && seen.terminated > 1000, "{seen:?}");
}

#[test]
fn cartpole_balanced_to_its_time_limits() {
    let mut cases = vec![];
    for seed in 0..10 {
        cases.push(Case { weights: balance(), past_end: 2, ..case("CartPole-v1", seed, 600) });
        cases.push(Case { weights: balance(), past_end: 2, ..case("CartPole-v0", seed, 300) });
        let kwargs = json!({ "max_episode_steps": 17 });
        cases.push(Case { weights: balance(), kwargs, ..case("CartPole-v1", seed, 50) });
    }
    let seen = same_as_gymnasium(&cases);
    assert!(seen.truncated >= 80, "{seen:?}");
}

#[test]
fn cartpole_arguments_and_options() {
    let mut cases = vec![];
    for seed in 0..100 {
        let kwargs = json!({ "sutton_barto_reward": true });
        cases.push(Case { kwargs, past_end: 3, ..case("CartPole-v1", seed + (1 << 40), 60) });
        let width = seed as f64 * 0.03;
        let options = bounds(-width, 2.0 * width);
        cases.push(Case { options, past_end: 1, ..case("CartPole-v1", seed, 30) });
    }
    let seen = same_as_gymnasium(&cases);
    assert!(seen.terminated > 100, "{seen:?}");
}

#[test]
fn mountain_car() {
    let mut cases: Vec<Case> = (0..1000).map(|seed| case("MountainCar-v0", seed, 50)).collect();
    for seed in 0..100 {
        // Pushing along the velocity reaches the goal; wide bounds reach the left wall.
        let weights = Some(vec![0.0, 1.0]);
        cases.push(Case { weights: weights.clone(), past_end: 3, ..case("MountainCar-v0", seed, 250) });
        let kwargs = json!({ "goal_velocity": 0.02 });
        let options = bounds(-1.2, 0.4);
        cases.push(Case { weights, kwargs, options, ..case("MountainCar-v0", seed, 150) });
    }
    cases.push(Case { past_end: 2, ..case("MountainCar-v0", 9, 420) });
    let seen = same_as_gymnasium(&cases);
    assert!(seen.terminated > 100 && seen.truncated > 0, "{seen:?}");
}

#[test]
fn mountain_car_continuous() {
    let id = "MountainCarContinuous-v0";
    let mut cases: Vec<Case> = (0..1000).map(|seed| Case { scale: 1.3, ..case(id, seed, 50) }).collect();
    for seed in 0..100 {
        let weights = Some(vec![0.0, 1.0]);
        for (scale, goal_velocity) in [(30.0, 0.0), (1000.0, 0.03), (8.0, 0.07)] {
            let kwargs = json!({ "goal_velocity": goal_velocity });
            cases.push(Case { weights: weights.clone(), kwargs, scale, past_end: 3, ..case(id, seed, 200) });
        }
        let options = bounds(-1.2, 0.5);
        cases.push(Case { weights, options, scale: 50.0, ..case(id, seed, 100) });
    }
    cases.push(case(id, 5, 1100));
    let seen = same_as_gymnasium(&cases);
    assert!(seen.terminated > 100 && seen.truncated > 0, "{seen:?}");
}

#[test]
fn acrobot() {
    let mut cases: Vec<Case> = (0..1000).map(|seed| case("Acrobot-v1", seed, 30)).collect();
    for seed in 0..40 {
        let weights = Some(vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        cases.push(Case { weights, past_end: 2, ..case("Acrobot-v1", seed, 200) });
        // Wide bounds: large angles and speeds, all quadrants of NumPy's single-precision sine.
        let width = [0.5, 3.0, 20.0, 90.0][seed as usize % 4];
        cases.push(Case { options: bounds(-width, width), past_end: 1, ..case("Acrobot-v1", seed, 30) });
    }
    cases.push(case("Acrobot-v1", 1, 520));
    let seen = same_as_gymnasium(&cases);
    assert!(seen.terminated > 40 && seen.truncated > 0, "{seen:?}");
}

#[test]
fn pendulum() {
    let mut cases: Vec<Case> =
        (0..1000).map(|seed| Case { scale: 2.5, ..case("Pendulum-v1", seed, 50) }).collect();
    for seed in 0..40 {
        let kwargs = json!({ "g": 9.81 });
        let options = Some([("x_init", 0.3 * seed as f64), ("y_init", 0.5)].into());
        cases.push(Case { kwargs, options, scale: 2.0, past_end: 1, ..case("Pendulum-v1", seed, 250) });
        let weights = Some(vec![0.0, 0.0, 1.0]);
        cases.push(Case { weights, scale: 0.7, ..case("Pendulum-v1", seed, 210) });
    }
    let seen = same_as_gymnasium(&cases);
    assert!(seen.truncated >= 80, "{seen:?}");
}
