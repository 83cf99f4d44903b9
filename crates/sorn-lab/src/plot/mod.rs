//! `sorn plot`: figures of a run, each from what the run directory holds.

mod activity;
mod network;
mod recorded;
mod subject;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sorn_report::figure::{Figure, FigureError, Over};

use crate::dynamics::{OfDynamics, of};
use crate::files::{create_dir, write_whole};
use crate::task::TaskRun;
use crate::{LabError, Progress, Replay, RunDir, Sweep, TaskSort, draw_dynamics, draw_learning_curve, task};

pub(crate) use network::picture;
pub(crate) use subject::of_agent as weights;
use subject::{Spikes, Subject};

/// How a figure of a run is drawn.
enum OfRun {
    /// Of an agent's metrics, and of several seeds as well.
    Curve,
    /// From an episode of an agent's greedy policy.
    Episode(fn(&RunDir, &Replay) -> Result<Figure, FigureError>),
    /// From spikes in this many steps, or more.
    Spikes(u64, fn(&Subject, &Spikes) -> Result<Figure, FigureError>),
    /// From what the run directory holds.
    Directory(fn(&Subject) -> Result<Result<Figure, FigureError>, LabError>),
    /// A run has none.
    None,
}

/// What of a task without an agent a figure is drawn of.
enum Drawn {
    /// A measure of a task of dynamics.
    Measure(OfDynamics),
    /// The scores.
    Scores(task::figure::OfTask),
    /// Such a task has none.
    Nothing,
}

/// Statistics want many steps.
const MANY: u64 = 1000;

/// Makes of a line per figure everything that is known of it: its sentence, its name, how it is drawn of an agent's run, and how of a
/// task's measures or scores.
macro_rules! figures {
    ($($(#[$about:meta])* $kind:ident $name:literal, $of_run:expr, $of_task:expr;)*) => {
        /// A figure of a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FigureKind {
            $($(#[$about])* $kind,)*
        }

        impl FigureKind {
            /// Every kind.
            pub const ALL: &[FigureKind] = &[$(FigureKind::$kind),*];

            /// The name on the command line and of the file, e.g. `learning-curve`.
            pub fn name(self) -> &'static str {
                match self {
                    $(FigureKind::$kind => $name,)*
                }
            }

            fn of_run(self) -> OfRun {
                match self {
                    $(FigureKind::$kind => $of_run,)*
                }
            }

            /// What a task without an agent draws it of.
            fn drawn_of(self) -> Drawn {
                match self {
                    $(FigureKind::$kind => $of_task,)*
                }
            }
        }
    };
}

figures! {
    /// Return per episode; of several seeds as well.
    LearningCurve "learning-curve", OfRun::Curve, Drawn::Nothing;
    /// Observation, action, value and spikes of an episode with the greedy policy.
    Episode "episode", OfRun::Episode(activity::episode), Drawn::Nothing;
    /// Spikes of that policy, or of a task with `record.probes`, as a raster.
    Raster "raster", OfRun::Spikes(MANY, activity::spikes), Drawn::Nothing;
    /// The same as dots.
    Scatter "scatter", OfRun::Spikes(MANY, activity::dots), Drawn::Nothing;
    /// Firing rates of the neurons, a histogram.
    FiringRates "firing-rates", OfRun::Spikes(MANY, activity::firing_rates), Drawn::Nothing;
    /// Spikes per step.
    Activity "activity", OfRun::Spikes(MANY, activity::active), Drawn::Measure(of::ACTIVITY);
    /// Inter-spike intervals, with an exponential fit.
    Intervals "intervals", OfRun::Spikes(MANY, activity::between_spikes), Drawn::Nothing;
    /// Pairwise correlations of the neurons, a matrix.
    Correlations "correlations", OfRun::Spikes(MANY, activity::correlation_matrix), Drawn::Nothing;
    /// The graph of correlated neurons.
    Network "network", OfRun::Spikes(MANY, activity::network), Drawn::Nothing;
    /// Hamming distance of the state from one step to the next.
    HammingDistance "hamming-distance", OfRun::Spikes(MANY, activity::distance), Drawn::Nothing;
    /// Sizes of avalanches, with a power law.
    AvalancheSizes "avalanche-sizes", OfRun::Spikes(MANY, activity::avalanche_sizes), Drawn::Measure(of::AVALANCHE_SIZES);
    /// Durations of avalanches, with a power law.
    AvalancheDurations "avalanche-durations", OfRun::Spikes(MANY, activity::avalanche_durations), Drawn::Measure(of::AVALANCHE_DURATIONS);
    /// Mean size of avalanches by duration; of a task of dynamics.
    AvalancheMeanSizes "avalanche-mean-sizes", OfRun::None, Drawn::Measure(of::AVALANCHE_MEAN_SIZES);
    /// Distribution of the number of active neurons; of a task of dynamics.
    ActivityDistribution "activity-distribution", OfRun::None, Drawn::Measure(of::ACTIVITY_DISTRIBUTION);
    /// How long synapses live; of a task of dynamics.
    Lifetimes "lifetimes", OfRun::None, Drawn::Measure(of::LIFETIMES);
    /// Excitatory weights after training, or after a task's network has organised itself, a matrix.
    Weights "weights", OfRun::Directory(network::after), Drawn::Nothing;
    /// Excitatory weights before training, a matrix.
    WeightsBefore "weights-before", OfRun::Directory(network::before), Drawn::Nothing;
    /// Excitatory weights after training, a histogram.
    WeightDistribution "weight-distribution", OfRun::Directory(network::distribution), Drawn::Nothing;
    /// The same on a logarithmic axis, with a log-normal fit.
    WeightDistributionLog "weight-distribution-log", OfRun::Directory(network::distribution_log), Drawn::Measure(of::WEIGHTS);
    /// Incoming excitatory synapses per neuron, with a normal fit.
    IncomingConnections "incoming-connections", OfRun::Directory(network::incoming), Drawn::Nothing;
    /// Outgoing excitatory synapses per neuron, with a normal fit.
    OutgoingConnections "outgoing-connections", OfRun::Directory(network::outgoing), Drawn::Nothing;
    /// Numbers of synapses over training; needs `record.probes`.
    Connections "connections", OfRun::Directory(recorded::connections), Drawn::Measure(of::CONNECTIONS);
    /// Thresholds over training; needs `record.probes`.
    Thresholds "thresholds", OfRun::Directory(recorded::thresholds), Drawn::Nothing;
    /// Firing rates over training; needs `record.probes`.
    Rates "rates", OfRun::Directory(recorded::rates), Drawn::Nothing;
    /// The last score that is reported over the key that varies; of a task without an agent.
    Scores "scores", OfRun::None, Drawn::Scores(task::figure::of::SCORES);
    /// The share right by lag; of a task that recalls symbols.
    MemoryCurve "memory-curve", OfRun::None, Drawn::Scores(task::figure::of::MEMORY_CURVE);
}

impl FigureKind {
    /// How it is drawn of the measures of a task of dynamics, if those have it.
    pub(crate) fn of_dynamics(self) -> Option<OfDynamics> {
        match self.drawn_of() {
            Drawn::Measure(of) => Some(of),
            Drawn::Scores(_) | Drawn::Nothing => None,
        }
    }

    /// How it is drawn of the scores of a task, if those have it.
    pub(crate) fn of_task(self) -> Option<task::figure::OfTask> {
        match self.drawn_of() {
            Drawn::Scores(draw) => Some(draw),
            Drawn::Measure(_) | Drawn::Nothing => None,
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
        let found = FigureKind::ALL.iter().find(|kind| kind.name() == text);
        let all: Vec<&str> = FigureKind::ALL.iter().map(|kind| kind.name()).collect();
        found.copied().ok_or_else(|| format!("expected one of {}, found {text:?}", all.join(", ")))
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
    let of_run = kind.of_run();
    if let Some(sort) = TaskSort::of_dir(dir)? {
        return match TaskRun::read(dir, sort)? {
            Some(run) => draw_run(Subject::Task(Box::new(run)), kind, progress),
            None if sort == TaskSort::Dynamics && kind.of_task().is_none() => {
                draw_dynamics(dir, kind).map(Some)
            }
            None => task::figure::draw(dir, sort, kind).map(Some),
        };
    }
    if let OfRun::Curve = of_run {
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
    draw_run(Subject::Agent(Box::new(RunDir::read(dir)?)), kind, progress)
}

/// Draws a figure of one run.
fn draw_run(run: Subject, kind: FigureKind, progress: &dyn Progress) -> Result<Option<PathBuf>, LabError> {
    let dir = run.path();
    let elsewhere = |expected: &str, found: &str| {
        Err(LabError::directory(dir, format!("{kind}: expected the directory of {expected}, found {found}")))
    };
    let figure = match (kind.of_run(), &run) {
        (OfRun::Episode(draw), Subject::Agent(agent)) => match Replay::of(agent, 1, progress)? {
            Some(replay) => draw(agent, &replay),
            None => return Ok(None),
        },
        (OfRun::Spikes(least, draw), run) => match run.spikes(least, progress)? {
            Some(spikes) => draw(run, &spikes),
            None => return Ok(None),
        },
        (OfRun::Directory(draw), run) => draw(run)?,
        (OfRun::Curve | OfRun::Episode(_), Subject::Task(_)) => {
            return elsewhere("an agent's run", "a run of a task without an agent");
        }
        (OfRun::None, Subject::Task(_)) => {
            return elsewhere("a task, of all its arms and seeds", "that of one run");
        }
        (OfRun::Curve | OfRun::None, Subject::Agent(_)) => {
            return elsewhere("a task without an agent", "an agent's run");
        }
    };
    let figure = figure.map_err(failed(dir, kind))?;
    let folder = dir.join("figures");
    create_dir(&folder)?;
    let svg = folder.join(format!("{kind}.svg"));
    let png = figure.png(1.0).map_err(failed(dir, kind))?;
    write_whole(&folder.join(format!("{kind}.png")), &png)?;
    write_whole(&svg, figure.svg().as_bytes())?;
    Ok(Some(svg))
}

fn failed(dir: &Path, kind: FigureKind) -> impl Fn(FigureError) -> LabError {
    let path = dir.to_path_buf();
    move |e| LabError::directory(&path, format!("{kind}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        for kind in FigureKind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert!("rastre".parse::<FigureKind>().unwrap_err().contains("raster"));
    }
}
