//! [`TaskTable`]: arms and their scores over seeds, each tested against the arm it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sorn_report::stats::mann_whitney;

use super::{Claimed, Compared, TaskKind, TaskSweep};
use crate::{Estimate, LabError, Spread};

/// The scores of one arm over seeds.
#[derive(Clone, Debug, Serialize)]
pub struct TaskArm {
    /// Label, also the name of its directory.
    pub label: String,
    /// Name of the experiment.
    pub experiment: String,
    /// The control, none for the experiment itself.
    pub control: Option<String>,
    /// Label of the arm that it is tested against.
    pub against: Option<String>,
    /// Scores by name: one number per seed, in the order of the seeds; a run that has no such score is left out.
    pub scores: BTreeMap<String, Vec<f64>>,
    /// Quartiles of the scores.
    pub spreads: BTreeMap<String, Spread>,
    /// Scores of all runs taken together, with 95 % intervals of a bootstrap over runs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pooled: BTreeMap<String, Estimate>,
    /// Two-sided Mann-Whitney test of each score against the arm it is tested against; absent where all values are equal.
    pub p: BTreeMap<String, f64>,
}

/// The arms of a task side by side.
#[derive(Clone, Debug, Serialize)]
pub struct TaskTable {
    /// Scores to show.
    pub report: Vec<String>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The arms: for each value of the axis the experiment, then its controls.
    pub arms: Vec<TaskArm>,
    /// Published values beside those of the runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Compared>,
    /// Statements, and whether they hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claimed>,
    /// Scores that could not be taken or that no run has, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl TaskTable {
    /// The table of a finished sweep.
    ///
    /// # Errors
    /// [`LabError`] naming a run that is not finished, or a damaged file.
    pub fn of<T: TaskKind>(sweep: &TaskSweep<T>) -> Result<TaskTable, LabError> {
        let mut arms: Vec<TaskArm> = Vec::new();
        let mut problems: Vec<String> = Vec::new();
        for (dir, arm) in sweep.arms()? {
            let mut scores: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            for summary in &sweep.summaries(&dir)? {
                for problem in &summary.problems {
                    let problem = format!("{}: {problem}", arm.label);
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
                for (name, value) in &summary.scores.0 {
                    scores.entry(name.clone()).or_default().push(*value);
                }
            }
            let spreads =
                scores.iter().filter_map(|(name, v)| Some((name.clone(), Spread::of(v)?))).collect();
            let control = arm.experiment.task.control().map(|control| control.to_string());
            let against = arm.against.map(|index| &arms[index]);
            let mut p = BTreeMap::new();
            for (name, own) in &scores {
                let first = against.and_then(|against| against.scores.get(name));
                if let Some(test) = first.and_then(|first| mann_whitney(first, own).ok()) {
                    p.insert(name.clone(), test.p);
                }
            }
            let against = against.map(|arm| arm.label.clone());
            let pooled = arm.experiment.task.pool(&sweep.runs(&dir))?;
            let pooled = pooled.into_iter().map(|(name, found)| (name, found.into())).collect();
            let (label, experiment) = (arm.label, arm.experiment.name);
            arms.push(TaskArm { label, experiment, control, against, scores, spreads, pooled, p });
        }
        let experiment = sweep.experiment();
        let named = experiment.report.clone();
        let all = || arms.first().map_or_else(Vec::new, |arm| arm.scores.keys().cloned().collect());
        let report = if named.is_empty() { all() } else { named };
        let known: BTreeSet<&str> =
            arms.iter().flat_map(|arm| arm.scores.keys()).map(String::as_str).collect();
        let unknown = |place: &str, name: &str| match known.is_empty() {
            true => format!("{place}: expected phases that give scores, found none for {name:?}"),
            false => {
                let known: Vec<&str> = known.iter().copied().collect();
                format!("{place}: expected some of {}, found {name:?}", known.join(", "))
            }
        };
        let claimed = experiment.claims.iter().enumerate().flat_map(|(index, claim)| {
            let scores = [("score", Some(&claim.score)), ("than_score", claim.than_score.as_ref())];
            scores.into_iter().filter_map(move |(key, score)| Some((format!("claim[{index}].{key}"), score?)))
        });
        let reported = report.iter().map(|name| ("report".to_string(), name));
        let named: Vec<(String, &String)> = reported.chain(claimed).collect();
        let missing = named.iter().filter(|(_, name)| !known.contains(name.as_str()));
        problems.extend(missing.map(|(place, name)| unknown(place, name)));
        let references = experiment.references.iter().map(|r| r.compare(&arms)).collect();
        let claims = experiment.claims.iter().map(|c| c.test(&arms)).collect();
        Ok(TaskTable { report, seeds: sweep.seeds().to_vec(), arms, references, claims, problems })
    }

    /// The table as rows of text: a head, then an arm each, with median and quartiles of the scores shown and `p` of the last.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let mut head = vec!["arm".to_string()];
        head.extend(self.report.iter().cloned());
        if self.arms.iter().any(|arm| arm.against.is_some()) {
            head.push(format!("p of {}", self.report.last().map_or("", String::as_str)));
        }
        let mut rows = vec![head];
        for arm in &self.arms {
            let mut row = vec![arm.label.clone()];
            for name in &self.report {
                row.push(arm.spreads.get(name).map_or_else(
                    || "-".into(),
                    |s| format!("{} ({}, {})", digits(s.median), digits(s.q1), digits(s.q3)),
                ));
            }
            if arm.against.is_some() {
                let p = self.report.last().and_then(|name| arm.p.get(name));
                row.push(p.copied().map_or("-".into(), probability));
            }
            rows.push(row);
        }
        rows
    }

    /// Published values beside those of the runs, as rows of text under a head; none where nothing is published.
    pub fn reference_rows(&self) -> Vec<Vec<String>> {
        if self.references.is_empty() {
            return Vec::new();
        }
        let head = ["score", "arm", "published", "here (95 % interval)", "agrees", "source"];
        let mut rows = vec![head.map(String::from).to_vec()];
        for compared in &self.references {
            let reference = &compared.reference;
            let within = reference.within.map_or(String::new(), |within| format!(" +- {within}"));
            rows.push(vec![
                reference.score.clone(),
                reference.arm.clone(),
                format!("{}{within}", reference.value),
                estimated(compared.here),
                match (compared.agrees, reference.within, compared.here) {
                    (None, Some(_), Some(_)) => "undecided".into(),
                    (agrees, ..) => verdict(agrees),
                },
                reference.source.clone(),
            ]);
        }
        rows
    }

    /// The claims as rows of text under a head; none where nothing is claimed.
    pub fn claim_rows(&self) -> Vec<Vec<String>> {
        if self.claims.is_empty() {
            return Vec::new();
        }
        let mut rows = vec![["claim", "here", "than", "p", "holds"].map(String::from).to_vec()];
        for claimed in &self.claims {
            let than = match (&claimed.claim.than, claimed.there) {
                (super::Than::Number(number), _) => number.to_string(),
                (super::Than::Arm(_), there) => estimated(there),
            };
            rows.push(vec![
                claimed.claim.text.clone(),
                estimated(claimed.here),
                than,
                claimed.p.map_or("-".into(), probability),
                verdict(claimed.holds),
            ]);
        }
        rows
    }

    /// The tables as Markdown.
    pub fn markdown(&self) -> String {
        let tables = [self.rows(), self.reference_rows(), self.claim_rows()];
        let tables: Vec<String> =
            tables.iter().filter(|rows| !rows.is_empty()).map(|r| markdown(r)).collect();
        tables.join("\n")
    }
}

fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows[0].len();
    let line = |row: &[String]| {
        let cells = (0..columns).map(|c| row.get(c).map_or("", String::as_str));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = format!("|{}\n", "---|".repeat(columns));
    let body: String = rows[1..].iter().map(|row| line(row)).collect();
    line(&rows[0]) + &rule + &body
}

fn digits(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value != 0.0 && value.abs() < 0.1 {
        format!("{value:.4}")
    } else {
        format!("{value:.3}")
    }
}

fn probability(p: f64) -> String {
    if p < 1e-3 { format!("{p:.0e}") } else { format!("{p:.3}") }
}

fn estimated(estimate: Option<Estimate>) -> String {
    estimate.map_or("-".into(), |e| format!("{} ({}, {})", digits(e.value), digits(e.low), digits(e.high)))
}

fn verdict(holds: Option<bool>) -> String {
    holds.map_or("-", |holds| if holds { "yes" } else { "no" }).to_string()
}
