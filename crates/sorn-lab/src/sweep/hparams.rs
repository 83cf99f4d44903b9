//! A sweep for TensorBoard's HParams: each finished run a session, the runs of a configuration one group.
//!
//! The messages are those of tensorboard/plugins/hparams/api.proto and plugin_data.proto: `HParamsPluginData` holds 2 an `Experiment`, 3 a
//! `SessionStartInfo` or 4 a `SessionEndInfo`, and is the content of a summary's metadata, with an empty tensor as its value.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;

use super::dir::SweepDir;
use super::results::SweepTable;
use crate::LabError;
use crate::files::{create_dir, write_whole};
use crate::recordings::event_file::{FIRST, NAME, double, number, record, simple, text};

/// `DataType` of a parameter.
const STRING: u64 = 1;
const BOOL: u64 = 2;
const FLOAT64: u64 = 3;
/// `Status` of a session.
const SUCCESS: u64 = 1;

impl SweepDir {
    /// Writes `hparams/`, a folder for `tensorboard --logdir`, with a session for each row of `table`; gives its path.
    ///
    /// # Errors
    /// [`LabError`] if a file cannot be written.
    pub fn write_hparams(&self, table: &SweepTable) -> Result<PathBuf, LabError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
        let folder = self.path().join("hparams");
        create_dir(&folder)?;
        let plan = self.plan();
        // The measure is what TensorBoard shows first.
        let mut tags: Vec<&str> = table.columns.iter().map(String::as_str).collect();
        tags.sort_by_key(|tag| Some(*tag) != plan.measure());
        let mut experiment = text(6, plan.name().as_bytes());
        experiment.extend(double(3, now));
        for key in plan.keys() {
            let first = table.rows.first().and_then(|row| plan.task(row.task));
            let kind = match first.and_then(|task| task.values.get(key).cloned()) {
                Some(Json::Number(_)) => FLOAT64,
                Some(Json::Bool(_)) => BOOL,
                _ => STRING,
            };
            experiment.extend(text(4, &[text(1, key.as_bytes()), number(4, kind)].concat()));
        }
        for tag in &tags {
            experiment.extend(text(5, &text(1, &text(2, tag.as_bytes()))));
        }
        let mut bytes = first_event(now);
        event(&mut bytes, now, &plugin("_hparams_/experiment", &text(2, &experiment)));
        write_whole(&folder.join(NAME), &bytes)?;
        for row in &table.rows {
            let Some(task) = plan.task(row.task) else { continue };
            let group = plan.configuration_name(plan.configuration_of(&task));
            let mut start = Vec::new();
            for (key, value) in &task.values {
                let value = match value {
                    Json::Number(number) => double(2, number.as_f64().unwrap_or(f64::NAN)),
                    Json::Bool(truth) => number(4, u64::from(*truth)),
                    Json::String(value) => text(3, value.as_bytes()),
                    other => text(3, other.to_string().as_bytes()),
                };
                start.extend(text(1, &[text(1, key.as_bytes()), text(2, &value)].concat()));
            }
            start.extend(text(4, group.as_bytes()));
            start.extend(double(5, now));
            let end = [number(1, SUCCESS), double(2, now)].concat();
            let mut bytes = first_event(now);
            event(&mut bytes, now, &plugin("_hparams_/session_start_info", &text(3, &start)));
            let numbers = table.columns.iter().zip(&row.numbers).filter(|(_, number)| number.is_finite());
            for (tag, number) in numbers {
                event(&mut bytes, now, &simple(tag, *number));
            }
            event(&mut bytes, now, &plugin("_hparams_/session_end_info", &text(4, &end)));
            let session = folder.join(&task.name);
            create_dir(&session)?;
            write_whole(&session.join(NAME), &bytes)?;
        }
        Ok(folder)
    }
}

fn first_event(now: f64) -> Vec<u8> {
    let mut bytes = Vec::new();
    record(&mut bytes, &[double(1, now), text(3, FIRST)].concat());
    bytes
}

/// Appends an event with one value of a summary.
fn event(bytes: &mut Vec<u8>, now: f64, value: &[u8]) {
    record(bytes, &[double(1, now), text(5, &text(1, value))].concat());
}

/// A value of a summary that belongs to the plugin.
fn plugin(tag: &str, data: &[u8]) -> Vec<u8> {
    // Version 0 of the data, said all the same.
    let content = [number(1, 0), data.to_vec()].concat();
    let plugin = [text(1, b"hparams"), text(2, &content)].concat();
    // One float, which is 0.
    let tensor = [number(1, 1), text(2, &text(2, &number(1, 1))), text(5, &0_f32.to_le_bytes())].concat();
    [text(1, tag.as_bytes()), text(8, &tensor), text(9, &text(1, &plugin))].concat()
}
