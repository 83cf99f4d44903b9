//! All keys of a sweep in one figure: parallel coordinates, a line for each configuration.

use sorn_report::figure::{
    Figure, FigureError, ParallelAxis, ParallelKind, ParallelLine, ParallelOptions, parallel,
};
use toml::Value;

use super::config::Goal;
use super::dir::SweepDir;
use super::results::SweepTable;

/// Lines that are drawn; of more configurations the best ones are, and others at even distances of rank.
const MOST_LINES: usize = 400;
/// Keys that are drawn.
const MOST_KEYS: usize = 9;
/// Names on an axis.
const MOST_NAMES: usize = 24;
/// An axis is logarithmic if its largest number is at least this many times its least.
const LOGARITHMIC: f64 = 30.0;

impl SweepDir {
    /// The figure of all keys that have several values; `None` if there are fewer than two of them. `measured` is the number of each
    /// row, NaN where there is none.
    pub(super) fn parallel(
        &self,
        table: &SweepTable,
        measured: &[f64],
        measure: &str,
    ) -> Option<Result<Figure, FigureError>> {
        let plan = self.plan();
        let each = plan.seeds().len() as u64;
        let rows: Vec<(u64, f64)> =
            table.rows.iter().zip(measured).map(|(row, value)| (row.task / each, *value)).collect();
        // A configuration counts with the seeds that it has.
        let mut means: Vec<(u64, f64)> = rows
            .chunk_by(|a, b| a.0 == b.0)
            .map(|group| {
                let values = group.iter().map(|(_, value)| *value).filter(|value| value.is_finite());
                let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
                (group[0].0, sum / count)
            })
            .filter(|(_, mean)| mean.is_finite())
            .collect();
        means.sort_by(|a, b| match plan.goal() {
            Goal::Maximize => b.1.total_cmp(&a.1),
            Goal::Minimize => a.1.total_cmp(&b.1),
        });
        let count = means.len();
        let drawn: Vec<usize> = match count <= MOST_LINES {
            true => (0..count).collect(),
            // Half of them the best.
            false => {
                let (best, rest) = (MOST_LINES / 2, MOST_LINES - MOST_LINES / 2);
                (0..best).chain((0..rest).map(|i| best + i * (count - best) / rest)).collect()
            }
        };
        let shorts = plan.short_names();
        let mut axes = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for (place, key) in plan.keys().enumerate() {
            let value = |index: &usize| plan.values(means[*index].0).nth(place).map(|(_, value)| value);
            let values: Vec<&Value> = drawn.iter().filter_map(value).collect();
            let Some((kind, column)) = laid_out(&values) else { continue };
            if axes.len() < MOST_KEYS {
                axes.push(ParallelAxis { name: shorts[key].clone(), kind });
                columns.push(column);
            }
        }
        if axes.len() < 2 {
            return None;
        }
        axes.push(ParallelAxis { name: measure.into(), kind: ParallelKind::Numbers });
        let line = |(row, index): (usize, &usize)| {
            let mut values: Vec<f64> = columns.iter().map(|column| column[row]).collect();
            values.push(means[*index].1);
            let strength = if count > 1 { 1.0 - *index as f64 / (count - 1) as f64 } else { 1.0 };
            ParallelLine { values, strength }
        };
        let lines: Vec<ParallelLine> = drawn.iter().enumerate().map(line).collect();
        let options = ParallelOptions {
            title: format!("{}: all keys", plan.name()),
            best: "best configuration".into(),
            others: match drawn.len() == count {
                true => "others, the better the darker".into(),
                false => format!("others, the better the darker ({} of {count})", drawn.len()),
            },
            width: (180 + 160 * axes.len() as u32).clamp(600, 1800),
            ..ParallelOptions::default()
        };
        Some(parallel(&axes, &lines, &options))
    }
}

/// How values are laid out, and where each lies; `None` if they are all the same, or too many names.
fn laid_out(values: &[&Value]) -> Option<(ParallelKind, Vec<f64>)> {
    let number = |value: &&Value| match value {
        Value::Float(x) => Some(*x),
        Value::Integer(i) => Some(*i as f64),
        _ => None,
    };
    if let Some(numbers) = values.iter().map(number).collect::<Option<Vec<f64>>>() {
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let kind = match low > 0.0 && high / low >= LOGARITHMIC {
            true => ParallelKind::Logarithms,
            false => ParallelKind::Numbers,
        };
        return (low < high && high.is_finite() && low.is_finite()).then_some((kind, numbers));
    }
    let shown = |value: &&Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let all: Vec<String> = values.iter().map(shown).collect();
    let mut names: Vec<String> = all.clone();
    names.sort();
    names.dedup();
    let place = |text: &String| names.binary_search(text).map_or(0.0, |place| place as f64);
    let places = all.iter().map(place).collect();
    (2..=MOST_NAMES).contains(&names.len()).then_some((ParallelKind::Names(names), places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_laid_out_by_what_they_are() {
        let of = |values: &[Value]| laid_out(&values.iter().collect::<Vec<_>>());
        let float = |x: f64| Value::Float(x);
        assert_eq!(of(&[float(1.0), Value::Integer(2)]).unwrap(), (ParallelKind::Numbers, vec![1.0, 2.0]));
        assert_eq!(of(&[float(0.1), float(10.0)]).unwrap().0, ParallelKind::Logarithms);
        assert_eq!(of(&[float(0.0), float(10.0)]).unwrap().0, ParallelKind::Numbers);
        assert!(of(&[float(1.0), float(1.0)]).is_none() && of(&[]).is_none());
        let (kind, places) = of(&["sorn", "esn", "sorn"].map(Value::from)).unwrap();
        assert_eq!(
            (kind, places),
            (ParallelKind::Names(vec!["esn".into(), "sorn".into()]), vec![1.0, 0.0, 1.0])
        );
        let many: Vec<Value> = (0..30).map(|i| Value::from(format!("v{i}"))).collect();
        assert!(of(&many).is_none());
    }
}
