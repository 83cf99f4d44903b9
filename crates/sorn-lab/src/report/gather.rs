//! What a report shows of each arm.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sorn_report::figure::Over;
use sorn_report::stats::{mann_whitney, moving_mean};

use crate::compare::{areas, evaluations, ranks};
use crate::labels::labels;
use crate::plot::{picture, weights};
use crate::{Aggregate, LabError, Progress, Replay, RunDir, Summary, Sweep, figures, metrics};

/// Points of a curve: a page shows no more.
const POINTS: usize = 400;
/// Steps of an episode that are shown.
const STEPS: u64 = 1000;
/// Spikes that are shown: 1 MB of the page at most, whatever the size of the network.
const SPIKES: usize = 150_000;

/// One arm: a run, or an experiment over several seeds.
#[derive(Debug, Serialize)]
pub(super) struct Arm {
    pub(super) name: String,
    pub(super) question: String,
    pub(super) env: String,
    pub(super) config: String,
    pub(super) command: String,
    pub(super) threshold: Option<f64>,
    pub(super) window: u64,
    /// What its learning curve runs over at first.
    pub(super) over: &'static str,
    pub(super) runs: Vec<Run>,
    pub(super) aggregate: Option<Aggregate>,
    /// Two-sided Mann-Whitney tests against the first arm: of the episodes to solve, the evaluations, and the areas under the
    /// learning curves.
    pub(super) p: Option<f64>,
    pub(super) p_eval: Option<f64>,
    pub(super) p_area: Option<f64>,
    pub(super) sample: Option<Sample>,
}

/// One run.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    pub(super) seed: u64,
    /// Number of episodes recorded.
    pub(super) episodes: usize,
    /// Points of the moving mean of the return: episodes, from 1, environment steps and seconds at their ends, and means.
    pub(super) x: Vec<u64>,
    pub(super) steps: Vec<u64>,
    pub(super) seconds: Vec<f64>,
    pub(super) y: Vec<f64>,
    /// `None` where the run is not finished.
    pub(super) summary: Option<Summary>,
}

/// A run from within.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    pub(super) seed: u64,
    /// Length of the episode; what is shown may be its beginning.
    #[serde(skip)]
    pub(super) steps: u64,
    /// Panels over the steps: label, lines.
    pub(super) panels: Vec<(&'static str, Vec<Vec<f64>>)>,
    /// For each step the neurons that spike; inhibitory ones follow the excitatory ones.
    pub(super) spikes: Vec<Vec<u32>>,
    pub(super) neurons: (u32, u32),
    /// PNG files of the E-to-E weights.
    #[serde(skip)]
    pub(super) weights: Vec<(&'static str, Vec<u8>)>,
}

/// Reads the arm in `dir`; `None` where `progress` wished to stop.
pub(super) fn arm(
    dir: &Path,
    progress: &dyn Progress,
    problems: &mut Vec<String>,
) -> Result<Option<Arm>, LabError> {
    let sweep = Sweep::read(dir)?;
    let (experiment, places, file, seeds) = match &sweep {
        Some(sweep) => {
            let seeds = format!(" --seeds {}", ranges(sweep.seeds()));
            (sweep.experiment().clone(), sweep.runs().collect(), "experiment.toml", seeds)
        }
        None => {
            let run = RunDir::read(dir)?;
            let place = vec![(run.experiment().run.seed, dir.to_path_buf())];
            (run.experiment().clone(), place, "config.toml", String::new())
        }
    };
    let places: Vec<(u64, PathBuf)> = places;
    let window = usize::try_from(experiment.run.window).unwrap_or(usize::MAX);
    let mut runs = Vec::new();
    // If the environment cannot be made, the report says so once, not for every run.
    let (mut sample, mut can_look) = (None, true);
    for (seed, path) in &places {
        if progress.stop() {
            return Ok(None);
        }
        let Some(dir) = noted(RunDir::read(path), problems) else { continue };
        runs.push(run(&dir, *seed, window, problems));
        if sample.is_none() && can_look && dir.checkpoints().is_dir() {
            can_look = noted(experiment.make_env(&experiment.name), problems).is_some();
            sample = if can_look { look_into(&dir, *seed, progress, problems) } else { None };
        }
    }
    let summaries: Vec<Summary> = runs.iter().filter_map(|run| run.summary.clone()).collect();
    let threshold = summaries.first().and_then(|summary| summary.threshold);
    let threshold = match can_look {
        true => noted(experiment.threshold_of_runs(threshold), problems).flatten(),
        false => threshold.or(experiment.run.threshold),
    };
    Ok(Some(Arm {
        name: experiment.name.clone(),
        question: experiment.question.clone(),
        env: experiment.env.id.clone(),
        command: format!("sorn run {}{seeds} --out again", dir.join(file).display()),
        threshold,
        window: experiment.run.window,
        over: if figures::usual(&experiment) == Over::Steps { "steps" } else { "episodes" },
        config: experiment.to_toml(),
        aggregate: Aggregate::of(&summaries).map(|aggregate| Aggregate { threshold, ..aggregate }),
        runs,
        p: None,
        p_eval: None,
        p_area: None,
        sample,
    }))
}

/// Compares all arms with the first, and tells apart those of one name in `dirs`.
pub(super) fn compare(arms: &mut [Arm], dirs: &[PathBuf]) {
    let names: Vec<&str> = arms.iter().map(|arm| arm.name.as_str()).collect();
    let labels = labels(dirs, &names);
    arms.iter_mut().zip(labels).for_each(|(arm, label)| arm.name = label);
    let Some((first, others)) = arms.split_first_mut() else { return };
    for arm in others {
        let Some((one, other)) = first.aggregate.as_ref().zip(arm.aggregate.as_ref()) else { continue };
        let test =
            |of: fn(&Aggregate) -> Vec<f64>| mann_whitney(&of(one), &of(other)).ok().map(|test| test.p);
        arm.p = first.threshold.and(arm.threshold).and_then(|_| test(ranks));
        (arm.p_eval, arm.p_area) = (test(evaluations), test(areas));
    }
}

/// The value, or nothing and a problem more.
fn noted<T>(result: Result<T, LabError>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|error| problems.push(error.to_string())).ok()
}

fn run(dir: &RunDir, seed: u64, window: usize, problems: &mut Vec<String>) -> Run {
    let known = problems.len();
    let lines = match metrics::read_whole_lines(&dir.metrics()) {
        Ok((lines, problem)) => {
            problems.extend(problem.map(|error| error.to_string()));
            lines
        }
        Err(error) => {
            problems.push(error.to_string());
            Vec::new()
        }
    };
    let whole = problems.len() == known;
    let summary = noted(dir.summary(), problems).flatten();
    // Lines may be missing where each that is there is whole.
    if let Some(expected) = summary.as_ref().map(|s| s.episodes).filter(|n| whole && *n != lines.len() as u64)
    {
        let reason = format!("expected {expected} episodes (summary.json's), found {}", lines.len());
        problems.push(LabError::damaged(&dir.metrics(), reason).to_string());
    }
    for problem in summary.iter().flat_map(|summary| &summary.problems) {
        problems.push(format!("{}: {problem}", dir.path().display()));
    }
    let returns: Vec<f64> = lines.iter().map(|line| line.ret).collect();
    // Returns are finite, and the window is 1 or more.
    let means = moving_mean(&returns, window.max(1)).unwrap_or_default();
    let step = means.len().div_ceil(POINTS).max(1);
    let last = means.len().saturating_sub(1);
    let kept: Vec<usize> = (0..means.len()).filter(|i| i % step == 0 || *i == last).collect();
    Run {
        seed,
        episodes: means.len(),
        x: kept.iter().map(|&i| i as u64 + 1).collect(),
        steps: kept.iter().map(|&i| lines[i].env_steps).collect(),
        seconds: kept.iter().map(|&i| rounded(lines[i].wall_secs)).collect(),
        y: kept.iter().map(|&i| rounded(means[i])).collect(),
        summary,
    }
}

/// An episode of the greedy policy, and the weights before and after.
fn look_into(dir: &RunDir, seed: u64, progress: &dyn Progress, problems: &mut Vec<String>) -> Option<Sample> {
    let replay = noted(Replay::of(dir, 1, progress), problems)??;
    let length = replay.ends.first().copied().unwrap_or(replay.steps());
    let inhibitory = replay.inhibitory.iter().map(|&(step, neuron)| (step, neuron + replay.neurons.0));
    let all = || replay.excitatory.iter().copied().chain(inhibitory.clone());
    let steps = shown(all().map(|(step, _)| step), length.min(STEPS));
    let cut = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> {
        columns.iter().map(|column| column.iter().take(steps).map(|v| rounded(*v)).collect()).collect()
    };
    let mut panels = vec![("observation", cut(&replay.observations)), ("action", cut(&replay.actions))];
    panels.push(("reward", cut(std::slice::from_ref(&replay.rewards))));
    panels.push(("value", cut(std::slice::from_ref(&replay.values))));
    panels.retain(|(_, lines)| lines.iter().any(|line| !line.is_empty()));
    let mut spikes = vec![Vec::new(); steps];
    for (step, neuron) in all() {
        if let Some(row) = spikes.get_mut(step as usize) {
            row.push(neuron);
        }
    }
    let mut pictures = Vec::new();
    if replay.neurons.1 > 0 {
        for (name, before) in [("before training", true), ("after training", false)] {
            let png = noted(weights(dir, before), problems)
                .and_then(|wee| picture(&wee, String::new()).and_then(|figure| figure.png(1.0)).ok());
            pictures.extend(png.map(|png| (name, png)));
        }
    }
    Some(Sample { seed, steps: length, panels, spikes, neurons: replay.neurons, weights: pictures })
}

/// How many of the first `most` steps have no more than [`SPIKES`] spikes together; one at least.
fn shown(spikes: impl Iterator<Item = u64>, most: u64) -> usize {
    let mut counts = vec![0_usize; most as usize];
    for step in spikes.filter(|&step| step < most) {
        counts[step as usize] += 1;
    }
    let mut sum = 0;
    let fits = counts.iter().take_while(|&&count| {
        sum += count;
        sum <= SPIKES
    });
    fits.count().max(1).min(most as usize)
}

/// Five significant digits: what a picture can show.
fn rounded(value: f64) -> f64 {
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    // Rounded up, the largest numbers would be infinite.
    if rounded.is_finite() { rounded } else { value }
}

/// Seeds as the command line takes them.
fn ranges(seeds: &[u64]) -> String {
    let (first, last) = (seeds.first().copied().unwrap_or(0), seeds.last().copied().unwrap_or(0));
    if seeds.iter().copied().eq(first..=last) {
        return format!("{first}..={last}");
    }
    seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_named_as_the_command_line_takes_them() {
        assert_eq!(ranges(&[0, 1, 2]), "0..=2");
        assert_eq!(ranges(&[5]), "5..=5");
        assert_eq!(ranges(&[5, 4]), "5,4");
        assert_eq!(ranges(&[1, 2, 9]), "1,2,9");
    }

    #[test]
    fn large_networks_are_shown_for_fewer_steps() {
        let spikes = |per_step: u64| (0..300).flat_map(move |step| (0..per_step).map(move |_| step));
        assert_eq!(shown(spikes(100), 200), 200);
        assert_eq!(shown(spikes(1000), 200), 150);
        assert_eq!(shown(spikes(200_000), 200), 1);
        assert_eq!((shown(spikes(0), 7), shown(spikes(9), 0)), (7, 0));
    }

    #[test]
    fn numbers_keep_five_digits() {
        assert_eq!([rounded(1.0 / 3.0), rounded(123_456.0), rounded(0.0)], [0.33333, 123_460.0, 0.0]);
        assert_eq!([rounded(f64::MAX), rounded(1e308), rounded(5e-324)], [f64::MAX, 1e308, 5e-324]);
    }
}
