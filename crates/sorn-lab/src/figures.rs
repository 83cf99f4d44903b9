//! The learning curve, as SVG and PNG.

use std::path::{Path, PathBuf};

use sorn_report::figure::{Arm, CurveOptions, Figure, learning_curve};

use crate::files::{create_dir, write_whole};
use crate::{Experiment, LabError, RunDir, Sweep, metrics};

/// Draws the learning curve of a run directory, or of a sweep's, from its metrics as they are; gives the SVG's path.
///
/// # Errors
/// [`LabError`] where `dir` is neither, or nothing was recorded in it yet.
pub fn draw_learning_curve(dir: &Path) -> Result<PathBuf, LabError> {
    match Sweep::read(dir)? {
        Some(sweep) => sweep.draw()?,
        None => {
            let run = RunDir::read(dir)?;
            let lines = metrics::read(&run.metrics())?;
            of_run(&run, &lines.iter().map(|line| line.ret).collect::<Vec<f64>>())?;
        }
    }
    Ok(dir.join("figures/learning-curve.svg"))
}

/// `figures/learning-curve.*` of one run.
pub(crate) fn of_run(dir: &RunDir, returns: &[f64]) -> Result<(), LabError> {
    let experiment = dir.experiment();
    let title = format!("{}, seed {}", experiment.name, experiment.run.seed);
    curve(dir.path(), experiment, title, vec![returns.to_vec()])
}

/// `figures/learning-curve.*` below `dir`: one arm, one run or many.
pub(crate) fn curve(
    dir: &Path,
    experiment: &Experiment,
    title: String,
    runs: Vec<Vec<f64>>,
) -> Result<(), LabError> {
    let (_, spec) = experiment.make_env(&experiment.name)?;
    let options = CurveOptions {
        title,
        window: usize::try_from(experiment.run.window).unwrap_or(usize::MAX),
        threshold: experiment.threshold(&spec),
        ..CurveOptions::default()
    };
    let arm = Arm { name: experiment.name.clone(), runs };
    let failed = |e: sorn_report::figure::FigureError| LabError::damaged(dir, format!("learning curve: {e}"));
    let figure: Figure = learning_curve(&[arm], &options).map_err(failed)?;
    let folder = dir.join("figures");
    create_dir(&folder)?;
    write_whole(&folder.join("learning-curve.svg"), figure.svg().as_bytes())?;
    write_whole(&folder.join("learning-curve.png"), &figure.png(1.0).map_err(failed)?)
}
