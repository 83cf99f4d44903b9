//! What a newcomer runs first is the default agent, and it learns.

use std::ops::ControlFlow;
use std::path::Path;

use sorn_lab::sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer, run};
use sorn_lab::sorn_env::Env;
use sorn_lab::{Experiment, experiment_template};

#[derive(Default)]
struct Returns(Vec<f64>);

impl Observer for Returns {
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        self.0.push(event.ret);
        ControlFlow::Continue(())
    }
}

/// Mean return of the frozen agent after training, for each of a few seeds.
fn learnt(config: &AgentConfig, id: &str, episodes: u64) -> Vec<f64> {
    let seeds = 0..3_u64;
    let of_seed = |seed: u64| {
        let (mut env, _) = sorn_lab::sorn_envs::make(id, &Default::default()).unwrap();
        let (seen, done) = (Env::observation_space(&env), Env::action_space(&env));
        let mut agent = Agent::new(config, &seen, &done, seed).unwrap();
        let env_seed = |episode: u64| 100_000 * seed + episode;
        run(&mut env, &mut agent, 0..episodes, env_seed, &mut Returns::default()).unwrap();
        let mut returns = Returns::default();
        run(&mut env, &mut agent.frozen(), 90_000..90_020, env_seed, &mut returns).unwrap();
        returns.0.iter().sum::<f64>() / returns.0.len() as f64
    };
    seeds.map(of_seed).collect()
}

/// The experiment of `text`.
fn loaded(text: &str) -> Experiment {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first.toml");
    std::fs::write(&path, text).unwrap();
    Experiment::load(&path, &[]).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn files_of_a_newcomer_name_the_default_agent() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let block = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let spec = sorn_lab::sorn_envs::spec("CartPole-v1").unwrap();
    let three_lines = "name = \"first\"\n[env]\nid = \"CartPole-v1\"\n[run]\nepisodes = 100\n";
    for text in [block, &experiment_template("first", &spec), three_lines] {
        let experiment = loaded(text);
        assert_eq!(experiment.agent, AgentConfig::default(), "{text}");
        assert_eq!(experiment.env.id, "CartPole-v1");
    }
}

#[test]
fn the_default_agent_learns_to_hold_a_pole() {
    let means = learnt(&AgentConfig::default(), "CartPole-v1", 200);
    // A random policy has 22, the default of an earlier version had 9.
    assert!(means.iter().all(|mean| *mean > 300.0), "{means:?}");
}

#[test]
fn the_same_agent_learns_to_swing_a_pendulum_up() {
    let means = learnt(&AgentConfig::default(), "Pendulum-v1", 300);
    // A random policy has -1,225.
    assert!(means.iter().all(|mean| *mean > -600.0), "{means:?}");
}
