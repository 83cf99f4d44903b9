//! The tasks of memory against POPGym's: same seeds and actions, same bits.

use serde::Serialize;
use serde_json::{Value as Json, json};
use sorn_env::seeding::Generator;
use sorn_env::{AnyEnv, Array, Env, Space, Value};
use sorn_tests::Peer;

const SEEDS: u64 = 200;

/// An episode with a seed and one without. `tests/peers/popgym_trace.py` plays the same.
#[derive(Serialize)]
struct Case {
    id: String,
    kwargs: Json,
    seed: u64,
    policy_seed: u64,
    /// Steps after the end of an episode.
    past_end: u64,
}

fn numbers(obs: &Value) -> Vec<f64> {
    match obs {
        Value::Int(i) => vec![*i as f64],
        Value::Array(array) => array.iter().collect(),
        Value::List(list) => list.iter().flat_map(numbers).collect(),
        other => panic!("no observation of these tasks: {other:?}"),
    }
}

fn choose(space: &Space, rng: &mut Generator) -> Value {
    match space {
        Space::Discrete { n, .. } => Value::Int(rng.integers(0, *n)),
        _ => Value::Array(Array::vector(vec![rng.uniform(-3.0, 3.0) as f32])),
    }
}

/// What POPGym wrote, from the front.
struct Theirs<'a>(&'a [u8]);

impl Theirs<'_> {
    fn byte(&mut self) -> u8 {
        let (head, tail) = self.0.split_first().expect("POPGym wrote a whole trace");
        self.0 = tail;
        *head
    }

    fn number(&mut self) -> f64 {
        f64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    fn expect(&mut self, ours: &[f64], what: &str) {
        let theirs: Vec<f64> = ours.iter().map(|_| self.number()).collect();
        let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(ours), bits(&theirs), "{what}: {ours:?}, POPGym {theirs:?}");
    }
}

/// Compares one case; how many steps it took.
fn compare(case: &Case, env: &mut AnyEnv, theirs: &mut Theirs<'_>) -> u64 {
    let space = env.action_space();
    let mut rng = Generator::new(case.policy_seed);
    let mut steps = 0;
    for seed in [Some(case.seed), None] {
        let (obs, _) = env.reset(seed, None).unwrap();
        theirs.expect(&numbers(&obs), &format!("{}, reset with {seed:?}", case.id));
        let mut past = 0;
        while past <= case.past_end {
            let step = env.step(&choose(&space, &mut rng)).unwrap();
            steps += 1;
            let what = format!("{}, seed {}, step {steps}", case.id, case.seed);
            theirs.expect(&numbers(&step.obs), &what);
            theirs.expect(&[step.reward], &what);
            let flags = [theirs.byte(), theirs.byte()];
            assert_eq!([u8::from(step.terminated), u8::from(step.truncated)], flags, "{what}");
            past += u64::from(past > 0 || step.done());
        }
    }
    steps
}

/// `SEEDS` cases of one environment.
fn same(id: &str, kwargs: &Json, past_end: u64) {
    let case = |seed: u64| Case { id: id.into(), kwargs: kwargs.clone(), seed, policy_seed: !seed, past_end };
    let cases: Vec<Case> = (0..SEEDS).map(case).collect();
    let input = serde_json::to_vec(&cases).unwrap();
    let trace = Peer::from_env().unwrap().bytes("popgym_trace.py", &[], &input).unwrap();
    let mut theirs = Theirs(&trace);
    let (mut env, _) = sorn_envs::make(id, kwargs.as_object().unwrap()).unwrap();
    let steps: u64 = cases.iter().map(|case| compare(case, &mut env, &mut theirs)).sum();
    assert!(theirs.0.is_empty(), "{id}: POPGym wrote {} bytes more", theirs.0.len());
    assert!(steps > SEEDS * 10, "{id}: {steps} steps");
}

fn same_as_popgym(task: &str, past_end: u64) {
    for level in ["Easy", "Medium", "Hard"] {
        same(&format!("popgym-{task}{level}-v0"), &json!({}), past_end);
    }
}

#[test]
fn repeat_previous() {
    same_as_popgym("RepeatPrevious", 0);
}

#[test]
fn repeat_first() {
    same_as_popgym("RepeatFirst", 0);
}

#[test]
fn autoencode() {
    same_as_popgym("Autoencode", 0);
}

#[test]
fn count_recall() {
    same_as_popgym("CountRecall", 0);
}

#[test]
fn multiarmed_bandit() {
    same_as_popgym("MultiarmedBandit", 3);
}

#[test]
fn position_only_cartpole() {
    same_as_popgym("PositionOnlyCartPole", 3);
}

#[test]
fn velocity_only_cartpole() {
    same_as_popgym("VelocityOnlyCartpole", 3);
}

#[test]
fn noisy_position_only_cartpole() {
    same_as_popgym("NoisyPositionOnlyCartPole", 3);
}

#[test]
fn position_only_pendulum() {
    same_as_popgym("PositionOnlyPendulum", 3);
}

#[test]
fn arguments() {
    same("popgym-RepeatPreviousEasy-v0", &json!({ "k": 1, "num_decks": 2 }), 0);
    same("popgym-CountRecallEasy-v0", &json!({ "deck_type": "ranks" }), 0);
    // So short that episodes are truncated, terminated in the same step among them.
    same("popgym-PositionOnlyCartPoleEasy-v0", &json!({ "max_episode_length": 12 }), 9);
    same("popgym-PositionOnlyPendulumEasy-v0", &json!({ "max_episode_length": 7 }), 9);
}
