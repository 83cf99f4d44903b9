//! The claim about the best configuration: runs with seeds that did not choose it.

use std::path::PathBuf;

use super::dir::SweepDir;
use super::kind::AnyExperiment;
use crate::LabError;
use crate::files::read_text;

/// Where the claim's runs are, or are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepClaim {
    /// The best configuration.
    pub file: PathBuf,
    /// The directory of its runs.
    pub dir: PathBuf,
    /// Whether the runs were begun.
    pub begun: bool,
}

impl SweepDir {
    /// The claim about the best configuration.
    ///
    /// # Errors
    /// [`LabError`] if the sweep names no fresh seeds, chose no configuration yet, or the runs that are there are of another one.
    pub fn claim(&self) -> Result<SweepClaim, LabError> {
        let plan = self.plan();
        if plan.fresh_seeds().is_empty() {
            let reason = "sweep.fresh_seeds: expected seeds that are none of sweep.seeds, found none";
            return Err(LabError::Config {
                origin: self.path().display().to_string(),
                reason: reason.into(),
            });
        }
        let (file, dir) = (self.path().join("best.toml"), self.path().join("best"));
        if !file.is_file() {
            let reason =
                "expected best.toml, found none: `sorn sweep --collect` writes it when every task is done";
            return Err(LabError::directory(self.path(), reason));
        }
        let begun = dir.join("experiment.toml");
        if !begun.is_file() {
            return Ok(SweepClaim { file, dir, begun: false });
        }
        let read = |path: &PathBuf| AnyExperiment::read(&read_text(path)?, &path.display().to_string(), &[]);
        if read(&file)? != read(&begun)? {
            let reason = "holds the runs of a configuration that was the best before; move it away";
            return Err(LabError::directory(&dir, reason));
        }
        Ok(SweepClaim { file, dir, begun: true })
    }
}
