//! [`Simulator`]: does each command once, and stops by itself if none comes.

use std::time::Duration;

use sorn_env::Env;
use sorn_env::seeding::Generator;
use zenoh::{Session, Wait};

use crate::link::{ALIVE, COMMAND, REPLY, ZenohError};
use crate::message::{Command, Order, Outcome, Refusal, Reply};
use crate::rover::{Rover, RoverError};

/// A rover, and what it was last told to do.
#[derive(Debug, Default)]
pub struct Simulator {
    rover: Rover,
    /// The agent that drives, until it stops or is not heard of.
    driver: Option<u64>,
    /// Whether an episode goes on: the motors run.
    begun: bool,
    last: Option<Reply>,
}

impl Simulator {
    /// Does what `command` says, unless it is done already: then the answer is the same again. `None` for what needs no answer, a
    /// command that another has overtaken among them.
    pub fn answer(&mut self, command: Command) -> Option<Reply> {
        let Command { agent, number, order } = command;
        if let Some(last) = self.last.filter(|last| last.agent == agent && last.number >= number) {
            return (last.number == number).then_some(last);
        }
        let reply = |outcome| Reply { agent, number, outcome };
        if self.driver.is_some_and(|driver| driver != agent) {
            // Not kept: the agent that drives may still ask for its last answer.
            return (order != Order::Stop).then_some(reply(Outcome::Refused(Refusal::Busy)));
        }
        let outcome = match order {
            Order::Reset(seed) => {
                self.driver = Some(agent);
                self.begun = true;
                let sensed = |(obs, _)| Outcome::Sensed { obs, reward: 0.0, terminated: false };
                self.rover.reset(seed, None).map(sensed)
            }
            Order::Step(_) if !self.begun => Err(RoverError::NotReset),
            Order::Step(action) => self.rover.step(&action).map(|step| {
                self.begun = !step.terminated;
                Outcome::Sensed { obs: step.obs, reward: step.reward, terminated: step.terminated }
            }),
            Order::Stop => {
                self.stop();
                return None;
            }
        };
        let outcome = outcome.unwrap_or_else(|error| {
            Outcome::Refused(match error {
                RoverError::NotReset => Refusal::NotReset,
                RoverError::Action(_) => Refusal::Action,
            })
        });
        self.last = Some(reply(outcome));
        self.last
    }

    /// Switches the motors off, and lets another agent drive. False if nobody drives.
    pub fn stop(&mut self) -> bool {
        self.begun = false;
        self.driver.take().is_some()
    }

    /// The agent that drives.
    pub fn driver(&self) -> Option<u64> {
        self.driver
    }
}

/// How the simulator behaves.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The motors are switched off if no command comes for so long.
    pub watchdog: Duration,
    /// Probability that a message is lost, either way: TCP loses none, radio and a busy Zenoh do.
    pub loss: f64,
}

/// Answers commands until the session is closed. `tell` hears who drives, when motors are switched off, and of bytes that are no command.
///
/// # Errors
/// Zenoh's.
pub fn serve(session: &Session, service: Service, tell: &mut dyn FnMut(&str)) -> Result<(), ZenohError> {
    let commands = session.declare_subscriber(COMMAND).wait()?;
    // Express: a message is not kept back to travel with the next one.
    let replies = session.declare_publisher(REPLY).express(true).wait()?;
    let _alive = session.liveliness().declare_token(ALIVE).wait()?;
    let mut simulator = Simulator::default();
    let mut losses = Generator::new(0);
    let mut lost = || losses.random() < service.loss;
    loop {
        let Some(sample) = commands.recv_timeout(service.watchdog)? else {
            if simulator.stop() {
                tell(&format!("motors off: no command for {:?}", service.watchdog));
            }
            continue;
        };
        match Command::from_bytes(&sample.payload().to_bytes()) {
            Ok(_) if lost() => {}
            Ok(command) => {
                let before = simulator.driver();
                let reply = simulator.answer(command);
                match (before, simulator.driver()) {
                    (None, Some(_)) => tell("an agent drives"),
                    (Some(_), None) => tell("motors off: the agent stopped them"),
                    _ => {}
                }
                if let Some(reply) = reply.filter(|_| !lost()) {
                    replies.put(reply.to_bytes()).wait()?;
                }
            }
            Err(error) => tell(&error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(agent: u64, number: u64, order: Order) -> Command {
        Command { agent, number, order }
    }

    fn refusal(reply: Option<Reply>) -> Option<Refusal> {
        match reply?.outcome {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::Sensed { .. } => None,
        }
    }

    #[test]
    fn a_command_is_done_once() {
        let (mut heard_once, mut heard_thrice) = (Simulator::default(), Simulator::default());
        let orders = [Order::Reset(Some(3)), Order::Step(2), Order::Step(0), Order::Step(1)];
        for (number, order) in (1..).zip(orders) {
            let command = command(1, number, order);
            let reply = heard_once.answer(command);
            assert!(reply.is_some() && refusal(reply).is_none());
            for _ in 0..3 {
                assert_eq!(heard_thrice.answer(command), reply);
            }
        }
        assert_eq!(heard_thrice.answer(command(1, 2, Order::Step(2))), None, "overtaken");
    }

    #[test]
    fn who_has_no_episode_does_not_step() {
        let mut simulator = Simulator::default();
        assert_eq!(refusal(simulator.answer(command(1, 1, Order::Step(1)))), Some(Refusal::NotReset));
        simulator.answer(command(1, 2, Order::Reset(None)));
        assert_eq!(refusal(simulator.answer(command(1, 3, Order::Step(3)))), Some(Refusal::Action));
        assert_eq!(refusal(simulator.answer(command(2, 1, Order::Reset(None)))), Some(Refusal::Busy));
        assert_eq!(simulator.answer(command(2, 2, Order::Stop)), None);
        assert!(simulator.driver() == Some(1), "another agent does not stop it");
        assert_eq!(simulator.answer(command(1, 4, Order::Stop)), None);
        assert!(simulator.driver().is_none() && !simulator.stop());
        assert_eq!(refusal(simulator.answer(command(1, 5, Order::Step(1)))), Some(Refusal::NotReset));
        assert_eq!(refusal(simulator.answer(command(2, 3, Order::Reset(None)))), None);
        assert!(simulator.stop());
    }
}
