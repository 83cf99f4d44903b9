"""Statistics of spontaneous dynamics beside SciPy's and known answers, and the health of a network."""

import warnings

import numpy as np
import pytest

from sorn_rs import Network, Reservoir, statistics

RNG = np.random.default_rng(5)


def test_tails_that_bend():
    values = RNG.geometric(0.1, 5000)
    found = statistics.fit_truncated_power_law(values)
    # A geometric distribution is one without the power.
    assert abs(found.exponent) < 0.15 and found.rate == pytest.approx(-np.log(0.9), rel=0.15)
    assert (found.events, found.min, found.max) == (5000, 1, None)
    stretched = statistics.fit_stretched_exponential(values, max=100)
    assert stretched.shape == pytest.approx(1, abs=0.1) and stretched.max == 100
    law = statistics.fit_power_law(values, 1)
    for alternative in ["truncated_power_law", "stretched_exponential"]:
        test = statistics.compare_power_law(values, law, alternative)
        assert test.ratio < 0 and test.p < 1e-6
    with pytest.raises(ValueError, match=r'alternative: expected .*truncated_power_law.*, found "gamma"'):
        statistics.compare_power_law(values, law, "gamma")


def test_avalanches_by_duration():
    durations = np.array([1, 2, 2, 4, 8])
    sizes = np.array([1, 3, 3, 8, 23])
    means = statistics.mean_sizes(durations, sizes)
    np.testing.assert_array_equal(means.duration, [1, 2, 4, 8])
    np.testing.assert_array_equal(means.count, [1, 2, 1, 1])
    np.testing.assert_allclose(means.mean_size, [1, 3, 8, 23])
    found = statistics.crackling(durations, sizes, 1.75, 1.5)
    slope = np.polyfit(np.log([1, 2, 4, 8]), np.log([1, 3, 8, 23]), 1)[0]
    assert found.slope == pytest.approx(slope) and found.predicted == pytest.approx(1.5)
    assert found.deviation == pytest.approx(abs(slope - 1.5))
    with pytest.raises(ValueError, match="sizes"):
        statistics.mean_sizes(durations, sizes[:2])


def test_shapes_collapse():
    # Parabolas whose height grows with the duration: their sizes grow with its square.
    activity = [0]
    for duration in [20, 30, 40] * 12:
        time = (np.arange(duration) + 0.5) / duration
        activity += list(np.rint(1 + 40 * duration * time * (1 - time)).astype(int)) + [0]
    found = statistics.shape_collapse(activity, 0, 20, 40)
    assert found.exponent == pytest.approx(2, abs=0.1)
    np.testing.assert_array_equal(found.durations, [20, 30, 40])
    assert found.shape.argmax() in range(28, 36)


def test_long_correlations():
    noise = RNG.normal(size=20_000)
    windows = [8, 16, 32, 64, 128, 256]
    assert statistics.detrended_fluctuations(noise, windows).exponent == pytest.approx(0.5, abs=0.05)
    found = statistics.detrended_fluctuations(np.cumsum(noise), windows)
    assert found.exponent == pytest.approx(1.5, abs=0.08) and len(found.fluctuations) == 6


def test_weights():
    stats = pytest.importorskip("scipy.stats")
    weights = np.exp(RNG.normal(-3, 0.6, 800))
    logs = np.log(weights)
    distance = stats.kstest(logs, stats.norm(logs.mean(), logs.std()).cdf).statistic
    assert statistics.log_normal_distance(weights) == pytest.approx(distance)
    assert statistics.log_normal_goodness(weights, replicas=200) > 0.01
    assert statistics.log_normal_goodness(RNG.exponential(size=800), replicas=200) == 0
    assert statistics.compare_log_normal(weights).ratio > 0
    assert statistics.compare_log_normal(weights, "exponential").p < 0.01
    before, after = np.zeros((5, 5)), np.zeros((5, 5))
    before[0, 1:] = [0.1, 0.2, 0.3, 0.4]
    after[0, 1:] = [0.2, 0.3, 0.0, 0.5]
    changes = statistics.weight_changes(before, after)
    np.testing.assert_allclose(sorted(changes.before), [0.1, 0.2, 0.4])
    assert changes.relative_correlation == pytest.approx(-1)
    with pytest.raises(ValueError, match=r"after: expected .*, found \(4, 5\)"):
        statistics.weight_changes(before, after[1:])


def test_patterns():
    p, q = RNG.random((500, 4)) < 0.5, RNG.random((400, 4)) < 0.2
    bits = 1 << np.arange(4)
    stats = pytest.importorskip("scipy.stats")
    counts = [np.bincount(spikes @ bits, minlength=16) + 1 for spikes in (p, q)]
    assert statistics.pattern_divergence(p, q) == pytest.approx(stats.entropy(*counts, base=2))
    with pytest.raises(ValueError, match="p: expected 1 to 32 neurons, found 33"):
        statistics.pattern_divergence(np.zeros((3, 33)), np.zeros((3, 33)))


def test_lifetimes_of_synapses():
    times, shares = statistics.survival([5, 5, 20], [15, 0])
    np.testing.assert_array_equal(times, [5, 20])
    np.testing.assert_allclose(shares, [0.5, 0])
    network = Network("zheng2013", seed=2, ne=80, nu=1)
    tracker = statistics.SynapseTracker(network)
    for _ in range(300):
        network.step(np.zeros(1))
        tracker.update(network)
    lives = tracker.lifetimes()
    assert len(lives.ended) + len(lives.alive) > 0
    there = np.count_nonzero(network.wee)
    assert there == lives.initial_alive + len(lives.alive)
    with pytest.raises(ValueError, match="step"):
        tracker.update(network)
    with pytest.raises(TypeError, match="network: expected .*, found int"):
        statistics.SynapseTracker(3)


def test_a_network_that_is_unwell_says_so_once():
    silent = Network(seed=1, noise="none", nu=10)
    assert silent.health["problems"] == [] and silent.health["silent_steps"] == 0
    with pytest.warns(RuntimeWarning, match="no excitatory neuron has fired for 300 steps"):
        silent.run(np.zeros((300, 10)))
    assert silent.health["silent_steps"] == 300
    assert "raise input_gain or noise_sd" in silent.health["problems"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent.run(np.zeros((300, 10)))
        alive = Network("zheng2013", seed=1, nu=1)
        alive.run(np.zeros((2000, 1)))
    assert alive.health["problems"] == []
    with pytest.raises(TypeError):
        alive.health["silent_steps"] = 1
    with pytest.raises(AttributeError):
        alive.health = {}


def test_a_reservoir_that_is_silent_says_so():
    reservoir = Reservoir(seed=1, noise="none", nu=4, ne=100, clip_te=True, te_min=0.5)
    with pytest.warns(RuntimeWarning, match="no excitatory neuron has fired"):
        reservoir.features(np.zeros((200, 4)))


def test_pools_and_target_rates_can_be_read():
    network = Network("hartmann2015", seed=3, nu=5)
    assert len(network.pools) == 5 and all(len(pool) == 10 for pool in network.pools)
    assert network.h_ip.shape == (200,) and 0.09 <= network.h_ip.min() < network.h_ip.max() <= 0.11
    assert Network(seed=1).pools == ()
    with pytest.raises(ValueError):
        network.pools[0][0] = 7


def test_pools_and_target_rates_belong_to_the_state():
    network = Network("hartmann2015", seed=3, nu=5)
    network.run(np.eye(5)[np.arange(40) % 5])
    again = Network.from_state(network.state, network.params)
    np.testing.assert_array_equal(again.h_ip, network.h_ip)
    for pool, same in zip(network.pools, again.pools, strict=True):
        np.testing.assert_array_equal(pool, same)
    # Without noise and growth nothing else is drawn: it goes on as the other does.
    inputs = np.eye(5)[np.arange(60) % 5]
    np.testing.assert_array_equal(again.run(inputs)["x"], network.run(inputs)["x"])
    state = dict(network.state)
    state["Pools"] = state["Pools"][:3]
    with pytest.raises(ValueError, match=r"state\['Pools'\]: expected .*, found \(3, 200\)"):
        Network.from_state(state, network.params)
    # A state that has none takes those of the seed, as before.
    del state["Pools"], state["H_ip"]
    assert (Network.from_state(state, network.params, seed=3).pools[0] == network.pools[0]).all()
