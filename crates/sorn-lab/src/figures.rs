//! The learning curve, as SVG and PNG.

use std::path::{Path, PathBuf};

use sorn_report::figure::{Arm, CurveOptions, Figure, FigureError, Over, learning_curve};

use crate::files::{create_dir, write_whole};
use crate::{Episode, Evaluated, Experiment, LabError, RunDir, Sweep};

/// Draws the learning curve of a run directory, or of a sweep's, from its metrics as they are; gives the SVG's path. Without
/// `over` it runs over what the budget limits: steps where those alone are limited, else episodes.
///
/// # Errors
/// [`LabError`] if `dir` is neither, nothing was recorded in it yet, or the curve cannot be drawn.
pub fn draw_learning_curve(dir: &Path, over: Option<Over>) -> Result<PathBuf, LabError> {
    let drawn = match Sweep::read(dir)? {
        Some(sweep) => sweep.draw(over)?,
        None => of_run(&RunDir::read(dir)?, over)?,
    };
    drawn.map_err(|problem| LabError::directory(dir, problem))
}

/// `figures/learning-curve.*` of one run: the SVG's path, or why there is none if it cannot be drawn.
pub(crate) fn of_run(dir: &RunDir, over: Option<Over>) -> Result<Result<PathBuf, String>, LabError> {
    let experiment = dir.experiment();
    let title = format!("{}, seed {}", experiment.name, experiment.run.seed);
    curve(dir.path(), experiment, title, &[Recorded::of(dir)?], over)
}

/// What a learning curve shows of a run.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) lines: Vec<Episode>,
    pub(crate) evaluations: Vec<Evaluated>,
}

impl Recorded {
    pub(crate) fn of(dir: &RunDir) -> Result<Recorded, LabError> {
        Ok(Recorded { lines: dir.episodes()?, evaluations: dir.evaluations()? })
    }
}

/// `figures/learning-curve.*` below `dir`, one arm of one run or many: the SVG's path, or why there is none if it cannot be drawn.
///
/// # Errors
/// [`LabError`] if the files cannot be written.
pub(crate) fn curve(
    dir: &Path,
    experiment: &Experiment,
    title: String,
    runs: &[Recorded],
    over: Option<Over>,
) -> Result<Result<PathBuf, String>, LabError> {
    let (_, spec) = experiment.make_env(&experiment.name)?;
    let options = CurveOptions {
        title,
        window: usize::try_from(experiment.run.window).unwrap_or(usize::MAX),
        threshold: experiment.threshold(&spec),
        over: over.unwrap_or_else(|| usual(experiment)),
        ..CurveOptions::default()
    };
    let arm = arm(experiment.name.clone(), runs, options.over);
    let figure = learning_curve(&[arm], &options);
    let written = write(figure, &dir.join("figures"), &stem("learning-curve", over))?;
    Ok(written.map_err(|error| format!("learning curve: {error}")))
}

/// The default axis of a learning curve.
pub(crate) fn usual(experiment: &Experiment) -> Over {
    match experiment.run.episodes {
        None => Over::Steps,
        Some(_) => Over::Episodes,
    }
}

/// The arm of a learning curve from its runs' metrics.
pub(crate) fn arm(name: String, runs: &[Recorded], over: Over) -> Arm {
    let end = |line: &Episode| match over {
        Over::Episodes => line.episode as f64 + 1.0,
        Over::Steps => line.env_steps as f64,
        Over::Seconds => line.wall_secs,
    };
    let at = |evaluated: &Evaluated| match over {
        Over::Episodes => evaluated.episodes as f64,
        Over::Steps => evaluated.env_steps as f64,
        Over::Seconds => evaluated.wall_secs,
    };
    Arm {
        name,
        runs: runs.iter().map(|run| run.lines.iter().map(|line| line.ret).collect()).collect(),
        ends: runs.iter().map(|run| run.lines.iter().map(end).collect()).collect(),
        evaluations: runs
            .iter()
            .map(|run| run.evaluations.iter().map(|evaluated| (at(evaluated), evaluated.eval.mean)).collect())
            .collect(),
    }
}

/// The name of a figure's files: one that was asked for over something has that in its name.
pub(crate) fn stem(figure: &str, over: Option<Over>) -> String {
    match over {
        None => figure.to_string(),
        Some(Over::Episodes) => format!("{figure}-over-episodes"),
        Some(Over::Steps) => format!("{figure}-over-steps"),
        Some(Over::Seconds) => format!("{figure}-over-seconds"),
    }
}

/// Writes `STEM.svg` and `STEM.png` into `folder`, and gives the SVG's path, or why the figure cannot be drawn.
pub(crate) fn write(
    figure: Result<Figure, FigureError>,
    folder: &Path,
    stem: &str,
) -> Result<Result<PathBuf, FigureError>, LabError> {
    let drawn = figure.and_then(|figure| Ok((figure.png(1.0)?, figure)));
    let (png, figure) = match drawn {
        Ok(drawn) => drawn,
        Err(error) => return Ok(Err(error)),
    };
    create_dir(folder)?;
    let svg = folder.join(format!("{stem}.svg"));
    write_whole(&svg, figure.svg().as_bytes())?;
    write_whole(&folder.join(format!("{stem}.png")), &png)?;
    Ok(Ok(svg))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_that_cannot_be_drawn_is_a_problem_and_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let text = "name = \"e\"\nquestion = \"?\"\n[env]\nid = \"CartPole-v1\"\n";
        let experiment = crate::read::experiment(text, "e.toml", &[]).unwrap();
        let line = |(episode, &ret): (usize, &f64)| Episode {
            episode: episode as u64,
            env_steps: episode as u64 + 1,
            ret,
            length: 1,
            wall_secs: 0.1,
            env: None,
            begun: None,
            diagnostics: None,
        };
        let of = |returns: &[f64]| {
            let lines = returns.iter().enumerate().map(line).collect();
            let recorded = [Recorded { lines, evaluations: Vec::new() }];
            curve(dir.path(), &experiment, "e".into(), &recorded, None).unwrap()
        };
        let problem = of(&[1.0, f64::NAN]).unwrap_err();
        assert!(problem.starts_with("learning curve: ") && problem.contains("values[1] is NaN"), "{problem}");
        assert!(!dir.path().join("figures").exists());
        of(&[1e308, -1e308]).unwrap();
        assert!(dir.path().join("figures/learning-curve.png").is_file());
    }
}
