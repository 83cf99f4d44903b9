//! [`Comparison`]: experiments over several seeds side by side.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sorn_report::figure::{
    Arm, CurveOptions, Outcomes, Over, Scores, ScoresOptions, SolveOptions, episodes_to_solve,
    learning_curve, scores,
};
use sorn_report::stats::mann_whitney;

use crate::figures::Recorded;
use crate::files::read_text;
use crate::judge::area;
use crate::labels::labels;
use crate::{Aggregate, Estimate, Experiment, LabError, RunDir, Spread, Sweep, counted, figures};

/// One experiment of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedArm {
    /// Its name; with its directory where another arm has the same.
    pub label: String,
    /// Its runs. The threshold is the one that counts: `None` where the environment has none, or it is not known here.
    pub aggregate: Aggregate,
    /// Two-sided Mann-Whitney test of its episodes to solve against the first arm's; an unsolved run ranks behind all that
    /// solved. `None` for the first arm, and where either has no threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// The same test of the evaluations' mean returns.
    pub p_eval: Option<f64>,
    /// The same test of the areas under the learning curves.
    pub p_area: Option<f64>,
    #[serde(skip)]
    runs: Vec<Recorded>,
}

/// Experiments over several seeds; the first is what the others are compared with.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The experiments, in the order given.
    pub arms: Vec<ComparedArm>,
    #[serde(skip)]
    experiment: Experiment,
}

impl Comparison {
    /// Reads the directories of finished sweeps.
    ///
    /// # Errors
    /// [`LabError`] naming the directory that holds none, or the damaged file.
    pub fn read(dirs: &[PathBuf]) -> Result<Comparison, LabError> {
        let mut arms: Vec<ComparedArm> = Vec::new();
        let mut first = None;
        for dir in dirs {
            let (aggregate, experiment) = judged(dir)?;
            let mut runs = Vec::new();
            for seed in &aggregate.seeds {
                runs.push(Recorded::of(&RunDir::read(&dir.join(format!("seed-{seed}")))?)?);
            }
            let label = aggregate.experiment.clone();
            let mut arm = ComparedArm { label, aggregate, p: None, p_eval: None, p_area: None, runs };
            if let Some(experiment) = &experiment {
                arm.complete(experiment);
            }
            if let Some(first) = arms.first() {
                arm.test(first);
            }
            first = first.or(experiment);
            arms.push(arm);
        }
        let names: Vec<&str> = arms.iter().map(|arm| arm.aggregate.experiment.as_str()).collect();
        let labels = labels(dirs, &names);
        arms.iter_mut().zip(labels).for_each(|(arm, label)| arm.label = label);
        match first {
            Some(experiment) => Ok(Comparison { arms, experiment }),
            None => Err(LabError::directory(Path::new(""), "expected at least one directory, found none")),
        }
    }

    /// Whether any arm has a threshold, so that its runs are solved or not.
    pub fn has_threshold(&self) -> bool {
        self.arms.iter().any(|arm| arm.aggregate.threshold.is_some())
    }

    /// Draws into `out` the learning curves of all arms, the episodes to solve if all of them have a threshold, and else their
    /// evaluations; gives the files' paths. Without `over` the curves run over what the first arm's budget limits. A figure that
    /// cannot be drawn is left out, with a warning.
    ///
    /// # Errors
    /// [`LabError`] if a figure cannot be written.
    pub fn draw(&self, out: &Path, over: Option<Over>) -> Result<Vec<PathBuf>, LabError> {
        let title = format!(
            "{}, {}",
            self.experiment.env.id,
            counted(self.arms[0].aggregate.seeds.len() as u64, "seed")
        );
        let options = CurveOptions {
            title: title.clone(),
            window: usize::try_from(self.experiment.run.window).unwrap_or(usize::MAX),
            threshold: self.arms[0].aggregate.threshold,
            over: over.unwrap_or_else(|| figures::usual(&self.experiment)),
            ..CurveOptions::default()
        };
        let arms: Vec<Arm> =
            self.arms.iter().map(|arm| figures::arm(arm.label.clone(), &arm.runs, options.over)).collect();
        let mut figures = vec![(learning_curve(&arms, &options), figures::stem("comparison", over))];
        if self.arms.iter().all(|arm| arm.aggregate.threshold.is_some()) {
            let options = SolveOptions { title, ..SolveOptions::default() };
            figures.push((episodes_to_solve(&self.outcomes(), &options), "episodes-to-solve".into()));
        } else if let Some(evaluations) = self.evaluations() {
            let label = "evaluation: mean return of the greedy policy".into();
            let options = ScoresOptions { title, label, ..ScoresOptions::default() };
            figures.push((scores(&evaluations, &options), "evaluations".into()));
        }
        let mut paths = Vec::new();
        for (figure, stem) in figures {
            match figures::write(figure, out, &stem)? {
                Ok(svg) => paths.push(svg),
                Err(problem) => tracing::warn!("{}: not drawn: {problem}", out.join(stem).display()),
            }
        }
        Ok(paths)
    }

    fn outcomes(&self) -> Vec<Outcomes> {
        let outcomes = |arm: &ComparedArm| Outcomes {
            name: arm.label.clone(),
            episodes: arm.aggregate.episodes_to_solve.clone(),
        };
        self.arms.iter().map(outcomes).collect()
    }

    /// Every arm's evaluations; `None` if an arm has none.
    fn evaluations(&self) -> Option<Vec<Scores>> {
        let scores = |arm: &ComparedArm| {
            let Estimate { value, low, high } = arm.aggregate.eval_iqm?;
            let values = evaluations(&arm.aggregate);
            Some(Scores { name: arm.label.clone(), values, middle: value, interval: (low, high) })
        };
        self.arms.iter().map(scores).collect()
    }
}

impl ComparedArm {
    /// Adds what files of earlier versions lack.
    fn complete(&mut self, experiment: &Experiment) {
        let a = &mut self.aggregate;
        if a.areas.iter().flatten().next().is_none() {
            // Such a run ended in the episode that solved its task, or went on to its budget.
            let held = |run: &Recorded| {
                let last = run.lines.iter().rev().take(experiment.run.window as usize).map(|line| line.ret);
                let n = last.len() as f64;
                let early = (run.lines.len() as u64) < experiment.run.most_episodes();
                (early && experiment.run.stop_when_solved && a.threshold.is_some() && n > 0.0)
                    .then(|| last.sum::<f64>() / n)
            };
            a.areas = self.runs.iter().map(|run| area(experiment, &run.lines, held(run))).collect();
            a.area = Spread::of(&areas(a));
        }
        if a.eval_iqm.is_none() {
            let evals = evaluations(a);
            (a.eval_average, a.eval_iqm) = (Estimate::mean(&evals), Estimate::interquartile_mean(&evals));
        }
    }

    fn test(&mut self, first: &ComparedArm) {
        let test = |of: fn(&Aggregate) -> Vec<f64>| {
            mann_whitney(&of(&first.aggregate), &of(&self.aggregate)).ok().map(|test| test.p)
        };
        let both = first.aggregate.threshold.and(self.aggregate.threshold);
        let (p, p_eval, p_area) = (both.and_then(|_| test(ranks)), test(evaluations), test(areas));
        (self.p, self.p_eval, self.p_area) = (p, p_eval, p_area);
    }
}

/// The aggregate of the finished sweep in `dir`, with the threshold that counts, and its experiment.
fn judged(dir: &Path) -> Result<(Aggregate, Option<Experiment>), LabError> {
    let aggregate = aggregate(dir)?;
    let experiment = Sweep::read(dir)?.map(|sweep| sweep.experiment().clone());
    let threshold = match &experiment {
        Some(experiment) => known_threshold(dir, experiment, aggregate.threshold),
        None => aggregate.threshold,
    };
    Ok((Aggregate { threshold, ..aggregate }, experiment))
}

/// The aggregate of the finished sweep in `dir`.
pub(crate) fn aggregate(dir: &Path) -> Result<Aggregate, LabError> {
    let path = dir.join("aggregate.json");
    if !path.is_file() {
        let reason = "no aggregate.json: `sorn run FILE --seeds 0..20` makes one when every seed is finished";
        return Err(LabError::directory(dir, reason));
    }
    serde_json::from_str(&read_text(&path)?).map_err(|e| LabError::damaged(&path, e.to_string()))
}

/// The threshold of a finished sweep; where it cannot be known here, none, and a warning.
pub(crate) fn known_threshold(dir: &Path, experiment: &Experiment, noted: Option<f64>) -> Option<f64> {
    experiment.threshold_of_runs(noted).unwrap_or_else(|error| {
        tracing::warn!("{}: the threshold of {} is not known: {error}", dir.display(), experiment.env.id);
        None
    })
}

/// Episodes to solve as numbers to rank.
pub(crate) fn ranks(aggregate: &Aggregate) -> Vec<f64> {
    // Larger than any number of episodes, and finite for the test.
    aggregate.episodes_to_solve.iter().map(|e| e.map_or(f64::MAX, |e| e as f64)).collect()
}

/// The mean returns of the evaluations.
pub(crate) fn evaluations(aggregate: &Aggregate) -> Vec<f64> {
    aggregate.eval_means.iter().flatten().copied().collect()
}

/// The areas under the learning curves.
pub(crate) fn areas(aggregate: &Aggregate) -> Vec<f64> {
    aggregate.areas.iter().flatten().copied().collect()
}
