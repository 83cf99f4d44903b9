//! Several quantities and the spikes over one time axis: an agent's episode.

use std::ops::Range;

use super::frame::{Axis, Frame, Ticks, draw_head, legend_height, pixels};
use super::raster::{self, RasterGroup, SpikeMark};
use super::style::px;
use super::traces::{self, Trace};
use super::{Figure, FigureError};

/// Lines that share a vertical axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What is drawn, with its unit.
    pub y_label: String,
    /// The lines; times are steps.
    pub traces: Vec<Trace>,
}

/// How a timeline is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// The steps to show.
    pub steps: Range<u64>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels, 130 or more for each panel and for the spikes.
    pub height: u32,
}

impl Default for TimelineOptions {
    fn default() -> Self {
        Self { title: String::new(), steps: 0..500, width: 900, height: 720 }
    }
}

/// Least height of a panel in pixels.
const LEAST: u32 = 130;

/// Draws panels one above the other over the same steps, the spikes as a raster below them; without spikes the last
/// panel bears the time axis. An agent's episode has panels of its observation, action, reward and value.
///
/// # Errors
/// [`FigureError`] where there is neither panel nor spikes, a panel has no point, a value is not finite, times do not
/// ascend, a spike's neuron does not exist, no step is to be shown, or the size is not allowed.
pub fn timeline(
    panels: &[Panel],
    spikes: &[RasterGroup],
    options: &TimelineOptions,
) -> Result<Figure, FigureError> {
    let rows = panels.len() as u32 + u32::from(!spikes.is_empty());
    if rows == 0 {
        return Err(FigureError::Empty("no panel and no spikes were given".to_owned()));
    }
    let least = LEAST * rows;
    if options.height < least {
        let found = options.height;
        return Err(FigureError::Size { argument: "height", found, least, most: 8000 });
    }
    let steps = &options.steps;
    if steps.is_empty() {
        return Err(FigureError::Empty(format!("the steps {steps:?} are none")));
    }
    let range = (steps.start as f64, steps.end as f64);
    // Steps that are not shown do not decide how high the axes are.
    let shown: Vec<Panel> = panels.iter().map(|panel| within(panel, range)).collect();
    let neurons = if spikes.is_empty() { 0 } else { raster::check(spikes, steps)? };
    let x = |last: bool| Axis {
        label: if last { "time (steps)" } else { "" },
        range,
        ticks: Ticks::Counts(f64::INFINITY),
    };
    let mut frames = Vec::new();
    for (row, panel) in shown.iter().enumerate() {
        traces::check(&panel.traces)?;
        frames.push(Frame {
            title: "",
            legend: traces::legend(&panel.traces),
            x: x(row as u32 + 1 == rows),
            y: traces::y_axis(&panel.traces, &panel.y_label),
            right: 0.0,
            left: 0.0,
        });
    }
    if neurons > 0 {
        let y = Axis { label: "neuron", range: (0.0, neurons as f64), ticks: Ticks::Counts(f64::INFINITY) };
        frames.push(Frame {
            title: "",
            legend: raster::legend(spikes),
            x: x(true),
            y,
            right: 0.0,
            left: 0.0,
        });
    }
    Figure::draw((options.width, options.height), |area| {
        let top = if options.title.is_empty() { 0.0 } else { draw_head(area, &options.title, &[])? };
        // Labels of one width, so that all panels begin at the same place.
        let mut left = 0.0_f64;
        for frame in &frames {
            for ticks in 2..=8 {
                left = left.max(frame.y.label_width(ticks)?);
            }
        }
        // What the legends leave is shared evenly; the last row bears the labels of the time axis as well.
        let (width, height) = pixels(area);
        let mut heads = Vec::new();
        for frame in &frames {
            heads.push(legend_height(&frame.legend, width)?);
        }
        let even = (height - top - heads.iter().sum::<f64>()) / (f64::from(rows) + 0.35);
        let mut rest = area.margin(px(top), 0, 0, 0);
        let mut svg = String::new();
        for (row, (frame, head)) in frames.iter_mut().zip(heads).enumerate() {
            frame.left = left;
            let whole = rest.dim_in_pixel().1 as i32;
            let (part, others) =
                rest.split_vertically(if row as u32 + 1 == rows { whole } else { px(even + head) });
            rest = others;
            let mut chart = frame.draw(&part)?;
            match shown.get(row) {
                Some(panel) => traces::draw(&mut chart, &panel.traces, options.width as usize / 2)?,
                None => svg = raster::marks(&chart, spikes, neurons, steps, SpikeMark::Line),
            }
        }
        Ok(svg)
    })
}

fn within(panel: &Panel, (from, to): (f64, f64)) -> Panel {
    let cut = |trace: &Trace| Trace {
        name: trace.name.clone(),
        points: trace.points.iter().copied().filter(|p| !(p.0 < from || p.0 > to)).collect(),
    };
    Panel { y_label: panel.y_label.clone(), traces: panel.traces.iter().map(cut).collect() }
}
