//! Inter-spike intervals of excitatory neurons.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::StatsError;

use super::{Findings, Kind, Measure, Seen, Wrong};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Intervals`](super::MeasureConfig::Intervals).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct IntervalConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Longest interval of the exponential.
    pub most: usize,
}

impl Default for IntervalConfig {
    fn default() -> Self {
        IntervalConfig { name: None, phases: Vec::new(), most: 50 }
    }
}

impl Kind for IntervalConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, _: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        match self.most {
            3..=100_000 => Ok(()),
            other => Err(("most", "3 to 100000".into(), other.to_string())),
        }
    }

    fn begin(&self, _: &DynamicsTask, params: &Params, _: u64) -> Box<dyn Measure> {
        let neurons = vec![Train::default(); params.ne];
        Box::new(Intervals { counts: vec![0; self.most + 1], neurons, time: 0 })
    }
}

/// The intervals of a neuron so far.
#[derive(Clone, Default)]
struct Train {
    last: Option<u64>,
    number: f64,
    sum: f64,
    squares: f64,
}

struct Intervals {
    /// Intervals of 0, 1, 2, ... steps.
    counts: Vec<u64>,
    neurons: Vec<Train>,
    time: u64,
}

impl Measure for Intervals {
    fn step(&mut self, seen: &Seen<'_>) {
        self.time += 1;
        for neuron in seen.network.activity().spikes_e {
            let train = &mut self.neurons[*neuron as usize];
            if let Some(last) = train.last.replace(self.time) {
                let interval = self.time - last;
                (train.number, train.sum) = (train.number + 1.0, train.sum + interval as f64);
                train.squares += (interval as f64).powi(2);
                if let Some(count) = self.counts.get_mut(interval as usize) {
                    *count += 1;
                }
            }
        }
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let cv = |train: &Train| {
            let mean = train.sum / train.number;
            (train.squares / train.number - mean * mean).max(0.0).sqrt() / mean
        };
        let all: Vec<f64> = self.neurons.iter().filter(|train| train.number >= 2.0).map(cv).collect();
        if !all.is_empty() {
            findings.put("interval_cv", all.iter().sum::<f64>() / all.len() as f64);
        }
        let points: Vec<(f64, f64)> = (1..self.counts.len())
            .filter(|k| self.counts[*k] > 0)
            .map(|k| (k as f64, (self.counts[k] as f64).ln()))
            .collect();
        if points.len() >= 3 {
            let n = points.len() as f64;
            let (x, y) =
                (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
            let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| of(p.0 - x, p.1 - y)).sum::<f64>();
            let (xx, xy, yy) = (sum(&|a, _| a * a), sum(&|a, b| a * b), sum(&|_, b| b * b));
            findings.put("interval_rate", -xy / xx);
            findings.put("interval_r2", if yy > 0.0 { xy * xy / (xx * yy) } else { 0.0 });
        }
        Ok(Some(json!({ "counts": self.counts })))
    }
}
