//! Figures of what the neurons do.

use sorn_report::figure::{
    Figure, FigureError, Fit, GraphOptions, HistogramOptions, MatrixOptions, Panel, RasterGroup,
    RasterOptions, SpikeMark, TailOptions, TimelineOptions, Trace, TraceOptions, graph, histogram, matrix,
    raster, tail, timeline, traces,
};
use sorn_report::stats::{
    Avalanche, StatsError, Threshold, avalanches, choose_min, correlations, hamming_distance, intervals,
    quantile, rate,
};

use super::{Spikes, Subject};
use crate::{Replay, RunDir};

/// More steps make no better raster.
const SHOWN: u64 = 1000;
/// A panel with more lines has no legend.
const NAMED: usize = 6;

type Drawn = Result<Figure, FigureError>;

pub(super) fn episode(run: &RunDir, replay: &Replay) -> Drawn {
    let of = format!("an episode of {}, greedy policy", run.experiment().env.id);
    timeline_of(
        replay,
        format!("{}, seed {}: {of}", run.experiment().name, run.experiment().run.seed),
        (900, 760),
    )
}

pub(super) fn spikes(run: &Subject, found: &Spikes) -> Drawn {
    marked(run, found, SpikeMark::Line)
}

pub(super) fn dots(run: &Subject, found: &Spikes) -> Drawn {
    marked(run, found, SpikeMark::Dot)
}

fn marked(run: &Subject, found: &Spikes, mark: SpikeMark) -> Drawn {
    let (title, steps) = (run.title(&format!("spikes{}", found.of)), 0..found.steps.min(SHOWN));
    raster(&groups(found), &RasterOptions { title, steps, mark, ..Default::default() })
}

pub(super) fn firing_rates(run: &Subject, found: &Spikes) -> Drawn {
    let options = HistogramOptions {
        title: run.title("firing rates"),
        x_label: "firing rate (spikes per step)".to_owned(),
        bins: Some(25),
        ..Default::default()
    };
    let trains = found.trains();
    let rates: Result<Vec<f64>, StatsError> = trains.iter().map(|train| rate(train, found.steps)).collect();
    histogram(&rates.map_err(data("firing rates"))?, &options)
}

pub(super) fn active(run: &Subject, found: &Spikes) -> Drawn {
    line(run.title("activity"), "active neurons", found.activity().iter().map(|&n| n as f64))
}

pub(super) fn distance(run: &Subject, found: &Spikes) -> Drawn {
    let (trains, steps) = (found.trains(), found.steps);
    let (now, next) = (trains.between(0..steps.saturating_sub(1)), trains.between(1..steps));
    let distances = hamming_distance(&now, &next).map_err(data("Hamming distance"))?;
    let distances = distances.iter().map(|&n| n as f64);
    line(run.title("Hamming distance from step to step"), "neurons that differ", distances)
}

pub(super) fn between_spikes(run: &Subject, found: &Spikes) -> Drawn {
    let trains = found.trains();
    let all: Vec<f64> = trains.iter().flat_map(intervals).map(|interval| interval as f64).collect();
    let (shown, x_label) = without_tail(all, "interval (steps)");
    let title = run.title("inter-spike intervals");
    let options = HistogramOptions { title, x_label, fit: Some(Fit::Exponential), ..Default::default() };
    histogram(&shown, &options)
}

pub(super) fn correlation_matrix(run: &Subject, found: &Spikes) -> Drawn {
    let options = MatrixOptions {
        title: run.title("correlations"),
        x_label: "neuron".to_owned(),
        y_label: "neuron".to_owned(),
        range: Some((-1.0, 1.0)),
        ..Default::default()
    };
    matrix(&correlated(found)?, found.neurons.0 as usize, &options)
}

pub(super) fn network(run: &Subject, found: &Spikes) -> Drawn {
    let options =
        GraphOptions { title: run.title("correlated neurons"), threshold: 0.3, ..Default::default() };
    graph(&correlated(found)?, found.neurons.0 as usize, &options)
}

pub(super) fn avalanche_sizes(run: &Subject, found: &Spikes) -> Drawn {
    tail_of(run, found, "avalanche sizes", "size (spikes", |avalanche| avalanche.size)
}

pub(super) fn avalanche_durations(run: &Subject, found: &Spikes) -> Drawn {
    tail_of(run, found, "avalanche durations", "duration (steps", |avalanche| avalanche.duration)
}

fn tail_of(run: &Subject, found: &Spikes, what: &str, unit: &str, of: fn(&Avalanche) -> u64) -> Drawn {
    let activity = found.activity();
    let half = Threshold::HalfMean.of(&activity).map_err(data("avalanches"))?;
    let events = avalanches(&activity, half);
    if events.is_empty() {
        let why =
            format!("no avalanche: the activity does not rise from {half}, half its mean, and fall back");
        return Err(FigureError::Empty(why));
    }
    let values: Vec<u64> = events.iter().map(of).collect();
    let (title, x_label) = (run.title(what), format!("{unit} above {half}, half the mean)"));
    // Too few for a fit are drawn without. A bound far out in the tail would describe the largest events alone.
    let fit = choose_min(&values, None, (values.len() / 10).max(10)).ok();
    tail(&values, fit.as_ref(), &TailOptions { title, x_label, ..Default::default() })
}

/// Observation, action, reward, value and spikes of the first episode, at most 1,000 steps of it.
pub(super) fn timeline_of(
    replay: &Replay,
    title: String,
    (width, height): (u32, u32),
) -> Result<Figure, FigureError> {
    let steps = replay.ends.first().copied().unwrap_or(replay.steps()).min(SHOWN);
    let points = |values: &[f64]| -> Vec<(f64, f64)> {
        values.iter().take(steps as usize).enumerate().map(|(t, v)| (t as f64, *v)).collect()
    };
    let panel = |label: &str, columns: &[Vec<f64>]| Panel {
        y_label: label.to_owned(),
        traces: columns
            .iter()
            .enumerate()
            .map(|(i, column)| {
                let named = columns.len() > 1 && columns.len() <= NAMED;
                let name = if named { format!("{label} {i}") } else { String::new() };
                Trace { name, points: points(column) }
            })
            .collect(),
    };
    let rewards = std::slice::from_ref(&replay.rewards);
    let values = std::slice::from_ref(&replay.values);
    let constant = replay.rewards.iter().take(steps as usize).all(|r| *r == replay.rewards[0]);
    let mut panels = vec![panel("observation", &replay.observations)];
    if !replay.actions.is_empty() {
        panels.push(panel("action", &replay.actions));
    }
    // A reward that is always the same says nothing.
    if !constant {
        panels.push(panel("reward", rewards));
    }
    if !replay.values.is_empty() {
        panels.push(panel("value", values));
    }
    timeline(
        &panels,
        &groups(&Spikes::of(replay)),
        &TimelineOptions { title, steps: 0..steps, width, height },
    )
}

fn groups(found: &Spikes) -> Vec<RasterGroup> {
    let group = |name: &str, neurons, spikes: &[(u64, u32)]| RasterGroup {
        name: name.to_owned(),
        neurons,
        spikes: spikes.to_vec(),
    };
    let mut groups = vec![group("excitatory", found.neurons.0, &found.excitatory)];
    if found.neurons.1 > 0 {
        groups.push(group("inhibitory", found.neurons.1, &found.inhibitory));
    }
    groups
}

/// The matrix of correlations, row after row; NaN where a neuron is silent or never silent.
fn correlated(found: &Spikes) -> Result<Vec<f64>, FigureError> {
    let matrix = correlations(&found.trains(), 1).map_err(data("correlations"))?;
    let n = found.neurons.0 as usize;
    Ok((0..n * n).map(|i| matrix.get(i / n, i % n).unwrap_or(f64::NAN)).collect())
}

/// The values without the hundredth that would leave no room for the rest, and the axis' label, which tells of those.
fn without_tail(values: Vec<f64>, label: &str) -> (Vec<f64>, String) {
    let most = quantile(&values, 0.99).unwrap_or(f64::INFINITY);
    let (shown, tail): (Vec<f64>, Vec<f64>) = values.iter().partition(|value| **value <= most);
    if tail.iter().all(|value| *value <= 3.0 * most) {
        return (values, label.to_owned());
    }
    let label = format!("{label}; {} of more than {most:.0} not shown", tail.len());
    (shown, label)
}

fn line(title: String, y_label: &str, values: impl Iterator<Item = f64>) -> Result<Figure, FigureError> {
    let points = values.enumerate().map(|(t, v)| (t as f64, v)).collect();
    let options = TraceOptions { title, y_label: y_label.to_owned(), ..Default::default() };
    traces(&[Trace { name: String::new(), points }], &options)
}

fn data(place: &str) -> impl Fn(StatsError) -> FigureError {
    let place = place.to_owned();
    move |source| FigureError::Data { place: place.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::without_tail;

    #[test]
    fn a_long_tail_is_told_instead_of_drawn() {
        let mut values: Vec<f64> = (0..990).map(|i| f64::from(i % 10)).collect();
        assert_eq!(without_tail(values.clone(), "interval"), (values.clone(), "interval".to_owned()));
        values.extend([500.0; 9]);
        let (shown, label) = without_tail(values, "interval");
        assert_eq!((shown.len(), label.as_str()), (990, "interval; 9 of more than 9 not shown"));
        assert_eq!(without_tail(Vec::new(), "interval"), (Vec::new(), "interval".to_owned()));
        assert_eq!(without_tail(vec![7.0], "interval").0, [7.0]);
    }
}
