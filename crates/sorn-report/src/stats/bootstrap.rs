//! The interquartile mean of runs, with a stratified bootstrap interval.

use sorn_core::rng::{below, stream};

use super::StatsError;
use super::error::{at_least, finite};
use super::mean::mean_of;

/// A statistic of runs, and between what it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The statistic of the runs themselves.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// How a bootstrap is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Resamples, 1 or more.
    pub resamples: usize,
    /// The share of the resamples' statistics that the interval holds, in `(0, 1)`.
    pub level: f64,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap { resamples: 2000, level: 0.95, seed: 0 }
    }
}

/// The mean of the middle half of the values: a quarter of them, rounded down, is left out at either end.
///
/// Agarwal, Schwarzer, Castro, Courville & Bellemare 2021, *Deep reinforcement learning at the edge of the statistical precipice*
/// (arXiv 2108.13264): as robust as a median, and it uses half of the runs. Equal to `scipy.stats.trim_mean(values, 0.25)`.
///
/// # Errors
/// [`StatsError`] if there is no value or one is not finite.
pub fn interquartile_mean(values: &[f64]) -> Result<f64, StatsError> {
    check("values", values)?;
    Ok(middle(&mut values.to_vec()))
}

/// The interquartile mean of all runs of all tasks, with a percentile interval of the stratified bootstrap of Agarwal et al. 2021:
/// each resample draws as many runs as a task has, with replacement, from that task alone. One task is one stratum.
///
/// The same data and seed give the same interval.
///
/// # Errors
/// [`StatsError`] if a task has no run, a value is not finite, or a parameter lies outside its range.
pub fn interquartile_mean_interval(tasks: &[&[f64]], how: &Bootstrap) -> Result<Interval, StatsError> {
    interval(tasks, how, middle)
}

/// The mean of all runs of all tasks, with an interval as that of [`interquartile_mean_interval`].
///
/// # Errors
/// As [`interquartile_mean_interval`].
pub fn mean_interval(tasks: &[&[f64]], how: &Bootstrap) -> Result<Interval, StatsError> {
    interval(tasks, how, |values| mean_of(values))
}

fn interval(
    tasks: &[&[f64]],
    how: &Bootstrap,
    statistic: impl Fn(&mut [f64]) -> f64,
) -> Result<Interval, StatsError> {
    let Bootstrap { resamples, level, seed } = *how;
    at_least("tasks", tasks.len(), 1)?;
    tasks.iter().try_for_each(|runs| check("runs", runs))?;
    at_least("resamples", resamples, 1)?;
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange {
            argument: "level",
            value: level,
            allowed: "a number between 0 and 1",
        });
    }
    let mut drawn: Vec<f64> = tasks.concat();
    let value = statistic(&mut drawn);
    let rng = &mut stream(seed, "bootstrap");
    let mut statistics: Vec<f64> = (0..resamples)
        .map(|_| {
            drawn.clear();
            for runs in tasks {
                drawn.extend((0..runs.len()).map(|_| runs[below(rng, runs.len() as u64) as usize]));
            }
            statistic(&mut drawn)
        })
        .collect();
    statistics.sort_unstable_by(f64::total_cmp);
    let outside = (1.0 - level) / 2.0;
    Ok(Interval {
        value,
        low: super::quantile(&statistics, outside)?,
        high: super::quantile(&statistics, 1.0 - outside)?,
    })
}

/// The interquartile mean of values that may be put in order.
fn middle(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let cut = values.len() / 4;
    mean_of(&values[cut..values.len() - cut])
}

fn check(argument: &'static str, values: &[f64]) -> Result<(), StatsError> {
    at_least(argument, values.len(), 1)?;
    finite(argument, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_core::rng::uniform;

    #[test]
    fn a_quarter_is_left_out_at_either_end() {
        // scipy.stats.trim_mean(values, 0.25)
        assert_eq!(interquartile_mean(&[3.0]).unwrap(), 3.0);
        assert_eq!(interquartile_mean(&[1.0, 2.0, 9.0]).unwrap(), 4.0);
        assert_eq!(interquartile_mean(&[100.0, 1.0, 3.0, -50.0]).unwrap(), 2.0);
        assert_eq!(interquartile_mean(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0, 90.0, -90.0]).unwrap(), 2.5);
    }

    #[test]
    fn the_interval_is_repeatable_and_holds_the_value() {
        let runs: Vec<f64> = (0..20).map(|i| f64::from(i * i % 17)).collect();
        let how = Bootstrap::default();
        let found = interquartile_mean_interval(&[&runs], &how).unwrap();
        assert_eq!(found, interquartile_mean_interval(&[&runs], &how).unwrap());
        assert!(found.low < found.value && found.value < found.high, "{found:?}");
        assert_ne!(found, interquartile_mean_interval(&[&runs], &Bootstrap { seed: 1, ..how }).unwrap());
        let equal = interquartile_mean_interval(&[&[4.0; 5]], &how).unwrap();
        assert_eq!(equal, Interval { value: 4.0, low: 4.0, high: 4.0 });
        let one = mean_interval(&[&[4.0]], &how).unwrap();
        assert_eq!((one.low, one.high), (4.0, 4.0));
    }

    /// Tasks whose runs agree leave nothing to chance, however far apart the tasks are.
    #[test]
    fn runs_are_drawn_within_their_task() {
        let found = mean_interval(&[&[0.0; 4], &[100.0; 4]], &Bootstrap::default()).unwrap();
        assert_eq!(found, Interval { value: 50.0, low: 50.0, high: 50.0 });
        let mixed =
            mean_interval(&[&[0.0, 0.0, 0.0, 0.0, 100.0, 100.0, 100.0, 100.0]], &Bootstrap::default());
        assert!(mixed.unwrap().high > 60.0);
    }

    /// Of samples of a uniform distribution about 95 in 100 intervals hold its mean.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let rng = &mut stream(5, "test");
        let how = Bootstrap { resamples: 400, ..Bootstrap::default() };
        let held = (0..300)
            .filter(|_| {
                let runs: Vec<f64> = (0..30).map(|_| uniform(rng)).collect();
                let found = mean_interval(&[&runs], &how).unwrap();
                found.low <= 0.5 && 0.5 <= found.high
            })
            .count();
        assert!((265..=296).contains(&held), "{held} of 300");
    }

    #[test]
    fn bad_arguments_are_named() {
        let how = Bootstrap::default();
        assert!(matches!(interquartile_mean(&[]), Err(StatsError::TooFew { argument: "values", .. })));
        assert!(matches!(interquartile_mean(&[f64::NAN]), Err(StatsError::NotAllowed { index: 0, .. })));
        assert!(matches!(mean_interval(&[], &how), Err(StatsError::TooFew { argument: "tasks", .. })));
        assert!(matches!(mean_interval(&[&[]], &how), Err(StatsError::TooFew { argument: "runs", .. })));
        let none = Bootstrap { resamples: 0, ..how };
        assert!(matches!(
            mean_interval(&[&[1.0]], &none),
            Err(StatsError::TooFew { argument: "resamples", .. })
        ));
        for level in [0.0, 1.0, f64::NAN] {
            let wrong = Bootstrap { level, ..how };
            assert!(matches!(
                mean_interval(&[&[1.0]], &wrong),
                Err(StatsError::OutOfRange { argument: "level", .. })
            ));
        }
    }
}
