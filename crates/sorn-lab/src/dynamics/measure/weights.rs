//! Excitatory weights at the end.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::{
    StatsError, WeightLaw, compare_log_normal, fit_log_normal, log_normal_distance, median,
};

use super::{Findings, Kind, Measure, Seen, Wrong};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Weights`](super::MeasureConfig::Weights).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WeightConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases at whose end it looks, the last of them; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Only weights above this: those that have just grown are no part of the distribution.
    pub above: f64,
}

impl Kind for WeightConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, _: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        match self.above >= 0.0 && self.above < 1.0 {
            true => Ok(()),
            false => Err(("above", "at least 0 and below 1".into(), self.above.to_string())),
        }
    }

    fn begin(&self, _: &DynamicsTask, _: &Params, _: u64) -> Box<dyn Measure> {
        Box::new(Weights { above: self.above })
    }
}

struct Weights {
    above: f64,
}

impl Measure for Weights {
    fn step(&mut self, _: &Seen<'_>) {}

    fn end(self: Box<Self>, network: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let weights: Vec<f64> =
            network.wee().weights.iter().copied().filter(|weight| *weight > self.above).collect();
        let fit = fit_log_normal(&weights);
        findings.try_put("weight_mu", fit.clone().map(|fit| fit.mu));
        findings.try_put("weight_sigma", fit.map(|fit| fit.sigma));
        findings.try_put("weight_ks", log_normal_distance(&weights));
        let n = weights.len() as f64;
        let over = |law| compare_log_normal(&weights, law).map(|found| found.ratio / n);
        findings.try_put("log_normal_over_normal", over(WeightLaw::Normal));
        findings.try_put("log_normal_over_exponential", over(WeightLaw::Exponential));
        let largest = weights.iter().copied().fold(0.0, f64::max);
        findings.try_put("weight_tail", median(&weights).map(|median| largest / median));
        Ok(Some(json!({ "above": self.above, "weights": weights })))
    }
}
