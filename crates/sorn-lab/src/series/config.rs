//! [`SeriesTask`]: the configuration of a task of series.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sorn_agents::own::conformance::Report;
use sorn_agents::{EncoderConfig, Encoding};
use sorn_core::{Initial, InputMap, Params, State, room};
use sorn_env::{BoxSpace, Dtype, Space};
use sorn_sequence::{
    Control, Decoded, FeatureKind, Phase, ReadoutConfig, ReadoutKind, Role, ScoreConfig, TaskError,
};

use super::run::SeriesRun;
use super::source::{Series, SeriesConfig, check_series};
use crate::task::TaskKind;

/// A task of series: what is fed, what the network goes through, and what is read out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SeriesTask {
    /// The series.
    pub source: SeriesConfig,
    /// Whether encoder and readout see the inputs less their mean, over their standard deviation, both of the first 10,000 steps.
    #[serde(default = "yes")]
    pub standardize: bool,
    /// From the inputs to those of the network. Bounds of `gaussian_population` and `thermometer` are -3 and 3 if none are given.
    #[serde(default)]
    pub encoder: EncoderConfig,
    /// The readout, one for all targets: `least_squares` or `ridge`.
    #[serde(default)]
    pub readout: ReadoutConfig,
    /// Scores of one's own beside the built-in ones, by the kind under which each was registered, its keys beside: in a program that
    /// registers `worst`, `[{ kind = "worst", of = 10 }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<std::collections::BTreeMap<String, serde_json::Value>>")
    )]
    pub scores: Vec<ScoreConfig>,
    /// What changes against the experiment; none in the experiment itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// The phases, in order; `role = "generate"` is that of symbols.
    pub phases: Vec<Phase>,
}

fn yes() -> bool {
    true
}

impl SeriesTask {
    /// Mean and standard deviation of each input, 0 and 1 without `standardize`.
    pub(super) fn moments(&self, seed: u64) -> Result<Vec<(f64, f64)>, TaskError> {
        match self.standardize {
            true => Series::moments(&self.source, seed),
            false => Ok(vec![(0.0, 1.0); Series::new(&self.source, seed)?.inputs().len()]),
        }
    }

    /// The encoder at work.
    pub(super) fn encoding(&self, numbers: usize, params: &Params, seed: u64) -> Result<Encoding, TaskError> {
        series_encoder(&self.encoder, numbers, params.input_len(), seed)
    }

    fn check_phases(&self, params: &Params) -> Result<(), TaskError> {
        Phase::check(&self.phases, params)?;
        match self.phases.iter().position(|phase| phase.role == Role::Generate) {
            Some(index) => {
                let key = format!("task.phases[{index}].role");
                Err(TaskError::config(key, "\"organise\", \"fit\" or \"score\"", "\"generate\""))
            }
            None => Ok(()),
        }
    }

    /// What a readout is scored on must not be what it was fitted to.
    fn check_length(&self, series: &Series) -> Result<(), TaskError> {
        let Some(length) = series.length() else { return Ok(()) };
        let seen = self.phases.iter().filter(|phase| phase.role != Role::Organise);
        let steps = seen.fold(0_u64, |sum, phase| sum.saturating_add(phase.steps));
        if steps > length {
            let expected = format!(
                "at least {steps} rows before the last that are targets, for the steps of fit and score"
            );
            let file = if matches!(self.source, SeriesConfig::Own(_)) { "" } else { ".file" };
            return Err(TaskError::config(format!("task.source{file}"), expected, length));
        }
        Ok(())
    }

    /// Refuses what there is no memory for before it is asked for.
    fn check_memory(&self, params: &Params, series: &Series) -> Result<(), TaskError> {
        params.check_memory().map_err(sorn_core::Error::from)?;
        let decays = self.readout.trace_decays.len();
        let inputs = params.input_len();
        let features = FeatureKind::count(&self.readout.features, (params.ne, decays, inputs)) as u128;
        let targets = series.names().len() as u128;
        let bytes = 8 * features.saturating_mul(2 * features + 3 * targets);
        if !room::fits(bytes) {
            let found = format!("{features} features, which need {}", room::size(bytes));
            return Err(TaskError::config("task.readout.features", "what fits in memory", found));
        }
        for (index, phase) in self.phases.iter().enumerate() {
            let each = if phase.role == Role::Organise { 0 } else { 16 + 8 * (targets + inputs as u128) };
            let bytes = u128::from(phase.steps) * each;
            if !room::fits(bytes) {
                let found = format!("{}, which needs {}", phase.steps, room::size(bytes));
                return Err(TaskError::config(
                    format!("task.phases[{index}].steps"),
                    "what fits in memory",
                    found,
                ));
            }
        }
        Ok(())
    }
}

/// Refuses encoders of symbols.
fn check_kind(config: &EncoderConfig) -> Result<(), TaskError> {
    if config.is_for_symbols() {
        let expected = format!("{} or one's own", EncoderConfig::kinds_for_numbers());
        let found = "that of symbols (for pools: \"gaussian_population\" with network.input = { pools = { size = 10 } })";
        return Err(TaskError::config("task.encoder.kind", expected, found));
    }
    Ok(())
}

/// The encoder of `config` from `numbers` numbers, usually standardised, to `inputs` inputs of a network.
///
/// # Errors
/// [`TaskError`] naming the key below `task.encoder` if the encoder is one for symbols, or gives another number of inputs.
pub fn series_encoder(
    config: &EncoderConfig,
    numbers: usize,
    inputs: usize,
    seed: u64,
) -> Result<Encoding, TaskError> {
    check_kind(config)?;
    let (low, high) = (vec![-3.0; numbers], vec![3.0; numbers]);
    let space = Space::Box(BoxSpace { low, high, shape: vec![numbers], dtype: Dtype::F64 });
    Encoding::new(config, &space, inputs, seed)
        .map_err(|e| TaskError::config("task.encoder", "an encoder for the network", e))
}

impl TaskKind for SeriesTask {
    const KIND: &'static str = "series";
    const TABLE: &'static str = "table.json";
    type Work = SeriesRun;

    fn inputs(&self) -> Result<Option<usize>, TaskError> {
        let series = Series::new(&self.source, 0)?;
        Ok(self.encoder.inputs(series.inputs().len()))
    }

    fn data(&self) -> Option<PathBuf> {
        self.source.data()
    }

    fn validate(&self, params: &Params) -> Result<(), TaskError> {
        let series = Series::new(&self.source, 0)?;
        if self.readout.kind == ReadoutKind::Logistic {
            let expected = "\"least_squares\" or \"ridge\", for numbers";
            return Err(TaskError::config("task.readout.kind", expected, "\"logistic\""));
        }
        self.readout.check()?;
        ScoreConfig::check(&self.scores)?;
        check_kind(&self.encoder)?;
        self.check_phases(params)?;
        self.check_length(&series)?;
        self.check_memory(params, &series)?;
        if self.encoder.inputs(series.inputs().len()).is_some() && params.input == InputMap::Direct {
            let expected = "\"first\" or pools, for an encoder with a number of inputs of its own";
            return Err(TaskError::config("network.input", expected, "\"direct\""));
        }
        self.encoding(series.inputs().len(), params, 0).map(|_| ())
    }

    fn check_own(&self, seed: u64) -> Vec<(String, Report)> {
        let mut reports = Vec::new();
        if let SeriesConfig::Own(own) = &self.source {
            reports.push((format!("task.source.kind = {:?}", own.kind), check_series(&self.source, seed)));
        }
        if let Ok(series) = Series::new(&self.source, seed) {
            let asked: Vec<f64> =
                (0..100 * series.names().len()).map(|step| f64::from(step as u32 % 7)).collect();
            let read: Vec<f64> = asked.iter().map(|number| 0.5 * number).collect();
            let decoded = Decoded::Numbers { names: series.names(), asked: &asked, read: &read };
            reports.extend(ScoreConfig::check_all(&self.scores, &decoded, seed));
        }
        reports
    }

    fn control(&self) -> Option<Control> {
        self.control
    }

    fn with_control(&self, control: Control) -> Self {
        SeriesTask { control: Some(control), ..self.clone() }
    }

    fn controls(params: &Params) -> Vec<Control> {
        Control::all(params)
    }

    fn phases(&self) -> Vec<(&str, u64)> {
        self.phases.iter().map(|phase| (phase.name.as_str(), phase.steps)).collect()
    }

    fn begin(&self, params: &Params, seed: u64, initial: &Initial) -> Result<SeriesRun, TaskError> {
        SeriesRun::new(self, params, seed, initial)
    }

    fn resume(&self, params: &Params, seed: u64, state: State) -> Result<SeriesRun, TaskError> {
        SeriesRun::resume(self, params, seed, state)
    }
}
