//! Statistics, one idea per file.
//!
//! Functions that cannot answer for some data return an error that names the argument; none returns NaN.

mod alternative;
mod avalanche;
mod branching;
mod correlation;
mod counts;
mod entropy;
mod error;
mod hamming;
mod intervals;
mod mann_whitney;
mod moving;
mod normal;
mod power_law;
mod quantile;
mod series;
mod simplex;
mod weights;
mod zeta;

pub use alternative::{Alternative, LikelihoodRatio, compare_power_law};
pub use avalanche::{Avalanche, avalanches, half_mean};
pub use branching::{Branching, branching_ratio};
pub use correlation::{Correlations, correlations};
pub use counts::{counts, fano_factor, rate, time_histogram};
pub use entropy::spike_source_entropy;
pub use error::StatsError;
pub use hamming::hamming_distance;
pub use intervals::{cv, cv2, intervals, lv};
pub use mann_whitney::{MannWhitney, mann_whitney};
pub use moving::{first_reached, moving_mean};
pub use power_law::{PowerLaw, choose_min, fit_power_law};
pub use quantile::{Quartiles, median, quantile, quartiles};
pub use series::{autocorrelation, relative_smoothness, smoothness};
pub use weights::{Degrees, LogNormal, degrees, fit_log_normal};
