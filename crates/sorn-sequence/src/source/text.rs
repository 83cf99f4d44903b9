//! A text, letter by letter.

use std::path::Path;

use super::{Units, letters};
use crate::TaskError;

pub(super) fn new(file: &Path) -> Result<(Vec<String>, Units), TaskError> {
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
    Ok((symbols, Units { sequences, first: vec![1.0], next: Vec::new() }))
}
