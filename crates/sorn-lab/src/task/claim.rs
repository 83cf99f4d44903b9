//! What is published of an experiment: values that are printed beside the scores, and statements that are tested.

use serde::{Deserialize, Serialize};
use sorn_report::stats::mann_whitney;

use super::TaskArm;
use crate::Estimate;

/// Fewer runs are no sample.
const LEAST_RUNS: usize = 3;
/// Rank tests with a larger p tell nothing apart.
const LEVEL: f64 = 0.05;

/// A published value of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Name of the score.
    pub score: String,
    /// Label of the arm, or of a control of it.
    #[serde(default = "base")]
    pub arm: String,
    /// The published value.
    pub value: f64,
    /// How far from it a value may lie and still agree; not judged where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<f64>,
    /// Where it is published.
    pub source: String,
}

/// A statement about a score, tested over the runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The statement in words.
    pub text: String,
    /// Name of the score.
    pub score: String,
    /// Label of the arm, or of a control of it.
    #[serde(default = "base")]
    pub arm: String,
    /// Whether the score is said to be less or greater.
    pub relation: Relation,
    /// Than what: a number, or the label of an arm.
    pub than: Than,
    /// The score of that arm; the same score where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub than_score: Option<String>,
}

/// On which side of something a score is said to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Below it.
    Less,
    /// Above it.
    Greater,
}

/// What a score is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a number, or the label of an arm")]
pub enum Than {
    /// A number: the 95 % interval of the score must lie on the side of the claim.
    Number(f64),
    /// An arm: a two-sided Mann-Whitney test must tell the runs apart.
    Arm(String),
}

/// A published value beside the one of the runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// What is published.
    #[serde(flatten)]
    pub reference: Reference,
    /// The value of all runs taken together, or else the mean over runs, with its 95 % interval; none if no run has the score.
    pub here: Option<Estimate>,
    /// Yes if it lies within the tolerance, no if its whole interval lies outside; none where the interval reaches into the
    /// tolerance and the value does not (more runs are needed), and where there is no tolerance or no value.
    pub agrees: Option<bool>,
}

/// A statement and what the runs say of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claimed {
    /// What is claimed.
    #[serde(flatten)]
    pub claim: Claim,
    /// The score, as in [`Compared::here`].
    pub here: Option<Estimate>,
    /// What it is compared with, if that is an arm.
    pub there: Option<Estimate>,
    /// p of the rank test, if it is compared with an arm.
    pub p: Option<f64>,
    /// Whether it holds; none for fewer than three runs, or so few that no p could be below the level.
    pub holds: Option<bool>,
}

fn base() -> String {
    "experiment".into()
}

/// Labels that values and statements may name.
pub(super) struct Labels {
    /// Those of the arms.
    pub(super) arms: Vec<String>,
    /// Those of the arms and of their controls.
    pub(super) all: Vec<String>,
}

impl Labels {
    pub(super) fn know(&self, label: &str) -> bool {
        self.all.iter().any(|known| known == label)
    }

    fn check(&self, label: &str) -> Result<(), String> {
        match self.know(label) {
            true => Ok(()),
            false => {
                let control = self.all.iter().find(|known| !self.arms.contains(known));
                let control =
                    control.map_or(String::new(), |control| format!(", or of controls such as {control}"));
                Err(format!("expected one of {}{control}, found {label:?}", self.arms.join(", ")))
            }
        }
    }
}

impl Reference {
    pub(super) fn check(&self, labels: &Labels) -> Result<(), String> {
        labels.check(&self.arm).map_err(|e| format!("arm: {e}"))?;
        match (self.value.is_finite(), self.within) {
            (false, _) => Err(format!("value: expected a finite number, found {}", self.value)),
            (true, Some(within)) if !(within > 0.0 && within.is_finite()) => {
                Err(format!("within: expected a positive number, found {within}"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn compare(&self, arms: &[TaskArm]) -> Compared {
        let here = find(arms, &self.arm).and_then(|arm| estimate(arm, &self.score));
        let agrees = self.within.zip(here).and_then(|(within, here)| {
            let (least, most) = (self.value - within, self.value + within);
            let inside = least <= here.value && here.value <= most;
            let apart = here.high < least || here.low > most;
            (inside || apart).then_some(inside)
        });
        Compared { reference: self.clone(), here, agrees }
    }
}

impl Claim {
    pub(super) fn check(&self, labels: &Labels) -> Result<(), String> {
        labels.check(&self.arm).map_err(|e| format!("arm: {e}"))?;
        match &self.than {
            Than::Arm(arm) => {
                labels.check(arm).map_err(|e| format!("than: {e}"))?;
                let itself = *arm == self.arm && self.than_score.as_ref().is_none_or(|s| *s == self.score);
                match itself {
                    true => Err("than: expected another arm or score, found the same".into()),
                    false => Ok(()),
                }
            }
            Than::Number(number) if !number.is_finite() => {
                Err(format!("than: expected a finite number, found {number}"))
            }
            Than::Number(_) if self.than_score.is_some() => {
                Err("than_score: expected none beside a number, found one".into())
            }
            Than::Number(_) => Ok(()),
        }
    }

    /// The labels that it names.
    pub(super) fn arms(&self) -> impl Iterator<Item = &str> {
        let than = match &self.than {
            Than::Arm(arm) => Some(arm.as_str()),
            Than::Number(_) => None,
        };
        [self.arm.as_str()].into_iter().chain(than)
    }

    pub(super) fn test(&self, arms: &[TaskArm]) -> Claimed {
        let arm = find(arms, &self.arm);
        let runs = |arm: Option<&TaskArm>, score: &str| {
            arm.and_then(|arm| arm.scores.get(score)).cloned().unwrap_or_default()
        };
        let own = runs(arm, &self.score);
        let here = arm.and_then(|arm| estimate(arm, &self.score));
        let enough = |runs: &[f64]| runs.len() >= LEAST_RUNS;
        let (mut p, mut there, mut holds) = (None, None, None);
        match &self.than {
            Than::Number(number) => {
                holds = here.filter(|_| enough(&own)).map(|here| match self.relation {
                    Relation::Less => here.high < *number,
                    Relation::Greater => here.low > *number,
                });
            }
            Than::Arm(label) => {
                let score = self.than_score.as_ref().unwrap_or(&self.score);
                let other_arm = find(arms, label);
                let other = runs(other_arm, score);
                there = other_arm.and_then(|arm| estimate(arm, score));
                // U counts the pairs in which the first is larger.
                if let Ok(test) = mann_whitney(&own, &other) {
                    let half = own.len() as f64 * other.len() as f64 / 2.0;
                    let side = match self.relation {
                        Relation::Less => test.u < half,
                        Relation::Greater => test.u > half,
                    };
                    p = Some(test.p);
                    holds = tells(own.len(), other.len()).then_some(side && test.p < LEVEL);
                } else if tells(own.len(), other.len()) {
                    // All values are equal.
                    holds = Some(false);
                }
            }
        }
        Claimed { claim: self.clone(), here, there, p, holds }
    }
}

/// Whether the test of so many runs against so many others can have a p below the level: its least is 2 over the ways to choose.
fn tells(own: usize, other: usize) -> bool {
    let ways = (1..=own.min(other)).map(|k| (own.max(other) + k) as f64 / k as f64).product::<f64>();
    own.min(other) >= LEAST_RUNS && 2.0 / ways < LEVEL
}

fn find<'a>(arms: &'a [TaskArm], label: &str) -> Option<&'a TaskArm> {
    arms.iter().find(|arm| arm.label == label)
}

/// The pooled value of a score, or else the mean over runs.
pub(super) fn estimate(arm: &TaskArm, score: &str) -> Option<Estimate> {
    arm.pooled.get(score).copied().or_else(|| Estimate::mean(arm.scores.get(score)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_test_of_too_few_runs_tells_nothing() {
        assert_eq!(
            [(3, 3), (3, 4), (4, 4), (3, 5), (2, 40)].map(|(a, b)| tells(a, b)),
            [false, false, true, true, false]
        );
    }

    fn arm(label: &str, values: &[f64]) -> TaskArm {
        TaskArm {
            label: label.into(),
            experiment: "e".into(),
            control: None,
            against: None,
            scores: BTreeMap::from([("s".to_string(), values.to_vec())]),
            spreads: BTreeMap::new(),
            pooled: BTreeMap::new(),
            p: BTreeMap::new(),
        }
    }

    fn claim(relation: Relation, than: Than) -> Claim {
        Claim { text: String::new(), score: "s".into(), arm: base(), relation, than, than_score: None }
    }

    #[test]
    fn a_claim_holds_only_where_the_runs_tell_it() {
        let low: Vec<f64> = (0..12).map(f64::from).collect();
        let high: Vec<f64> = (0..12).map(|i| f64::from(i) + 20.0).collect();
        let arms = [arm("experiment", &low), arm("other", &high), arm("same", &low), arm("few", &[1.0])];
        let against = |relation, label: &str| claim(relation, Than::Arm(label.into())).test(&arms).holds;
        assert_eq!(against(Relation::Less, "other"), Some(true));
        assert_eq!(against(Relation::Greater, "other"), Some(false));
        assert_eq!(against(Relation::Less, "same"), Some(false));
        assert_eq!(against(Relation::Less, "few"), None);
        let number = |relation, number| claim(relation, Than::Number(number)).test(&arms).holds;
        assert_eq!(number(Relation::Less, 20.0), Some(true));
        // The mean is 5.5, its interval reaches past 6.
        assert_eq!(number(Relation::Less, 6.0), Some(false));
        assert_eq!(number(Relation::Greater, 20.0), Some(false));
    }

    #[test]
    fn a_reference_is_judged_by_its_tolerance() {
        // The mean is 2, its interval reaches from below 1.5 to above 2.5.
        let arms = [arm("experiment", &[1.0, 2.0, 3.0])];
        let of = |value, within| Reference {
            score: "s".into(),
            arm: base(),
            value,
            within,
            source: "here".into(),
        };
        assert_eq!(of(2.2, Some(0.3)).compare(&arms).agrees, Some(true));
        assert_eq!(of(2.2, Some(0.1)).compare(&arms).agrees, None);
        assert_eq!(of(9.0, Some(0.1)).compare(&arms).agrees, Some(false));
        assert_eq!(of(2.2, None).compare(&arms).agrees, None);
        let labels = Labels { arms: vec![base()], all: vec![base(), "static".into()] };
        assert!(labels.check("static").is_ok());
        assert!(of(f64::NAN, None).check(&labels).unwrap_err().starts_with("value: expected"));
        assert!(of(1.0, Some(0.0)).check(&labels).unwrap_err().starts_with("within: expected"));
        let wrong = Reference { arm: "x".into(), ..of(1.0, None) };
        assert_eq!(
            wrong.check(&labels).unwrap_err(),
            "arm: expected one of experiment, or of controls such as static, found \"x\""
        );
    }
}
