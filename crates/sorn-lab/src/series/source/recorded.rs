//! Columns of a file.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};
use sorn_sequence::TaskError;

use super::{FURTHEST, Kind, Numbers, SeriesSetup, check, one};
use crate::files::read_text;
use crate::npy;

/// Configuration of [`SeriesConfig::File`](super::SeriesConfig::File).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// An array of one or two dimensions (`.npy`), or a table of numbers with or without a head (anything else, as a rule `.csv`).
    pub file: PathBuf,
    /// Columns of the inputs, from 0; the first where empty.
    #[serde(default)]
    pub inputs: Vec<usize>,
    /// Columns of the targets; those of the inputs where empty.
    #[serde(default)]
    pub targets: Vec<usize>,
    /// How many rows ahead the targets lie.
    #[serde(default = "one")]
    pub ahead: u32,
}

#[derive(Debug)]
struct Recorded {
    rows: Array2<f64>,
    /// Names of the targets.
    names: Vec<String>,
    inputs: Vec<usize>,
    targets: Vec<usize>,
    ahead: usize,
    at: usize,
}

impl Kind for FileConfig {
    fn data(&self) -> Option<&Path> {
        Some(&self.file)
    }

    fn make(&self, _: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError> {
        let FileConfig { file, inputs, targets, ahead } = self;
        let (rows, names) = read(file).map_err(|reason| {
            let found = format!("{} ({reason})", file.display());
            TaskError::config("task.source.file", "rows of numbers", found)
        })?;
        check("ahead", ahead, *ahead <= FURTHEST, "at most 100000")?;
        let inputs = if inputs.is_empty() { vec![0] } else { inputs.to_vec() };
        let targets = if targets.is_empty() { inputs.clone() } else { targets.to_vec() };
        let columns = rows.ncols();
        for (key, chosen) in [("inputs", &inputs), ("targets", &targets)] {
            let wrong = chosen.iter().find(|column| **column >= columns);
            let expected = format!("columns below {columns}, as {} has them", file.display());
            check(key, wrong.copied().unwrap_or(0), wrong.is_none(), &expected)?;
        }
        let names = targets.iter().map(|column| names[*column].clone()).collect();
        Ok(Box::new(Recorded { rows, names, inputs, targets, ahead: *ahead as usize, at: 0 }))
    }
}

/// The rows, and the names of the columns.
fn read(file: &Path) -> Result<(Array2<f64>, Vec<String>), String> {
    let is_file = std::fs::metadata(file).map_err(|e| e.to_string())?.is_file();
    if !is_file {
        return Err("no regular file".into());
    }
    let (rows, names) = match file.extension().is_some_and(|end| end == "npy") {
        true => (array(file)?, None),
        false => table(&read_text(file).map_err(|e| e.to_string())?)?,
    };
    if rows.is_empty() {
        return Err("no row".into());
    }
    let names = names.unwrap_or_else(|| (0..rows.ncols()).map(|column| format!("column_{column}")).collect());
    Ok((rows, names))
}

fn array(file: &Path) -> Result<Array2<f64>, String> {
    let array = npy::read(file).map_err(|e| e.to_string())?;
    let array = if array.ndim() == 1 { array.insert_axis(Axis(1)) } else { array };
    let shape = format!("shape {:?}", array.shape());
    let array = array.into_dimensionality().map_err(|_| format!("{shape}, not (rows) or (rows, columns)"))?;
    match array.iter().position(|value: &f64| !value.is_finite()) {
        Some(at) => Err(format!("number {at} is not finite")),
        None => Ok(array),
    }
}

/// A table whose columns are separated by commas, semicolons, tabs or blanks; its first line may hold names.
fn table(text: &str) -> Result<(Array2<f64>, Option<Vec<String>>), String> {
    let fields = |line: &str| -> Vec<String> {
        let separators: &[char] = if line.contains(';') { &[';'] } else { &[',', '\t'] };
        match line.contains(separators) {
            true => line.split(separators).map(|field| field.trim().to_owned()).collect(),
            false => line.split_whitespace().map(str::to_owned).collect(),
        }
    };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
    let is_head = |line: &str| fields(line).iter().all(|field| field.parse::<f64>().is_err());
    let names = lines.next_if(|(_, line)| is_head(line)).map(|(_, line)| fields(line));
    let mut columns = names.as_ref().map(Vec::len);
    let mut numbers = Vec::new();
    for (index, line) in lines {
        let row = fields(line);
        let number = index + 1;
        let expected = *columns.get_or_insert(row.len());
        if row.len() != expected {
            return Err(format!("line {number}: {} columns, not {expected}", row.len()));
        }
        for field in row {
            match field.parse::<f64>() {
                Ok(value) if value.is_finite() => numbers.push(value),
                _ => return Err(format!("line {number}: {field:?}, not a finite number")),
            }
        }
    }
    let columns = columns.unwrap_or(0).max(1);
    let rows =
        Array2::from_shape_vec((numbers.len() / columns, columns), numbers).map_err(|e| e.to_string())?;
    Ok((rows, names))
}

impl Numbers for Recorded {
    fn inputs(&self) -> usize {
        self.inputs.len()
    }

    fn targets(&self) -> Vec<String> {
        self.names.clone()
    }

    fn length(&self) -> Option<u64> {
        Some(self.rows.nrows().saturating_sub(self.ahead) as u64)
    }

    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
        let count = self.rows.nrows();
        let take = |row: usize, columns: &[usize], to: &mut [f64]| {
            to.iter_mut().zip(columns).for_each(|(to, column)| *to = self.rows[[row % count, *column]]);
        };
        take(self.at, &self.inputs, inputs);
        take(self.at + self.ahead, &self.targets, targets);
        self.at = (self.at + 1) % count;
        Ok(())
    }
}
