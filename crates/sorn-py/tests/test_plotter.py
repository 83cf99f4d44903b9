"""Every plot draws what it says, on a figure of its own."""

import numpy as np
import pytest

from sorn_rs import Plotter, Statistics

plt = pytest.importorskip("matplotlib.pyplot")
RNG = np.random.default_rng(3)
WEIGHTS = RNG.random((200, 200)) * (RNG.random((200, 200)) < 0.1)
TRAINS = (RNG.random((300, 50)) < 0.2).astype(float)
CORRELATION = Statistics.avg_corr_coeff(TRAINS)[0]

PLOTS = {
    "hist_incoming_conn": (
        lambda save: Plotter.hist_incoming_conn(WEIGHTS, 10, "bar", save),
        "hist_incoming_conn.png",
    ),
    "hist_outgoing_conn": (
        lambda save: Plotter.hist_outgoing_conn(WEIGHTS, 10, "step", save),
        "hist_outgoing_conn.png",
    ),
    "connections": (
        lambda save: Plotter.network_connection_dynamics([3, 4, 3], save),
        "connection_dynamics.png",
    ),
    "rates": (
        lambda save: Plotter.hist_firing_rate_network(TRAINS, 10, save),
        "hist_firing_rate_network.png",
    ),
    "scatter": (lambda save: Plotter.scatter_plot(TRAINS, save), "ScatterSpikeTrain.png"),
    "raster": (lambda save: Plotter.raster_plot(TRAINS[:, :10], save), "RasterSpikeTrain.png"),
    "correlation": (lambda save: Plotter.correlation(CORRELATION, save), "Correlation between neurons.png"),
    "isi": (lambda save: Plotter.isi_exponential_fit(TRAINS, 1, 10, save), "isi_exponential_fit.png"),
    "weights": (lambda save: Plotter.weight_distribution(WEIGHTS, 5, save), "weight_distribution.png"),
    "lognormal": (lambda save: Plotter.linear_lognormal_fit(WEIGHTS, 100, save), "LinearLognormalFit.png"),
    "network": (
        lambda save: Plotter.plot_network(CORRELATION, 0.1, "network.png" if save else None),
        "network.png",
    ),
    "hamming": (lambda save: Plotter.hamming_distance([0, 1, 1], save), "HammingDistance.png"),
}


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("save", [True, False])
def test_plot(name, save, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw, file = PLOTS[name]
    already = plt.figure()
    assert draw(save) is None
    assert not already.axes and len(plt.get_fignums()) == 2
    assert plt.gcf().axes
    assert [path.name for path in tmp_path.iterdir()] == ([file] if save else [])


def test_degrees_are_incoming_and_outgoing():
    weights = np.zeros((3, 3))
    weights[0, 1:] = 1
    Plotter.hist_incoming_conn(weights, 2, "bar", False)
    assert "mu = 0.67" in plt.gca().get_title() and "presynaptic" in plt.gca().get_title()
    Plotter.hist_outgoing_conn(weights, 2, "bar", False)
    assert "mu = 0.67,  std = 0.94" in plt.gca().get_title()


def test_exponential_fit_finds_an_exponential():
    from sorn_rs._plotter import _exponential_fit

    t = np.arange(1, 20)
    for a, b, c in ((50, 0.3, -2), (7, 1.5, 0), (3, -0.05, 4)):
        counts = a * np.exp(-b * t) - c
        np.testing.assert_allclose(_exponential_fit(t, counts), counts, atol=1e-3 * np.ptp(counts))


def test_nothing_to_plot():
    with pytest.raises(ValueError, match="weights: expected at least one of 0.01 or more, found none"):
        Plotter.weight_distribution(np.zeros((3, 3)), 5, False)
    with pytest.raises(ValueError, match="neuron: expected .*, found 0 with fewer"):
        Plotter.isi_exponential_fit(np.zeros((5, 1)), 0, 5, False)


def test_what_is_no_spike_train_is_not_plotted():
    for plot in (Plotter.raster_plot, Plotter.scatter_plot):
        with pytest.raises(ValueError, match="spike_train: expected shape .*, found "):
            plot("a", False)
