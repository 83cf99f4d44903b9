//! Bars: a number for each name, such as what each key of a search explains.

use plotters::prelude::*;

use super::frame::{Axis, Frame, Ticks};
use super::style::colour;
use super::{Figure, FigureError};

/// How bars are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct BarOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What the numbers are.
    pub label: String,
    /// Where the axis ends; at the largest number where absent.
    pub most: Option<f64>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for BarOptions {
    fn default() -> Self {
        Self { title: String::new(), label: String::new(), most: None, width: 720, height: 360 }
    }
}

/// Draws a bar from 0 for each name, the first at the top.
///
/// # Errors
/// [`FigureError`] if there is no bar, a number is negative or not finite, or the size is not allowed.
pub fn bars(bars: &[(String, f64)], options: &BarOptions) -> Result<Figure, FigureError> {
    if bars.is_empty() {
        return Err(FigureError::Empty("no bar was given".to_owned()));
    }
    if let Some((name, value)) = bars.iter().find(|(_, value)| !value.is_finite() || *value < 0.0) {
        return Err(FigureError::OutOfRange {
            place: format!("the bar {name:?}"),
            found: value.to_string(),
            allowed: "a finite non-negative number".to_owned(),
        });
    }
    let largest = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let most = options.most.filter(|most| *most > 0.0).unwrap_or(if largest > 0.0 { largest } else { 1.0 });
    let rows = bars.len();
    let names = bars.iter().rev().map(|(name, _)| (name.clone(), String::new()));
    let frame = Frame {
        title: &options.title,
        legend: Vec::new(),
        x: Axis { label: &options.label, range: (0.0, most), ticks: Ticks::Numbers },
        y: Axis { label: "", range: (-0.5, rows as f64 - 0.5), ticks: Ticks::Names(names.collect()) },
        right: 0.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let mut chart = frame.draw(area)?;
        let drawn = bars.iter().enumerate().map(|(i, (_, value))| {
            let row = (rows - 1 - i) as f64;
            Rectangle::new([(0.0, row - 0.3), (value.min(most), row + 0.3)], colour(0).filled())
        });
        chart.draw_series(drawn).map_err(FigureError::drawing)?;
        Ok(String::new())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_has_its_name_and_wrong_ones_are_refused() {
        let given = [("actor_step".to_owned(), 0.7), ("lambda".to_owned(), 0.0)];
        let figure = bars(&given, &BarOptions { most: Some(1.0), ..Default::default() }).unwrap();
        assert!(figure.svg().contains("actor_step") && figure.svg().contains("lambda"));
        assert!(bars(&given[1..], &BarOptions::default()).is_ok());
        assert!(matches!(bars(&[], &BarOptions::default()), Err(FigureError::Empty(_))));
        for wrong in [f64::NAN, -1.0] {
            let error = bars(&[("a".to_owned(), wrong)], &BarOptions::default()).unwrap_err().to_string();
            assert!(error.contains("the bar \"a\""), "{error}");
        }
    }
}
