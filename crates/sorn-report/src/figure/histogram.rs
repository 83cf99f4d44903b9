//! The histogram of a sample, with the density that fits it.

use plotters::prelude::*;

use super::frame::{Axis, Frame, Swatch, Ticks};
use super::scale::{between, part};
use super::style::{colour, number, short, stroke};
use super::{Figure, FigureError};
use crate::stats::{StatsError, deviation_of, fit_log_normal, mean_of};

/// A density drawn over a histogram, fitted to the sample by maximum likelihood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The normal distribution.
    Normal,
    /// The exponential distribution that begins at 0; the sample must not be negative.
    Exponential,
    /// The log-normal distribution; the sample must be positive.
    LogNormal,
}

/// How a histogram is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What the values are, with their unit.
    pub x_label: String,
    /// How many bins of equal width (of equal ratio on a logarithmic axis); chosen from the sample where `None`.
    pub bins: Option<usize>,
    /// Whether the axis of the values is logarithmic; the sample must then be positive.
    pub log: bool,
    /// The density drawn over it.
    pub fit: Option<Fit>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for HistogramOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            x_label: "value".to_owned(),
            bins: None,
            log: false,
            fit: None,
            width: 640,
            height: 420,
        }
    }
}

/// Bins by the rule of Freedman and Diaconis are at most this many.
const MOST_BINS: usize = 200;

/// Draws how many values of the sample fall into each bin. The curve of a fit is scaled to the counts: it gives
/// the number expected in a bin of the drawn width. Values of whole numbers get bins of whole width.
///
/// # Errors
/// [`FigureError`] for an empty sample, a value that is not finite or not of the sign the options need, no or
/// more than 10,000 bins, or a size that is not allowed.
pub fn histogram(values: &[f64], options: &HistogramOptions) -> Result<Figure, FigureError> {
    if values.is_empty() {
        return Err(FigureError::Empty("the sample has no value".to_owned()));
    }
    let place = |source| FigureError::Data { place: "histogram".to_owned(), source };
    let allowed = |v: f64| {
        let sign = match options.fit {
            Some(Fit::Exponential) => v >= 0.0,
            Some(Fit::LogNormal) => v > 0.0,
            _ => true,
        };
        v.is_finite() && sign && (!options.log || v > 0.0)
    };
    if let Some(index) = values.iter().position(|v| !allowed(*v)) {
        return Err(place(StatsError::NotAllowed { argument: "values", index, value: values[index] }));
    }
    if let Some(bins) = options.bins.filter(|bins| !(1..=10_000).contains(bins)) {
        let (found, allowed) = (bins.to_string(), "1 to 10,000".to_owned());
        return Err(FigureError::OutOfRange { place: "bins".to_owned(), found, allowed });
    }
    let mut at: Vec<f64> = values.iter().map(|v| if options.log { v.log10() } else { *v }).collect();
    at.sort_unstable_by(f64::total_cmp);
    let edges = Edges::of(&at, options);
    let mut counts = vec![0u32; edges.count];
    for v in &at {
        counts[edges.bin(*v)] += 1;
    }
    let curve = match options.fit {
        Some(fit) => Some(curve(values, fit, &edges, options.log).map_err(place)?),
        None => None,
    };
    let highest = f64::from(counts.iter().copied().max().unwrap_or(0));
    let top = curve.iter().flat_map(|c| &c.1).map(|p| p.1).fold(highest, f64::max).min(highest * 2.0);
    let mut legend = vec![(Swatch::Line(colour(0)), format!("{} values", number(values.len() as f64)))];
    legend.extend(curve.iter().map(|(words, _)| (Swatch::Line(colour(1)), words.clone())));
    let ticks = if options.log { Ticks::Powers } else { Ticks::Numbers };
    let frame = Frame {
        title: &options.title,
        legend,
        x: Axis { label: &options.x_label, range: (edges.low, edges.high), ticks },
        y: Axis { label: "count", range: (0.0, top * 1.05), ticks: Ticks::Counts(f64::INFINITY) },
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let mut chart = frame.draw(area)?;
        let bars = counts.iter().enumerate().filter(|(_, count)| **count > 0).flat_map(|(i, count)| {
            let corners = [(edges.edge(i), 0.0), (edges.edge(i + 1), f64::from(*count))];
            [
                Rectangle::new(corners, colour(0).mix(0.45).filled()),
                Rectangle::new(corners, stroke(&colour(0), 0.75)),
            ]
        });
        chart.draw_series(bars).map_err(FigureError::drawing)?;
        if let Some((_, points)) = &curve {
            let line = points.iter().map(|(x, y)| (*x, y.min(top * 1.05))).collect::<Vec<_>>();
            chart
                .draw_series([PathElement::new(line, stroke(&colour(1), 2.0))])
                .map_err(FigureError::drawing)?;
        }
        Ok(String::new())
    })
}

/// Bins of equal width along the axis.
struct Edges {
    low: f64,
    high: f64,
    count: usize,
}

impl Edges {
    /// `sorted` are the values along the axis.
    fn of(sorted: &[f64], options: &HistogramOptions) -> Self {
        let n = sorted.len();
        let (low, high) = (sorted[0], sorted[n - 1]);
        let finite = |low: f64, high: f64| (low.max(-f64::MAX), high.min(f64::MAX));
        let whole = !options.log && sorted.iter().all(|v| v.fract() == 0.0);
        if low == high {
            let width = if whole { 1.0 } else { (low.abs() * 0.1).max(0.1) };
            // Where whole numbers lie further apart than 1, a bin of that width is none.
            let half = if low + width * 0.5 > low { width * 0.5 } else { low.abs() * 0.05 };
            let (low, high) = finite(low - half, low + half);
            return Self { low, high, count: 1 };
        }
        let count = options.bins.unwrap_or_else(|| {
            // Freedman and Diaconis: twice the interquartile range over the cube root of n. Halves do not overflow.
            let spread = sorted[n * 3 / 4] / 2.0 - sorted[n / 4] / 2.0;
            let width = 2.0 * spread / (n as f64).cbrt();
            let count = if width > 0.0 { (high / 2.0 - low / 2.0) / width } else { (n as f64).sqrt() };
            (count.ceil() as usize).clamp(5, MOST_BINS)
        });
        let range = high - low + 1.0;
        if whole && options.bins.is_none() && range.is_finite() {
            let width = (range / count as f64).ceil();
            let count = (range / width).ceil() as usize;
            let (low, high) = finite(low - 0.5, low - 0.5 + width * count as f64);
            return Self { low, high, count };
        }
        Self { low, high, count }
    }

    fn edge(&self, i: usize) -> f64 {
        between((self.low, self.high), i as f64 / self.count as f64)
    }

    /// The last bin includes its upper edge.
    fn bin(&self, v: f64) -> usize {
        ((part(v, (self.low, self.high)) * self.count as f64) as usize).min(self.count - 1)
    }
}

/// Words for the legend, and points (place on the axis, expected count).
fn curve(
    values: &[f64],
    fit: Fit,
    edges: &Edges,
    log: bool,
) -> Result<(String, Vec<(f64, f64)>), StatsError> {
    const POINTS: usize = 300;
    let n = values.len() as f64;
    let mean = mean_of(values);
    let width = edges.high / edges.count as f64 - edges.low / edges.count as f64;
    // Each density is taken times the width of a bin, which then may be as small or large as numbers are.
    let normal = |x: f64, mu: f64, sigma: f64, width: f64| {
        (-0.5 * (x / sigma - mu / sigma).powi(2)).exp() * (width / sigma)
            / (2.0 * std::f64::consts::PI).sqrt()
    };
    let (words, expected): (String, Box<dyn Fn(f64, f64) -> f64>) = match fit {
        Fit::Normal => {
            let sigma = deviation_of(values, mean);
            let words = format!("normal, mean {}, sd {}", short(mean), short(sigma));
            (words, Box::new(move |x, width| normal(x, mean, sigma, width)))
        }
        Fit::Exponential => {
            let words = format!("exponential, mean {}", short(mean));
            (words, Box::new(move |x, width| (-x / mean).exp() * (width / mean)))
        }
        Fit::LogNormal => {
            let fit = fit_log_normal(values)?;
            let words = format!("log-normal, μ {}, σ {}", short(fit.mu), short(fit.sigma));
            (words, Box::new(move |x, width| normal(x.ln(), fit.mu, fit.sigma, width / x)))
        }
    };
    let point = |i: usize| {
        let at = between((edges.low, edges.high), i as f64 / POINTS as f64);
        // On a logarithmic axis a bin of constant ratio grows with the value.
        let (x, width) = if log {
            (10f64.powf(at), width * 10f64.powf(at) * std::f64::consts::LN_10)
        } else {
            (at, width)
        };
        (at, n * expected(x, width))
    };
    // Equal values have no density, and a log-normal has none at 0 and below.
    Ok((words, (0..=POINTS).map(point).filter(|p| p.1.is_finite()).collect()))
}
