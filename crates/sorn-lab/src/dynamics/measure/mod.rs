//! What is measured of a network at work: one measure per file.

mod activity;
mod ambiguity;
mod avalanches;
mod branching;
mod connections;
mod fluctuations;
mod intervals;
mod lifetimes;
mod onsets;
mod patterns;
mod replay;
mod responses;
mod weights;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sorn_core::{Network, Params, room};
use sorn_report::stats::{Interval, StatsError};
use sorn_sequence::{Scores, TaskError};

pub use activity::ActivityConfig;
pub use ambiguity::AmbiguityConfig;
pub use avalanches::AvalancheConfig;
pub use branching::BranchingConfig;
pub use connections::ConnectionConfig;
pub use fluctuations::FluctuationConfig;
pub use intervals::IntervalConfig;
pub use lifetimes::LifetimeConfig;
pub use onsets::OnsetConfig;
pub use patterns::PatternConfig;
pub use replay::ReplayConfig;
pub use responses::ResponseConfig;
pub use weights::WeightConfig;
pub use window::Window;

pub(super) use avalanches::{PooledAvalanches, pooled_for_figures};

use super::DynamicsTask;

/// Makes of a line per measure everything that is known of it: its sentence, its kind in files, and its configuration.
macro_rules! measures {
    ($($(#[$about:meta])* $kind:literal $name:ident($config:ty),)*) => {
        /// What is measured.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "kind")]
        #[non_exhaustive]
        pub enum MeasureConfig {
            $($(#[$about])* #[serde(rename = $kind)] $name($config),)*
        }

        impl MeasureConfig {
            /// Name of its kind in files.
            pub(super) fn kind(&self) -> &'static str {
                match self {
                    $(MeasureConfig::$name(_) => $kind,)*
                }
            }

            /// Its configuration, whatever its kind.
            fn config(&self) -> &dyn Kind {
                match self {
                    $(MeasureConfig::$name(config) => config,)*
                }
            }
        }
    };
}

measures! {
    /// The number of active excitatory neurons per step: `mean_activity`, `activity_sd` and `silent_share` as scores, and
    /// `sd_over_binomial`, the standard deviation over that of independent neurons of the same rate.
    "activity" Activity(ActivityConfig),
    /// Avalanches, stretches of steps with more active neurons than a threshold: `size_exponent`, `duration_exponent`,
    /// `events_per_step`, `threshold`, the distances `size_ks` and `duration_ks` of the fits, `size_over_exponential` and
    /// `duration_over_exponential`, the log-likelihood of the power law less that of an exponential per event, and of the crackling
    /// relation `size_slope` (mean size over duration), `predicted_slope` and `crackling_deviation`. Scores of further thresholds end
    /// with the rule, as `size_exponent_p25`.
    "avalanches" Avalanches(AvalancheConfig),
    /// The branching ratio by multistep regression, `branching_ratio`: the slopes of activity over earlier activity are fitted by
    /// `b m^lag` (Wilting and Priesemann 2018). `lag_one_slope` is the slope from one step to the next.
    "branching" Branching(BranchingConfig),
    /// The number of excitatory synapses as a share of the possible ones: `connection_fraction` at the end, `least_fraction` and
    /// `least_at` (the step), and `plateau`, the fraction two fifths into the record over that at its end; `without_inhibition` and
    /// `without_excitation`, neurons at the end that have lost all such synapses.
    "connections" Connections(ConnectionConfig),
    /// Excitatory weights at the end of the last phase: `weight_mu` and `weight_sigma` of the log-normal distribution that fits best,
    /// `weight_ks`, its distance, `log_normal_over_normal` and `log_normal_over_exponential`, log-likelihoods per synapse less those of
    /// the other distributions, and `weight_tail`, the largest weight over the median.
    "weights" Weights(WeightConfig),
    /// How much excitatory weights change within a number of steps, at the end of the record: rank correlations of the weight with the
    /// size of its change (`change_correlation`) and with its relative size (`relative_change_correlation`, negative if small weights
    /// change more).
    "fluctuations" Fluctuations(FluctuationConfig),
    /// How long excitatory synapses live that are born in the record: `lifetime_exponent` and `lifetime_ks` of the power law,
    /// `lifetime_over_log_normal` and `lifetime_over_exponential`, its log-likelihood per synapse less those of the others,
    /// `lifetime_median`, and `survivors`, the share of the synapses at the beginning that are still there.
    "lifetimes" Lifetimes(LifetimeConfig),
    /// Inter-spike intervals: `interval_cv`, the mean coefficient of variation over neurons (near 1 for a Poisson process), and
    /// `interval_rate`, the rate per step of the exponential through the logarithm of their numbers up to `most` steps, with `interval_r2`,
    /// the share of the variance that it explains.
    "intervals" Intervals(IntervalConfig),
    /// The divergence, in bits, of the activity patterns of some excitatory neurons from those of a reference phase:
    /// `divergence_PHASE` of each other phase (Berkes et al. 2011, Hartmann et al. 2015).
    "patterns" Patterns(PatternConfig),
    /// Whether activity without input replays what input evoked (Hartmann et al. 2015): each of the last states of a phase without
    /// input is given the symbol of the nearest state, by Hamming distance, of a phase with input. `forward` and `reversed` are how often
    /// the words, and the words backwards, stand in the symbols found, per state; `forward_WORD` (the symbols joined) for each word;
    /// `distance` the mean distance to the nearest state.
    "replay" Replay(ReplayConfig),
    /// Avalanches at the onset of input, many in one run: from time to time a copy of the network is given input that the network
    /// itself does not get. Scores as of `avalanches`, without those of the crackling relation.
    "onsets" Onsets(OnsetConfig),
    /// The mean response to words (Hartmann et al. 2015, figure 2): `response_WORD`, the active excitatory neurons per letter, and
    /// `response_pause`, those in the pauses between words. With a word that is `full`, `reversal` is its response less that of its
    /// reverse, and for words with a gap (the symbol `_`) `gap_distance_WORD` is the Manhattan distance of the mean pattern in the gap from that at the same place of the full word.
    "responses" Responses(ResponseConfig),
    /// Decisions on mixtures of two cues (Hartmann et al. 2015, figures 5 and 7): `a_share`, the share of trials that are decided for the
    /// first word, over all mixtures, `a_slope`, the slope of that share over the part of the first cue, and `crossing`, the part at
    /// which it crosses one half. For equal mixtures `foretold` is the share of decisions that the state before the cue foretells, and
    /// `foretold_shuffled` that of another trial's state. `fano_before` and `fano_after` are the mean Fano factors of neurons
    /// outside the pools before and after the first cue.
    "ambiguity" Ambiguity(AmbiguityConfig),
}

impl MeasureConfig {
    /// Its name, or that of its kind.
    pub(super) fn label(&self) -> String {
        self.config().name().unwrap_or(self.kind()).to_string()
    }

    /// Indices of the phases in which it looks on.
    pub(super) fn phases(&self, task: &DynamicsTask) -> Vec<usize> {
        let names = self.config().phases();
        match names.is_empty() {
            true => (0..task.phases.len()).collect(),
            false => names.iter().filter_map(|name| task.phase(name)).collect(),
        }
    }

    /// Checks every value; `key` is its own in the file.
    pub(super) fn check(&self, task: &DynamicsTask, params: &Params, key: &str) -> Result<(), TaskError> {
        let config = self.config();
        for name in config.phases() {
            if task.phase(&name).is_none() {
                let known: Vec<&str> = task.phases.iter().map(|phase| phase.name.as_str()).collect();
                let expected = format!("phases ({})", known.join(", "));
                return Err(TaskError::config(format!("{key}.phases"), expected, format!("{name:?}")));
            }
        }
        let name = config
            .name()
            .filter(|name| name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        if let Some(name) = name {
            let expected = "letters, digits and '_'";
            return Err(TaskError::config(format!("{key}.name"), expected, format!("{name:?}")));
        }
        let steps: u64 = self.phases(task).iter().map(|phase| task.phases[*phase].steps).sum();
        let bytes = u128::from(steps) * u128::from(config.bytes_per_step());
        if !room::fits(bytes) {
            let found = format!("{steps} steps, whose record needs {}", room::size(bytes));
            return Err(TaskError::config(format!("{key}.phases"), "what fits in memory", found));
        }
        config
            .check(task, params)
            .map_err(|(name, expected, found)| TaskError::config(format!("{key}.{name}"), expected, found))
    }

    /// The measure before the first step.
    pub(super) fn begin(&self, task: &DynamicsTask, params: &Params, seed: u64) -> Box<dyn Measure> {
        self.config().begin(task, params, seed)
    }

    /// Scores of all runs together from the data of each.
    pub(super) fn pool(&self, data: &[&Value]) -> Result<BTreeMap<String, Interval>, String> {
        let pooled = self.config().pool(data)?;
        let prefix = self.prefix();
        Ok(pooled.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect())
    }

    /// Whether it has a name of its own, with which its scores begin.
    pub(super) fn is_named(&self) -> bool {
        self.config().name().is_some()
    }

    fn prefix(&self) -> String {
        if self.is_named() { format!("{}_", self.label()) } else { String::new() }
    }
}

/// What is wrong in a configuration: the key, what is expected, what was found.
type Wrong = (&'static str, String, String);

/// The configuration of a measure.
trait Kind {
    /// Its own name, with which its scores begin.
    fn name(&self) -> Option<&str>;
    /// Names of the phases in which it looks on; all of them where empty.
    fn phases(&self) -> Vec<String>;
    /// Checks every value.
    fn check(&self, task: &DynamicsTask, params: &Params) -> Result<(), Wrong>;
    /// Bytes of memory that the record of a step needs.
    fn bytes_per_step(&self) -> u64 {
        0
    }
    /// The measure before the first step.
    fn begin(&self, task: &DynamicsTask, params: &Params, seed: u64) -> Box<dyn Measure>;
    /// Scores of all runs together.
    fn pool(&self, data: &[&Value]) -> Result<BTreeMap<String, Interval>, String> {
        let _ = data;
        Ok(BTreeMap::new())
    }
}

/// A step that a measure sees.
pub(super) struct Seen<'a> {
    /// The network after the step.
    pub(super) network: &'a Network,
    /// Index of the phase.
    pub(super) phase: usize,
    /// Steps done in the phase before this one.
    pub(super) at: u64,
    /// The input that was fed, none in a pause and without input.
    pub(super) fed: Option<usize>,
    /// The word of the source that it is of, and its position there; none without a source.
    pub(super) word: Option<(usize, usize)>,
}

impl Seen<'_> {
    /// Number of active excitatory neurons.
    fn active(&self) -> usize {
        self.network.activity().spikes_e.len()
    }
}

/// A measure at work.
pub(super) trait Measure: Send {
    /// Sees a step.
    fn step(&mut self, seen: &Seen<'_>);
    /// Takes the scores when the last of its phases is over, and gives the data that is kept.
    fn end(self: Box<Self>, network: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError>;
}

/// What measures found.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) scores: Scores,
    pub(super) problems: Vec<String>,
    pub(super) files: Vec<(String, Vec<u8>)>,
    label: String,
    named: bool,
}

impl Findings {
    /// What follows is of the measure with this label.
    pub(super) fn of(&mut self, label: &str, named: bool) {
        (self.label, self.named) = (label.to_string(), named);
    }

    fn full(&self, name: &str) -> String {
        if self.named { format!("{}_{name}", self.label) } else { name.to_string() }
    }

    fn put(&mut self, name: &str, value: f64) {
        let name = self.full(name);
        match value.is_finite() {
            true => drop(self.scores.0.insert(name, value)),
            false => self.problems.push(format!("{name}: found {value}")),
        }
    }

    /// Puts the score, or why there is none.
    fn try_put(&mut self, name: &str, value: Result<f64, StatsError>) {
        match value {
            Ok(value) => self.put(name, value),
            Err(error) => {
                let name = self.full(name);
                self.problems.push(format!("{name}: {error}"));
            }
        }
    }
}

/// A share of steps, times or events from 0 to 1 of a whole that may be empty.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
