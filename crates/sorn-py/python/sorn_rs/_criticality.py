"""Statistics of spontaneous dynamics, part of `sorn_rs.statistics`."""

from typing import NamedTuple

import numpy as np

from . import _native
from . import _samples as check
from ._arguments import integer, real, wrong

_stats = _native.criticality


class TruncatedPowerLaw(NamedTuple):
    """A fitted ``p(k)`` proportional to ``k ** -exponent * exp(-rate * k)`` for whole `k` from `min` to `max` (None: no bound)."""

    exponent: float
    rate: float
    log_likelihood: float
    events: int
    min: int
    max: int | None


class StretchedExponential(NamedTuple):
    """A fitted tail ``exp(-(rate * x) ** shape)``, rounded to whole numbers from `min` to `max` (None: no bound)."""

    rate: float
    shape: float
    log_likelihood: float
    events: int
    min: int
    max: int | None


class MeanSizes(NamedTuple):
    """Durations that occur, ascending, how many avalanches have each, and their mean size."""

    duration: np.ndarray
    count: np.ndarray
    mean_size: np.ndarray


class Crackling(NamedTuple):
    """Slope of log mean size over log duration, what the exponents predict, and the absolute difference."""

    slope: float
    predicted: float
    deviation: float


class ShapeCollapse(NamedTuple):
    """Exponent with which mean shapes collapse, what is left of their differences, durations taken, collapsed mean shape."""

    exponent: float
    error: float
    durations: np.ndarray
    shape: np.ndarray


class DetrendedFluctuations(NamedTuple):
    """Exponent, windows in steps, and the fluctuation in each."""

    exponent: float
    windows: np.ndarray
    fluctuations: np.ndarray


class LikelihoodOfLogNormal(NamedTuple):
    """Log-likelihood of the log-normal distribution less that of the alternative, and the probability of one as far from 0."""

    ratio: float
    p: float


class WeightChanges(NamedTuple):
    """Weights of common synapses before and after; rank correlations of the weight with its change, absolute and relative."""

    before: np.ndarray
    after: np.ndarray
    absolute_correlation: float
    relative_correlation: float


class Lifetimes(NamedTuple):
    """Steps that synapses lived, ages of those alive, how many there were at the beginning, and how many of those there are."""

    ended: np.ndarray
    alive: np.ndarray
    initial: int
    initial_alive: int


def fit_truncated_power_law(values, min=1, max=None):
    """Fit a power law with an exponential cutoff to whole numbers by maximum likelihood.

    Parameters
    ----------
    values : array_like of int
    min, max : int, optional
        Bounds, both included.

    Returns
    -------
    TruncatedPowerLaw
    """
    values, min, max = check.whole("values", values), integer("min", min, 1), check.upper(max)
    return TruncatedPowerLaw(*_stats.fit_truncated_power_law(values, min, max), min, max)


def fit_stretched_exponential(values, min=1, max=None):
    """Fit a stretched exponential to whole numbers by maximum likelihood; arguments as of `fit_truncated_power_law`."""
    values, min, max = check.whole("values", values), integer("min", min, 1), check.upper(max)
    return StretchedExponential(*_stats.fit_stretched_exponential(values, min, max), min, max)


def mean_sizes(durations, sizes):
    """Mean size of avalanches of each duration.

    Returns
    -------
    MeanSizes
    """
    found = _stats.mean_sizes(check.whole("durations", durations), check.whole("sizes", sizes))
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return MeanSizes(
        np.array(columns[0], np.int64), np.array(columns[1], np.int64), np.array(columns[2], float)
    )


def crackling(durations, sizes, duration_exponent, size_exponent, min=1, max=None):
    """Compare the slope of mean size over duration with what the exponents predict (Sethna, Dahmen and Myers 2001).

    Parameters
    ----------
    durations, sizes : array_like of int
        Of the same avalanches.
    duration_exponent, size_exponent : float
    min, max : int, optional
        Bounds of the durations, both included.

    Returns
    -------
    Crackling
        At criticality the deviation is 0 (Ma et al. 2019).
    """
    exponents = {"duration_exponent": duration_exponent, "size_exponent": size_exponent}
    for name, value in exponents.items():
        exponents[name] = real(name, value)
        if not np.isfinite(exponents[name]) or (name == "size_exponent" and exponents[name] == 1):
            raise wrong(name, value, "a finite number" + (" other than 1" if name == "size_exponent" else ""))
    durations, sizes = check.whole("durations", durations), check.whole("sizes", sizes)
    return Crackling(
        *_stats.crackling(durations, sizes, *exponents.values(), integer("min", min, 1), check.upper(max))
    )


def shape_collapse(activity, threshold, min, max, *, least=10):
    """Find the exponent with which the mean shapes of avalanches collapse (Marshall et al. 2016).

    Parameters
    ----------
    activity : array_like of int, shape (steps,)
    threshold : float
        Spikes per step above which an avalanche lasts, as `avalanches` gives it.
    min, max : int
        Durations that are taken, both included.
    least : int
        Avalanches that a duration must have.

    Returns
    -------
    ShapeCollapse
    """
    exponent, error, durations, shape = _stats.shape_collapse(
        check.whole("activity", activity),
        real("threshold", threshold),
        integer("min", min, 1),
        integer("max", max, 1),
        integer("least", least, 1),
    )
    return ShapeCollapse(exponent, error, np.array(durations, np.int64), np.array(shape))


def detrended_fluctuations(values, windows):
    """Detrended fluctuation analysis (Peng et al. 1994): 0.5 for uncorrelated values, 1.5 for a random walk.

    Parameters
    ----------
    values : array_like
    windows : array_like of int
        Lengths of windows in steps, 4 or more.

    Returns
    -------
    DetrendedFluctuations
    """
    windows = check.whole("windows", windows)
    exponent, found = _stats.detrended_fluctuations(check.series("values", values), windows.tolist())
    return DetrendedFluctuations(exponent, windows.astype(np.int64), np.array(found))


def log_normal_distance(weights):
    """Kolmogorov-Smirnov distance of weights from the log-normal distribution fitted to them."""
    return _stats.log_normal_distance(_weights(weights))


def log_normal_goodness(weights, *, replicas=1000, seed=0):
    """Probability that log-normal weights lie as far from their own fit as these from theirs (Lilliefors 1967)."""
    return _stats.log_normal_goodness(_weights(weights), integer("replicas", replicas, 1), check.seed(seed))


def compare_log_normal(weights, alternative="normal"):
    """Likelihood-ratio test of the fitted log-normal distribution against ``"normal"`` or ``"exponential"`` (Vuong 1989)."""
    return LikelihoodOfLogNormal(
        *_stats.compare_log_normal(_weights(weights), check.text("alternative", alternative))
    )


def _weights(weights):
    """Weights whose distribution can be asked for."""
    found = check.series("weights", weights)
    if found.size and (found == found[0]).all():
        raise wrong("weights", "equal values", "values that differ")
    return found


def pattern_divergence(p, q, *, added=1.0):
    """Kullback-Leibler divergence, in bits, of the activity patterns in `p` from those in `q`.

    Parameters
    ----------
    p, q : array_like, shape (steps, neurons)
        Up to 32 neurons, as many in both.
    added : float
        Added to the count of every possible pattern, so that none is impossible.
    """
    p, q = check.spikes("p", p), check.spikes("q", q)
    if not 1 <= p.shape[1] <= 32:
        raise wrong("p", p.shape[1], "1 to 32 neurons")
    if q.shape[1] != p.shape[1]:
        raise wrong("q", q.shape[1], f"as many neurons as in p, {p.shape[1]}")
    return _stats.pattern_divergence(p, q, real("added", added))


def weight_changes(before, after, *, above=0.0):
    """How much the weights of common synapses change, by how large they are.

    Parameters
    ----------
    before, after : array_like, shape (pre, post)
        Weight matrices; 0 is no synapse.
    above : float
        Only synapses whose weights are above this in both.

    Returns
    -------
    WeightChanges
    """
    before = np.ascontiguousarray(check.numbers("before", before, 2), dtype=np.float64)
    after = np.ascontiguousarray(check.numbers("after", after, 2), dtype=np.float64)
    if before.shape != after.shape:
        raise wrong("after", after.shape, f"the shape of before, {before.shape}")
    found = [np.array(part) for part in _stats.weight_changes(before, after, real("above", above))]
    if len(found[0]) < 3:
        raise wrong("before", len(found[0]), f"3 or more synapses above {above} in both")
    return WeightChanges(*found, *_stats.change_correlations(*found))


def survival(ended, alive=()):
    """Share of synapses that live longer than each lifetime in `ended` (Kaplan and Meier 1958).

    Parameters
    ----------
    ended : array_like of int
        Lifetimes that came to an end.
    alive : array_like of int
        Ages of those that did not.

    Returns
    -------
    times : ndarray of int
    shares : ndarray
    """
    found = _stats.survival(check.whole("ended", ended), check.whole("alive", alive))
    return np.array([time for time, _ in found], np.int64), np.array([share for _, share in found], float)


class SynapseTracker:
    """Follows the excitatory synapses of a network from look to look; lifetimes are known up to the time between two.

    Examples
    --------
    >>> import numpy as np
    >>> from sorn_rs import Network
    >>> from sorn_rs.statistics import SynapseTracker
    >>> network = Network("zheng2013", seed=1, ne=100, nu=1)
    >>> tracker = SynapseTracker(network)
    >>> for _ in range(50):
    ...     record = network.run(np.zeros((10, 1)))
    ...     tracker.update(network)
    >>> lives = tracker.lifetimes()
    >>> lives.initial_alive < lives.initial
    True
    """

    def __init__(self, network):
        self._tracker = _stats.SynapseTracker(check.network(network))

    def update(self, network):
        """Look at the network again, which has stepped meanwhile."""
        self._tracker.update(check.network(network))

    def lifetimes(self):
        """What was seen so far, as `Lifetimes`."""
        ended, alive, initial, initial_alive = self._tracker.lifetimes()
        return Lifetimes(np.array(ended, np.int64), np.array(alive, np.int64), initial, initial_alive)
