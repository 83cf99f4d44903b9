//! Draws a [`Scene`].

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::canvas::{Canvas, Points};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};

use sorn_lab::{Diagnostics, counted, decimal};

use super::scene::Scene;
use super::world::world;

/// The terminal's colours nearest to those of Okabe and Ito (2008), as in the figures.
pub(super) const BLUE: Color = Color::Indexed(32);
pub(super) const ORANGE: Color = Color::Indexed(166);
pub(super) const GREY: Color = Color::Indexed(244);
const COLOURS: [Color; 6] =
    [BLUE, ORANGE, Color::Indexed(36), Color::Indexed(175), Color::Indexed(178), Color::Indexed(74)];

/// Draws the scene: the learning curve, the environment and the spikes, as far as there is room.
pub(super) fn draw(frame: &mut Frame<'_>, scene: &Scene) {
    let rows = if scene.diagnostics.is_some() { 3 } else { 2 };
    let [head, body] = Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(frame.area());
    frame.render_widget(Paragraph::new(heading(scene, usize::from(head.width))), head);
    let half = Constraint::Fill(1);
    if body.width >= 80 {
        let [left, right] =
            Layout::horizontal([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(body);
        let [top, bottom] = Layout::vertical([half, half]).areas(left);
        curve(frame, top, scene);
        environment(frame, bottom, scene);
        raster(frame, right, scene);
    } else if body.height >= 24 {
        let [top, middle, bottom] = Layout::vertical([half, half, half]).areas(body);
        curve(frame, top, scene);
        environment(frame, middle, scene);
        raster(frame, bottom, scene);
    } else {
        let [top, bottom] = Layout::vertical([half, half]).areas(body);
        curve(frame, top, scene);
        raster(frame, bottom, scene);
    }
}

const HELP: &str = "q: leave   Ctrl-C: stop and save";

fn heading(scene: &Scene, width: usize) -> Vec<Line<'static>> {
    let name = format!("{}   {}", scene.name, scene.env);
    let gap = width.saturating_sub(name.chars().count() + HELP.chars().count()).max(3);
    let first = Line::from(vec![
        Span::from(name).bold(),
        Span::from(" ".repeat(gap)),
        Span::styled(HELP, Style::new().fg(GREY)),
    ]);
    let rate = scene.env_steps as f64 / scene.started.elapsed().as_secs_f64().max(1e-3);
    let rate = if rate < 1e4 { format!("{rate:.0}") } else { format!("{:.0}k", rate / 1e3) };
    let told = if scene.runs == 1 {
        let (episode, mean) = scene.curves.first().map_or((0.0, 0.0), |curve| curve.last);
        let most = |most: Option<u64>| most.map_or(String::new(), |most| format!(" of at most {most}"));
        let steps = match scene.steps {
            Some(_) => format!("   step {}{}", scene.run_steps, most(scene.steps)),
            None => String::new(),
        };
        let evaluation =
            scene.evaluation.map_or(String::new(), |mean| format!("   evaluation {}", decimal(mean, 1)));
        format!(
            "episode {episode}{}{steps}   mean return {}{evaluation}",
            most(scene.episodes),
            decimal(mean, 1)
        )
    } else {
        let finished = scene.curves.iter().filter(|curve| curve.finished).count();
        format!("{finished} of {} runs are finished", scene.runs)
    };
    let mut lines = vec![first, Line::from(format!("{told}   {rate} steps/s"))];
    if let Some(diagnostics) = &scene.diagnostics {
        let named = Diagnostics::NAMES.into_iter().zip(diagnostics.numbers());
        let words = named.filter_map(|(name, number)| number.map(|number| format!("{name} {number:.3}")));
        lines.push(Line::from(words.collect::<Vec<_>>().join("   ")).fg(GREY));
    }
    lines
}

fn panel(title: String) -> Block<'static> {
    Block::bordered().title(title).border_style(Style::new().fg(GREY))
}

fn curve(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let block = panel(format!(" mean return of {} ", counted(scene.window, "episode")));
    let means = || scene.curves.iter().flat_map(|curve| curve.points.iter().map(|p| p.1));
    if means().next().is_none() {
        frame.render_widget(Paragraph::new("no episode has ended yet").fg(GREY).block(block), area);
        return;
    }
    // The widget takes differences: what lies beyond a quarter of the largest number is not shown.
    const MOST: f64 = f64::MAX / 4.0;
    let low = means().chain(scene.threshold).fold(f64::INFINITY, f64::min).clamp(-MOST, MOST);
    let high = means().chain(scene.threshold).fold(f64::NEG_INFINITY, f64::max).clamp(-MOST, MOST);
    // Numbers that differ in their last digits alone are shown as equal.
    let size = low.abs().max(high.abs());
    let room = if high - low > size * 1e-14 { (high - low) * 0.05 } else { (size * 0.1).max(1.0) };
    let (low, high) = (low - room, high + room);
    let last = scene.curves.iter().map(|curve| curve.last.0).fold(2.0, f64::max);
    let threshold = scene.threshold.map(|value| [(1.0, value), (last, value)]);
    let line = |data, colour| {
        Dataset::default().data(data).marker(Marker::Braille).graph_type(GraphType::Line).fg(colour)
    };
    let mut lines: Vec<Dataset<'_>> = threshold.iter().map(|points| line(&points[..], GREY)).collect();
    lines.extend(
        scene.curves.iter().enumerate().map(|(i, curve)| line(&curve.points[..], COLOURS[i % COLOURS.len()])),
    );
    let number = |v: f64| decimal(v, if v.abs() < 10.0 { 2 } else { 0 });
    let axis = |bounds: [f64; 2], labels: Vec<String>| {
        Axis::default().bounds(bounds).labels(labels).style(Style::new().fg(GREY))
    };
    let middle = (1.0 + last) / 2.0;
    let x = axis([1.0, last], vec!["1".into(), format!("{middle:.0}"), format!("{last}")]);
    let y = axis([low, high], vec![number(low), number((low + high) / 2.0), number(high)]);
    let chart = Chart::new(lines).block(block).x_axis(x.title("episode")).y_axis(y);
    frame.render_widget(chart, area);
}

fn environment(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let Some((seed, episode, step)) = scene.at else {
        frame.render_widget(panel(format!(" {} ", scene.env)), area);
        return;
    };
    let mut words = format!(" action {}   reward {} ", scene.action, decimal(scene.reward, 3));
    if let Some(value) = scene.value {
        words.push_str(&format!("  value {} ", decimal(value, 3)));
    }
    let block =
        panel(format!(" seed {seed}, episode {}, step {} ", episode + 1, step + 1)).title_bottom(words);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    world(frame, inside, scene);
}

fn raster(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let (excitatory, inhibitory) = scene.neurons;
    // Two columns of dots a cell.
    let steps = (2 * usize::from(area.width.saturating_sub(2))).min(scene.spikes.len());
    let title = match inhibitory {
        _ if scene.at.is_none() => Line::from(" spikes "),
        0 => Line::from(format!(" active units, {excitatory} of the input code ")),
        _ => Line::from(vec![
            Span::from(" spikes, "),
            Span::styled(format!("{excitatory} excitatory"), Style::new().fg(BLUE)),
            Span::from(", "),
            Span::styled(format!("{inhibitory} inhibitory "), Style::new().fg(ORANGE)),
        ]),
    };
    // Four rows of dots a cell. Where there are more neurons, all of them would make one block: some stand for the others.
    let every =
        (excitatory + inhibitory).div_ceil(4 * u32::from(area.height.saturating_sub(2)).max(1)).max(1);
    let which = if every > 1 { format!("1 neuron in {every}, ") } else { String::new() };
    let block = Block::bordered()
        .title(title)
        .title_bottom(Line::from(format!(" {which}the last {steps} steps ")).alignment(Alignment::Right))
        .border_style(Style::new().fg(GREY));
    let mut marks = [Vec::new(), Vec::new()];
    for (column, row) in scene.spikes.iter().skip(scene.spikes.len() - steps).enumerate() {
        for &neuron in row.iter().filter(|neuron| neuron.is_multiple_of(every)) {
            let place = (column as f64, f64::from(neuron / every));
            marks[usize::from(neuron >= excitatory)].push(place);
        }
    }
    let most = f64::from(((excitatory + inhibitory).max(1) - 1) / every).max(1.0);
    let width = (2.0 * f64::from(area.width.saturating_sub(2)) - 1.0).max(1.0);
    let canvas = Canvas::default()
        .block(block)
        .marker(Marker::Braille)
        .x_bounds([0.0, width])
        .y_bounds([0.0, most])
        .paint(|context| {
            context.draw(&Points { coords: &marks[0], color: BLUE });
            context.layer();
            context.draw(&Points { coords: &marks[1], color: ORANGE });
        });
    frame.render_widget(canvas, area);
}
