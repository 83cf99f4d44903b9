//! [`RecordEpisodeStatistics`].

use std::collections::{BTreeMap, VecDeque};

use super::forward;
use crate::{Env, Info, Options, SpaceError, Step, Value};

/// Return and length of one episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpisodeStatistics {
    /// Sum of the rewards.
    pub r: f64,
    /// Number of steps.
    pub l: u64,
}

/// Adds `episode = {r, l}`, return and length, to the info of an episode's last step, and keeps those of the latest episodes.
///
/// Gymnasium's entry `t`, the seconds elapsed, is left out: the same seed gives the same infos.
#[derive(Clone, Debug)]
pub struct RecordEpisodeStatistics<E> {
    env: E,
    present: EpisodeStatistics,
    capacity: usize,
    latest: VecDeque<EpisodeStatistics>,
}

impl<E> RecordEpisodeStatistics<E> {
    /// `env`, recording, with the latest `buffer_length` episodes kept.
    ///
    /// # Errors
    /// [`SpaceError`] where `buffer_length` is 0.
    pub fn new(env: E, buffer_length: usize) -> Result<Self, SpaceError> {
        if buffer_length == 0 {
            return Err(SpaceError::new("buffer_length >= 1", "0").at("RecordEpisodeStatistics"));
        }
        let present = EpisodeStatistics { r: 0.0, l: 0 };
        Ok(RecordEpisodeStatistics { env, present, capacity: buffer_length, latest: VecDeque::new() })
    }

    /// The latest finished episodes, oldest first.
    pub fn latest(&self) -> impl ExactSizeIterator<Item = EpisodeStatistics> + '_ {
        self.latest.iter().copied()
    }
}

impl<E: Env> Env for RecordEpisodeStatistics<E> {
    type Obs = E::Obs;
    type Act = E::Act;
    type Error = E::Error;

    forward!(observation_space, action_space, render, close, memory);

    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(E::Obs, Info), E::Error> {
        self.present = EpisodeStatistics { r: 0.0, l: 0 };
        self.env.reset(seed, options)
    }

    fn step(&mut self, action: &E::Act) -> Result<Step<E::Obs>, E::Error> {
        let mut step = self.env.step(action)?;
        self.present.r += step.reward;
        self.present.l += 1;
        if step.done() {
            let EpisodeStatistics { r, l } = self.present;
            if self.latest.len() == self.capacity {
                self.latest.pop_front();
            }
            self.latest.push_back(self.present);
            let episode = BTreeMap::from([
                ("r".to_string(), Value::Float(r)),
                ("l".to_string(), Value::Int(i64::try_from(l).unwrap_or(i64::MAX))),
            ]);
            step.info.insert("episode".into(), Value::Map(episode));
        }
        Ok(step)
    }
}
