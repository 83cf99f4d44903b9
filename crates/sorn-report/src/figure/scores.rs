//! Arms side by side: what each run reached.

use plotters::prelude::*;

use super::frame::{Axis, Frame, Swatch, Ticks};
use super::scale::padded;
use super::style::{FAINT, GREY, colour, fine, px, stroke};
use super::swarm::swarm;
use super::{Figure, FigureError};
use crate::stats::StatsError;

/// What one arm's runs reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Name beside the row.
    pub name: String,
    /// One number for each run.
    pub values: Vec<f64>,
    /// Where the line stands, e.g. at the interquartile mean.
    pub middle: f64,
    /// From where to where the box goes, e.g. a bootstrap interval.
    pub interval: (f64, f64),
}

/// How scores are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoresOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What the numbers are.
    pub label: String,
    /// What line and box are.
    pub summary: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for ScoresOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            label: "mean return".to_owned(),
            summary: "interquartile mean, 95 % interval".to_owned(),
            width: 800,
            height: 360,
        }
    }
}

/// Draws a row per arm: a dot for each run, a box over the interval, a line in the middle.
///
/// # Errors
/// [`FigureError`] where there is no arm, an arm has no run, a number is not finite, or the size is not allowed.
pub fn scores(arms: &[Scores], options: &ScoresOptions) -> Result<Figure, FigureError> {
    if arms.is_empty() {
        return Err(FigureError::Empty("no arm was given".to_owned()));
    }
    for arm in arms {
        if arm.values.is_empty() {
            return Err(FigureError::Empty(format!("arm {:?} has no run", arm.name)));
        }
        if let Some(index) = drawn(arm).position(|value| !value.is_finite()) {
            let value = drawn(arm).nth(index).unwrap_or(f64::NAN);
            let source = StatsError::NotAllowed { argument: "values", index, value };
            return Err(FigureError::Data { place: format!("arm {:?}", arm.name), source });
        }
    }
    let all = || arms.iter().flat_map(drawn);
    let range = padded(all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let rows = arms.len();
    // The first arm stands at the top; rows count from the bottom.
    let names = arms.iter().rev().map(|arm| (arm.name.clone(), format!(" ({})", arm.values.len())));
    let frame = Frame {
        title: &options.title,
        legend: vec![
            (Swatch::Dot(GREY), "one run".to_owned()),
            (Swatch::Line(GREY), options.summary.clone()),
        ],
        x: Axis { label: &options.label, range, ticks: Ticks::Numbers },
        y: Axis { label: "", range: (-0.5, rows as f64 - 0.5), ticks: Ticks::Names(names.collect()) },
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let mut chart = frame.draw(area)?;
        for (i, arm) in arms.iter().enumerate() {
            let row = (rows - 1 - i) as f64;
            let colour = colour(i);
            let (low, high) = (row - 0.32, row + 0.32);
            let corners = [(arm.interval.0, low), (arm.interval.1, high)];
            let filled = Rectangle::new(corners, colour.mix(0.15).filled());
            chart.draw_series([filled]).map_err(FigureError::drawing)?;

            let places: Vec<(i32, i32)> =
                arm.values.iter().map(|v| chart.backend_coord(&(*v, row))).collect();
            let (_, y_range) = chart.plotting_area().get_pixel_range();
            let room = f64::from(y_range.end - y_range.start) / rows as f64 * 0.3;
            let along: Vec<f64> = places.iter().map(|p| f64::from(p.0)).collect();
            for ((x, y), offset) in places.into_iter().zip(swarm(&along, f64::from(fine(8)), room)) {
                let at = (x, y + offset.round() as i32);
                area.draw(&Circle::new(at, px(4.0), WHITE.filled()))
                    .and_then(|()| area.draw(&Circle::new(at, px(3.3), colour.mix(0.8).filled())))
                    .map_err(FigureError::drawing)?;
            }
            // On top of the dots, which may be many.
            let outline = Rectangle::new(corners, stroke(&colour, 1.0));
            chart.draw_series([outline]).map_err(FigureError::drawing)?;
            for (colour, width) in [(WHITE, 5.0), (colour, 3.0)] {
                let line = PathElement::new([(arm.middle, low), (arm.middle, high)], stroke(&colour, width));
                chart.draw_series([line]).map_err(FigureError::drawing)?;
            }
            if row > 0.0 {
                let line =
                    PathElement::new([(range.0, row - 0.5), (range.1, row - 0.5)], stroke(&FAINT, 1.0));
                chart.draw_series([line]).map_err(FigureError::drawing)?;
            }
        }
        Ok(String::new())
    })
}

fn drawn(arm: &Scores) -> impl Iterator<Item = f64> {
    arm.values.iter().copied().chain([arm.middle, arm.interval.0, arm.interval.1])
}
