//! The whole agent: saving, going on, evaluating, and the loop.

use std::convert::Infallible;
use std::ops::ControlFlow;

use proptest::prelude::*;
use sorn_agents::{
    Agent, AgentConfig, AgentError, AgentState, EpisodeEvent, Observer, RunErrorKind, StepEvent, run,
};
use sorn_core::Initial;
use sorn_env::{Env, Info, Options, Space, Step};

/// A point on a line that the actions push left or right; the episode terminates beyond 1 and is cut after 30 steps.
#[derive(Clone, Default)]
pub(crate) struct Line {
    place: f32,
    speed: f32,
    steps: u32,
    /// The observation is NaN from this step on.
    broken: Option<u32>,
}

impl Line {
    fn observation(&self) -> [f32; 2] {
        match self.broken {
            Some(step) if self.steps >= step => [f32::NAN, 0.0],
            _ => [self.place, self.speed],
        }
    }
}

impl Env for Line {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = Infallible;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[-2.0, f32::NEG_INFINITY], &[2.0, f32::INFINITY]).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).unwrap()
    }
    fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> Result<([f32; 2], Info), Infallible> {
        let place = (seed.unwrap_or(0) % 100) as f32 / 100.0 - 0.5;
        *self = Line { place, broken: self.broken, ..Line::default() };
        Ok((self.observation(), Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 2]>, Infallible> {
        self.speed += if *action == 1 { 0.05 } else { -0.05 };
        self.place += self.speed;
        self.steps += 1;
        let terminated = self.place.abs() > 1.0;
        Ok(Step {
            obs: self.observation(),
            reward: 1.0,
            terminated,
            truncated: self.steps >= 30,
            info: Info::new(),
        })
    }
}

pub(crate) fn config(reservoir: &str, learner: &str) -> AgentConfig {
    let text = format!(
        r#"
        plasticity = {{ mode = "first_steps", steps = 40 }}
        features = {{ names = ["activity", "trace", "activity_minus_trace", "recurrent_drive", "encoded_observation", "bias"] }}
        reservoir = {{ kind = "{reservoir}", steps_per_observation = 2, params = {{ ne = 30, lambda_ee = 5, lambda_ei = 6, noise = "gaussian" }} }}
        {learner}
        "#
    );
    toml::from_str(&text).unwrap()
}

pub(crate) const LEARNERS: [&str; 11] = [
    r#"learner = { kind = "actor_critic", reward = "failure", anneal = { target_return = 30.0, window = 3 } }"#,
    r#"learner = { kind = "ars", directions = 2, best = 1, selection = { every = 1, episodes = 2 } }"#,
    r#"learner = { kind = "actor_critic" }
        normalization = { observation = true, reward = true }"#,
    r#"learner = { kind = "actor_critic" }"#,
    r#"learner = { kind = "reinforce", policy_step = { kind = "linear", from = 0.2, to = 0.0, episodes = 4 } }"#,
    r#"learner = { kind = "sarsa", traces = "replacing" }
        policy = { kind = "softmax", temperature = { kind = "exponential", from = 1.0, to = 0.1, episodes = 4 } }"#,
    r#"learner = { kind = "q_lambda" }
        policy = { kind = "epsilon_greedy", epsilon = { kind = "linear", from = 1.0, to = 0.1, episodes = 4 } }"#,
    r#"learner = { kind = "true_online_sarsa" }"#,
    r#"learner = { kind = "rm_sorn" }"#,
    r#"learner = { kind = "ppo", n_steps = 30, batch_size = 7, n_epochs = 2 }"#,
    r#"learner = { kind = "random" }"#,
];

/// Beside the default; the speed's bounds are learnt.
pub(crate) const ENCODERS: [&str; 3] = [
    r#"encoder = { kind = "gaussian_population", cells = 4 }"#,
    r#"encoder = { kind = "thermometer", cells = 4 }"#,
    r#"encoder = { kind = "thermometer", cells = 4, bounds = [[-1.0, 1.0], [-0.3, 0.3]] }"#,
];

/// `config` with one of `ENCODERS` and three neurons per input.
pub(crate) fn with_encoder(config: &AgentConfig, encoder: usize) -> AgentConfig {
    let other: AgentConfig = toml::from_str(&format!(
        "{}\nreservoir = {{ params = {{ ne = 30, nu = 8, input = {{ pools = {{ size = 3 }} }} }} }}",
        ENCODERS[encoder]
    ))
    .unwrap();
    let mut config = AgentConfig { encoder: other.encoder, ..config.clone() };
    (config.reservoir.params.input, config.reservoir.params.nu) = (other.reservoir.params.input, 8);
    config
}

pub(crate) fn agent(config: &AgentConfig, seed: u64) -> Agent {
    Agent::new(config, &Line::default().observation_space(), &Line::default().action_space(), seed).unwrap()
}

/// Returns per episode; stops after `steps` steps in all, in the middle of an episode if need be.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) returns: Vec<f64>,
    seen: u64,
}

impl Observer for Watch {
    fn on_step(&mut self, event: &StepEvent<'_>, _: &Agent) -> ControlFlow<()> {
        assert_eq!(event.reward, 1.0);
        self.seen += 1;
        ControlFlow::Continue(())
    }
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        assert_eq!(event.ret, event.length as f64);
        self.returns.push(event.ret);
        ControlFlow::Continue(())
    }
}

/// One step with `agent` in `env`, whichever call is due; what it did.
pub(crate) fn advance(env: &mut Line, agent: &mut Agent, action: &mut Option<i64>, episode: &mut u64) -> i64 {
    let chosen = match action.take() {
        Some(chosen) => chosen,
        None => {
            let (obs, _) = env.reset(Some(*episode * 37), None).unwrap();
            *episode += 1;
            agent.begin(&obs).unwrap().as_i64().unwrap()
        }
    };
    let step = env.step(&chosen).unwrap();
    agent.observe(step.reward, step.terminated, step.truncated, &step.obs).unwrap();
    if !step.done() {
        *action = agent.act().unwrap().as_i64();
    }
    chosen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Saved at any step, in the middle of an episode or between two, a restored agent does and becomes the same.
    #[test]
    fn a_restored_agent_goes_on_bit_for_bit(seed: u64, before in 0..120_u32, kind in 0..5_usize, learner in 0..LEARNERS.len(), encoder in 0..ENCODERS.len() + 1) {
        let mut config = config(["sorn", "static", "none", "rewired", "esn"][kind], LEARNERS[learner]);
        config.features.standardize = 50 * (seed % 2);
        if encoder < ENCODERS.len() {
            config = with_encoder(&config, encoder);
        }
        let (mut env, mut first, mut action, mut episode) = (Line::default(), agent(&config, seed), None, 0);
        for _ in 0..before {
            advance(&mut env, &mut first, &mut action, &mut episode);
        }
        let saved = first.state();
        let meta = serde_json::from_str(&saved.meta.to_string()).unwrap();
        let saved = AgentState { meta, ..saved };
        let mut second =
            Agent::restore(&config, &env.observation_space(), &env.action_space(), seed, &saved).unwrap();
        prop_assert_eq!(&second.state(), &saved);
        let mut twin = Line { ..env };
        let (mut twin_action, mut twin_episode) = (action, episode);
        for _ in 0..90 {
            let a = advance(&mut env, &mut first, &mut action, &mut episode);
            let b = advance(&mut twin, &mut second, &mut twin_action, &mut twin_episode);
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(first.state(), second.state());
    }

    /// Evaluating changes nothing in the agent, and nothing in the copy but what passes: activity, trace, noise.
    #[test]
    fn frozen_evaluation_changes_nothing(seed: u64, episodes in 0..6_u64, learner in 0..LEARNERS.len(), encoder in 0..ENCODERS.len()) {
        let config = with_encoder(&config("sorn", LEARNERS[learner]), encoder);
        let mut agent = agent(&config, seed);
        let mut watch = Watch::default();
        run(&mut Line::default(), &mut agent, 0..episodes, |k| k * 37, &mut watch).unwrap();
        let before = agent.state();
        let mut frozen = agent.frozen();
        let mut evaluated = Watch::default();
        run(&mut Line::default(), &mut frozen, 0..5, |k| k * 53, &mut evaluated).unwrap();
        prop_assert_eq!(&agent.state(), &before);
        // A loaded agent is judged as the original is.
        let spaces = (Line::default().observation_space(), Line::default().action_space());
        let mut loaded = Agent::restore(&config, &spaces.0, &spaces.1, seed, &before).unwrap().frozen();
        let mut again = Watch::default();
        run(&mut Line::default(), &mut loaded, 0..5, |k| k * 53, &mut again).unwrap();
        prop_assert_eq!(again.returns, evaluated.returns);
        prop_assert_eq!(&loaded.state(), &frozen.state());
        let after = frozen.state();
        for (name, array) in &before.arrays {
            if name.starts_with("reservoir/") || name.starts_with("encoder/") || name.starts_with("learner/w") {
                prop_assert_eq!(&after.arrays[name], array, "{}", name);
            }
        }
        prop_assert_eq!(&after.meta["reservoir"]["te"], &before.meta["reservoir"]["te"]);
        prop_assert_eq!(frozen.steps(), agent.steps());
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_gives_another() {
    let config = config("sorn", LEARNERS[0]);
    let returns = |seed| {
        let mut watch = Watch::default();
        run(&mut Line::default(), &mut agent(&config, seed), 0..40, |k| k, &mut watch).unwrap();
        assert_eq!(watch.seen as f64, watch.returns.iter().sum::<f64>());
        watch.returns
    };
    assert_eq!(returns(1), returns(1));
    assert_ne!(returns(1), returns(2));
}

#[test]
fn a_run_that_fails_says_where() {
    let mut env = Line { broken: Some(3), ..Line::default() };
    let mut agent = agent(&config("sorn", LEARNERS[0]), 1);
    let error = run(&mut env, &mut agent, 7..9, |k| k * 10, &mut Watch::default()).unwrap_err();
    assert_eq!((error.episode, error.step, error.env_seed), (7, 2, 70));
    assert!(matches!(error.source, RunErrorKind::Agent(AgentError::NotFinite { index: 0, .. })), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("episode 7, step 2 (environment seed 70): observation[0]"), "{text}");
}

#[test]
fn calls_out_of_turn_and_bad_rewards_are_refused() {
    let mut agent = agent(&config("none", LEARNERS[0]), 1);
    let obs = [0.0_f32, 0.0];
    assert!(matches!(agent.act(), Err(AgentError::OutOfTurn { called: "act", expected: "begin" })));
    agent.begin(&obs).unwrap();
    assert!(matches!(agent.observe(f64::NAN, false, false, &obs), Err(AgentError::Reward(_))));
    agent.observe(0.0, false, false, &obs).unwrap();
    let again = agent.observe(0.0, false, false, &obs);
    assert!(matches!(again, Err(AgentError::OutOfTurn { called: "observe", expected: "act" })));
    assert!(agent.begin(&[0.0_f32; 3]).is_err());
}

/// A forged file: with such a counter the next step would be one too many.
#[test]
fn counters_that_cannot_count_on_are_refused() {
    let config = config("sorn", LEARNERS[0]);
    let mut state = agent(&config, 1).state();
    state.meta["agent"][1] = u64::MAX.into();
    let env = Line::default();
    let refused = Agent::restore(&config, &env.observation_space(), &env.action_space(), 1, &state);
    assert!(refused.unwrap_err().to_string().contains("a counter below 2^63"));
}

#[test]
fn a_foreign_state_is_refused() {
    let (small, mut large) = (config("sorn", LEARNERS[0]), config("sorn", LEARNERS[0]));
    large.reservoir.params.ne = 40;
    let state = agent(&small, 1).state();
    let env = Line::default();
    let refused = Agent::restore(&large, &env.observation_space(), &env.action_space(), 1, &state);
    assert!(matches!(refused, Err(AgentError::State { .. })));
}

#[test]
fn a_rewired_reservoir_gets_new_partners_once_plasticity_is_over() {
    let after = |kind: &str, observations: u32| {
        let mut agent = agent(&config(kind, LEARNERS[3]), 5);
        let (mut env, mut action, mut episode) = (Line::default(), None, 0);
        while agent.steps() < u64::from(observations) {
            advance(&mut env, &mut agent, &mut action, &mut episode);
        }
        agent.network().unwrap().state()
    };
    // 40 observations are plastic.
    assert_eq!(after("sorn", 40), after("rewired", 40));
    let (organised, rewired) = (after("sorn", 41), after("rewired", 41));
    assert_eq!((&organised.te, &organised.wei), (&rewired.te, &rewired.wei));
    assert_ne!(organised.wee.indices, rewired.wee.indices);
    let sorted = |weights: &[f64]| {
        let mut sorted = weights.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    assert_eq!(sorted(&organised.wee.weights), sorted(&rewired.wee.weights));
    assert_eq!(after("rewired", 90).wee, rewired.wee);

    let mut never = config("rewired", LEARNERS[3]);
    never.plasticity = sorn_agents::PlasticityConfig::Always { freeze: sorn_core::Rules::none() };
    let (seen, done) = (Line::default().observation_space(), Line::default().action_space());
    let error = Agent::new(&never, &seen, &done, 0).unwrap_err().to_string();
    assert!(error.contains("plasticity that ends") && error.contains("found Always"), "{error}");
}

#[test]
fn an_echo_state_network_is_active_by_degrees() {
    let config = config("esn", "");
    let mut agent = agent(&config, 5);
    let (mut env, mut action, mut episode) = (Line::default(), None, 0);
    for _ in 0..20 {
        advance(&mut env, &mut agent, &mut action, &mut episode);
    }
    let mut activity = Vec::new();
    agent.activity(&mut activity);
    assert_eq!(activity.len(), 30);
    assert!(activity.iter().all(|x| x.abs() < 1.0 && *x != 0.0), "{activity:?}");
    assert!(agent.spikes().is_empty() && agent.network().is_none());
    let error = agent.begin_with(&Initial::default()).unwrap_err().to_string();
    assert!(error.ends_with("found \"esn\""), "{error}");
    // What is not said has its usual value, and is written.
    let esn = config.reservoir.esn.unwrap();
    assert_eq!((esn.spectral_radius, esn.connections), (0.9, 10));
    let unknown =
        toml::from_str::<AgentConfig>("reservoir = { esn = { radius = 1.0 } }").unwrap_err().to_string();
    assert!(unknown.contains("radius") && unknown.contains("spectral_radius"), "{unknown}");
}
