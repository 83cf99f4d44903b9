//! The agent's process: `cargo run --release --bin agent -- learn`.

use std::error::Error;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sorn_agents::{Agent, AgentConfig, EpisodeEvent, LearnerConfig, Observer, run};
use sorn_env::Env;
use sorn_env::fixed_rate::{FixedRate, OnOverrun, Rate};
use sorn_env::wrappers::TimeLimit;
use zenoh_robot::link::ENDPOINT;
use zenoh_robot::{Patience, RemoteRover, Rover};

/// Steps of an episode at most.
const STEPS: u64 = 300;
/// Episodes of which a mean is printed where nothing is learnt.
const EVALUATED: u64 = 10;

#[derive(Parser)]
#[command(about = "Drives the rover of the process `simulator`")]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Where the simulator listens.
    #[arg(long, default_value = ENDPOINT, global = true)]
    connect: String,
    /// Steps a second. Without it a step is taken as soon as the one before is answered.
    #[arg(long, global = true)]
    hertz: Option<f64>,
    /// Seed of the agent and of the episodes.
    #[arg(long, default_value_t = 0, global = true)]
    seed: u64,
}

#[derive(Subcommand)]
enum What {
    /// Drives at random, learns, and drives as it learnt.
    Learn {
        /// Episodes of learning.
        #[arg(long, default_value_t = 100)]
        episodes: u64,
        /// An agent's file, from which learning goes on.
        #[arg(long)]
        from: Option<PathBuf>,
        /// Where the agent is saved, which can learn on.
        #[arg(long, default_value = "agent.safetensors")]
        save: PathBuf,
        /// Where its frozen policy is saved.
        #[arg(long, default_value = "policy.safetensors")]
        policy: PathBuf,
    },
    /// Drives by a saved policy, and learns nothing.
    Drive {
        /// The policy's file.
        policy: PathBuf,
        /// Episodes.
        #[arg(long, default_value_t = EVALUATED)]
        episodes: u64,
    },
}

#[derive(Default)]
struct Lengths(Vec<u64>);

impl Observer for Lengths {
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        self.0.push(event.length);
        ControlFlow::Continue(())
    }
}

/// Drives `episodes`, whose numbers are their seeds, and prints their mean length.
fn drive<E>(what: &str, rover: &mut E, agent: &mut Agent, episodes: Range<u64>) -> Result<(), Box<dyn Error>>
where
    E: Env<Obs = [f32; 2], Act = i64>,
{
    let mut lengths = Lengths::default();
    run(rover, agent, episodes, |episode| episode, &mut lengths)?;
    let mean = lengths.0.iter().sum::<u64>() as f64 / lengths.0.len().max(1) as f64;
    println!("{what}: {mean:.0} of {STEPS} steps on the road");
    Ok(())
}

/// All of `what`, with a rover at whatever rate.
fn work<E>(what: &What, rover: &mut E, seed: u64) -> Result<(), Box<dyn Error>>
where
    E: Env<Obs = [f32; 2], Act = i64>,
{
    let first = seed << 32;
    match what {
        What::Learn { episodes, from, save, policy } => {
            let chance = AgentConfig { learner: LearnerConfig::Random {}, ..AgentConfig::default() };
            let mut chance = Agent::new(&chance, &Rover::observations(), &Rover::actions(), seed)?;
            drive("at random", rover, &mut chance, first..first + EVALUATED)?;
            let mut agent = match from {
                Some(file) => Agent::load(file)?,
                None => Agent::new(&AgentConfig::default(), &Rover::observations(), &Rover::actions(), seed)?,
            };
            let begin = first + 1000;
            let learnt = drive("learning", rover, &mut agent, begin..begin + episodes);
            // If the robot failed, what was learnt until then stays.
            agent.save(save)?;
            agent.frozen().save(policy)?;
            println!("saved {} and {}", save.display(), policy.display());
            learnt?;
            drive("learnt", rover, &mut agent.frozen(), first + 100..first + 100 + EVALUATED)
        }
        What::Drive { policy, episodes } => {
            let mut agent = Agent::load(policy)?;
            if !agent.is_frozen() {
                agent = agent.frozen();
            }
            drive("by the policy", rover, &mut agent, first + 100..first + 100 + episodes)
        }
    }
}

fn program() -> Result<(), Box<dyn Error>> {
    let Arguments { what, connect, hertz, seed } = Arguments::parse();
    let rover = RemoteRover::connect(&connect, Patience::default())?;
    let Some(hertz) = hertz else {
        let mut rover = TimeLimit::new(rover, STEPS);
        let result = work(&what, &mut rover, seed);
        println!("{}", rover.inner().traffic());
        return result;
    };
    let rate = Rate { on_overrun: OnOverrun::Hold, ..Rate::hertz(hertz)? };
    let rover = FixedRate::new(TimeLimit::new(rover, STEPS), rate);
    let mut rover = rover.with_stop(|rover| rover.inner_mut().stop());
    let result = work(&what, &mut rover, seed);
    println!("{}", rover.report());
    println!("{}", rover.inner().inner().traffic());
    result
}

fn main() -> ExitCode {
    match program() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
