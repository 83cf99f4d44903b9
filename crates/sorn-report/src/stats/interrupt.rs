//! A way to stop a statistic that takes long.

use std::cell::RefCell;

use super::StatsError;

type Stop = Box<dyn FnMut() -> bool>;

thread_local! {
    static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

/// Runs `work`, whose statistics end with [`StatsError::Interrupted`] soon after `stop` says so. `stop` is asked often, on this
/// thread, so it must be quick.
///
/// ```
/// use sorn_report::stats::{MinChoice, StatsError, fit_power_law, goodness_of_fit, interruptible};
///
/// # fn main() -> Result<(), StatsError> {
/// let values: Vec<u64> = (1..200).map(|i| 1 + 200 / i).collect();
/// let fit = fit_power_law(&values, 1, None)?;
/// let mut rounds = 0;
/// let stop = move || { rounds += 1; rounds > 10 };
/// let found = interruptible(stop, || goodness_of_fit(&values, &fit, MinChoice::Fixed, 1_000_000_000, 0));
/// assert_eq!(found, Err(StatsError::Interrupted));
/// # Ok(())
/// # }
/// ```
pub fn interruptible<T>(stop: impl FnMut() -> bool + 'static, work: impl FnOnce() -> T) -> T {
    /// Puts back what was there before, however the work ends.
    struct Before(Option<Stop>);
    impl Drop for Before {
        fn drop(&mut self) {
            STOP.set(self.0.take());
        }
    }
    let _before = Before(STOP.replace(Some(Box::new(stop))));
    work()
}

/// An error once the statistic is to stop; asked in every long loop.
pub(super) fn heed() -> Result<(), StatsError> {
    // It may compute a statistic itself, so it is not held while it is asked.
    let Some(mut stop) = STOP.take() else { return Ok(()) };
    let stopped = stop();
    STOP.set(Some(stop));
    if stopped { Err(StatsError::Interrupted) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use sorn_core::{Network, Params};

    use super::*;
    use crate::SpikeTrains;
    use crate::stats::{self, MinChoice, Surrogate};

    #[test]
    fn every_long_statistic_stops() {
        let trains = SpikeTrains::new(vec![(0..50).map(|i| 2 * i).collect(); 4], 100).unwrap();
        let values: Vec<u64> = (1..200).map(|i| 1 + 200 / i).collect();
        let law = stats::fit_power_law(&values, 1, None).unwrap();
        let network = Network::new(&Params { ne: 50, nu: 1, ..Params::default() }, 0).unwrap();
        let series: Vec<f64> = (0..100).map(|i| f64::from(i * i % 17)).collect();
        let inputs = Array2::zeros((5, 1));
        let statistics: [(&str, &dyn Fn() -> Option<StatsError>); 9] = [
            ("goodness", &|| stats::goodness_of_fit(&values, &law, MinChoice::Fixed, 9, 0).err()),
            ("choose_min", &|| stats::choose_min(&values, None, 2).err()),
            ("correlations", &|| stats::correlations(&trains, 1).err()),
            ("by presence", &|| stats::correlations(&trains, 3).err()),
            ("significance", &|| {
                stats::correlation_significance(&trains, 1, Surrogate::RandomTimes, 9, 0).err()
            }),
            ("kernel_rank", &|| stats::kernel_rank(&network, Array3::zeros((3, 4, 1)).view()).err()),
            ("perturbation", &|| stats::perturbation_growth(&network, 0, inputs.view()).err()),
            ("memory", &|| stats::memory_capacity(&trains, &series, 3, 50, 1.0).err()),
            ("branching", &|| stats::branching_ratio(&series, 5).err()),
        ];
        for (name, statistic) in statistics {
            assert_ne!(statistic(), Some(StatsError::Interrupted), "{name}");
            assert_eq!(interruptible(|| true, statistic), Some(StatsError::Interrupted), "{name}");
            assert_ne!(interruptible(|| false, statistic), Some(StatsError::Interrupted), "{name}");
        }
        assert_eq!(heed(), Ok(()));
    }

    #[test]
    fn what_is_asked_may_compute_a_statistic() {
        let inner = || stats::correlations(&SpikeTrains::new(vec![vec![1], vec![2]], 9).unwrap(), 1).is_err();
        let nested = move || interruptible(|| true, inner) && !inner();
        assert_eq!(interruptible(nested, heed), Err(StatsError::Interrupted));
    }
}
