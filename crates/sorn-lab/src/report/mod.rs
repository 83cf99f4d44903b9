//! `sorn report`: runs and sweeps as one HTML file that needs no network.
//!
//! `gather.rs` reads what there is, `page.rs` makes the file; `report.js` and `report.css` are part of it.

mod gather;
mod page;
mod sweep;
mod task;

use std::path::{Path, PathBuf};

use crate::files::write_whole;
use crate::{LabError, Progress, TaskSort, is_sweep_dir};

/// A report, made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    html: String,
    problems: Vec<String>,
}

impl Report {
    /// Reports the runs and sweeps in `dirs`, an arm each, the first being what the others are compared with. Of each arm one run,
    /// the first that has a checkpoint, is shown from within: an episode of its greedy policy, and its weights.
    /// `None` where `progress` wished to stop.
    ///
    /// A sweep is reported by itself, and so are tasks without an agent: their tables, and figures.
    ///
    /// What is missing or damaged is named among the [`problems`](Report::problems), in the file as well, and the rest is
    /// reported.
    ///
    /// # Errors
    /// [`LabError`] where no directory holds a run.
    pub fn of(dirs: &[PathBuf], progress: &dyn Progress) -> Result<Option<Report>, LabError> {
        if let Some(sweep) = dirs.iter().find(|dir| is_sweep_dir(dir)) {
            if dirs.len() > 1 {
                let reason = "holds a sweep: expected it alone, found other directories beside it";
                return Err(LabError::directory(sweep, reason));
            }
            let (html, problems) = sweep::page(sweep)?;
            return Ok(Some(Report { html, problems }));
        }
        // What cannot be read is named below, among the problems.
        let is_task = |dir: &Path| TaskSort::of_dir(dir).ok().flatten().is_some();
        if dirs.iter().any(|dir| is_task(dir)) {
            if let Some(other) = dirs.iter().find(|dir| !is_task(dir)) {
                let reason = "expected a task without an agent, as the other directories hold, found none";
                return Err(LabError::directory(other, reason));
            }
            let (html, problems) = task::page(dirs)?;
            return Ok(Some(Report { html, problems }));
        }
        let mut problems = Vec::new();
        let (mut arms, mut read) = (Vec::new(), Vec::new());
        for dir in dirs {
            match gather::arm(dir, progress, &mut problems) {
                Ok(Some(arm)) => {
                    arms.push(arm);
                    read.push(dir.clone());
                }
                Ok(None) => return Ok(None),
                // A single directory that holds no run leaves nothing to report.
                Err(error) if dirs.len() == 1 => return Err(error),
                Err(error) => problems.push(error.to_string()),
            }
        }
        if arms.is_empty() {
            let first = dirs.first().map_or(Path::new(""), PathBuf::as_path);
            return Err(LabError::directory(first, format!("nothing to report: {}", problems.join("; "))));
        }
        gather::compare(&mut arms, &read);
        Ok(Some(Report { html: page::html(&arms, &problems), problems }))
    }

    /// The file.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// What is missing or damaged, each naming its file.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Writes the file, whole.
    ///
    /// # Errors
    /// [`LabError::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), LabError> {
        write_whole(path, self.html.as_bytes())
    }
}
