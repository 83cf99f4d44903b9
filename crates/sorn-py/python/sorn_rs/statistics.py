"""Statistics of recorded activity, weights and networks.

`spikes` is always an array of shape ``(steps, neurons)`` that is nonzero where a neuron fires, as `Network.run` records `x`; a
`train` the ascending steps at which one neuron fires, ``numpy.flatnonzero(spikes[:, k])``. Time counts in steps, rates in spikes per
step. Where data has no answer, a `ValueError` says why; NaN stands only in matrices, for pairs that have none.
"""

from typing import NamedTuple

import numpy as np

from . import _native
from . import _samples as check
from ._arguments import integer, real, wrong
from ._criticality import (
    Crackling,
    DetrendedFluctuations,
    Lifetimes,
    LikelihoodOfLogNormal,
    MeanSizes,
    ShapeCollapse,
    StretchedExponential,
    SynapseTracker,
    TruncatedPowerLaw,
    WeightChanges,
    compare_log_normal,
    crackling,
    detrended_fluctuations,
    fit_stretched_exponential,
    fit_truncated_power_law,
    log_normal_distance,
    log_normal_goodness,
    mean_sizes,
    pattern_divergence,
    shape_collapse,
    survival,
    weight_changes,
)

_stats = _native.statistics

__all__ = [
    "Avalanches",
    "Branching",
    "Crackling",
    "Degrees",
    "DetrendedFluctuations",
    "Lifetimes",
    "LikelihoodOfLogNormal",
    "LikelihoodRatio",
    "LogNormal",
    "MannWhitney",
    "MeanSizes",
    "MemoryCapacity",
    "PowerLaw",
    "ShapeCollapse",
    "Significance",
    "StretchedExponential",
    "SynapseTracker",
    "TruncatedPowerLaw",
    "WeightChanges",
    "autocorrelation",
    "avalanches",
    "branching_ratio",
    "compare_log_normal",
    "compare_power_law",
    "correlation_significance",
    "correlations",
    "counts",
    "crackling",
    "cv",
    "cv2",
    "degrees",
    "detrended_fluctuations",
    "fano_factor",
    "fit_log_normal",
    "fit_power_law",
    "fit_stretched_exponential",
    "fit_truncated_power_law",
    "generalisation_rank",
    "goodness_of_fit",
    "hamming_distance",
    "instantaneous_rate",
    "intervals",
    "kernel_rank",
    "log_normal_distance",
    "log_normal_goodness",
    "lv",
    "lyapunov_exponent",
    "mann_whitney",
    "mean_sizes",
    "memory_capacity",
    "pattern_divergence",
    "perturbation_growth",
    "rate",
    "relative_smoothness",
    "shape_collapse",
    "smoothness",
    "spike_source_entropy",
    "surrogates",
    "survival",
    "time_histogram",
    "weight_changes",
]


class PowerLaw(NamedTuple):
    """A fitted power law, ``p(k)`` proportional to ``k ** -exponent`` for whole `k` from `min` to `max` (None: no bound)."""

    exponent: float
    standard_error: float
    log_likelihood: float
    distance: float
    events: int
    min: int
    max: int | None


class LikelihoodRatio(NamedTuple):
    """Log-likelihood of the power law less that of the alternative; `p` of one as far from 0 if both fitted equally well."""

    ratio: float
    p: float


class Avalanches(NamedTuple):
    """Avalanches: the first step above the threshold, how many follow in a row, the sum of what lies above it, the threshold."""

    start: np.ndarray
    duration: np.ndarray
    size: np.ndarray
    threshold: float


class Branching(NamedTuple):
    """Branching ratio m of the fit ``r(k) = amplitude * ratio ** k`` to the regression slopes; time in steps."""

    ratio: float
    amplitude: float
    autocorrelation_time: float
    slopes: np.ndarray


class Significance(NamedTuple):
    """p of every pair's correlation (NaN where it has none) and of their mean; pairs that are significant together."""

    p: np.ndarray
    p_mean: float | None
    pairs: list[tuple[int, int]]


class LogNormal(NamedTuple):
    """Mean and standard deviation of the logarithm, by maximum likelihood."""

    mu: float
    sigma: float
    log_likelihood: float


class Degrees(NamedTuple):
    """Synapses that each neuron receives and sends, and the fraction of possible ones that there are."""

    incoming: np.ndarray
    outgoing: np.ndarray
    connection_fraction: float


class MemoryCapacity(NamedTuple):
    """Squared correlation of input and readout for each lag from 0; their sum from lag 1 on."""

    by_lag: np.ndarray
    total: float


class MannWhitney(NamedTuple):
    """U of the first sample, the two-sided p, and whether it is exact rather than by a normal approximation."""

    u: float
    p: float
    exact: bool


def rate(train, steps):
    """Spikes per step of a train in `steps` steps."""
    return _stats.rate(check.train("train", train), integer("steps", steps, 1))


def counts(train, steps, window):
    """Spikes in consecutive windows of `window` steps; a rest that fills none is left out."""
    train, steps, window = (
        check.train("train", train),
        integer("steps", steps, 1),
        integer("window", window, 1),
    )
    check.count("steps", steps // window)
    found = _stats.counts(train, steps, window)
    return np.array(found, dtype=np.int64)


def fano_factor(train, steps, window):
    """Variance over mean of the counts in windows of `window` steps; 1 for a Poisson process.

    Raises
    ------
    ValueError
        Without a spike.
    """
    train, steps, window = (
        check.train("train", train),
        integer("steps", steps, 1),
        integer("window", window, 1),
    )
    check.count("steps", steps // window)
    return _stats.fano_factor(train, steps, window)


def instantaneous_rate(train, steps, sigma):
    """Rate at each step by a Gaussian kernel of standard deviation `sigma` steps, shape (steps,)."""
    train, steps = check.train("train", train), integer("steps", steps, 1)
    check.count("steps", steps)
    return np.array(_stats.instantaneous_rate(train, steps, real("sigma", sigma)))


def intervals(train):
    """Inter-spike intervals in steps."""
    return np.array(_stats.intervals(check.train("train", train)), dtype=np.int64)


def cv(train):
    """Coefficient of variation of the inter-spike intervals; needs two of them."""
    return _stats.cv(check.train("train", train))


def cv2(train):
    """CV2 of successive intervals (Holt et al. 1996); needs two of them."""
    return _stats.cv2(check.train("train", train))


def lv(train):
    """Local variation of successive intervals (Shinomoto et al. 2003); needs two of them."""
    return _stats.lv(check.train("train", train))


def time_histogram(spikes, window=1):
    """Spikes of the population in consecutive windows of `window` steps."""
    found = _stats.time_histogram(check.spikes("spikes", spikes), integer("window", window, 1))
    return np.array(found, dtype=np.int64)


def hamming_distance(a, b):
    """Number of neurons that differ, per step, of two recordings of one shape."""
    return np.array(_stats.hamming_distance(check.spikes("a", a), check.spikes("b", b)), dtype=np.int64)


def spike_source_entropy(spikes):
    """Entropy of which neuron a spike is from, over that of equally active neurons: 0 to 1."""
    return _stats.spike_source_entropy(check.spikes("spikes", spikes))


def correlations(spikes, window=1):
    """Pearson correlation of spike counts in windows of `window` steps.

    Returns
    -------
    ndarray, shape (neurons, neurons)
        1 on the diagonal; NaN for pairs of which one neuron has the same count in every window.
    """
    return _stats.correlations(check.spikes("spikes", spikes), integer("window", window, 1))


def correlation_significance(
    spikes, window=1, *, kind="circular_shift", surrogates=1000, seed=0, false_discovery_rate=0.05
):
    """Compare the correlations of all pairs with those of surrogates.

    Parameters
    ----------
    spikes : array_like, shape (steps, neurons)
    window : int
    kind : {"circular_shift", "shuffled_intervals", "random_times"}
        What surrogates keep; see `surrogates`.
    surrogates : int
        No p is smaller than 1 / (surrogates + 1).
    seed : int
    false_discovery_rate : float
        Expected fraction of false pairs among those called significant (Benjamini and Hochberg 1995).

    Returns
    -------
    Significance
    """
    spikes = check.spikes("spikes", spikes)
    rate = real("false_discovery_rate", false_discovery_rate)
    count = integer("surrogates", surrogates, 1)
    window = integer("window", window, 1)
    return Significance(
        *_stats.correlation_significance(
            spikes, window, check.text("kind", kind), count, check.seed(seed), rate
        )
    )


def surrogates(spikes, kind="circular_shift", seed=0):
    """Trains that keep a neuron's own statistics and lose its relation to the others.

    Parameters
    ----------
    spikes : array_like, shape (steps, neurons)
    kind : {"circular_shift", "shuffled_intervals", "random_times"}
        Whether each train is rotated, its intervals are shuffled, or its spikes fall on random steps.
    seed : int

    Returns
    -------
    ndarray of bool, shape (steps, neurons)
    """
    return _stats.surrogates(check.spikes("spikes", spikes), check.text("kind", kind), check.seed(seed))


def avalanches(activity, threshold="half_mean"):
    """Maximal stretches of steps whose activity lies above a threshold (Del Papa et al. 2017).

    Parameters
    ----------
    activity : array_like of int, shape (steps,)
        Spikes per step, as `time_histogram` gives them.
    threshold : {"half_mean", "half_mean_floor", "p25", ...} or float
        Half the mean activity, rounded or rounded down, a percentile of it from ``"p0"`` to ``"p100"``, or a number of spikes
        per step. Exponents depend on it: state it beside them.

    Returns
    -------
    Avalanches
        Those cut off by the beginning or end of the record left out.
    """
    if isinstance(threshold, bool | np.bool_) or not isinstance(threshold, str | int | float | np.number):
        raise wrong(
            "threshold", repr(threshold), "a rule such as 'half_mean' or 'p25', or a number", TypeError
        )
    threshold = threshold if isinstance(threshold, str) else repr(float(threshold))
    *found, threshold = _stats.avalanches(check.whole("activity", activity), threshold)
    return Avalanches(*(np.array(part, dtype=np.int64) for part in found), threshold)


def fit_power_law(values, min=None, max=None, *, least=None):
    """Fit a discrete power law by maximum likelihood (Clauset, Shalizi and Newman 2009).

    Parameters
    ----------
    values : array_like of int
    min, max : int, optional
        Bounds, both included. Without `min`, the bound with the smallest Kolmogorov-Smirnov distance that leaves at least
        `least` values.
    least : int, optional
        A tenth of the values and at least 50 if not given: a bound far out in the tail describes the largest values alone.

    Returns
    -------
    PowerLaw
    """
    values = check.whole("values", values)
    min = None if min is None else integer("min", min, 1)
    return PowerLaw(*_stats.fit_power_law(values, min, check.upper(max), _least(values, least)))


def _least(values, least):
    """How many values a lower bound must leave."""
    return max(50, -(-len(values) // 10)) if least is None else integer("least", least, 2)


def compare_power_law(values, law, alternative="log_normal"):
    """Likelihood-ratio test of a fitted `PowerLaw` against an alternative (Vuong 1989).

    Parameters
    ----------
    values : array_like of int
    law : PowerLaw
    alternative : {"log_normal", "exponential", "stretched_exponential", "truncated_power_law"}
        The last one has the power law as a special case; its p is that of a chi-squared test of the cutoff.
    """
    if not isinstance(law, PowerLaw):
        raise wrong("law", type(law).__name__, "a PowerLaw of fit_power_law", TypeError)
    values = check.whole("values", values)
    return LikelihoodRatio(
        *_stats.compare_power_law(values, law.min, law.max, check.text("alternative", alternative))
    )


def goodness_of_fit(values, min=None, max=None, *, least=None, replicas=1000, seed=0):
    """Probability that values drawn from the law lie as far from their own fit as `values` from theirs.

    Arguments are those of `fit_power_law`; small answers, below 0.1, speak against a power law.
    """
    values = check.whole("values", values)
    min = None if min is None else integer("min", min, 1)
    least, replicas = _least(values, least), integer("replicas", replicas, 1)
    return _stats.goodness_of_fit(values, min, check.upper(max), least, replicas, check.seed(seed))


def branching_ratio(activity, lags=20):
    """Branching ratio by multistep regression over `lags` lags (Wilting and Priesemann 2018).

    Returns
    -------
    Branching
        Unbiased also where only some of the neurons were observed.
    """
    *found, slopes = _stats.branching_ratio(check.series("activity", activity), integer("lags", lags, 2))
    return Branching(*found, np.array(slopes))


def smoothness(series):
    """Standard deviation of successive differences; smaller is smoother."""
    return _stats.smoothness(check.series("series", series))


def relative_smoothness(series):
    """Standard deviation of successive differences over their absolute mean."""
    return _stats.relative_smoothness(check.series("series", series))


def autocorrelation(series, lag):
    """Pearson correlation of a series with itself `lag` steps later."""
    return _stats.autocorrelation(check.series("series", series), integer("lag", lag, 0))


def fit_log_normal(weights):
    """Fit a log-normal distribution to positive weights."""
    return LogNormal(*_stats.fit_log_normal(check.series("weights", weights)))


def degrees(weights, recurrent=True):
    """In- and out-degrees of a weight matrix ``[pre, post]``, nonzero where there is a synapse.

    Parameters
    ----------
    weights : array_like, shape (pre, post)
    recurrent : bool
        Whether both are one population, in which no neuron connects to itself.

    Returns
    -------
    Degrees
    """
    weights = np.ascontiguousarray(check.numbers("weights", weights, 2), dtype=np.float64)
    incoming, outgoing, fraction = _stats.degrees(weights, bool(recurrent))
    return Degrees(np.array(incoming, dtype=np.int64), np.array(outgoing, dtype=np.int64), fraction)


def memory_capacity(spikes, input, lags, training, ridge=1.0):
    """How long a reservoir remembers a random input (Jaeger 2001).

    Parameters
    ----------
    spikes : array_like, shape (steps, neurons)
    input : array_like, shape (steps,)
        What the network was given in the step that made these spikes.
    lags : int
    training : int
        Steps that the readouts learn from; the rest compares them.
    ridge : float
        Penalty of the regression, above 0.

    Returns
    -------
    MemoryCapacity
    """
    lags, training = integer("lags", lags, 0), integer("training", training, 1)
    spikes, input = check.spikes("spikes", spikes), check.series("input", input)
    by_lag, total = _stats.memory_capacity(spikes, input, lags, training, real("ridge", ridge))
    return MemoryCapacity(np.array(by_lag), total)


def kernel_rank(network, streams):
    """How many of the states that input streams, shape (streams, steps, nu), leave behind are linearly independent.

    The network itself does not run on. Freeze it to measure the reservoir without what it would learn (Legenstein and
    Maass 2007).
    """
    streams = np.ascontiguousarray(check.numbers("streams", streams, 3), dtype=np.float64)
    return _stats.kernel_rank(check.network(network), streams)


def generalisation_rank(network, streams, shared):
    """`kernel_rank` of streams whose last `shared` inputs are the first one's; the lower, the better."""
    streams = np.ascontiguousarray(check.numbers("streams", streams, 3), dtype=np.float64)
    return _stats.generalisation_rank(check.network(network), streams, integer("shared", shared, 0))


def perturbation_growth(network, neuron, inputs):
    """Hamming distance, per step, of two copies of a network of which one had a neuron flipped.

    Parameters
    ----------
    network : Network
        It does not run on. Rules in Python are an error: the copies cannot have them.
    neuron : int
    inputs : array_like, shape (steps, nu)

    Returns
    -------
    ndarray of int, shape (steps + 1,)
        1 before the first step.
    """
    inputs = np.ascontiguousarray(check.numbers("inputs", inputs, 2), dtype=np.float64)
    found = _stats.perturbation_growth(check.network(network), integer("neuron", neuron, 0), inputs)
    return np.array(found, dtype=np.int64)


def lyapunov_exponent(growth, steps):
    """Largest Lyapunov exponent per step, from a list of `perturbation_growth` answers, `steps` steps after."""
    if not isinstance(growth, (list, tuple)):
        raise wrong("growth", type(growth).__name__, "a list of answers of perturbation_growth", TypeError)
    growth = [check.whole("growth", one).tolist() for one in growth]
    return _stats.lyapunov_exponent(growth, integer("steps", steps, 1))


def mann_whitney(a, b):
    """Two-sided Mann-Whitney test of two samples."""
    return MannWhitney(*_stats.mann_whitney(check.series("a", a), check.series("b", b)))
