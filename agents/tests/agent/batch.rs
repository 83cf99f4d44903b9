//! One agent in several environments: the same as one where there is one, the same on every number of threads, and it learns.

use std::ops::ControlFlow;

use sorn_agents::{
    Agent, AgentConfig, AgentState, BatchRun, EpisodeEvent, Normalized, Observer, RunError, StepEvent, run,
    run_batch,
};
use sorn_env::{AutoresetMode, Env, Info, Options, Space, Step, VecEnv};
use sorn_envs::CartPole;

const LEARNERS: [&str; 8] = [
    r#"{ kind = "actor_critic", reward = "failure", anneal = { target_return = 500.0, window = 3 } }"#,
    r#"{ kind = "reinforce" }"#,
    r#"{ kind = "sarsa" }"#,
    r#"{ kind = "actor_critic" }"#,
    r#"{ kind = "q_lambda" }"#,
    r#"{ kind = "true_online_sarsa" }"#,
    r#"{ kind = "rm_sorn" }"#,
    r#"{ kind = "ppo", n_steps = 32 }"#,
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
        let plain = agent.config().normalization.observation == Normalized::Off;
        assert!(event.done || !plain || agent.observation()[0].abs() < 2.5);
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
    run_batch(envs, agent, episodes, |k| k * 31, VecEnv::step_where, &mut watch).map(|()| watch)
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
            let result = pool.install(|| {
                run_batch(&mut envs, &mut agent, 20, |k| k, VecEnv::step_where_parallel, &mut watch)
            });
            result.unwrap();
            (watch.episodes, agent.state())
        };
        let (mut agent, mut watch) = (agent(&config("static", learner)), Watch::default());
        let mut envs = envs(5, AutoresetMode::Disabled);
        run_batch(&mut envs, &mut agent, 20, |k| k, VecEnv::step_where, &mut watch).unwrap();
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
fn every_episode_that_begins_is_ended_and_they_are_numbered_as_they_begin() {
    let mut watch = Watch::default();
    let seeds = std::cell::RefCell::new(Vec::new());
    let seed = |episode| {
        seeds.borrow_mut().push(episode);
        episode * 31
    };
    let mut agent = agent(&config("static", LEARNERS[0]));
    run_batch(&mut envs(6, AutoresetMode::Disabled), &mut agent, 14, seed, VecEnv::step_where, &mut watch)
        .unwrap();
    let mut numbers: Vec<u64> = watch.episodes.iter().map(|(episode, _)| *episode).collect();
    assert_ne!(numbers, (0..14).collect::<Vec<_>>(), "they end in another order");
    numbers.sort_unstable();
    assert_eq!(numbers, (0..14).collect::<Vec<_>>());
    assert_eq!(*seeds.borrow(), numbers, "the seeds of these and of no other");
    assert_eq!(watch.steps, watch.episodes.iter().map(|(_, length)| length).sum::<u64>());

    // More environments than episodes: the rest stay idle.
    let few = batch(&mut agent, 6, 2).unwrap();
    assert_eq!(few.episodes.len(), 2);
}

#[test]
fn a_plastic_reservoir_is_organised_by_the_first_environment_alone() {
    let config = config("sorn", LEARNERS[0]);
    let (mut batched, mut alone) = (agent(&config), agent(&config));
    let watch = batch(&mut batched, 4, 30).unwrap();
    // 200 observations are plastic, and a random policy lasts 22 steps: what is organised is what one environment does.
    let mut until = Watch::default();
    run(&mut CartPole::default(), &mut alone, 0..30, |k| k * 31, &mut until).unwrap();
    let mut plastic = 0;
    let first = until.episodes.iter().position(|(_, length)| {
        plastic += length + 1;
        plastic >= 200
    });
    let first = first.unwrap() + 1;
    assert!((3..30).contains(&first));
    assert_eq!(watch.episodes[..first], until.episodes[..first]);
    assert_ne!(watch.episodes, until.episodes);
    let wee = |agent: &Agent| agent.state().arrays["reservoir/wee"].clone();
    assert_eq!(wee(&batched), wee(&alone));
    assert_ne!(wee(&batched), wee(&agent(&config)));
}

/// Rounds until `most` steps are done; what was seen, and the state after them.
fn rounds(batch: &mut BatchRun<'_, CartPole>, most: u64) -> (Vec<(u64, u64)>, AgentState) {
    let mut watch = Watch::default();
    while batch.steps() < most && batch.round(VecEnv::step_where, &mut watch).unwrap().is_continue() {}
    (watch.episodes, batch.state())
}

#[test]
fn a_run_goes_on_from_any_round_to_the_same_bits() {
    for (number, learner) in LEARNERS.into_iter().enumerate() {
        let mut config = config(["sorn", "static", "rewired", "esn"][number % 4], learner);
        config.normalization.observation = Normalized::All;
        config.normalization.reward = Some(number > 0);
        config.features.standardize = 100 * (number as u64 % 2);
        let seed = |k: u64| k * 31;
        let (mut a, mut carts) = (agent(&config), envs(3, AutoresetMode::Disabled));
        let mut whole = BatchRun::new(&mut carts, &mut a, 40, seed).unwrap();
        let (episodes, end) = rounds(&mut whole, u64::MAX);
        assert_eq!(episodes.len(), 40);

        for most in [1, 150, 333] {
            let (mut a, mut carts) = (agent(&config), envs(3, AutoresetMode::Disabled));
            let mut before = BatchRun::new(&mut carts, &mut a, 40, seed).unwrap();
            let (mut begun, state) = rounds(&mut before, most);

            let cart = CartPole::default();
            let (seen, done) = (cart.observation_space(), cart.action_space());
            let mut a = Agent::restore(&config, &seen, &done, 7, &state).unwrap();
            let mut carts = envs(3, AutoresetMode::Disabled);
            let mut after = BatchRun::resume(&mut carts, &mut a, 40, seed, &state).unwrap();
            assert!(after.state() == state, "{learner}");
            let (rest, last) = rounds(&mut after, u64::MAX);
            begun.extend(rest);
            assert_eq!(begun, episodes, "{learner} from {most}");
            assert!(last == end, "{learner} from {most}");
        }
    }
}

#[test]
fn what_streams_share_is_saved_once() {
    let config = config("static", LEARNERS[0]);
    let (mut a, mut carts) = (agent(&config), envs(5, AutoresetMode::Disabled));
    let mut run = BatchRun::new(&mut carts, &mut a, 40, |k| k).unwrap();
    let (_, state) = rounds(&mut run, 100);
    let own = |name: &&String| name.starts_with("stream/");
    assert!(state.arrays.keys().filter(own).any(|name| name == "stream/3/learner/z_w"));
    assert!(
        !state
            .arrays
            .keys()
            .filter(own)
            .any(|name| name.contains("wee") || name.contains("theta") && !name.contains("z_theta"))
    );
}

/// CartPole that breaks in its second episode, or goes another way than its seed says.
#[derive(Clone, Default)]
struct Unsound {
    cart: CartPole,
    begun: u64,
    breaks: bool,
    drifts: Option<f32>,
}

#[derive(Debug, thiserror::Error)]
#[error("the cable is loose")]
struct Loose;

impl Env for Unsound {
    type Obs = [f32; 4];
    type Act = i64;
    type Error = Loose;

    fn observation_space(&self) -> Space {
        self.cart.observation_space()
    }
    fn action_space(&self) -> Space {
        self.cart.action_space()
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<([f32; 4], Info), Loose> {
        // One reset more makes the batch's places.
        self.begun += 1;
        self.cart.reset(seed, options).map_err(|_| Loose)
    }
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 4]>, Loose> {
        if self.breaks && self.begun == 3 {
            return Err(Loose);
        }
        let mut step = self.cart.step(action).map_err(|_| Loose)?;
        step.obs[3] += self.drifts.unwrap_or(0.0);
        Ok(step)
    }
}

#[test]
fn errors_name_the_environment() {
    let mut carts = vec![Unsound::default(); 3];
    carts[2].breaks = true;
    let mut carts = VecEnv::new(carts, AutoresetMode::Disabled).unwrap();
    let mut agent = agent(&config("static", LEARNERS[0]));
    let mut watch = Watch::default();
    let error = run_batch(&mut carts, &mut agent, 40, |k| k + 7, VecEnv::step_where, &mut watch).unwrap_err();
    assert_eq!(error.env, Some(2));
    let episode = error.episode;
    assert!(episode >= 3);
    assert_eq!(
        error.to_string(),
        format!(
            "environment 2, episode {episode}, step 0 (environment seed {}): the environment failed: the cable is loose",
            episode + 7
        )
    );
}

#[test]
fn an_environment_that_is_not_where_it_was_is_told() {
    let config = config("static", LEARNERS[0]);
    let carts =
        |drifts| VecEnv::new(vec![Unsound { drifts, ..Unsound::default() }; 2], AutoresetMode::Disabled);
    let (mut sound, mut a) = (carts(None).unwrap(), agent(&config));
    let mut run = BatchRun::new(&mut sound, &mut a, 9, |k| k).unwrap();
    for _ in 0..5 {
        assert!(run.round(VecEnv::step_where, &mut Watch::default()).unwrap().is_continue());
    }
    let state = run.state();
    drop(run);
    let mut resume = |drifts, state: &AgentState| {
        let mut carts = carts(drifts).unwrap();
        BatchRun::resume(&mut carts, &mut a, 9, |k| k, state).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(resume(None, &state), Ok(()));
    let error = resume(Some(1e-6), &state).unwrap_err();
    assert!(error.starts_with("environment 0, episode 0, step 5 ") && error.contains("another"), "{error}");
    let alone = agent(&config).state();
    assert!(resume(None, &alone).unwrap_err().contains("saved agent: batch"));
    let mut other = envs(3, AutoresetMode::Disabled);
    let error =
        BatchRun::resume(&mut other, &mut agent(&config), 9, |k| k, &state).err().unwrap().to_string();
    assert!(error.contains("expected 3 environments, found 2"), "{error}");
}

#[test]
fn what_cannot_be_batched_is_refused() {
    let refused = |config: &AgentConfig| batch(&mut agent(config), 2, 1).err().unwrap().to_string();
    let mut plastic = config("sorn", LEARNERS[0]);
    for (mode, found) in [
        (r#"{ mode = "always" }"#, "found Always"),
        (r#"{ mode = "alternating", on = 5, off = 5 }"#, "found Alternating"),
    ] {
        plastic.plasticity =
            toml::from_str::<toml::Table>(&format!("p = {mode}")).unwrap()["p"].clone().try_into().unwrap();
        let error = refused(&plastic);
        assert!(error.contains("cannot organise one reservoir") && error.contains(found), "{error}");
        // A control that never steps its reservoir has nothing to organise.
        let random = AgentConfig { learner: sorn_agents::LearnerConfig::Random {}, ..plastic.clone() };
        assert_eq!(batch(&mut agent(&random), 2, 3).unwrap().episodes.len(), 3);
        assert_eq!(batch(&mut agent(&plastic), 1, 2).unwrap().episodes.len(), 2, "one environment can");
    }
    let error = refused(&config("none", r#"{ kind = "ars" }"#));
    assert!(error.contains("cannot learn from several environments"), "{error}");

    let mut resets = envs(2, AutoresetMode::SameStep);
    let agent = &mut agent(&config("none", LEARNERS[0]));
    let error =
        run_batch(&mut resets, agent, 1, |k| k, VecEnv::step_where, &mut Watch::default()).err().unwrap();
    assert!(
        error.to_string().contains("expected a batch with AutoresetMode::Disabled, found SameStep"),
        "{error}"
    );
}
