//! [`SweepCurve`]: a measure over one key of a sweep, for each value of the others.

use std::path::PathBuf;

use serde::Serialize;
use sorn_report::figure::{SpreadLine, SpreadOptions, SpreadPoint, spreads};
use sorn_report::stats::mann_whitney;
use toml::Value;

use super::dir::SweepDir;
use crate::{LabError, Spread, decimal, figures};

/// The key whose first value is what the others are tested against.
const ARM: &str = "agent.reservoir.kind";
/// Share of the seeds that have to reach a value.
const SHARE: f64 = 0.8;

/// The keys of an arm and their values.
type Others = Vec<(String, Value)>;

/// How a measure depends on a key.
#[derive(Clone, Debug, Serialize)]
pub struct SweepCurve {
    /// The key.
    pub along: String,
    /// The measure.
    pub measure: String,
    /// What is to be reached, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<f64>,
    /// The arms: every combination of the values of the other keys.
    pub arms: Vec<CurveArm>,
}

/// One arm.
#[derive(Clone, Debug, Serialize)]
pub struct CurveArm {
    /// The values of the other keys.
    pub label: String,
    /// Label of the arm against which it is tested: the one with the first kind of reservoir, or else the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// What came of each value of the key, ascending.
    pub points: Vec<CurvePoint>,
    /// The largest value of the key up to which 4 of 5 seeds reach what is to be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<f64>,
}

/// What came of one value of the key.
#[derive(Clone, Debug, Serialize)]
pub struct CurvePoint {
    /// The value.
    pub x: f64,
    /// Median, quartiles and range over the seeds.
    pub spread: Spread,
    /// The measure of each finished seed.
    pub values: Vec<f64>,
    /// Seeds that reach what is to be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<usize>,
    /// Two-sided Mann-Whitney test against the other arm's values here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
}

impl SweepDir {
    /// How `measure`, that of the file if not given, depends on `along`, a key of the sweep whose values are numbers. With `reach`, seeds
    /// are counted that reach it. Tasks that are not finished are left out.
    ///
    /// # Errors
    /// [`LabError`] if the sweep varies no such key, a value of it is no number, or no run has the measure.
    pub fn curve(
        &self,
        along: &str,
        measure: Option<&str>,
        reach: Option<f64>,
    ) -> Result<SweepCurve, LabError> {
        let plan = self.plan();
        let refuse = |reason: String| LabError::directory(self.path(), reason);
        let keys: Vec<&str> = plan.keys().collect();
        if !keys.contains(&along) {
            let reason =
                format!("--along: expected a key of the sweep ({}), found {along:?}", keys.join(", "));
            return Err(refuse(reason));
        }
        let measure = measure.or(plan.measure()).ok_or_else(|| {
            refuse("--measure: expected the name of a number of summary.json, found none in the file".into())
        })?;
        let table = self.results();
        let measured = table.column(measure).ok_or_else(|| {
            let reason = format!(
                "--measure: expected a number of the finished runs ({}), found {measure:?}",
                table.columns.join(", ")
            );
            refuse(reason)
        })?;
        let each = plan.seeds().len() as u64;
        // What changes together with the key, and what never changes, makes no arm.
        let beside =
            |axis: &&super::axis::Axis| axis.keys.iter().any(|key| key == along) || axis.points.len() < 2;
        let idle: Vec<&String> = plan.axes.iter().filter(beside).flat_map(|axis| &axis.keys).collect();
        // Arms in the order of the list, by the values of the other keys.
        let mut arms: Vec<(Others, Vec<(f64, f64)>)> = Vec::new();
        for (row, value) in table.rows.iter().zip(&measured).filter(|(_, value)| value.is_finite()) {
            let (mut x, mut others) = (None, Vec::new());
            for (key, value) in plan.values(row.task / each) {
                match (key == along, value) {
                    (false, _) if idle.iter().any(|one| *one == key) => {}
                    (false, value) => others.push((key.to_string(), value.clone())),
                    (true, Value::Integer(number)) => x = Some(*number as f64),
                    (true, Value::Float(number)) => x = Some(*number),
                    (true, other) => {
                        return Err(refuse(format!("--along {along}: expected numbers, found {other}")));
                    }
                }
            }
            let Some(x) = x else { continue };
            match arms.iter_mut().find(|(known, _)| *known == others) {
                Some((_, found)) => found.push((x, *value)),
                None => arms.push((others, vec![(x, *value)])),
            }
        }
        let shorts = plan.short_names();
        let first_kind = plan.axes.iter().find_map(|axis| {
            axis.keys.iter().position(|key| key == ARM).map(|at| axis.points[0][at].clone())
        });
        let known: Vec<Others> = arms.iter().map(|(others, _)| others.clone()).collect();
        let mut curve = Vec::new();
        for (others, found) in &arms {
            let compared: Others = match &first_kind {
                Some(kind) => {
                    let swap = |(key, value): &(String, Value)| {
                        (key.clone(), if key == ARM { kind.clone() } else { value.clone() })
                    };
                    others.iter().map(swap).collect()
                }
                None => known[0].clone(),
            };
            let against = known.iter().position(|one| *one == compared).filter(|at| known[*at] != *others);
            let rival = against.map(|at| &arms[at].1);
            let points = points(found, rival, reach);
            let enough = |point: &&CurvePoint| {
                point.reached.is_some_and(|n| n as f64 >= SHARE * point.values.len() as f64)
            };
            curve.push(CurveArm {
                label: label(others, &shorts),
                against: against.map(|at| label(&known[at], &shorts)),
                largest: points.iter().take_while(enough).last().map(|point| point.x),
                points,
            });
        }
        Ok(SweepCurve { along: along.into(), measure: measure.into(), reach, arms: curve })
    }

    /// Draws `figures/MEASURE-along-KEY.svg` and `.png`: the SVG's path.
    ///
    /// # Errors
    /// [`LabError`] if it cannot be drawn or written.
    pub fn draw_curve(&self, curve: &SweepCurve) -> Result<PathBuf, LabError> {
        let line = |arm: &CurveArm| SpreadLine {
            name: arm.label.clone(),
            points: arm
                .points
                .iter()
                .map(|point| SpreadPoint {
                    x: point.x,
                    median: point.spread.median,
                    quartiles: (point.spread.q1, point.spread.q3),
                })
                .collect(),
        };
        let lines: Vec<SpreadLine> = curve.arms.iter().map(line).collect();
        let options = SpreadOptions {
            title: format!("{}: median and quartiles of {}", self.plan().name(), curve.measure),
            x_label: curve.along.clone(),
            y_label: curve.measure.clone(),
            reach: curve.reach,
            ..SpreadOptions::default()
        };
        let last = curve.along.rsplit('.').next().unwrap_or(&curve.along);
        let stem = format!("{}-along-{last}", curve.measure);
        let drawn = figures::write(spreads(&lines, &options), &self.path().join("figures"), &stem)?;
        drawn.map_err(|error| LabError::directory(self.path(), format!("{stem}: {error}")))
    }
}

impl SweepCurve {
    /// The curve as rows of a table, the head first: an arm and a value of the key each.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let last = self.along.rsplit('.').next().unwrap_or(&self.along);
        let mut head = ["", last, "seeds", "median", "q1", "q3"].map(String::from).to_vec();
        if let Some(reach) = self.reach {
            head.extend([format!("at {reach}"), format!("largest {last}")]);
        }
        head.push("p".into());
        let mut rows = vec![head];
        for arm in &self.arms {
            for point in &arm.points {
                let Spread { median, q1, q3, .. } = point.spread;
                let mut row = vec![arm.label.clone(), point.x.to_string(), point.values.len().to_string()];
                row.extend([median, q1, q3].map(|number| decimal(number, 1)));
                if let Some(reached) = point.reached {
                    let is_last = arm.points.last().is_some_and(|last| last.x == point.x);
                    let largest = arm.largest.map_or("-".into(), |x| x.to_string());
                    row.extend([
                        format!("{reached}/{}", point.values.len()),
                        if is_last { largest } else { String::new() },
                    ]);
                }
                row.push(point.p.map_or(String::new(), |p| format!("{p:.1e}")));
                rows.push(row);
            }
        }
        rows
    }
}

/// Each value of the key with the values of its seeds, ascending.
fn points(found: &[(f64, f64)], rival: Option<&Vec<(f64, f64)>>, reach: Option<f64>) -> Vec<CurvePoint> {
    let mut xs: Vec<f64> = found.iter().map(|(x, _)| *x).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let at = |of: &[(f64, f64)], x: f64| -> Vec<f64> {
        of.iter().filter(|(found, _)| *found == x).map(|(_, value)| *value).collect()
    };
    let point = |x: f64| {
        let values = at(found, x);
        let spread = Spread::of(&values)?;
        let p = rival.and_then(|rival| mann_whitney(&at(rival, x), &values).ok()).map(|test| test.p);
        let reached = reach.map(|reach| values.iter().filter(|value| **value >= reach).count());
        Some(CurvePoint { x, spread, values, reached, p })
    };
    xs.into_iter().filter_map(point).collect()
}

/// The values of an arm by the short names of their keys; what is a kind stands alone.
fn label(others: &[(String, Value)], shorts: &std::collections::BTreeMap<String, String>) -> String {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let one = |(key, value): &(String, Value)| match key == ARM {
        true => shown(value),
        false => format!("{} {}", shorts.get(key).unwrap_or(key), shown(value)),
    };
    match others {
        [] => "all".into(),
        _ => others.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_one_up_to_which_all_are_reached() {
        let found = |values: &[(f64, [f64; 5])]| -> Vec<(f64, f64)> {
            values.iter().flat_map(|(x, values)| values.iter().map(|value| (*x, *value))).collect()
        };
        let sorn = found(&[(4.0, [1.0, 1.0, 1.0, 1.0, 0.5]), (2.0, [1.0; 5]), (6.0, [0.5; 5])]);
        let fixed = found(&[(2.0, [0.5, 0.4, 0.3, 0.2, 0.1])]);
        let points = points(&sorn, Some(&fixed), Some(0.9));
        let seen: Vec<(f64, Option<usize>)> = points.iter().map(|point| (point.x, point.reached)).collect();
        assert_eq!(seen, [(2.0, Some(5)), (4.0, Some(4)), (6.0, Some(0))]);
        assert!(points[0].p.unwrap() < 0.01 && points[1].p.is_none());
        let arm = CurveArm { label: "sorn".into(), against: None, points, largest: Some(4.0) };
        let curve = SweepCurve {
            along: "env.kwargs.k".into(),
            measure: "eval.mean".into(),
            reach: Some(0.9),
            arms: vec![arm],
        };
        let rows = curve.rows();
        assert_eq!(rows[0], ["", "k", "seeds", "median", "q1", "q3", "at 0.9", "largest k", "p"]);
        assert_eq!(rows[3], ["sorn", "6", "5", "0.500", "0.500", "0.500", "0/5", "4", ""]);
    }

    #[test]
    fn arms_are_named_by_what_differs() {
        let shorts = [("agent.reservoir.params.ne".to_string(), "ne".to_string())].into();
        let others = [
            ("agent.reservoir.params.ne".to_string(), Value::Integer(100)),
            (ARM.to_string(), Value::String("esn".into())),
        ];
        assert_eq!(label(&others, &shorts), "ne 100, esn");
        assert_eq!(label(&[], &shorts), "all");
    }
}
