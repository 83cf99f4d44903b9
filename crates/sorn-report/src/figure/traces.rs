//! Quantities over time, one line each.

use plotters::prelude::*;

use super::frame::{Axis, Chart, Frame, Swatch, Ticks};
use super::path::thin;
use super::scale::padded;
use super::style::{COLOURS, colour, px, stroke};
use super::{Figure, FigureError};
use crate::stats::StatsError;

/// One line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Name for the legend.
    pub name: String,
    /// Points (time, value), times ascending.
    pub points: Vec<(f64, f64)>,
}

/// How traces are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What runs to the right, with its unit.
    pub x_label: String,
    /// What is drawn, with its unit.
    pub y_label: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            x_label: "time (steps)".to_owned(),
            y_label: "value".to_owned(),
            width: 800,
            height: 420,
        }
    }
}

/// Draws lines over time: connection counts, Hamming distances, rates, thresholds. Long lines are thinned to
/// what the width can show, their peaks kept.
///
/// # Errors
/// [`FigureError`] where there is no point, a coordinate is not finite, times do not ascend, or the size is
/// not allowed.
pub fn traces(traces: &[Trace], options: &TraceOptions) -> Result<Figure, FigureError> {
    check(traces)?;
    let (first, last) = bounds(traces, |p| p.0);
    let frame = Frame {
        title: &options.title,
        legend: legend(traces),
        x: Axis {
            label: &options.x_label,
            range: if last > first { (first, last) } else { padded(first, last) },
            ticks: Ticks::Numbers,
        },
        y: y_axis(traces, &options.y_label),
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        draw(&mut frame.draw(area)?, traces, options.width as usize / 2)?;
        Ok(String::new())
    })
}

/// Refuses lines that cannot be drawn.
pub(super) fn check(traces: &[Trace]) -> Result<(), FigureError> {
    if traces.iter().all(|t| t.points.is_empty()) {
        return Err(FigureError::Empty("no trace has a point".to_owned()));
    }
    for trace in traces {
        let place = || format!("trace {:?}", trace.name);
        if let Some(index) = trace.points.iter().position(|p| !(p.0.is_finite() && p.1.is_finite())) {
            let (x, y) = trace.points[index];
            let value = if x.is_finite() { y } else { x };
            let source = StatsError::NotAllowed { argument: "points", index, value };
            return Err(FigureError::Data { place: place(), source });
        }
        if let Some(pair) = trace.points.windows(2).find(|pair| pair[0].0 > pair[1].0) {
            let (found, allowed) = (pair[1].0.to_string(), format!("{} or more", pair[0].0));
            return Err(FigureError::OutOfRange { place: format!("a time of {}", place()), found, allowed });
        }
    }
    Ok(())
}

fn bounds(traces: &[Trace], of: fn(&(f64, f64)) -> f64) -> (f64, f64) {
    let values = traces.iter().flat_map(|t| &t.points).map(of);
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
}

pub(super) fn legend(traces: &[Trace]) -> Vec<(Swatch, String)> {
    let swatch = |i| if i < COLOURS { Swatch::Line(colour(i)) } else { Swatch::Dashed(colour(i), 2.5) };
    let named = traces.iter().enumerate().filter(|(_, t)| !t.name.is_empty());
    named.map(|(i, t)| (swatch(i), t.name.clone())).collect()
}

pub(super) fn y_axis<'a>(traces: &[Trace], label: &'a str) -> Axis<'a> {
    let (low, high) = bounds(traces, |p| p.1);
    let whole = traces.iter().flat_map(|t| &t.points).all(|p| p.1.fract() == 0.0);
    let ticks = if whole { Ticks::Counts(f64::INFINITY) } else { Ticks::Numbers };
    Axis { label, range: padded(low, high), ticks }
}

/// Draws the lines, thinned to `columns` stretches.
pub(super) fn draw(chart: &mut Chart<'_, '_>, traces: &[Trace], columns: usize) -> Result<(), FigureError> {
    for (i, trace) in traces.iter().enumerate() {
        let points = thin(&trace.points, columns);
        let style = stroke(&colour(i), 1.5);
        match points[..] {
            [point] => chart.draw_series([Circle::new(point, px(4.0), colour(i).filled())]).map(|_| ()),
            _ if i < COLOURS => chart.draw_series([PathElement::new(points, style)]).map(|_| ()),
            _ => chart.draw_series(DashedLineSeries::new(points, px(6.0), px(4.0), style)).map(|_| ()),
        }
        .map_err(FigureError::drawing)?;
    }
    Ok(())
}
