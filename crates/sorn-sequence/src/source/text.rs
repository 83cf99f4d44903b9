//! A text, letter by letter.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sorn_core::rng::stream;

use super::{Chain, Kind, SourceSetup, Symbols, letters};
use crate::TaskError;

/// Configuration of [`SourceConfig::Text`](super::SourceConfig::Text).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TextConfig {
    /// The file. Letters become lower case, and white space one blank.
    pub file: PathBuf,
}

impl Kind for TextConfig {
    fn data(&self) -> Option<&Path> {
        Some(&self.file)
    }

    fn make(&self, _: Option<u32>, setup: SourceSetup) -> Result<Box<dyn Symbols>, TaskError> {
        let file = &self.file;
        let wrong = |why: &dyn std::fmt::Display| {
            TaskError::config("task.source.file", "a text file", format!("{} ({why})", file.display()))
        };
        // What is no file, such as a device, may never end.
        let kind = std::fs::metadata(file).map_err(|e| wrong(&e))?;
        if !kind.is_file() {
            return Err(wrong(&"no regular file"));
        }
        let text = std::fs::read_to_string(file).map_err(|e| wrong(&e))?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ").to_lowercase() + " ";
        let (symbols, sequences) = letters([text.as_str()].into_iter());
        if symbols.len() < 2 {
            let found = format!("{} without two different letters", file.display());
            return Err(TaskError::config("task.source.file", "a text file", found));
        }
        Ok(Box::new(Chain::new(symbols, sequences, vec![1.0], stream(setup.seed, "source"))))
    }
}
