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
mod crackling;
mod detrended;
mod entropy;
mod error;
mod goodness;
mod hamming;
mod instantaneous;
mod interrupt;
mod intervals;
mod lifetimes;
mod log_normal;
mod mann_whitney;
mod mean;
mod moving;
mod normal;
mod patterns;
mod perturbation;
mod power_law;
mod products;
mod quantile;
mod rank;
mod sample;
mod series;
mod shape;
mod significance;
mod simplex;
mod surrogate;
mod tails;
mod weight_changes;
mod weights;
mod zeta;

pub use alternative::{Alternative, LikelihoodRatio, compare_power_law, compare_power_law_counts};
pub use avalanche::{Avalanche, Threshold, avalanches};
pub use bootstrap::{Bootstrap, Interval, interquartile_mean, interquartile_mean_interval, mean_interval};
pub use branching::{Branching, branching_ratio};
pub use capacity::{MemoryCapacity, memory_capacity};
pub use correlation::{Correlations, correlations};
pub use counts::{counts, fano_factor, rate, time_histogram};
pub use crackling::{Crackling, crackling, mean_sizes};
pub use detrended::{DetrendedFluctuations, detrended_fluctuations};
pub use entropy::spike_source_entropy;
pub use error::StatsError;
pub use goodness::{MinChoice, goodness_of_fit};
pub use hamming::hamming_distance;
pub use instantaneous::instantaneous_rate;
pub use interrupt::interruptible;
pub use intervals::{cv, cv2, intervals, lv};
pub use lifetimes::{Lifetimes, SynapseTracker};
pub use log_normal::{WeightLaw, compare_log_normal, log_normal_distance, log_normal_goodness};
pub use mann_whitney::{MannWhitney, mann_whitney};
pub(crate) use mean::{deviation_of, mean_of, scaled};
pub use mean::{mean, standard_deviation};
pub use moving::{first_reached, moving_mean};
pub use patterns::{Patterns, pattern_divergence};
pub use perturbation::{lyapunov_exponent, perturbation_growth};
pub use power_law::{PowerLaw, choose_min, choose_min_counts, fit_power_law, fit_power_law_counts};
pub use quantile::{Quartiles, median, quantile, quartiles};
pub use rank::{generalisation_rank, kernel_rank};
pub use series::{autocorrelation, relative_smoothness, smoothness};
pub use shape::{ShapeCollapse, mean_shapes, shape_collapse};
pub use significance::{Significance, correlation_significance};
pub use surrogate::{Surrogate, surrogates};
pub use tails::{
    StretchedExponential, TruncatedPowerLaw, fit_stretched_exponential, fit_truncated_power_law,
};
pub use weight_changes::WeightChanges;
pub use weights::{Degrees, LogNormal, degrees, fit_log_normal};
