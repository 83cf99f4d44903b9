//! Medians and quartiles over a number that was varied, one line per arm.

use plotters::prelude::*;

use super::frame::{Axis, Frame, Swatch, Ticks};
use super::scale::padded;
use super::style::{COLOURS, GREY, colour, number, px, stroke};
use super::{Figure, FigureError};
use crate::stats::StatsError;

/// What came of one value of the number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadPoint {
    /// The number.
    pub x: f64,
    /// Median.
    pub median: f64,
    /// First and third quartile.
    pub quartiles: (f64, f64),
}

/// One arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpreadLine {
    /// Name for the legend.
    pub name: String,
    /// Its points, numbers ascending.
    pub points: Vec<SpreadPoint>,
}

/// How the lines are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What was varied.
    pub x_label: String,
    /// What was measured.
    pub y_label: String,
    /// A value that is to be reached, as a dashed line.
    pub reach: Option<f64>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for SpreadOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            x_label: "number".to_owned(),
            y_label: "value".to_owned(),
            reach: None,
            width: 800,
            height: 480,
        }
    }
}

/// Draws for each arm a line through its medians, a dot at each, and a bar from the first to the third quartile. Bars of arms at the
/// same number stand a little apart.
///
/// # Errors
/// [`FigureError`] if there is no point, a coordinate is not finite, numbers do not ascend, or the size is not allowed.
pub fn spreads(lines: &[SpreadLine], options: &SpreadOptions) -> Result<Figure, FigureError> {
    check(lines)?;
    let all = || lines.iter().flat_map(|line| &line.points);
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let (first, last) = bounds(&mut all().map(|point| point.x));
    let heights = all().flat_map(|point| [point.quartiles.0, point.median, point.quartiles.1]);
    let (low, high) = bounds(&mut heights.chain(options.reach));
    let x_range = padded(first, last);
    let whole = all().all(|point| point.x.fract() == 0.0);
    let swatch = |i| if i < COLOURS { Swatch::Line(colour(i)) } else { Swatch::Dashed(colour(i), 2.5) };
    let mut legend: Vec<(Swatch, String)> =
        lines.iter().enumerate().map(|(i, line)| (swatch(i), line.name.clone())).collect();
    if let Some(reach) = options.reach {
        legend.push((Swatch::Dashed(GREY, 1.5), number(reach)));
    }
    let frame = Frame {
        title: &options.title,
        legend,
        x: Axis {
            label: &options.x_label,
            range: x_range,
            ticks: if whole { Ticks::Counts(f64::INFINITY) } else { Ticks::Numbers },
        },
        y: Axis { label: &options.y_label, range: padded(low, high), ticks: Ticks::Numbers },
        right: 0.0,
        left: 0.0,
    };
    // Pixels between the bars of two arms.
    let apart = 4.0 * (x_range.1 - x_range.0) / f64::from(options.width);
    Figure::draw((options.width, options.height), |area| {
        let mut chart = frame.draw(area)?;
        if let Some(reach) = options.reach {
            let line = [(x_range.0, reach), (x_range.1, reach)];
            chart
                .draw_series(DashedLineSeries::new(line, px(8.0), px(5.0), stroke(&GREY, 1.5)))
                .map_err(FigureError::drawing)?;
        }
        for (i, line) in lines.iter().enumerate() {
            let shift = apart * (i as f64 - (lines.len() as f64 - 1.0) / 2.0);
            let middle: Vec<(f64, f64)> = line.points.iter().map(|p| (p.x + shift, p.median)).collect();
            let bars = line.points.iter().map(|p| {
                let x = p.x + shift;
                PathElement::new(vec![(x, p.quartiles.0), (x, p.quartiles.1)], stroke(&colour(i), 2.0))
            });
            chart.draw_series(bars).map_err(FigureError::drawing)?;
            let dots = middle.iter().map(|point| Circle::new(*point, px(3.5), colour(i).filled()));
            chart.draw_series(dots).map_err(FigureError::drawing)?;
            let style = stroke(&colour(i), 1.5);
            if i < COLOURS {
                chart.draw_series([PathElement::new(middle, style)]).map(|_| ())
            } else {
                chart.draw_series(DashedLineSeries::new(middle, px(6.0), px(4.0), style)).map(|_| ())
            }
            .map_err(FigureError::drawing)?;
        }
        Ok(String::new())
    })
}

fn check(lines: &[SpreadLine]) -> Result<(), FigureError> {
    if lines.iter().all(|line| line.points.is_empty()) {
        return Err(FigureError::Empty("no line has a point".to_owned()));
    }
    for line in lines {
        let place = || format!("line {:?}", line.name);
        for (index, point) in line.points.iter().enumerate() {
            let numbers = [point.x, point.median, point.quartiles.0, point.quartiles.1];
            if let Some(value) = numbers.into_iter().find(|n| !n.is_finite()) {
                let source = StatsError::NotAllowed { argument: "points", index, value };
                return Err(FigureError::Data { place: place(), source });
            }
        }
        if let Some(pair) = line.points.windows(2).find(|pair| pair[0].x >= pair[1].x) {
            let (found, allowed) = (pair[1].x.to_string(), format!("more than {}", pair[0].x));
            return Err(FigureError::OutOfRange {
                place: format!("a number of {}", place()),
                found,
                allowed,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(xs: &[f64]) -> SpreadLine {
        let point = |&x: &f64| SpreadPoint { x, median: 1.0 / x, quartiles: (0.5 / x, 1.5 / x) };
        SpreadLine { name: "sorn".into(), points: xs.iter().map(point).collect() }
    }

    #[test]
    fn every_point_is_drawn() {
        let lines = [line(&[2.0, 4.0, 8.0]), SpreadLine { name: "static".into(), ..line(&[2.0]) }];
        let options = SpreadOptions { reach: Some(0.9), ..SpreadOptions::default() };
        let figure = spreads(&lines, &options).unwrap();
        assert_eq!(figure.svg().matches("<circle").count(), 4);
        assert!(figure.svg().contains("static") && figure.svg().contains("0.9"));
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let error = |lines: &[SpreadLine]| spreads(lines, &SpreadOptions::default()).unwrap_err().to_string();
        assert!(error(&[]).contains("no line has a point"));
        assert!(error(&[line(&[2.0, 2.0])]).contains("a number of line \"sorn\""));
        assert!(error(&[line(&[f64::NAN])]).contains("line \"sorn\""));
    }
}
