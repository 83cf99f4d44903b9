//! [`DynamicsTask`]: the configuration of a task of spontaneous dynamics.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sorn_agents::PartError;
use sorn_agents::own::conformance::Report;
use sorn_core::{Initial, InputMap, Params, State};
use sorn_report::stats::Interval;
use sorn_sequence::{
    Control, Freeze, Overrides, PhaseState, Source, SourceConfig, TaskError, check_branches, check_source,
};

use super::measure::MeasureConfig;
use super::run::{self, DynamicsRun};
use crate::LabError;
use crate::task::TaskKind;

/// A task of spontaneous dynamics: what the network goes through, and what is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DynamicsTask {
    /// Sources of symbols by name, for phases with an `input`. A symbol that two sources share is one input of the network.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, SourceConfig>,
    /// The phases, in order.
    pub phases: Vec<DynamicsPhase>,
    /// What is measured.
    pub measures: Vec<MeasureConfig>,
    /// What changes against the experiment; none in the experiment itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
}

/// A stretch of steps under the same conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DynamicsPhase {
    /// Name, by which measures, arms and `--set` mean it.
    pub name: String,
    /// Steps, 1 or more.
    pub steps: u64,
    /// Frozen rules: `"all"`, or a list of names.
    #[serde(default)]
    pub freeze: Freeze,
    /// The source of the input; none is fed where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Parameters of the network for this phase.
    #[serde(default, skip_serializing_if = "Overrides::is_default")]
    pub set: Overrides,
    /// What becomes of the activity at the beginning.
    #[serde(default)]
    pub state: PhaseState,
    /// The earlier phase from whose end this one begins, a branch: with the same network, random numbers and input to come. The end of the
    /// phase before if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl DynamicsTask {
    /// The sources at work, and the names of all their symbols: the inputs of the network.
    pub(super) fn open_sources(
        &self,
        seed: u64,
    ) -> Result<(BTreeMap<String, Source>, Vec<String>), TaskError> {
        let (mut sources, mut symbols) = (BTreeMap::new(), Vec::<String>::new());
        for (name, config) in &self.sources {
            let source = Source::new(config, None, seed).map_err(|e| match e {
                TaskError::Config { key, expected, found } => {
                    let rest = key.strip_prefix("task.source").unwrap_or(&key);
                    TaskError::config(format!("task.sources.{name}{rest}"), expected, found)
                }
                TaskError::Part(PartError { key, reason }) => {
                    let rest = key.strip_prefix("task.source").unwrap_or(&key);
                    PartError { key: format!("task.sources.{name}{rest}"), reason }.into()
                }
                other => other,
            })?;
            for symbol in source.symbols() {
                // The symbol `_` is a pause.
                if symbol != "_" && !symbols.contains(symbol) {
                    symbols.push(symbol.clone());
                }
            }
            sources.insert(name.clone(), source);
        }
        Ok((sources, symbols))
    }

    /// Index of the phase called `name`.
    pub(super) fn phase(&self, name: &str) -> Option<usize> {
        self.phases.iter().position(|phase| phase.name == name)
    }

    fn check_phases(&self, params: &Params) -> Result<(), TaskError> {
        if self.phases.is_empty() {
            return Err(TaskError::config("task.phases", "at least one phase", "none"));
        }
        let named: Vec<(&str, Option<&str>)> =
            self.phases.iter().map(|phase| (phase.name.as_str(), phase.from.as_deref())).collect();
        check_branches(&named)?;
        for (index, phase) in self.phases.iter().enumerate() {
            let key = |name: &str| format!("task.phases[{index}].{name}");
            if phase.steps == 0 {
                return Err(TaskError::config(key("steps"), "at least 1", 0));
            }
            if let Some(input) = phase.input.as_ref().filter(|input| !self.sources.contains_key(*input)) {
                let known: Vec<&str> = self.sources.keys().map(String::as_str).collect();
                let expected = match known.is_empty() {
                    true => "a source of task.sources, which is empty".to_string(),
                    false => format!("a source ({})", known.join(", ")),
                };
                return Err(TaskError::config(key("input"), expected, format!("{input:?}")));
            }
            phase.set.over(params).validate().map_err(sorn_core::Error::from)?;
        }
        Ok(())
    }
}

impl TaskKind for DynamicsTask {
    const KIND: &'static str = "dynamics";
    const TABLE: &'static str = "aggregate.json";
    type Work = DynamicsRun;

    fn inputs(&self) -> Result<Option<usize>, TaskError> {
        let (_, symbols) = self.open_sources(0)?;
        Ok((!symbols.is_empty()).then_some(symbols.len()))
    }

    fn validate(&self, params: &Params) -> Result<(), TaskError> {
        if let Some(inputs) = self.inputs()? {
            if params.nu != inputs {
                let expected = format!("{inputs} (the symbols of the sources)");
                return Err(TaskError::config("network.nu", expected, params.nu));
            }
            if params.input == InputMap::Direct {
                let expected = "\"first\" or pools, for symbols";
                return Err(TaskError::config("network.input", expected, "\"direct\""));
            }
        }
        if self.control == Some(Control::Rewired) {
            let expected = "static, none or without:RULE; \"rewired\" is about readouts";
            return Err(TaskError::config("control", expected, "rewired"));
        }
        self.check_phases(params)?;
        if self.measures.is_empty() {
            return Err(TaskError::config("task.measures", "at least one measure", "none"));
        }
        for (index, measure) in self.measures.iter().enumerate() {
            let key = format!("task.measures[{index}]");
            let twice = self.measures[..index].iter().any(|other| other.label() == measure.label());
            if twice {
                let expected = "a name of its own, for a kind that is there twice";
                return Err(TaskError::config(format!("{key}.name"), expected, measure.label()));
            }
            measure.check(self, params, &key)?;
        }
        params.check_memory().map_err(sorn_core::Error::from)?;
        Ok(())
    }

    fn check_own(&self, seed: u64) -> Vec<(String, Report)> {
        let own = self.sources.iter().filter_map(|(name, config)| match config {
            SourceConfig::Own(own) => Some((format!("task.sources.{name}.kind = {:?}", own.kind), config)),
            _ => None,
        });
        own.map(|(key, config)| (key, check_source(config, seed))).collect()
    }

    fn control(&self) -> Option<Control> {
        self.control
    }

    fn with_control(&self, control: Control) -> Self {
        DynamicsTask { control: Some(control), ..self.clone() }
    }

    fn controls(params: &Params) -> Vec<Control> {
        let all = Control::all(params).into_iter();
        all.filter(|control| !matches!(control, Control::Rewired | Control::None)).collect()
    }

    fn phases(&self) -> Vec<(&str, u64)> {
        self.phases.iter().map(|phase| (phase.name.as_str(), phase.steps)).collect()
    }

    fn begin(&self, params: &Params, seed: u64, initial: &Initial) -> Result<DynamicsRun, TaskError> {
        DynamicsRun::new(self, params, seed, initial)
    }

    fn resume(&self, params: &Params, seed: u64, state: State) -> Result<DynamicsRun, TaskError> {
        DynamicsRun::resume(self, params, seed, state)
    }

    fn pool(&self, runs: &[PathBuf]) -> Result<BTreeMap<String, Interval>, LabError> {
        let data: Vec<run::Data> = runs.iter().map(|run| run::read_data(run)).collect::<Result<_, _>>()?;
        let mut pooled = BTreeMap::new();
        for measure in &self.measures {
            let label = measure.label();
            let of: Vec<&serde_json::Value> = data.iter().filter_map(|data| data.get(&label)).collect();
            pooled.extend(measure.pool(&of).map_err(|reason| {
                let path = runs.first().map_or_else(PathBuf::new, |run| run.join(run::DATA));
                LabError::damaged(&path, format!("{label}: {reason}"))
            })?);
        }
        Ok(pooled)
    }
}
