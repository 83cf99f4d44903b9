//! Distributions of activity patterns, and how far those of phases lie apart.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::rng::{below, stream};
use sorn_core::{Network, Params};
use sorn_report::stats::{Patterns, StatsError, pattern_divergence};

use super::{Findings, Kind, Measure, Seen, Wrong};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Patterns`](super::MeasureConfig::Patterns).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PatternConfig {
    /// Name, with which its scores begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phases that are compared, at least one.
    pub of: Vec<String>,
    /// The phase that they are compared with, mostly the one without input.
    pub with: String,
    /// Number of neurons, drawn by the seed of the run: 1 to 32.
    #[serde(default = "sixteen")]
    pub neurons: u32,
    /// Steps at the beginning of each phase that are left out.
    #[serde(default)]
    pub skip: u64,
}

fn sixteen() -> u32 {
    16
}

impl PatternConfig {
    fn all(&self) -> Vec<String> {
        self.of.iter().chain([&self.with]).cloned().collect()
    }
}

impl Kind for PatternConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.all()
    }

    fn check(&self, task: &DynamicsTask, params: &Params) -> Result<(), Wrong> {
        if self.of.is_empty() {
            return Err(("of", "at least one phase".into(), "none".into()));
        }
        if self.of.contains(&self.with) {
            return Err(("of", format!("phases other than {:?}", self.with), format!("{:?}", self.with)));
        }
        if self.neurons == 0 || self.neurons > 32 || self.neurons as usize > params.ne {
            let most = params.ne.min(32);
            return Err(("neurons", format!("1 to {most}"), self.neurons.to_string()));
        }
        let phases = self.all();
        let shortest = task.phases.iter().filter(|p| phases.contains(&p.name)).map(|p| p.steps).min();
        match shortest {
            Some(steps) if self.skip >= steps => {
                Err(("skip", format!("less than the shortest phase ({steps})"), self.skip.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn begin(&self, task: &DynamicsTask, params: &Params, seed: u64) -> Box<dyn Measure> {
        let rng = &mut stream(seed, "pattern neurons");
        let mut all: Vec<u32> = (0..params.ne as u32).collect();
        for at in 0..self.neurons as usize {
            let drawn = at + below(rng, (all.len() - at) as u64) as usize;
            all.swap(at, drawn);
        }
        all.truncate(self.neurons as usize);
        let mut bit = vec![None; params.ne];
        all.iter().enumerate().for_each(|(k, neuron)| bit[*neuron as usize] = Some(k as u32));
        let counted = (0..task.phases.len()).map(|_| Patterns::new(self.neurons).ok()).collect();
        let index = |name: &String| task.phase(name).map(|index| (name.clone(), index));
        let of = self.of.iter().filter_map(index).collect();
        let with = task.phase(&self.with).unwrap_or(0);
        Box::new(Counting { skip: self.skip, bit, counted, of, with })
    }
}

struct Counting {
    skip: u64,
    /// For each excitatory neuron its bit, if it has one.
    bit: Vec<Option<u32>>,
    /// For each phase its patterns.
    counted: Vec<Option<Patterns>>,
    of: Vec<(String, usize)>,
    with: usize,
}

impl Measure for Counting {
    fn step(&mut self, seen: &Seen<'_>) {
        if seen.at < self.skip {
            return;
        }
        let spikes = seen.network.activity().spikes_e;
        let pattern = spikes.iter().filter_map(|n| self.bit[*n as usize]).fold(0, |p, bit| p | 1 << bit);
        if let Some(patterns) = &mut self.counted[seen.phase] {
            patterns.push(pattern);
        }
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let mut data = serde_json::Map::new();
        let Some(with) = &self.counted[self.with] else { return Ok(None) };
        for (name, index) in &self.of {
            let Some(of) = &self.counted[*index] else { continue };
            let divergence = pattern_divergence(of, with, 1.0)?;
            findings.put(&format!("divergence_{name}"), divergence);
            data.insert(name.clone(), json!({ "patterns": of.distinct(), "divergence": divergence }));
        }
        Ok(Some(Value::Object(data)))
    }
}
