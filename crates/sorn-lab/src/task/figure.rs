//! Figures of the scores of a task: over the key that varies, and over lags.

use std::path::{Path, PathBuf};

use sorn_report::figure::{Figure, FigureError, SpreadLine, SpreadOptions, SpreadPoint, spreads};
use sorn_sequence::Task;

use super::{TaskKind, TaskSort, TaskSweep, TaskTable};
use crate::dynamics::DynamicsTask;
use crate::series::SeriesTask;
use crate::{FigureKind, LabError, Spread, figures};

/// A reader cannot tell more lines apart.
const LINES: usize = 8;

/// How a figure is drawn of the scores of a task, or why there is nothing to draw.
pub(crate) type OfTask = fn(&Scored) -> Result<Result<Figure, FigureError>, String>;

/// How each figure is drawn.
pub(crate) mod of {
    use super::OfTask;

    pub(crate) const MEMORY_CURVE: OfTask = super::memory_curve;
    pub(crate) const SCORES: OfTask = super::scores;
}

/// The scores of a task, and the key that varies with the number that it has in each arm.
pub(crate) struct Scored {
    name: String,
    pub(crate) table: TaskTable,
    vary: Option<(String, Vec<Option<f64>>)>,
}

impl Scored {
    pub(crate) fn of<T: TaskKind>(sweep: &TaskSweep<T>) -> Result<Scored, LabError> {
        let (experiment, table) = (sweep.experiment(), TaskTable::of(sweep)?);
        let vary = experiment.vary.as_ref().map(|vary| {
            let each = table.arms.len() / vary.values.len();
            let number = |value: &toml::Value| match value {
                toml::Value::Integer(number) => Some(*number as f64),
                toml::Value::Float(number) => Some(*number),
                _ => None,
            };
            let numbers = vary.values.iter().flat_map(|value| std::iter::repeat_n(number(value), each));
            (vary.key.clone(), numbers.collect())
        });
        Ok(Scored { name: experiment.name.clone(), table, vary })
    }

    /// The figures that there are.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let drawn = FigureKind::ALL.iter().filter_map(|kind| kind.of_task());
        drawn.filter_map(|draw| draw(self).ok()?.ok()).collect()
    }
}

/// The scores of the task in `dir`.
fn scored(dir: &Path, sort: TaskSort) -> Result<Scored, LabError> {
    match sort {
        TaskSort::Sequence => Scored::of(&TaskSweep::<Task>::read(dir)?),
        TaskSort::Series => Scored::of(&TaskSweep::<SeriesTask>::read(dir)?),
        TaskSort::Dynamics => Scored::of(&TaskSweep::<DynamicsTask>::read(dir)?),
    }
}

/// Draws a figure of the scores of the task in `dir` as `figures/KIND.svg` and `.png` in it; gives the SVG's path.
///
/// # Errors
/// [`LabError`] if `dir` holds no finished task, the figure is none of a task's scores, or there is nothing to draw.
pub(crate) fn draw(dir: &Path, sort: TaskSort, kind: FigureKind) -> Result<PathBuf, LabError> {
    let Some(draw) = kind.of_task() else {
        let drawn = FigureKind::ALL.iter().filter(|kind| kind.of_task().is_some());
        let names: Vec<&str> = drawn.map(|kind| kind.name()).collect();
        let reason = format!(
            "is a task without an agent: expected one of {}, found {kind}; figures of a network want a run, as {}",
            names.join(", "),
            dir.join("seed-0").display()
        );
        return Err(LabError::directory(dir, reason));
    };
    let figure = draw(&scored(dir, sort)?).map_err(|e| LabError::directory(dir, format!("{kind}: {e}")))?;
    let drawn = figures::write(figure, &dir.join("figures"), kind.name())?;
    drawn.map_err(|e| LabError::directory(dir, format!("{kind}: {e}")))
}

fn point(x: f64, spread: &Spread) -> SpreadPoint {
    SpreadPoint { x, median: spread.median, quartiles: (spread.q1, spread.q3) }
}

fn picture(mut lines: Vec<SpreadLine>, title: String, labels: [&str; 2]) -> Result<Figure, FigureError> {
    lines.truncate(LINES);
    let [x_label, y_label] = labels.map(String::from);
    spreads(&lines, &SpreadOptions { title, x_label, y_label, ..SpreadOptions::default() })
}

/// The share right by lag, a line for each arm.
fn memory_curve(scored: &Scored) -> Result<Result<Figure, FigureError>, String> {
    let mut lines: Vec<SpreadLine> = Vec::new();
    for arm in &scored.table.arms {
        for (name, spread) in &arm.spreads {
            // Where several phases score, the names begin with the phase's.
            let Some((phase, lag)) = name.rsplit_once("lag_") else { continue };
            let Ok(lag) = lag.parse::<u32>() else { continue };
            let name = match phase.strip_suffix('_') {
                None => arm.label.clone(),
                Some(phase) => format!("{}, {phase}", arm.label),
            };
            if lines.iter().all(|line| line.name != name) {
                lines.push(SpreadLine { name: name.clone(), points: Vec::new() });
            }
            let line = lines.iter_mut().find(|line| line.name == name);
            line.into_iter().for_each(|line| line.points.push(point(f64::from(lag), spread)));
        }
    }
    lines.iter_mut().for_each(|line| line.points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    if lines.is_empty() {
        return Err("expected scores by lag, such as lag_1, found none".into());
    }
    Ok(picture(lines, format!("{}: symbols read rightly", scored.name), ["lag (steps)", "share right"]))
}

/// The last score that the experiment reports over the key that varies, a line for the experiment and each control.
fn scores(scored: &Scored) -> Result<Result<Figure, FigureError>, String> {
    let Some((key, numbers)) = &scored.vary else {
        return Err("expected a key that varies ([vary]), found none".into());
    };
    let score = scored.table.report.last().ok_or("expected a score in report, found none")?;
    let mut lines: Vec<SpreadLine> = Vec::new();
    for (arm, x) in scored.table.arms.iter().zip(numbers) {
        let Some((x, spread)) = x.zip(arm.spreads.get(score)) else { continue };
        let name = arm.control.as_deref().unwrap_or("experiment");
        if lines.iter().all(|line| line.name != name) {
            lines.push(SpreadLine { name: name.into(), points: Vec::new() });
        }
        let line = lines.iter_mut().find(|line| line.name == name);
        line.into_iter().for_each(|line| line.points.push(point(x, spread)));
    }
    lines.iter_mut().for_each(|line| line.points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    if lines.is_empty() {
        return Err(format!("expected numbers as values of {key} and the score {score}, found none"));
    }
    Ok(picture(lines, format!("{}: median and quartiles of {score}", scored.name), [key, score]))
}
