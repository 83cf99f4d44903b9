//! Problems whose solution is known, and every learner that claims to find it.

use sorn_env::{Space, Value};

use super::*;
use crate::{EpsilonGreedyConfig, Schedule};

fn learner(config: LearnerConfig, policy: Option<PolicyConfig>, features: usize, actions: i64) -> AnyLearner {
    let space = Space::Discrete { n: actions, start: 0 };
    AnyLearner::new(&config, policy.as_ref(), features, &space, 11).unwrap()
}

fn one_hot(states: usize, state: usize) -> Vec<f64> {
    (0..states).map(|s| f64::from(u8::from(s == state))).collect()
}

/// A deterministic task on few states, cut after `limit` steps.
struct Task {
    states: usize,
    actions: usize,
    start: usize,
    limit: usize,
    /// From state and action to reward and the next state; none ends the episode.
    step: fn(usize, usize) -> (f64, Option<usize>),
}

impl Task {
    fn episode(&self, learner: &mut AnyLearner) {
        let phi = |state| one_hot(self.states, state);
        let mut state = self.start;
        learner.begin();
        for t in 1..=self.limit {
            let action = learner.act(&phi(state)).as_i64().unwrap() as usize;
            let (reward, next) = (self.step)(state, action);
            let (terminated, truncated) = (next.is_none(), t == self.limit && next.is_some());
            let after = phi(next.unwrap_or(state));
            learner.learn(&Transition { reward, terminated, truncated, next: &after }).unwrap();
            match next {
                Some(next) => state = next,
                None => return,
            }
        }
    }

    /// Action values by sweeping Bellman's equation; `value` makes a state's value of those of its actions.
    fn truth(&self, gamma: f64, value: impl Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
        let mut q = vec![vec![0.0; self.actions]; self.states];
        for _ in 0..2_000 {
            for state in 0..self.states {
                for action in 0..self.actions {
                    let (reward, next) = (self.step)(state, action);
                    q[state][action] = reward + gamma * next.map_or(0.0, |next| value(&q[next]));
                }
            }
        }
        q
    }
}

/// Four by three cells; from the lower left to the upper right, each step costs 1, the middle of the second column is a wall.
/// Actions: up, right, down, left.
const GRID: Task = Task {
    states: 12,
    actions: 4,
    start: 0,
    limit: 200,
    step: |state, action| {
        let (x, y) = ((state % 4) as i64, (state / 4) as i64);
        let (dx, dy) = [(0, 1), (1, 0), (0, -1), (-1, 0)][action];
        let (nx, ny) = ((x + dx).clamp(0, 3), (y + dy).clamp(0, 2));
        let (nx, ny) = if (nx, ny) == (1, 1) { (x, y) } else { (nx, ny) };
        (-1.0, ((nx, ny) != (3, 2)).then_some((ny * 4 + nx) as usize))
    },
};

/// Sutton & Barto, example 6.2: five states in a row, reward 1 at the right end.
const WALK: Task = Task {
    states: 5,
    actions: 2,
    start: 2,
    limit: 10_000,
    step: |state, action| match (state, action) {
        (4, 1) => (1.0, None),
        (0, 0) => (0.0, None),
        (state, action) => (0.0, Some(state + 2 * action - 1)),
    },
};

fn all_value_learners(config: &ValueConfig) -> [(&'static str, LearnerConfig); 3] {
    [
        ("sarsa", LearnerConfig::Sarsa(config.clone())),
        ("q_lambda", LearnerConfig::QLambda(config.clone())),
        ("true_online_sarsa", LearnerConfig::TrueOnlineSarsa(config.clone())),
    ]
}

fn weights(learner: &AnyLearner) -> Vec<f64> {
    let mut state = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
    learner.save(&mut state);
    state.all("learner/w").unwrap()
}

/// Of a policy that takes every action alike, Sarsa learns the values of that policy, Q(lambda) those of the best one.
#[test]
fn action_values_are_those_of_dynamic_programming() {
    let mean = |q: &[f64]| q.iter().sum::<f64>() / q.len() as f64;
    let largest = |q: &[f64]| q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let config = ValueConfig {
        step: Schedule::Exponential { from: 0.2, to: 0.001, episodes: 8_000 },
        lambda: 0.5,
        gamma: 0.8,
        ..ValueConfig::default()
    };
    let random = Some(PolicyConfig::EpsilonGreedy(EpsilonGreedyConfig { epsilon: 1.0.into() }));
    for (name, learner_config) in all_value_learners(&config) {
        let truth = match name {
            "q_lambda" => GRID.truth(0.8, largest),
            _ => GRID.truth(0.8, mean),
        };
        let mut learner = learner(learner_config, random.clone(), GRID.states, GRID.actions as i64);
        (0..8_000).for_each(|_| GRID.episode(&mut learner));
        let q = weights(&learner);
        for state in (0..11).filter(|&state| state != 5) {
            for (action, expected) in truth[state].iter().enumerate() {
                let found = q[action * GRID.states + state];
                assert!((found - expected).abs() < 0.15, "{name}: {state} {action}: {found} for {expected}");
            }
        }
    }
}

#[test]
fn the_shortest_path_is_found() {
    let truth = GRID.truth(1.0, |q| q.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    let config = ValueConfig { step: 0.2.into(), lambda: 0.8, gamma: 1.0, ..ValueConfig::default() };
    let explore = Schedule::Linear { from: 0.3, to: 0.0, episodes: 400 };
    let actor_critic = ActorCriticConfig {
        actor_step: Some(0.3.into()),
        critic_step: Some(0.2.into()),
        lambda: 0.8,
        gamma: 1.0,
        ..ActorCriticConfig::default()
    };
    let reinforce = ReinforceConfig { policy_step: 0.01.into(), gamma: 1.0, ..ReinforceConfig::default() };
    let mut all: Vec<(LearnerConfig, Option<PolicyConfig>)> = vec![
        (LearnerConfig::ActorCritic(actor_critic), None),
        (LearnerConfig::Reinforce(reinforce), None),
        (LearnerConfig::Ars(ArsConfig { alpha: 0.2.into(), nu: 0.3.into(), ..ArsConfig::default() }), None),
    ];
    let ppo = PpoConfig { n_steps: 256, learning_rate: 0.03.into(), gamma: 1.0, ..PpoConfig::default() };
    all.push((LearnerConfig::Ppo(ppo), None));
    let epsilon = Some(PolicyConfig::EpsilonGreedy(EpsilonGreedyConfig { epsilon: explore }));
    all.extend(all_value_learners(&config).map(|(_, config)| (config, epsilon.clone())));
    let replacing = ValueConfig { traces: Traces::Replacing, ..config };
    all.push((LearnerConfig::Sarsa(replacing), epsilon));
    for (config, policy) in all {
        let mut learner = learner(config.clone(), policy, GRID.states, GRID.actions as i64);
        (0..1_500).for_each(|_| GRID.episode(&mut learner));
        let (mut state, mut length) = (GRID.start, 0);
        loop {
            let action = learner.act_greedily(&one_hot(GRID.states, state)).as_i64().unwrap() as usize;
            length += 1;
            match (GRID.step)(state, action) {
                (_, Some(next)) if length < 50 => state = next,
                _ => break,
            }
        }
        let shortest = -truth[GRID.start].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(f64::from(length), shortest, "{config:?}");
    }
}

/// The values of the walk are 1/6, ..., 5/6.
#[test]
fn values_of_the_random_walk() {
    let config = ValueConfig {
        step: Schedule::Exponential { from: 0.1, to: 0.001, episodes: 5_000 },
        gamma: 1.0,
        lambda: 0.8,
        ..ValueConfig::default()
    };
    let random = Some(PolicyConfig::EpsilonGreedy(EpsilonGreedyConfig { epsilon: 1.0.into() }));
    for (name, learner_config) in [
        ("sarsa", LearnerConfig::Sarsa(config.clone())),
        ("true_online_sarsa", LearnerConfig::TrueOnlineSarsa(config)),
    ] {
        let mut learner = learner(learner_config, random.clone(), WALK.states, 2);
        (0..5_000).for_each(|_| WALK.episode(&mut learner));
        let q = weights(&learner);
        for state in 0..5 {
            let value = (q[state] + q[5 + state]) / 2.0;
            let truth = (state as f64 + 1.0) / 6.0;
            assert!((value - truth).abs() < 0.05, "{name}: state {state}: {value} for {truth}");
        }
    }
}

#[test]
fn the_better_arm_is_preferred() {
    let all = [
        LearnerConfig::Reinforce(ReinforceConfig::default()),
        LearnerConfig::Sarsa(ValueConfig::default()),
        LearnerConfig::QLambda(ValueConfig::default()),
        LearnerConfig::TrueOnlineSarsa(ValueConfig::default()),
        LearnerConfig::Ars(ArsConfig::default()),
        LearnerConfig::Ppo(PpoConfig { n_steps: 128, ..PpoConfig::default() }),
    ];
    for config in all {
        let mut bandit = learner(config.clone(), None, 1, 2);
        for _ in 0..2_000 {
            bandit.begin();
            let reward = if bandit.act(&[1.0]) == Value::Int(1) { 1.0 } else { 0.2 };
            bandit.learn(&Transition { reward, terminated: true, truncated: false, next: &[1.0] }).unwrap();
        }
        assert_eq!(bandit.act_greedily(&[1.0]), Value::Int(1), "{config:?}");
    }
}

/// Sutton & Barto, example 13.1: in three cells that look alike the second swaps left and right. The best policy goes right
/// with probability 0.586.
#[test]
fn reinforce_finds_the_best_random_policy_of_the_short_corridor() {
    let config = ReinforceConfig {
        policy_step: Schedule::Exponential { from: 0.002, to: 0.0002, episodes: 20_000 },
        baseline_step: 0.02.into(),
        gamma: 1.0,
        ..ReinforceConfig::default()
    };
    let mut learner = learner(LearnerConfig::Reinforce(config), None, 1, 2);
    for _ in 0..20_000 {
        let mut cell = 0_i64;
        learner.begin();
        for t in 1..=1_000 {
            let right = learner.act(&[1.0]) == Value::Int(1);
            cell = (cell + if right == (cell != 1) { 1 } else { -1 }).max(0);
            let (terminated, truncated) = (cell == 3, t == 1_000);
            learner.learn(&Transition { reward: -1.0, terminated, truncated, next: &[1.0] }).unwrap();
            if terminated {
                break;
            }
        }
    }
    let mut state = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
    learner.save(&mut state);
    let theta = state.all("learner/theta").unwrap();
    let right = 1.0 / (1.0 + (theta[0] - theta[1]).exp());
    assert!((right - 0.586).abs() < 0.05, "{right}");
}

/// Van Seijen et al. 2016, section 3: the weights at step `t` are those of a pass over the episode so far in which every state is
/// updated towards its lambda-return, cut at `t`.
#[test]
fn true_online_weights_are_those_of_the_online_lambda_return() {
    let (step, lambda, gamma) = (0.7, 0.8, 0.9);
    let config = ValueConfig { step: step.into(), lambda, gamma, ..ValueConfig::default() };
    let mut online = learner(LearnerConfig::TrueOnlineSarsa(config), None, 3, 1);
    // Dense features, so that states share weights.
    let phi = |t: usize| (0..3).map(|i| ((t * 7 + i * 3) % 5) as f64 / 2.0 - 0.5).collect::<Vec<f64>>();
    let reward = |t: usize| ((t * 3) % 4) as f64 - 1.0;
    let dot = |w: &[f64], phi: &[f64]| w.iter().zip(phi).map(|(a, b)| a * b).sum::<f64>();
    let length = 7;
    online.begin();
    // Weights of the forward view at every horizon; those at earlier steps give the values in the returns.
    let mut history = vec![vec![0.0; 3]];
    for horizon in 1..=length {
        online.act(&phi(horizon - 1));
        let terminated = horizon == length;
        let next = phi(horizon);
        online
            .learn(&Transition { reward: reward(horizon), terminated, truncated: false, next: &next })
            .unwrap();
        let mut w = vec![0.0; 3];
        for t in 0..horizon {
            // G^(n) from t with the weights that were known at t + n - 1.
            let n_step = |n: usize| {
                let rewards = (1..=n).map(|k| gamma.powi(k as i32 - 1) * reward(t + k)).sum::<f64>();
                let end = terminated && t + n == length;
                let value = if end { 0.0 } else { dot(&history[t + n - 1], &phi(t + n)) };
                rewards + gamma.powi(n as i32) * value
            };
            let last = horizon - t;
            let target =
                (1..last).map(|n| (1.0 - lambda) * lambda.powi(n as i32 - 1) * n_step(n)).sum::<f64>()
                    + lambda.powi(last as i32 - 1) * n_step(last);
            let x = phi(t);
            let error = target - dot(&w, &x);
            let alpha = step / dot(&x, &x);
            w.iter_mut().zip(&x).for_each(|(w, x)| *w += alpha * error * x);
        }
        for (found, expected) in weights(&online).iter().zip(&w) {
            assert!((found - expected).abs() < 1e-9, "horizon {horizon}: {found} for {expected}");
        }
        history.push(w);
    }
}

#[test]
fn q_lambda_forgets_what_led_to_an_exploring_action() {
    let config = ValueConfig { step: 0.5.into(), lambda: 1.0, gamma: 1.0, ..ValueConfig::default() };
    // Every action is drawn uniformly, of two: about half of them are not greedy.
    let random = Some(PolicyConfig::EpsilonGreedy(EpsilonGreedyConfig { epsilon: 1.0.into() }));
    let mut learner = learner(LearnerConfig::QLambda(config), random, 2, 2);
    let (mut cut, mut kept) = (0, 0);
    learner.begin();
    learner.act(&[1.0, 0.0]);
    for _ in 0..40 {
        learner
            .learn(&Transition { reward: 1.0, terminated: false, truncated: false, next: &[0.0, 1.0] })
            .unwrap();
        let mut state = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
        let q = weights(&learner);
        learner.save(&mut state);
        let z = state.all("learner/z").unwrap();
        let action = learner.act(&[0.0, 1.0]).as_i64().unwrap() as usize;
        // Weights moved since the action was compared, but only upwards for the action before.
        match z.iter().all(|z| *z == 0.0) {
            true => cut += 1,
            false => kept += 1,
        }
        assert!(q.iter().all(|q| q.is_finite()) && action < 2);
    }
    assert!(cut >= 5 && kept >= 5, "{cut} {kept}");
}
