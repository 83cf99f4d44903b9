//! [`Task`]: the configuration of a sequence task.

use serde::{Deserialize, Serialize};
use sorn_core::rng::{Xoshiro256PlusPlus, below};
use sorn_core::{NoiseLaw, Params, Rule, Rules, State, room};

use crate::source::Source;
use crate::{Control, FeatureKind, SourceConfig, Stage, TaskError};

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

/// A stretch of steps under the same conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Name, for errors and progress.
    pub name: String,
    /// Steps, 1 or more.
    pub steps: u64,
    /// What the steps are for.
    #[serde(default)]
    pub role: Role,
    /// Frozen rules: `"all"`, or a list of names.
    #[serde(default)]
    pub freeze: Freeze,
    /// Parameters of the network for this phase.
    #[serde(default, skip_serializing_if = "Overrides::is_default")]
    pub set: Overrides,
    /// What becomes of the activity at the beginning.
    #[serde(default)]
    pub state: PhaseState,
}

impl Phase {
    /// What `phases` do with the network, and the first whose steps are kept.
    pub fn plan(phases: &[Phase]) -> (Vec<Stage>, usize) {
        let stage = |phase: &Phase| Stage {
            steps: phase.steps,
            freeze: phase.freeze.rules(),
            set: phase.set.clone(),
            state: phase.state,
            rewires: phase.role == Role::Fit,
        };
        let kept = phases.iter().position(|phase| phase.role != Role::Organise);
        (phases.iter().map(stage).collect(), kept.unwrap_or(phases.len()))
    }
}

/// What the steps of a phase are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The network alone.
    #[default]
    Organise,
    /// The readout is fitted to these steps.
    Fit,
    /// The readout is scored on these steps.
    Score,
    /// What the readout expects next is fed back as input.
    Generate,
}

/// Frozen rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected \"all\", \"none\" or a list of rules (stdp, ip, sp, istdp, ss, rmstdp)"
)]
pub enum Freeze {
    /// `"all"` or `"none"`.
    Every(FreezeEvery),
    /// These rules.
    These(Vec<Rule>),
}

/// All rules, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FreezeEvery {
    /// A static network.
    All,
    /// Every rule acts.
    None,
}

impl Default for Freeze {
    fn default() -> Self {
        Freeze::Every(FreezeEvery::None)
    }
}

impl Freeze {
    /// The set of frozen rules.
    pub fn rules(&self) -> Rules {
        match self {
            Freeze::Every(FreezeEvery::All) => Rules::all(),
            Freeze::Every(FreezeEvery::None) => Rules::none(),
            Freeze::These(rules) => rules.clone().into(),
        }
    }
}

/// Parameters of the network that a phase may set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// Law of the noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseLaw>,
    /// Size of the noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_sd: Option<f64>,
    /// Factor on every input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_gain: Option<f64>,
    /// Step size of STDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_stdp: Option<f64>,
    /// Step size of intrinsic plasticity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ip: Option<f64>,
}

impl Overrides {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Overrides::default()
    }

    /// `params` with these put in.
    #[must_use]
    pub fn over(&self, params: &Params) -> Params {
        let mut params = params.clone();
        if let Some(noise) = self.noise {
            params.noise = noise;
        }
        for (value, to) in [
            (self.noise_sd, &mut params.noise_sd),
            (self.input_gain, &mut params.input_gain),
            (self.eta_stdp, &mut params.eta_stdp),
            (self.eta_ip, &mut params.eta_ip),
        ] {
            if let Some(value) = value {
                *to = value;
            }
        }
        params
    }
}

/// What becomes of a network's activity at the beginning of a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PhaseState {
    /// It goes on.
    #[default]
    Keep,
    /// No neuron is active.
    Reset,
    /// As many neurons are active as before, but others, drawn at random.
    Shuffle,
}

impl PhaseState {
    /// Changes the activity of a network at the beginning of a phase; `sizes` are the numbers of excitatory and inhibitory neurons.
    pub fn apply(self, state: &mut State, sizes: (usize, usize), rng: &mut Xoshiro256PlusPlus) {
        for (lists, n) in [(&mut state.x, sizes.0), (&mut state.y, sizes.1)] {
            for list in lists {
                match self {
                    PhaseState::Keep => {}
                    PhaseState::Reset => list.clear(),
                    PhaseState::Shuffle => {
                        let mut all: Vec<u32> = (0..n as u32).collect();
                        for at in 0..list.len() {
                            let drawn = at + below(rng, (n - at) as u64) as usize;
                            all.swap(at, drawn);
                        }
                        all.truncate(list.len());
                        all.sort_unstable();
                        *list = all;
                    }
                }
            }
        }
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
        let mut fitted = false;
        for (index, phase) in self.phases.iter().enumerate() {
            let key = |name: &str| format!("task.phases[{index}].{name}");
            if phase.steps == 0 {
                return Err(TaskError::config(key("steps"), "at least 1", 0));
            }
            let most = self.lags.iter().copied().max().unwrap_or(0);
            if matches!(phase.role, Role::Fit | Role::Score) && phase.steps <= u64::from(most) {
                return Err(TaskError::config(
                    key("steps"),
                    format!("more than the largest lag ({most})"),
                    phase.steps,
                ));
            }
            if matches!(phase.role, Role::Score | Role::Generate) && !fitted {
                return Err(TaskError::config(
                    key("role"),
                    "a phase of role \"fit\" before",
                    format!("{:?}", phase.role),
                ));
            }
            if phase.role == Role::Generate && self.target != Target::Next {
                return Err(TaskError::config(
                    key("role"),
                    "target = \"next\" for \"generate\"",
                    "another target",
                ));
            }
            if phase.role == Role::Fit && fitted {
                return Err(TaskError::config(key("role"), "one phase of role \"fit\"", "two"));
            }
            fitted |= phase.role == Role::Fit;
            phase.set.over(params).validate().map_err(sorn_core::Error::from)?;
        }
        match self.phases.is_empty() {
            true => Err(TaskError::config("task.phases", "at least one phase", "none")),
            false => Ok(()),
        }
    }
}
