//! Avalanches at the onset of input.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sorn_core::{Network, Params};
use sorn_report::stats::{Interval, StatsError, Threshold, avalanches};
use sorn_sequence::Source;

use super::avalanches::{Counted, Laws};
use super::{AvalancheConfig, Findings, Kind, Measure, Seen, Window, Wrong};
use crate::dynamics::DynamicsTask;

/// Configuration of [`MeasureConfig::Onsets`](super::MeasureConfig::Onsets).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OnsetConfig {
    /// Name, with which its scores begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on.
    pub phases: Vec<String>,
    /// The source of the input that a copy gets; where absent a copy gets none, and does what the network will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Steps from one onset to the next.
    pub every: u64,
    /// Steps for which a copy is followed.
    #[serde(default = "followed")]
    pub steps: u64,
    /// Only avalanches that begin within this number of steps after the onset.
    #[serde(default = "first")]
    pub first_steps: u64,
    /// The rule for the threshold, of the activity of the network itself in the phases.
    #[serde(default = "half_mean")]
    pub threshold: String,
    /// Between which sizes the power law is fitted: `[min, max]` or `"search"`.
    pub sizes: Window,
    /// Between which durations the power law is fitted.
    pub durations: Window,
}

fn followed() -> u64 {
    200
}

fn first() -> u64 {
    20
}

fn half_mean() -> String {
    Threshold::HalfMean.to_string()
}

impl Kind for OnsetConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, task: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        if let Some(input) = self.input.as_ref().filter(|input| !task.sources.contains_key(*input)) {
            let known: Vec<&str> = task.sources.keys().map(String::as_str).collect();
            return Err((
                "input",
                format!("a source of task.sources ({})", known.join(", ")),
                format!("{input:?}"),
            ));
        }
        let at_least = |key, value: u64, least: u64| match value >= least {
            true => Ok(()),
            false => Err((key, format!("at least {least}"), value.to_string())),
        };
        at_least("every", self.every, 1)?;
        at_least("first_steps", self.first_steps, 1)?;
        at_least("steps", self.steps, self.first_steps + 1)?;
        if self.threshold.parse::<Threshold>().is_err() {
            let expected = "half_mean, half_mean_floor, a percentile as p25, or a number in quotation marks";
            return Err(("threshold", expected.into(), format!("{:?}", self.threshold)));
        }
        self.sizes.check("sizes")?;
        self.durations.check("durations")
    }

    fn bytes_per_step(&self) -> u64 {
        10
    }

    fn begin(&self, task: &DynamicsTask, _: &Params, seed: u64) -> Box<dyn Measure> {
        let opened = task.open_sources(seed).ok();
        let source = opened.zip(self.input.as_ref()).and_then(|((mut sources, symbols), name)| {
            let source = sources.remove(name)?;
            let place = |symbol: &String| symbols.iter().position(|known| known == symbol);
            let places = source.symbols().iter().map(place).collect();
            Some((source, places))
        });
        Box::new(Onsets {
            config: self.clone(),
            source,
            failed: false,
            activity: Vec::new(),
            traces: Vec::new(),
        })
    }

    fn pool(&self, data: &[&Value]) -> Result<BTreeMap<String, Interval>, String> {
        let config = AvalancheConfig {
            thresholds: vec![self.threshold.clone()],
            sizes: self.sizes,
            durations: self.durations,
            ..AvalancheConfig::default()
        };
        let mut pooled = Kind::pool(&config, data)?;
        pooled.retain(|name, _| wanted(name));
        Ok(pooled)
    }
}

/// Scores that onsets have: with few long avalanches the mean size by duration says little.
fn wanted(name: &str) -> bool {
    !["size_slope", "predicted_slope", "crackling_deviation"].contains(&name)
}

struct Onsets {
    config: OnsetConfig,
    /// The source, and the input of the network for each of its symbols, none for a pause.
    source: Option<(Source, Vec<Option<usize>>)>,
    /// Whether the source, one of one's own, failed.
    failed: bool,
    activity: Vec<u16>,
    /// The activity of each copy, from the step before its input on.
    traces: Vec<Vec<u64>>,
}

impl Measure for Onsets {
    fn step(&mut self, seen: &Seen<'_>) {
        let active = seen.active();
        self.activity.push(active.min(usize::from(u16::MAX)) as u16);
        if !(self.activity.len() as u64).is_multiple_of(self.config.every) {
            return;
        }
        let mut copy = seen.network.clone();
        let mut input = vec![0.0; copy.params().input_len()];
        let mut trace = vec![active as u64];
        for _ in 0..self.config.steps {
            if let Some((source, places)) = &mut self.source {
                input.fill(0.0);
                if let Some(place) = places[source.item().symbol as usize] {
                    input[place] = 1.0;
                }
                self.failed |= source.advance().is_err();
            }
            if let Ok(activity) = copy.step(&input) {
                trace.push(activity.spikes_e.len() as u64);
            }
        }
        self.traces.push(trace);
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        if self.failed {
            return Err(StatsError::Undefined("the source failed"));
        }
        let config = &self.config;
        let activity: Vec<u64> = self.activity.iter().map(|active| u64::from(*active)).collect();
        let rule: Threshold = config.threshold.parse().unwrap_or(Threshold::HalfMean);
        let threshold = rule.of(&activity)?;
        let begun = self.traces.iter().flat_map(|trace| {
            // The first value is of the step before.
            avalanches(trace, threshold).into_iter().filter(|found| found.start <= config.first_steps)
        });
        let pairs: Vec<(u64, u64)> = begun.map(|found| (found.duration, found.size)).collect();
        let steps = self.traces.len() as u64 * config.first_steps;
        let counted = Counted::of(pairs.into_iter(), steps, threshold);
        findings.put("threshold", threshold);
        for (name, value) in Laws::of(&counted, config.sizes, config.durations).scores() {
            if wanted(name) {
                findings.try_put(name, value);
            }
        }
        let data = BTreeMap::from([(config.threshold.clone(), counted)]);
        Ok(Some(serde_json::to_value(data).unwrap_or_else(|e| unreachable!("plain data: {e}"))))
    }
}
