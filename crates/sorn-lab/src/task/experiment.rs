//! [`TaskExperiment`]: the file of a task that is no agent's.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sorn_core::{Network, Params};
use sorn_sequence::{Control, TaskError};
use toml::{Table, Value};

use super::TaskKind;
use super::claim::{Claim, Labels, Reference};
use super::record::TaskRecordConfig;
use crate::files::read_text;
use crate::overrides::{set_all, set_value};
use crate::sweep::plain;
use crate::{LabError, initial, read};

/// The experiment file of a task, `[task] kind = "sequence"`, `"dynamics"` or `"series"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(bound = "T: TaskKind + schemars::JsonSchema"))]
#[serde(deny_unknown_fields, bound(serialize = "T: TaskKind", deserialize = "T: TaskKind"))]
pub struct TaskExperiment<T: TaskKind> {
    /// Name of the experiment and of its directory: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What the experiment asks.
    #[serde(default)]
    pub question: String,
    /// Controls that `--controls all` means; all that differ for this network where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// Scores of the table, the one that is tested last; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub report: Vec<String>,
    /// The task.
    pub task: T,
    /// Parameters of the network; `preset` names where to start from, the number of inputs is the source's.
    #[cfg_attr(feature = "schema", schemars(schema_with = "sorn_core::schema::with_preset"))]
    pub network: Params,
    /// How to run it.
    #[serde(default)]
    pub run: TaskRunConfig,
    /// What is recorded beside the scores.
    #[serde(default, skip_serializing_if = "TaskRecordConfig::is_default")]
    pub record: TaskRecordConfig,
    /// A second axis: a key, and the values that it has one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vary: Option<Vary>,
    /// Other arms beside the experiment, each with values of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<ArmConfig>,
    /// Published values that are printed beside the scores.
    #[serde(default, rename = "reference", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Statements that the table tests.
    #[serde(default, rename = "claim", skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

/// A key of an experiment and its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Vary {
    /// Dotted key, e.g. `task.n`.
    pub key: String,
    /// Values, each an arm.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<serde_json::Value>"))]
    pub values: Vec<Value>,
}

/// An arm of an experiment: the experiment with some values changed. With the same seed it has the same network and random
/// numbers, so that up to the first value that matters both go the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArmConfig {
    /// Name of the arm and of its directory: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Dotted keys and their values, e.g. `"network.noise_sd" = 0.1`; elements of lists by name, kind or number, e.g.
    /// `"task.phases.measure.freeze" = "all"`.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    pub set: Table,
}

/// How to run a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TaskRunConfig {
    /// The one number from which all randomness of a run comes.
    pub seed: u64,
    /// File of weights, thresholds, target rates and pools that the network begins with, in place of what the seed would draw: a network
    /// saved whole, or NPZ or safetensors with some of the arrays `Wee`, `Wei`, `Wie`, `Te`, `Ti`, `H_ip`, `Pools`. The run keeps a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial: Option<PathBuf>,
    /// Steps from one checkpoint to the next.
    pub checkpoint_every: u64,
}

impl Default for TaskRunConfig {
    fn default() -> Self {
        TaskRunConfig { seed: 0, initial: None, checkpoint_every: 200_000 }
    }
}

/// An arm as it runs.
#[derive(Clone, Debug)]
pub struct Arm<T: TaskKind> {
    /// Label, also the name of its directory.
    pub label: String,
    /// What runs.
    pub experiment: TaskExperiment<T>,
    /// Index of the arm that its scores are tested against, if any.
    pub against: Option<usize>,
}

/// The kind that `[task]` names.
pub(crate) fn kind_of(table: &Table) -> Option<&str> {
    table.get("task")?.get("kind")?.as_str()
}

impl<T: TaskKind> TaskExperiment<T> {
    /// Reads the experiment file `path` and applies `overrides`, each `key=value` with a dotted key. An override of the key
    /// that varies leaves that one value.
    ///
    /// # Errors
    /// [`LabError`] naming the file or override, the key, what was found and what is allowed.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, LabError> {
        let (text, origin) = (read_text(path)?, path.display().to_string());
        read::no_sweep(&text, &origin, overrides)?;
        let mut experiment = Self::parse(&text, &origin, overrides)?;
        let set = set_all(&mut text.parse().unwrap_or_default(), overrides)?;
        // Elements of lists may be named in one and numbered in the other.
        let named =
            |key: &str| overrides.iter().any(|o| o.split_once('=').is_some_and(|(k, _)| k.trim() == key));
        let is_set = |key: &str| named(key) || set.iter().any(|o| o.key == key);
        if experiment.vary.as_ref().is_some_and(|vary| is_set(&vary.key)) {
            experiment.vary = None;
            // What is said of the values that are gone has nothing to be said of.
            let labels = experiment.labels(&origin)?;
            experiment.references.retain(|reference| labels.know(&reference.arm));
            experiment.claims.retain(|claim| claim.arms().all(|arm| labels.know(arm)));
        }
        let checked = experiment.validate(&origin).and_then(|()| experiment.validate_initial(&origin));
        checked.map(|()| experiment).map_err(|e| read::placed(e, &text, &origin, overrides))
    }

    pub(crate) fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Self, LabError> {
        read::typed_after(text, origin, overrides, Self::complete)
    }

    /// Completes the table of a file: parameters from the preset, inputs from the task.
    fn complete(table: &mut Table) -> Result<(), String> {
        if let Some(Value::Table(task)) = table.get_mut("task")
            && let Some(kind) = task.remove("kind")
            && kind.as_str() != Some(T::KIND)
        {
            return Err(format!("task.kind: expected {:?}, as the file has it, found {kind}", T::KIND));
        }
        let Some(Value::Table(network)) = table.get("network") else { return Ok(()) };
        let mut network = network.clone();
        // The source says how many inputs there are; where it is refused, so is the task, with its own words.
        if !network.contains_key("nu")
            && let Some(task) = table.get("task").cloned()
            && let Ok(task) = task.try_into::<T>()
            && let Ok(Some(inputs)) = task.inputs()
        {
            network.insert("nu".into(), Value::Integer(inputs as i64));
        }
        let all = read::with_preset(network, &Params::default()).map_err(|e| format!("network.{e}"))?;
        table.insert("network".into(), Value::Table(all));
        Ok(())
    }

    /// Checks every value, in every arm.
    ///
    /// # Errors
    /// [`LabError`] naming `origin`, the key, what was found and what is allowed.
    pub fn validate(&self, origin: &str) -> Result<(), LabError> {
        let refuse = |reason: String| Err(LabError::Config { origin: origin.to_string(), reason });
        let expected = "letters, digits, '-', '_' and '.', not '.' first";
        if !is_name(&self.name) {
            return refuse(format!("name: expected {expected}, found {:?}", self.name));
        }
        if self.run.checkpoint_every == 0 {
            return refuse("run.checkpoint_every: expected at least 1, found 0".into());
        }
        if i64::try_from(self.run.seed).is_err() {
            return refuse(format!("run.seed: expected at most {}, found {}", i64::MAX, self.run.seed));
        }
        if self.vary.as_ref().is_some_and(|vary| vary.values.is_empty()) {
            return refuse("vary.values: expected at least one value, found none".into());
        }
        if let Some(vary) = &self.vary {
            if ["name", "run.seed"].contains(&vary.key.as_str()) {
                let expected = "a key of the task or the network";
                return refuse(format!(
                    "vary.key: expected {expected}, found {:?}; seeds are --seeds",
                    vary.key
                ));
            }
            let mut values = vary.values.iter().enumerate();
            if let Some((_, value)) = values.find(|(index, value)| vary.values[..*index].contains(value)) {
                return refuse(format!("vary.values: expected each value once, found {value} twice"));
            }
        }
        if self.vary.is_some() && !self.arms.is_empty() {
            return refuse("arms: expected none beside vary, found some".into());
        }
        for (index, arm) in self.arms.iter().enumerate() {
            let key = format!("arms[{index}]");
            let taken = arm.name == BASE || self.arms[..index].iter().any(|other| other.name == arm.name);
            if !is_name(&arm.name) {
                return refuse(format!("{key}.name: expected {expected}, found {:?}", arm.name));
            }
            if taken {
                return refuse(format!("{key}.name: expected a name of its own, found {:?} again", arm.name));
            }
            if arm.set.is_empty() {
                return refuse(format!("{key}.set: expected at least one key, found none"));
            }
        }
        self.task.validate(&self.network).or_else(|e: TaskError| refuse(e.to_string()))?;
        self.record.validate(&self.task.phases()).or_else(refuse)?;
        let arms = self.arms(&[], origin)?;
        for Arm { label, experiment, .. } in arms {
            experiment.task.validate(&experiment.network).or_else(|e| match self.arms.is_empty() {
                true => refuse(e.to_string()),
                false => refuse(format!("{e} (arm {label})")),
            })?;
        }
        let labels = self.labels(origin)?;
        for (index, reference) in self.references.iter().enumerate() {
            reference.check(&labels).or_else(|reason| refuse(format!("reference[{index}].{reason}")))?;
        }
        for (index, claim) in self.claims.iter().enumerate() {
            claim.check(&labels).or_else(|reason| refuse(format!("claim[{index}].{reason}")))?;
        }
        Ok(())
    }

    /// The labels of arms and of their controls, whether these are run or not.
    fn labels(&self, origin: &str) -> Result<Labels, LabError> {
        let of = |controls: &[Control]| -> Result<Vec<String>, LabError> {
            Ok(self.arms(controls, origin)?.into_iter().map(|arm| arm.label).collect())
        };
        Ok(Labels { arms: of(&[])?, all: of(&self.controls(&["all".into()])?)? })
    }

    /// Checks whether the network of every arm can begin with the file of its `run.initial`.
    fn validate_initial(&self, origin: &str) -> Result<(), LabError> {
        for arm in self.arms(&[], origin)? {
            if let Some(file) = &arm.experiment.run.initial {
                let found = initial::read(file, origin)?;
                Network::with_initial(&arm.experiment.network, 0, &found)
                    .map_err(|error| initial::refused(origin, file, &error))?;
            }
        }
        Ok(())
    }

    /// The same without what changes no run: question, scores of the table, references and claims.
    pub(super) fn without_words(&self) -> Self {
        let mut bare = self.clone();
        (bare.question, bare.report, bare.controls) = (String::new(), Vec::new(), Vec::new());
        (bare.references, bare.claims) = (Vec::new(), Vec::new());
        bare
    }

    /// The experiment as TOML, from which it is read again.
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.to_table()).unwrap_or_else(|e| unreachable!("plain data: {e}"))
    }

    fn to_table(&self) -> Table {
        let mut table = Table::try_from(self).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        if let Some(Value::Table(task)) = table.get_mut("task") {
            task.insert("kind".into(), Value::String(T::KIND.into()));
        }
        table
    }

    /// The controls that `names` mean: `all`, or names.
    ///
    /// # Errors
    /// [`LabError`] for a name that is none.
    pub fn controls(&self, names: &[String]) -> Result<Vec<Control>, LabError> {
        let mut controls: Vec<Control> = Vec::new();
        for name in names {
            let named = match name.as_str() {
                "all" if self.controls.is_empty() => T::controls(&self.network),
                "all" => self.controls.clone(),
                _ => vec![name.parse().map_err(|e: TaskError| LabError::Config {
                    origin: "--controls".into(),
                    reason: e.to_string(),
                })?],
            };
            controls
                .extend(named.into_iter().filter(|control| !controls.contains(control)).collect::<Vec<_>>());
        }
        for control in &controls {
            self.task
                .with_control(*control)
                .validate(&self.network)
                .map_err(|e| LabError::Config { origin: "--controls".into(), reason: e.to_string() })?;
        }
        Ok(controls)
    }

    /// The experiment with other values, which `key` of the file gives.
    fn with(&self, key: &str, origin: &str, values: &[(&str, &Value)]) -> Result<Self, LabError> {
        let refuse = |reason| LabError::Config { origin: origin.to_string(), reason };
        let alone = TaskExperiment { vary: None, arms: Vec::new(), ..self.clone() };
        let mut table = alone.to_table();
        // What the source says of the inputs is found anew.
        if self.task.inputs().ok().flatten() == Some(self.network.nu)
            && let Some(Value::Table(network)) = table.get_mut("network")
        {
            network.remove("nu");
        }
        for (name, value) in values {
            if *name == "network.preset" {
                let reason =
                    "expected a key other than network.preset, all of whose values stand here already";
                return Err(refuse(format!("{key}: {reason}")));
            }
            set_value(&mut table, name, (*value).clone()).map_err(|e| refuse(format!("{key}: {e}")))?;
        }
        Self::complete(&mut table).map_err(|e| refuse(format!("{key}: {e}")))?;
        read::typed_table(&table, origin).map_err(|e| match e {
            LabError::Config { reason, .. } => refuse(reason),
            other => other,
        })
    }

    /// The arms: for each value of the axis, and each of `arms`, the experiment, then its controls.
    ///
    /// # Errors
    /// [`LabError`] if a value of an arm is refused.
    pub fn arms(&self, controls: &[Control], origin: &str) -> Result<Vec<Arm<T>>, LabError> {
        let mut bases = Vec::new();
        match &self.vary {
            None => {
                bases.push((String::new(), TaskExperiment { arms: Vec::new(), ..self.clone() }, None));
                for (index, arm) in self.arms.iter().enumerate() {
                    let values: Vec<(&str, &Value)> = arm.set.iter().map(|(k, v)| (k.as_str(), v)).collect();
                    let with = self.with(&format!("arms[{index}].set"), origin, &values)?;
                    bases.push((arm.name.clone(), with, Some(0)));
                }
            }
            Some(vary) => {
                let last = vary.key.rsplit('.').next().unwrap_or(&vary.key);
                for value in &vary.values {
                    let arm = self.with("vary.key", origin, &[(&vary.key, value)])?;
                    bases.push((format!("{last}-{}", plain(value)), arm, None));
                }
            }
        }
        let mut arms: Vec<Arm<T>> = Vec::new();
        for (label, base, against) in bases {
            let join = |more: &str| match (label.is_empty(), more.is_empty()) {
                (true, true) => BASE.to_string(),
                (true, false) => more.to_string(),
                (false, true) => label.clone(),
                (false, false) => format!("{label}-{more}"),
            };
            let first = arms.len();
            arms.push(Arm { label: join(""), experiment: base.clone(), against });
            for control in controls {
                let task = base.task.with_control(*control);
                let experiment = TaskExperiment { task, ..base.clone() };
                arms.push(Arm { label: join(&control.suffix()), experiment, against: Some(first) });
            }
        }
        Ok(arms)
    }
}

/// Label of the experiment itself.
const BASE: &str = "experiment";

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(allowed)
}
