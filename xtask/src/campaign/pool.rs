//! Cases in groups, several at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result};

use super::Campaign;

/// Cases that share what is expensive to make, as the result of a run that nothing disturbs.
pub(crate) struct Group<'a> {
    pub(crate) campaign: &'a Campaign,
    /// Number of the group.
    pub(crate) number: u64,
    /// An empty folder of its own.
    pub(crate) dir: PathBuf,
    size: u64,
}

impl Group<'_> {
    /// The numbers of its cases that are to be tried, while there is time.
    pub(crate) fn cases(&self) -> impl Iterator<Item = u64> + '_ {
        let all = self.number * self.size..(self.number + 1) * self.size;
        all.filter(|case| self.campaign.case.is_none_or(|one| one == *case))
            .filter(|case| self.campaign.cases.is_none_or(|most| *case < most))
            .take_while(|_| !self.campaign.time_is_up())
    }
}

/// Calls `work` with one group of `size` cases after the other, on several threads, until time or cases are at their end.
///
/// # Errors
/// The first error: the campaign itself is at fault, not what it tries.
pub(crate) fn groups(
    campaign: &Campaign,
    kind: &str,
    size: u64,
    jobs: usize,
    work: impl Fn(&Group<'_>) -> Result<()> + Sync,
) -> Result<()> {
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let failed: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let one = || {
        while !stop.load(Ordering::Relaxed) && !campaign.time_is_up() {
            let number = match campaign.case {
                Some(case) => case / size,
                None => next.fetch_add(1, Ordering::Relaxed),
            };
            if campaign.cases.is_some_and(|cases| number * size >= cases) {
                break;
            }
            let outcome = in_folder(campaign, kind, number, |dir| {
                work(&Group { campaign, number, dir: dir.to_path_buf(), size })
            });
            if let Err(error) = outcome {
                stop.store(true, Ordering::Relaxed);
                failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
            }
            if campaign.case.is_some() {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = if campaign.case.is_some() { 1 } else { jobs };
        for _ in 0..threads {
            scope.spawn(one);
        }
    });
    match failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// A folder for one group, taken away unless something in it failed.
fn in_folder(
    campaign: &Campaign,
    kind: &str,
    number: u64,
    work: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let dir = campaign.scratch.join(format!("{kind}-{number}"));
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let before = campaign.table.failed();
    work(&dir)?;
    if campaign.table.failed() == before {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    Ok(())
}
