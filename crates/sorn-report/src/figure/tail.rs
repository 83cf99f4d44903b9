//! The distribution of whole numbers with a heavy tail, on logarithmic axes.

use plotters::prelude::*;

use super::frame::{Axis, Frame, Swatch, Ticks};
use super::style::{colour, number, px, stroke};
use super::{Figure, FigureError};
use crate::stats::PowerLaw;

/// How a distribution is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What the values are, with their unit.
    pub x_label: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for TailOptions {
    fn default() -> Self {
        Self { title: String::new(), x_label: "size".to_owned(), width: 560, height: 420 }
    }
}

/// One distribution among several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tail {
    /// Name for the legend; none where empty.
    pub name: String,
    /// Values of 1 or more that occur, ascending, and how often.
    pub counts: Vec<(u64, usize)>,
    /// The fitted power law.
    pub fit: Option<PowerLaw>,
}

/// Draws how probable each value of 1 or more is, both axes logarithmic, as avalanche sizes are shown. Values are
/// gathered into bins that grow with them, ten per factor of ten, each bin's share divided by the whole numbers
/// in it. A fit is drawn as a line over the range it was fitted on, as high as the data's share in that range.
///
/// # Errors
/// [`FigureError`] where no value is 1 or more, or the size is not allowed.
pub fn tail(values: &[u64], fit: Option<&PowerLaw>, options: &TailOptions) -> Result<Figure, FigureError> {
    let mut sorted: Vec<u64> = values.iter().copied().filter(|v| *v > 0).collect();
    sorted.sort_unstable();
    let counts = sorted.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len())).collect();
    tails(&[Tail { name: String::new(), counts, fit: fit.copied() }], options)
}

/// Draws several distributions as [`tail`] draws one; their fits in the colours of their dots, a single one in the next.
///
/// # Errors
/// As [`tail`].
pub fn tails(tails: &[Tail], options: &TailOptions) -> Result<Figure, FigureError> {
    let largest = tails.iter().flat_map(|tail| &tail.counts).map(|c| c.0).max().unwrap_or(0);
    if largest == 0 {
        return Err(FigureError::Empty("no value is 1 or more".to_owned()));
    }
    let (mut legend, mut drawn) = (Vec::new(), Vec::new());
    for (index, tail) in tails.iter().enumerate() {
        let points = probabilities(&tail.counts);
        let total: usize = tail.counts.iter().filter(|c| c.0 > 0).map(|c| c.1).sum();
        let own = tail.counts.last().map_or(1, |c| c.0);
        let named = if tail.name.is_empty() { String::new() } else { format!("{}: ", tail.name) };
        legend.push((Swatch::Dot(colour(index)), format!("{named}{} values", number(total as f64))));
        let mut line = Vec::new();
        let line_colour = if tails.len() == 1 { colour(1) } else { colour(index) };
        if let Some(fit) = &tail.fit {
            let (min, max) = (fit.min, fit.max.unwrap_or(own).min(own).max(fit.min));
            let share = fit.events as f64 / total as f64;
            line = [min, max].map(|k| ((k as f64).log10(), (share * fit.probability(k)).log10())).to_vec();
            // A probability too small for a number has no place on the axis.
            line.retain(|p| p.1.is_finite());
            let words = format!("exponent {:.3} ± {:.3}, {min} to {max}", fit.exponent, fit.standard_error);
            legend.push((Swatch::Line(line_colour), words));
        }
        drawn.push((points, line, colour(index), line_colour));
    }
    let every = drawn.iter().flat_map(|(points, line, ..)| points.iter().chain(line));
    let low = every.map(|p| p.1).fold(0.0, f64::min);
    let frame = Frame {
        title: &options.title,
        legend,
        x: Axis {
            label: &options.x_label,
            range: (-0.05, ((largest as f64).log10() + 0.1).max(1.0)),
            ticks: Ticks::Powers,
        },
        y: Axis { label: "probability", range: ((low - 0.2).min(-1.0), 0.1), ticks: Ticks::Powers },
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let mut chart = frame.draw(area)?;
        for (points, line, dots, line_colour) in drawn {
            let dots = points.iter().map(|p| Circle::new(*p, px(3.0), dots.mix(0.8).filled()));
            chart.draw_series(dots).map_err(FigureError::drawing)?;
            if !line.is_empty() {
                chart
                    .draw_series([PathElement::new(line, stroke(&line_colour, 2.0))])
                    .map_err(FigureError::drawing)?;
            }
        }
        Ok(String::new())
    })
}

/// Points (log10 of the bin's middle, log10 of the probability of one whole number in it), empty bins left out.
fn probabilities(counts: &[(u64, usize)]) -> Vec<(f64, f64)> {
    let kept: Vec<(u64, usize)> = counts.iter().copied().filter(|c| c.0 > 0).collect();
    let total: usize = kept.iter().map(|c| c.1).sum();
    let mut points = Vec::new();
    let (mut low, mut next) = (1u64, 0usize);
    while next < kept.len() {
        // At least one whole number per bin, and a tenth of a factor of ten.
        let high = ((low as f64 * 10f64.powf(0.1)).floor() as u64).max(low.saturating_add(1));
        let values = kept[next..].partition_point(|c| c.0 < high || high == u64::MAX);
        if values > 0 {
            let inside: usize = kept[next..next + values].iter().map(|c| c.1).sum();
            let density = inside as f64 / total as f64 / (high - low) as f64;
            let middle = ((low as f64) * (high - 1) as f64).sqrt();
            points.push((middle.log10(), density.log10()));
        }
        (low, next) = (high, next + values);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_to_one() {
        let counts: Vec<(u64, usize)> = (1..=5000).map(|k| (k, 5000 / k as usize)).collect();
        let points = probabilities(&counts);
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
        // Small values have bins of their own.
        let ones = probabilities(&[(0, 7), (1, 3), (2, 1)]);
        assert!((ones[0].0, ones[1].0) == (0.0, 2f64.log10()));
        assert!((10f64.powf(ones[0].1) - 0.75).abs() < 1e-12);
        assert_eq!(probabilities(&[(u64::MAX, 1)]).len(), 1);
    }

    #[test]
    fn several_distributions_stand_in_one_figure() {
        let of = |name: &str, factor: usize| Tail {
            name: name.into(),
            counts: (1..200).map(|k| (k, factor * 1000 / k as usize)).collect(),
            fit: None,
        };
        let both = tails(&[of("frozen", 1), of("plastic", 3)], &TailOptions::default()).unwrap();
        assert!(both.svg().contains("frozen: ") && both.svg().contains("plastic: "));
        assert!(matches!(tails(&[Tail::default()], &TailOptions::default()), Err(FigureError::Empty(_))));
    }
}
