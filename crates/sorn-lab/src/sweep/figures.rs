//! Figures of a sweep: what each key comes to, and each pair of keys.

use std::path::PathBuf;

use serde::Serialize;
use sorn_report::figure::{
    BarOptions, Figure, FigureError, HeatMapOptions, Scores, ScoresOptions, bars, heat_map, scores,
};
use toml::Value;

use super::dir::SweepDir;
use super::results::SweepTable;
use crate::{LabError, Spread, figures};

/// Numbers of a key that are drawn one by one; of more, ranges are.
const MOST_NUMBERS: usize = 12;
/// Ranges of numbers, with equally many runs in each.
const RANGES: usize = 8;
/// Other values that are drawn.
const MOST_VALUES: usize = 24;
/// Pairs of keys that are drawn.
const MOST_PAIRS: usize = 10;
/// Dots of one arm that are drawn.
const MOST_DOTS: usize = 400;

/// A key, the values or ranges of values that it had, and the rows of each.
pub(crate) struct Levels {
    /// The key.
    pub(crate) key: String,
    short: String,
    /// The lists that are gone through together with its own; those of draws and grids are gone through alone.
    together: Option<usize>,
    /// Names with the rows of the table.
    pub(crate) levels: Vec<(String, Vec<usize>)>,
}

/// How much of the differences between runs a key explains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// The key.
    pub key: String,
    /// Share of the variance of the measure that lies between the values of the key, from 0 to 1.
    pub share: f64,
}

impl SweepDir {
    /// The values of each key that has several, for rows whose `measured` is a number.
    pub(crate) fn levels(&self, table: &SweepTable, measured: &[f64]) -> Vec<Levels> {
        let plan = self.plan();
        let keys: Vec<String> = plan.keys().map(String::from).collect();
        let shorts = plan.short_names();
        let each = plan.seeds().len() as u64;
        let mut rows: Vec<Vec<(Value, usize)>> = vec![Vec::new(); keys.len()];
        for (index, row) in table.rows.iter().enumerate().filter(|(index, _)| measured[*index].is_finite()) {
            for (place, (_, value)) in plan.values(row.task / each).enumerate() {
                rows[place].push((value.clone(), index));
            }
        }
        let all = keys.into_iter().zip(rows).filter_map(|(key, rows)| {
            let short = shorts[&key].clone();
            let together =
                plan.axes.iter().position(|axis| axis.place == "sweep.together" && axis.keys.contains(&key));
            levels(rows).map(|levels| Levels { key, short, together, levels })
        });
        all.collect()
    }

    /// Draws `figures/over-KEY` for each key, `figures/KEY-by-KEY` for pairs of keys, `figures/parallel` and `figures/importance` for all of
    /// them: the SVGs' paths, and what cannot be drawn.
    ///
    /// # Errors
    /// [`LabError::Io`] if a file cannot be written.
    pub fn draw(&self, table: &SweepTable, measure: &str) -> Result<(Vec<PathBuf>, Vec<String>), LabError> {
        let (mut paths, mut problems) = (Vec::new(), Vec::new());
        let folder = self.path().join("figures");
        for (stem, figure) in self.figures(table, measure) {
            match figures::write(figure, &folder, &stem)? {
                Ok(path) => paths.push(path),
                Err(error) => problems.push(format!("{stem}: {error}")),
            }
        }
        Ok((paths, problems))
    }

    /// The figures with the names of their files.
    pub(crate) fn figures(
        &self,
        table: &SweepTable,
        measure: &str,
    ) -> Vec<(String, Result<Figure, FigureError>)> {
        let Some(measured) = table.column(measure) else { return Vec::new() };
        let keys = self.levels(table, &measured);
        let mut all: Vec<(String, Result<Figure, FigureError>)> = Vec::new();
        for key in &keys {
            all.push((format!("over-{}", key.short), self.over(key, &measured, measure)));
        }
        let pairs = keys.iter().enumerate().flat_map(|(i, a)| keys[i + 1..].iter().map(move |b| (a, b)));
        // What varies together has no table: most of its cells are empty.
        let apart = |(a, b): &(&Levels, &Levels)| a.together.is_none() || a.together != b.together;
        for (a, b) in pairs.filter(apart).take(MOST_PAIRS) {
            all.push((format!("{}-by-{}", a.short, b.short), self.pair(a, b, &measured, measure)));
        }
        if let Some(figure) = self.parallel(table, &measured, measure) {
            all.push(("parallel".into(), figure));
        }
        let shares = importance(&keys, &measured);
        if shares.len() > 1 {
            all.push(("importance".into(), self.shares(&shares, measure)));
        }
        all
    }

    fn shares(&self, shares: &[Importance], measure: &str) -> Result<Figure, FigureError> {
        let given: Vec<(String, f64)> = shares.iter().map(|key| (key.key.clone(), key.share)).collect();
        let options = BarOptions {
            title: format!("{}: importance of the keys", self.plan().name()),
            label: format!("share of the variance of {measure}"),
            most: Some(1.0),
            height: (120 + 36 * given.len() as u32).clamp(240, 1600),
            ..BarOptions::default()
        };
        bars(&given, &options)
    }

    fn over(&self, key: &Levels, measured: &[f64], measure: &str) -> Result<Figure, FigureError> {
        let arm = |(name, rows): &(String, Vec<usize>)| {
            let values: Vec<f64> = rows.iter().map(|row| measured[*row]).collect();
            let spread = Spread::of(&values);
            let stride = values.len().div_ceil(MOST_DOTS).max(1);
            Scores {
                name: name.clone(),
                middle: spread.map_or(f64::NAN, |s| s.median),
                interval: spread.map_or((f64::NAN, f64::NAN), |s| (s.q1, s.q3)),
                values: values.into_iter().step_by(stride).collect(),
            }
        };
        let arms: Vec<Scores> = key.levels.iter().map(arm).collect();
        let options = ScoresOptions {
            title: format!("{}: {}", self.plan().name(), key.key),
            label: measure.into(),
            summary: "median, quartiles".into(),
            height: (120 + 44 * arms.len() as u32).clamp(240, 1600),
            ..ScoresOptions::default()
        };
        scores(&arms, &options)
    }

    fn pair(&self, a: &Levels, b: &Levels, measured: &[f64], measure: &str) -> Result<Figure, FigureError> {
        let mut cells = Vec::new();
        for (_, rows) in &a.levels {
            for (_, columns) in &b.levels {
                let within: std::collections::BTreeSet<&usize> = columns.iter().collect();
                let values: Vec<f64> =
                    rows.iter().filter(|row| within.contains(row)).map(|row| measured[*row]).collect();
                cells.push(match values.is_empty() {
                    true => f64::NAN,
                    false => values.iter().sum::<f64>() / values.len() as f64,
                });
            }
        }
        let names = |levels: &Levels| levels.levels.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let options = HeatMapOptions {
            title: format!("{}: mean of {measure}", self.plan().name()),
            x_label: b.key.clone(),
            y_label: a.key.clone(),
            height: (160 + 40 * a.levels.len() as u32).clamp(280, 1600),
            width: (260 + 80 * b.levels.len() as u32).clamp(480, 2400),
        };
        heat_map(&cells, &names(a), &names(b), &options)
    }
}

/// The levels of a key: its values, or ranges of its numbers. `None` if there is one alone, or more than a figure shows.
fn levels(mut rows: Vec<(Value, usize)>) -> Option<Vec<(String, Vec<usize>)>> {
    let number = |value: &Value| match value {
        Value::Float(x) => Some(*x),
        Value::Integer(i) => Some(*i as f64),
        _ => None,
    };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    if rows.iter().all(|(value, _)| number(value).is_some()) {
        let of = |row: &(Value, usize)| number(&row.0).unwrap_or(f64::NAN);
        rows.sort_by(|a, b| of(a).total_cmp(&of(b)).then(a.1.cmp(&b.1)));
        let values = rows.chunk_by(|a, b| of(a) == of(b));
        let count = values.clone().count();
        if count > MOST_NUMBERS {
            // Runs of one number stay together.
            let groups: Vec<&[(Value, usize)]> = values.collect();
            let ranges = groups.chunks(count.div_ceil(RANGES)).map(|range| {
                let (first, last) = (&range[0][0].0, &range[range.len() - 1][0].0);
                let rows = range.iter().flat_map(|group| group.iter().map(|(_, row)| *row)).collect();
                (format!("{} to {}", shown(first), shown(last)), rows)
            });
            return Some(ranges.collect());
        }
    }
    let mut found: Vec<(String, Vec<usize>)> = Vec::new();
    for (value, row) in rows {
        let name = shown(&value);
        match found.iter().position(|(known, _)| *known == name) {
            Some(index) => found[index].1.push(row),
            None if found.len() == MOST_VALUES => return None,
            None => found.push((name, vec![row])),
        }
    }
    (found.len() > 1).then_some(found)
}

/// How much each key explains of the differences in `measured`, the most first.
pub(crate) fn importance(keys: &[Levels], measured: &[f64]) -> Vec<Importance> {
    let mut all: Vec<Importance> = keys.iter().filter_map(|key| share(key, measured)).collect();
    all.sort_by(|a, b| b.share.total_cmp(&a.share));
    all
}

fn share(key: &Levels, measured: &[f64]) -> Option<Importance> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let groups: Vec<Vec<f64>> =
        key.levels.iter().map(|(_, rows)| rows.iter().map(|row| measured[*row]).collect()).collect();
    let all: Vec<f64> = groups.concat();
    let middle = mean(&all);
    let total: f64 = all.iter().map(|value| (value - middle).powi(2)).sum();
    let between: f64 = groups.iter().map(|group| group.len() as f64 * (mean(group) - middle).powi(2)).sum();
    (total > 0.0 && total.is_finite()).then(|| Importance { key: key.key.clone(), share: between / total })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(values: &[Value]) -> Option<Vec<String>> {
        let rows = values.iter().cloned().zip(0..).collect();
        levels(rows).map(|levels| levels.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn numbers_are_in_order_and_many_of_them_in_ranges() {
        let numbers = |n: i64| (0..n).rev().map(Value::Integer).collect::<Vec<_>>();
        assert_eq!(names(&numbers(3)).unwrap(), ["0", "1", "2"]);
        let ranges = names(&numbers(100)).unwrap();
        assert_eq!((ranges.len(), ranges[0].as_str(), ranges[7].as_str()), (8, "0 to 12", "91 to 99"));
        assert_eq!(names(&numbers(1)), None);
        let words = ["static", "sorn", "static"].map(Value::from);
        assert_eq!(names(&words).unwrap(), ["static", "sorn"]);
        let many: Vec<Value> = (0..40).map(|i| Value::from(format!("v{i}"))).collect();
        assert_eq!(names(&many), None);
    }

    #[test]
    fn a_key_that_decides_everything_explains_all() {
        let key = |name: &str, levels: [[usize; 2]; 2]| Levels {
            key: name.into(),
            short: name.into(),
            together: None,
            levels: levels.iter().map(|rows| (String::new(), rows.to_vec())).collect(),
        };
        let keys = [key("idle", [[0, 2], [1, 3]]), key("decides", [[0, 1], [2, 3]])];
        let found = importance(&keys, &[1.0, 1.0, 5.0, 5.0]);
        assert_eq!((found[0].key.as_str(), found[0].share, found[1].share), ("decides", 1.0, 0.0));
        assert!(importance(&keys, &[1.0; 4]).is_empty());
    }
}
