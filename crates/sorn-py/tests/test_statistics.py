"""`Statistics` is right where upstream is, and where it is not."""

import numpy as np
import pytest

from sorn_rs import Statistics

TRAINS = (np.random.default_rng(2).random((100, 200)) < 0.2).astype(float)


def test_equal_upstream(upstream):
    theirs = pytest.importorskip("sorn.utils").Statistics
    rates = [1, 1, 5, 6, 3, 7]
    calls = [
        lambda s: s.firing_rate_neuron(TRAINS, 10, 5),
        lambda s: s.firing_rate_network(TRAINS),
        lambda s: s.scale_dependent_smoothness_measure(rates),
        lambda s: s.scale_independent_smoothness_measure(rates),
        lambda s: s.autocorr(rates, 2),
        lambda s: s.avg_corr_coeff(TRAINS)[0],
        lambda s: s.avg_corr_coeff(TRAINS)[1],
        lambda s: s.spike_times(TRAINS),
        lambda s: s.spike_time_intervals(TRAINS[:, 3]),
        lambda s: s.hamming_distance(TRAINS, TRAINS[::-1]),
        lambda s: s.spike_source_entropy(TRAINS, 200),
        # Ten windows of ten steps each: here its window size is right.
        lambda s: s.fanofactor(TRAINS, 10, 10),
    ]
    for call in calls:
        np.testing.assert_allclose(call(Statistics), call(theirs), rtol=1e-12)


def test_fano_factor_takes_a_window_size():
    train = np.zeros((12, 1))
    train[[0, 1, 2, 3, 8], 0] = 1  # 4, 0, 1 spikes in windows of 4 steps
    mean, variance, fano = Statistics.fanofactor(train, 0, 4)
    assert (
        mean == pytest.approx(5 / 3) and variance == pytest.approx(26 / 9) and fano == pytest.approx(26 / 15)
    )
    assert Statistics.fanofactor(train, 0, 5)[0] == pytest.approx(2.5)  # the last two steps are no window
    rng = np.random.default_rng(1)
    assert Statistics.fanofactor(rng.random((100_000, 1)) < 0.01, 0, 100)[2] == pytest.approx(0.99, abs=0.1)
    assert np.isnan(Statistics.fanofactor(np.zeros((10, 1)), 0, 5)[2])
    for wrong in (0, 13):
        with pytest.raises(ValueError, match="window_size"):
            Statistics.fanofactor(train, 0, wrong)


def test_correlation_of_any_number_of_neurons():
    trains = TRAINS[:, :3].copy()
    corr_mat, corr_coeff = Statistics.avg_corr_coeff(trains)
    assert corr_coeff == pytest.approx(np.mean(corr_mat))
    trains[:, 1] = 0
    corr_mat, corr_coeff = Statistics.avg_corr_coeff(trains)
    assert np.isnan(corr_mat[1]).all() and np.isfinite(corr_coeff)


def test_entropy_of_silent_and_equal_neurons():
    trains = np.zeros((4, 4))
    assert np.isnan(Statistics.spike_source_entropy(trains, 4))
    trains[0, 0] = 1
    assert Statistics.spike_source_entropy(trains, 4) == 0
    assert Statistics.spike_source_entropy(np.eye(4), 4) == pytest.approx(1)


def test_intervals_of_each_neuron():
    trains = np.zeros((6, 3))
    trains[[0, 2, 5], 0] = trains[3, 1] = 1
    found = Statistics.spike_time_intervals(trains)
    assert [list(intervals) for intervals in found] == [[2, 3], [], []]


def test_one_axis_is_no_spike_train():
    with pytest.raises(ValueError, match=r"spike_train: expected shape .*, found \(5,\)"):
        Statistics.firing_rate_network(np.zeros(5))


def test_arguments_that_do_not_fit_are_named():
    spikes = np.random.default_rng(0).random((50, 10)) < 0.5
    for call in (
        lambda: Statistics.fanofactor(spikes, 99, 5),
        lambda: Statistics.firing_rate_neuron(spikes, 99, 5),
    ):
        with pytest.raises(ValueError, match="neuron: expected 0 to 9, found 99"):
            call()
    with pytest.raises(ValueError, match="num_neurons: expected .* 10 or more, found 4"):
        Statistics.spike_source_entropy(spikes, 4)
    with pytest.raises(ValueError, match="spike_train: expected an array of 0 and 1, found"):
        Statistics.spike_times("a")
