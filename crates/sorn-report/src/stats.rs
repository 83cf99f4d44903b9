//! Statistics, one idea per file.
//!
//! Functions that cannot answer for some data return an error that names the argument; none returns NaN.

mod error;
mod mann_whitney;
mod moving;
mod quantile;

pub use error::StatsError;
pub use mann_whitney::{MannWhitney, mann_whitney};
pub use moving::{first_reached, moving_mean};
pub use quantile::{Quartiles, median, quantile, quartiles};
