//! `sorn plot`: figures of a run, each from what the run directory holds.

mod activity;
mod network;
mod recorded;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sorn_report::figure::{Figure, FigureError, Over};

use crate::files::{create_dir, write_whole};
use crate::{LabError, Progress, Replay, RunDir, Sweep, TaskSort, draw_dynamics, draw_learning_curve};

pub(crate) use network::{picture, weights};

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureKind {
    /// Return per episode; of several seeds as well.
    LearningCurve,
    /// Observation, action, value and spikes of an episode with the greedy policy.
    Episode,
    /// Spikes of that policy as a raster.
    Raster,
    /// The same as dots.
    Scatter,
    /// Firing rates of the neurons, a histogram.
    FiringRates,
    /// Spikes per step.
    Activity,
    /// Inter-spike intervals, with an exponential fit.
    Intervals,
    /// Pairwise correlations of the neurons, a matrix.
    Correlations,
    /// The graph of correlated neurons.
    Network,
    /// Hamming distance of the state from one step to the next.
    HammingDistance,
    /// Sizes of avalanches, with a power law.
    AvalancheSizes,
    /// Durations of avalanches, with a power law.
    AvalancheDurations,
    /// Mean size of avalanches by duration; of a task of dynamics.
    AvalancheMeanSizes,
    /// How often so many neurons are active; of a task of dynamics.
    ActivityDistribution,
    /// How long synapses live; of a task of dynamics.
    Lifetimes,
    /// Excitatory weights after training, a matrix.
    Weights,
    /// Excitatory weights before training, a matrix.
    WeightsBefore,
    /// Excitatory weights after training, a histogram.
    WeightDistribution,
    /// The same on a logarithmic axis, with a log-normal fit.
    WeightDistributionLog,
    /// Incoming excitatory synapses per neuron, with a normal fit.
    IncomingConnections,
    /// Outgoing excitatory synapses per neuron, with a normal fit.
    OutgoingConnections,
    /// Numbers of synapses over training; needs `record.probes`.
    Connections,
    /// Thresholds over training; needs `record.probes`.
    Thresholds,
    /// Firing rates over training; needs `record.probes`.
    Rates,
}

impl FigureKind {
    /// Every kind.
    pub const ALL: [FigureKind; 24] = [
        FigureKind::LearningCurve,
        FigureKind::Episode,
        FigureKind::Raster,
        FigureKind::Scatter,
        FigureKind::FiringRates,
        FigureKind::Activity,
        FigureKind::Intervals,
        FigureKind::Correlations,
        FigureKind::Network,
        FigureKind::HammingDistance,
        FigureKind::AvalancheSizes,
        FigureKind::AvalancheDurations,
        FigureKind::AvalancheMeanSizes,
        FigureKind::ActivityDistribution,
        FigureKind::Lifetimes,
        FigureKind::Weights,
        FigureKind::WeightsBefore,
        FigureKind::WeightDistribution,
        FigureKind::WeightDistributionLog,
        FigureKind::IncomingConnections,
        FigureKind::OutgoingConnections,
        FigureKind::Connections,
        FigureKind::Thresholds,
        FigureKind::Rates,
    ];

    /// The name on the command line and of the file, e.g. `learning-curve`.
    pub fn name(self) -> &'static str {
        match self {
            FigureKind::LearningCurve => "learning-curve",
            FigureKind::Episode => "episode",
            FigureKind::Raster => "raster",
            FigureKind::Scatter => "scatter",
            FigureKind::FiringRates => "firing-rates",
            FigureKind::Activity => "activity",
            FigureKind::Intervals => "intervals",
            FigureKind::Correlations => "correlations",
            FigureKind::Network => "network",
            FigureKind::HammingDistance => "hamming-distance",
            FigureKind::AvalancheSizes => "avalanche-sizes",
            FigureKind::AvalancheDurations => "avalanche-durations",
            FigureKind::AvalancheMeanSizes => "avalanche-mean-sizes",
            FigureKind::ActivityDistribution => "activity-distribution",
            FigureKind::Lifetimes => "lifetimes",
            FigureKind::Weights => "weights",
            FigureKind::WeightsBefore => "weights-before",
            FigureKind::WeightDistribution => "weight-distribution",
            FigureKind::WeightDistributionLog => "weight-distribution-log",
            FigureKind::IncomingConnections => "incoming-connections",
            FigureKind::OutgoingConnections => "outgoing-connections",
            FigureKind::Connections => "connections",
            FigureKind::Thresholds => "thresholds",
            FigureKind::Rates => "rates",
        }
    }
}

impl fmt::Display for FigureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FigureKind {
    type Err = String;

    fn from_str(text: &str) -> Result<FigureKind, String> {
        let found = FigureKind::ALL.into_iter().find(|kind| kind.name() == text);
        let all = FigureKind::ALL.map(FigureKind::name).join(", ");
        found.ok_or_else(|| format!("one of {all} expected, found {text:?}"))
    }
}

/// Draws a figure of the run, or of the several seeds, in `dir`, as `figures/KIND.svg` and `.png` in it; gives the SVG's path,
/// or `None` where `progress` wished to stop. `over` is what a learning curve runs over; other figures do without.
///
/// Figures of activity show what the greedy policy of the latest checkpoint does with frozen plasticity in the episodes of
/// `sorn eval`; those of a quantity over training need a recording of it.
///
/// # Errors
/// [`LabError`] where `dir` holds no such run, what the figure needs was not recorded or is damaged, or there is nothing to
/// draw.
pub fn draw(
    dir: &Path,
    kind: FigureKind,
    over: Option<Over>,
    progress: &dyn Progress,
) -> Result<Option<PathBuf>, LabError> {
    match TaskSort::of_dir(dir)? {
        Some(TaskSort::Dynamics) => return draw_dynamics(dir, kind).map(Some),
        Some(TaskSort::Sequence | TaskSort::Series) => {
            let reason = "expected runs of an agent or a task of dynamics, found a task of sequences or series, which has no figures";
            return Err(LabError::directory(dir, reason));
        }
        None => {}
    }
    if kind == FigureKind::LearningCurve {
        return draw_learning_curve(dir, over).map(Some);
    }
    if let Some(sweep) = Sweep::read(dir)? {
        let first = sweep.runs().next().map_or_else(|| dir.into(), |(_, path)| path);
        let reason = format!(
            "holds several seeds, of which only learning-curve is drawn; name one, e.g. {}",
            first.display()
        );
        return Err(LabError::directory(dir, reason));
    }
    let run = RunDir::read(dir)?;
    let Some(figure) = figure(&run, kind, progress)? else { return Ok(None) };
    let folder = dir.join("figures");
    create_dir(&folder)?;
    let svg = folder.join(format!("{kind}.svg"));
    let png = figure.png(1.0).map_err(failed(dir, kind))?;
    write_whole(&folder.join(format!("{kind}.png")), &png)?;
    write_whole(&svg, figure.svg().as_bytes())?;
    Ok(Some(svg))
}

fn figure(run: &RunDir, kind: FigureKind, progress: &dyn Progress) -> Result<Option<Figure>, LabError> {
    let failed = failed(run.path(), kind);
    let figure = match kind {
        FigureKind::AvalancheMeanSizes | FigureKind::ActivityDistribution | FigureKind::Lifetimes => {
            let reason =
                format!("{kind}: expected the directory of a task of dynamics, found an agent's run");
            return Err(LabError::directory(run.path(), reason));
        }
        FigureKind::Connections | FigureKind::Thresholds | FigureKind::Rates => recorded::figure(run, kind)?,
        FigureKind::Weights
        | FigureKind::WeightsBefore
        | FigureKind::WeightDistribution
        | FigureKind::WeightDistributionLog
        | FigureKind::IncomingConnections
        | FigureKind::OutgoingConnections => network::figure(run, kind)?,
        _ => {
            // An episode is one; statistics want many steps.
            let least = if kind == FigureKind::Episode { 1 } else { 1000 };
            match Replay::of(run, least, progress)? {
                Some(replay) => activity::figure(run, kind, &replay),
                None => return Ok(None),
            }
        }
    };
    figure.map(Some).map_err(failed)
}

fn failed(dir: &Path, kind: FigureKind) -> impl Fn(FigureError) -> LabError {
    let path = dir.to_path_buf();
    move |e| LabError::directory(&path, format!("{kind}: {e}"))
}

/// "name, seed n", and what it shows.
fn title(run: &RunDir, what: &str) -> String {
    let experiment = run.experiment();
    format!("{}, seed {}: {what}", experiment.name, experiment.run.seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        for kind in FigureKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("rastre".parse::<FigureKind>().unwrap_err().contains("raster"));
    }
}
