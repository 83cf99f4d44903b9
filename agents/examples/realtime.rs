//! An agent that learns between the ticks of a clock, as on a robot:
//! `cargo run --release -p sorn-agents --example realtime -- 100 600` for 100 ticks a second over 600 seconds.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer, StepEvent, run};
use sorn_env::Env;
use sorn_env::fixed_rate::{FixedRate, OnOverrun, Rate, RateReport};
use sorn_env::wrappers::TimeLimit;

/// Ends the run when its time is up.
struct Until(Instant);

impl Observer for Until {
    fn on_step(&mut self, _: &StepEvent<'_>, _: &Agent) -> ControlFlow<()> {
        if Instant::now() < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
    fn on_episode(&mut self, _: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What an agent with default settings needed in `time` at `hertz` ticks a second.
pub(crate) fn measure(hertz: f64, time: Duration) -> Result<RateReport, Box<dyn std::error::Error>> {
    let rate = Rate { on_overrun: OnOverrun::Hold, ..Rate::hertz(hertz)? };
    let cart = TimeLimit::new(sorn_envs::CartPole::default(), 500); // in its place a robot: sensors in, motors out
    let mut robot = FixedRate::new(cart, rate).with_stop(|_cart| println!("motors off"));
    let mut agent =
        Agent::new(&AgentConfig::default(), &robot.observation_space(), &robot.action_space(), 42)?;
    run(&mut robot, &mut agent, 0..u64::MAX, |episode| episode, &mut Until(Instant::now() + time))?;
    Ok(robot.report().clone())
}

#[allow(dead_code)] // the test calls `measure`
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<f64>());
    let hertz = arguments.next().transpose()?.unwrap_or(100.0);
    let seconds = arguments.next().transpose()?.unwrap_or(10.0);
    println!("{}", measure(hertz, Duration::try_from_secs_f64(seconds)?)?);
    Ok(())
}
