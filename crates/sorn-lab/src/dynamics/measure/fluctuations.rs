//! How much excitatory weights change, by how large they are.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params, Synapses};
use sorn_report::stats::{StatsError, WeightChanges};

use super::{Findings, Kind, Measure, Seen, Wrong};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Fluctuations`](super::MeasureConfig::Fluctuations).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FluctuationConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Steps between the two looks, the later at the end.
    pub steps: u64,
    /// Only synapses whose weights are above this at both looks.
    pub above: f64,
}

impl Default for FluctuationConfig {
    fn default() -> Self {
        FluctuationConfig { name: None, phases: Vec::new(), steps: 3_000, above: 0.0 }
    }
}

impl Kind for FluctuationConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, task: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        if !(self.above >= 0.0 && self.above < 1.0) {
            return Err(("above", "at least 0 and below 1".into(), self.above.to_string()));
        }
        let last = task.phases.iter().rfind(|p| self.phases.is_empty() || self.phases.contains(&p.name));
        let most = last.map_or(0, |phase| phase.steps.saturating_sub(1));
        match (1..=most).contains(&self.steps) {
            true => Ok(()),
            false => {
                Err(("steps", format!("1 to {most}, within the last of its phases"), self.steps.to_string()))
            }
        }
    }

    fn begin(&self, task: &DynamicsTask, _: &Params, _: u64) -> Box<dyn Measure> {
        let phases = || task.phases.iter().enumerate();
        let looks = |name: &String| self.phases.is_empty() || self.phases.contains(name);
        let last = phases().rfind(|(_, phase)| looks(&phase.name));
        let (phase, at) =
            last.map_or((0, 0), |(index, phase)| (index, phase.steps.saturating_sub(self.steps + 1)));
        Box::new(Fluctuations { phase, at, above: self.above, before: None })
    }
}

struct Fluctuations {
    /// When the first look is taken.
    phase: usize,
    at: u64,
    above: f64,
    before: Option<Synapses>,
}

impl Measure for Fluctuations {
    fn step(&mut self, seen: &Seen<'_>) {
        if seen.phase == self.phase && seen.at == self.at {
            self.before = Some(seen.network.wee());
        }
    }

    fn end(self: Box<Self>, network: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let Some(before) = &self.before else { return Ok(None) };
        let changes = WeightChanges::between(before, &network.wee(), self.above)?;
        findings.try_put("change_correlation", changes.absolute_correlation());
        findings.try_put("relative_change_correlation", changes.relative_correlation());
        Ok(Some(json!({ "before": changes.before, "after": changes.after })))
    }
}
