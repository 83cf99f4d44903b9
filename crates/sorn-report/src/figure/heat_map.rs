//! A table of numbers in colours, rows and columns by name: what two keys of a search come to.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::frame::{Axis, Frame, Swatch, Ticks};
use super::matrix::{Shades, draw_shades};
use super::style::{GREY, INK, LABEL, fit, px, short, text, width};
use super::{Figure, FigureError};

/// How a heat map is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMapOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What the columns are.
    pub x_label: String,
    /// What the rows are.
    pub y_label: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for HeatMapOptions {
    fn default() -> Self {
        Self { title: String::new(), x_label: String::new(), y_label: String::new(), width: 720, height: 480 }
    }
}

/// Draws a cell for each row and column, `values` row after row, the first row at the top, with its number if there is room. The
/// colours are those of [`matrix`](super::matrix()); NaN is drawn grey and called "not defined".
///
/// # Errors
/// [`FigureError`] if there is no cell, the number of values is not that of the cells, a value is infinite, or the size is not allowed.
pub fn heat_map(
    values: &[f64],
    rows: &[String],
    columns: &[String],
    options: &HeatMapOptions,
) -> Result<Figure, FigureError> {
    if values.is_empty() {
        return Err(FigureError::Empty("the heat map has no cell".to_owned()));
    }
    let wrong =
        |place: String, found: String, allowed: String| FigureError::OutOfRange { place, found, allowed };
    let cells = rows.len() * columns.len();
    if values.len() != cells {
        let allowed = format!("{cells}: {} rows by {} columns", rows.len(), columns.len());
        return Err(wrong("the number of values".into(), values.len().to_string(), allowed));
    }
    if let Some(index) = values.iter().position(|value| value.is_infinite()) {
        let place = format!("the value in row {}, column {}", index / columns.len(), index % columns.len());
        return Err(wrong(place, values[index].to_string(), "a finite number or NaN".into()));
    }
    let defined = || values.iter().copied().filter(|value| !value.is_nan());
    let shades =
        Shades::of(defined().fold(f64::INFINITY, f64::min), defined().fold(f64::NEG_INFINITY, f64::max));
    let undefined = values.iter().any(|value| value.is_nan());
    let height = rows.len() as f64;
    let names = rows.iter().rev().map(|name| (name.clone(), String::new())).collect();
    let frame = Frame {
        title: &options.title,
        legend: if undefined { vec![(Swatch::Dot(GREY), "not defined".to_owned())] } else { Vec::new() },
        x: Axis {
            label: &options.x_label,
            range: (-0.5, columns.len() as f64 - 0.5),
            // The names are drawn below.
            ticks: Ticks::Counts(-1.0),
        },
        y: Axis { label: &options.y_label, range: (-0.5, height - 0.5), ticks: Ticks::Names(names) },
        right: 70.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let chart = frame.draw(area)?;
        let (xs, ys) = chart.plotting_area().get_pixel_range();
        draw_shades(area, &shades, (xs.end + px(16.0), ys.start, ys.end))?;
        let x = |column: usize| xs.start + (xs.end - xs.start) * column as i32 / columns.len() as i32;
        let y = |row: usize| ys.start + (ys.end - ys.start) * row as i32 / rows.len() as i32;
        let wide = f64::from(x(1) - x(0)) / f64::from(px(1.0)) - 6.0;
        let tall = f64::from(y(1) - y(0)) / f64::from(px(1.0));
        for (index, value) in values.iter().enumerate() {
            let (row, column) = (index / columns.len(), index % columns.len());
            let corners = [(x(column), y(row)), (x(column + 1), y(row + 1))];
            let fill = shades.colour(shades.shade(*value));
            area.draw(&Rectangle::new(corners, fill.filled())).map_err(FigureError::drawing)?;
            let number = short(*value);
            if !value.is_nan() && tall > LABEL * 1.3 && width(&number, LABEL)? < wide {
                // Light letters on dark cells.
                let dark = u32::from(fill.0) + u32::from(fill.1) + u32::from(fill.2) < 380;
                let style = text(LABEL, if dark { &WHITE } else { &INK });
                let style = style.pos(Pos::new(HPos::Center, VPos::Center));
                let middle = ((x(column) + x(column + 1)) / 2, (y(row) + y(row + 1)) / 2);
                area.draw_text(&number, &style, middle).map_err(FigureError::drawing)?;
            }
        }
        for (column, name) in columns.iter().enumerate() {
            let style = text(LABEL, &INK).pos(Pos::new(HPos::Center, VPos::Top));
            let middle = ((x(column) + x(column + 1)) / 2, ys.end + px(7.0));
            area.draw_text(&fit(name, LABEL, wide.max(LABEL))?, &style, middle)
                .map_err(FigureError::drawing)?;
        }
        Ok(String::new())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(String::from).collect()
    }

    #[test]
    fn every_cell_has_its_name_and_number() {
        let values = [1.0, 2.5, f64::NAN, -4.0, 0.0, 9.0];
        let figure =
            heat_map(&values, &names("low high"), &names("a b c"), &HeatMapOptions::default()).unwrap();
        for word in ["low", "high", ">\na\n", "2.5", "\u{2212}4", "not defined"] {
            assert!(figure.svg().contains(word), "{word}");
        }
        assert!(!figure.svg().contains("NaN"));
        assert!(figure.png(1.0).is_ok());
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let heat_map =
            |values: &[f64]| heat_map(values, &names("a b"), &names("c"), &HeatMapOptions::default());
        assert!(matches!(heat_map(&[]), Err(FigureError::Empty(_))));
        let error = heat_map(&[1.0]).unwrap_err().to_string();
        assert!(error.contains("2: 2 rows by 1 columns"), "{error}");
        assert!(heat_map(&[1.0, f64::INFINITY]).unwrap_err().to_string().contains("row 1, column 0"));
        assert!(heat_map(&[f64::NAN, f64::NAN]).is_ok() && heat_map(&[3.0, 3.0]).is_ok());
    }
}
