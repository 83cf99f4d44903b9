//! The statistics of `sorn-report`, for the Python module `sorn_rs.statistics`, which checks types and documents them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView2};
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sorn_report::SpikeTrains;
use sorn_report::stats::{self, Alternative, MinChoice, PowerLaw, StatsError, Surrogate, Threshold};

use crate::argument::Argument;
use crate::error::value_error;
use crate::legacy::room_for;

/// Steps at which a neuron spikes.
pub(crate) type Train<'py> = PyReadonlyArray1<'py, u64>;
/// Who spikes when, (steps, neurons).
pub(crate) type Spikes<'py> = PyReadonlyArray2<'py, bool>;
pub(crate) type Series<'py> = PyReadonlyArray1<'py, f64>;
/// Exponent, its standard error, log-likelihood, distance, events, min, max.
type Fit = (f64, f64, f64, f64, usize, u64, Option<u64>);

pub(crate) fn answer<T>(result: Result<T, StatsError>) -> PyResult<T> {
    result.map_err(value_error)
}

/// Time between two looks for Ctrl-C.
const CHECK_EVERY: Duration = Duration::from_millis(50);

/// The answer of a statistic that may take long: other threads of Python's go on meanwhile, and Ctrl-C ends it.
pub(crate) fn computed<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, StatsError> + Send,
) -> PyResult<T> {
    let raised = Arc::new(Mutex::new(None));
    let (seen, mut last) = (raised.clone(), Instant::now());
    let stop = move || {
        if last.elapsed() < CHECK_EVERY {
            return false;
        }
        last = Instant::now();
        let checked = Python::attach(|py| py.check_signals());
        let stopped = checked.is_err();
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = checked.err();
        stopped
    };
    let found = py.detach(|| stats::interruptible(stop, work));
    match raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => answer(found),
    }
}

/// Copies of a train; that it ascends and ends in time is checked.
fn one(train: &Train<'_>, steps: u64) -> PyResult<Vec<u64>> {
    let train = train.as_array().to_vec();
    let trains =
        SpikeTrains::new(vec![train], steps).map_err(|error| value_error(format!("train: {error}")))?;
    Ok(trains.train(0).to_vec())
}

fn ascending(train: &Train<'_>) -> PyResult<Vec<u64>> {
    one(train, u64::MAX)
}

fn trains(spikes: &Spikes<'_>) -> SpikeTrains {
    SpikeTrains::from_dense(spikes.as_array())
}

fn series(values: &Series<'_>) -> Vec<f64> {
    values.as_array().to_vec()
}

fn fit(law: PowerLaw) -> Fit {
    (law.exponent, law.standard_error, law.log_likelihood, law.distance, law.events, law.min, law.max)
}

/// Entries of pairs, NaN where there is none; the diagonal is `diagonal`.
fn square(
    py: Python<'_>,
    neurons: usize,
    diagonal: f64,
    get: impl Fn(usize, usize) -> Option<f64>,
) -> Bound<'_, PyArray2<f64>> {
    let entry = |(i, j)| if i == j { diagonal } else { get(i, j).unwrap_or(f64::NAN) };
    Array2::from_shape_fn((neurons, neurons), entry).into_pyarray(py)
}

/// Statistics of pairs hold a few matrices of neurons by neurons at once.
fn pairs_of(name: &str, neurons: usize) -> PyResult<()> {
    room_for(name, &[4, neurons, neurons])
}

fn surrogate(kind: Argument<String>) -> PyResult<Surrogate> {
    match kind.get("kind", "a str")?.as_str() {
        "circular_shift" => Ok(Surrogate::CircularShift),
        "shuffled_intervals" => Ok(Surrogate::ShuffledIntervals),
        "random_times" => Ok(Surrogate::RandomTimes),
        kind => Err(PyValueError::new_err(format!(
            "kind: expected \"circular_shift\", \"shuffled_intervals\" or \"random_times\", found {kind:?}"
        ))),
    }
}

fn power_law(
    py: Python<'_>,
    values: &[u64],
    min: Option<u64>,
    max: Option<u64>,
    least: usize,
) -> PyResult<PowerLaw> {
    computed(py, || match min {
        Some(min) => stats::fit_power_law(values, min, max),
        None => stats::choose_min(values, max, least),
    })
}

fn nonzero(weights: ArrayView2<'_, f64>) -> Vec<(usize, usize)> {
    weights.indexed_iter().filter(|(_, weight)| **weight != 0.0).map(|(pair, _)| pair).collect()
}

/// One function for each of the Python module's.
#[pymodule(submodule, name = "statistics")]
pub(crate) mod functions {
    use super::*;
    use crate::network::Network;

    #[pyfunction]
    fn rate(train: Train<'_>, steps: u64) -> PyResult<f64> {
        answer(stats::rate(&one(&train, steps)?, steps))
    }

    #[pyfunction]
    fn counts(train: Train<'_>, steps: u64, window: u64) -> PyResult<Vec<u64>> {
        answer(stats::counts(&one(&train, steps)?, steps, window))
    }

    #[pyfunction]
    fn fano_factor(train: Train<'_>, steps: u64, window: u64) -> PyResult<f64> {
        answer(stats::fano_factor(&one(&train, steps)?, steps, window))
    }

    #[pyfunction]
    fn instantaneous_rate(py: Python<'_>, train: Train<'_>, steps: u64, sigma: f64) -> PyResult<Vec<f64>> {
        let train = one(&train, steps)?;
        computed(py, || stats::instantaneous_rate(&train, steps, sigma))
    }

    #[pyfunction]
    fn intervals(train: Train<'_>) -> PyResult<Vec<u64>> {
        Ok(stats::intervals(&ascending(&train)?))
    }

    #[pyfunction]
    fn cv(train: Train<'_>) -> PyResult<f64> {
        answer(stats::cv(&ascending(&train)?))
    }

    #[pyfunction]
    fn cv2(train: Train<'_>) -> PyResult<f64> {
        answer(stats::cv2(&ascending(&train)?))
    }

    #[pyfunction]
    fn lv(train: Train<'_>) -> PyResult<f64> {
        answer(stats::lv(&ascending(&train)?))
    }

    #[pyfunction]
    fn time_histogram(spikes: Spikes<'_>, window: u64) -> PyResult<Vec<u64>> {
        answer(stats::time_histogram(&trains(&spikes), window))
    }

    #[pyfunction]
    fn hamming_distance(a: Spikes<'_>, b: Spikes<'_>) -> PyResult<Vec<u64>> {
        answer(stats::hamming_distance(&trains(&a), &trains(&b)))
    }

    #[pyfunction]
    fn spike_source_entropy(spikes: Spikes<'_>) -> PyResult<f64> {
        answer(stats::spike_source_entropy(&trains(&spikes)))
    }

    #[pyfunction]
    fn correlations<'py>(
        py: Python<'py>,
        spikes: Spikes<'py>,
        window: u64,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let trains = trains(&spikes);
        pairs_of("spikes", trains.neurons())?;
        let found = computed(py, || stats::correlations(&trains, window))?;
        Ok(square(py, found.neurons(), 1.0, |i, j| found.get(i, j)))
    }

    /// p of every pair and of the mean, and pairs below a false discovery rate.
    #[pyfunction]
    #[expect(clippy::type_complexity, reason = "three answers of one test")]
    fn correlation_significance<'py>(
        py: Python<'py>,
        spikes: Spikes<'py>,
        window: u64,
        kind: Argument<String>,
        count: usize,
        seed: u64,
        false_discovery_rate: f64,
    ) -> PyResult<(Bound<'py, PyArray2<f64>>, Option<f64>, Vec<(usize, usize)>)> {
        let (trains, kind) = (trains(&spikes), surrogate(kind)?);
        pairs_of("spikes", trains.neurons())?;
        let found = computed(py, || stats::correlation_significance(&trains, window, kind, count, seed))?;
        let pairs = answer(found.significant(false_discovery_rate))?;
        Ok((square(py, trains.neurons(), f64::NAN, |i, j| found.get(i, j)), found.mean, pairs))
    }

    #[pyfunction]
    fn surrogates<'py>(
        py: Python<'py>,
        spikes: Spikes<'py>,
        kind: Argument<String>,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArray2<bool>>> {
        Ok(stats::surrogates(&trains(&spikes), surrogate(kind)?, seed).to_dense().into_pyarray(py))
    }

    /// Start, duration and size of each, and the threshold.
    #[pyfunction]
    #[expect(clippy::type_complexity, reason = "four answers of one function")]
    fn avalanches(
        activity: Train<'_>,
        threshold: Argument<String>,
    ) -> PyResult<(Vec<u64>, Vec<u64>, Vec<u64>, f64)> {
        let activity = activity.as_array().to_vec();
        let threshold: Threshold = threshold
            .get("threshold", "a str")?
            .parse()
            .map_err(|why| PyValueError::new_err(format!("threshold: {why}")))?;
        let level = answer(threshold.of(&activity))?;
        let found = stats::avalanches(&activity, level);
        Ok((
            found.iter().map(|a| a.start).collect(),
            found.iter().map(|a| a.duration).collect(),
            found.iter().map(|a| a.size).collect(),
            level,
        ))
    }

    #[pyfunction]
    fn fit_power_law(
        py: Python<'_>,
        values: Train<'_>,
        min: Option<u64>,
        max: Option<u64>,
        least: usize,
    ) -> PyResult<Fit> {
        power_law(py, &values.as_array().to_vec(), min, max, least).map(fit)
    }

    /// Likelihood ratio and p.
    #[pyfunction]
    fn compare_power_law(
        values: Train<'_>,
        min: u64,
        max: Option<u64>,
        alternative: Argument<String>,
    ) -> PyResult<(f64, f64)> {
        let alternative = match alternative.get("alternative", "a str")?.as_str() {
            "exponential" => Alternative::Exponential,
            "log_normal" => Alternative::LogNormal,
            "stretched_exponential" => Alternative::StretchedExponential,
            "truncated_power_law" => Alternative::TruncatedPowerLaw,
            other => {
                let allowed = "one of \"exponential\", \"log_normal\", \"stretched_exponential\", \"truncated_power_law\"";
                return Err(PyValueError::new_err(format!(
                    "alternative: expected {allowed}, found {other:?}"
                )));
            }
        };
        let values = values.as_array().to_vec();
        let law = answer(stats::fit_power_law(&values, min, max))?;
        let found = answer(stats::compare_power_law(&values, &law, alternative))?;
        Ok((found.ratio, found.p))
    }

    #[pyfunction]
    fn goodness_of_fit(
        py: Python<'_>,
        values: Train<'_>,
        min: Option<u64>,
        max: Option<u64>,
        least: usize,
        replicas: usize,
        seed: u64,
    ) -> PyResult<f64> {
        let values = values.as_array().to_vec();
        let law = power_law(py, &values, min, max, least)?;
        let choice = if min.is_some() { MinChoice::Fixed } else { MinChoice::Found { least } };
        computed(py, || stats::goodness_of_fit(&values, &law, choice, replicas, seed))
    }

    /// Ratio, amplitude, autocorrelation time, slopes.
    #[pyfunction]
    fn branching_ratio(
        py: Python<'_>,
        activity: Series<'_>,
        lags: usize,
    ) -> PyResult<(f64, f64, f64, Vec<f64>)> {
        let activity = series(&activity);
        let found = computed(py, || stats::branching_ratio(&activity, lags))?;
        let time = found.autocorrelation_time();
        Ok((found.ratio, found.amplitude, time, found.slopes))
    }

    #[pyfunction]
    fn smoothness(values: Series<'_>) -> PyResult<f64> {
        answer(stats::smoothness(&series(&values)))
    }

    #[pyfunction]
    fn relative_smoothness(values: Series<'_>) -> PyResult<f64> {
        answer(stats::relative_smoothness(&series(&values)))
    }

    #[pyfunction]
    fn autocorrelation(values: Series<'_>, lag: usize) -> PyResult<f64> {
        answer(stats::autocorrelation(&series(&values), lag))
    }

    /// mu, sigma, log-likelihood.
    #[pyfunction]
    fn fit_log_normal(weights: Series<'_>) -> PyResult<(f64, f64, f64)> {
        let found = answer(stats::fit_log_normal(&series(&weights)))?;
        Ok((found.mu, found.sigma, found.log_likelihood))
    }

    /// Incoming, outgoing, connection fraction.
    #[pyfunction]
    fn degrees(
        weights: PyReadonlyArray2<'_, f64>,
        recurrent: bool,
    ) -> PyResult<(Vec<usize>, Vec<usize>, f64)> {
        let weights = weights.as_array();
        let found = answer(stats::degrees(nonzero(weights), weights.nrows(), weights.ncols()))?;
        let fraction = found.connection_fraction(recurrent);
        Ok((found.incoming, found.outgoing, fraction))
    }

    /// Correlation by lag and capacity.
    #[pyfunction]
    fn memory_capacity(
        py: Python<'_>,
        spikes: Spikes<'_>,
        input: Series<'_>,
        lags: usize,
        training: usize,
        ridge: f64,
    ) -> PyResult<(Vec<f64>, f64)> {
        let (trains, input) = (trains(&spikes), series(&input));
        pairs_of("spikes", trains.neurons())?;
        let found = computed(py, || stats::memory_capacity(&trains, &input, lags, training, ridge))?;
        let total = found.total();
        Ok((found.by_lag, total))
    }

    #[pyfunction]
    fn kernel_rank(py: Python<'_>, network: &Network, streams: PyReadonlyArray3<'_, f64>) -> PyResult<usize> {
        let (network, streams) = (&network.inner, streams.as_array());
        computed(py, || stats::kernel_rank(network, streams))
    }

    #[pyfunction]
    fn generalisation_rank(
        py: Python<'_>,
        network: &Network,
        streams: PyReadonlyArray3<'_, f64>,
        shared: usize,
    ) -> PyResult<usize> {
        let (network, streams) = (&network.inner, streams.as_array());
        computed(py, || stats::generalisation_rank(network, streams, shared))
    }

    #[pyfunction]
    fn perturbation_growth(
        py: Python<'_>,
        network: &Network,
        neuron: usize,
        inputs: PyReadonlyArray2<'_, f64>,
    ) -> PyResult<Vec<u64>> {
        let (network, inputs) = (&network.inner, inputs.as_array());
        computed(py, || stats::perturbation_growth(network, neuron, inputs))
    }

    #[pyfunction]
    fn lyapunov_exponent(growth: Vec<Vec<u64>>, steps: usize) -> PyResult<f64> {
        answer(stats::lyapunov_exponent(&growth, steps))
    }

    /// U, p, whether exact.
    #[pyfunction]
    fn mann_whitney(a: Series<'_>, b: Series<'_>) -> PyResult<(f64, f64, bool)> {
        let found = answer(stats::mann_whitney(&series(&a), &series(&b)))?;
        Ok((found.u, found.p, found.exact))
    }
}
