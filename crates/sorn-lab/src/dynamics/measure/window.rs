//! [`Window`]: between which values a law is fitted.

use serde::{Deserialize, Serialize};
use sorn_report::stats::{PowerLaw, StatsError, choose_min_counts, fit_power_law_counts};

/// Bounds tried in a search.
const CANDIDATES: usize = 40;
/// No bound is chosen that leaves less than this share of the values.
const LEAST_SHARE: usize = 10;
/// Nor one that leaves fewer values.
const LEAST: usize = 50;

/// Between which values a power law is fitted: `[min, max]`, both included, or `"search"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected [min, max] or \"search\"")]
pub enum Window {
    /// From the first to the second, both included.
    Between([u64; 2]),
    /// Searched.
    Searched(Search),
}

/// How a window is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// The lower bound with the smallest Kolmogorov-Smirnov distance, among 40 that leave a tenth of the values and 50 of them; no
    /// upper bound.
    Search,
}

impl Window {
    pub(super) fn check(self, key: &'static str) -> Result<(), super::Wrong> {
        match self {
            Window::Between([min, max]) if min == 0 || max <= min => {
                Err((key, "[min, max] with 1 <= min < max, or \"search\"".into(), format!("[{min}, {max}]")))
            }
            _ => Ok(()),
        }
    }

    /// The fit of counted values.
    pub(super) fn fit(self, counts: &[(u64, usize)]) -> Result<PowerLaw, StatsError> {
        match self {
            Window::Between([min, max]) => fit_power_law_counts(counts, min, Some(max)),
            Window::Searched(Search::Search) => {
                let events: usize = counts.iter().map(|c| c.1).sum();
                choose_min_counts(counts, None, events.div_ceil(LEAST_SHARE).max(LEAST), CANDIDATES)
            }
        }
    }
}
