//! `--live`: a run as it goes, in the terminal, in place of the progress bar. Nothing in it changes the run.
//!
//! `scene.rs` is what is seen of the run, `draw.rs` and `world.rs` draw it, `keys.rs` hears what is typed, `view.rs` opens
//! the view and closes it.

#[cfg(feature = "live")]
mod draw;
#[cfg(feature = "live")]
mod keys;
#[cfg(feature = "live")]
mod scene;
#[cfg(feature = "live")]
mod view;
#[cfg(feature = "live")]
mod world;

use sorn_lab::{Experiment, Progress};

use crate::args::How;
use crate::output::Usage;
use crate::progress::Bar;

/// What a view shows.
#[cfg_attr(not(feature = "live"), expect(dead_code, reason = "only a view looks at it"))]
pub(crate) struct Subject<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) seeds: &'a [u64],
    /// What is said where the view is closed by the wish to stop.
    pub(crate) stopping: &'static str,
}

/// Refuses `--live` where there is nothing to draw on, before anything is begun.
pub(crate) fn check(how: &How) -> anyhow::Result<()> {
    use std::io::{IsTerminal, stderr, stdin};

    if !how.live {
        return Ok(());
    }
    if !cfg!(feature = "live") {
        let reason = "--live: this program was built without the feature \"live\" (cargo build --release --features live)";
        return Err(Usage(reason.into()).into());
    }
    for (stream, is_terminal) in [("input", stdin().is_terminal()), ("error", stderr().is_terminal())] {
        if !is_terminal {
            let reason = format!("--live: expected a terminal as standard {stream}, found none");
            return Err(Usage(reason).into());
        }
    }
    Ok(())
}

/// Does the work, which tells its progress to the bar; with `--live` to a view as well, until somebody leaves it.
pub(crate) fn watch<T>(
    how: &How,
    bar: &Bar,
    subject: &Subject<'_>,
    work: impl FnOnce(&dyn Progress) -> T,
) -> T {
    #[cfg(feature = "live")]
    if how.live {
        return view::watch(bar, subject, work);
    }
    let _ = (how, subject);
    work(bar)
}
