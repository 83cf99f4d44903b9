//! [`RemoteRover`]: the environment on the agent's side.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use sorn_env::seeding::entropy;
use sorn_env::{Env, Info, Options, Space, Step};
use zenoh::pubsub::{Publisher, Subscriber};
use zenoh::sample::{Sample, SampleKind};
use zenoh::{Session, Wait};

use crate::link::{self, ALIVE, COMMAND, REPLY, ZenohError};
use crate::message::{Command, MessageError, Order, Outcome, Refusal, Reply};
use crate::rover::Rover;

/// How long the agent waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a simulator to be there: when connecting, and in a reset after it left.
    pub connect: Duration,
    /// For an answer, before the command is sent again.
    pub reply: Duration,
    /// How often a command is sent before the simulator counts as silent.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { connect: Duration::from_secs(3), reply: Duration::from_millis(50), tries: 20 }
    }
}

/// What driving over Zenoh can fail with. Leaving the road is no failure: it ends the episode.
#[derive(Debug)]
pub enum RemoteError {
    /// Nobody was there in time.
    Absent {
        /// Where.
        endpoint: String,
        /// How long it was waited for.
        patience: Duration,
    },
    /// The simulator was there and left: its process ended, or the connection was lost.
    Gone,
    /// The simulator is there and does not answer.
    Silent {
        /// The command.
        number: u64,
        /// How often it was sent.
        tries: u32,
        /// For how long.
        waited: Duration,
    },
    /// The simulator did not do what it was told.
    Refused(Refusal),
    /// A step, and the episode was not begun, or failed.
    NotReset,
    /// Bytes that are no reply.
    Message(MessageError),
    /// Zenoh.
    Zenoh(ZenohError),
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { endpoint, patience } => {
                write!(f, "simulator: expected one at {endpoint} within {patience:?}, found none")
            }
            Self::Gone => write!(f, "simulator: expected it to stay, found that it left"),
            Self::Silent { number, tries, waited } => write!(
                f,
                "command {number}: expected an answer within {waited:?}, found none after sending it {tries} times"
            ),
            Self::Refused(refusal) => write!(f, "command: expected to be done, found that {refusal}"),
            Self::NotReset => write!(f, "step: expected a reset before it, found none"),
            Self::Message(error) => write!(f, "{error}"),
            Self::Zenoh(error) => write!(f, "zenoh: {error}"),
        }
    }
}

impl std::error::Error for RemoteError {}

impl From<ZenohError> for RemoteError {
    fn from(error: ZenohError) -> Self {
        RemoteError::Zenoh(error)
    }
}

/// What Zenoh tells. One channel for all of it, so that who waits for an answer hears at once that none will come.
enum Event {
    Reply(Vec<u8>),
    Alive(bool),
}

/// What went over the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Commands.
    pub commands: u64,
    /// How often one was sent again because no answer came in time.
    pub again: u64,
    /// Answers that came when nobody waited for them any more.
    pub late: u64,
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Traffic { commands, again, late } = self;
        write!(f, "{commands} commands, {again} sent again, {late} late answers")
    }
}

/// The rover, driven from another process.
///
/// A command waits for its answer, is sent again if none comes, and fails after some tries. It has a number, so that the simulator
/// does it once however often it arrives, and a late answer is not taken for that of a later command. After a failure the episode
/// is lost: the next one begins with a reset, for which a simulator that left may come back.
pub struct RemoteRover {
    endpoint: String,
    patience: Patience,
    agent: u64,
    number: u64,
    alive: bool,
    /// Whether an episode goes on.
    begun: bool,
    /// Whether the motors may run: more than `begun` knows, after a failure.
    armed: bool,
    traffic: Traffic,
    events: Receiver<Event>,
    commands: Publisher<'static>,
    _replies: Subscriber<()>,
    _liveliness: Subscriber<()>,
    // The last to be dropped: the others are declared in it.
    _session: Session,
}

impl RemoteRover {
    /// Connects to the simulator at `endpoint`, such as `tcp/127.0.0.1:7447`.
    ///
    /// # Errors
    /// [`RemoteError::Absent`] if there is none.
    pub fn connect(endpoint: &str, patience: Patience) -> Result<RemoteRover, RemoteError> {
        let absent = || RemoteError::Absent { endpoint: endpoint.to_string(), patience: patience.connect };
        let session = link::connect(endpoint, patience.connect).map_err(|_| absent())?;
        let (sender, events) = channel();
        let tell = |event: fn(Sample) -> Event, to: Sender<Event>| {
            // Nobody listens any more only while the environment is dropped.
            move |sample| drop(to.send(event(sample)))
        };
        let reply: fn(Sample) -> Event = |sample| Event::Reply(sample.payload().to_bytes().into_owned());
        let alive: fn(Sample) -> Event = |sample| Event::Alive(sample.kind() == SampleKind::Put);
        let replies = session.declare_subscriber(REPLY).callback(tell(reply, sender.clone())).wait()?;
        // History: the simulator may be there already.
        let tokens = session.liveliness().declare_subscriber(ALIVE).history(true);
        let liveliness = tokens.callback(tell(alive, sender)).wait()?;
        let commands = session.declare_publisher(COMMAND).express(true).wait()?;
        let mut rover = RemoteRover {
            endpoint: endpoint.to_string(),
            patience,
            agent: entropy(),
            number: 0,
            alive: false,
            begun: false,
            armed: false,
            traffic: Traffic::default(),
            events,
            commands,
            _replies: replies,
            _liveliness: liveliness,
            _session: session,
        };
        rover.wait_for_simulator()?;
        Ok(rover)
    }

    /// What went over the link so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Tells the simulator to switch its motors off, and does not wait: without commands it does so by itself.
    pub fn stop(&mut self) {
        self.begun = false;
        if std::mem::take(&mut self.armed) {
            self.number += 1;
            let _ = self.send(Order::Stop);
        }
    }

    fn send(&mut self, order: Order) -> Result<(), RemoteError> {
        let command = Command { agent: self.agent, number: self.number, order };
        Ok(self.commands.put(command.to_bytes()).wait()?)
    }

    /// The next event before `deadline`.
    fn event(&mut self, deadline: Instant) -> Option<Event> {
        let event = self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
        if let Event::Alive(alive) = event {
            self.alive = alive;
        }
        Some(event)
    }

    fn wait_for_simulator(&mut self) -> Result<(), RemoteError> {
        let deadline = Instant::now() + self.patience.connect;
        while let Ok(event) = self.events.try_recv() {
            if let Event::Alive(alive) = event {
                self.alive = alive;
            }
        }
        while !self.alive {
            if self.event(deadline).is_none() {
                let (endpoint, patience) = (self.endpoint.clone(), self.patience.connect);
                return Err(RemoteError::Absent { endpoint, patience });
            }
        }
        Ok(())
    }

    /// Sends a command until its answer comes.
    fn ask(&mut self, order: Order) -> Result<Outcome, RemoteError> {
        let asked = Instant::now();
        self.number += 1;
        self.traffic.commands += 1;
        for attempt in 0..self.patience.tries {
            self.traffic.again += u64::from(attempt > 0);
            self.send(order)?;
            let deadline = Instant::now() + self.patience.reply;
            while let Some(event) = self.event(deadline) {
                let Event::Reply(bytes) = event else {
                    if self.alive {
                        continue;
                    }
                    return Err(RemoteError::Gone);
                };
                let reply = Reply::from_bytes(&bytes).map_err(RemoteError::Message)?;
                if reply.agent == self.agent && reply.number == self.number {
                    return Ok(reply.outcome);
                }
                self.traffic.late += u64::from(reply.agent == self.agent);
            }
        }
        Err(RemoteError::Silent { number: self.number, tries: self.patience.tries, waited: asked.elapsed() })
    }
}

impl Env for RemoteRover {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = RemoteError;

    fn observation_space(&self) -> Space {
        Rover::observations()
    }

    fn action_space(&self) -> Space {
        Rover::actions()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        _options: Option<&Options>,
    ) -> Result<([f32; 2], Info), RemoteError> {
        self.begun = false;
        self.wait_for_simulator()?;
        self.armed = true;
        match self.ask(Order::Reset(seed))? {
            Outcome::Sensed { obs, .. } => {
                self.begun = true;
                Ok((obs, Info::new()))
            }
            Outcome::Refused(refusal) => Err(RemoteError::Refused(refusal)),
        }
    }

    fn step(&mut self, action: &i64) -> Result<Step<[f32; 2]>, RemoteError> {
        if !std::mem::take(&mut self.begun) {
            return Err(RemoteError::NotReset);
        }
        match self.ask(Order::Step(*action))? {
            Outcome::Sensed { obs, reward, terminated } => {
                self.begun = true;
                Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
            }
            Outcome::Refused(refusal) => Err(RemoteError::Refused(refusal)),
        }
    }

    fn close(&mut self) -> Result<(), RemoteError> {
        self.stop();
        Ok(())
    }
}

impl Drop for RemoteRover {
    fn drop(&mut self) {
        self.stop();
    }
}
