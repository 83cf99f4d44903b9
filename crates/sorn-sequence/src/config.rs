//! [`Task`]: the configuration of a sequence task.

use serde::{Deserialize, Serialize};
use sorn_core::{Params, room};

use crate::source::Source;
use crate::{Control, FeatureKind, Phase, Role, ScoreConfig, SourceConfig, TaskError};

/// A sequence task: what is fed, what the network goes through, and what is read out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Where the sequence comes from.
    pub source: SourceConfig,
    /// The number that `n` stands for in the words of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// What the readout is to give.
    #[serde(default)]
    pub target: Target,
    /// For `target = "recall"`: how many steps back, each with a readout of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lags: Vec<u32>,
    /// The readout.
    #[serde(default)]
    pub readout: ReadoutConfig,
    /// Scores of one's own beside the built-in ones, by the kind under which each was registered, its keys beside: in a program that
    /// registers `recall_of`, `[{ kind = "recall_of", of = "C" }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<std::collections::BTreeMap<String, serde_json::Value>>")
    )]
    pub scores: Vec<ScoreConfig>,
    /// What changes against the experiment; none in the experiment itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// The phases, in order.
    pub phases: Vec<Phase>,
}

/// What a readout is to give at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Target {
    /// The symbol of the next step.
    #[default]
    Next,
    /// The symbol of this step; with the feature `pseudo`, from the drive without this step's input.
    Present,
    /// The symbols of `lags` steps before.
    Recall,
    /// The position within its word of the next step's symbol.
    Position,
}

/// How a readout is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReadoutKind {
    /// The pseudo-inverse.
    #[default]
    LeastSquares,
    /// Ridge regression with `penalty`.
    Ridge,
    /// Multinomial logistic regression with `c` and an intercept.
    Logistic,
}

/// The readout of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReadoutConfig {
    /// How it is fitted.
    pub kind: ReadoutKind,
    /// What it sees.
    pub features: Vec<FeatureKind>,
    /// Decays, in (0, 1), of the traces that `traces` gives: `z <- decay z + (1 - decay) x`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace_decays: Vec<f64>,
    /// Penalty of ridge regression, positive. The feature `bias` has none.
    pub penalty: f64,
    /// Inverse penalty of logistic regression, positive.
    pub c: f64,
}

impl Default for ReadoutConfig {
    fn default() -> Self {
        ReadoutConfig {
            kind: ReadoutKind::LeastSquares,
            features: vec![FeatureKind::Activity],
            trace_decays: Vec::new(),
            penalty: 1.0,
            c: 1.0,
        }
    }
}

impl ReadoutConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// [`TaskError`] naming the key below `task.readout`, what was found and what is allowed.
    pub fn check(&self) -> Result<(), TaskError> {
        let readout = self;
        if readout.features.is_empty() {
            return Err(TaskError::config("task.readout.features", "at least one feature", "none"));
        }
        for (index, feature) in readout.features.iter().enumerate() {
            if readout.features[..index].contains(feature) {
                return Err(TaskError::config("task.readout.features", "each feature once", feature.name()));
            }
        }
        if readout.features.contains(&FeatureKind::Traces) == readout.trace_decays.is_empty() {
            let expected = "decays in (0, 1) for the feature \"traces\", and none without it";
            return Err(TaskError::config("task.readout.trace_decays", expected, readout.trace_decays.len()));
        }
        if let Some(found) = readout.trace_decays.iter().find(|d| !(**d > 0.0 && **d < 1.0)) {
            return Err(TaskError::config("task.readout.trace_decays", "numbers in (0, 1)", found));
        }
        for (key, value) in [("task.readout.penalty", readout.penalty), ("task.readout.c", readout.c)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(TaskError::config(key, "a positive number", value));
            }
        }
        Ok(())
    }
}

impl Task {
    /// Number of inputs that the network needs.
    ///
    /// # Errors
    /// [`TaskError::Config`] if the source is refused.
    pub fn inputs(&self) -> Result<usize, TaskError> {
        Source::new(&self.source, self.n, 0).map(|source| source.inputs())
    }

    /// Checks every value, and that the network of `params` can be built.
    ///
    /// # Errors
    /// [`TaskError`] naming the key, what was found and what is allowed.
    pub fn validate(&self, params: &Params) -> Result<(), TaskError> {
        let source = Source::new(&self.source, self.n, 0)?;
        if params.nu != source.inputs() {
            return Err(TaskError::config(
                "network.nu",
                format!("{} (the source's)", source.inputs()),
                params.nu,
            ));
        }
        self.check_target()?;
        self.readout.check()?;
        ScoreConfig::check(&self.scores)?;
        self.check_phases(params)?;
        self.check_memory(params, source.inputs())
    }

    /// Refuses what there is no memory for before it is asked for: an allocation that fails would end the process.
    fn check_memory(&self, params: &Params, symbols: usize) -> Result<(), TaskError> {
        params.check_memory().map_err(sorn_core::Error::from)?;
        let refuse = |key: String, found: &dyn ToString, bytes: u128| {
            let found = format!("{}, which needs {}", found.to_string(), room::size(bytes));
            Err(TaskError::config(key, "what fits in memory", found))
        };
        let decays = self.readout.trace_decays.len();
        let features = FeatureKind::count(&self.readout.features, (params.ne, decays, symbols)) as u128;
        let targets = (self.lags.len().max(1) * symbols.max(2)) as u128;
        let each = match self.readout.kind {
            ReadoutKind::Logistic => 6 * targets,
            ReadoutKind::LeastSquares | ReadoutKind::Ridge => 2 * features + 3 * targets,
        };
        let bytes = 8 * features.saturating_mul(each);
        if self.phases.iter().any(|phase| phase.role == Role::Fit) && !room::fits(bytes) {
            return refuse("task.readout.features".into(), &format!("{features} features"), bytes);
        }
        for (index, phase) in self.phases.iter().enumerate() {
            // Rows of features grow with the activity, and are asked for as they come.
            let each = match phase.role {
                Role::Organise => 0,
                Role::Fit | Role::Score => 40,
                Role::Generate => 4,
            };
            let bytes = u128::from(phase.steps) * each;
            if !room::fits(bytes) {
                return refuse(format!("task.phases[{index}].steps"), &phase.steps, bytes);
            }
        }
        Ok(())
    }

    fn check_target(&self) -> Result<(), TaskError> {
        let mut lags = self.lags.iter().enumerate();
        if let Some((_, lag)) = lags.find(|(index, lag)| self.lags[..*index].contains(lag)) {
            return Err(TaskError::config("task.lags", "each lag once", format!("{lag} twice")));
        }
        match (self.target, self.lags.is_empty()) {
            (Target::Recall, true) => {
                Err(TaskError::config("task.lags", "at least one lag for recall", "none"))
            }
            (Target::Recall, false) => match self.lags.iter().find(|lag| **lag > 10_000) {
                Some(lag) => Err(TaskError::config("task.lags", "at most 10000 steps", lag)),
                None => Ok(()),
            },
            (_, true) => Ok(()),
            (_, false) => {
                Err(TaskError::config("task.lags", "none, lags belong to target = \"recall\"", "some"))
            }
        }
    }

    fn check_phases(&self, params: &Params) -> Result<(), TaskError> {
        Phase::check(&self.phases, params)?;
        let most = self.lags.iter().copied().max().unwrap_or(0);
        for (index, phase) in self.phases.iter().enumerate() {
            let key = |name: &str| format!("task.phases[{index}].{name}");
            if matches!(phase.role, Role::Fit | Role::Score) && phase.steps <= u64::from(most) {
                let expected = format!("more than the largest lag ({most})");
                return Err(TaskError::config(key("steps"), expected, phase.steps));
            }
            if phase.role == Role::Generate && self.target != Target::Next {
                let expected = "target = \"next\" for \"generate\"";
                return Err(TaskError::config(key("role"), expected, "another target"));
            }
        }
        Ok(())
    }
}
