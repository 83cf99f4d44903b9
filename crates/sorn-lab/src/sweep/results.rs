//! [`SweepTable`]: the results of all finished tasks, a row each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value as Json;

use super::dir::{self, SweepDir};
use crate::error::WRITE;
use crate::files::{Whole, read_text};
use crate::{LabError, json};

/// Every number of the summaries of all finished tasks.
#[derive(Clone, Debug)]
pub struct SweepTable {
    /// Names of the numbers, e.g. `eval.mean`, by the alphabet.
    pub columns: Vec<String>,
    /// The rows, by the numbers of their tasks.
    pub rows: Vec<SweepRow>,
    /// How many tasks there are.
    pub tasks: u64,
    /// Tasks that failed when they ran last, by their directories: the first of them.
    pub failed: Vec<PathBuf>,
    /// How many tasks failed.
    pub failures: u64,
    /// Summaries that cannot be read, and why: the first of them.
    pub damaged: Vec<String>,
}

/// The results of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// Number of the task.
    pub task: u64,
    /// A number for each column; NaN if the summary has none.
    pub numbers: Vec<f64>,
}

/// Directories that are named one by one.
const NAMED: usize = 20;

/// What one summary holds, its numbers by name or by the index of the name.
enum Found<Name> {
    Numbers(Vec<(Name, f64)>),
    Missing,
    Failed(PathBuf),
    Damaged(String),
}

impl SweepDir {
    /// Reads the results of all finished tasks.
    pub fn results(&self) -> SweepTable {
        let tasks = self.plan().tasks();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // Parts of the list, so that its order is kept without a row knowing where it belongs.
        const AT_ONCE: u64 = 500;
        let parts = tasks.div_ceil(AT_ONCE) as usize;
        let next = AtomicUsize::new(0);
        // Names are kept once, not for every row.
        type Read = (BTreeMap<String, u32>, BTreeMap<usize, Vec<(u64, Found<u32>)>>);
        let read: Mutex<Read> = Mutex::default();
        let work = || {
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= parts {
                    return;
                }
                let from = part as u64 * AT_ONCE;
                let numbers = from..(from + AT_ONCE).min(tasks);
                let found: Vec<(u64, Found<String>)> =
                    numbers.map(|number| (number, self.found(number))).collect();
                let Ok(mut read) = read.lock() else { return };
                let (names, rows) = &mut *read;
                let mut index = |name: String| {
                    let next = names.len() as u32;
                    *names.entry(name).or_insert(next)
                };
                let found = found.into_iter().map(|(number, found)| {
                    let found = match found {
                        Found::Numbers(numbers) => {
                            Found::Numbers(numbers.into_iter().map(|(name, x)| (index(name), x)).collect())
                        }
                        Found::Missing => Found::Missing,
                        Found::Failed(place) => Found::Failed(place),
                        Found::Damaged(reason) => Found::Damaged(reason),
                    };
                    (number, found)
                });
                rows.insert(part, found.collect());
            }
        };
        std::thread::scope(|scope| {
            (1..threads.min(parts.max(1))).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        let (names, rows) = read.into_inner().unwrap_or_else(|e| e.into_inner());
        // The order of the columns is that of the alphabet, whoever read what first.
        let mut places = vec![0; names.len()];
        names.values().enumerate().for_each(|(place, index)| places[*index as usize] = place);
        let columns: Vec<String> = names.into_keys().collect();
        let mut table = SweepTable {
            columns,
            rows: Vec::new(),
            tasks,
            failed: Vec::new(),
            failures: 0,
            damaged: Vec::new(),
        };
        for (task, found) in rows.into_values().flatten() {
            match found {
                Found::Numbers(numbers) => {
                    let mut row = vec![f64::NAN; table.columns.len()];
                    numbers.into_iter().for_each(|(index, number)| row[places[index as usize]] = number);
                    table.rows.push(SweepRow { task, numbers: row });
                }
                Found::Missing => {}
                Found::Failed(place) => {
                    table.failures += 1;
                    if table.failed.len() < NAMED {
                        table.failed.push(place);
                    }
                }
                Found::Damaged(reason) => {
                    if table.damaged.len() < NAMED {
                        table.damaged.push(reason);
                    }
                }
            }
        }
        table
    }

    fn found(&self, number: u64) -> Found<String> {
        let Some(task) = self.plan().task(number) else { return Found::Missing };
        let place = self.place(&task);
        if !dir::is_done(&place) {
            return if place.join(dir::ERROR).exists() { Found::Failed(place) } else { Found::Missing };
        }
        match numbers_of(&place) {
            Ok(numbers) => Found::Numbers(numbers),
            Err(error) => Found::Damaged(error.to_string()),
        }
    }

    /// Writes the table as `results.csv` and `results.json` (a list of objects), with the values of the keys beside the results. What is
    /// not there is an empty field, or `null`.
    ///
    /// # Errors
    /// [`LabError::Io`] if a file cannot be written.
    pub fn write_results(&self, table: &SweepTable) -> Result<[PathBuf; 2], LabError> {
        let (csv, json) = (self.path().join("results.csv"), self.path().join("results.json"));
        let keys: Vec<&str> = self.plan().keys().collect();
        let head = ["task", "name", "seed"].into_iter().chain(keys.iter().copied());
        let head =
            head.chain(table.columns.iter().map(String::as_str)).map(field).collect::<Vec<_>>().join(",");
        let mut files = [Rows::create(&csv, &format!("{head}\n"))?, Rows::create(&json, "[")?];
        let mut comma = "";
        for row in &table.rows {
            let Some(task) = self.plan().task(row.task) else { continue };
            let mut line = format!("{},{},{}", task.number, field(&task.name), task.seed);
            let mut object = serde_json::json!({ "task": task.number, "name": task.name, "seed": task.seed });
            for key in &keys {
                let value = task.values.get(*key).cloned().unwrap_or(Json::Null);
                let text = value.as_str().map_or_else(|| value.to_string(), String::from);
                let _ = write!(line, ",{}", field(&text));
                object[*key] = value;
            }
            for (name, number) in table.columns.iter().zip(&row.numbers) {
                line.push(',');
                if number.is_finite() {
                    let _ = write!(line, "{}", json::of(number));
                }
                object[name] = serde_json::Number::from_f64(*number).map_or(Json::Null, Json::Number);
            }
            files[0].write(&format!("{line}\n"))?;
            files[1].write(&format!("{comma}\n{object}"))?;
            comma = ",";
        }
        let [csv_rows, mut json_rows] = files;
        csv_rows.finish()?;
        json_rows.write("\n]\n")?;
        json_rows.finish()?;
        Ok([csv, json])
    }
}

/// The names of the numbers that the summary in `dir` has or might have: those that are `null` among them.
pub(super) fn names_of(dir: &Path) -> Result<Vec<String>, LabError> {
    let mut summary = read_summary(dir)?;
    fill(&mut summary);
    let mut numbers = Vec::new();
    flatten(&summary, "", &mut numbers);
    Ok(numbers.into_iter().map(|(name, _)| name).collect())
}

/// Makes every `null` a number.
fn fill(value: &mut Json) {
    match value {
        Json::Null => *value = 0.into(),
        Json::Object(fields) => fields.values_mut().for_each(fill),
        _ => {}
    }
}

/// The numbers of the summary in `dir`.
pub(super) fn numbers_of(dir: &Path) -> Result<Vec<(String, f64)>, LabError> {
    let mut numbers = Vec::new();
    flatten(&read_summary(dir)?, "", &mut numbers);
    Ok(numbers)
}

fn read_summary(dir: &Path) -> Result<Json, LabError> {
    let path = dir::summary(dir);
    let summary: Json =
        serde_json::from_str(&read_text(&path)?).map_err(|e| LabError::damaged(&path, e.to_string()))?;
    if !summary.is_object() {
        return Err(LabError::damaged(&path, format!("expected an object of JSON, found {summary}")));
    }
    Ok(summary)
}

/// One number of the summary in `dir`; `None` if the run is not finished or has no such number.
pub(crate) fn summary_number(dir: &Path, name: &str) -> Result<Option<f64>, LabError> {
    if !dir::is_done(dir) {
        return Ok(None);
    }
    Ok(numbers_of(dir)?.into_iter().find(|(found, _)| found == name).map(|(_, number)| number))
}

/// A file of rows on its way.
struct Rows {
    whole: Whole,
    path: PathBuf,
    buffer: String,
}

impl Rows {
    fn create(path: &Path, head: &str) -> Result<Rows, LabError> {
        Ok(Rows { whole: Whole::create(path)?, path: path.to_path_buf(), buffer: head.into() })
    }

    fn write(&mut self, text: &str) -> Result<(), LabError> {
        self.buffer.push_str(text);
        if self.buffer.len() > 1 << 16 { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), LabError> {
        let written = self.whole.file().write_all(self.buffer.as_bytes());
        self.buffer.clear();
        written.map_err(LabError::io(&self.path, WRITE))
    }

    fn finish(mut self) -> Result<(), LabError> {
        self.flush()?;
        self.whole.finish()
    }
}

/// A field of CSV (RFC 4180).
fn field(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

/// The numbers of a summary, and its truth values as 1 and 0, by dotted names; lists and text are left out, and what the plan knows.
fn flatten(value: &Json, name: &str, found: &mut Vec<(String, f64)>) {
    match value {
        Json::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                if name != "seed" {
                    flatten(value, &name, found);
                }
            }
        }
        Json::Number(number) => found.extend(number.as_f64().map(|number| (name.to_string(), number))),
        Json::Bool(truth) => found.push((name.to_string(), f64::from(u8::from(*truth)))),
        _ => {}
    }
}

impl SweepTable {
    /// The number called `name` of every row: `None` if no summary has it. A run that did not solve its task counts, by
    /// `episodes_to_solve` and `env_steps_to_solve`, as the largest number that any run had.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let column = |name: &str| {
            let index = self.columns.iter().position(|column| column == name)?;
            Some(self.rows.iter().map(|row| row.numbers[index]).collect::<Vec<f64>>())
        };
        let all = match name {
            "episodes_to_solve" => "episodes",
            "env_steps_to_solve" => "env_steps",
            _ => return column(name),
        };
        let most = column(all)?.into_iter().filter(|n| n.is_finite()).reduce(f64::max)?;
        let found = column(name).unwrap_or_else(|| vec![f64::NAN; self.rows.len()]);
        Some(found.into_iter().map(|n| if n.is_nan() { most } else { n }).collect())
    }

    /// Whether every task is finished.
    pub fn is_whole(&self) -> bool {
        self.rows.len() as u64 == self.tasks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_become_columns() {
        let summary = serde_json::json!({
            "experiment": "a", "seed": 3, "solved": true, "eval": { "mean": 2.5, "min": null }, "problems": ["x"]
        });
        let mut found = Vec::new();
        flatten(&summary, "", &mut found);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, [("eval.mean".to_string(), 2.5), ("solved".to_string(), 1.0)]);
    }

    #[test]
    fn fields_are_quoted_as_csv_wants() {
        assert_eq!(["a", "a,b", "say \"x\""].map(field), ["a", "\"a,b\"", "\"say \"\"x\"\"\""]);
    }

    #[test]
    fn unsolved_runs_count_with_the_most_episodes() {
        let row = |task, numbers: [f64; 2]| SweepRow { task, numbers: numbers.to_vec() };
        let table = SweepTable {
            columns: vec!["episodes".into(), "episodes_to_solve".into()],
            rows: vec![row(0, [40.0, 40.0]), row(1, [90.0, f64::NAN])],
            tasks: 3,
            failed: Vec::new(),
            failures: 0,
            damaged: Vec::new(),
        };
        assert_eq!(table.column("episodes_to_solve"), Some(vec![40.0, 90.0]));
        assert!(table.column("eval.mean").is_none() && !table.is_whole());
    }
}
