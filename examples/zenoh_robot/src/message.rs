//! What passes between agent and simulator: little-endian bytes of a fixed length, which any language can read.

use std::fmt;

/// What the simulator is to do. Each has a number of its own, one above that of the command before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Which agent says so: a number that it drew when it connected.
    pub agent: u64,
    /// Number of the command. The same number again is the same command again, which must not be done twice.
    pub number: u64,
    /// What to do.
    pub order: Order,
}

/// What a [`Command`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Begin an episode, with a seed or with what the generator draws next.
    Reset(Option<u64>),
    /// Take a step with this action.
    Step(i64),
    /// Motors off. Nobody waits for an answer.
    Stop,
}

/// The answer to a [`Command`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reply {
    /// The agent that is answered.
    pub agent: u64,
    /// The command that is answered.
    pub number: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a [`Reply`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// What the robot senses after a reset or a step.
    Sensed {
        /// The observation.
        obs: [f32; 2],
        /// The reward of the step; 0 after a reset.
        reward: f64,
        /// Whether the episode is over.
        terminated: bool,
    },
    /// Nothing was done.
    Refused(Refusal),
}

/// Why a command was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A step, and no episode goes on: none was begun, it ended, or the motors were switched off for want of commands.
    NotReset,
    /// Another agent drives.
    Busy,
    /// No action of the robot.
    Action,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotReset => "no episode goes on: it ended, or the motors are off for want of commands",
            Self::Busy => "another agent drives",
            Self::Action => "the robot has no such action",
        })
    }
}

/// Bytes that are no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageError(String);

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MessageError {}

/// Fixed bytes of a message, named in what is said of others.
fn sized<const N: usize>(name: &str, bytes: &[u8]) -> Result<[u8; N], MessageError> {
    bytes.try_into().map_err(|_| MessageError(format!("{name}: expected {N} bytes, found {}", bytes.len())))
}

/// The `N` bytes from `from` on.
fn part<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    std::array::from_fn(|k| bytes[from + k])
}

impl Command {
    /// Agent, number, kind, value.
    pub const SIZE: usize = 8 + 8 + 1 + 8;

    /// As bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let (kind, value) = match self.order {
            Order::Reset(None) => (0, [0; 8]),
            Order::Reset(Some(seed)) => (1, seed.to_le_bytes()),
            Order::Step(action) => (2, action.to_le_bytes()),
            Order::Stop => (3, [0; 8]),
        };
        [&self.agent.to_le_bytes()[..], &self.number.to_le_bytes(), &[kind], &value].concat()
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`MessageError`] if they are no command.
    pub fn from_bytes(bytes: &[u8]) -> Result<Command, MessageError> {
        let bytes: [u8; Self::SIZE] = sized("command", bytes)?;
        let value = part(&bytes, 17);
        let order = match bytes[16] {
            0 => Order::Reset(None),
            1 => Order::Reset(Some(u64::from_le_bytes(value))),
            2 => Order::Step(i64::from_le_bytes(value)),
            3 => Order::Stop,
            kind => return Err(MessageError(format!("command: expected a kind of 0 to 3, found {kind}"))),
        };
        let [agent, number] = [0, 8].map(|from| u64::from_le_bytes(part(&bytes, from)));
        Ok(Command { agent, number, order })
    }
}

impl Reply {
    /// Agent, number, kind, observation, reward.
    pub const SIZE: usize = 8 + 8 + 1 + 2 * 4 + 8;

    /// As bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let (kind, [one, other], reward) = match self.outcome {
            Outcome::Sensed { obs, reward, terminated } => (u8::from(terminated), obs, reward),
            Outcome::Refused(Refusal::NotReset) => (2, [0.0; 2], 0.0),
            Outcome::Refused(Refusal::Busy) => (3, [0.0; 2], 0.0),
            Outcome::Refused(Refusal::Action) => (4, [0.0; 2], 0.0),
        };
        let head = [&self.agent.to_le_bytes()[..], &self.number.to_le_bytes(), &[kind]].concat();
        [&head[..], &one.to_le_bytes(), &other.to_le_bytes(), &reward.to_le_bytes()].concat()
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`MessageError`] if they are no reply.
    pub fn from_bytes(bytes: &[u8]) -> Result<Reply, MessageError> {
        let bytes: [u8; Self::SIZE] = sized("reply", bytes)?;
        let obs = [17, 21].map(|from| f32::from_le_bytes(part(&bytes, from)));
        let outcome = match bytes[16] {
            kind @ 0..=1 => {
                Outcome::Sensed { obs, reward: f64::from_le_bytes(part(&bytes, 25)), terminated: kind == 1 }
            }
            2 => Outcome::Refused(Refusal::NotReset),
            3 => Outcome::Refused(Refusal::Busy),
            4 => Outcome::Refused(Refusal::Action),
            kind => return Err(MessageError(format!("reply: expected a kind of 0 to 4, found {kind}"))),
        };
        let [agent, number] = [0, 8].map(|from| u64::from_le_bytes(part(&bytes, from)));
        Ok(Reply { agent, number, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_from_their_bytes() {
        for order in [Order::Reset(None), Order::Reset(Some(u64::MAX)), Order::Step(-3), Order::Stop] {
            let command = Command { agent: 1 << 60, number: 7, order };
            assert_eq!(Command::from_bytes(&command.to_bytes()), Ok(command));
        }
        let sensed = |terminated| Outcome::Sensed { obs: [0.1, -1e-20], reward: -0.3, terminated };
        let refused = [Refusal::NotReset, Refusal::Busy, Refusal::Action].map(Outcome::Refused);
        for outcome in [sensed(true), sensed(false)].into_iter().chain(refused) {
            let reply = Reply { agent: 3, number: u64::MAX, outcome };
            assert_eq!(Reply::from_bytes(&reply.to_bytes()), Ok(reply));
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let said = |bytes: &[u8]| Command::from_bytes(bytes).unwrap_err().to_string();
        assert_eq!(said(&[0; 24]), "command: expected 25 bytes, found 24");
        assert_eq!(said(&[9; 25]), "command: expected a kind of 0 to 3, found 9");
        let said = |bytes: &[u8]| Reply::from_bytes(bytes).unwrap_err().to_string();
        assert_eq!(said(&[]), "reply: expected 33 bytes, found 0");
        assert_eq!(said(&[9; 33]), "reply: expected a kind of 0 to 4, found 9");
    }
}
