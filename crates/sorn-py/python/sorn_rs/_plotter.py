"""Plots with matplotlib, which is imported when the first is drawn."""

import numpy as np

from ._extras import needed
from ._statistics import Statistics, _train


def _pyplot():
    return needed("matplotlib.pyplot", "plot")


class Plotter:
    """Figures of weights and activity.

    Weights are ``[pre, post]``, spike trains ``(time steps, neurons)``. With `savefig`, a figure is also saved in the
    working directory.
    """

    @staticmethod
    def hist_incoming_conn(weights: np.ndarray, bin_size: int, histtype: str, savefig: bool):
        """Histogram of the number of incoming synapses per neuron, with a normal fit. `bin_size` is a number of bins."""
        degrees = np.sum(np.asarray(weights) > 0, axis=0)
        return _degrees(degrees, "presynaptic", bin_size, histtype, savefig and "hist_incoming_conn")

    @staticmethod
    def hist_outgoing_conn(weights: np.ndarray, bin_size: int, histtype: str, savefig: bool):
        """Histogram of the number of outgoing synapses per neuron, with a normal fit. `bin_size` is a number of bins."""
        degrees = np.sum(np.asarray(weights) > 0, axis=1)
        return _degrees(degrees, "postsynaptic", bin_size, histtype, savefig and "hist_outgoing_conn")

    @staticmethod
    def network_connection_dynamics(connection_counts: np.ndarray, savefig: bool):
        """Number of synapses over time."""
        plt = _pyplot()
        _, axes = plt.subplots(figsize=(12, 5))
        axes.plot(connection_counts, label="Connection dynamics")
        axes.margins(x=0)
        axes.set(
            title="Network connection dynamics", ylabel="Number of active connections", xlabel="Time step"
        )
        axes.legend(loc="upper right")
        plt.tight_layout()
        return _finish(plt, savefig and "connection_dynamics")

    @staticmethod
    def hist_firing_rate_network(spike_train: np.ndarray, bin_size: int, savefig: bool):
        """Histogram of the number of active neurons per step, silent steps left out."""
        plt = _pyplot()
        rates = Statistics.firing_rate_network(spike_train)
        plt.figure()
        plt.title("Distribution of population activity without inactive time steps")
        plt.xlabel("Spikes/time step")
        plt.ylabel("Count")
        plt.hist(rates[rates != 0], bin_size)
        return _finish(plt, savefig and "hist_firing_rate_network.png")

    @staticmethod
    def scatter_plot(spike_train: np.ndarray, savefig: bool):
        """Spikes as dots, and the number of active neurons."""
        plt = _spikes(spike_train, (8, 5), ".k", 1.0)
        return _finish(plt, savefig and "ScatterSpikeTrain.png")

    @staticmethod
    def raster_plot(spike_train: np.ndarray, savefig: bool):
        """Spikes as strokes, and the number of active neurons."""
        plt = _spikes(spike_train, (11, 6), "|r", 6.0)
        return _finish(plt, savefig and "RasterSpikeTrain.png")

    @staticmethod
    def correlation(corr: np.ndarray, savefig: bool):
        """Lower triangle of a correlation matrix."""
        plt = _pyplot()
        corr = np.asarray(corr, dtype=np.float64)
        _, axes = plt.subplots(figsize=(11, 9))
        shown = np.ma.masked_where(np.triu(np.ones_like(corr, dtype=bool)), corr)
        image = axes.imshow(shown, cmap="RdBu_r", vmin=-0.1, vmax=0.1, aspect="auto", interpolation="nearest")
        axes.set(xlabel="Neuron", ylabel="Neuron", title="Correlation between neurons")
        plt.colorbar(image, ax=axes, shrink=0.9)
        if savefig:
            plt.savefig("Correlation between neurons")

    @staticmethod
    def isi_exponential_fit(spike_train: np.ndarray, neuron: int, bin_size: int, savefig: bool):
        """Histogram of a neuron's inter-spike intervals in `bin_size` bins, with a fit `a exp(-b t) - c`."""
        intervals = Statistics.spike_time_intervals(_train(spike_train, neuron))
        if len(intervals) == 0:
            raise ValueError(f"neuron: expected a neuron with 2 spikes or more, found {neuron!r} with fewer")
        counts, edges = np.histogram(intervals, bins=bin_size)
        t, counts = edges[1:bin_size].astype(int), counts[1:bin_size].astype(float)
        if len(t) < 3:
            raise ValueError(f"bin_size: expected 4 or more, found {bin_size!r}")
        plt = _pyplot()
        plt.figure()
        plt.plot(t, _exponential_fit(t, counts), label="Exponential fit")
        plt.title("Distribution of Inter Spike Intervals and Exponential Curve Fit")
        plt.scatter(t, counts, s=2.0, color="black", label="ISI")
        plt.xlabel("ISI")
        plt.ylabel("Frequency")
        plt.legend()
        return _finish(plt, savefig and "isi_exponential_fit")

    @staticmethod
    def weight_distribution(weights: np.ndarray, bin_size: int, savefig: bool):
        """Distribution of the weights from 0.01 on (Zheng et al. 2013), in `bin_size` bins."""
        plt = _pyplot()
        counts, edges = np.histogram(_strong(weights), bins=bin_size)
        plt.figure()
        plt.title("Synaptic weight distribution")
        plt.scatter(edges[:-1], counts, s=2.0, c="black")
        plt.xlabel("Connection strength")
        plt.ylabel("Frequency")
        return _finish(plt, savefig and "weight_distribution")

    @staticmethod
    def linear_lognormal_fit(weights: np.ndarray, num_points: int, savefig: bool):
        """Log-normal density with the parameters of the weights from 0.01 on, on a linear and a logarithmic axis."""
        weights = _strong(weights)
        mu, sigma = np.mean(np.log(weights)), np.std(np.log(weights))
        if sigma == 0:
            raise ValueError("weights: expected different weights from 0.01 on, found equal ones")

        def density(w):
            return np.exp(-((np.log(w) - mu) ** 2) / (2 * sigma**2)) / (w * sigma * np.sqrt(2 * np.pi))

        w = np.linspace(np.min(weights), np.max(weights), num=num_points)
        mode, median, mean = np.exp(mu - sigma**2), np.exp(mu), np.exp(mu + sigma**2 / 2)
        plt = _pyplot()
        _, both = plt.subplots(1, 2, figsize=(12, 4.5))
        for axes, scale in zip(both, ("linear", "log"), strict=True):
            axes.plot(w, density(w))
            axes.vlines(mode, 0, density(mode), linestyle=":", color="black", label="Mode")
            axes.vlines(mean, 0, density(mean), linestyle="--", color="green", label="Mean")
            axes.vlines(median, 0, density(median), color="blue", label="Median")
            axes.set(xscale=scale, xlabel="Weight", ylabel="Density", title=f"Log-normal fit, {scale} scale")
            axes.set_ylim(bottom=0)
            axes.legend()
        return _finish(plt, savefig and "LinearLognormalFit")

    @staticmethod
    def plot_network(corr: np.ndarray, corr_thres: float, fig_name: str = None):
        """Neurons in a circle, with a line between those that correlate above `corr_thres`; saved as `fig_name`."""
        plt = _pyplot()
        from matplotlib.collections import LineCollection

        corr = np.asarray(corr, dtype=np.float64)
        one, other = np.nonzero(np.triu(np.maximum(corr, corr.T) > corr_thres, 1))
        angle = 2 * np.pi * np.arange(len(corr)) / max(len(corr), 1)
        places = np.column_stack([np.cos(angle), np.sin(angle)])
        _, axes = plt.subplots(figsize=(12, 12))
        axes.add_collection(
            LineCollection(np.stack([places[one], places[other]], axis=1), colors="0.6", linewidths=0.3)
        )
        connected = np.unique(np.concatenate([one, other]))
        axes.scatter(*places[connected].T, s=50, color="orange", zorder=2)
        for neuron in connected:
            axes.annotate(str(neuron), 1.05 * places[neuron], ha="center", va="center", fontsize=6)
        axes.set(aspect="equal", title=f"Correlation above {corr_thres}")
        axes.axis("off")
        return _finish(plt, fig_name)

    @staticmethod
    def hamming_distance(hamming_dist: list, savefig: bool):
        """Hamming distance between two runs over time."""
        plt = _pyplot()
        plt.figure(figsize=(15, 6))
        plt.title("Hamming distance between actual and perturbed states")
        plt.xlabel("Time steps")
        plt.ylabel("Hamming distance")
        plt.plot(hamming_dist)
        return _finish(plt, savefig and "HammingDistance")


def _finish(plt, name):
    if name:
        plt.savefig(name)
    return plt.show()


def _strong(weights):
    weights = np.asarray(weights, dtype=np.float64)
    strong = weights[weights >= 0.01]
    if strong.size == 0:
        raise ValueError("weights: expected at least one of 0.01 or more, found none")
    return strong


def _degrees(degrees, kind, bins, histtype, name):
    plt = _pyplot()
    plt.figure(figsize=(12, 5))
    plt.xlabel("Number of connections")
    plt.ylabel("Probability")
    plt.hist(degrees, bins=bins, density=True, histtype=histtype, alpha=0.6, color="b")
    mean, sd = np.mean(degrees), np.std(degrees)
    if sd > 0:
        x = np.linspace(*plt.xlim(), 200)
        plt.plot(x, np.exp(-((x - mean) ** 2) / (2 * sd**2)) / (sd * np.sqrt(2 * np.pi)), "k", linewidth=2)
    plt.title(f"Distribution of {kind} connections: mu = {mean:.2f},  std = {sd:.2f}")
    return _finish(plt, name)


def _spikes(spike_train, figsize, marker, size):
    rates = Statistics.firing_rate_network(spike_train)
    times, neurons = Statistics.spike_times(spike_train)
    plt = _pyplot()
    plt.figure(figsize=figsize)
    plt.plot(rates, label="Firing rate")
    plt.plot(times, neurons, marker, markersize=size)
    plt.title("Spike Trains")
    plt.xlabel("Time step")
    plt.ylabel("Neuron")
    plt.legend(loc="upper left")
    return plt


def _exponential_fit(t, counts):
    """Values of the least-squares fit `a exp(-b t) - c`: for a given `b` it is linear, so only `b` is searched."""
    span = max(float(np.ptp(t)), 1.0)
    candidates = np.concatenate([-np.geomspace(1e-3, 5, 60)[::-1], np.geomspace(1e-3, 50, 120)]) / span

    def fitted(b):
        basis = np.column_stack([np.exp(-b * (t - t[0])), np.ones(len(t))])
        return basis @ np.linalg.lstsq(basis, counts, rcond=None)[0]

    def error(b):
        return np.sum((fitted(b) - counts) ** 2)

    best = int(np.argmin([error(b) for b in candidates]))
    low, high = candidates[max(best - 1, 0)], candidates[min(best + 1, len(candidates) - 1)]
    for _ in range(60):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, second) if error(first) < error(second) else (first, high)
    return fitted((low + high) / 2)
