//! Parallel coordinates: many configurations, each a line through the values of its keys to what it came to.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::frame::{Swatch, draw_head, pixels};
use super::scale::{part, ticks};
use super::style::{GREY, INK, LABEL, colour, fit, number, px, short, stroke, text, width as words_width};
use super::{Figure, FigureError};

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelAxis {
    /// What stands below it.
    pub name: String,
    /// How values are laid out on it.
    pub kind: ParallelKind,
}

/// How values are laid out on an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum ParallelKind {
    /// Evenly, from the least to the largest.
    Numbers,
    /// By their logarithms; all of them are greater than 0.
    Logarithms,
    /// Names: values are their places in the list.
    Names(Vec<String>),
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelLine {
    /// Its value on each axis.
    pub values: Vec<f64>,
    /// How strong it is drawn: 0 is faint, 1 the best.
    pub strength: f64,
}

/// How parallel coordinates are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParallelOptions {
    /// Title, at the top; none where empty.
    pub title: String,
    /// What the strongest line is, for the legend.
    pub best: String,
    /// What the others are.
    pub others: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for ParallelOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            best: "best".to_owned(),
            others: "others, the better the darker".to_owned(),
            width: 800,
            height: 420,
        }
    }
}

/// Draws the lines, the stronger ones over the fainter ones, the strongest in a colour of its own.
///
/// # Errors
/// [`FigureError`] if there are fewer than two axes or no line, a line has another number of values than there are axes, a value is not
/// finite or has no place on its axis, or the size is not allowed.
pub fn parallel(
    axes: &[ParallelAxis],
    lines: &[ParallelLine],
    options: &ParallelOptions,
) -> Result<Figure, FigureError> {
    if axes.len() < 2 {
        return Err(FigureError::Empty(format!("expected two axes or more, found {}", axes.len())));
    }
    if lines.is_empty() {
        return Err(FigureError::Empty("no line was given".to_owned()));
    }
    let wrong =
        |place: String, found: String, allowed: String| FigureError::OutOfRange { place, found, allowed };
    for (i, line) in lines.iter().enumerate() {
        if line.values.len() != axes.len() {
            let found = line.values.len().to_string();
            return Err(wrong(format!("the number of values of line {i}"), found, axes.len().to_string()));
        }
        for (axis, value) in axes.iter().zip(&line.values) {
            let allowed = match &axis.kind {
                _ if !value.is_finite() => "a finite number".to_owned(),
                ParallelKind::Numbers => continue,
                ParallelKind::Logarithms if *value > 0.0 => continue,
                ParallelKind::Logarithms => "a number greater than 0".to_owned(),
                ParallelKind::Names(names) if (0.0..names.len() as f64).contains(value) => continue,
                ParallelKind::Names(names) => format!("0 to {}", names.len().saturating_sub(1)),
            };
            return Err(wrong(format!("line {i} on axis {:?}", axis.name), value.to_string(), allowed));
        }
    }
    let rulers: Vec<Ruler> = axes
        .iter()
        .enumerate()
        .map(|(i, axis)| Ruler::of(&axis.kind, lines.iter().map(|line| line.values[i])))
        .collect();
    let mut order: Vec<&ParallelLine> = lines.iter().collect();
    order.sort_by(|a, b| a.strength.total_cmp(&b.strength));
    let legend =
        vec![(Swatch::Line(BEST), options.best.clone()), (Swatch::Line(colour(0)), options.others.clone())];
    Figure::draw((options.width, options.height), |area| {
        let top = draw_head(area, &options.title, &legend)? + 14.0;
        let (width, height) = pixels(area);
        let bottom = height - 3.2 * LABEL;
        let (left, right) = (70.0, width - 70.0);
        let apart = (right - left) / (axes.len() - 1) as f64;
        let x = |axis: usize| px(left + apart * axis as f64);
        let y = |place: f64| px(bottom - (bottom - top) * place);
        for (rank, line) in order.iter().enumerate() {
            let place = |(axis, value): (usize, &f64)| (x(axis), y(rulers[axis].place(*value)));
            let points: Vec<(i32, i32)> = line.values.iter().enumerate().map(place).collect();
            let style = match rank + 1 == order.len() {
                true => stroke(&BEST, 2.5),
                false => stroke(&colour(0).mix(0.08 + 0.72 * line.strength.clamp(0.0, 1.0).powi(3)), 1.2),
            };
            area.draw(&PathElement::new(points, style)).map_err(FigureError::drawing)?;
        }
        for (i, (axis, ruler)) in axes.iter().zip(&rulers).enumerate() {
            let at = x(i);
            area.draw(&PathElement::new([(at, y(0.0)), (at, y(1.0))], stroke(&GREY, 1.2)))
                .map_err(FigureError::drawing)?;
            // The labels of the last axis stand right of it, beside no line.
            let last = i + 1 == axes.len();
            let (side, away) = if last { (HPos::Left, px(6.0)) } else { (HPos::Right, px(-6.0)) };
            let room = if i == 0 || last { 60.0 } else { apart * 0.45 };
            for (place, label) in ruler.marks(&axis.kind) {
                let style = text(LABEL, &INK).pos(Pos::new(side, VPos::Center));
                let label = fit(&label, LABEL, room)?;
                // Read over the lines.
                let wide = px(words_width(&label, LABEL)? + 4.0) * if last { 1 } else { -1 };
                let half = px(LABEL * 0.6);
                let behind = [(at + away / 2, y(place) - half), (at + away / 2 + wide, y(place) + half)];
                area.draw(&Rectangle::new(behind, WHITE.mix(0.8).filled())).map_err(FigureError::drawing)?;
                area.draw_text(&label, &style, (at + away, y(place))).map_err(FigureError::drawing)?;
            }
            let style = text(LABEL, &INK).pos(Pos::new(HPos::Center, VPos::Top));
            let name = fit(&axis.name, LABEL, apart.min(2.0 * left) - 6.0)?;
            area.draw_text(&name, &style, (at, px(bottom + 12.0))).map_err(FigureError::drawing)?;
        }
        Ok(String::new())
    })
}

const BEST: RGBColor = RGBColor(0xd5, 0x5e, 0x00);

/// Where values lie on an axis.
struct Ruler {
    range: (f64, f64),
    logarithms: bool,
    /// The values, if they are few.
    few: Option<Vec<f64>>,
}

/// Values that are marked one by one.
const FEW: usize = 6;

impl Ruler {
    fn of(kind: &ParallelKind, values: impl Iterator<Item = f64> + Clone) -> Ruler {
        let mut few: Vec<f64> = Vec::new();
        for value in values.clone() {
            if few.len() <= FEW && !few.contains(&value) {
                few.push(value);
            }
        }
        let logarithms = *kind == ParallelKind::Logarithms;
        let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let range = match kind {
            ParallelKind::Names(names) => (0.0, names.len() as f64 - 1.0),
            _ => values
                .map(|value| if logarithms { value.log10() } else { value })
                .fold((f64::INFINITY, f64::NEG_INFINITY), ends),
        };
        Ruler { range, logarithms, few: Some(few).filter(|few| few.len() <= FEW) }
    }

    /// From 0 to 1; values that are all the same lie in the middle.
    fn place(&self, value: f64) -> f64 {
        let value = if self.logarithms { value.log10() } else { value };
        if self.range.0 < self.range.1 { part(value, self.range).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// Places with what stands beside them.
    fn marks(&self, kind: &ParallelKind) -> Vec<(f64, String)> {
        if let ParallelKind::Names(names) = kind {
            return names.iter().enumerate().map(|(i, name)| (self.place(i as f64), name.clone())).collect();
        }
        let whole = |value: f64| if self.logarithms { 10f64.powf(value) } else { value };
        if let Some(few) = &self.few {
            return few.iter().map(|value| (self.place(*value), short(*value))).collect();
        }
        if self.logarithms {
            // The ends and three between them: powers of ten may be none.
            let mark = |i: i32| {
                let place = f64::from(i) / 4.0;
                (place, short(whole(self.range.0 + (self.range.1 - self.range.0) * place)))
            };
            return (0..=4).map(mark).collect();
        }
        ticks(self.range, 6).into_iter().map(|value| (self.place(value), number(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(name: &str, kind: ParallelKind) -> ParallelAxis {
        ParallelAxis { name: name.into(), kind }
    }

    fn line(values: &[f64], strength: f64) -> ParallelLine {
        ParallelLine { values: values.to_vec(), strength }
    }

    fn axes() -> Vec<ParallelAxis> {
        vec![
            axis("learner", ParallelKind::Names(vec!["sarsa".into(), "q".into()])),
            axis("step", ParallelKind::Logarithms),
            axis("eval.mean", ParallelKind::Numbers),
        ]
    }

    #[test]
    fn the_strongest_line_is_on_top_and_every_axis_has_its_marks() {
        let lines = [line(&[0.0, 0.01, 20.0], 1.0), line(&[1.0, 1.0, 500.0], 0.0)];
        let figure = parallel(&axes(), &lines, &ParallelOptions::default()).unwrap();
        for word in ["sarsa", "learner", "eval.mean", "0.01", "500"] {
            assert!(figure.svg().contains(word), "{word}");
        }
        let best = figure.svg().find("stroke=\"#D55E00\" stroke-width=\"10\"").unwrap();
        // The legend names it first; the line itself is drawn after the other.
        let drawn = figure.svg().rfind("stroke=\"#D55E00\"").unwrap();
        let other = figure.svg().rfind("stroke=\"#0072B2\"").unwrap();
        assert!(best < drawn && other < drawn, "{}", figure.svg());
        // One line alone, all values the same.
        let same = [line(&[0.0, 2.0, 3.0], 1.0), line(&[0.0, 2.0, 3.0], 1.0)];
        assert!(parallel(&axes(), &same, &ParallelOptions::default()).unwrap().png(1.0).is_ok());
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let refused = |values: &[f64]| {
            parallel(&axes(), &[line(values, 0.0)], &ParallelOptions::default()).unwrap_err().to_string()
        };
        assert!(refused(&[0.0, 1.0]).contains("the number of values of line 0"));
        assert!(refused(&[2.0, 1.0, 1.0]).contains("0 to 1"));
        assert!(refused(&[0.0, 0.0, 1.0]).contains("greater than 0"));
        assert!(refused(&[0.0, 1.0, f64::NAN]).contains("a finite number"));
        let none = parallel(&axes(), &[], &ParallelOptions::default());
        assert!(matches!(none, Err(FigureError::Empty(_))));
        assert!(parallel(&axes()[..1], &[line(&[0.0], 0.0)], &ParallelOptions::default()).is_err());
    }
}
