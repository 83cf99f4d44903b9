//! A matrix in colours: weights, correlations.

use std::fmt::Write;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::frame::{Axis, Frame, Swatch, Ticks};
use super::scale::between;
use super::style::{GREY, INK, LABEL, colour, fine, px, short, stroke, text};
use super::{Area, Figure, FigureError};

/// How a matrix is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What a column is.
    pub x_label: String,
    /// What a row is.
    pub y_label: String,
    /// The values at the ends of the scale of colours; those of the data where `None`.
    pub range: Option<(f64, f64)>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for MatrixOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            x_label: "column".to_owned(),
            y_label: "row".to_owned(),
            range: None,
            width: 560,
            height: 520,
        }
    }
}

/// Shades between the ends of the scale.
const SHADES: usize = 64;

/// Draws a matrix given row after row, the first row at the bottom. The scale goes from white (0 or the lowest
/// value) to blue; where values are negative, from vermillion over white (0) to blue, equally far to both
/// sides. A NaN is drawn grey and called "not defined". Where there are more cells than pixels a pixel shows
/// the value of largest magnitude among its cells, so that single synapses stay visible.
///
/// # Errors
/// [`FigureError`] where there is no cell, the number of values is not a multiple of `columns`, a value or the
/// range is infinite, the range is empty, or the size is not allowed.
pub fn matrix(values: &[f64], columns: usize, options: &MatrixOptions) -> Result<Figure, FigureError> {
    if values.is_empty() || columns == 0 {
        return Err(FigureError::Empty("the matrix has no cell".to_owned()));
    }
    let wrong = |place: &str, found: String, allowed: &str| FigureError::OutOfRange {
        place: place.to_owned(),
        found,
        allowed: allowed.to_owned(),
    };
    if !values.len().is_multiple_of(columns) {
        let allowed = format!("a multiple of {columns}, the number of columns");
        return Err(wrong("the number of values", values.len().to_string(), &allowed));
    }
    if let Some(index) = values.iter().position(|v| v.is_infinite()) {
        let place = format!("the value in row {}, column {}", index / columns, index % columns);
        return Err(wrong(&place, values[index].to_string(), "a finite number or NaN"));
    }
    let rows = values.len() / columns;
    let defined = || values.iter().copied().filter(|v| !v.is_nan());
    let (low, high) = match options.range {
        Some((low, high)) if low.is_finite() && high.is_finite() && low < high => (low, high),
        Some(range) => return Err(wrong("range", format!("{range:?}"), "finite numbers, the first lower")),
        None => (defined().fold(f64::INFINITY, f64::min), defined().fold(f64::NEG_INFINITY, f64::max)),
    };
    let scale = Shades::of(low, high);
    let undefined = values.iter().any(|v| v.is_nan());
    let frame = Frame {
        title: &options.title,
        legend: if undefined { vec![(Swatch::Dot(GREY), "not defined".to_owned())] } else { Vec::new() },
        x: Axis {
            label: &options.x_label,
            range: (0.0, columns as f64),
            ticks: Ticks::Counts(f64::INFINITY),
        },
        y: Axis { label: &options.y_label, range: (0.0, rows as f64), ticks: Ticks::Counts(f64::INFINITY) },
        right: 70.0,
        left: 0.0,
    };
    Figure::draw((options.width, options.height), |area| {
        let chart = frame.draw(area)?;
        let (xs, ys) = chart.plotting_area().get_pixel_range();
        draw_shades(area, &scale, (xs.end + px(16.0), ys.start, ys.end))?;
        let unit = fine(1) as usize;
        let across = columns.min((xs.end - xs.start) as usize / unit);
        let up = rows.min((ys.end - ys.start) as usize / unit);
        let cell = |column: usize, row: usize| {
            let inside = |i: usize, cells: usize, of: usize| i * of / cells..((i + 1) * of / cells);
            let of_row = |r: usize| &values[r * columns..][inside(column, across, columns)];
            let all = inside(row, up, rows).flat_map(of_row).copied();
            all.max_by(|a, b| scale.magnitude(*a).total_cmp(&scale.magnitude(*b))).unwrap_or(f64::NAN)
        };
        let x = |i: usize| xs.start + (i * (xs.end - xs.start) as usize / across) as i32;
        let y = |i: usize| ys.end - (i * (ys.end - ys.start) as usize / up) as i32;
        // Runs of one shade in a row are one rectangle, all rectangles of one shade one path.
        let mut paths = vec![String::new(); 2 * SHADES + 2];
        for row in 0..up {
            let shades: Vec<usize> = (0..across).map(|column| scale.shade(cell(column, row))).collect();
            let mut start = 0;
            for run in shades.chunk_by(|a, b| a == b) {
                let end = start + run.len();
                if run[0] != Shades::BLANK {
                    let (left, right, tall) = (x(start), x(end), y(row) - y(row + 1));
                    let path = &mut paths[run[0]];
                    let _ = write!(path, "M{left} {}H{right}v{tall}H{left}z", y(row + 1));
                }
                start = end;
            }
        }
        let mut cells = String::new();
        for (shade, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
            let RGBColor(r, g, b) = scale.colour(shade);
            let _ = writeln!(
                cells,
                "<path d=\"{path}\" fill=\"#{r:02X}{g:02X}{b:02X}\" shape-rendering=\"crispEdges\"/>"
            );
        }
        Ok(cells)
    })
}

/// Values to shades: `BLANK` is white and not drawn, 1 to `SHADES` lead to blue, the next `SHADES` to
/// vermillion, the last is "not defined".
pub(super) struct Shades {
    /// White.
    zero: f64,
    /// How far from white the full colours lie.
    reach: f64,
    diverging: bool,
}

impl Shades {
    const BLANK: usize = 0;
    const UNDEFINED: usize = 2 * SHADES + 1;

    pub(super) fn of(low: f64, high: f64) -> Self {
        let diverging = low < 0.0;
        let zero = if diverging { 0.0 } else { low };
        // Where values are negative neither end overflows: 0 lies between them.
        let reach = if diverging { high.max(-low) } else { high - low };
        if reach > 0.0 && reach.is_finite() {
            return Self { zero, reach, diverging };
        }
        // All values equal, or none defined.
        let reach = if low > 0.0 && low.is_finite() { low } else { 1.0 };
        Self { zero: 0.0, reach, diverging: false }
    }

    /// NaN is shown only where there is nothing else.
    fn magnitude(&self, value: f64) -> f64 {
        if value.is_nan() { -1.0 } else { (value - self.zero).abs() }
    }

    pub(super) fn shade(&self, value: f64) -> usize {
        if value.is_nan() {
            return Self::UNDEFINED;
        }
        let part = ((value - self.zero) / self.reach).clamp(-1.0, 1.0);
        let steps = (part.abs() * SHADES as f64).ceil() as usize;
        if steps == 0 || (part < 0.0 && !self.diverging) {
            Self::BLANK
        } else if part > 0.0 {
            steps
        } else {
            SHADES + steps
        }
    }

    pub(super) fn colour(&self, shade: usize) -> RGBColor {
        if shade == Self::UNDEFINED {
            return RGBColor(0xbb, 0xbb, 0xbb);
        }
        let (end, steps) = if shade > SHADES { (colour(1), shade - SHADES) } else { (colour(0), shade) };
        // A sixth of the way at once, so that the least value is seen on white.
        let part = if steps == 0 { 0.0 } else { 1.0 / 6.0 + 5.0 / 6.0 * steps as f64 / SHADES as f64 };
        let mix = |to: u8| (255.0 + (f64::from(to) - 255.0) * part).round() as u8;
        RGBColor(mix(end.0), mix(end.1), mix(end.2))
    }
}

/// The bar that explains the colours, from `top` to `bottom` right of `left`.
pub(super) fn draw_shades(
    area: &Area<'_>,
    scale: &Shades,
    (left, top, bottom): (i32, i32, i32),
) -> Result<(), FigureError> {
    let right = left + px(12.0);
    let low = if scale.diverging { scale.zero - scale.reach } else { scale.zero };
    let range = (low, scale.zero + scale.reach);
    const STRIPES: i32 = 64;
    for i in 0..STRIPES {
        let value = between(range, (f64::from(i) + 0.5) / f64::from(STRIPES));
        let at = |i: i32| bottom - (bottom - top) * i / STRIPES;
        let style = scale.colour(scale.shade(value)).filled();
        area.draw(&Rectangle::new([(left, at(i + 1)), (right, at(i))], style))
            .map_err(FigureError::drawing)?;
    }
    area.draw(&Rectangle::new([(left, top), (right, bottom)], stroke(&GREY, 1.0)))
        .map_err(FigureError::drawing)?;
    let marks = if scale.diverging { 2 } else { 1 };
    for i in 0..=marks {
        let value = between(range, f64::from(i) / f64::from(marks));
        let y = bottom - (bottom - top) * i / marks;
        let vertical = match i {
            0 => VPos::Bottom,
            i if i == marks => VPos::Top,
            _ => VPos::Center,
        };
        let style = text(LABEL, &INK).pos(Pos::new(HPos::Left, vertical));
        area.draw_text(&short(value), &style, (right + px(5.0), y)).map_err(FigureError::drawing)?;
    }
    Ok(())
}
