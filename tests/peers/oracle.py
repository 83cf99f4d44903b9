"""What Elephant, SciPy, NumPy, powerlaw and mrestimator say of the same data: the oracle for the crate sorn-report.

Reads [{"of": name, ...arguments}] and writes the answers in the same order, null where the peer
has none (it raises, or answers NaN).
"""

import contextlib
import json
import logging
import sys
import warnings

import mrestimator
import numpy as np
import powerlaw
import quantities as pq
from elephant import kernels, statistics
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient
from neo import SpikeTrain
from scipy import optimize, special, stats
from sorn.utils import Statistics


def train(spikes, steps):
    # A spike of step k lies in the middle of [k, k + 1), away from the edges of every bin.
    return SpikeTrain(np.asarray(spikes, float) + 0.5, units="s", t_stop=steps)


def binned(trains, steps, window):
    whole = steps // window * window
    cut = [train([s for s in spikes if s < whole], whole) for spikes in trains]
    return BinnedSpikeTrain(cut, bin_size=window * pq.s, t_stop=whole * pq.s)


def mann_whitney(a, b, method):
    test = stats.mannwhitneyu(a, b, alternative="two-sided", method=method)
    return [test.statistic, test.pvalue]


def fano(spikes, steps, window):
    starts = range(0, steps // window * window, window)
    return statistics.fanofactor(
        [train([s - at for s in spikes if at <= s < at + window], window) for at in starts]
    )


def instantaneous_rate(spikes, steps, sigma):
    kernel = kernels.GaussianKernel(sigma * pq.s)
    rate = statistics.instantaneous_rate(train(spikes, steps), sampling_period=1 * pq.s, kernel=kernel)
    return rate.magnitude.ravel()


def histogram(trains, steps, window):
    whole = steps // window * window
    cut = [train([s for s in spikes if s < whole], whole) for spikes in trains]
    counted = statistics.time_histogram(cut, bin_size=window * pq.s, output="counts")
    return counted.magnitude.ravel()


def entropy(trains):
    return stats.entropy([len(t) for t in trains], base=len(trains))


def power_law(values, low, high):
    """Maximum likelihood by SciPy's minimiser; exponent and log-likelihood."""
    values = np.array([v for v in values if v >= low and (high is None or v <= high)], float)
    logs = np.log(values).sum()

    def loss(exponent):
        if high is None:
            norm = special.zeta(exponent, low)
        else:
            norm = (np.arange(low, high + 1, dtype=float) ** -exponent).sum()
        return exponent * logs + len(values) * np.log(norm)

    bounds = (1.0001 if high is None else -5, 20)
    best = optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    return [best.x, -best.fun]


def powerlaw_package(values, low, high):
    fit = powerlaw.Fit(values, xmin=low, xmax=high, discrete=True, estimate_discrete=False, verbose=0)
    return fit.power_law.alpha


def likelihood_ratio(values, low, high, exponent, alternative):
    """The alternative by SciPy's minimisers, then Vuong's test."""
    values = np.array([v for v in values if v >= low and (high is None or v <= high)], float)
    top = np.inf if high is None else high
    whole = np.arange(low, 100_000 if high is None else high + 1, dtype=float)
    norm = special.zeta(exponent, low) if high is None else (whole**-exponent).sum()
    power = -exponent * np.log(values) - np.log(norm)

    def geometric(rate):
        return -rate * (values - low) - np.log(np.exp(-rate * (whole - low)).sum())

    def log_normal(at):
        law = stats.norm(at[0], np.exp(at[1]))
        # Upper tails: the values lie above the mean, where the distribution function is nearly 1.
        total = law.sf(np.log(low - 0.5)) - law.sf(np.log(top + 0.5))
        return np.log((law.sf(np.log(values - 0.5)) - law.sf(np.log(values + 0.5))) / total)

    if alternative == "Exponential":
        best = optimize.minimize_scalar(
            lambda rate: -geometric(rate).sum(), bounds=(1e-6, 5), method="bounded", options={"xatol": 1e-12}
        )
        other = geometric(best.x)
    else:
        best = optimize.minimize(
            lambda at: -log_normal(at).sum(),
            [np.log(values).mean(), np.log(np.log(values).std())],
            method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-10, "maxiter": 5000},
        )
        other = log_normal(best.x)
    ratio = (power - other).sum()
    return [ratio, 2 * stats.norm.sf(abs(ratio) / (np.sqrt(len(values)) * (power - other).std()))]


def branching(activity, lags):
    """Multistep regression: SciPy's slopes, then its least-squares fit of an exponential."""
    activity = np.asarray(activity)
    slopes = [stats.linregress(activity[:-k], activity[k:]).slope for k in range(1, lags + 1)]
    k = np.arange(1, lags + 1)
    (amplitude, ratio), _ = optimize.curve_fit(
        lambda k, b, m: b * m**k, k, slopes, p0=(slopes[0] / 0.9, 0.9), ftol=1e-15, xtol=1e-15
    )
    return [ratio, amplitude, slopes]


def mrestimator_package(activity, lags):
    slopes = mrestimator.coefficients(np.array([activity]), steps=(1, lags), dt=1, method="ts")
    return [mrestimator.fit(slopes, fitfunc="exponential").mre, slopes.coefficients]


def memory_capacity(trains, input, lags, training, ridge):
    """Ridge regression as an ordinary one with a row more for every neuron; the constant by centring."""
    input = np.array(input)
    states = np.zeros((len(input), len(trains)))
    for neuron, spikes in enumerate(trains):
        states[spikes, neuron] = 1
    known = states[lags:training]
    rows = np.vstack([known - known.mean(0), np.sqrt(ridge) * np.eye(len(trains))])
    capacity = []
    for lag in range(lags + 1):
        target = input[lags - lag : training - lag]
        right = np.concatenate([target - target.mean(), np.zeros(len(trains))])
        weights = np.linalg.lstsq(rows, right, rcond=None)[0]
        guess = states[training:] @ weights
        capacity.append(np.corrcoef(guess, input[training - lag : len(input) - lag])[0, 1] ** 2)
    return capacity


def false_discovery(p, rate):
    return stats.false_discovery_control(p) <= rate * (1 + 1e-12)


def survival(ended, alive):
    """Kaplan and Meier's estimate at the times at which something ended."""
    seen = stats.ecdf(stats.CensoredData(uncensored=ended, right=alive)).sf
    times = np.unique(ended)
    return np.column_stack([times, seen.evaluate(times)])


def log_normal(weights):
    sigma, _, scale = stats.lognorm.fit(weights, floc=0)
    return [np.log(scale), sigma, stats.lognorm.logpdf(weights, sigma, 0, scale).sum()]


def bent_tail(values, low, high, law):
    """A truncated power law or a stretched exponential by SciPy's minimiser, every term of the sum added."""
    values = np.array([v for v in values if v >= low and (high is None or v <= high)], float)
    whole = np.arange(low, (200_000 if high is None else high) + 1, dtype=float)

    def truncated(at):
        term = lambda k: -at[0] * np.log(k / low) - np.exp(at[1]) * (k - low)  # noqa: E731
        return term(values).sum() - len(values) * special.logsumexp(term(whole))

    def stretched(at):
        law = stats.weibull_min(np.exp(at[1]), scale=np.exp(-at[0]))
        total = law.sf(low - 0.5) - (0 if high is None else law.sf(high + 0.5))
        return np.log((law.sf(values - 0.5) - law.sf(values + 0.5)) / total).sum()

    start = [1.5, -np.log(values.mean())] if law == "truncated" else [-np.log(values.mean()), -0.3]
    of = truncated if law == "truncated" else stretched
    best = optimize.minimize(
        lambda at: -of(at),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 9999},
    )
    return [best.x[0], np.exp(best.x[1]), -best.fun] if law == "truncated" else [*np.exp(best.x), -best.fun]


def detrended(values, windows):
    walk = np.cumsum(np.array(values) - np.mean(values))
    found = []
    for window in windows:
        parts = walk[: len(walk) // window * window].reshape(-1, window)
        steps = np.arange(window)
        rest = [part - np.polyval(np.polyfit(steps, part, 1), steps) for part in parts]
        found.append(np.sqrt(np.mean(np.square(rest))))
    return [stats.linregress(np.log(windows), np.log(found)).slope, found]


def log_normal_against(weights, alternative):
    logs = np.log(weights)
    own = stats.norm(logs.mean(), logs.std())
    distance = stats.kstest(logs, own.cdf).statistic
    law = {
        "normal": lambda: stats.norm(*stats.norm.fit(weights)),
        "exponential": lambda: stats.expon(*stats.expon.fit(weights)),
    }[alternative]()
    difference = own.logpdf(logs) - logs - law.logpdf(weights)
    p = 2 * stats.norm.sf(abs(difference.sum()) / (np.sqrt(len(logs)) * difference.std()))
    return [distance, difference.sum(), p]


def pattern_divergence(p, q, neurons, added):
    counts = [np.bincount(np.array(patterns), minlength=2**neurons) + added for patterns in (p, q)]
    return stats.entropy(*counts, base=2)


def crackling(durations, sizes, low, high):
    durations, sizes = np.array(durations), np.array(sizes, float)
    each = [d for d in np.unique(durations) if low <= d <= high]
    means = [sizes[durations == d].mean() for d in each]
    return stats.linregress(np.log(each), np.log(means)).slope


def change_correlations(before, after):
    before, change = np.array(before), np.abs(np.subtract(after, before))
    return [stats.spearmanr(before, change).statistic, stats.spearmanr(before, change / before).statistic]


ORACLES = {
    "bent_tail": bent_tail,
    "detrended": detrended,
    "log_normal_against": log_normal_against,
    "pattern_divergence": pattern_divergence,
    "crackling": crackling,
    "change_correlations": change_correlations,
    "quantile": lambda values, q: np.quantile(values, q),
    "mann_whitney": mann_whitney,
    "rate": lambda spikes, steps: statistics.mean_firing_rate(train(spikes, steps)).magnitude,
    "intervals": lambda spikes, steps: statistics.isi(train(spikes, steps)).magnitude,
    "cv": lambda spikes, steps: statistics.cv(statistics.isi(train(spikes, steps)).magnitude),
    "cv2": lambda spikes, steps: statistics.cv2(statistics.isi(train(spikes, steps)).magnitude),
    "lv": lambda spikes, steps: statistics.lv(statistics.isi(train(spikes, steps)).magnitude),
    "fano_factor": fano,
    "instantaneous_rate": instantaneous_rate,
    "time_histogram": histogram,
    "correlations": lambda trains, steps, window: correlation_coefficient(binned(trains, steps, window)),
    "entropy": entropy,
    "smoothness": Statistics.scale_dependent_smoothness_measure,
    "relative_smoothness": Statistics.scale_independent_smoothness_measure,
    "autocorrelation": lambda firing_rates, t: Statistics.autocorr(firing_rates, t)[0, 1],
    "hamming_distance": lambda a, b: Statistics.hamming_distance(np.array(a), np.array(b)),
    "power_law": power_law,
    "powerlaw_package": powerlaw_package,
    "likelihood_ratio": likelihood_ratio,
    "branching_ratio": branching,
    "mrestimator_package": mrestimator_package,
    "memory_capacity": memory_capacity,
    "matrix_rank": lambda rows: np.linalg.matrix_rank(np.array(rows, float)),
    "false_discovery": false_discovery,
    "survival": survival,
    "log_normal": log_normal,
}


def plain(answer):
    if isinstance(answer, (list, tuple)):
        return [plain(a) for a in answer]
    if isinstance(answer, np.ndarray) and answer.ndim > 0:
        return [plain(a) for a in answer]
    number = float(answer)
    return number if np.isfinite(number) else None


def main():
    warnings.simplefilter("ignore")
    logging.disable()
    answers = []
    # Some peers print; the standard output is for the answers alone.
    with contextlib.redirect_stdout(sys.stderr):
        for question in json.load(sys.stdin):
            oracle = ORACLES[question.pop("of")]
            try:
                answers.append(plain(oracle(**question)))
            except ValueError:
                answers.append(None)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
