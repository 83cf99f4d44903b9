//! Experiments and their controls as a table in Markdown.

use std::path::PathBuf;

use sorn_report::stats::mann_whitney;

use crate::{Aggregate, ComparedArm, Comparison, Estimate, LabError, Spread, compare, decimal, quartile};

/// What the names of an experiment's controls end with.
const CONTROLS: [&str; 6] = ["-static", "-no-reservoir", "-none", "-rewired", "-esn", "-random"];

struct Row {
    label: String,
    aggregate: Aggregate,
    threshold: Option<f64>,
}

/// A table of the finished sweeps in `dirs`, a row each, sorted by name: how many runs solved the task while training and
/// after how many episodes, what the frozen greedy policy reached, and two-sided Mann-Whitney tests against the experiment
/// of which the row is a control (`NAME-static`, `NAME-none`, `NAME-rewired`, `NAME-esn`, `NAME-random` of `NAME`), or if none is a control,
/// against the first directory's.
///
/// Where no experiment has a threshold, the table says nothing of solving: it has the evaluations, their interquartile means
/// with bootstrap intervals, and the areas under the learning curves.
///
/// # Errors
/// [`LabError`] naming the directory that holds no finished sweep, or the damaged file.
pub fn results_table(dirs: &[PathBuf]) -> Result<String, LabError> {
    let comparison = Comparison::read(dirs)?;
    let judges = comparison.has_threshold();
    let row = |arm: ComparedArm| Row {
        label: arm.label,
        threshold: arm.aggregate.threshold,
        aggregate: arm.aggregate,
    };
    let mut rows: Vec<Row> = comparison.arms.into_iter().map(row).collect();
    let first = rows.first().map(|row| row.aggregate.clone());
    let is_control = |row: &Row| full(row, &rows).is_some();
    let first = first.filter(|_| !rows.iter().any(is_control));
    rows.sort_by(|a, b| order(&a.aggregate.experiment).cmp(&order(&b.aggregate.experiment)));
    let mut text = String::from(match judges {
        true => {
            "| Experiment | solved | episodes | p | evaluation: median (quartiles; worst seed) | seeds at threshold | p |\n\
             |---|---|---|---|---|---|---|\n"
        }
        false => {
            "| Experiment | evaluation: median (quartiles; worst seed) | interquartile mean (95 % interval) | p | \
             area under the learning curve | p |\n|---|---|---|---|---|---|\n"
        }
    });
    for row in &rows {
        let against = full(row, &rows).or(first.as_ref()).filter(|against| **against != row.aggregate);
        let line = if judges { line(row, against) } else { unjudged_line(row, against) };
        text.push_str(&line);
    }
    Ok(text)
}

/// An experiment before its controls, these in a fixed order.
fn order(name: &str) -> (&str, usize) {
    let control = CONTROLS.iter().position(|control| name.ends_with(control));
    (control.map_or(name, |c| name.strip_suffix(CONTROLS[c]).unwrap_or(name)), control.map_or(0, |c| c + 1))
}

/// The experiment of which a row is a control.
fn full<'a>(row: &Row, all: &'a [Row]) -> Option<&'a Aggregate> {
    let (whole, control) = order(&row.aggregate.experiment);
    all.iter().map(|row| &row.aggregate).find(|a| a.experiment == whole && control > 0)
}

fn test(row: &Row, against: Option<&Aggregate>, of: fn(&Aggregate) -> Vec<f64>) -> String {
    let p = against.and_then(|against| mann_whitney(&of(against), &of(&row.aggregate)).ok());
    p.map_or(String::new(), |test| probability(test.p))
}

fn line(row: &Row, against: Option<&Aggregate>) -> String {
    let Row { label, aggregate: a, threshold } = row;
    let seeds = a.seeds.len();
    let episodes = match (threshold, a.solved, a.episodes_to_solve_spread) {
        (None, ..) => "-".into(),
        (_, 1.., Some(Spread { q1, median, q3, .. })) => {
            format!("{} ({}, {})", quartile(median), quartile(q1), quartile(q3))
        }
        _ => "never".into(),
    };
    let eval = evaluation(a);
    let reached = threshold.map_or("-".into(), |threshold| {
        let reached = a.eval_means.iter().flatten().filter(|&&mean| mean >= threshold).count();
        let threshold = if threshold.abs() < 1e15 { threshold.to_string() } else { decimal(threshold, 1) };
        format!("{reached}/{seeds} at {threshold}")
    });
    let solved = threshold.map_or("-".into(), |_| format!("{}/{seeds}", a.solved));
    let p_episodes = threshold.map_or(String::new(), |_| test(row, against, compare::ranks));
    let p_eval = test(row, against, compare::evaluations);
    format!("| `{label}` | {solved} | {episodes} | {p_episodes} | {eval} | {reached} | {p_eval} |\n")
}

/// A row of a table without a threshold.
fn unjudged_line(row: &Row, against: Option<&Aggregate>) -> String {
    let Row { label, aggregate: a, .. } = row;
    let three = |values: [f64; 3]| {
        let [middle, low, high] = values.map(|value| decimal(value, 1));
        format!("{middle} ({low}, {high})")
    };
    let iqm = a.eval_iqm.map_or("-".into(), |Estimate { value, low, high }| three([value, low, high]));
    let area = a.area.map_or("-".into(), |Spread { q1, median, q3, .. }| three([median, q1, q3]));
    let (eval, p_eval) = (evaluation(a), test(row, against, compare::evaluations));
    let p_area = test(row, against, compare::areas);
    format!("| `{label}` | {eval} | {iqm} | {p_eval} | {area} | {p_area} |\n")
}

fn evaluation(aggregate: &Aggregate) -> String {
    aggregate.eval_mean.map_or("-".into(), |Spread { q1, median, q3, min, .. }| {
        let [median, q1, q3, min] = [median, q1, q3, min].map(|value| decimal(value, 1));
        format!("{median} ({q1}, {q3}; {min})")
    })
}

fn probability(p: f64) -> String {
    match p {
        ..0.001 => format!("{p:.0e}"),
        ..0.1 => format!("{p:.3}"),
        _ => format!("{p:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, solve: [Option<u64>; 4], means: [f64; 4]) -> Row {
        let spread = |values: Vec<f64>| Spread::of(&values);
        let aggregate = Aggregate {
            experiment: name.into(),
            env: "E-v0".into(),
            version: "0".into(),
            seeds: vec![0, 1, 2, 3],
            threshold: None,
            solved: solve.iter().flatten().count() as u64,
            success_rate: 0.0,
            episodes_to_solve: solve.to_vec(),
            episodes_to_solve_spread: spread(solve.map(|s| s.unwrap_or(500) as f64).to_vec()),
            env_steps: None,
            wall_secs: None,
            eval_mean: spread(means.to_vec()),
            eval_means: means.map(Some).to_vec(),
            eval_average: None,
            eval_iqm: Some(Estimate { value: means[0], low: -9.0, high: -1.0 }),
            areas: means.map(Some).to_vec(),
            area: spread(means.to_vec()),
            problems: Vec::new(),
        };
        Row { label: name.into(), aggregate, threshold: Some(-1.5) }
    }

    #[test]
    fn a_row_says_what_came_of_an_arm() {
        let cart = row("cart", [Some(100), Some(110), Some(120), Some(130)], [-1.0, -1.0, -2.0, -1.0]);
        let random = row("cart-random", [None; 4], [-9.0, -8.0, -7.0, -6.0]);
        let rows = [cart, random];
        assert_eq!(
            line(&rows[0], full(&rows[0], &rows)),
            "| `cart` | 4/4 | 115 (107.5, 122.5) |  | -1.0 (-1.25, -1.0; -2.0) | 3/4 at -1.5 |  |\n"
        );
        let expected =
            "| `cart-random` | 0/4 | never | 0.021 | -7.50 (-8.25, -6.75; -9.0) | 0/4 at -1.5 | 0.027 |\n";
        assert_eq!(line(&rows[1], full(&rows[1], &rows)), expected);
    }

    #[test]
    fn what_has_no_threshold_is_never_solved_or_unsolved() {
        let open = Row { threshold: None, ..row("cart", [None; 4], [-1.0; 4]) };
        assert_eq!(line(&open, None), "| `cart` | - | - |  | -1.0 (-1.0, -1.0; -1.0) | - |  |\n");
        let control = Row { threshold: None, ..row("cart-static", [None; 4], [-2.0; 4]) };
        let rows = [open, control];
        let whole = full(&rows[1], &rows);
        let expected = "| `cart-static` | - | - |  | -2.0 (-2.0, -2.0; -2.0) | - | 0.013 |\n";
        assert_eq!(line(&rows[1], whole), expected);
        let expected = "| `cart-static` | -2.0 (-2.0, -2.0; -2.0) | -2.0 (-9.0, -1.0) | 0.013 | -2.0 (-2.0, -2.0) | 0.013 |\n";
        assert_eq!(unjudged_line(&rows[1], whole), expected);
    }

    #[test]
    fn controls_follow_their_experiment() {
        let mut names =
            ["cart-two", "cart-random", "cart", "cart-static", "cart-two-static", "acrobot-no-reservoir"];
        names.sort_by_key(|name| order(name));
        assert_eq!(
            names,
            ["acrobot-no-reservoir", "cart", "cart-static", "cart-random", "cart-two", "cart-two-static"]
        );
    }

    #[test]
    fn probabilities_have_few_digits() {
        assert_eq!([0.5, 0.0123, 0.0023, 1.6e-7].map(probability), ["0.50", "0.012", "0.002", "2e-7"]);
    }
}
