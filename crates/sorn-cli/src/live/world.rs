//! The environment: the cart, or bars of whatever is observed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui::widgets::canvas::{self, Canvas, Rectangle};

use sorn_lab::decimal;

use super::draw::{BLUE, GREY, ORANGE};
use super::scene::{Component, Scene};

/// Where CartPole's rail ends, in metres (Barto, Sutton and Anderson 1983).
const RAIL: f64 = 2.4;

/// Draws the environment as the observation tells of it.
pub(super) fn world(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    match cart(scene) {
        Some((place, angle)) => draw_cart(frame, area, place, angle),
        None => frame.render_widget(Paragraph::new(bars(&scene.observation, area)), area),
    }
}

/// The cart's place in metres and the pole's angle in radians, where they can be seen.
fn cart(scene: &Scene) -> Option<(f64, f64)> {
    let of = |index: usize| scene.observation.get(index).map(|component| component.value);
    let name = scene.env.rsplit(':').next().unwrap_or_default();
    match (name, scene.observation.len()) {
        _ if !scene.plain => None,
        ("CartPole-v0" | "CartPole-v1", 4) => Some((of(0)?, of(2)?)),
        ("MaskedCartPole-v1", 2) => Some((of(0)?, of(1)?)),
        _ => None,
    }
}

fn draw_cart(frame: &mut Frame<'_>, area: Rect, place: f64, angle: f64) {
    // A cell has two dots by four, which are about square.
    let ratio = f64::from(area.height) * 2.0 / f64::from(area.width.max(1));
    let height = (2.0 * RAIL * ratio).max(1.7);
    let half = (height / ratio.max(1e-3) / 2.0).max(RAIL);
    let picture = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([-half, half])
        .y_bounds([-0.2, height - 0.2])
        .paint(|context| {
            let line = |x1, y1, x2, y2, color| canvas::Line { x1, y1, x2, y2, color };
            context.draw(&line(-RAIL, 0.0, RAIL, 0.0, GREY));
            for end in [-RAIL, RAIL] {
                context.draw(&line(end, -0.1, end, 0.1, GREY));
            }
            context.draw(&Rectangle { x: place - 0.25, y: 0.02, width: 0.5, height: 0.25, color: BLUE });
            context.layer();
            // The pole is a metre long, and leans to the right where the angle is positive.
            context.draw(&line(place, 0.27, place + angle.sin(), 0.27 + angle.cos(), ORANGE));
        });
    frame.render_widget(picture, area);
}

/// A line for each component: a bar from 0, within what has been seen.
fn bars(components: &[Component], area: Rect) -> Vec<Line<'static>> {
    let rows = usize::from(area.height);
    let shown = if components.len() > rows { rows.saturating_sub(1) } else { components.len() };
    let width = usize::from(area.width).saturating_sub(18);
    let mut lines: Vec<Line<'static>> = components[..shown]
        .iter()
        .enumerate()
        .map(|(index, component)| {
            let cells = bar(component, width);
            let number = format!(" {:>10}", decimal(component.value, 4));
            Line::from(vec![
                Span::styled(format!("{index:>4} "), Style::new().fg(GREY)),
                Span::styled(cells, Style::new().fg(BLUE)),
                Span::raw(number),
            ])
        })
        .collect();
    if shown < components.len() && rows > 0 {
        lines.push(Line::from(format!("     and {} more", components.len() - shown)).fg(GREY));
    }
    lines
}

/// So many cells, filled from 0 to the value.
fn bar(component: &Component, width: usize) -> String {
    let Component { value, low, high } = *component;
    // Halves do not overflow.
    let (low, span) = (low / 2.0, high / 2.0 - low / 2.0);
    let cell = |v: f64| if span > 0.0 { ((v / 2.0 - low) / span * width as f64).round() as usize } else { 0 };
    let (zero, end) = (cell(0.0), cell(value));
    (0..width)
        .map(|at| match (zero.min(end)..zero.max(end)).contains(&at) {
            true => '█',
            false if at == zero.min(width.saturating_sub(1)) => '│',
            false => '·',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_at_zero() {
        let of = |value, low, high| bar(&Component { value, low, high }, 8);
        assert_eq!(of(1.0, -1.0, 1.0), "····████");
        assert_eq!(of(-0.5, -1.0, 1.0), "··██│···");
        assert_eq!(of(0.0, 0.0, 4.0), "│·······");
        assert_eq!(of(0.0, 0.0, 0.0), "│·······");
        assert_eq!(of(-3.0, -3.0, 0.0), "████████");
        assert_eq!(of(1e308, -1e308, 1e308), "····████");
        assert_eq!(bar(&Component::default(), 0), "");
    }
}
