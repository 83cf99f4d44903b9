//! What is remembered of the steps until the next update.

use super::gae::advantages;
use super::rows::Rows;

/// Actions, one after the other: the features they were taken at, and what the policy made of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pub(super) rows: Rows,
    /// Each action as [`numbers`](super::distribution::Distribution::numbers).
    pub(super) actions: Vec<f64>,
    pub(super) log_probs: Vec<f64>,
    pub(super) values: Vec<f64>,
    /// Numbers per action.
    pub(super) numbers: usize,
}

impl Samples {
    pub(super) fn new(numbers: usize) -> Samples {
        Samples { numbers, ..Samples::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn action(&self, index: usize) -> &[f64] {
        &self.actions[index * self.numbers..][..self.numbers]
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.rows.truncate(len);
        self.actions.truncate(len * self.numbers);
        self.log_probs.truncate(len);
        self.values.truncate(len);
    }

    fn append(&mut self, other: &Samples) {
        self.rows.append(&other.rows);
        self.actions.extend_from_slice(&other.actions);
        self.log_probs.extend_from_slice(&other.log_probs);
        self.values.extend_from_slice(&other.values);
    }
}

/// Consecutive steps of one stream of observations. Behind them there may be an action whose outcome is not known yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    pub(super) samples: Samples,
    pub(super) rewards: Vec<f64>,
    /// Which steps ended an episode.
    pub(super) ends: Vec<bool>,
}

impl Segment {
    pub(super) fn new(numbers: usize) -> Segment {
        Segment { samples: Samples::new(numbers), ..Segment::default() }
    }

    /// Steps whose outcome is known.
    pub(super) fn len(&self) -> usize {
        self.rewards.len()
    }

    /// Forgets an action whose outcome is not known.
    pub(super) fn drop_pending(&mut self) {
        self.samples.truncate(self.len());
    }

    /// Ends an episode that was given up where its last known value is, as if it had been truncated there.
    pub(super) fn give_up(&mut self, gamma: f64) {
        if self.ends.last().is_some_and(|end| !end) {
            let pending = self.samples.len() > self.len();
            let after = self.samples.values.last().copied().unwrap_or(0.0);
            if !pending {
                self.rewards.pop();
                self.ends.pop();
            }
            if let (Some(reward), Some(end @ false)) = (self.rewards.last_mut(), self.ends.last_mut()) {
                *reward += gamma * after;
                *end = true;
            }
        }
        self.drop_pending();
    }

    pub(super) fn clear(&mut self) {
        self.samples.truncate(0);
        self.rewards.clear();
        self.ends.clear();
    }
}

/// Whole segments of all streams, with their advantages.
#[derive(Clone, Debug, Default)]
pub(super) struct Rollout {
    pub(super) samples: Samples,
    pub(super) advantages: Vec<f64>,
}

impl Rollout {
    pub(super) fn new(numbers: usize) -> Rollout {
        Rollout { samples: Samples::new(numbers), ..Rollout::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.advantages.len()
    }

    /// Moves the steps of a segment here; `after` is the value of what follows them, `decays` are gamma and lambda.
    pub(super) fn take(&mut self, segment: &mut Segment, after: f64, decays: (f64, f64)) {
        segment.drop_pending();
        let values = &segment.samples.values;
        advantages(&segment.rewards, values, &segment.ends, after, decays, &mut self.advantages);
        self.samples.append(&segment.samples);
        segment.clear();
    }

    pub(super) fn clear(&mut self) {
        self.samples.truncate(0);
        self.advantages.clear();
    }
}
