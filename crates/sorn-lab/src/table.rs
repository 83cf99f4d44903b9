//! Experiments and their controls as a table in Markdown.

use std::path::PathBuf;

use sorn_report::stats::mann_whitney;

use crate::compare::{self, aggregate, known_threshold};
use crate::{Aggregate, LabError, Spread, Sweep, decimal, quartile};

/// What the names of an experiment's controls end with.
const CONTROLS: [&str; 3] = ["-static", "-no-reservoir", "-random"];

struct Row {
    aggregate: Aggregate,
    threshold: Option<f64>,
}

/// A table of the finished sweeps in `dirs`, a row each, sorted by name: how many runs solved the task while training and
/// after how many episodes, what the frozen greedy policy reached, and two-sided Mann-Whitney tests against the experiment
/// of which the row is a control (`NAME-static`, `NAME-no-reservoir`, `NAME-random` of `NAME`).
///
/// # Errors
/// [`LabError`] naming the directory that holds no finished sweep, or the damaged file.
pub fn results_table(dirs: &[PathBuf]) -> Result<String, LabError> {
    let mut rows = Vec::new();
    for dir in dirs {
        let aggregate = aggregate(dir)?;
        let threshold = match Sweep::read(dir)? {
            Some(sweep) => known_threshold(dir, sweep.experiment(), aggregate.threshold),
            None => aggregate.threshold,
        };
        rows.push(Row { aggregate, threshold });
    }
    rows.sort_by(|a, b| order(&a.aggregate.experiment).cmp(&order(&b.aggregate.experiment)));
    let mut text = String::from(
        "| Experiment | solved | episodes | p | evaluation: median (quartiles; worst seed) | seeds at threshold | p |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for row in &rows {
        text.push_str(&line(row, &rows));
    }
    Ok(text)
}

/// An experiment before its controls, these in a fixed order.
fn order(name: &str) -> (&str, usize) {
    let control = CONTROLS.iter().position(|control| name.ends_with(control));
    (control.map_or(name, |c| name.strip_suffix(CONTROLS[c]).unwrap_or(name)), control.map_or(0, |c| c + 1))
}

fn line(row: &Row, all: &[Row]) -> String {
    let Row { aggregate: a, threshold } = row;
    let name = a.experiment.as_str();
    let (whole, control) = order(name);
    let full = all.iter().map(|row| &row.aggregate).find(|a| a.experiment == whole && control > 0);
    let test = |of: fn(&Aggregate) -> Vec<f64>| {
        let p = full.and_then(|full| mann_whitney(&of(full), &of(a)).ok());
        p.map_or(String::new(), |test| probability(test.p))
    };
    let seeds = a.seeds.len();
    let episodes = match (threshold, a.solved, a.episodes_to_solve_spread) {
        (None, ..) => "-".into(),
        (_, 1.., Some(Spread { q1, median, q3, .. })) => {
            format!("{} ({}, {})", quartile(median), quartile(q1), quartile(q3))
        }
        _ => "never".into(),
    };
    let eval = a.eval_mean.map_or("-".into(), |Spread { q1, median, q3, min, .. }| {
        let [median, q1, q3, min] = [median, q1, q3, min].map(|v| decimal(v, 1));
        format!("{median} ({q1}, {q3}; {min})")
    });
    let reached = threshold.map_or("-".into(), |threshold| {
        let reached = a.eval_means.iter().flatten().filter(|&&mean| mean >= threshold).count();
        let threshold = if threshold.abs() < 1e15 { threshold.to_string() } else { decimal(threshold, 1) };
        format!("{reached}/{seeds} at {threshold}")
    });
    let solved = threshold.map_or("-".into(), |_| format!("{}/{seeds}", a.solved));
    let p_episodes = threshold.map_or(String::new(), |_| test(compare::ranks));
    let p_eval = test(evaluations);
    format!("| `{name}` | {solved} | {episodes} | {p_episodes} | {eval} | {reached} | {p_eval} |\n")
}

fn evaluations(aggregate: &Aggregate) -> Vec<f64> {
    aggregate.eval_means.iter().flatten().copied().collect()
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
        };
        Row { aggregate, threshold: Some(-1.5) }
    }

    #[test]
    fn a_row_says_what_came_of_an_arm() {
        let full = row("cart", [Some(100), Some(110), Some(120), Some(130)], [-1.0, -1.0, -2.0, -1.0]);
        let random = row("cart-random", [None; 4], [-9.0, -8.0, -7.0, -6.0]);
        let rows = [full, random];
        assert_eq!(
            line(&rows[0], &rows),
            "| `cart` | 4/4 | 115 (107.5, 122.5) |  | -1.0 (-1.2, -1.0; -2.0) | 3/4 at -1.5 |  |\n"
        );
        let expected =
            "| `cart-random` | 0/4 | never | 0.021 | -7.5 (-8.2, -6.8; -9.0) | 0/4 at -1.5 | 0.027 |\n";
        assert_eq!(line(&rows[1], &rows), expected);
    }

    #[test]
    fn what_has_no_threshold_is_never_solved_or_unsolved() {
        let open = Row { threshold: None, ..row("cart", [None; 4], [-1.0; 4]) };
        assert_eq!(line(&open, &[]), "| `cart` | - | - |  | -1.0 (-1.0, -1.0; -1.0) | - |  |\n");
        let control = Row { threshold: None, ..row("cart-static", [None; 4], [-2.0; 4]) };
        let rows = [open, control];
        let expected = "| `cart-static` | - | - |  | -2.0 (-2.0, -2.0; -2.0) | - | 0.013 |\n";
        assert_eq!(line(&rows[1], &rows), expected);
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
