"""What Elephant, SciPy and NumPy say of the same data: the oracle for the crate sorn-report.

Reads [{"of": name, ...arguments}] and writes the answers in the same order, null where the peer
has none (it raises, or answers NaN).
"""

import json
import sys
import warnings

import numpy as np
import quantities as pq
from elephant import statistics
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


def log_normal(weights):
    sigma, _, scale = stats.lognorm.fit(weights, floc=0)
    return [np.log(scale), sigma, stats.lognorm.logpdf(weights, sigma, 0, scale).sum()]


ORACLES = {
    "quantile": lambda values, q: np.quantile(values, q),
    "mann_whitney": mann_whitney,
    "rate": lambda spikes, steps: statistics.mean_firing_rate(train(spikes, steps)).magnitude,
    "intervals": lambda spikes, steps: statistics.isi(train(spikes, steps)).magnitude,
    "cv": lambda spikes, steps: statistics.cv(statistics.isi(train(spikes, steps)).magnitude),
    "cv2": lambda spikes, steps: statistics.cv2(statistics.isi(train(spikes, steps)).magnitude),
    "lv": lambda spikes, steps: statistics.lv(statistics.isi(train(spikes, steps)).magnitude),
    "fano_factor": fano,
    "time_histogram": histogram,
    "correlations": lambda trains, steps, window: correlation_coefficient(binned(trains, steps, window)),
    "entropy": entropy,
    "smoothness": Statistics.scale_dependent_smoothness_measure,
    "relative_smoothness": Statistics.scale_independent_smoothness_measure,
    "autocorrelation": lambda firing_rates, t: Statistics.autocorr(firing_rates, t)[0, 1],
    "hamming_distance": lambda a, b: Statistics.hamming_distance(np.array(a), np.array(b)),
    "power_law": power_law,
    "likelihood_ratio": likelihood_ratio,
    "branching_ratio": branching,
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
    answers = []
    for question in json.load(sys.stdin):
        oracle = ORACLES[question.pop("of")]
        try:
            answers.append(plain(oracle(**question)))
        except ValueError:
            answers.append(None)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
