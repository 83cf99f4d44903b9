//! [`SequenceTable`]: arms and their scores over seeds, each control tested against its experiment.

use std::collections::BTreeMap;

use serde::Serialize;
use sorn_report::stats::mann_whitney;

use super::SequenceSweep;
use crate::{LabError, Spread};

/// The scores of one arm over seeds.
#[derive(Clone, Debug, Serialize)]
pub struct SequenceArm {
    /// Label, also the name of its directory.
    pub label: String,
    /// Name of the experiment.
    pub experiment: String,
    /// The control, none for the experiment itself.
    pub control: Option<String>,
    /// Scores by name: one number per seed, in the order of the seeds.
    pub scores: BTreeMap<String, Vec<f64>>,
    /// Quartiles of the scores.
    pub spreads: BTreeMap<String, Spread>,
    /// Two-sided Mann-Whitney test of each score against the experiment with the same value of the axis; none for the
    /// experiment itself, and absent where all values are equal.
    pub p: BTreeMap<String, f64>,
}

/// The arms of a sequence task side by side.
#[derive(Clone, Debug, Serialize)]
pub struct SequenceTable {
    /// Scores to show.
    pub report: Vec<String>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The arms: for each value of the axis the experiment, then its controls.
    pub arms: Vec<SequenceArm>,
}

impl SequenceTable {
    /// The table of a finished sweep.
    ///
    /// # Errors
    /// [`LabError`] naming a run that is not finished, or a damaged file.
    pub fn of(sweep: &SequenceSweep) -> Result<SequenceTable, LabError> {
        let mut arms: Vec<SequenceArm> = Vec::new();
        // The arm that the next controls belong to.
        let mut base = 0;
        for (label, dir, experiment) in sweep.arms()? {
            let summaries = sweep.summaries(&dir)?;
            let mut scores: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            for summary in &summaries {
                for (name, value) in &summary.scores.0 {
                    scores.entry(name.clone()).or_default().push(*value);
                }
            }
            let spreads =
                scores.iter().filter_map(|(name, v)| Some((name.clone(), Spread::of(v)?))).collect();
            let control = experiment.task.control.map(|control| control.to_string());
            let mut p = BTreeMap::new();
            match control {
                None => base = arms.len(),
                Some(_) => {
                    for (name, own) in &scores {
                        let first = arms[base].scores.get(name);
                        if let Some(test) = first.and_then(|first| mann_whitney(first, own).ok()) {
                            p.insert(name.clone(), test.p);
                        }
                    }
                }
            }
            arms.push(SequenceArm { label, experiment: experiment.name, control, scores, spreads, p });
        }
        let named = sweep.experiment().report.clone();
        let all = || arms.first().map_or_else(Vec::new, |arm| arm.scores.keys().cloned().collect());
        let report = if named.is_empty() { all() } else { named };
        Ok(SequenceTable { report, seeds: sweep.seeds().to_vec(), arms })
    }

    /// The table as rows of text: a head, then an arm each, with median and quartiles of the scores shown and `p` of the last.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let mut head = vec!["arm".to_string()];
        head.extend(self.report.iter().cloned());
        if self.arms.iter().any(|arm| arm.control.is_some()) {
            head.push(format!("p of {}", self.report.last().map_or("", String::as_str)));
        }
        let digits = |v: f64| if v.abs() >= 100.0 { format!("{v:.0}") } else { format!("{v:.3}") };
        let mut rows = vec![head];
        for arm in &self.arms {
            let mut row = vec![arm.label.clone()];
            for name in &self.report {
                row.push(arm.spreads.get(name).map_or_else(
                    || "-".into(),
                    |s| format!("{} ({}, {})", digits(s.median), digits(s.q1), digits(s.q3)),
                ));
            }
            if arm.control.is_some() {
                let p = self.report.last().and_then(|name| arm.p.get(name));
                row.push(
                    p.map_or("-".into(), |p| if *p < 1e-3 { format!("{p:.0e}") } else { format!("{p:.3}") }),
                );
            }
            rows.push(row);
        }
        rows
    }

    /// The table as Markdown.
    pub fn markdown(&self) -> String {
        let rows = self.rows();
        let columns = rows[0].len();
        let line = |row: &[String]| {
            let cells = (0..columns).map(|c| row.get(c).map_or("", String::as_str));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = format!("|{}\n", "---|".repeat(columns));
        let body: String = rows[1..].iter().map(|row| line(row)).collect();
        line(&rows[0]) + &rule + &body
    }
}
