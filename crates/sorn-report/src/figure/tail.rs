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

/// Draws how probable each value of 1 or more is, both axes logarithmic, as avalanche sizes are shown. Values are
/// gathered into bins that grow with them, ten per factor of ten, each bin's share divided by the whole numbers
/// in it. A fit is drawn as a line over the range it was fitted on, as high as the data's share in that range.
///
/// # Errors
/// [`FigureError`] where no value is 1 or more, or the size is not allowed.
pub fn tail(values: &[u64], fit: Option<&PowerLaw>, options: &TailOptions) -> Result<Figure, FigureError> {
    let largest = values.iter().copied().max().unwrap_or(0);
    if largest == 0 {
        return Err(FigureError::Empty("no value is 1 or more".to_owned()));
    }
    let points = probabilities(values);
    let lowest = points.iter().map(|p| p.1).fold(0.0, f64::min);
    let mut legend = vec![(Swatch::Dot(colour(0)), format!("{} values", number(values.len() as f64)))];
    let mut line = Vec::new();
    if let Some(fit) = fit {
        let (min, max) = (fit.min, fit.max.unwrap_or(largest).min(largest).max(fit.min));
        let share = fit.events as f64 / values.iter().filter(|v| **v > 0).count() as f64;
        line = [min, max].map(|k| ((k as f64).log10(), (share * fit.probability(k)).log10())).to_vec();
        // A probability too small for a number has no place on the axis.
        line.retain(|p| p.1.is_finite());
        let words = format!("exponent {:.3} ± {:.3}, {min} to {max}", fit.exponent, fit.standard_error);
        legend.push((Swatch::Line(colour(1)), words));
    }
    let low = line.iter().map(|p| p.1).fold(lowest, f64::min);
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
        let dots = points.iter().map(|p| Circle::new(*p, px(3.0), colour(0).mix(0.8).filled()));
        chart.draw_series(dots).map_err(FigureError::drawing)?;
        if !line.is_empty() {
            chart
                .draw_series([PathElement::new(line, stroke(&colour(1), 2.0))])
                .map_err(FigureError::drawing)?;
        }
        Ok(String::new())
    })
}

/// Points (log10 of the bin's middle, log10 of the probability of one whole number in it), empty bins left out.
fn probabilities(values: &[u64]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<u64> = values.iter().copied().filter(|v| *v > 0).collect();
    sorted.sort_unstable();
    let mut points = Vec::new();
    let (mut low, mut next) = (1u64, 0usize);
    while next < sorted.len() {
        // At least one whole number per bin, and a tenth of a factor of ten.
        let high = ((low as f64 * 10f64.powf(0.1)).floor() as u64).max(low.saturating_add(1));
        let inside = sorted[next..].partition_point(|v| *v < high || high == u64::MAX);
        if inside > 0 {
            let density = inside as f64 / sorted.len() as f64 / (high - low) as f64;
            let middle = ((low as f64) * (high - 1) as f64).sqrt();
            points.push((middle.log10(), density.log10()));
        }
        (low, next) = (high, next + inside);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_to_one() {
        let values: Vec<u64> = (1..=5000).map(|i| 1 + 5000 / i).chain([0, 0]).collect();
        let points = probabilities(&values);
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
        // Small values have bins of their own.
        let ones = probabilities(&[1, 1, 1, 2]);
        assert!((ones[0].0, ones[1].0) == (0.0, 2f64.log10()));
        assert!((10f64.powf(ones[0].1) - 0.75).abs() < 1e-12);
        assert_eq!(probabilities(&[u64::MAX]).len(), 1);
    }
}
