//! The number of active excitatory neurons per step.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::StatsError;

use super::{Findings, Kind, Measure, Seen, Wrong, share};
use crate::dynamics::DynamicsTask;
use crate::npy::{NpyType, counts_array};

/// Steps that are kept for a figure of activity over time.
const TRACE: usize = 500;

/// Configuration of [`MeasureConfig::Activity`](super::MeasureConfig::Activity).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ActivityConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Whether the whole record is kept: `activity.npy`, a byte a step, two for more than 255 neurons.
    pub keep: bool,
}

impl Kind for ActivityConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, _: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        Ok(())
    }

    fn bytes_per_step(&self) -> u64 {
        if self.keep { 6 } else { 0 }
    }

    fn begin(&self, _: &DynamicsTask, params: &Params, _: u64) -> Box<dyn Measure> {
        Box::new(Activity {
            counts: vec![0; params.ne + 1],
            trace: Vec::new(),
            kept: self.keep.then(Vec::new),
        })
    }
}

struct Activity {
    /// Steps with 0, 1, 2, ... active neurons.
    counts: Vec<u64>,
    trace: Vec<u32>,
    kept: Option<Vec<u32>>,
}

impl Measure for Activity {
    fn step(&mut self, seen: &Seen<'_>) {
        let active = seen.active();
        self.counts[active] += 1;
        if self.trace.len() < TRACE {
            self.trace.push(active as u32);
        }
        if let Some(kept) = &mut self.kept {
            kept.push(active as u32);
        }
    }

    fn end(self: Box<Self>, network: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let steps: u64 = self.counts.iter().sum();
        let moment = |of: &dyn Fn(f64) -> f64| {
            let sum: f64 =
                self.counts.iter().enumerate().map(|(n, steps)| of(n as f64) * *steps as f64).sum();
            sum / steps.max(1) as f64
        };
        let mean = moment(&|n| n);
        let sd = moment(&|n| (n - mean).powi(2)).sqrt();
        findings.put("mean_activity", mean);
        findings.put("activity_sd", sd);
        findings.put("silent_share", share(self.counts[0], steps));
        let binomial = (mean * (1.0 - mean / network.ne() as f64)).sqrt();
        if binomial > 0.0 {
            findings.put("sd_over_binomial", sd / binomial);
        }
        if let Some(kept) = &self.kept {
            let kind = if network.ne() <= 255 { NpyType::U8 } else { NpyType::U16 };
            let file = findings.full("activity.npy");
            findings.files.push((file, counts_array(kept, kind)));
        }
        let counts: Vec<(usize, u64)> = self.counts.into_iter().enumerate().filter(|c| c.1 > 0).collect();
        Ok(Some(json!({ "neurons": network.ne(), "counts": counts, "trace": self.trace })))
    }
}
