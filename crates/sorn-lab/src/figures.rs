//! The learning curve, as SVG and PNG.

use std::path::{Path, PathBuf};

use sorn_report::figure::{Arm, CurveOptions, learning_curve};

use crate::files::{create_dir, write_whole};
use crate::{Experiment, LabError, RunDir, Sweep, metrics};

/// Draws the learning curve of a run directory, or of a sweep's, from its metrics as they are; gives the SVG's path.
///
/// # Errors
/// [`LabError`] where `dir` is neither, nothing was recorded in it yet, or the curve cannot be drawn.
pub fn draw_learning_curve(dir: &Path) -> Result<PathBuf, LabError> {
    let problem = match Sweep::read(dir)? {
        Some(sweep) => sweep.draw()?,
        None => {
            let run = RunDir::read(dir)?;
            let lines = metrics::read(&run.metrics())?;
            of_run(&run, &lines.iter().map(|line| line.ret).collect::<Vec<f64>>())?
        }
    };
    match problem {
        Some(problem) => Err(LabError::directory(dir, problem)),
        None => Ok(dir.join("figures/learning-curve.svg")),
    }
}

/// `figures/learning-curve.*` of one run; why there is none if it cannot be drawn.
pub(crate) fn of_run(dir: &RunDir, returns: &[f64]) -> Result<Option<String>, LabError> {
    let experiment = dir.experiment();
    let title = format!("{}, seed {}", experiment.name, experiment.run.seed);
    curve(dir.path(), experiment, title, vec![returns.to_vec()])
}

/// `figures/learning-curve.*` below `dir`: one arm, one run or many; why there is none if it cannot be drawn.
///
/// # Errors
/// [`LabError`] if the files cannot be written.
pub(crate) fn curve(
    dir: &Path,
    experiment: &Experiment,
    title: String,
    runs: Vec<Vec<f64>>,
) -> Result<Option<String>, LabError> {
    let (_, spec) = experiment.make_env(&experiment.name)?;
    let options = CurveOptions {
        title,
        window: usize::try_from(experiment.run.window).unwrap_or(usize::MAX),
        threshold: experiment.threshold(&spec),
        ..CurveOptions::default()
    };
    let arm = Arm { name: experiment.name.clone(), runs };
    let drawn = learning_curve(&[arm], &options).and_then(|figure| Ok((figure.png(1.0)?, figure)));
    let (png, figure) = match drawn {
        Ok(drawn) => drawn,
        Err(error) => return Ok(Some(format!("learning curve: {error}"))),
    };
    let folder = dir.join("figures");
    create_dir(&folder)?;
    write_whole(&folder.join("learning-curve.svg"), figure.svg().as_bytes())?;
    write_whole(&folder.join("learning-curve.png"), &png)?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_that_cannot_be_drawn_is_a_problem_and_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let text = "name = \"e\"\nquestion = \"?\"\n[env]\nid = \"CartPole-v1\"\n";
        let experiment = crate::read::experiment(text, "e.toml", &[]).unwrap();
        let of =
            |returns: &[f64]| curve(dir.path(), &experiment, "e".into(), vec![returns.to_vec()]).unwrap();
        let problem = of(&[1.0, f64::NAN]).unwrap();
        assert!(problem.starts_with("learning curve: ") && problem.contains("values[1] is NaN"), "{problem}");
        assert!(!dir.path().join("figures").exists());
        assert_eq!(of(&[1e308, -1e308]), None);
        assert!(dir.path().join("figures/learning-curve.png").is_file());
    }
}
