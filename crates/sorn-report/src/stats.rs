//! Statistics, one idea per file.
//!
//! Functions that cannot answer for some data return an error that names the argument; none returns NaN. Where chance
//! plays a part, a seed decides.

mod alternative;
mod avalanche;
mod bootstrap;
mod branching;
mod capacity;
mod correlation;
mod counts;
mod entropy;
mod error;
mod goodness;
mod hamming;
mod instantaneous;
mod interrupt;
mod intervals;
mod lifetimes;
mod mann_whitney;
mod mean;
mod moving;
mod normal;
mod perturbation;
mod power_law;
mod products;
mod quantile;
mod rank;
mod sample;
mod series;
mod significance;
mod simplex;
mod surrogate;
mod weights;
mod zeta;

pub use alternative::{Alternative, LikelihoodRatio, compare_power_law};
pub use avalanche::{Avalanche, Threshold, avalanches};
pub use bootstrap::{Bootstrap, Interval, interquartile_mean, interquartile_mean_interval, mean_interval};
pub use branching::{Branching, branching_ratio};
pub use capacity::{MemoryCapacity, memory_capacity};
pub use correlation::{Correlations, correlations};
pub use counts::{counts, fano_factor, rate, time_histogram};
pub use entropy::spike_source_entropy;
pub use error::StatsError;
pub use goodness::{MinChoice, goodness_of_fit};
pub use hamming::hamming_distance;
pub use instantaneous::instantaneous_rate;
pub use interrupt::interruptible;
pub use intervals::{cv, cv2, intervals, lv};
pub use lifetimes::{Lifetimes, SynapseTracker};
pub use mann_whitney::{MannWhitney, mann_whitney};
pub(crate) use mean::{deviation_of, mean_of, scaled};
pub use mean::{mean, standard_deviation};
pub use moving::{first_reached, moving_mean};
pub use perturbation::{lyapunov_exponent, perturbation_growth};
pub use power_law::{PowerLaw, choose_min, fit_power_law};
pub use quantile::{Quartiles, median, quantile, quartiles};
pub use rank::{generalisation_rank, kernel_rank};
pub use series::{autocorrelation, relative_smoothness, smoothness};
pub use significance::{Significance, correlation_significance};
pub use surrogate::{Surrogate, surrogates};
pub use weights::{Degrees, LogNormal, degrees, fit_log_normal};
