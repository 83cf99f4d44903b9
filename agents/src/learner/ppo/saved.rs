//! The learner as named arrays, and back.

use super::Ppo;
use super::rollout::Samples;
use super::rows::Rows;
use crate::reservoir::{counts, entry, json};
use crate::{AgentError, AgentState};

fn wrong(name: &str, expected: String, found: impl ToString) -> AgentError {
    AgentError::State { name: name.into(), expected, found: found.to_string() }
}

/// The array `name` as whole numbers from 0.
fn whole<T: TryFrom<u64>>(state: &AgentState, name: &str) -> Result<Vec<T>, AgentError> {
    let number = |x: f64| {
        let exact = x >= 0.0 && x.fract() == 0.0 && x < 9e15;
        exact.then(|| T::try_from(x as u64).ok()).flatten()
    };
    let numbers = state.all(name)?;
    numbers.iter().map(|&x| number(x).ok_or_else(|| wrong(name, "indices".into(), x))).collect()
}

fn put(state: &mut AgentState, name: &str, numbers: impl Iterator<Item = f64>) {
    let numbers: Vec<f64> = numbers.collect();
    state.put(name, &[numbers.len()], &numbers);
}

fn save_samples(samples: &Samples, state: &mut AgentState, name: &str) {
    let Samples { rows, actions, log_probs, values, numbers } = samples;
    let entry = |what: &str| format!("learner/{name}_{what}");
    let indices = |indices: &[u32]| indices.iter().map(|&index| f64::from(index)).collect::<Vec<_>>();
    put(state, &entry("ones"), indices(&rows.ones).into_iter());
    put(state, &entry("others"), indices(&rows.others).into_iter());
    put(state, &entry("numbers"), rows.values.iter().copied());
    let ends: Vec<f64> = rows.ends.iter().flatten().map(|&end| end as f64).collect();
    state.put(&entry("ends"), &[rows.len(), 2], &ends);
    state.put(&entry("actions"), &[samples.len(), *numbers], actions);
    state.put(&entry("log_probs"), &[log_probs.len()], log_probs);
    state.put(&entry("values"), &[values.len()], values);
}

impl Ppo {
    fn load_samples(&self, state: &AgentState, name: &str) -> Result<Samples, AgentError> {
        let entry = |what: &str| format!("learner/{name}_{what}");
        let ends: Vec<usize> = whole(state, &entry("ends"))?;
        let rows = Rows {
            ones: whole(state, &entry("ones"))?,
            others: whole(state, &entry("others"))?,
            values: state.all(&entry("numbers"))?,
            ends: ends.chunks_exact(2).map(|end| [end[0], end[1]]).collect(),
        };
        let samples = Samples {
            actions: state.all(&entry("actions"))?,
            log_probs: state.all(&entry("log_probs"))?,
            values: state.all(&entry("values"))?,
            numbers: self.action.len(),
            rows,
        };
        let (n, features) = (samples.len(), self.training.layers.features());
        if !samples.rows.is_whole(features) || samples.rows.len() != n {
            let found = format!("{} rows, {n} values", samples.rows.len());
            return Err(wrong(&entry("ends"), format!("rows of {features} features, one per value"), found));
        }
        let fits = samples.log_probs.len() == n && samples.actions.len() == n * samples.numbers;
        if !fits || (0..n).any(|index| !self.training.distribution.contains(samples.action(index))) {
            let found = format!("{} numbers", samples.actions.len());
            return Err(wrong(&entry("actions"), format!("{n} actions of the space"), found));
        }
        Ok(samples)
    }

    pub(super) fn save_into(&self, state: &mut AgentState) {
        let training = &self.training;
        let (scores, features) = (self.scores.len(), training.layers.features());
        for (name, numbers) in
            [("", &training.parameters), ("m_", &training.adam.m), ("v_", &training.adam.v)]
        {
            let rows = |outputs: std::ops::Range<usize>| -> Vec<f64> {
                outputs.flat_map(|output| training.layers.read(numbers, output)).collect()
            };
            state.put(&format!("learner/{name}theta"), &[scores, features], &rows(0..scores));
            state.put(&format!("learner/{name}w"), &[features], &rows(scores..scores + 1));
            let spreads = &numbers[training.layers.len()..];
            state.put(&format!("learner/{name}log_std"), &[spreads.len()], spreads);
        }
        save_samples(&self.segment.samples, state, "segment");
        put(state, "learner/segment_rewards", self.segment.rewards.iter().copied());
        put(
            state,
            "learner/segment_terminals",
            self.segment.ends.iter().map(|&end| f64::from(u8::from(end))),
        );
        save_samples(&self.rollout.samples, state, "rollout");
        put(state, "learner/rollout_advantages", self.rollout.advantages.iter().copied());
        state.meta["policy"] = json(&self.rng);
        state.meta["learner"] = json(&(&self.shuffles, training.adam.t, self.streams, self.steps));
    }

    pub(super) fn load_from(&mut self, state: &AgentState) -> Result<(), AgentError> {
        let (scores, features) = (self.scores.len(), self.training.layers.features());
        let training = &mut self.training;
        let (mut theta, mut w) = (vec![0.0; scores * features], vec![0.0; features]);
        for (name, numbers) in
            [("", &mut training.parameters), ("m_", &mut training.adam.m), ("v_", &mut training.adam.v)]
        {
            state.read(&format!("learner/{name}theta"), &mut theta)?;
            state.read(&format!("learner/{name}w"), &mut w)?;
            state.read(&format!("learner/{name}log_std"), &mut numbers[training.layers.len()..])?;
            for (output, row) in theta.chunks_exact(features).chain([&w[..]]).enumerate() {
                training.layers.write(numbers, output, row);
            }
        }
        self.rng = entry(state, "policy")?;
        (self.shuffles, self.training.adam.t, self.streams, self.steps) = entry(state, "learner")?;
        counts("learner", &[self.training.adam.t, self.steps])?;
        if self.streams == 0 {
            return Err(wrong("learner", "at least 1 stream".into(), 0));
        }
        self.segment.samples = self.load_samples(state, "segment")?;
        self.segment.rewards = state.all("learner/segment_rewards")?;
        self.segment.ends = state.all("learner/segment_terminals")?.iter().map(|&end| end != 0.0).collect();
        self.rollout.samples = self.load_samples(state, "rollout")?;
        self.rollout.advantages = state.all("learner/rollout_advantages")?;
        let (acted, known) = (self.segment.samples.len(), self.segment.len());
        // Between an action and what followed it, there is one outcome fewer.
        if !(acted == known || acted == known + 1)
            || self.segment.ends.len() != known
            || known >= self.config.n_steps
        {
            let expected = format!("fewer than {} steps, each with its outcome", self.config.n_steps);
            return Err(wrong(
                "learner/segment_rewards",
                expected,
                format!("{acted} actions, {known} rewards"),
            ));
        }
        let (kept, advantages) = (self.rollout.samples.len(), self.rollout.len());
        match kept == advantages {
            true => Ok(()),
            false => {
                let found = format!("{advantages} advantages");
                Err(wrong("learner/rollout_advantages", crate::error::numbers(kept), found))
            }
        }
    }
}
