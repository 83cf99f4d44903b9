//! An arm made ready to be drawn.

use super::super::style::number;
use super::{Arm, CurveOptions, Over};
use crate::figure::FigureError;
use crate::stats::{StatsError, first_reached, median, moving_mean, quartiles};

/// Points (episode, step or second; return).
pub(super) type Line = Vec<(f64, f64)>;

/// Points of a curve over several runs whose episodes do not end together.
const GRID: usize = 1000;

pub(super) struct Curve {
    pub(super) legend: String,
    /// The returns themselves, for a single run.
    pub(super) raw: Line,
    pub(super) middle: Line,
    /// First and third quartile, for several runs.
    pub(super) band: Option<(Line, Line)>,
    pub(super) solved: Option<(f64, f64)>,
    pub(super) evaluations: Line,
}

pub(super) fn prepare(arm: &Arm, options: &CurveOptions) -> Result<Curve, FigureError> {
    let longest = arm.runs.iter().map(Vec::len).max().unwrap_or(0);
    if longest == 0 {
        return Err(FigureError::Empty(format!("arm {:?} has no episode", arm.name)));
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut solved = Vec::new();
    for (run, returns) in arm.runs.iter().enumerate() {
        let place = |source| FigureError::Data { place: format!("arm {:?}, run {run}", arm.name), source };
        let ends = ends(arm, run, options.over)?;
        if let Some(threshold) = options.threshold {
            let at = first_reached(returns, options.window, threshold).map_err(place)?;
            solved.push(at.map_or(f64::INFINITY, |n| ends[n - 1]));
        }
        let mean = moving_mean(returns, options.window).map_err(place)?;
        // A run without an episode has nothing to hold; it counts among the unsolved alone.
        if !mean.is_empty() {
            lines.push(ends.into_iter().zip(mean).collect());
        }
    }
    let place = |source| FigureError::Data { place: format!("arm {:?}", arm.name), source };
    let (mut middle, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
    for x in places(&lines, longest, options.over) {
        let values: Vec<f64> = lines.iter().map(|line| held(line, x)).collect();
        let spread = quartiles(&values).map_err(place)?;
        middle.push((x, spread.median));
        low.push((x, spread.q1));
        high.push((x, spread.q3));
    }
    let several = arm.runs.len() > 1;
    let raw = match (&arm.runs[..], &lines[..]) {
        ([returns], [line]) if options.window > 1 => line.iter().map(|p| p.0).zip(returns.clone()).collect(),
        _ => Vec::new(),
    };
    let mut curve = Curve {
        legend: arm.name.clone(),
        raw,
        middle,
        band: several.then_some((low, high)),
        solved: None,
        evaluations: evaluations(arm).map_err(place)?,
    };
    if !solved.is_empty() {
        let count = solved.iter().filter(|s| s.is_finite()).count();
        let at = median(&solved).map_err(place)?;
        curve.legend.push_str(&when(several, options.over, count, solved.len(), at));
        if at.is_finite() {
            // Of an even number of runs the median may lie between two episodes.
            let x = if options.over == Over::Episodes { at.round() } else { at };
            curve.solved = Some((at, held(&curve.middle, x)));
        }
    }
    Ok(curve)
}

/// When, in words, `count` of `runs` runs solved their task; `at` is their median.
fn when(several: bool, over: Over, count: usize, runs: usize, at: f64) -> String {
    let (one, many, unit) = match over {
        Over::Episodes => ("in episode ", "median episode ", ""),
        Over::Steps => ("at step ", "median step ", ""),
        Over::Seconds => ("after ", "median ", " s"),
    };
    match (several, at.is_finite()) {
        (true, true) => format!(": {count} of {runs} solved, {many}{}{unit}", number(at)),
        (true, false) => format!(": {count} of {runs} solved"),
        (false, true) => format!(": solved {one}{}{unit}", number(at)),
        (false, false) => ": not solved".to_owned(),
    }
}

/// When each episode of a run ended.
fn ends(arm: &Arm, run: usize, over: Over) -> Result<Vec<f64>, FigureError> {
    let episodes = arm.runs[run].len();
    if over == Over::Episodes {
        return Ok((1..=episodes).map(|episode| episode as f64).collect());
    }
    let ends = arm.ends.get(run).map_or(&[][..], Vec::as_slice);
    let place = || format!("arm {:?}, run {run}: the number of episodes' ends", arm.name);
    if ends.len() != episodes {
        let (found, allowed) = (ends.len().to_string(), format!("{episodes}, one for each return"));
        return Err(FigureError::OutOfRange { place: place(), found, allowed });
    }
    if let Some(index) = ends.iter().position(|end| !end.is_finite()) {
        let source = StatsError::NotAllowed { argument: "ends", index, value: ends[index] };
        return Err(FigureError::Data { place: format!("arm {:?}, run {run}", arm.name), source });
    }
    match ends.is_sorted() {
        true => Ok(ends.to_vec()),
        false => {
            let place = format!("arm {:?}, run {run}: an episode's end", arm.name);
            let (found, allowed) = ("before that of the episode before it".into(), "no earlier".into());
            Err(FigureError::OutOfRange { place, found, allowed })
        }
    }
}

/// Where the curve has points.
fn places(lines: &[Line], longest: usize, over: Over) -> Vec<f64> {
    match (over, lines) {
        (Over::Episodes, _) => (1..=longest).map(|episode| episode as f64).collect(),
        (_, [line]) => line.iter().map(|point| point.0).collect(),
        _ => {
            let first =
                lines.iter().filter_map(|line| line.first()).map(|p| p.0).fold(f64::INFINITY, f64::min);
            let last = lines.iter().filter_map(|line| line.last()).map(|p| p.0).fold(first, f64::max);
            let step = (last - first) / (GRID - 1) as f64;
            (0..GRID).map(|i| if i + 1 < GRID { first + step * i as f64 } else { last }).collect()
        }
    }
}

/// The height of a line at `x`: that of its last point so far, or of its first one.
fn held(line: &Line, x: f64) -> f64 {
    let so_far = line.partition_point(|point| point.0 <= x);
    line[so_far.saturating_sub(1)].1
}

/// The evaluations of the only run, or at those of the run that has most, the medians of all that have had one.
fn evaluations(arm: &Arm) -> Result<Line, StatsError> {
    let Some(most) = arm.evaluations.iter().max_by_key(|line| line.len()) else { return Ok(Vec::new()) };
    let at = |x: f64| {
        let begun = arm.evaluations.iter().filter(|line| line.first().is_some_and(|first| first.0 <= x));
        let values: Vec<f64> = begun.map(|line| held(line, x)).collect();
        median(&values).map(|median| (x, median))
    };
    most.iter().map(|point| at(point.0)).collect()
}
