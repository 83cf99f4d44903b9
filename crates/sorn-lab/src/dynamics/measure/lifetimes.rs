//! How long excitatory synapses live.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::{Alternative, StatsError, SynapseTracker, compare_power_law_counts, median};

use super::{Findings, Kind, Measure, Seen, Window, Wrong};
use crate::dynamics::DynamicsTask;

/// Points of the survival curve that are kept.
const POINTS: usize = 200;

/// Configuration of [`MeasureConfig::Lifetimes`](super::MeasureConfig::Lifetimes).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct LifetimeConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Steps from one look to the next: a life shorter than that may be missed, and lives are known up to it.
    pub every: u64,
    /// Between which lifetimes, in looks, the power law is fitted: `[min, max]` or `"search"`.
    pub looks: Window,
}

impl Default for LifetimeConfig {
    fn default() -> Self {
        let looks = Window::Searched(super::window::Search::Search);
        LifetimeConfig { name: None, phases: Vec::new(), every: 10, looks }
    }
}

impl Kind for LifetimeConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, _: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        if self.every == 0 {
            return Err(("every", "at least 1".into(), "0".into()));
        }
        self.looks.check("looks")
    }

    fn begin(&self, _: &DynamicsTask, _: &Params, _: u64) -> Box<dyn Measure> {
        Box::new(Lifetimes { config: self.clone(), tracker: None, problem: None })
    }
}

struct Lifetimes {
    config: LifetimeConfig,
    tracker: Option<SynapseTracker>,
    problem: Option<StatsError>,
}

impl Measure for Lifetimes {
    fn step(&mut self, seen: &Seen<'_>) {
        if !seen.at.is_multiple_of(self.config.every) {
            return;
        }
        let (step, wee) = (seen.network.steps(), seen.network.wee());
        match &mut self.tracker {
            None => self.tracker = Some(SynapseTracker::new(step, &wee)),
            Some(tracker) => {
                if let Err(error) = tracker.update(step, &wee) {
                    self.problem = Some(error);
                }
            }
        }
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let Some(tracker) = self.tracker else { return Ok(None) };
        let (lives, every) = (tracker.lifetimes(), self.config.every);
        let mut looks = BTreeMap::<u64, usize>::new();
        for life in &lives.ended {
            *looks.entry((life / every).max(1)).or_default() += 1;
        }
        let counts: Vec<(u64, usize)> = looks.into_iter().collect();
        let fit = self.config.looks.fit(&counts);
        let over = |alternative| {
            let fit = fit.as_ref().map_err(Clone::clone)?;
            let found = compare_power_law_counts(&counts, fit, alternative)?;
            Ok(found.ratio / fit.events as f64)
        };
        findings.try_put("lifetime_exponent", fit.clone().map(|fit| fit.exponent));
        findings.try_put("lifetime_ks", fit.clone().map(|fit| fit.distance));
        findings.try_put("lifetime_over_log_normal", over(Alternative::LogNormal));
        findings.try_put("lifetime_over_exponential", over(Alternative::Exponential));
        let ended: Vec<f64> = lives.ended.iter().map(|life| *life as f64).collect();
        findings.try_put("lifetime_median", median(&ended));
        if lives.initial > 0 {
            findings.put("survivors", lives.initial_alive as f64 / lives.initial as f64);
        }
        let survival = thinned(&lives.survival());
        Ok(Some(json!({ "every": every, "looks": counts, "survival": survival, "alive": lives.alive.len() })))
    }
}

/// Points spread evenly over the logarithm of time.
fn thinned(survival: &[(u64, f64)]) -> Vec<(u64, f64)> {
    let (Some(first), Some(last)) = (survival.first(), survival.last()) else { return Vec::new() };
    let factor = (last.0 as f64 / first.0.max(1) as f64).powf(1.0 / POINTS as f64);
    let (mut next, mut kept) = (0.0, Vec::new());
    for point in survival {
        if point.0 as f64 >= next {
            kept.push(*point);
            next = point.0 as f64 * factor;
        }
    }
    kept
}
