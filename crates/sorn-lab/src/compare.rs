//! [`Comparison`]: experiments over several seeds side by side.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sorn_report::figure::{Arm, CurveOptions, Outcomes, SolveOptions, episodes_to_solve, learning_curve};
use sorn_report::stats::mann_whitney;

use crate::files::{create_dir, read_text, write_whole};
use crate::{Aggregate, Experiment, LabError, Sweep, counted, metrics};

/// One experiment of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedArm {
    /// Its runs.
    pub aggregate: Aggregate,
    /// Two-sided Mann-Whitney test of its episodes to solve against the first arm's; an unsolved run ranks behind all that
    /// solved. `None` for the first arm, and where all values are equal.
    pub p: Option<f64>,
    #[serde(skip)]
    returns: Vec<Vec<f64>>,
}

/// Experiments over several seeds; the first is what the others are compared with.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The experiments, in the order given.
    pub arms: Vec<ComparedArm>,
    #[serde(skip)]
    experiment: Experiment,
    #[serde(skip)]
    first: PathBuf,
}

impl Comparison {
    /// Reads the directories of finished sweeps.
    ///
    /// # Errors
    /// [`LabError`] naming the directory that holds none, or the damaged file.
    pub fn read(dirs: &[PathBuf]) -> Result<Comparison, LabError> {
        let mut arms: Vec<ComparedArm> = Vec::new();
        let mut experiment = None;
        for dir in dirs {
            let aggregate = aggregate(dir)?;
            let p = arms.first().and_then(|first| {
                mann_whitney(&ranks(&first.aggregate), &ranks(&aggregate)).ok().map(|test| test.p)
            });
            let mut returns = Vec::new();
            for seed in &aggregate.seeds {
                let lines = metrics::read(&dir.join(format!("seed-{seed}")).join("metrics.jsonl"))?;
                returns.push(lines.iter().map(|line| line.ret).collect());
            }
            if experiment.is_none() {
                experiment = Sweep::read(dir)?.map(|sweep| sweep.experiment().clone());
            }
            arms.push(ComparedArm { aggregate, p, returns });
        }
        match experiment {
            Some(experiment) => Ok(Comparison { arms, experiment, first: dirs[0].clone() }),
            None => Err(LabError::directory(Path::new(""), "at least one directory expected, found none")),
        }
    }

    /// Draws learning curves and episodes to solve of all arms into `out`, and gives the files' paths. A figure that cannot be
    /// drawn is left out, with a warning.
    ///
    /// # Errors
    /// [`LabError`] where a figure cannot be written.
    pub fn draw(&self, out: &Path) -> Result<Vec<PathBuf>, LabError> {
        let name = |arm: &ComparedArm| arm.aggregate.experiment.clone();
        let title = format!(
            "{}, {}",
            self.experiment.env.id,
            counted(self.arms[0].aggregate.seeds.len() as u64, "seed")
        );
        let options = CurveOptions {
            title: title.clone(),
            window: usize::try_from(self.experiment.run.window).unwrap_or(usize::MAX),
            threshold: known_threshold(&self.first, &self.experiment, self.arms[0].aggregate.threshold),
            ..CurveOptions::default()
        };
        let arms: Vec<Arm> =
            self.arms.iter().map(|arm| Arm { name: name(arm), runs: arm.returns.clone() }).collect();
        let curves = learning_curve(&arms, &options);
        let outcomes: Vec<Outcomes> = self
            .arms
            .iter()
            .map(|arm| Outcomes { name: name(arm), episodes: arm.aggregate.episodes_to_solve.clone() })
            .collect();
        let strips = episodes_to_solve(&outcomes, &SolveOptions { title, ..SolveOptions::default() });
        create_dir(out)?;
        let mut paths = Vec::new();
        for (figure, stem) in [(curves, "comparison"), (strips, "episodes-to-solve")] {
            let svg = out.join(format!("{stem}.svg"));
            let drawn = figure.and_then(|figure| Ok((figure.png(1.0)?, figure)));
            let (png, figure) = match drawn {
                Ok(drawn) => drawn,
                Err(error) => {
                    tracing::warn!("{}: not drawn: {error}", svg.display());
                    continue;
                }
            };
            write_whole(&svg, figure.svg().as_bytes())?;
            write_whole(&out.join(format!("{stem}.png")), &png)?;
            paths.push(svg);
        }
        Ok(paths)
    }
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
