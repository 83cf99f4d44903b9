//! The graph of a network: neurons on a circle, joined where they are correlated or connected.

use std::f64::consts::TAU;
use std::fmt::Write;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::frame::{Swatch, draw_head, pixels};
use super::style::{GREY, INK, LABEL, colour, fine, number, px, text};
use super::{Figure, FigureError};

/// How a graph is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What joins two neurons, for the legend.
    pub label: String,
    /// Two neurons are joined where their value exceeds this or falls below its negative; 0 or more.
    pub threshold: f64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            label: "correlation".to_owned(),
            threshold: 0.1,
            width: 640,
            height: 660,
        }
    }
}

/// More lines could not be told apart.
const MOST: usize = 3000;

/// Shades of a line.
const SHADES: usize = 6;

struct Edge {
    ends: (usize, usize),
    value: f64,
}

/// Draws the neurons of a square matrix, given row after row, on a circle, the first at the top and the others clockwise. Two
/// are joined where the value of larger size of their two exceeds the threshold (blue) or its negative (vermillion), the
/// more strongly the larger it is; the diagonal and undefined values (NaN) join none. A neuron's dot grows with the number of
/// others it is joined with. Of more than 3,000 lines the strongest are drawn, and the legend says so.
///
/// # Errors
/// [`FigureError`] where there is no neuron, the matrix is not square, a value is infinite, the threshold is negative or
/// not finite, or the size is not allowed.
pub fn graph(values: &[f64], neurons: usize, options: &GraphOptions) -> Result<Figure, FigureError> {
    let edges = edges(values, neurons, options.threshold)?;
    let mut degrees = vec![0_usize; neurons];
    edges.iter().for_each(|edge| [edge.ends.0, edge.ends.1].iter().for_each(|&end| degrees[end] += 1));
    let drawn = &edges[..edges.len().min(MOST)];
    let legend = legend(&edges, drawn.len(), options);
    Figure::draw((options.width, options.height), |area| {
        let top = draw_head(area, &options.title, &legend)?;
        let (width, height) = pixels(area);
        // Numbers stand outside the circle.
        let numbers = 2.6 * LABEL;
        let centre = (width / 2.0, (top + height) / 2.0);
        let radius = (centre.0.min((height - top) / 2.0) - numbers).max(20.0);
        let at = |neuron: usize, radius: f64| {
            let angle = TAU * neuron as f64 / neurons as f64;
            (centre.0 + radius * angle.sin(), centre.1 - radius * angle.cos())
        };
        let every = (neurons as f64 / 40.0).max(1.0);
        let every = if every > 1.0 { (every / 5.0).ceil() as usize * 5 } else { 1 };
        for neuron in (0..neurons).step_by(every) {
            let (x, y) = at(neuron, radius + 1.4 * LABEL);
            let style = text(LABEL, &INK).pos(Pos::new(HPos::Center, VPos::Center));
            area.draw_text(&neuron.to_string(), &style, (px(x), px(y))).map_err(FigureError::drawing)?;
        }
        let mut svg = lines(drawn, |neuron| at(neuron, radius), centre);
        let most = degrees.iter().copied().max().unwrap_or(0).max(1) as f64;
        let room = (TAU * radius / neurons as f64 / 2.0).clamp(1.0, 7.0);
        for (neuron, degree) in degrees.iter().enumerate() {
            let (x, y) = at(neuron, radius);
            let size = room * (0.35 + 0.65 * *degree as f64 / most);
            let (x, y, size) = (px(x), px(y), px(size).max(fine(1) as i32));
            let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{size}\" fill=\"#262626\"/>");
        }
        Ok(svg)
    })
}

/// What is joined, the strongest first.
fn edges(values: &[f64], neurons: usize, threshold: f64) -> Result<Vec<Edge>, FigureError> {
    if neurons == 0 {
        return Err(FigureError::Empty("no neuron was given".to_owned()));
    }
    let wrong = |place: &str, found: String, allowed: String| {
        Err(FigureError::OutOfRange { place: place.to_owned(), found, allowed })
    };
    if values.len() != neurons * neurons {
        let allowed = format!("{}, the square of {neurons} neurons", neurons * neurons);
        return wrong("the number of values", values.len().to_string(), allowed);
    }
    if !(threshold >= 0.0 && threshold.is_finite()) {
        return wrong("threshold", threshold.to_string(), "a finite number of 0 or more".to_owned());
    }
    if let Some(i) = values.iter().position(|v| v.is_infinite()) {
        let place = format!("the value in row {}, column {}", i / neurons, i % neurons);
        return wrong(&place, values[i].to_string(), "a finite number or NaN".to_owned());
    }
    let mut edges = Vec::new();
    for i in 0..neurons {
        for j in i + 1..neurons {
            let pair = [values[i * neurons + j], values[j * neurons + i]];
            let defined = pair.into_iter().filter(|v| !v.is_nan());
            let value = defined.max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
            if value.abs() > threshold {
                edges.push(Edge { ends: (i, j), value });
            }
        }
    }
    // A stable sort: equal values stay in the order of the neurons.
    edges.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
    Ok(edges)
}

fn legend(edges: &[Edge], drawn: usize, options: &GraphOptions) -> Vec<(Swatch, String)> {
    let above = edges.iter().filter(|edge| edge.value > 0.0).count();
    let (label, threshold) = (&options.label, options.threshold);
    let mut legend = Vec::new();
    let pairs = |count: usize| match count {
        1 => "1 pair".to_owned(),
        _ => format!("{} pairs", number(count as f64)),
    };
    legend.push((Swatch::Line(colour(0)), format!("{label} above {}: {}", number(threshold), pairs(above))));
    if above < edges.len() {
        let below = format!("below {}: {}", number(-threshold), pairs(edges.len() - above));
        legend.push((Swatch::Line(colour(1)), below));
    }
    if drawn < edges.len() {
        legend.push((Swatch::Dot(GREY), format!("the strongest {} are drawn", number(drawn as f64))));
    }
    legend
}

/// The lines as SVG, bent towards the centre; all of one shade are one path, the strongest on top.
fn lines(edges: &[Edge], at: impl Fn(usize) -> (f64, f64), centre: (f64, f64)) -> String {
    let strongest = edges.first().map_or(1.0, |edge| edge.value.abs());
    let weakest = edges.last().map_or(0.0, |edge| edge.value.abs());
    let mut paths = [const { String::new() }; 2 * SHADES];
    for edge in edges {
        let span = strongest - weakest;
        let part = if span > 0.0 { (edge.value.abs() - weakest) / span } else { 1.0 };
        let shade = ((part * SHADES as f64) as usize).min(SHADES - 1);
        let ((x0, y0), (x1, y1)) = (at(edge.ends.0), at(edge.ends.1));
        let bend = |a: f64, b: f64, c: f64| c + ((a + b) / 2.0 - c) * 0.6;
        let path = &mut paths[2 * shade + usize::from(edge.value < 0.0)];
        let _ = write!(
            path,
            "M{} {}Q{} {} {} {}",
            px(x0),
            px(y0),
            px(bend(x0, x1, centre.0)),
            px(bend(y0, y1, centre.1)),
            px(x1),
            px(y1)
        );
    }
    let mut svg = String::new();
    for (i, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let RGBColor(r, g, b) = colour(i % 2);
        let part = (i / 2 + 1) as f64 / SHADES as f64;
        let (width, opacity) = (px(0.5 + part), 0.2 + 0.6 * part);
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"#{r:02X}{g:02X}{b:02X}\" stroke-width=\"{width}\" \
             stroke-opacity=\"{opacity:.2}\"/>"
        );
    }
    svg
}
