//! Figures of tasks of dynamics: one command each, over all seeds and arms.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sorn_report::figure::{
    Figure, FigureError, Fit, HistogramOptions, Tail, TailOptions, Trace, TraceOptions, histogram, tails,
    traces,
};

use super::measure::{MeasureConfig, PooledAvalanches, pooled_for_figures};
use super::{DynamicsTask, run};
use crate::files::{create_dir, write_whole};
use crate::task::TaskSweep;
use crate::{FigureKind, LabError};

/// A reader cannot tell more lines apart.
const LINES: usize = 8;

/// What one arm has: its label, and the data of one measure of each of its runs.
struct ArmData {
    label: String,
    config: MeasureConfig,
    runs: Vec<Value>,
}

/// How a figure of a task of dynamics is drawn: the kind of the measure that it shows, and of the data of each arm and the name of the
/// experiment the figure.
pub(crate) struct OfDynamics {
    measure: &'static str,
    draw: fn(&[ArmData], &str) -> Drawn,
}

/// A figure, or why the data is none.
type Drawn = Result<Result<Figure, FigureError>, String>;

/// How each figure is drawn.
pub(crate) mod of {
    use super::{
        OfDynamics, activity, activity_distribution, connections, durations, lifetimes, mean_sizes, sizes,
        weights,
    };

    pub(crate) const ACTIVITY: OfDynamics = OfDynamics { measure: "activity", draw: activity };
    pub(crate) const ACTIVITY_DISTRIBUTION: OfDynamics =
        OfDynamics { measure: "activity", draw: activity_distribution };
    pub(crate) const AVALANCHE_SIZES: OfDynamics = OfDynamics { measure: "avalanches", draw: sizes };
    pub(crate) const AVALANCHE_DURATIONS: OfDynamics = OfDynamics { measure: "avalanches", draw: durations };
    pub(crate) const AVALANCHE_MEAN_SIZES: OfDynamics =
        OfDynamics { measure: "avalanches", draw: mean_sizes };
    pub(crate) const CONNECTIONS: OfDynamics = OfDynamics { measure: "connections", draw: connections };
    pub(crate) const LIFETIMES: OfDynamics = OfDynamics { measure: "lifetimes", draw: lifetimes };
    pub(crate) const WEIGHTS: OfDynamics = OfDynamics { measure: "weights", draw: weights };
}

/// Draws a figure of the task of dynamics in `dir` as `figures/KIND.svg` and `.png` in it; gives the SVG's path.
///
/// # Errors
/// [`LabError`] if `dir` holds no finished task, nothing of the figure was measured, or there is nothing to draw.
pub fn draw_dynamics(dir: &Path, kind: FigureKind) -> Result<PathBuf, LabError> {
    let figure = picture(dir, kind)?;
    let failed = |e: FigureError| LabError::directory(dir, format!("{kind}: {e}"));
    let folder = dir.join("figures");
    create_dir(&folder)?;
    let svg = folder.join(format!("{kind}.svg"));
    write_whole(&folder.join(format!("{kind}.png")), &figure.png(1.0).map_err(failed)?)?;
    write_whole(&svg, figure.svg().as_bytes())?;
    Ok(svg)
}

/// The figures that the measures of a task give.
pub(crate) fn kinds(task: &DynamicsTask) -> impl Iterator<Item = FigureKind> + '_ {
    let measured = |of: OfDynamics| task.measures.iter().any(|measure| measure.kind() == of.measure);
    FigureKind::ALL.iter().copied().filter(move |kind| kind.of_dynamics().is_some_and(measured))
}

/// A figure of the task of dynamics in `dir`.
pub(crate) fn picture(dir: &Path, kind: FigureKind) -> Result<Figure, LabError> {
    let Some(of) = kind.of_dynamics() else {
        let drawn =
            FigureKind::ALL.iter().filter(|kind| kind.of_dynamics().is_some() || kind.of_task().is_some());
        let names: Vec<&str> = drawn.map(|kind| kind.name()).collect();
        let reason = format!("is a task of dynamics: expected one of {}, found {kind}", names.join(", "));
        return Err(LabError::directory(dir, reason));
    };
    let sweep: TaskSweep<DynamicsTask> = TaskSweep::read(dir)?;
    let arms = data(&sweep, of.measure)?;
    if arms.is_empty() {
        let reason =
            format!("{kind}: expected a measure of kind {:?} in the experiment, found none", of.measure);
        return Err(LabError::directory(dir, reason));
    }
    let failed = |reason: String| LabError::directory(dir, format!("{kind}: {reason}"));
    (of.draw)(&arms, &sweep.experiment().name).map_err(failed)?.map_err(|e| failed(e.to_string()))
}

fn activity(arms: &[ArmData], name: &str) -> Drawn {
    Ok(lines(arms, name, ("step", "active neurons"), |run| {
        let trace = run["trace"].as_array().map_or(&[][..], Vec::as_slice);
        trace.iter().enumerate().map(|(t, n)| (t as f64, n.as_f64().unwrap_or(0.0))).collect()
    }))
}

fn activity_distribution(arms: &[ArmData], name: &str) -> Drawn {
    Ok(lines(arms, name, ("active neurons", "share of the steps"), |run| {
        let counts = pairs(&run["counts"]);
        let total: f64 = counts.iter().map(|c| c.1).sum();
        counts.into_iter().map(|(active, steps)| (active, steps / total)).collect()
    }))
}

fn connections(arms: &[ArmData], name: &str) -> Drawn {
    Ok(lines(arms, name, ("step", "share of possible connections"), |run| {
        let possible = run["possible"].as_f64().unwrap_or(1.0);
        pairs(&run["synapses"]).into_iter().map(|(step, n)| (step, n / possible)).collect()
    }))
}

fn lifetimes(arms: &[ArmData], name: &str) -> Drawn {
    let labels = ("log10 of the lifetime (steps)", "log10 of the share that lives longer");
    Ok(lines(arms, name, labels, |run| {
        let alive = pairs(&run["survival"]).into_iter().filter(|p| p.0 > 0.0 && p.1 > 0.0);
        alive.map(|(time, share)| (time.log10(), share.log10())).collect()
    }))
}

/// The data of the first measure of the figure's kind in each arm. An arm with several shows each.
fn data(sweep: &TaskSweep<DynamicsTask>, measure: &str) -> Result<Vec<ArmData>, LabError> {
    let mut arms = Vec::new();
    for (dir, arm) in sweep.arms()? {
        let shown: Vec<&MeasureConfig> =
            arm.experiment.task.measures.iter().filter(|config| config.kind() == measure).collect();
        if shown.is_empty() {
            continue;
        }
        let runs: Vec<run::Data> =
            sweep.runs(&dir).iter().map(|run| run::read_data(run)).collect::<Result<_, _>>()?;
        for config in &shown {
            let label = match shown.len() {
                1 => arm.label.clone(),
                _ => format!("{} {}", arm.label, config.label()),
            };
            let runs = runs.iter().filter_map(|run| run.get(&config.label()).cloned()).collect();
            arms.push(ArmData { label, config: (*config).clone(), runs });
        }
    }
    Ok(arms)
}

/// The avalanches of each arm, pooled over its runs.
fn pooled(arms: &[ArmData]) -> Result<Vec<(String, PooledAvalanches)>, String> {
    let mut drawn = Vec::new();
    for arm in arms {
        let MeasureConfig::Avalanches(config) = &arm.config else { continue };
        let label = if arms.len() == 1 { String::new() } else { arm.label.clone() };
        drawn.push((label, pooled_for_figures(config, &arm.runs.iter().collect::<Vec<_>>())?));
    }
    Ok(drawn)
}

fn mean_sizes(arms: &[ArmData], name: &str) -> Drawn {
    let lines: Vec<Trace> = pooled(arms)?
        .into_iter()
        .map(|(name, found)| {
            let points = found.means.into_iter().filter(|m| m.0 > 0 && m.1 > 0.0);
            Trace { name, points: points.map(|(d, s)| ((d as f64).log10(), s.log10())).collect() }
        })
        .collect();
    let options = TraceOptions {
        title: format!("{name}: mean size of avalanches by duration"),
        x_label: "log10 of the duration (steps)".into(),
        y_label: "log10 of the mean size".into(),
        ..TraceOptions::default()
    };
    Ok(traces(&lines, &options))
}

fn sizes(arms: &[ArmData], name: &str) -> Drawn {
    let tail =
        |(name, found): (String, PooledAvalanches)| Tail { name, counts: found.sizes, fit: found.size };
    tails_of(
        pooled(arms)?.into_iter().map(tail).collect(),
        format!("{name}: avalanche sizes"),
        "size (spikes)",
    )
}

fn durations(arms: &[ArmData], name: &str) -> Drawn {
    let tail = |(name, found): (String, PooledAvalanches)| Tail {
        name,
        counts: found.durations,
        fit: found.duration,
    };
    let title = format!("{name}: avalanche durations");
    tails_of(pooled(arms)?.into_iter().map(tail).collect(), title, "duration (steps)")
}

fn tails_of(series: Vec<Tail>, title: String, unit: &str) -> Drawn {
    let options = TailOptions {
        title,
        x_label: unit.into(),
        height: 420 + 20 * u32::try_from(series.len().saturating_sub(1).min(20)).unwrap_or(0),
        ..TailOptions::default()
    };
    Ok(tails(&series, &options))
}

/// Of the first arm.
fn weights(arms: &[ArmData], name: &str) -> Drawn {
    let of = |run: &Value| -> Vec<f64> {
        run["weights"]
            .as_array()
            .map_or_else(Vec::new, |list| list.iter().filter_map(Value::as_f64).collect())
    };
    let weights: Vec<f64> = arms.iter().take(1).flat_map(|arm| &arm.runs).flat_map(of).collect();
    let options = HistogramOptions {
        title: format!("{name}: E-to-E weights"),
        x_label: "weight".into(),
        fit: Some(Fit::LogNormal),
        log: true,
        ..HistogramOptions::default()
    };
    Ok(histogram(&weights, &options))
}

/// A line per run of the only arm, or per arm its first run.
fn lines(
    arms: &[ArmData],
    name: &str,
    (x_label, y_label): (&str, &str),
    points: impl Fn(&Value) -> Vec<(f64, f64)>,
) -> Result<Figure, FigureError> {
    let one = |name: String, run: &Value| Trace { name, points: points(run) };
    let drawn: Vec<Trace> = match arms {
        [arm] => arm.runs.iter().take(LINES).map(|run| one(String::new(), run)).collect(),
        _ => arms.iter().filter_map(|arm| arm.runs.first().map(|run| one(arm.label.clone(), run))).collect(),
    };
    let options = TraceOptions {
        title: name.into(),
        x_label: x_label.into(),
        y_label: y_label.into(),
        ..TraceOptions::default()
    };
    traces(&drawn, &options)
}

/// Pairs of numbers.
fn pairs(value: &Value) -> Vec<(f64, f64)> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|pair| Some((pair.get(0)?.as_f64()?, pair.get(1)?.as_f64()?))).collect()
}
