//! What stands around the data: title, legend, axes.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::scale::{Scale, ticks};
use super::style::{self, FAINT, GREY, INK, LABEL, TITLE, fit, number, power_of_ten, px, text};
use super::{Area, FigureError};

/// Distance from the edge of the picture, and between its parts, in pixels.
const MARGIN: f64 = 10.0;

/// Height of a row of the legend and width of its samples, in pixels.
const ROW: f64 = LABEL * 1.5;
const SWATCH: f64 = 22.0;

/// How a series shows itself in the legend.
#[derive(Clone, Copy)]
pub(super) enum Swatch {
    Line(RGBColor),
    /// A line that is dashed, as wide as given in pixels.
    Dashed(RGBColor, f64),
    Dot(RGBColor),
    Cross(RGBColor),
}

/// The chart's own coordinates.
pub(super) type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Scale, Scale>>;

/// What the frame of a chart is made of.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) legend: Vec<(Swatch, String)>,
    pub(super) x: Axis<'a>,
    pub(super) y: Axis<'a>,
    /// Room kept free at the right, in pixels.
    pub(super) right: f64,
    /// Room for the labels at the left, in pixels; as much as they need where 0.
    pub(super) left: f64,
}

/// One axis.
pub(super) struct Axis<'a> {
    pub(super) label: &'a str,
    pub(super) range: (f64, f64),
    pub(super) ticks: Ticks,
}

/// What is written beside an axis.
pub(super) enum Ticks {
    Numbers,
    /// Whole numbers, none beyond the one given.
    Counts(f64),
    /// The coordinates are logarithms to the base 10; their powers of ten are written.
    Powers,
    /// Names beside the positions 0, 1, 2, ..., each with an addition that is never cut off.
    Names(Vec<(String, String)>),
}

impl Ticks {
    fn label(&self, value: f64) -> String {
        match self {
            Self::Counts(last) if value.fract() != 0.0 || value > *last => String::new(),
            Self::Powers if value.fract() != 0.0 => String::new(),
            Self::Powers => power_of_ten(value as i32),
            _ => number(value),
        }
    }

    /// At most `count` ticks; no more than there are whole numbers where only those are written.
    fn count(&self, count: usize, (low, high): (f64, f64)) -> usize {
        match self {
            Self::Counts(_) | Self::Powers => count.min(((high - low) as usize).saturating_add(1)),
            _ => count,
        }
    }
}

impl Frame<'_> {
    /// Draws the frame and returns the chart within it. `area` is the whole picture.
    pub(super) fn draw<'a, 'b>(&self, area: &'a Area<'b>) -> Result<Chart<'a, 'b>, FigureError> {
        let (width, height) = pixels(area);
        let top = draw_head(area, self.title, &self.legend)?;
        let below = if self.x.label.is_empty() { LABEL * 0.5 } else { LABEL * 3.5 };
        // The outermost tick label sticks out by half its height or width.
        let plot_height = height - top - below - LABEL * 0.5 - MARGIN;
        let y_count = self.y.tick_count(plot_height);
        let widest = self.left.max(self.y.label_width(y_count)?).min(width * 0.35);
        let x_count =
            self.x.ticks.count((((width - widest - self.right) / 90.0) as usize).clamp(2, 12), self.x.range);
        let y_description = if self.y.label.is_empty() { 0.0 } else { LABEL * 1.7 };
        let y_area = widest + y_description + 12.0;

        let mut chart = ChartBuilder::on(area)
            .margin_top(px(top + 4.0))
            .margin_right(px(MARGIN + 14.0 + self.right))
            .margin_bottom(px(MARGIN * 0.6))
            .margin_left(px(MARGIN * 0.6))
            .x_label_area_size(px(below))
            .y_label_area_size(px(y_area))
            .build_cartesian_2d(Scale(self.x.range), Scale(self.y.range))
            .map_err(FigureError::drawing)?;
        let named = matches!(self.y.ticks, Ticks::Names(_));
        let x_label = |v: &f64| if self.x.label.is_empty() { String::new() } else { self.x.ticks.label(*v) };
        let y_label = |v: &f64| self.y.ticks.label(*v);
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT)
            .bold_line_style(style::stroke(&FAINT, 1.0))
            .axis_style(style::stroke(&GREY, 1.0))
            .label_style(text(LABEL, &INK))
            .axis_desc_style(text(LABEL, &INK))
            .set_all_tick_mark_size(px(4.0))
            .x_labels(x_count)
            .x_desc(self.x.label)
            .x_label_formatter(&x_label);
        if named {
            mesh.y_labels(0).disable_y_mesh();
        } else {
            mesh.y_labels(y_count).y_label_formatter(&y_label);
        }
        mesh.draw().map_err(FigureError::drawing)?;
        drop(mesh);
        // Texts are put within the area, which may be a part of the picture.
        let (area_x, area_y) = area.get_base_pixel();
        let (x_pixels, y_pixels) = chart.plotting_area().get_pixel_range();
        if let Ticks::Names(names) = &self.y.ticks {
            for (row, (name, more)) in names.iter().enumerate() {
                let (_, y) = chart.backend_coord(&(self.x.range.0, row as f64));
                let name = fit(name, LABEL, widest + 1.0 - style::width(more, LABEL)?)? + more;
                let style = text(LABEL, &INK).pos(Pos::new(HPos::Right, VPos::Center));
                area.draw_text(&name, &style, (x_pixels.start - area_x - px(8.0), y - area_y))
                    .map_err(FigureError::drawing)?;
            }
        }
        if !self.y.label.is_empty() {
            // Plotters measures turned text wrongly, so it is put here by hand.
            let room = f64::from(y_pixels.end - y_pixels.start) / f64::from(style::fine(1));
            let label = fit(self.y.label, LABEL, room)?;
            let style =
                text(LABEL, &INK).transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Top));
            let middle = (y_pixels.start + y_pixels.end) / 2 - area_y;
            area.draw_text(&label, &style, (px(MARGIN * 0.7), middle)).map_err(FigureError::drawing)?;
        }
        Ok(chart)
    }
}

impl Axis<'_> {
    /// How many ticks a vertical axis of `height` pixels has.
    pub(super) fn tick_count(&self, height: f64) -> usize {
        self.ticks.count(((height / 45.0) as usize).clamp(2, 10), self.range)
    }

    /// Width of the tick labels, in pixels.
    pub(super) fn label_width(&self, count: usize) -> Result<f64, FigureError> {
        let names: Vec<String> = match &self.ticks {
            Ticks::Names(names) => names.iter().map(|(name, more)| format!("{name}{more}")).collect(),
            kind => ticks(self.range, count).into_iter().map(|v| kind.label(v)).collect(),
        };
        names.iter().try_fold(0.0, |widest: f64, name| Ok(widest.max(style::width(name, LABEL)?)))
    }
}

/// Width and height of an area in pixels of the figure.
pub(super) fn pixels(area: &Area<'_>) -> (f64, f64) {
    let (width, height) = area.dim_in_pixel();
    (f64::from(width) / f64::from(style::fine(1)), f64::from(height) / f64::from(style::fine(1)))
}

/// Draws title and legend; returns where they end, in pixels from the top.
pub(super) fn draw_head(
    area: &Area<'_>,
    title: &str,
    legend: &[(Swatch, String)],
) -> Result<f64, FigureError> {
    let (width, height) = pixels(area);
    let mut top = MARGIN;
    if !title.is_empty() {
        let title = fit(title, TITLE, width - 2.0 * MARGIN)?;
        put(area, &title, TITLE, (MARGIN, top), &INK)?;
        top += TITLE * 1.6;
    }
    draw_legend(area, legend, top, (width, height))
}

/// How high a legend is whose names are not shortened, in pixels.
pub(super) fn legend_height(legend: &[(Swatch, String)], width: f64) -> Result<f64, FigureError> {
    Ok(arrange_legend(legend, width, 1.0)?.last().map_or(0.0, |last| last.y + ROW))
}

/// Draws the legend in as many rows as it takes; returns where it ends.
fn draw_legend(
    area: &Area<'_>,
    legend: &[(Swatch, String)],
    top: f64,
    (width, height): (f64, f64),
) -> Result<f64, FigureError> {
    // Where long names would take the room of the data they are shortened, up to three in a row.
    for columns in [1.0, 2.0, 3.0] {
        let entries = arrange_legend(legend, width, columns)?;
        let end = entries.last().map_or(top, |last| top + last.y + ROW);
        if end > height * 0.4 && columns < 3.0 {
            continue;
        }
        for entry in &entries {
            let (x, y) = (entry.x, top + entry.y);
            draw_swatch(area, entry.swatch, x, y + LABEL * 0.55, SWATCH)?;
            put(area, &entry.words, LABEL, (x + SWATCH + 6.0, y), &INK)?;
        }
        return Ok(end);
    }
    Ok(top)
}

/// Places the legend's entries from the left and from 0 downward, each at most so wide that `columns`
/// of them stand in a row.
fn arrange_legend(legend: &[(Swatch, String)], width: f64, columns: f64) -> Result<Vec<Entry>, FigureError> {
    const GAP: f64 = 16.0;
    let most = (width - 2.0 * MARGIN - GAP * (columns - 1.0)) / columns;
    let (mut x, mut y) = (MARGIN, 0.0);
    let mut entries = Vec::new();
    for (swatch, words) in legend {
        let words = fit(words, LABEL, most - SWATCH - 6.0)?;
        let wide = SWATCH + 6.0 + style::width(&words, LABEL)?;
        if x > MARGIN && x + wide > width - MARGIN + 0.5 {
            (x, y) = (MARGIN, y + ROW);
        }
        entries.push(Entry { swatch: *swatch, words, x, y });
        x += wide + GAP;
    }
    Ok(entries)
}

/// One entry of the legend with its place in pixels.
struct Entry {
    swatch: Swatch,
    words: String,
    x: f64,
    y: f64,
}

fn draw_swatch(area: &Area<'_>, swatch: Swatch, x: f64, y: f64, wide: f64) -> Result<(), FigureError> {
    let (middle, end) = (x + wide / 2.0, x + wide);
    let at = |x: f64, y: f64| (px(x), px(y));
    match swatch {
        Swatch::Line(colour) => {
            area.draw(&PathElement::new([at(x, y), at(end, y)], style::stroke(&colour, 2.5)))
        }
        Swatch::Dashed(colour, stroke) => {
            let style = style::stroke(&colour, stroke);
            area.draw(&PathElement::new([at(x, y), at(x + 8.0, y)], style))
                .and_then(|()| area.draw(&PathElement::new([at(x + 13.0, y), at(x + 21.0, y)], style)))
        }
        Swatch::Dot(colour) => area.draw(&Circle::new(at(middle, y), px(4.0), colour.filled())),
        Swatch::Cross(colour) => area.draw(&Cross::new(at(middle, y), px(3.5), style::stroke(&colour, 1.5))),
    }
    .map_err(FigureError::drawing)
}

/// Text whose upper left corner is given in pixels.
fn put(
    area: &Area<'_>,
    words: &str,
    size: f64,
    (x, y): (f64, f64),
    colour: &RGBColor,
) -> Result<(), FigureError> {
    area.draw_text(words, &text(size, colour), (px(x), px(y))).map_err(FigureError::drawing)
}
