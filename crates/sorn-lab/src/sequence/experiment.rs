//! [`SequenceExperiment`]: the file of a sequence task.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sorn_core::Params;
use sorn_sequence::{Control, Task, TaskError};
use toml::{Table, Value};

use crate::files::read_text;
use crate::overrides::set_all;
use crate::{LabError, read};

/// The experiment file of a sequence task, `[task] kind = "sequence"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SequenceExperiment {
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
    pub task: Task,
    /// Parameters of the network; `preset` names where to start from, the number of inputs is the source's.
    #[cfg_attr(feature = "schema", schemars(schema_with = "sorn_core::schema::with_preset"))]
    pub network: Params,
    /// How to run it.
    #[serde(default)]
    pub run: SequenceRunConfig,
    /// A second axis: a key, and the values that it has one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vary: Option<Vary>,
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

/// How to run a sequence task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SequenceRunConfig {
    /// The one number from which all randomness of a run comes.
    pub seed: u64,
    /// Steps from one checkpoint to the next.
    pub checkpoint_every: u64,
}

impl Default for SequenceRunConfig {
    fn default() -> Self {
        SequenceRunConfig { seed: 0, checkpoint_every: 200_000 }
    }
}

/// Whether `[task]` says so.
pub(crate) fn is_sequence(table: &Table) -> bool {
    table.get("task").and_then(|task| task.get("kind")).and_then(Value::as_str) == Some("sequence")
}

impl SequenceExperiment {
    /// Reads the experiment file `path` and applies `overrides`, each `key=value` with a dotted key. An override of the key
    /// that varies leaves that one value.
    ///
    /// # Errors
    /// [`LabError`] naming the file or override, the key, what was found and what is allowed.
    pub fn load(path: &Path, overrides: &[String]) -> Result<SequenceExperiment, LabError> {
        let (text, origin) = (read_text(path)?, path.display().to_string());
        read::no_sweep(&text, &origin, overrides)?;
        let mut experiment = Self::parse(&text, &origin, overrides)?;
        let set = set_all(&mut Table::new(), overrides)?;
        if experiment.vary.as_ref().is_some_and(|vary| set.iter().any(|o| o.key == vary.key)) {
            experiment.vary = None;
        }
        let checked = experiment.validate(&origin);
        checked.map(|()| experiment).map_err(|e| read::placed(e, &text, &origin, overrides))
    }

    pub(crate) fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Self, LabError> {
        read::typed_after(text, origin, overrides, |table| {
            if let Some(Value::Table(task)) = table.get_mut("task") {
                task.remove("kind");
            }
            let Some(Value::Table(network)) = table.get("network") else { return Ok(()) };
            let mut network = network.clone();
            // The source says how many inputs there are; where it is refused, so is the task, with its own words.
            if !network.contains_key("nu")
                && let Some(task) = table.get("task").cloned()
                && let Ok(task) = task.try_into::<Task>()
                && let Ok(inputs) = task.inputs()
            {
                network.insert("nu".into(), Value::Integer(inputs as i64));
            }
            let all = read::with_preset(network, &Params::default()).map_err(|e| format!("network.{e}"))?;
            table.insert("network".into(), Value::Table(all));
            Ok(())
        })
    }

    /// Checks every value, in every arm.
    ///
    /// # Errors
    /// [`LabError`] naming `origin`, the key, what was found and what is allowed.
    pub fn validate(&self, origin: &str) -> Result<(), LabError> {
        let refuse = |reason: String| Err(LabError::Config { origin: origin.to_string(), reason });
        let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || self.name.starts_with('.') || !self.name.chars().all(named) {
            let expected = "letters, digits, '-', '_' and '.', not '.' first";
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
        self.task.validate(&self.network).or_else(|e: TaskError| refuse(e.to_string()))?;
        for (_, arm) in self.arms(&[], origin)? {
            arm.task.validate(&arm.network).or_else(|e| refuse(e.to_string()))?;
        }
        Ok(())
    }

    /// The experiment as TOML, from which it is read again.
    pub fn to_toml(&self) -> String {
        let mut table = Table::try_from(self).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        if let Some(Value::Table(task)) = table.get_mut("task") {
            task.insert("kind".into(), Value::String("sequence".into()));
        }
        toml::to_string(&table).unwrap_or_else(|e| unreachable!("plain data: {e}"))
    }

    /// The controls that `names` mean: `all`, or names.
    ///
    /// # Errors
    /// [`LabError`] for a name that is none.
    pub fn controls(&self, names: &[String]) -> Result<Vec<Control>, LabError> {
        let mut controls: Vec<Control> = Vec::new();
        for name in names {
            let named = match name.as_str() {
                "all" if self.controls.is_empty() => Control::all(&self.network),
                "all" => self.controls.clone(),
                _ => vec![name.parse().map_err(|e: TaskError| LabError::Config {
                    origin: "--controls".into(),
                    reason: e.to_string(),
                })?],
            };
            controls
                .extend(named.into_iter().filter(|control| !controls.contains(control)).collect::<Vec<_>>());
        }
        Ok(controls)
    }

    /// The arms by label: for each value of the axis the experiment, then its controls.
    ///
    /// # Errors
    /// [`LabError`] if a value of the axis is refused.
    pub fn arms(
        &self,
        controls: &[Control],
        origin: &str,
    ) -> Result<Vec<(String, SequenceExperiment)>, LabError> {
        let mut bases = Vec::new();
        match &self.vary {
            None => bases.push((String::new(), self.clone())),
            Some(vary) => {
                let last = vary.key.rsplit('.').next().unwrap_or(&vary.key);
                for value in &vary.values {
                    let text = SequenceExperiment { vary: None, ..self.clone() }.to_toml();
                    // What the source says of the inputs is found anew.
                    let text = text.replacen(&format!("\nnu = {}\n", self.network.nu), "\n", 1);
                    let set = [format!("{}={value}", vary.key)];
                    let arm = Self::parse(&text, origin, &set)?;
                    let value = value.as_str().map_or_else(|| value.to_string(), String::from);
                    bases.push((format!("{last}-{value}"), arm));
                }
            }
        }
        let mut arms = Vec::new();
        for (label, base) in bases {
            let join = |more: &str| match (label.is_empty(), more.is_empty()) {
                (true, true) => "experiment".to_string(),
                (true, false) => more.to_string(),
                (false, true) => label.clone(),
                (false, false) => format!("{label}-{more}"),
            };
            arms.push((join(""), base.clone()));
            for control in controls {
                let mut arm = base.clone();
                arm.task.control = Some(*control);
                arms.push((join(&control.suffix()), arm));
            }
        }
        Ok(arms)
    }
}
