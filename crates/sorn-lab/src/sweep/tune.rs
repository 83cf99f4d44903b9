//! [`Tuning`]: the keys of `[sweep]` as a space that a search draws from, and its trials as run directories.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use toml::Value;

use super::axis::{Distribution, distributions};
use super::config::{Goal, SweepConfig};
use super::kind::AnyExperiment;
use super::plan::Plan;
use super::results::{numbers_of, summary_number};
use super::single::{Watch, Watched};
use crate::difference::first;
use crate::files::{create_dir, read_text, write_whole};
use crate::run_dir::lock;
use crate::{LabError, read};

/// The experiment file, in the directory of the search.
const FILE: &str = "tune.toml";

/// The directory `runs/<experiment>-tune` of a search: `trial-<number>/seed-<n>` below it are run directories.
#[derive(Debug)]
pub struct Tuning {
    path: PathBuf,
    plan: Plan,
    parameters: Vec<Parameter>,
}

/// One parameter of the search.
#[derive(Debug)]
struct Parameter {
    name: String,
    keys: Vec<String>,
    from: Source,
}

#[derive(Debug)]
enum Source {
    /// One of these rows: a value for each key.
    Rows(Vec<Vec<Value>>),
    /// A number, or one of some values.
    Draw(Distribution),
}

/// A trial: its values, and its directory, which no other process uses meanwhile.
#[derive(Debug)]
pub struct Trial {
    path: PathBuf,
    experiment: AnyExperiment,
    measure: String,
    _lock: File,
}

impl Tuning {
    /// Reads the experiment file `file`, which has a table `[sweep]`, and makes the directory of its search below `out`, or takes the one
    /// that is there.
    ///
    /// # Errors
    /// [`LabError`] if the file is wrong, the directory holds another search, or it cannot be written.
    pub fn create(out: &Path, file: &Path, overrides: &[String]) -> Result<Tuning, LabError> {
        let (text, origin) = (read_text(file)?, file.display().to_string());
        let plan = Plan::parse(&text, &origin, overrides, None)?;
        let config = SweepConfig::read(&text, &origin, overrides)?;
        if plan.measure().is_none() {
            let reason =
                "sweep.measure: expected a number of summary.json, e.g. scores.accuracy, found nothing";
            return Err(LabError::Config { origin, reason: reason.into() });
        }
        let mut parameters = Vec::new();
        for axis in plan.axes.iter().filter(|axis| axis.place != "sweep.random.keys") {
            let (name, keys) = (axis.keys.join(","), axis.keys.clone());
            parameters.push(Parameter { name, keys, from: Source::Rows(axis.points.clone()) });
        }
        if let Some(random) = &config.random {
            let drawn = distributions(random).map_err(|reason| read::refused(reason, &text, &origin))?;
            parameters.extend(drawn.into_iter().map(|(key, from)| Parameter {
                name: key.clone(),
                keys: vec![key],
                from: Source::Draw(from),
            }));
        }
        plan.check()?;
        let path = out.join(format!("{}-tune", plan.name()));
        create_dir(&path)?;
        let table = Value::Table(plan.table().clone());
        let kept = path.join(FILE);
        if kept.is_file() {
            let before = read_text(&kept)?.parse().map(Value::Table);
            let before = before.map_err(|e: toml::de::Error| LabError::damaged(&kept, e.to_string()))?;
            if let Some(difference) = first("", Some(&before), Some(&table)) {
                let reason = format!(
                    "holds another search ({difference}); give another --out, another name, or move it away"
                );
                return Err(LabError::directory(&path, reason));
            }
        } else {
            let text = toml::to_string(&table).unwrap_or_else(|e| unreachable!("read from TOML: {e}"));
            write_whole(&kept, text.as_bytes())?;
        }
        Ok(Tuning { path, plan, parameters })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the search is: its directory, name, seeds, seeds of a claim, measure, goal, whether its runs have episodes, and parameters, each with `kind` `float`, `int` or `choice`.
    pub fn describe(&self) -> Json {
        let parameter = |parameter: &Parameter| {
            let mut described = match &parameter.from {
                Source::Rows(rows) => {
                    let shown = |row: &Vec<Value>| match row.as_slice() {
                        [one] => shown(one),
                        all => all.iter().map(shown).collect::<Vec<_>>().join(","),
                    };
                    json!({ "kind": "choice", "choices": rows.iter().map(shown).collect::<Vec<_>>() })
                }
                Source::Draw(Distribution::Choice(values)) => {
                    json!({ "kind": "choice", "choices": values.iter().map(shown).collect::<Vec<_>>() })
                }
                Source::Draw(Distribution::Integer(low, high)) => {
                    json!({ "kind": "int", "low": low, "high": high })
                }
                Source::Draw(Distribution::Uniform(low, high)) => {
                    json!({ "kind": "float", "low": low, "high": high, "log": false })
                }
                Source::Draw(Distribution::LogUniform(low, high)) => {
                    json!({ "kind": "float", "low": low, "high": high, "log": true })
                }
            };
            described["name"] = parameter.name.clone().into();
            described
        };
        json!({
            "directory": self.path.display().to_string(),
            "name": self.plan.name(),
            "seeds": self.plan.seeds(),
            "fresh_seeds": self.plan.fresh_seeds(),
            "measure": self.plan.measure(),
            "maximize": self.plan.goal() == Goal::Maximize,
            "episodes": self.plan.has_episodes(),
            "parameters": self.parameters.iter().map(parameter).collect::<Vec<_>>(),
        })
    }

    /// The keys and values that `drawn` means: by the name of each parameter a number, or for a choice its text.
    fn values(&self, drawn: &Map<String, Json>) -> Result<Vec<(String, Value)>, LabError> {
        let mut values = Vec::new();
        for parameter in &self.parameters {
            let found = drawn.get(&parameter.name).unwrap_or(&Json::Null);
            let wrong = || LabError::Config {
                origin: self.path.display().to_string(),
                reason: format!(
                    "{}: expected a value that the search may draw, found {found}",
                    parameter.name
                ),
            };
            let text = found.as_str().unwrap_or_default();
            let row = match &parameter.from {
                Source::Rows(rows) => {
                    let label =
                        |row: &&Vec<Value>| row.iter().map(shown).collect::<Vec<_>>().join(",") == text;
                    rows.iter().find(label).cloned().ok_or_else(wrong)?
                }
                Source::Draw(Distribution::Choice(choices)) => {
                    vec![choices.iter().find(|choice| shown(choice) == text).cloned().ok_or_else(wrong)?]
                }
                Source::Draw(Distribution::Integer(..)) => {
                    vec![Value::Integer(found.as_i64().ok_or_else(wrong)?)]
                }
                Source::Draw(_) => vec![Value::Float(found.as_f64().ok_or_else(wrong)?)],
            };
            values.extend(parameter.keys.iter().cloned().zip(row));
        }
        Ok(values)
    }

    /// The directory of a trial.
    pub fn place(&self, number: u64) -> PathBuf {
        self.path.join(format!("trial-{number:04}"))
    }

    /// A trial with the values `drawn`, whose directory this process has for itself until it is dropped.
    ///
    /// # Errors
    /// [`LabError::Busy`] if another process has it; others if the values are refused or the directory cannot be made.
    pub fn trial(&self, number: u64, drawn: &Map<String, Json>) -> Result<Trial, LabError> {
        let path = self.place(number);
        create_dir(&path)?;
        let lock = lock(&path)?;
        let experiment = self.plan.experiment_with(&self.values(drawn)?)?;
        experiment.validate(&path.display().to_string())?;
        let measure = self.plan.measure().unwrap_or_default().to_string();
        Ok(Trial { path, experiment, measure, _lock: lock })
    }

    /// Writes the configuration of the values `drawn` as `best.toml`, an experiment called `best`; `mean` is that over `seeds` seeds.
    ///
    /// # Errors
    /// [`LabError`] if the values are refused or the file cannot be written.
    pub fn write_best(
        &self,
        number: u64,
        drawn: &Map<String, Json>,
        (mean, seeds): (f64, usize),
    ) -> Result<PathBuf, LabError> {
        let mut experiment = self.plan.experiment_with(&self.values(drawn)?)?;
        experiment.set_name("best");
        let path = self.path.join("best.toml");
        let text = format!(
            "# The best trial of the search in {}: {number}.\n# Mean of {} over {seeds} seeds: {mean}. These seeds chose it, so that this number \
             is optimistic; run it with others for a claim.\n{}",
            self.path.display(),
            self.plan.measure().unwrap_or_default(),
            experiment.to_toml()
        );
        write_whole(&path, text.as_bytes())?;
        Ok(path)
    }
}

impl Trial {
    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs one seed, from its latest checkpoint if there is one, and gives the measure; `None` if it was stopped.
    ///
    /// # Errors
    /// [`LabError`] if the run fails, or its summary has no such number.
    pub fn run(&self, seed: u64, watch: &dyn Watch) -> Result<Option<f64>, LabError> {
        let dir = self.path.join(format!("seed-{seed}"));
        let mut experiment = self.experiment.clone();
        experiment.set_seed(seed);
        if !experiment.run(&dir, &Watched(watch))? {
            return Ok(None);
        }
        if let Some(value) = summary_number(&dir, &self.measure)? {
            return Ok(Some(value));
        }
        let numbers = numbers_of(&dir)?;
        let all = match self.measure.as_str() {
            // A run that did not solve its task counts with all it had.
            "episodes_to_solve" => "episodes",
            "env_steps_to_solve" => "env_steps",
            _ => "",
        };
        if let Some((_, number)) = numbers.iter().find(|(name, _)| name == all) {
            return Ok(Some(*number));
        }
        let names: Vec<&str> = numbers.iter().map(|(name, _)| name.as_str()).collect();
        let reason = format!("sweep.measure: expected one of {}, found {:?}", names.join(", "), self.measure);
        Err(LabError::Config { origin: dir.display().to_string(), reason })
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::single::Unwatched;

    const FILE: &str = "name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[agent.encoder]\nkind = \"random_projection\"\n[agent.reservoir.params]\nne = 50\n[run]\nepisodes = 2\n[eval]\nepisodes = 1\n\
                        [sweep]\nseeds = [3, 4]\n[sweep.grid]\nagent.learner.kind = [\"actor_critic\", \"sarsa\"]\n[sweep.random]\ncount = 1\n\
                        [sweep.random.keys]\nagent.encoder.gain = { log_uniform = [0.5, 5.0] }\nrun.window = { integer = [1, 9] }\n";

    #[test]
    fn trials_are_run_directories_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.toml");
        std::fs::write(&file, FILE).unwrap();
        let tuning = Tuning::create(dir.path(), &file, &[]).unwrap();
        let described = tuning.describe();
        assert_eq!(described["parameters"][0]["choices"], json!(["actor_critic", "sarsa"]));
        assert_eq!(described["parameters"][1]["log"], true);
        assert_eq!((&described["seeds"], &described["maximize"]), (&json!([3, 4]), &json!(true)));
        let drawn = json!({ "agent.learner.kind": "sarsa", "agent.encoder.gain": 2.5, "run.window": 7 });
        let drawn = drawn.as_object().unwrap();
        let trial = tuning.trial(12, drawn).unwrap();
        assert!(matches!(tuning.trial(12, drawn), Err(LabError::Busy { .. })));
        let value = trial.run(4, &Unwatched).unwrap().unwrap();
        assert_eq!(trial.run(4, &Unwatched).unwrap(), Some(value));
        let config =
            std::fs::read_to_string(dir.path().join("a-tune/trial-0012/seed-4/config.toml")).unwrap();
        assert!(
            config.contains("gain = 2.5") && config.contains("window = 7") && config.contains("\"sarsa\"")
        );
        let best = tuning.write_best(12, drawn, (value, 1)).unwrap();
        crate::Experiment::load(&best, &[]).unwrap();
        let wrong = json!({ "agent.learner.kind": "sarza", "agent.encoder.gain": 2.5, "run.window": 7 });
        let error = tuning.trial(13, wrong.as_object().unwrap()).unwrap_err().to_string();
        assert!(error.contains("agent.learner.kind: expected a value that the search may draw"), "{error}");
        // The same search is gone on with, another is refused.
        Tuning::create(dir.path(), &file, &[]).unwrap();
        let other = ["run.episodes=3".to_string()];
        let error = Tuning::create(dir.path(), &file, &other).unwrap_err().to_string();
        assert!(error.contains("holds another search (run.episodes was 2, is now 3)"), "{error}");
    }
}
