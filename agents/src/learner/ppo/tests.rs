use std::collections::BTreeMap;

use proptest::prelude::*;
use rand_xoshiro::rand_core::SeedableRng;
use serde::Deserialize;

use super::*;

fn ppo(config: PpoConfig, features: usize, actions: &Space) -> Ppo {
    Ppo::new(&config, None, features, actions, 5).unwrap()
}

fn two() -> Space {
    Space::Discrete { n: 2, start: 0 }
}

fn spaces() -> [Space; 4] {
    [
        Space::Discrete { n: 3, start: -1 },
        Space::MultiDiscrete { nvec: vec![2, 1, 4] },
        Space::MultiBinary { shape: vec![2] },
        Space::box_f32(&[-2.0, f32::NEG_INFINITY], &[2.0, f32::INFINITY]).unwrap(),
    ]
}

/// What `tests/peers/ppo_fixture.py` recorded of stable-baselines3.
#[derive(Deserialize)]
struct Case {
    parameters: PpoConfig,
    before: Weights,
    streams: Vec<Vec<Recorded>>,
    orders: Vec<Vec<u32>>,
    advantages: Vec<f64>,
    returns: Vec<f64>,
    log_probs: Vec<f64>,
    steps_of_adam: u64,
    after: Weights,
}

#[derive(Deserialize)]
struct Weights {
    theta: Vec<Vec<f64>>,
    w: Vec<f64>,
    log_std: Vec<f64>,
}

#[derive(Deserialize)]
struct Recorded {
    phi: Vec<f64>,
    action: Vec<f64>,
    reward: f64,
    terminated: bool,
    truncated: bool,
    next: Vec<f64>,
}

impl Weights {
    fn write(&self, training: &mut Training) {
        for (output, row) in self.theta.iter().chain([&self.w]).enumerate() {
            training.layers.write(&mut training.parameters, output, row);
        }
        let first = training.layers.len();
        training.parameters[first..].copy_from_slice(&self.log_std);
    }

    fn assert_near(&self, training: &Training) {
        for (output, row) in self.theta.iter().chain([&self.w]).enumerate() {
            assert_near(training.layers.read(&training.parameters, output), row);
        }
        assert_near(training.log_std().iter().copied(), &self.log_std);
    }
}

fn assert_near(found: impl Iterator<Item = f64>, expected: &[f64]) {
    let found: Vec<f64> = found.collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
    }
}

#[test]
fn an_update_is_that_of_stable_baselines3() {
    let cases: BTreeMap<String, Case> = serde_json::from_str(include_str!("fixture.json")).unwrap();
    assert_eq!(cases.len(), 3);
    for (name, case) in cases {
        let actions = match name.as_str() {
            "discrete" => Space::Discrete { n: 3, start: 0 },
            "multi_discrete" => Space::MultiDiscrete { nvec: vec![2, 3] },
            _ => Space::box_f32(&[-1.0; 2], &[1.0; 2]).unwrap(),
        };
        let mut learner = ppo(case.parameters, case.before.w.len(), &actions);
        case.before.write(&mut learner.training);
        for stream in &case.streams {
            for step in stream {
                let value = learner.see(&step.phi);
                learner.action.copy_from_slice(&step.action);
                learner.remember(value);
                let Recorded { reward, terminated, truncated, ref next, .. } = *step;
                learner.follow(&Transition { reward, terminated, truncated, next }).unwrap();
            }
        }
        let rollout = &learner.rollout;
        assert_near(rollout.advantages.iter().copied(), &case.advantages);
        assert_near(
            rollout.advantages.iter().zip(&rollout.samples.values).map(|(a, v)| a + v),
            &case.returns,
        );
        assert_near(rollout.samples.log_probs.iter().copied(), &case.log_probs);
        let mut orders = case.orders.iter();
        learner.update(|order| order.copy_from_slice(orders.next().unwrap())).unwrap();
        assert_eq!(orders.len(), 0, "{name}: as many epochs");
        assert_eq!(learner.training.adam.t, case.steps_of_adam, "{name}: as many minibatches");
        case.after.assert_near(&learner.training);
    }
}

proptest! {
    /// Central differences of the loss, over every parameter.
    #[test]
    fn the_gradient_is_that_of_the_loss(
        seed: u64, space in 0..4_usize, tanh: bool, normalize_advantage: bool, clip in 0.05..0.5_f64,
        clip_range_vf in prop::option::of(0.05..1.0_f64), ent_coef in 0.0..0.5_f64,
    ) {
        let mean = if tanh { PpoMean::Tanh } else { PpoMean::Linear };
        let config = PpoConfig { normalize_advantage, clip_range_vf, ent_coef, mean, ..PpoConfig::default() };
        let mut learner = ppo(config.clone(), 4, &spaces()[space]);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut uniform = || crate::random::uniform(&mut rng, -1.0, 1.0);
        let move_on = |learner: &mut Ppo, uniform: &mut dyn FnMut() -> f64| {
            let outputs = learner.scores.len() + 1;
            for output in 0..outputs {
                let row: Vec<f64> = learner.training.layers.read(&learner.training.parameters, output).collect();
                let row: Vec<f64> = row.iter().map(|w| w + 0.3 * uniform()).collect();
                learner.training.layers.write(&mut learner.training.parameters, output, &row);
            }
            let first = learner.training.layers.len();
            learner.training.parameters[first..].iter_mut().for_each(|p| *p += 0.3 * uniform());
        };
        move_on(&mut learner, &mut uniform);
        let phi = [[1.0, 0.0, 0.5, 1.0], [0.0, 1.0, -1.5, 1.0], [1.0, 1.0, 0.25, 1.0]];
        for t in 0..5 {
            learner.act(&phi[t % 3]);
            let end = t == 2;
            let next = Transition { reward: uniform(), terminated: end, truncated: false, next: &phi[(t + 1) % 3] };
            learner.follow(&next).unwrap();
        }
        learner.hand_over(0.3);
        move_on(&mut learner, &mut uniform);
        let Ppo { training, rollout, .. } = &mut learner;
        let batch = [0, 3, 4, 1];
        let loss = |training: &mut Training| training.loss(&config, clip, rollout, &batch).loss;
        loss(training);
        let gradient = training.gradient().to_vec();
        let outputs = training.layers.padded();
        for (index, found) in gradient.iter().enumerate() {
            let at = |by: f64| {
                let mut moved = training.clone();
                moved.parameters[index] += by;
                loss(&mut moved)
            };
            let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
            // Weights that fill up a block change nothing.
            prop_assert!((found - difference).abs() < 1e-5 * (1.0 + difference.abs()),
                "{index} of {outputs}: {} {difference}", found);
        }
    }
}

#[test]
fn every_action_is_of_the_space() {
    for space in spaces() {
        let mut learner = ppo(PpoConfig::default(), 2, &space);
        for _ in 0..50 {
            learner.begin();
            let action = learner.act(&[1.0, -3.0]);
            assert!(space.contains(&action), "{space}: {action:?}");
            learner.segment.rewards.push(1.0);
            learner.segment.ends.push(true);
        }
        assert!(space.contains(&learner.act_greedily(&[1.0, 1e6])));
        let samples = &learner.segment.samples;
        assert!((0..50).all(|index| learner.training.distribution.contains(samples.action(index))));
    }
}

#[test]
fn an_episode_that_is_given_up_is_bootstrapped_from_its_last_value() {
    for pending in [true, false] {
        let mut learner = ppo(PpoConfig { gamma: 0.5, ..PpoConfig::default() }, 2, &two());
        learner.training.layers.write(&mut learner.training.parameters, 2, &[0.0, 8.0]);
        let next = Transition { reward: 3.0, terminated: false, truncated: false, next: &[0.0, 1.0] };
        learner.begin();
        learner.act(&[1.0, 0.0]);
        learner.learn(&next).unwrap();
        learner.act(&[0.0, 1.0]);
        if !pending {
            learner.learn(&next).unwrap();
        }
        learner.begin();
        assert_eq!((&learner.segment.rewards[..], &learner.segment.ends[..]), (&[7.0][..], &[true][..]));
        assert_eq!(learner.segment.samples.len(), 1);
        learner.begin();
        assert_eq!(learner.segment.rewards, [7.0], "once");
    }
}

#[test]
fn actions_alone_fill_no_memory() {
    let mut learner = ppo(PpoConfig::default(), 2, &two());
    (0..100).for_each(|_| drop(learner.act(&[1.0, 0.5])));
    assert_eq!((learner.segment.samples.len(), learner.segment.samples.rows.ones.len()), (1, 1));
}

#[test]
fn streams_share_one_update_with_what_was_done_before() {
    let config = PpoConfig { n_steps: 4, batch_size: 4, learning_rate: 0.1.into(), ..PpoConfig::default() };
    let mut learner = ppo(config, 1, &two());
    let step = |learner: &mut Ppo, terminated| {
        learner.act(&[1.0]);
        learner.learn(&Transition { reward: 1.0, terminated, truncated: false, next: &[1.0] }).unwrap();
    };
    learner.begin();
    step(&mut learner, true);
    let mut streams = learner.streams(3);
    for t in 0..4 {
        for (index, stream) in streams.iter_mut().enumerate() {
            assert!(learner.exchange(&mut **stream));
            assert_eq!(learner.training.adam.t, 0, "{t} {index}");
            step(&mut learner, false);
            learner.exchange(&mut **stream);
        }
    }
    // 1 + 3 * 4 steps in minibatches of 4, 10 times.
    assert_eq!((learner.training.adam.t, learner.rollout.len(), learner.steps), (40, 0, 13));
}

#[test]
fn a_saved_state_that_does_not_fit_is_named() {
    let mut learner = ppo(PpoConfig::default(), 3, &two());
    learner.act(&[1.0, 0.5, 0.0]);
    let mut whole = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
    learner.save(&mut whole);
    learner.load(&whole).unwrap();
    let wrong: [(&str, &[f64]); 5] = [
        ("learner/segment_ones", &[3.0]),
        ("learner/segment_ones", &[0.5]),
        ("learner/segment_actions", &[2.0]),
        ("learner/segment_rewards", &[1.0, 2.0]),
        ("learner/rollout_advantages", &[1.0]),
    ];
    for (name, numbers) in wrong {
        let mut state = whole.clone();
        state.put(name, &[numbers.len()], numbers);
        let error = learner.clone().load(&state).unwrap_err().to_string();
        assert!(error.starts_with("saved agent: learner/"), "{name}: {error}");
    }
}

#[test]
fn divergence_is_an_error() {
    let config = PpoConfig { n_steps: 1, learning_rate: 1.0.into(), ..PpoConfig::default() };
    let mut learner = ppo(config, 1, &two());
    learner.training.layers.write(&mut learner.training.parameters, 2, &[f64::MAX]);
    learner.begin();
    learner.act(&[1.0]);
    let next = Transition { reward: 0.0, terminated: true, truncated: false, next: &[1.0] };
    assert!(matches!(learner.learn(&next), Err(AgentError::Diverged { steps: 1, .. })));
}

#[test]
fn a_policy_of_another_learner_is_refused() {
    let policy = PolicyConfig::Greedy(crate::GreedyConfig {});
    let error = Ppo::new(&PpoConfig::default(), Some(&policy), 1, &two(), 0).unwrap_err().to_string();
    assert!(
        error.starts_with("policy.kind = \"greedy\": learner.kind = \"ppo\" has its own policy"),
        "{error}"
    );
}
