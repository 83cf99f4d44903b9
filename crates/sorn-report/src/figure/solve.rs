//! Arms side by side: how many episodes each run needed.

use plotters::prelude::*;

use super::frame::{Axis, Frame, Swatch, Ticks};
use super::style::{FAINT, GREY, colour, fine, px, stroke};
use super::swarm::swarm;
use super::{Figure, FigureError};
use crate::stats::quartiles;

/// What one arm's runs needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Name beside the row.
    pub name: String,
    /// For each run the episode in which it solved, `None` where it did not.
    pub episodes: Vec<Option<u64>>,
}

/// How the comparison is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolveOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for SolveOptions {
    fn default() -> Self {
        Self { title: String::new(), width: 800, height: 360 }
    }
}

/// Draws a row per arm: a dot for each run at the episode in which it solved, a box from the first to the
/// third quartile, a line at the median. Runs that did not solve stand as crosses in a column of their own
/// at the right and count as later than all others.
///
/// # Errors
/// [`FigureError`] where there is no arm, an arm has no run, or the size is not allowed.
pub fn episodes_to_solve(arms: &[Outcomes], options: &SolveOptions) -> Result<Figure, FigureError> {
    if arms.is_empty() {
        return Err(FigureError::Empty("no arm was given".to_owned()));
    }
    if let Some(arm) = arms.iter().find(|a| a.episodes.is_empty()) {
        return Err(FigureError::Empty(format!("arm {:?} has no run", arm.name)));
    }
    let all = || arms.iter().flat_map(|a| &a.episodes);
    let last = all().flatten().max().map_or(1.0, |n| *n as f64);
    let any_unsolved = all().any(Option::is_none);
    // The column of the unsolved runs begins at the border.
    let border = last * 1.05;
    let unsolved = last * 1.12;
    let end = if any_unsolved { last * 1.19 } else { border };
    let rows = arms.len();
    // The first arm stands at the top; rows count from the bottom.
    let names = arms.iter().rev().map(|a| {
        let solved = a.episodes.iter().flatten().count();
        (a.name.clone(), format!(" ({solved}/{})", a.episodes.len()))
    });
    let mut legend = vec![(Swatch::Dot(GREY), "one run".to_owned())];
    if any_unsolved {
        legend.push((Swatch::Cross(GREY), "not solved".to_owned()));
    }
    let frame = Frame {
        title: &options.title,
        legend,
        x: Axis { label: "episodes to solve", range: (0.0, end), ticks: Ticks::Counts(border) },
        y: Axis { label: "", range: (-0.5, rows as f64 - 0.5), ticks: Ticks::Names(names.collect()) },
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let mut chart = frame.draw(area)?;
        if any_unsolved {
            let line = PathElement::new([(border, -0.5), (border, rows as f64 - 0.5)], stroke(&GREY, 1.0));
            chart.draw_series([line]).map_err(FigureError::drawing)?;
        }
        for (i, arm) in arms.iter().enumerate() {
            let row = (rows - 1 - i) as f64;
            let colour = colour(i);
            let episodes: Vec<f64> =
                arm.episodes.iter().map(|e| e.map_or(f64::INFINITY, |n| n as f64)).collect();
            let spread = quartiles(&episodes)
                .map_err(|source| FigureError::Data { place: format!("arm {:?}", arm.name), source })?;
            let shown = |episode: f64| if episode.is_finite() { episode } else { unsolved };
            let (low, high) = (row - 0.32, row + 0.32);
            let (q1, middle, q3) = (shown(spread.q1), shown(spread.median), shown(spread.q3));
            let filled = Rectangle::new([(q1, low), (q3, high)], colour.mix(0.15).filled());
            chart.draw_series([filled]).map_err(FigureError::drawing)?;

            let places: Vec<(i32, i32)> =
                episodes.iter().map(|e| chart.backend_coord(&(shown(*e), row))).collect();
            let (_, y_range) = chart.plotting_area().get_pixel_range();
            let room = f64::from(y_range.end - y_range.start) / rows as f64 * 0.3;
            let along: Vec<f64> = places.iter().map(|p| f64::from(p.0)).collect();
            let offsets = swarm(&along, f64::from(fine(8)), room);
            for ((episode, (x, y)), offset) in arm.episodes.iter().zip(places).zip(offsets) {
                let at = (x, y + offset.round() as i32);
                let drawn = if episode.is_some() {
                    area.draw(&Circle::new(at, px(4.0), WHITE.filled()))
                        .and_then(|()| area.draw(&Circle::new(at, px(3.3), colour.mix(0.8).filled())))
                } else {
                    area.draw(&Cross::new(at, px(3.0), stroke(&colour, 1.5)))
                };
                drawn.map_err(FigureError::drawing)?;
            }
            // On top of the dots, which may be many.
            let outline = Rectangle::new([(q1, low), (q3, high)], stroke(&colour, 1.0));
            chart.draw_series([outline]).map_err(FigureError::drawing)?;
            for (colour, width) in [(WHITE, 5.0), (colour, 3.0)] {
                let line = PathElement::new([(middle, low), (middle, high)], stroke(&colour, width));
                chart.draw_series([line]).map_err(FigureError::drawing)?;
            }
            if row > 0.0 {
                let line = PathElement::new([(0.0, row - 0.5), (end, row - 0.5)], stroke(&FAINT, 1.0));
                chart.draw_series([line]).map_err(FigureError::drawing)?;
            }
        }
        Ok(String::new())
    })
}
