//! A policy in a file: how large it is, how long it takes to load, and how long to act:
//! `cargo run --release -p sorn-agents --example policy -- 150` after 150 episodes of CartPole.

use std::error::Error;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer, run};
use sorn_env::Env;
use sorn_env::wrappers::TimeLimit;

struct Quiet;

impl Observer for Quiet {
    fn on_episode(&mut self, _: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What was measured; times are medians.
pub(crate) struct Measured {
    pub(crate) bytes: usize,
    pub(crate) load: Duration,
    pub(crate) act: Duration,
    /// Actions that differ from those of the agent that was saved.
    pub(crate) differ: usize,
}

/// The median of `n` times that `work` took.
fn median(
    n: usize,
    mut work: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    let mut times = Vec::with_capacity(n);
    for _ in 0..n {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times[n / 2])
}

/// Trains for `episodes`, saves the policy, and lets what was loaded act for 100 blocks of 100 steps.
pub(crate) fn measure(episodes: u64) -> Result<Measured, Box<dyn Error>> {
    let mut cart = TimeLimit::new(sorn_envs::CartPole::default(), 500);
    let mut agent = Agent::new(&AgentConfig::default(), &cart.observation_space(), &cart.action_space(), 42)?;
    run(&mut cart, &mut agent, 0..episodes, |episode| episode, &mut Quiet)?;
    let mut frozen = agent.frozen();

    let path = std::env::temp_dir().join(format!("sorn-policy-{}.safetensors", std::process::id()));
    frozen.save(&path)?;
    let bytes = std::fs::read(&path)?.len();
    let load = median(21, || {
        black_box(Agent::load(&path)?);
        Ok(())
    });
    let loaded = Agent::load(&path);
    std::fs::remove_file(&path)?;
    let (load, mut policy) = (load?, loaded?);

    let observation = |step: usize| [0, 1, 2, 3].map(|k| ((step * 7 + k * 3) % 11) as f32 / 50.0 - 0.1);
    let mut differ = usize::from(policy.begin(&observation(0))? != frozen.begin(&observation(0))?);
    for step in 1..1000 {
        for agent in [&mut policy, &mut frozen] {
            agent.observe(0.0, false, false, &observation(step))?;
        }
        differ += usize::from(policy.act()? != frozen.act()?);
    }
    let mut step = 0;
    let block = median(100, || {
        for _ in 0..100 {
            policy.observe(0.0, false, false, &observation(step))?;
            black_box(policy.act()?);
            step += 1;
        }
        Ok(())
    })?;
    Ok(Measured { bytes, load, act: block / 100, differ })
}

#[allow(dead_code)] // the test calls `measure`
fn main() -> Result<(), Box<dyn Error>> {
    let episodes = std::env::args().nth(1).map_or(Ok(150), |argument| argument.parse())?;
    let Measured { bytes, load, act, differ } = measure(episodes)?;
    println!("{bytes} bytes, loads in {load:.1?}, acts in {act:.2?}, {differ} of 1000 actions differ");
    Ok(())
}
