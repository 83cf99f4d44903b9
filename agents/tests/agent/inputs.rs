//! The previous action and reward as inputs: what they make possible, and that they pass from step to step as all else does.

use std::convert::Infallible;
use std::ops::ControlFlow;

use sorn_agents::{Agent, AgentConfig, BatchRun, EpisodeEvent, Observer, run};
use sorn_env::{AutoresetMode, Env, Info, Options, Space, Step, VecEnv};

/// Nothing to see; an action other than the last one is rewarded. An episode has 20 steps.
#[derive(Clone, Default)]
struct Alternate {
    last: Option<i64>,
    steps: u32,
}

impl Env for Alternate {
    type Obs = i64;
    type Act = i64;
    type Error = Infallible;

    fn observation_space(&self) -> Space {
        Space::discrete(1).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).unwrap()
    }
    fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<(i64, Info), Infallible> {
        *self = Alternate::default();
        Ok((0, Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<i64>, Infallible> {
        let other = self.last.is_some_and(|last| last != *action);
        self.last = Some(*action);
        self.steps += 1;
        let reward = if other { 1.0 } else { 0.0 };
        Ok(Step { obs: 0, reward, terminated: false, truncated: self.steps == 20, info: Info::new() })
    }
}

fn config(inputs: &str) -> AgentConfig {
    toml::from_str(&format!(
        r#"
        {inputs}
        encoder = {{ kind = "pools", size = 5, cells = 4 }}
        reservoir = {{ kind = "none", params = {{ ne = 60, lambda_ee = 5, lambda_ei = 6 }} }}
        features = {{ names = ["activity", "bias"] }}
        learner = {{ kind = "actor_critic", lambda = 0.0, gamma = 0.0 }}
        "#
    ))
    .unwrap()
}

fn agent(config: &AgentConfig) -> Agent {
    let env = Alternate::default();
    Agent::new(config, &env.observation_space(), &env.action_space(), 3).unwrap()
}

#[derive(Default)]
struct Returns(Vec<f64>);

impl Observer for Returns {
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        self.0.push(event.ret);
        ControlFlow::Continue(())
    }
}

fn last_return(inputs: &str) -> f64 {
    let mut agent = agent(&config(inputs));
    run(&mut Alternate::default(), &mut agent, 0..300, |k| k, &mut Returns::default()).unwrap();
    let mut seen = Returns::default();
    run(&mut Alternate::default(), &mut agent.frozen(), 0..1, |k| k, &mut seen).unwrap();
    seen.0[0]
}

#[test]
fn what_was_done_is_seen() {
    assert_eq!(last_return(r#"inputs = ["observation", "action"]"#), 19.0);
    assert_eq!(last_return(r#"inputs = ["observation", "action", "reward"]"#), 19.0);
    // Without it every observation is the same, and so is every greedy action.
    assert_eq!(last_return(""), 0.0);
}

#[test]
fn an_agent_goes_on_in_the_middle_of_an_episode() {
    let config = config(r#"inputs = ["observation", "action", "reward"]"#);
    let (mut one, mut env) = (agent(&config), Alternate::default());
    let (obs, _) = env.reset(None, None).unwrap();
    let mut action = one.begin(&obs).unwrap().as_i64().unwrap();
    let mut other = None;
    for step in 0..19 {
        let taken = env.step(&action).unwrap();
        for agent in [Some(&mut one), other.as_mut()].into_iter().flatten() {
            agent.observe(taken.reward, false, false, &taken.obs).unwrap();
        }
        if step == 7 {
            let spaces = (env.observation_space(), env.action_space());
            other = Some(Agent::restore(&config, &spaces.0, &spaces.1, 3, &one.state()).unwrap());
        }
        let next = one.act().unwrap();
        if let Some(other) = &mut other {
            assert_eq!(other.act().unwrap(), next);
            assert_eq!(other.state(), one.state());
        }
        action = next.as_i64().unwrap();
    }
    // The observation alone is the observation.
    assert_eq!(one.observation(), [1.0]);
}

#[test]
fn each_environment_of_a_batch_has_its_own() {
    let config = config(r#"inputs = ["observation", "action", "reward"]"#);
    let envs = || VecEnv::new(vec![Alternate::default(); 3], AutoresetMode::Disabled).unwrap();
    let rest = |batch: &mut BatchRun<'_, Alternate>| {
        let mut returns = Returns::default();
        while batch.round(VecEnv::step_where, &mut returns).unwrap().is_continue() {}
        returns.0
    };
    let (mut first, mut one) = (envs(), agent(&config));
    let mut batch = BatchRun::new(&mut first, &mut one, 60, |k| k).unwrap();
    for _ in 0..47 {
        assert!(batch.round(VecEnv::step_where, &mut Returns::default()).unwrap().is_continue());
    }
    let state = batch.state();
    let spaces = (Alternate::default().observation_space(), Alternate::default().action_space());
    let (mut second, mut other) = (envs(), Agent::restore(&config, &spaces.0, &spaces.1, 3, &state).unwrap());
    let mut again = BatchRun::resume(&mut second, &mut other, 60, |k| k, &state).unwrap();
    assert_eq!(rest(&mut batch), rest(&mut again));
    drop((batch, again));
    assert_eq!(one.state(), other.state());
    let mut seen = Returns::default();
    run(&mut Alternate::default(), &mut one.frozen(), 0..1, |k| k, &mut seen).unwrap();
    assert_eq!(seen.0, [19.0]);
}

#[test]
fn the_default_is_not_written() {
    assert!(!toml::to_string(&AgentConfig::default()).unwrap().contains("inputs"));
    let all = config(r#"inputs = ["observation", "reward"]"#);
    assert!(toml::to_string(&all).unwrap().starts_with("inputs = [\"observation\", \"reward\"]"));
    let error =
        toml::from_str::<AgentConfig>("inputs = [\"observation\", \"actions\"]").unwrap_err().to_string();
    assert!(
        error.contains("unknown variant `actions`, expected one of `observation`, `action`, `reward`"),
        "{error}"
    );
}
