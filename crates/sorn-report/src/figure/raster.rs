//! The spike raster: who fired when.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Range;

use super::frame::{Axis, Chart, Frame, Swatch, Ticks};
use super::style::{colour, fine};
use super::{Figure, FigureError};

/// Neurons of one kind, drawn in one colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RasterGroup {
    /// Name for the legend, such as "excitatory".
    pub name: String,
    /// How many neurons it has.
    pub neurons: u32,
    /// Its spikes as (step, neuron), in any order; neurons count from 0 within the group.
    pub spikes: Vec<(u64, u32)>,
}

/// How a spike is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpikeMark {
    /// An upright line, as in a raster plot.
    #[default]
    Line,
    /// A dot, as in a scatter plot.
    Dot,
}

/// How a raster is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RasterOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// The steps to show. Spikes at other steps are left out.
    pub steps: Range<u64>,
    /// How a spike is drawn.
    pub mark: SpikeMark,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for RasterOptions {
    fn default() -> Self {
        Self { title: String::new(), steps: 0..1000, mark: SpikeMark::Line, width: 900, height: 480 }
    }
}

/// Draws a mark for each spike, steps to the right, neurons upward, the groups one above the other in the
/// order given. Where a pixel holds several spikes it is drawn once.
///
/// # Errors
/// [`FigureError`] where there is no neuron or no step, a spike's neuron does not exist, or the size is
/// not allowed.
pub fn raster(groups: &[RasterGroup], options: &RasterOptions) -> Result<Figure, FigureError> {
    let steps = &options.steps;
    let neurons = check(groups, steps)?;
    let frame = Frame {
        title: &options.title,
        legend: legend(groups),
        x: Axis {
            label: "time (steps)",
            range: (steps.start as f64, steps.end as f64),
            ticks: Ticks::Counts(f64::INFINITY),
        },
        y: Axis { label: "neuron", range: (0.0, neurons as f64), ticks: Ticks::Counts(f64::INFINITY) },
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        Ok(marks(&frame.draw(area)?, groups, neurons, steps, options.mark))
    })
}

/// The number of neurons, where all can be drawn.
pub(super) fn check(groups: &[RasterGroup], steps: &Range<u64>) -> Result<u64, FigureError> {
    let neurons: u64 = groups.iter().map(|g| u64::from(g.neurons)).sum();
    if neurons == 0 {
        return Err(FigureError::Empty("no neuron was given".to_owned()));
    }
    if steps.is_empty() {
        return Err(FigureError::Empty(format!("the steps {steps:?} are none")));
    }
    for group in groups {
        if let Some((step, neuron)) = group.spikes.iter().find(|s| s.1 >= group.neurons) {
            return Err(FigureError::OutOfRange {
                place: format!("neuron of a spike of {:?} at step {step}", group.name),
                found: neuron.to_string(),
                allowed: format!("0 to {}", i64::from(group.neurons) - 1),
            });
        }
    }
    Ok(neurons)
}

pub(super) fn legend(groups: &[RasterGroup]) -> Vec<(Swatch, String)> {
    let named = groups.iter().enumerate().map(|(i, g)| (Swatch::Dot(colour(i)), g.name.clone()));
    if groups.len() > 1 { named.collect() } else { Vec::new() }
}

/// The spikes as SVG that goes on top of `chart`, whose axes are steps and neurons.
pub(super) fn marks(
    chart: &Chart<'_, '_>,
    groups: &[RasterGroup],
    neurons: u64,
    steps: &Range<u64>,
    mark: SpikeMark,
) -> String {
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let pixel = fine(1) as i32;
    let step_width = f64::from(columns.end - columns.start) / (steps.end - steps.start) as f64;
    let row_height = f64::from(rows.end - rows.start) / neurons as f64;
    // Marks fill their row and their step, within bounds in which they look like marks.
    let tall = match mark {
        SpikeMark::Line => ((row_height * 0.8) as i32).clamp(pixel, 10 * pixel),
        SpikeMark::Dot => 0,
    };
    let wide = match mark {
        SpikeMark::Line => ((step_width * 0.8) as i32).clamp(pixel, 3 * pixel),
        SpikeMark::Dot => ((row_height.min(step_width) * 0.8) as i32).clamp(3 * pixel / 2, 6 * pixel),
    };
    let mut svg = String::new();
    let mut below = 0;
    for (i, group) in groups.iter().enumerate() {
        let cells: BTreeSet<(i32, i32)> = group
            .spikes
            .iter()
            .filter(|(step, _)| steps.contains(step))
            .map(|(step, neuron)| {
                let x = (step - steps.start) as f64 + 0.5;
                let y = (below + u64::from(*neuron)) as f64 + 0.5;
                let x = columns.start + (x * step_width) as i32;
                let y = rows.end - (y * row_height) as i32 - tall / 2;
                (x - x % pixel, if tall <= pixel { y - y % pixel } else { y })
            })
            .collect();
        below += u64::from(group.neurons);
        // One path for all: a spike costs a few bytes, not an element.
        let mut path = String::new();
        for (x, y) in cells {
            let _ = write!(path, "M{x} {y}v{tall}");
        }
        let cap = if mark == SpikeMark::Dot { " stroke-linecap=\"round\"" } else { "" };
        let (r, g, b) = (colour(i).0, colour(i).1, colour(i).2);
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"#{r:02X}{g:02X}{b:02X}\" stroke-width=\"{wide}\"{cap}/>"
        );
    }
    svg
}
