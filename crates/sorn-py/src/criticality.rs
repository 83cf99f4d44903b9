//! Statistics of spontaneous dynamics, for the Python module `sorn_rs.statistics`: tails that bend, the crackling relation, shapes,
//! long correlations, weights and synapses.

use pyo3::prelude::*;
use sorn_report::stats;

use crate::network::Network;

/// Follows the excitatory synapses of a network from look to look.
#[pyclass(module = "sorn_rs._native")]
pub(crate) struct SynapseTracker {
    inner: stats::SynapseTracker,
}

#[pymethods]
impl SynapseTracker {
    #[new]
    fn new(network: &Network) -> Self {
        Self { inner: stats::SynapseTracker::new(network.inner.steps(), &network.inner.wee()) }
    }

    fn update(&mut self, network: &Network) -> PyResult<()> {
        crate::statistics::answer(self.inner.update(network.inner.steps(), &network.inner.wee()))
    }

    /// Lifetimes that ended, ages of those alive, synapses at the beginning and how many of those are there.
    fn lifetimes(&self) -> (Vec<u64>, Vec<u64>, usize, usize) {
        let found = self.inner.lifetimes();
        (found.ended, found.alive, found.initial, found.initial_alive)
    }
}

#[pymodule(submodule, name = "criticality")]
pub(crate) mod criticality_functions {
    use numpy::PyReadonlyArray2;
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;
    use sorn_lab::sorn_core::Synapses;
    use sorn_report::stats::{self, Patterns, WeightLaw};

    use crate::argument::Argument;
    use crate::statistics::{Series, Spikes, Train, answer, computed};

    #[pymodule_export]
    use super::SynapseTracker;

    /// Exponent or rate, rate or shape, log-likelihood, events.
    type Tail = (f64, f64, f64, usize);

    #[pyfunction]
    fn fit_truncated_power_law(
        py: Python<'_>,
        values: Train<'_>,
        min: u64,
        max: Option<u64>,
    ) -> PyResult<Tail> {
        let values = values.as_array().to_vec();
        let found = computed(py, || stats::fit_truncated_power_law(&values, min, max))?;
        Ok((found.exponent, found.rate, found.log_likelihood, found.events))
    }

    #[pyfunction]
    fn fit_stretched_exponential(
        py: Python<'_>,
        values: Train<'_>,
        min: u64,
        max: Option<u64>,
    ) -> PyResult<Tail> {
        let values = values.as_array().to_vec();
        let found = computed(py, || stats::fit_stretched_exponential(&values, min, max))?;
        Ok((found.rate, found.shape, found.log_likelihood, found.events))
    }

    /// Durations, how many there are of each, their mean size.
    #[pyfunction]
    fn mean_sizes(durations: Train<'_>, sizes: Train<'_>) -> PyResult<Vec<(u64, usize, f64)>> {
        answer(stats::mean_sizes(&durations.as_array().to_vec(), &sizes.as_array().to_vec()))
    }

    /// Slope, prediction, deviation.
    #[pyfunction]
    fn crackling(
        durations: Train<'_>,
        sizes: Train<'_>,
        duration_exponent: f64,
        size_exponent: f64,
        min: u64,
        max: Option<u64>,
    ) -> PyResult<(f64, f64, f64)> {
        let (durations, sizes) = (durations.as_array().to_vec(), sizes.as_array().to_vec());
        let means = answer(stats::mean_sizes(&durations, &sizes))?;
        let found = answer(stats::crackling(&means, (min, max), duration_exponent, size_exponent))?;
        Ok((found.slope, found.predicted, found.deviation))
    }

    /// Exponent, error, durations, shape.
    #[pyfunction]
    fn shape_collapse(
        py: Python<'_>,
        activity: Train<'_>,
        threshold: f64,
        min: u64,
        max: u64,
        least: usize,
    ) -> PyResult<(f64, f64, Vec<u64>, Vec<f64>)> {
        let activity = activity.as_array().to_vec();
        let found = computed(py, || {
            let avalanches = stats::avalanches(&activity, threshold);
            let shapes = stats::mean_shapes(&activity, &avalanches, threshold, (min, max), least)?;
            stats::shape_collapse(&shapes)
        })?;
        Ok((found.exponent, found.error, found.durations, found.shape))
    }

    /// Exponent, fluctuations.
    #[pyfunction]
    fn detrended_fluctuations(
        py: Python<'_>,
        values: Series<'_>,
        windows: Vec<usize>,
    ) -> PyResult<(f64, Vec<f64>)> {
        let values = values.as_array().to_vec();
        let found = computed(py, || stats::detrended_fluctuations(&values, &windows))?;
        Ok((found.exponent, found.fluctuations))
    }

    #[pyfunction]
    fn log_normal_distance(weights: Series<'_>) -> PyResult<f64> {
        answer(stats::log_normal_distance(&weights.as_array().to_vec()))
    }

    #[pyfunction]
    fn log_normal_goodness(py: Python<'_>, weights: Series<'_>, replicas: usize, seed: u64) -> PyResult<f64> {
        let weights = weights.as_array().to_vec();
        computed(py, || stats::log_normal_goodness(&weights, replicas, seed))
    }

    /// Likelihood ratio and p.
    #[pyfunction]
    fn compare_log_normal(weights: Series<'_>, alternative: Argument<String>) -> PyResult<(f64, f64)> {
        let law = match alternative.get("alternative", "a str")?.as_str() {
            "normal" => WeightLaw::Normal,
            "exponential" => WeightLaw::Exponential,
            other => {
                let allowed = "\"normal\" or \"exponential\"";
                return Err(PyValueError::new_err(format!(
                    "alternative: expected {allowed}, found {other:?}"
                )));
            }
        };
        let found = answer(stats::compare_log_normal(&weights.as_array().to_vec(), law))?;
        Ok((found.ratio, found.p))
    }

    #[pyfunction]
    fn pattern_divergence(p: Spikes<'_>, q: Spikes<'_>, added: f64) -> PyResult<f64> {
        let counted = |spikes: &Spikes<'_>| -> PyResult<Patterns> {
            let spikes = spikes.as_array();
            let mut patterns = answer(Patterns::new(u32::try_from(spikes.ncols()).unwrap_or(u32::MAX)))?;
            for row in spikes.rows() {
                patterns.push(row.iter().enumerate().fold(0, |bits, (k, on)| bits | u32::from(*on) << k));
            }
            Ok(patterns)
        };
        answer(stats::pattern_divergence(&counted(&p)?, &counted(&q)?, added))
    }

    /// Weights before and after of the synapses that both matrices have.
    #[pyfunction]
    fn weight_changes(
        before: PyReadonlyArray2<'_, f64>,
        after: PyReadonlyArray2<'_, f64>,
        above: f64,
    ) -> PyResult<(Vec<f64>, Vec<f64>)> {
        let sparse = |dense: &PyReadonlyArray2<'_, f64>| {
            let dense = dense.as_array();
            let mut synapses = Synapses::new(dense.nrows());
            for column in dense.columns() {
                let present = column.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
                synapses.push_column(present.map(|(pre, weight)| (pre as u32, *weight)));
            }
            synapses
        };
        let found = answer(stats::WeightChanges::between(&sparse(&before), &sparse(&after), above))?;
        Ok((found.before, found.after))
    }

    /// Rank correlations of the weight with the size of its change, and with the relative size.
    #[pyfunction]
    fn change_correlations(before: Series<'_>, after: Series<'_>) -> PyResult<(f64, f64)> {
        let (before, after) = (before.as_array().to_vec(), after.as_array().to_vec());
        let changes = stats::WeightChanges { before, after };
        Ok((answer(changes.absolute_correlation())?, answer(changes.relative_correlation())?))
    }

    /// Times and the share that lives longer.
    #[pyfunction]
    fn survival(ended: Train<'_>, alive: Train<'_>) -> Vec<(u64, f64)> {
        let (ended, alive) = (ended.as_array().to_vec(), alive.as_array().to_vec());
        stats::Lifetimes { ended, alive, initial: 0, initial_alive: 0 }.survival()
    }
}
