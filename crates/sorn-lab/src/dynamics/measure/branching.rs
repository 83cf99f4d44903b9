//! The branching ratio.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::{StatsError, branching_ratio};

use super::{Findings, Kind, Measure, Seen, Wrong};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Branching`](super::MeasureConfig::Branching).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct BranchingConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Largest lag in steps, 2 or more.
    pub lags: usize,
}

impl Default for BranchingConfig {
    fn default() -> Self {
        BranchingConfig { name: None, phases: Vec::new(), lags: 50 }
    }
}

impl Kind for BranchingConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, _: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        match self.lags {
            2..=10_000 => Ok(()),
            other => Err(("lags", "2 to 10000".into(), other.to_string())),
        }
    }

    fn bytes_per_step(&self) -> u64 {
        18
    }

    fn begin(&self, _: &DynamicsTask, _: &Params, _: u64) -> Box<dyn Measure> {
        Box::new(Branching { lags: self.lags, activity: Vec::new() })
    }
}

struct Branching {
    lags: usize,
    activity: Vec<u16>,
}

impl Measure for Branching {
    fn step(&mut self, seen: &Seen<'_>) {
        self.activity.push(seen.active().min(usize::from(u16::MAX)) as u16);
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let activity: Vec<f64> = self.activity.iter().map(|active| f64::from(*active)).collect();
        match branching_ratio(&activity, self.lags) {
            Ok(found) => {
                findings.put("branching_ratio", found.ratio);
                findings.put("lag_one_slope", found.slopes[0]);
                Ok(Some(
                    json!({ "ratio": found.ratio, "amplitude": found.amplitude, "slopes": found.slopes }),
                ))
            }
            Err(error) => {
                findings.try_put("branching_ratio", Err(error));
                Ok(None)
            }
        }
    }
}
