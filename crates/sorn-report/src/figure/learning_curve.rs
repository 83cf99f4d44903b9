//! The learning curve: return over the training of one or several arms, of one or several seeds.

mod curve;

use plotters::prelude::*;

use super::frame::{Axis, Chart, Frame, Swatch, Ticks};
use super::path::thin;
use super::scale::padded;
use super::style::{COLOURS, GREY, colour, number, px, stroke};
use super::{Figure, FigureError};
use curve::{Curve, prepare};

/// One arm of an experiment: the runs of one configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arm {
    /// Name for the legend.
    pub name: String,
    /// For each run (seed) its return per episode, in order.
    pub runs: Vec<Vec<f64>>,
    /// For each run when each of its episodes ended, ascending; not needed over [episodes](Over::Episodes).
    pub ends: Vec<Vec<f64>>,
    /// For each run its evaluations while training: when, in the unit of the curve, and the mean return.
    pub evaluations: Vec<Vec<(f64, f64)>>,
}

/// What a learning curve runs over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// Episodes.
    #[default]
    Episodes,
    /// Steps of the environment.
    Steps,
    /// Seconds of training.
    Seconds,
}

impl Over {
    fn label(self) -> &'static str {
        match self {
            Over::Episodes => "episode",
            Over::Steps => "environment step",
            Over::Seconds => "seconds of training",
        }
    }
}

/// How a learning curve is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// Episodes in the moving mean.
    pub window: usize,
    /// The mean return over `window` episodes that counts as solved.
    pub threshold: Option<f64>,
    /// What the curve runs over.
    pub over: Over,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for CurveOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            window: 100,
            threshold: None,
            over: Over::Episodes,
            width: 800,
            height: 480,
        }
    }
}

/// Draws the moving mean of the return over episodes, steps or seconds.
///
/// A single run is drawn as its moving mean with the returns themselves behind it. Of several runs the
/// line is the median of their moving means and the band goes from the first to the third quartile; a run
/// that ended before the longest of its arm, as a solved run does, keeps its last moving mean. Until
/// there are `window` episodes the mean is taken over all so far.
///
/// With a threshold, a dashed line shows it, the legend counts the runs that solved (whose mean of
/// `window` consecutive returns reached it) and gives their median episode, unsolved runs counting as
/// later than all others; a dot marks that episode where half the runs or more solved.
///
/// Evaluations are circles joined by a thin line; of several runs, the medians of the last evaluations so far.
///
/// # Errors
/// [`FigureError`] where there is no arm, an arm has no run, no run has an episode, a return is not
/// finite, the ends of a run's episodes are not as many as these or not ascending, the window is 0, or the size is not
/// allowed.
pub fn learning_curve(arms: &[Arm], options: &CurveOptions) -> Result<Figure, FigureError> {
    if arms.is_empty() {
        return Err(FigureError::Empty("no arm was given".to_owned()));
    }
    let curves = arms.iter().map(|arm| prepare(arm, options)).collect::<Result<Vec<_>, _>>()?;
    let drawn = || {
        curves.iter().flat_map(|c| {
            let band = c.band.iter().flat_map(|(low, high)| low.iter().chain(high));
            c.raw.iter().chain(&c.middle).chain(band).chain(&c.evaluations)
        })
    };
    let heights = || drawn().map(|p| p.1).chain(options.threshold);
    let (first, last) = match options.over {
        Over::Episodes => (1.0, drawn().map(|p| p.0).fold(2.0, f64::max)),
        _ => (0.0, drawn().map(|p| p.0).fold(0.0, f64::max)),
    };
    // Of one episode that took no time there is still a place.
    let last = if last > first { last } else { first + 1.0 };
    let y_range =
        padded(heights().fold(f64::INFINITY, f64::min), heights().fold(f64::NEG_INFINITY, f64::max));

    let mut legend: Vec<_> = curves.iter().enumerate().map(|(i, c)| (swatch(i), c.legend.clone())).collect();
    if let Some(threshold) = options.threshold {
        legend.push((Swatch::Dashed(GREY, 1.5), format!("solved at {}", number(threshold))));
    }
    if curves.iter().any(|curve| !curve.evaluations.is_empty()) {
        legend.push((Swatch::Dot(GREY), "evaluation while training".to_owned()));
    }
    let ticks = match options.over {
        Over::Seconds => Ticks::Numbers,
        _ => Ticks::Counts(last),
    };
    let label = match options.window {
        1 => "return".to_owned(),
        window => format!("return (mean of {window})"),
    };
    let frame = Frame {
        title: &options.title,
        legend,
        x: Axis { label: options.over.label(), range: (first, last), ticks },
        y: Axis { label: &label, range: y_range, ticks: Ticks::Numbers },
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let mut chart = frame.draw(area)?;
        for (i, curve) in curves.iter().enumerate() {
            draw_background(&mut chart, curve, colour(i), options.width as usize)?;
        }
        if let Some(threshold) = options.threshold {
            let line = [(first, threshold), (last, threshold)];
            chart
                .draw_series(DashedLineSeries::new(line, px(8.0), px(5.0), stroke(&GREY, 1.5)))
                .map_err(FigureError::drawing)?;
        }
        for (i, curve) in curves.iter().enumerate() {
            draw_line(&mut chart, curve, i, options.width as usize)?;
        }
        for (i, curve) in curves.iter().enumerate() {
            draw_evaluations(&mut chart, &curve.evaluations, colour(i))?;
        }
        Ok(String::new())
    })
}

/// What lies behind the lines: the band of several runs, the returns of one.
fn draw_background(
    chart: &mut Chart<'_, '_>,
    curve: &Curve,
    colour: RGBColor,
    columns: usize,
) -> Result<(), FigureError> {
    if let Some((low, high)) = &curve.band {
        let mut outline = thin(low, columns / 2);
        outline.extend(thin(high, columns / 2).into_iter().rev());
        chart
            .draw_series(std::iter::once(Polygon::new(outline, colour.mix(0.2))))
            .map_err(FigureError::drawing)?;
    }
    if !curve.raw.is_empty() {
        let line = PathElement::new(thin(&curve.raw, columns / 2), stroke(&colour.mix(0.3), 1.0));
        chart.draw_series(std::iter::once(line)).map_err(FigureError::drawing)?;
    }
    Ok(())
}

/// The lines of the first arms are whole; those that reuse their colours are dashed.
fn swatch(arm: usize) -> Swatch {
    if arm < COLOURS { Swatch::Line(colour(arm)) } else { Swatch::Dashed(colour(arm), 2.5) }
}

fn draw_line(
    chart: &mut Chart<'_, '_>,
    curve: &Curve,
    arm: usize,
    columns: usize,
) -> Result<(), FigureError> {
    let points = thin(&curve.middle, columns / 2);
    let colour = colour(arm);
    if let [point] = points[..] {
        return dot(chart, point, colour);
    }
    let style = stroke(&colour, 2.0);
    if arm < COLOURS {
        chart.draw_series([PathElement::new(points, style)]).map_err(FigureError::drawing)?;
    } else {
        chart
            .draw_series(DashedLineSeries::new(points, px(6.0), px(4.0), style))
            .map_err(FigureError::drawing)?;
    }
    curve.solved.map_or(Ok(()), |point| dot(chart, point, colour))
}

fn dot(chart: &mut Chart<'_, '_>, point: (f64, f64), colour: RGBColor) -> Result<(), FigureError> {
    chart
        .draw_series([
            Circle::new(point, px(5.5), WHITE.filled()),
            Circle::new(point, px(4.0), colour.filled()),
        ])
        .map(|_| ())
        .map_err(FigureError::drawing)
}

/// Circles, as far as there is room for each, and the line that joins all.
fn draw_evaluations(
    chart: &mut Chart<'_, '_>,
    evaluations: &[(f64, f64)],
    colour: RGBColor,
) -> Result<(), FigureError> {
    const MOST: usize = 100;
    if evaluations.len() > 1 {
        let line = PathElement::new(thin(evaluations, 4 * MOST), stroke(&colour, 1.0));
        chart.draw_series([line]).map_err(FigureError::drawing)?;
    }
    let every = evaluations.len().div_ceil(MOST).max(1);
    evaluations.iter().step_by(every).try_for_each(|point| {
        chart
            .draw_series([
                Circle::new(*point, px(3.5), colour.filled()),
                Circle::new(*point, px(2.2), WHITE.filled()),
            ])
            .map(|_| ())
            .map_err(FigureError::drawing)
    })
}
