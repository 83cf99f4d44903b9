//! Checkpoints of a run that goes on beyond its end.

use std::path::Path;

use super::{Checkpoint, END, list};
use crate::files::remove;
use crate::{Experiment, LabError};

/// Makes the checkpoints in `dir` what they would be if the run had had the budget of `experiment` from its beginning.
pub(crate) fn go_beyond_end(dir: &Path, experiment: &Experiment) -> Result<(), LabError> {
    let every = experiment.run.checkpoint_every;
    let best = Checkpoint::best(dir, experiment)?;
    best.map_or(Ok(()), |best| best.save_best(dir, experiment).map(drop))?;
    for path in list(dir)? {
        let checkpoint = Checkpoint::load(&path, experiment)?;
        // The last one is none of the schedule's, but that of the end that was.
        let scheduled = experiment.run.num_envs > 1 || checkpoint.episodes.is_multiple_of(every);
        checkpoint.save(dir, experiment, scheduled)?;
        if !scheduled {
            remove(&path)?;
        }
    }
    remove_end(dir)
}

/// Takes away the agent of an end that the run has gone beyond.
pub(crate) fn remove_end(dir: &Path) -> Result<(), LabError> {
    remove(&dir.join(END))
}
