"""`sorn_rs.statistics` beside NumPy's, SciPy's and known answers. That the functions themselves are right is the Rust crate's to test."""

import signal

import numpy as np
import pytest

from sorn_rs import Network, statistics

RNG = np.random.default_rng(3)
SPIKES = RNG.random((2000, 6)) < [0.0, 0.02, 0.1, 0.3, 0.5, 0.9]
TRAIN = np.flatnonzero(SPIKES[:, 3])


def test_of_one_train():
    steps = len(SPIKES)
    gaps = np.diff(TRAIN)
    assert statistics.rate(TRAIN, steps) == pytest.approx(SPIKES[:, 3].mean())
    np.testing.assert_array_equal(statistics.intervals(TRAIN), gaps)
    assert statistics.cv(TRAIN) == pytest.approx(gaps.std() / gaps.mean())
    pairs = 2 * np.abs(np.diff(gaps)) / (gaps[1:] + gaps[:-1])
    assert statistics.cv2(TRAIN) == pytest.approx(pairs.mean())
    assert statistics.lv(TRAIN) == pytest.approx(3 * np.mean((np.diff(gaps) / (gaps[1:] + gaps[:-1])) ** 2))
    windows = SPIKES[:, 3].reshape(-1, 50).sum(1)
    np.testing.assert_array_equal(statistics.counts(TRAIN, steps, 50), windows)
    assert statistics.fano_factor(TRAIN, steps, 50) == pytest.approx(windows.var() / windows.mean())
    smooth = statistics.instantaneous_rate(TRAIN, steps, 20.0)
    assert smooth.shape == (steps,) and smooth.mean() == pytest.approx(SPIKES[:, 3].mean(), rel=0.05)


def test_of_a_population():
    np.testing.assert_array_equal(statistics.time_histogram(SPIKES), SPIKES.sum(1))
    np.testing.assert_array_equal(
        statistics.time_histogram(SPIKES, 10), SPIKES.reshape(-1, 10, 6).sum((1, 2))
    )
    found = statistics.correlations(SPIKES, 4)
    expected = np.corrcoef(SPIKES.reshape(-1, 4, 6).sum(1)[:, 1:].T)
    np.testing.assert_allclose(found[1:, 1:], expected, atol=1e-12)
    assert np.isnan(found[0, 1:]).all()
    p = SPIKES.sum(0)[1:] / SPIKES.sum()
    entropy = -np.sum(p * np.log(p)) / np.log(6)
    assert statistics.spike_source_entropy(SPIKES) == pytest.approx(entropy)
    other = RNG.permuted(SPIKES, axis=0)
    np.testing.assert_array_equal(statistics.hamming_distance(SPIKES, other), (SPIKES != other).sum(1))
    # 0 and 1 in any type are spikes as well.
    np.testing.assert_array_equal(statistics.time_histogram(SPIKES.astype(float)), SPIKES.sum(1))


def test_surrogates_and_significance():
    train = RNG.random(1000) < 0.1
    spikes = np.column_stack([train, train, RNG.random(1000) < 0.1])
    for kind in ["circular_shift", "shuffled_intervals", "random_times"]:
        drawn = statistics.surrogates(spikes, kind, seed=2)
        np.testing.assert_array_equal(drawn.sum(0), spikes.sum(0))
        assert not np.array_equal(drawn, spikes)
        np.testing.assert_array_equal(drawn, statistics.surrogates(spikes, kind, seed=2))
    found = statistics.correlation_significance(spikes, surrogates=99, seed=1)
    assert found.pairs == [(0, 1)] and found.p[0, 1] == found.p[1, 0] == 0.01
    assert np.isnan(np.diag(found.p)).all() and 0 < found.p_mean <= 1


def test_avalanches_and_power_laws():
    found = statistics.avalanches([0, 3, 1, 0, 0, 2, 0, 9], threshold=0)
    np.testing.assert_array_equal(found[:3], [[1, 5], [2, 1], [4, 2]])
    assert len(statistics.avalanches([0, 1, 5, 1, 0]).start) == 1
    # Intrinsic plasticity holds the mean a little below or above 20.
    nearly = [0, 20] * 1000 + [19] + [40] * 1000
    rules = {"half_mean": 10, "half_mean_floor": 9, "p25": 0, "p100": 40, 9.5: 9.5, np.int64(3): 3}
    for rule, threshold in rules.items():
        assert statistics.avalanches(nearly, rule).threshold == threshold
    values = np.floor((1 - RNG.random(20_000)) ** (-1 / 1.5) + 0.5).astype(int)
    law = statistics.fit_power_law(values, 10)
    assert law.exponent == pytest.approx(2.5, abs=0.1) and law.min == 10 and law.max is None
    assert law.events == np.sum(values >= 10)
    chosen = statistics.fit_power_law(values)
    assert chosen.events >= 2000 and chosen.exponent == pytest.approx(2.5, abs=0.2)
    against = statistics.compare_power_law(values, law, "exponential")
    assert against.ratio > 0 and against.p < 0.01
    assert statistics.goodness_of_fit(values[:500], 2, replicas=20, seed=1) >= 0


def test_branching_and_series():
    activity = [100.0]
    for _ in range(20_000):
        activity.append(RNG.poisson(0.9 * activity[-1]) + RNG.poisson(10))
    found = statistics.branching_ratio(activity)
    assert found.ratio == pytest.approx(0.9, abs=0.05) and len(found.slopes) == 20
    assert found.autocorrelation_time == pytest.approx(-1 / np.log(found.ratio))
    series = np.array(activity)
    assert statistics.autocorrelation(series, 3) == pytest.approx(np.corrcoef(series[:-3], series[3:])[0, 1])
    assert statistics.smoothness(series) == pytest.approx(np.diff(series).std())
    relative = np.diff(series).std() / abs(np.diff(series).mean())
    assert statistics.relative_smoothness(series) == pytest.approx(relative)


def test_of_weights():
    weights = np.exp(RNG.normal(-3, 0.5, 5000))
    found = statistics.fit_log_normal(weights)
    assert found.mu == pytest.approx(np.log(weights).mean()) and found.sigma == pytest.approx(
        np.log(weights).std()
    )
    network = Network(seed=1)
    wee = network.wee
    found = statistics.degrees(wee)
    np.testing.assert_array_equal(found.incoming, np.count_nonzero(wee, axis=0))
    np.testing.assert_array_equal(found.outgoing, np.count_nonzero(wee, axis=1))
    assert found.connection_fraction == pytest.approx(np.count_nonzero(wee) / (200 * 199))


def test_of_networks():
    network = Network(
        seed=1, ne=40, nu=2, lambda_ee=6, lambda_ei=8, te_max=0.5, freeze=["stdp", "ip", "sp", "istdp", "ss"]
    )
    inputs = RNG.random((1200, 2))
    capacity = statistics.memory_capacity(network.copy().run(inputs)["x"], inputs[:, 0], 5, 800)
    assert capacity.by_lag.shape == (6,) and capacity.total == pytest.approx(capacity.by_lag[1:].sum())
    streams = RNG.random((10, 20, 2))
    rank = statistics.kernel_rank(network, streams)
    assert 1 <= rank <= 10 and statistics.generalisation_rank(network, streams, 20) <= 1
    growth = statistics.perturbation_growth(network, 3, inputs[:10])
    assert growth.shape == (11,) and growth[0] == 1
    assert network.steps == 0
    assert statistics.lyapunov_exponent([[1, 2, 4]], 2) == pytest.approx(np.log(4) / 2)


def test_mann_whitney():
    scipy = pytest.importorskip("scipy.stats")
    a, b = RNG.normal(size=8), RNG.normal(1, size=9)
    found, expected = statistics.mann_whitney(a, b), scipy.mannwhitneyu(a, b, method="exact")
    assert found.exact and (found.u, found.p) == (expected.statistic, pytest.approx(expected.pvalue))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda: statistics.rate([3, 2], 10),
            ValueError,
            "train: expected the ascending steps .*, found step 2 after step 3",
        ),
        (lambda: statistics.rate([1, 20], 10), ValueError, "train: .*step 20"),
        (lambda: statistics.rate([0.5], 10), ValueError, "train: expected non-negative integers, found 0.5"),
        (lambda: statistics.rate("spikes", 10), TypeError, "train: expected .*, found str of dtype"),
        (lambda: statistics.rate([1], 0), ValueError, "steps: expected .*, found 0"),
        (lambda: statistics.cv([]), ValueError, "train: expected at least 2 values, found 0"),
        (lambda: statistics.fano_factor([], 10, 2), ValueError, "."),
        (lambda: statistics.counts([1], 10, 2.5), TypeError, "window: expected .*, found 2.5"),
        (
            lambda: statistics.correlations(SPIKES[0]),
            ValueError,
            r"spikes: expected 2 axes, found shape \(6,\)",
        ),
        (
            lambda: statistics.correlations(SPIKES * 2),
            ValueError,
            "spikes: expected only 0 and 1.*, found other values",
        ),
        (lambda: statistics.surrogates(SPIKES, "shift"), ValueError, 'kind: expected .*, found "shift"'),
        (lambda: statistics.surrogates(SPIKES, seed=-1), ValueError, "seed: expected .*, found -1"),
        (lambda: statistics.fit_power_law([1, 2, 2, 3], 0), ValueError, "min: expected .*, found 0"),
        (lambda: statistics.compare_power_law([1], 2.5), TypeError, "law: expected .*, found float"),
        (lambda: statistics.hamming_distance(SPIKES, SPIKES[:3]), ValueError, "."),
        (lambda: statistics.fit_log_normal([0.5, 0.0]), ValueError, r"weights\[1\]"),
        (
            lambda: statistics.kernel_rank(3, np.zeros((1, 1, 1))),
            TypeError,
            "network: expected .*, found int",
        ),
        (
            lambda: statistics.kernel_rank(Network(seed=1), np.zeros((2, 2, 3))),
            ValueError,
            "input.*expected .*, found 3",
        ),
        (
            lambda: statistics.perturbation_growth(Network(seed=1), 999, np.zeros((1, 10))),
            ValueError,
            "neuron",
        ),
        (lambda: statistics.mann_whitney([], [1.0]), ValueError, "."),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "train, error, found",
    [
        ([1678.0, 4607.6], ValueError, "4607.6"),
        ([5, 9, 7], ValueError, "step 7 after step 9"),
        ([3, 3, 9], ValueError, "step 3 after step 3"),
        ([-1, 3, 9], ValueError, "-1"),
        (np.array([True, False, True]), TypeError, "booleans"),
        ([0, 1, 0, 1, 1], ValueError, "step 0 after step 1"),
    ],
)
def test_what_is_no_list_of_ascending_steps_is_refused(train, error, found):
    for call in (
        statistics.intervals,
        statistics.cv,
        statistics.cv2,
        statistics.lv,
        lambda train: statistics.rate(train, 10_000),
        lambda train: statistics.counts(train, 10_000, 10),
        lambda train: statistics.fano_factor(train, 10_000, 10),
        lambda train: statistics.instantaneous_rate(train, 10_000, 3.0),
    ):
        with pytest.raises(error, match=f"train: expected .*, found {found}"):
            call(train)


def test_spikes_beyond_the_record_and_units_are_refused():
    with pytest.raises(
        ValueError, match="train: neuron 0 spikes at step 10000, the recording has the steps 0 to 100"
    ):
        statistics.counts([3, 9, 10_000], 100, 10)

    class Quantities(np.ndarray):
        units = "ms"

    with pytest.raises(TypeError, match="train: expected .*, found quantities in ms"):
        statistics.cv(np.array([3, 9, 12]).view(Quantities))


class Stop(Exception):
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals on this platform")
@pytest.mark.parametrize(
    "statistic",
    [
        lambda: statistics.goodness_of_fit([1, 1, 1, 2, 2, 3, 7] * 50, 1, replicas=10**9),
        lambda: statistics.correlation_significance(SPIKES, surrogates=10**9),
    ],
)
def test_signals_are_heard_while_a_statistic_is_computed(statistic):
    def stop(*_):
        raise Stop

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stop):
            statistic()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    # What is computed afterwards is not stopped.
    assert statistics.rate(TRAIN, len(SPIKES)) > 0
