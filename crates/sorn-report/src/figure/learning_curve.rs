//! The learning curve: return per episode of one or several arms, over one or several seeds.

use plotters::prelude::*;

use super::frame::{Axis, Chart, Frame, Swatch, Ticks};
use super::path::thin;
use super::scale::padded;
use super::style::{COLOURS, GREY, colour, number, px, stroke};
use super::{Figure, FigureError};
use crate::stats::{first_reached, median, moving_mean, quartiles};

/// One arm of an experiment: the runs of one configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arm {
    /// Name for the legend.
    pub name: String,
    /// For each run (seed) its return per episode, in order.
    pub runs: Vec<Vec<f64>>,
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
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for CurveOptions {
    fn default() -> Self {
        Self { title: String::new(), window: 100, threshold: None, width: 800, height: 480 }
    }
}

/// Points (episode, return).
type Line = Vec<(f64, f64)>;

/// An arm made ready to be drawn.
struct Curve {
    legend: String,
    /// The returns themselves, for a single run.
    raw: Line,
    middle: Line,
    /// First and third quartile, for several runs.
    band: Option<(Line, Line)>,
    solved: Option<(f64, f64)>,
}

/// Draws the moving mean of the return over episodes.
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
/// # Errors
/// [`FigureError`] where there is no arm, an arm has no run, no run has an episode, a return is not
/// finite, the window is 0, or the size is not allowed.
pub fn learning_curve(arms: &[Arm], options: &CurveOptions) -> Result<Figure, FigureError> {
    if arms.is_empty() {
        return Err(FigureError::Empty("no arm was given".to_owned()));
    }
    let curves = arms.iter().map(|arm| prepare(arm, options)).collect::<Result<Vec<_>, _>>()?;
    let drawn = || {
        curves.iter().flat_map(|c| {
            let band = c.band.iter().flat_map(|(low, high)| low.iter().chain(high));
            c.raw.iter().chain(&c.middle).chain(band)
        })
    };
    let heights = || drawn().map(|p| p.1).chain(options.threshold);
    let last = drawn().map(|p| p.0).fold(2.0, f64::max);
    let y_range =
        padded(heights().fold(f64::INFINITY, f64::min), heights().fold(f64::NEG_INFINITY, f64::max));

    let mut legend: Vec<_> = curves.iter().enumerate().map(|(i, c)| (swatch(i), c.legend.clone())).collect();
    if let Some(threshold) = options.threshold {
        legend.push((Swatch::Dashed(GREY, 1.5), format!("solved at {}", number(threshold))));
    }
    let label = match options.window {
        1 => "return".to_owned(),
        window => format!("return (mean of {window})"),
    };
    let frame = Frame {
        title: &options.title,
        legend,
        x: Axis { label: "episode", range: (1.0, last), ticks: Ticks::Counts(last) },
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
            let line = [(1.0, threshold), (last, threshold)];
            chart
                .draw_series(DashedLineSeries::new(line, px(8.0), px(5.0), stroke(&GREY, 1.5)))
                .map_err(FigureError::drawing)?;
        }
        for (i, curve) in curves.iter().enumerate() {
            draw_line(&mut chart, curve, i, options.width as usize)?;
        }
        Ok(String::new())
    })
}

fn prepare(arm: &Arm, options: &CurveOptions) -> Result<Curve, FigureError> {
    let longest = arm.runs.iter().map(Vec::len).max().unwrap_or(0);
    if longest == 0 {
        return Err(FigureError::Empty(format!("arm {:?} has no episode", arm.name)));
    }
    let mut means = Vec::new();
    let mut solved = Vec::new();
    for (run, returns) in arm.runs.iter().enumerate() {
        let place = |source| FigureError::Data { place: format!("arm {:?}, run {run}", arm.name), source };
        if let Some(threshold) = options.threshold {
            let at = first_reached(returns, options.window, threshold).map_err(place)?;
            solved.push(at.map_or(f64::INFINITY, |n| n as f64));
        }
        let mean = moving_mean(returns, options.window).map_err(place)?;
        // A run without an episode has nothing to hold; it counts among the unsolved alone.
        if !mean.is_empty() {
            means.push(mean);
        }
    }
    let at = |episode: usize| means.iter().map(move |m| m[episode.min(m.len() - 1)]);
    let place = |source| FigureError::Data { place: format!("arm {:?}", arm.name), source };
    let (mut middle, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
    for episode in 0..longest {
        let values: Vec<f64> = at(episode).collect();
        let spread = quartiles(&values).map_err(place)?;
        let x = (episode + 1) as f64;
        middle.push((x, spread.median));
        low.push((x, spread.q1));
        high.push((x, spread.q3));
    }
    let several = arm.runs.len() > 1;
    let raw = match &arm.runs[..] {
        [returns] if options.window > 1 => {
            returns.iter().enumerate().map(|(i, r)| ((i + 1) as f64, *r)).collect()
        }
        _ => Vec::new(),
    };
    let mut curve =
        Curve { legend: arm.name.clone(), raw, middle, band: several.then_some((low, high)), solved: None };
    if !solved.is_empty() {
        let count = solved.iter().filter(|s| s.is_finite()).count();
        let episode = median(&solved).map_err(place)?;
        let when = match (several, episode.is_finite()) {
            (true, true) => {
                format!(": {count} of {} solved, median episode {}", solved.len(), number(episode))
            }
            (true, false) => format!(": {count} of {} solved", solved.len()),
            (false, true) => format!(": solved in episode {}", number(episode)),
            (false, false) => ": not solved".to_owned(),
        };
        curve.legend.push_str(&when);
        if episode.is_finite() {
            curve.solved = Some((episode, curve.middle[episode.round() as usize - 1].1));
        }
    }
    Ok(curve)
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
