//! Supervised readouts: what the activity of a reservoir says about something known.
//!
//! [`Ridge`] and [`RecursiveLeastSquares`] take one example after another, [`LeastSquares`] is the pseudo-inverse,
//! [`Logistic`] is multinomial logistic regression. All give a [`Readout`], a linear map from features to one score per
//! target. [`Rows`] holds many feature vectors, of which only the entries that are not 0 take space and time.
//!
//! Results are the same on every platform and do not depend on the number of threads.

pub mod cholesky;
mod error;
mod least_squares;
mod logistic;
mod readout;
mod recursive_least_squares;
mod ridge;
mod rows;
mod vector;

pub use error::ReadoutError;
pub use least_squares::LeastSquares;
pub use logistic::{Fitted, Logistic};
pub use readout::Readout;
pub use recursive_least_squares::RecursiveLeastSquares;
pub use ridge::Ridge;
pub use rows::Rows;
