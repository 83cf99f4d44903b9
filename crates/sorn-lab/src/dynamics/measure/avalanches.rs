//! Avalanches and the power laws of their sizes and durations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sorn_core::rng::{below, stream};
use sorn_core::{Network, Params};
use sorn_report::stats::{
    Alternative, Interval, PowerLaw, StatsError, Threshold, avalanches, compare_power_law_counts, crackling,
    quantile,
};

use super::{Findings, Kind, Measure, Seen, Window, Wrong};
use crate::dynamics::DynamicsTask;

/// Resamples of the bootstrap over runs.
const RESAMPLES: usize = 200;

/// Configuration of [`MeasureConfig::Avalanches`](super::MeasureConfig::Avalanches).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AvalancheConfig {
    /// Name, with which its scores begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phases in which it looks on; all of them where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Rules for the threshold: `half_mean` (rounded), `half_mean_floor`, a percentile as `p25`, or a number in quotation marks.
    pub thresholds: Vec<String>,
    /// Between which sizes the power law is fitted: `[min, max]` or `"search"`.
    pub sizes: Window,
    /// Between which durations the power law is fitted, and the slope of the mean size.
    pub durations: Window,
    /// Only avalanches that begin within this number of steps of the record's start; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_steps: Option<u64>,
    /// A threshold as large as that of another measure of avalanches, by its name; its phases must be over before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_of: Option<String>,
}

impl Default for AvalancheConfig {
    fn default() -> Self {
        AvalancheConfig {
            name: None,
            phases: Vec::new(),
            thresholds: vec![Threshold::HalfMean.to_string()],
            sizes: Window::Searched(super::window::Search::Search),
            durations: Window::Searched(super::window::Search::Search),
            first_steps: None,
            threshold_of: None,
        }
    }
}

impl AvalancheConfig {
    fn rules(&self) -> Vec<Threshold> {
        self.thresholds.iter().filter_map(|rule| rule.parse().ok()).collect()
    }
}

impl Kind for AvalancheConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        self.phases.clone()
    }

    fn check(&self, task: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        if self.thresholds.is_empty() {
            return Err(("thresholds", "at least one rule".into(), "none".into()));
        }
        for (index, rule) in self.thresholds.iter().enumerate() {
            if let Err(error) = rule.parse::<Threshold>() {
                let expected =
                    error.strip_prefix("expected ").and_then(|e| e.split_once(", found ")).map(|e| e.0);
                let expected = expected.unwrap_or("a rule").to_string();
                return Err(("thresholds", expected, format!("{rule:?}")));
            }
            if self.thresholds[..index].contains(rule) {
                return Err(("thresholds", "each rule once".into(), format!("{rule:?} again")));
            }
        }
        if let Some(name) = &self.threshold_of {
            let last = |names: &[String]| match names.is_empty() {
                true => task.phases.len().checked_sub(1),
                false => names.iter().filter_map(|name| task.phase(name)).max(),
            };
            let other = task.measures.iter().find_map(|measure| match measure {
                super::MeasureConfig::Avalanches(other) if other.name.as_ref() == Some(name) => Some(other),
                _ => None,
            });
            if other.is_none_or(|other| last(&other.phases) >= last(&self.phases)) {
                let expected = "the name of a measure of avalanches whose phases end earlier";
                return Err(("threshold_of", expected.into(), format!("{name:?}")));
            }
        }
        self.sizes.check("sizes")?;
        self.durations.check("durations")
    }

    fn bytes_per_step(&self) -> u64 {
        10
    }

    fn begin(&self, task: &DynamicsTask, _: &Params, _: u64) -> Box<dyn Measure> {
        let steps: u64 = match self.phases.is_empty() {
            true => task.phases.iter().map(|phase| phase.steps).sum(),
            false => task.phases.iter().filter(|p| self.phases.contains(&p.name)).map(|p| p.steps).sum(),
        };
        let room = usize::try_from(steps).unwrap_or(0);
        Box::new(Avalanches { config: self.clone(), activity: Vec::with_capacity(room) })
    }

    fn pool(&self, data: &[&Value]) -> Result<BTreeMap<String, Interval>, String> {
        let mut pooled = BTreeMap::new();
        for (index, rule) in self.thresholds.iter().enumerate() {
            let suffix = if index == 0 { String::new() } else { format!("_{rule}") };
            let runs = read(data, rule)?;
            let all: Vec<&Counted> = runs.iter().collect();
            let whole = Laws::of(&merged(&all), self.sizes, self.durations);
            // Resamples keep the bounds that all the data gave.
            let kept = |fit: &Result<PowerLaw, StatsError>, window| match (fit, window) {
                (Ok(fit), Window::Searched(_)) => Window::Between([fit.min, fit.max.unwrap_or(u64::MAX)]),
                _ => window,
            };
            let (sizes, durations) = (kept(&whole.size, self.sizes), kept(&whole.duration, self.durations));
            let clipped: Vec<Counted> = runs.iter().map(|run| run.within(sizes, durations)).collect();
            let rng = &mut stream(0, "avalanches pooled over runs");
            let mut samples: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            for _ in 0..RESAMPLES {
                let drawn: Vec<&Counted> =
                    clipped.iter().map(|_| &clipped[below(rng, clipped.len() as u64) as usize]).collect();
                for (name, value) in Laws::of(&merged(&drawn), sizes, durations).scores() {
                    if let Ok(value) = value {
                        samples.entry(name.to_string()).or_default().push(value);
                    }
                }
            }
            for (name, value) in whole.scores() {
                let (Ok(value), Some(sample)) = (value, samples.get_mut(name)) else { continue };
                let end = |p: f64| quantile(sample, p).unwrap_or(value);
                let interval = Interval { value, low: end(0.025), high: end(0.975) };
                pooled.insert(format!("{name}{suffix}"), interval);
            }
        }
        Ok(pooled)
    }
}

struct Avalanches {
    config: AvalancheConfig,
    activity: Vec<u16>,
}

impl Measure for Avalanches {
    fn step(&mut self, seen: &Seen<'_>) {
        self.activity.push(seen.active().min(usize::from(u16::MAX)) as u16);
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let config = &self.config;
        let activity: Vec<u64> = self.activity.iter().map(|active| u64::from(*active)).collect();
        let given = config
            .threshold_of
            .as_ref()
            .and_then(|name| findings.scores.0.get(&format!("{name}_threshold")).copied());
        let mut data = BTreeMap::new();
        for (index, (rule, text)) in config.rules().into_iter().zip(&config.thresholds).enumerate() {
            let suffix = if index == 0 { String::new() } else { format!("_{text}") };
            let threshold = given.map_or_else(|| rule.of(&activity), Ok)?;
            let mut found = avalanches(&activity, threshold);
            if let Some(first) = config.first_steps {
                found.retain(|avalanche| avalanche.start < first);
            }
            let pairs = found.iter().map(|avalanche| (avalanche.duration, avalanche.size));
            let counted = Counted::of(pairs, activity.len() as u64, threshold);
            findings.put(&format!("threshold{suffix}"), threshold);
            for (name, value) in Laws::of(&counted, config.sizes, config.durations).scores() {
                findings.try_put(&format!("{name}{suffix}"), value);
            }
            data.insert(text.clone(), counted);
        }
        Ok(Some(serde_json::to_value(data).unwrap_or_else(|e| unreachable!("plain data: {e}"))))
    }
}

/// Avalanches of a run, counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counted {
    /// The threshold.
    threshold: f64,
    /// Steps of the record.
    steps: u64,
    /// Sizes that occur, ascending, and how often.
    sizes: Vec<(u64, usize)>,
    /// Durations that occur, ascending, how often, and the sum of their sizes.
    durations: Vec<(u64, usize, u64)>,
}

impl Counted {
    pub(super) fn of(pairs: impl Iterator<Item = (u64, u64)>, steps: u64, threshold: f64) -> Counted {
        let mut pairs: Vec<(u64, u64)> = pairs.collect();
        pairs.sort_unstable();
        let by_duration =
            |equal: &[(u64, u64)]| (equal[0].0, equal.len(), equal.iter().map(|pair| pair.1).sum());
        let durations = pairs.chunk_by(|a, b| a.0 == b.0).map(by_duration).collect();
        let mut sizes: Vec<u64> = pairs.iter().map(|pair| pair.1).collect();
        sizes.sort_unstable();
        let sizes = sizes.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len())).collect();
        Counted { threshold, steps, sizes, durations }
    }

    fn events(&self) -> u64 {
        self.durations.iter().map(|d| d.1 as u64).sum()
    }

    /// What a fit between fixed bounds looks at, and all durations for the number of events.
    fn within(&self, sizes: Window, durations: Window) -> Counted {
        let inside = |value: u64, window: Window| match window {
            Window::Between([min, max]) => value >= min && value <= max,
            Window::Searched(_) => true,
        };
        let mut clipped = self.clone();
        clipped.sizes.retain(|(size, _)| inside(*size, sizes));
        // Outside of the window only their number matters.
        let (kept, other): (Vec<_>, Vec<_>) = self.durations.iter().partition(|d| inside(d.0, durations));
        let outside = other.iter().map(|d: &(u64, usize, u64)| d.1).sum::<usize>();
        clipped.durations = kept;
        if outside > 0 {
            clipped.durations.insert(0, (0, outside, 0));
        }
        clipped
    }
}

/// The avalanches of runs together.
fn merged(runs: &[&Counted]) -> Counted {
    let (mut sizes, mut durations) = (BTreeMap::<u64, usize>::new(), BTreeMap::<u64, (usize, u64)>::new());
    for run in runs {
        run.sizes.iter().for_each(|(size, count)| *sizes.entry(*size).or_default() += count);
        for (duration, count, sum) in &run.durations {
            let entry = durations.entry(*duration).or_default();
            *entry = (entry.0 + count, entry.1 + sum);
        }
    }
    Counted {
        threshold: runs.first().map_or(0.0, |run| run.threshold),
        steps: runs.iter().map(|run| run.steps).sum(),
        sizes: sizes.into_iter().collect(),
        durations: durations.into_iter().map(|(d, (count, sum))| (d, count, sum)).collect(),
    }
}

/// The laws fitted to avalanches.
pub(super) struct Laws {
    size: Result<PowerLaw, StatsError>,
    duration: Result<PowerLaw, StatsError>,
    size_over: Result<f64, StatsError>,
    duration_over: Result<f64, StatsError>,
    relation: Result<sorn_report::stats::Crackling, StatsError>,
    events_per_step: f64,
}

impl Laws {
    pub(super) fn of(counted: &Counted, sizes: Window, durations: Window) -> Laws {
        let by_duration: Vec<(u64, usize)> =
            counted.durations.iter().filter(|d| d.0 > 0).map(|d| (d.0, d.1)).collect();
        let (size, duration) = (sizes.fit(&counted.sizes), durations.fit(&by_duration));
        let over = |counts: &[(u64, usize)], fit: &Result<PowerLaw, StatsError>| {
            let fit = fit.as_ref().map_err(Clone::clone)?;
            let found = compare_power_law_counts(counts, fit, Alternative::Exponential)?;
            Ok(found.ratio / fit.events as f64)
        };
        let relation = match (&size, &duration) {
            (Ok(size), Ok(duration)) => {
                let means: Vec<(u64, usize, f64)> = counted
                    .durations
                    .iter()
                    .filter(|d| d.0 > 0)
                    .map(|d| (d.0, d.1, d.2 as f64 / d.1 as f64))
                    .collect();
                crackling(&means, (duration.min, duration.max), duration.exponent, size.exponent)
            }
            (Err(error), _) | (_, Err(error)) => Err(error.clone()),
        };
        Laws {
            size_over: over(&counted.sizes, &size),
            duration_over: over(&by_duration, &duration),
            size,
            duration,
            relation,
            events_per_step: super::share(counted.events(), counted.steps),
        }
    }

    pub(super) fn scores(&self) -> Vec<(&'static str, Result<f64, StatsError>)> {
        let of = |fit: &Result<PowerLaw, StatsError>, value: fn(&PowerLaw) -> f64| {
            fit.as_ref().map(value).map_err(Clone::clone)
        };
        let relation = |value: fn(&sorn_report::stats::Crackling) -> f64| {
            self.relation.as_ref().map(value).map_err(Clone::clone)
        };
        vec![
            ("size_exponent", of(&self.size, |fit| fit.exponent)),
            ("duration_exponent", of(&self.duration, |fit| fit.exponent)),
            ("events_per_step", Ok(self.events_per_step)),
            ("size_ks", of(&self.size, |fit| fit.distance)),
            ("duration_ks", of(&self.duration, |fit| fit.distance)),
            ("size_over_exponential", self.size_over.clone()),
            ("duration_over_exponential", self.duration_over.clone()),
            ("size_slope", relation(|c| c.slope)),
            ("predicted_slope", relation(|c| c.predicted)),
            ("crackling_deviation", relation(|c| c.deviation)),
        ]
    }
}

fn read(data: &[&Value], rule: &str) -> Result<Vec<Counted>, String> {
    let one = |value: &&Value| {
        let value = value.get(rule).cloned().ok_or_else(|| format!("expected {rule:?}, found none"))?;
        serde_json::from_value(value).map_err(|e| e.to_string())
    };
    data.iter().map(one).collect()
}

/// The avalanches of all runs with the first threshold, for figures.
pub(in crate::dynamics) struct PooledAvalanches {
    /// Sizes and how often.
    pub(in crate::dynamics) sizes: Vec<(u64, usize)>,
    /// Durations and how often.
    pub(in crate::dynamics) durations: Vec<(u64, usize)>,
    /// Durations and mean sizes.
    pub(in crate::dynamics) means: Vec<(u64, f64)>,
    /// The law of sizes, if one could be fitted.
    pub(in crate::dynamics) size: Option<PowerLaw>,
    /// The law of durations.
    pub(in crate::dynamics) duration: Option<PowerLaw>,
}

/// All runs together.
pub(in crate::dynamics) fn pooled_for_figures(
    config: &AvalancheConfig,
    data: &[&Value],
) -> Result<PooledAvalanches, String> {
    let runs = read(data, &config.thresholds[0])?;
    let all = merged(&runs.iter().collect::<Vec<_>>());
    let laws = Laws::of(&all, config.sizes, config.durations);
    Ok(PooledAvalanches {
        durations: all.durations.iter().map(|d| (d.0, d.1)).collect(),
        means: all.durations.iter().map(|d| (d.0, d.2 as f64 / d.1 as f64)).collect(),
        sizes: all.sizes,
        size: laws.size.ok(),
        duration: laws.duration.ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_pooled_as_if_they_were_one() {
        let of = |seed: u64| {
            let pairs = (0..4000u64).map(move |i| {
                let duration = 1 + 4000 / (1 + (i * 7 + seed * 13) % 4000);
                (duration, duration * (1 + (i + seed) % 3))
            });
            Counted::of(pairs, 100_000, 10.0)
        };
        let runs: Vec<Counted> = (0..5).map(of).collect();
        let all = merged(&runs.iter().collect::<Vec<_>>());
        assert_eq!((all.events(), all.steps), (20_000, 500_000));
        let windows = (Window::Between([2, 500]), Window::Between([2, 300]));
        let whole = Laws::of(&all, windows.0, windows.1).scores();
        // What is left between the bounds gives the same numbers.
        let clipped: Vec<Counted> = runs.iter().map(|run| run.within(windows.0, windows.1)).collect();
        let again = Laws::of(&merged(&clipped.iter().collect::<Vec<_>>()), windows.0, windows.1).scores();
        assert_eq!(whole, again);
        let data: Vec<Value> = runs.iter().map(|run| serde_json::json!({ "half_mean": run })).collect();
        let config = AvalancheConfig { sizes: windows.0, durations: windows.1, ..AvalancheConfig::default() };
        let pooled = config.pool(&data.iter().collect::<Vec<_>>()).unwrap();
        for (name, value) in whole {
            let found = pooled[name];
            assert_eq!(found.value, value.unwrap(), "{name}");
            assert!(found.low <= found.value && found.value <= found.high, "{name}: {found:?}");
        }
    }
}
