//! A loop of one's own between an agent and a machine: `cargo run --release -p sorn-agents --example own_loop`.

use sorn_agents::{Agent, AgentConfig};
use sorn_env::Env;

/// Steps that each of `episodes` episodes lasted.
pub(crate) fn train(episodes: u64) -> Result<Vec<u32>, Box<dyn std::error::Error>> {
    let mut cart = sorn_envs::CartPole::default(); // in its place a robot: sensors in, motors out
    let mut agent = Agent::new(&AgentConfig::default(), &cart.observation_space(), &cart.action_space(), 42)?;
    let mut lengths = Vec::new();
    for episode in 0..episodes {
        let mut action = agent.begin(&cart.reset(Some(episode), None)?.0)?;
        for steps in 1.. {
            let step = cart.step(&action.as_i64().expect("pushes are discrete"))?;
            agent.observe(step.reward, step.terminated, step.truncated || steps == 500, &step.obs)?;
            if step.terminated || steps == 500 {
                lengths.push(steps);
                break;
            }
            action = agent.act()?;
        }
    }
    Ok(lengths)
}

#[allow(dead_code)] // the test calls `train`
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{:?}", train(100)?);
    Ok(())
}
