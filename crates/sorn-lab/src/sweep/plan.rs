//! [`Plan`]: the list of tasks that an experiment file with `[sweep]` means.

use std::path::Path;

use serde::Serialize;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::axis::{self, Axis, axes};
use super::config::{Goal, Keep, SweepConfig};
use super::kind::AnyExperiment;
use crate::difference::first;
use crate::files::read_text;
use crate::{LabError, json, read};

/// The tasks of a sweep, in a fixed order: all seeds of the first configuration, then those of the second, and so on. A task is known by
/// its number, which is where it stands in the list, and by its name, which is that of its directory.
///
/// No list is kept: a task is made when it is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    text: String,
    origin: String,
    overrides: Vec<String>,
    table: Table,
    name: String,
    seeds: Vec<u64>,
    fresh_seeds: Vec<u64>,
    measure: Option<String>,
    goal: Goal,
    keep: Keep,
    pub(super) axes: Vec<Axis>,
    configurations: u64,
}

/// One task: a configuration and a seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepTask {
    /// Where it stands in the list, from 0.
    pub number: u64,
    /// The name of its configuration and its seed, e.g. `lambda=0.8/seed-3`; its directory within that of the sweep.
    pub name: String,
    /// The seed of its run.
    pub seed: u64,
    /// The values of the keys that the sweep varies.
    pub values: serde_json::Map<String, Json>,
}

/// More tasks than anyone runs; each is a directory.
const MOST_TASKS: u128 = 10_000_000;
/// Longer names are cut; file systems allow 255 bytes.
const LONGEST: usize = 180;

impl Plan {
    /// Reads the experiment file `path`, which has a table `[sweep]`, and applies `overrides`, each `key=value` with a dotted key.
    ///
    /// # Errors
    /// [`LabError`] naming the file or override, the key, what was found and what is allowed. Values of single configurations are
    /// checked by [`check`](Plan::check).
    pub fn load(path: &Path, overrides: &[String]) -> Result<Plan, LabError> {
        Plan::read(&read_text(path)?, &path.display().to_string(), overrides)
    }

    /// Reads a plan from `text`, called `origin` in errors.
    pub(crate) fn read(text: &str, origin: &str, overrides: &[String]) -> Result<Plan, LabError> {
        Plan::parse(text, origin, overrides, Some(MOST_TASKS))
    }

    /// Reads a plan of at most `most` tasks; without this limit it is good for its configurations alone.
    pub(super) fn parse(
        text: &str,
        origin: &str,
        overrides: &[String],
        most: Option<u128>,
    ) -> Result<Plan, LabError> {
        let refuse = |reason: String| read::refused(reason, text, origin);
        let (table, _) = read::tables(text, origin, overrides)?;
        let config = SweepConfig::read(text, origin, overrides)?;
        if table.contains_key("vary") {
            let reason = "vary: expected none beside [sweep]; put its key and values into [sweep.grid]";
            return Err(refuse(reason.into()));
        }
        let axes = axes(&config).map_err(refuse)?;
        let large = |seeds: &[u64]| seeds.iter().copied().find(|seed| i64::try_from(*seed).is_err());
        let list = |key: &str, seeds: &Option<super::config::SeedList>| -> Result<Vec<u64>, LabError> {
            let Some(seeds) = seeds else { return Ok(Vec::new()) };
            let seeds = seeds.seeds().map_err(|reason| refuse(format!("{key}: {reason}")))?;
            match large(&seeds) {
                Some(seed) => Err(refuse(format!("{key}: expected at most {}, found {seed}", i64::MAX))),
                None => Ok(seeds),
            }
        };
        let mut seeds = list("sweep.seeds", &config.seeds)?;
        let fresh_seeds = list("sweep.fresh_seeds", &config.fresh_seeds)?;
        let configurations: u128 =
            axes.iter().fold(1_u128, |product, axis| product.saturating_mul(axis.points.len() as u128));
        let tasks = configurations.saturating_mul(seeds.len().max(1) as u128);
        if most.is_some_and(|most| tasks > most) {
            let factors: Vec<String> =
                axes.iter().map(|axis| format!("{} ({})", axis.points.len(), axis.keys.join(", "))).collect();
            let reason = format!(
                "sweep: expected at most {MOST_TASKS} tasks, found {tasks}: {} x {} seeds",
                factors.join(" x "),
                seeds.len().max(1)
            );
            return Err(refuse(reason));
        }
        let mut plan = Plan {
            text: text.into(),
            origin: origin.into(),
            overrides: overrides.to_vec(),
            table,
            name: String::new(),
            seeds: Vec::new(),
            fresh_seeds,
            measure: config.measure,
            goal: Goal::Maximize,
            keep: config.keep,
            axes,
            configurations: u64::try_from(configurations).unwrap_or(u64::MAX),
        };
        let first = plan.experiment_of(0)?;
        plan.name = first.name().into();
        let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if plan.name.is_empty() || plan.name.starts_with('.') || !plan.name.chars().all(named) {
            let expected = "letters, digits, '-', '_' and '.', not '.' first";
            return Err(refuse(format!("name: expected {expected}, found {:?}", plan.name)));
        }
        plan.measure = plan.measure.or_else(|| first.usual_measure());
        let least = ["episodes_to_solve", "env_steps_to_solve", "wall_secs"];
        let is_error = |measure: &str| {
            ["scores.nrmse", "scores.input_reader"].iter().any(|error| measure.starts_with(error))
        };
        plan.goal = config.goal.unwrap_or(match plan.measure() {
            Some(measure) if least.contains(&measure) || is_error(measure) => Goal::Minimize,
            _ => Goal::Maximize,
        });
        if seeds.is_empty() {
            seeds = vec![first.seed()];
        }
        if let Some(seed) = plan.fresh_seeds.iter().find(|seed| seeds.contains(seed)) {
            let reason = format!(
                "sweep.fresh_seeds: expected seeds that are none of sweep.seeds, which choose the configuration, found {seed} in both"
            );
            return Err(refuse(reason));
        }
        plan.seeds = seeds;
        Ok(plan)
    }

    /// Name of the experiment.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the experiment asks.
    ///
    /// # Errors
    /// [`LabError`] if the first configuration is none.
    pub fn question(&self) -> Result<String, LabError> {
        Ok(self.experiment_of(0)?.question().to_string())
    }

    /// How many tasks there are.
    pub fn tasks(&self) -> u64 {
        self.configurations * self.seeds.len() as u64
    }

    /// How many configurations there are.
    pub fn configurations(&self) -> u64 {
        self.configurations
    }

    /// The seeds of every configuration.
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// The seeds for the claim about the best configuration; empty if the file names none.
    pub fn fresh_seeds(&self) -> &[u64] {
        &self.fresh_seeds
    }

    /// The number of a run's summary that chooses the best configuration; `None` if it cannot be known.
    pub fn measure(&self) -> Option<&str> {
        self.measure.as_deref()
    }

    /// Whether the largest or the smallest mean is the best.
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// Whether its runs are an agent's.
    pub(super) fn has_episodes(&self) -> bool {
        matches!(self.experiment_of(0), Ok(AnyExperiment::Rl(_)))
    }

    /// What stays of a run that is done.
    pub(super) fn keep(&self) -> Keep {
        self.keep
    }

    /// The keys that the sweep varies.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.axes.iter().flat_map(|axis| axis.keys.iter().map(String::as_str))
    }

    /// The keys with their names: the last part of a key, if that is enough to tell the keys apart.
    pub(super) fn short_names(&self) -> std::collections::BTreeMap<String, String> {
        axis::short_names(&self.axes)
    }

    /// Why a sweep of `before` cannot become this one, or nothing if every task of `before` is one of this one's.
    pub(super) fn mixes(&self, before: &Plan) -> Option<String> {
        let without_sweep = |plan: &Plan| {
            let mut table = plan.table.clone();
            table.remove("sweep");
            Value::Table(table)
        };
        if let Some(key) = first("", Some(&without_sweep(before)), Some(&without_sweep(self))) {
            return Some(key);
        }
        let keys = |plan: &Plan| plan.keys().map(String::from).collect::<Vec<_>>();
        let (was, is) = (keys(before), keys(self));
        let grouped = |plan: &Plan| plan.axes.iter().map(|axis| axis.keys.clone()).collect::<Vec<_>>();
        if grouped(before) != grouped(self) {
            return Some(format!("it varies {}, the file {}", was.join(", "), is.join(", ")));
        }
        for (old, new) in before.axes.iter().zip(&self.axes) {
            let known: std::collections::BTreeMap<&String, &Vec<Value>> =
                new.labels.iter().zip(&new.points).collect();
            let gone =
                old.labels.iter().zip(&old.points).find(|(label, point)| known.get(label) != Some(point));
            if let Some((label, point)) = gone {
                let values: Vec<String> =
                    old.keys.iter().zip(point).map(|(key, value)| format!("{key} = {value}")).collect();
                let draw =
                    if old.place == "sweep.random.keys" { format!("{label}: ") } else { String::new() };
                return Some(format!("{draw}{} is not in the file", values.join(", ")));
            }
        }
        let gone = before.seeds.iter().find(|seed| !self.seeds.contains(seed))?;
        Some(format!("seed {gone} is not in sweep.seeds of the file"))
    }

    /// The file's tables, overrides put in.
    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// A task by its number.
    pub fn task(&self, number: u64) -> Option<SweepTask> {
        let each = self.seeds.len() as u64;
        let seed = *self.seeds.get((number % each) as usize)?;
        let configuration = number / each;
        if configuration >= self.configurations {
            return None;
        }
        let name = format!("{}/seed-{seed}", self.configuration_name(configuration));
        let values = self.values(configuration).map(|(key, value)| (key.to_string(), json::of(value)));
        Some(SweepTask { number, name, seed, values: values.collect() })
    }

    /// Where each axis stands for a configuration; the last axis changes first.
    fn places(&self, configuration: u64) -> Vec<usize> {
        let mut rest = configuration;
        let mut places: Vec<usize> = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let size = axis.points.len() as u64;
                let place = (rest % size) as usize;
                rest /= size;
                place
            })
            .collect();
        places.reverse();
        places
    }

    /// The name of a configuration: the keys and values of its axes.
    pub fn configuration_name(&self, configuration: u64) -> String {
        let places = self.places(configuration);
        let labels: Vec<&str> =
            self.axes.iter().zip(places).map(|(axis, place)| axis.labels[place].as_str()).collect();
        let name = labels.join(",");
        match name.len() <= LONGEST {
            true => name,
            false => format!("{}-{:016x}", &name[..LONGEST - 20], axis::hash(&name)),
        }
    }

    /// The keys of a configuration and their values.
    pub(super) fn values(&self, configuration: u64) -> impl Iterator<Item = (&str, &Value)> {
        self.axes
            .iter()
            .zip(self.places(configuration))
            .flat_map(|(axis, place)| axis.keys.iter().map(String::as_str).zip(&axis.points[place]))
    }

    /// The experiment of a configuration, with the seed of the file.
    pub(crate) fn experiment_of(&self, configuration: u64) -> Result<AnyExperiment, LabError> {
        let values: Vec<(String, Value)> =
            self.values(configuration).map(|(key, value)| (key.to_string(), value.clone())).collect();
        self.experiment_with(&values)
    }

    /// The experiment with these keys and values, with the seed of the file.
    pub(super) fn experiment_with(&self, values: &[(String, Value)]) -> Result<AnyExperiment, LabError> {
        let mut overrides = self.overrides.clone();
        let own = overrides.len();
        overrides.extend(values.iter().map(|(key, value)| format!("{key}={value}")));
        let read = AnyExperiment::read(&self.text, &self.origin, &overrides);
        read.map_err(|error| self.placed(error, &overrides[own..]))
    }

    /// The configuration of a task.
    pub(super) fn configuration_of(&self, task: &SweepTask) -> u64 {
        task.number / self.seeds.len() as u64
    }

    /// The error of a configuration, attributed to the file: the user gave no such override.
    fn placed(&self, error: LabError, values: &[String]) -> LabError {
        match error {
            LabError::Config { origin, reason } => {
                let by = origin.strip_prefix("--set ").filter(|by| values.iter().any(|value| value == by));
                match by {
                    None => LabError::Config { origin, reason },
                    Some(by) => LabError::Config {
                        origin: self.origin.clone(),
                        reason: format!("[sweep] {by}: {reason}"),
                    },
                }
            }
            other => other,
        }
    }

    /// Checks the values of the axes, each point of an axis with the first points of the others. What is wrong only together fails in
    /// its own task.
    ///
    /// # Errors
    /// [`LabError`] naming the file, the key, what was found and what is allowed.
    pub fn check(&self) -> Result<(), LabError> {
        let mut below = 1;
        self.check_one(0)?;
        for axis in self.axes.iter().rev() {
            for place in 1..axis.points.len() as u64 {
                self.check_one(place * below)?;
            }
            below = below.saturating_mul(axis.points.len() as u64);
        }
        Ok(())
    }

    fn check_one(&self, configuration: u64) -> Result<(), LabError> {
        let experiment = self.experiment_of(configuration)?;
        let origin = format!("{}, [sweep] {}", self.origin, self.configuration_name(configuration));
        experiment.validate(&origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[run]\nseed = 4\n[sweep]\nseeds = \"0..3\"\n\
                        [sweep.grid]\nagent.learner.kind = [\"actor_critic\"]\nrun.episodes = [5, 6]\n\
                        [[sweep.together]]\nrun.window = [1, 2]\nrun.checkpoint_every = [3, 4]\n";

    fn refusal(from: &str, to: &str, overrides: &[&str]) -> String {
        assert!(FILE.contains(from));
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        let plan = Plan::read(&FILE.replace(from, to), "a.toml", &overrides);
        plan.and_then(|plan| plan.check()).unwrap_err().to_string()
    }

    #[test]
    fn tasks_are_numbered_and_named_in_a_fixed_order() {
        let plan = Plan::read(FILE, "a.toml", &[]).unwrap();
        plan.check().unwrap();
        assert_eq!((plan.tasks(), plan.configurations()), (12, 4));
        let names: Vec<String> = (0..12).map(|i| plan.task(i).unwrap().name).collect();
        assert_eq!(names[0], "checkpoint_every=3,window=1,kind=actor_critic,episodes=5/seed-0");
        assert_eq!(names[2], "checkpoint_every=3,window=1,kind=actor_critic,episodes=5/seed-2");
        assert_eq!(names[3], "checkpoint_every=3,window=1,kind=actor_critic,episodes=6/seed-0");
        assert_eq!(names[11], "checkpoint_every=4,window=2,kind=actor_critic,episodes=6/seed-2");
        assert_eq!(plan.task(12), None);
        let task = plan.task(10).unwrap();
        assert_eq!(task.values["run.window"], 2);
        let AnyExperiment::Rl(experiment) = plan.experiment_of(plan.configuration_of(&task)).unwrap() else {
            panic!("of another kind")
        };
        assert_eq!((task.seed, experiment.run.episodes, experiment.run.window), (1, Some(6), 2));
    }

    #[test]
    fn without_seeds_the_one_of_the_file_is_run() {
        let plan = Plan::read(&FILE.replace("seeds = \"0..3\"\n", ""), "a.toml", &[]).unwrap();
        assert_eq!((plan.seeds(), plan.tasks()), (&[4][..], 4));
    }

    #[test]
    fn long_names_are_cut_and_differ() {
        let values: Vec<String> =
            (0..6).map(|i| format!("agent.encoder.gain{i}{} = [1.0, 2.0]\n", "x".repeat(40))).collect();
        let text = format!("[grid]\n{}", values.concat());
        let config: SweepConfig = toml::from_str(&text).unwrap();
        let plan =
            Plan { axes: axes(&config).unwrap(), configurations: 64, ..Plan::read(FILE, "a", &[]).unwrap() };
        let names: std::collections::BTreeSet<String> = (0..64).map(|c| plan.configuration_name(c)).collect();
        assert!(names.len() == 64 && names.iter().all(|name| name.len() <= LONGEST), "{names:?}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let hundred: Vec<String> = (0..100).map(|i| (i + 1).to_string()).collect();
        let hundred = hundred.join(", ");
        let million = format!(
            "run.window = [{hundred}]\nrun.checkpoint_every = [{hundred}]\nrun.threshold = [{hundred}]\neval.episodes = [{hundred}]\n\
             run.episodes = [{hundred}]"
        );
        for (from, to, expected) in [
            ("[5, 6]", "[5, 0]", "run.episodes: expected at least 1, found 0"),
            ("[5, 6]", "[5, 0]", "a.toml, [sweep] checkpoint_every=3,window=1,kind=actor_critic,episodes=0"),
            (
                "run.episodes = [5",
                "run.episods = [5",
                "a.toml: [sweep] run.episods=5: run.episods: unknown key; did you mean",
            ),
            ("[5, 6]", "[\"many\", 6]", "expected a non-negative integer, found string \"many\""),
            ("[5, 6]", "[]", "a.toml:10: sweep.grid.run.episodes: expected at least one value"),
            ("seeds = \"0..3\"", "seeds = \"3..3\"", "a.toml:7: sweep.seeds: 3..3 names no seed"),
            ("seeds = \"0..3\"", "sedes = 3", "sweep.sedes: unknown key; did you mean `seeds`?"),
            (
                "seeds = \"0..3\"",
                "seeds = [0]\nfresh_seeds = [1, 0]",
                "sweep.fresh_seeds: expected seeds that are none of",
            ),
            (
                "[sweep]\nseeds = \"0..3\"",
                "[vary]\nkey = \"a\"\nvalues = [1]\n[sweep]",
                "a.toml:6: vary: expected none",
            ),
            (
                "run.episodes = [5, 6]\n[[sweep.together]]\nrun.window = [1, 2]\nrun.checkpoint_every = [3, 4]",
                &million,
                "sweep: expected at most 10000000 tasks, found 30000000000: 1 (agent.learner.kind) x 100 (eval.episodes)",
            ),
        ] {
            let error = refusal(from, to, &[]);
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let error = refusal("seeds", "seeds", &["sweep.grid.run.episodes=7"]);
        assert!(error.contains("sweep.grid.run.episodes: expected a list of values, found 7"), "{error}");
        assert!(refusal("seeds", "seeds", &["run.windw=7"]).starts_with("--set run.windw=7"));
        let none = Plan::read("name = \"a\"\n[env]\nid = \"CartPole-v1\"", "a.toml", &[]).unwrap_err();
        assert!(none.to_string().contains("expected the table [sweep]"), "{none}");
    }
}
