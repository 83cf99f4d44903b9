//! One agent in several environments: the same as one where there is one, the same on every number of threads, and it learns.

use std::ops::ControlFlow;

use sorn_agents::{
    Agent, AgentConfig, AgentState, EpisodeEvent, Observer, RunError, StepEvent, run, run_batch,
};
use sorn_env::{AutoresetMode, Env, VecEnv};
use sorn_envs::CartPole;

const LEARNERS: [&str; 6] = [
    r#"{ kind = "actor_critic", reward = "failure", anneal = { target_return = 500.0, window = 3 } }"#,
    r#"{ kind = "reinforce" }"#,
    r#"{ kind = "sarsa" }"#,
    r#"{ kind = "q_lambda" }"#,
    r#"{ kind = "true_online_sarsa" }"#,
    r#"{ kind = "rm_sorn" }"#,
];

fn config(reservoir: &str, learner: &str) -> AgentConfig {
    toml::from_str(&format!(
        r#"
        encoder = {{ kind = "random_projection", scale = [1.0, 1.0, 0.1, 1.0] }}
        reservoir = {{ kind = "{reservoir}", params = {{ ne = 60, noise = "gaussian" }} }}
        plasticity = {{ mode = "first_steps", steps = 200 }}
        learner = {learner}
        "#
    ))
    .unwrap()
}

fn agent(config: &AgentConfig) -> Agent {
    let cart = CartPole::default();
    Agent::new(config, &cart.observation_space(), &cart.action_space(), 7).unwrap()
}

/// Episodes as they end, to a number of steps.
#[derive(Default)]
struct Watch {
    episodes: Vec<(u64, u64)>,
    steps: u64,
    most: Option<u64>,
}

impl Observer for Watch {
    fn on_step(&mut self, event: &StepEvent<'_>, agent: &Agent) -> ControlFlow<()> {
        self.steps += 1;
        // The observer sees the environment whose step it is.
        assert!(event.done || agent.observation()[0].abs() < 2.5);
        if self.most == Some(self.steps) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        assert_eq!(event.ret, event.length as f64);
        self.episodes.push((event.episode, event.length));
        ControlFlow::Continue(())
    }
}

fn envs(n: usize, mode: AutoresetMode) -> VecEnv<CartPole> {
    VecEnv::new(vec![CartPole::default(); n], mode).unwrap()
}

fn batch(agent: &mut Agent, n: usize, episodes: u64) -> Result<Watch, RunError> {
    let mut watch = Watch::default();
    let envs = &mut envs(n, AutoresetMode::Disabled);
    run_batch(envs, agent, episodes, |k| k * 31, VecEnv::step, &mut watch).map(|()| watch)
}

/// What was learnt.
fn weights(state: &AgentState) -> Vec<(&String, Vec<f64>)> {
    let learnt = ["learner/theta", "learner/w", "learner/weights", "learner/thresholds"];
    let learnt = state.arrays.iter().filter(|(name, _)| learnt.contains(&name.as_str()));
    learnt.map(|(name, array)| (name, array.iter().copied().collect())).collect()
}

#[test]
fn one_environment_is_the_loop_of_one() {
    for learner in LEARNERS {
        let mut config = config("static", learner);
        config.reservoir.params.noise = sorn_core::NoiseLaw::None;
        let (mut alone, mut batched) = (agent(&config), agent(&config));
        let mut watch = Watch::default();
        run(&mut CartPole::default(), &mut alone, 0..15, |k| k * 31, &mut watch).unwrap();
        assert_eq!(batch(&mut batched, 1, 15).unwrap().episodes, watch.episodes, "{learner}");
        let (alone, batched) = (alone.state(), batched.state());
        assert!(!weights(&alone).is_empty());
        assert_eq!(weights(&alone), weights(&batched), "{learner}");
    }
}

#[test]
fn threads_change_nothing() {
    for learner in LEARNERS {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (mut agent, mut watch) = (agent(&config("static", learner)), Watch::default());
            let mut envs = envs(5, AutoresetMode::Disabled);
            let result = pool
                .install(|| run_batch(&mut envs, &mut agent, 20, |k| k, VecEnv::step_parallel, &mut watch));
            result.unwrap();
            (watch.episodes, agent.state())
        };
        let (mut agent, mut watch) = (agent(&config("static", learner)), Watch::default());
        let mut envs = envs(5, AutoresetMode::Disabled);
        run_batch(&mut envs, &mut agent, 20, |k| k, VecEnv::step, &mut watch).unwrap();
        assert_eq!(watch.episodes.len(), 20);
        let sequential = (watch.episodes, agent.state());
        assert!(on(1) == sequential && on(2) == sequential, "{learner}");
    }
}

#[test]
fn one_agent_learns_from_eight_environments() {
    let config = config("static", LEARNERS[0]);
    let mut agent = agent(&config);
    batch(&mut agent, 8, 250).unwrap();
    let mut watch = Watch::default();
    run(&mut CartPole::default(), &mut agent.frozen(), 0..10, |k| 9_000 + k, &mut watch).unwrap();
    let mean = watch.episodes.iter().map(|(_, length)| length).sum::<u64>() / 10;
    // A random policy lasts 22 steps.
    assert!(mean > 100, "{mean}");
}

#[test]
fn what_cannot_be_batched_is_refused() {
    let plastic = config("sorn", LEARNERS[0]);
    let mut young = agent(&plastic);
    let error = batch(&mut young, 2, 1).err().unwrap().to_string();
    assert!(error.contains("not plastic any more, found plasticity = FirstSteps"), "{error}");
    let until = &mut Watch { most: Some(200), ..Watch::default() };
    run(&mut CartPole::default(), &mut young, 0..u64::MAX, |k| k, until).unwrap();
    assert_eq!(batch(&mut young, 2, 3).unwrap().episodes.len(), 3);

    let error = batch(&mut agent(&config("none", r#"{ kind = "ars" }"#)), 2, 1).err().unwrap().to_string();
    assert!(error.contains("cannot learn from several environments"), "{error}");

    let mut resets = envs(2, AutoresetMode::SameStep);
    let agent = &mut agent(&config("none", LEARNERS[0]));
    let error = run_batch(&mut resets, agent, 1, |k| k, VecEnv::step, &mut Watch::default()).err().unwrap();
    assert!(error.to_string().contains("AutoresetMode::Disabled expected, found SameStep"), "{error}");
}
