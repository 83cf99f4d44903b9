//! The number of excitatory synapses over time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::StatsError;

use super::{Findings, Kind, Measure, Seen, Wrong};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Connections`](super::MeasureConfig::Connections).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Steps from one look to the next.
    pub every: u64,
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        ConnectionConfig { name: None, phases: Vec::new(), every: 5_000 }
    }
}

impl Kind for ConnectionConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, _: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        match self.every {
            0 => Err(("every", "at least 1".into(), "0".into())),
            _ => Ok(()),
        }
    }

    fn begin(&self, _: &DynamicsTask, _: &Params, _: u64) -> Box<dyn Measure> {
        Box::new(Connections { every: self.every, seen: Vec::new() })
    }
}

struct Connections {
    every: u64,
    /// Steps of the network and numbers of synapses.
    seen: Vec<(u64, usize)>,
}

impl Measure for Connections {
    fn step(&mut self, seen: &Seen<'_>) {
        if seen.at.is_multiple_of(self.every) {
            self.seen.push((seen.network.steps(), seen.network.ee_connections()));
        }
    }

    fn end(
        mut self: Box<Self>,
        network: &Network,
        findings: &mut Findings,
    ) -> Result<Option<Value>, StatsError> {
        self.seen.push((network.steps(), network.ee_connections()));
        let possible = (network.ne() * (network.ne() - 1)) as f64;
        let fraction = |synapses: usize| synapses as f64 / possible;
        let last = network.ee_connections();
        findings.put("connection_fraction", fraction(last));
        if let Some((step, least)) = self.seen.iter().min_by_key(|seen| seen.1) {
            findings.put("least_fraction", fraction(*least));
            findings.put("least_at", *step as f64);
        }
        if let Some((_, early)) = self.seen.get(self.seen.len() * 2 / 5).filter(|_| last > 0) {
            findings.put("plateau", *early as f64 / last as f64);
        }
        let health = network.health();
        findings.put("without_inhibition", health.without_inhibition as f64);
        findings.put("without_excitation", health.without_excitation as f64);
        Ok(Some(json!({ "possible": possible, "synapses": self.seen })))
    }
}
