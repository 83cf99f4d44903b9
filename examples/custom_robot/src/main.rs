//! Trains a SORN agent to drive the robot, and compares it with random driving. `cargo run --release -- [SEED]`

use std::error::Error;
use std::ops::{ControlFlow, Range};

use custom_robot::{Faults, Robot};
use sorn_agents::{Agent, AgentConfig, EpisodeEvent, LearnerConfig, Observer, RunErrorKind, run};
use sorn_env::Env;
use sorn_env::wrappers::TimeLimit;

const STEPS: u64 = 300;

/// Keeps the length of every episode.
#[derive(Default)]
struct Lengths(Vec<u64>);

impl Observer for Lengths {
    fn on_episode(&mut self, event: &EpisodeEvent, _agent: &Agent) -> ControlFlow<()> {
        self.0.push(event.length);
        ControlFlow::Continue(())
    }
}

/// Drives `episodes`, whose numbers are their seeds, and prints their mean length. An episode in which the robot fails is told
/// and given up; the next one begins with a reset, as the robot's owner would begin it.
fn drive(
    what: &str,
    robot: &mut TimeLimit<Robot>,
    agent: &mut Agent,
    mut episodes: Range<u64>,
) -> Result<(), Box<dyn Error>> {
    let mut lengths = Lengths::default();
    while let Err(error) = run(robot, agent, episodes.clone(), |episode| episode, &mut lengths) {
        if !matches!(error.source, RunErrorKind::Env(_)) {
            return Err(error.into());
        }
        eprintln!("{error}");
        episodes.start = error.episode + 1;
    }
    let Lengths(lengths) = lengths;
    let mean = lengths.iter().sum::<u64>() as f64 / lengths.len().max(1) as f64;
    println!("{what}: {mean:.0} of {STEPS} steps");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let seed: u64 = std::env::args().nth(1).map_or(Ok(0), |text| text.parse())?;
    let mut robot = TimeLimit::new(Robot::new(Faults { sensor: 1e-5, overrun: 5e-5 }), STEPS);
    let spaces = (robot.observation_space(), robot.action_space());
    let first = seed << 32;

    let chance = AgentConfig { learner: LearnerConfig::Random {}, ..AgentConfig::default() };
    let mut agent = Agent::new(&chance, &spaces.0, &spaces.1, seed)?;
    drive("random driving", &mut robot, &mut agent, first..first + 100)?;

    let mut agent = Agent::new(&AgentConfig::default(), &spaces.0, &spaces.1, seed)?;
    for part in 1..=6 {
        let what = format!("learning, episodes {} to {}", 50 * part - 49, 50 * part);
        let begin = first + 1000 + 50 * part;
        drive(&what, &mut robot, &mut agent, begin..begin + 50)?;
    }
    drive("learnt, greedy and frozen", &mut robot, &mut agent.frozen(), first + 2000..first + 2100)
}
