//! Whether activity without input replays what input evoked.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::StatsError;

use super::{Findings, Kind, Measure, Seen, Wrong, share};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Replay`](super::MeasureConfig::Replay).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplayConfig {
    /// Name, with which its scores begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phase with input.
    pub evoked: String,
    /// The phase without.
    pub spontaneous: String,
    /// Words that are looked for, symbols separated by blanks.
    pub words: Vec<String>,
    /// States from the end of either phase; silent ones are left out.
    #[serde(default = "states")]
    pub states: usize,
}

fn states() -> usize {
    2500
}

impl ReplayConfig {
    /// The words as inputs of the network.
    fn coded(&self, task: &DynamicsTask) -> Option<Vec<Vec<usize>>> {
        let (_, symbols) = task.open_sources(0).ok()?;
        let code = |symbol: &str| symbols.iter().position(|known| known == symbol);
        self.words.iter().map(|word| word.split_whitespace().map(code).collect()).collect()
    }
}

impl Kind for ReplayConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        vec![self.evoked.clone(), self.spontaneous.clone()]
    }

    fn check(&self, task: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        let fed = |name: &str| task.phase(name).is_some_and(|index| task.phases[index].input.is_some());
        if !fed(&self.evoked) {
            return Err(("evoked", "a phase with input".into(), format!("{:?}", self.evoked)));
        }
        if fed(&self.spontaneous) {
            let found = format!("{:?}", self.spontaneous);
            return Err(("spontaneous", "a phase without input".into(), found));
        }
        if task.phase(&self.evoked) >= task.phase(&self.spontaneous) {
            let expected = format!("a phase after {:?}", self.evoked);
            return Err(("spontaneous", expected, format!("{:?}", self.spontaneous)));
        }
        if self.states == 0 {
            return Err(("states", "at least 1".into(), "0".into()));
        }
        if self.words.iter().any(|word| word.split_whitespace().nth(1).is_none()) || self.words.is_empty() {
            return Err((
                "words",
                "at least one word, each of two symbols or more".into(),
                format!("{:?}", self.words),
            ));
        }
        match self.coded(task) {
            Some(_) => Ok(()),
            None => Err(("words", "symbols of the sources".into(), format!("{:?}", self.words))),
        }
    }

    fn begin(&self, task: &DynamicsTask, params: &Params, _: u64) -> Box<dyn Measure> {
        Box::new(Replay {
            config: self.clone(),
            words: self.coded(task).unwrap_or_default(),
            evoked_phase: task.phase(&self.evoked).unwrap_or(0),
            bits: params.ne.div_ceil(64),
            evoked: VecDeque::new(),
            spontaneous: VecDeque::new(),
        })
    }
}

struct Replay {
    config: ReplayConfig,
    words: Vec<Vec<usize>>,
    evoked_phase: usize,
    bits: usize,
    evoked: VecDeque<(usize, Vec<u64>)>,
    spontaneous: VecDeque<Vec<u64>>,
}

impl Measure for Replay {
    fn step(&mut self, seen: &Seen<'_>) {
        let spikes = seen.network.activity().spikes_e;
        if spikes.is_empty() {
            return;
        }
        let mut state = vec![0u64; self.bits];
        spikes.iter().for_each(|neuron| state[*neuron as usize / 64] |= 1 << (neuron % 64));
        if seen.phase == self.evoked_phase {
            let Some(symbol) = seen.fed else { return };
            self.evoked.push_back((symbol, state));
            if self.evoked.len() > self.config.states {
                self.evoked.pop_front();
            }
        } else {
            self.spontaneous.push_back(state);
            if self.spontaneous.len() > self.config.states {
                self.spontaneous.pop_front();
            }
        }
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        if self.evoked.is_empty() || self.spontaneous.is_empty() {
            findings.try_put("forward", Err(StatsError::Undefined("no state but silent ones")));
            return Ok(None);
        }
        // As many states of each symbol: the last ones.
        let inputs = self.evoked.iter().map(|(symbol, _)| symbol + 1).max().unwrap_or(0);
        let mut of: Vec<Vec<&[u64]>> = vec![Vec::new(); inputs];
        self.evoked.iter().rev().for_each(|(symbol, state)| of[*symbol].push(state));
        let each = of.iter().map(Vec::len).filter(|n| *n > 0).min().unwrap_or(0);
        let mut distances = 0u64;
        let mut found = Vec::with_capacity(self.spontaneous.len());
        for state in &self.spontaneous {
            let mut best = (u32::MAX, 0);
            for (symbol, states) in of.iter().enumerate() {
                for other in &states[..states.len().min(each)] {
                    let distance = state.iter().zip(*other).map(|(a, b)| (a ^ b).count_ones()).sum();
                    if distance < best.0 {
                        best = (distance, symbol);
                    }
                }
            }
            distances += u64::from(best.0);
            found.push(best.1);
        }
        let times = |word: &[usize]| found.windows(word.len()).filter(|part| *part == word).count() as u64;
        let total = found.len() as u64;
        let (mut forward, mut reversed) = (0, 0);
        for (word, text) in self.words.iter().zip(&self.config.words) {
            let backwards: Vec<usize> = word.iter().rev().copied().collect();
            let there = times(word);
            (forward, reversed) = (forward + there, reversed + times(&backwards));
            let joined: String = text.split_whitespace().collect();
            findings.put(&format!("forward_{joined}"), share(there, total));
        }
        findings.put("forward", share(forward, total));
        findings.put("reversed", share(reversed, total));
        findings.put("distance", distances as f64 / total as f64);
        let mut symbols = vec![0u64; inputs];
        found.iter().for_each(|symbol| symbols[*symbol] += 1);
        Ok(Some(json!({ "symbols": symbols })))
    }
}
