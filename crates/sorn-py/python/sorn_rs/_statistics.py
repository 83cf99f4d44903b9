"""Statistics of spike trains."""

import numpy as np


class Statistics:
    """Statistics of recorded activity.

    A spike train is an array of 0 and 1 of shape ``(time steps, neurons)``.
    """

    @staticmethod
    def firing_rate_neuron(spike_train: np.ndarray, neuron: int, bin_size: int):
        """Mean number of spikes of a neuron per `bin_size` steps.

        Returns
        -------
        time_period : int
            Number of time steps.
        bin_size : int
        spike_rate : float
        """
        train = _train(spike_train, neuron)
        time_period = len(train)
        return time_period, bin_size, np.count_nonzero(train == 1.0) * bin_size / time_period

    @staticmethod
    def firing_rate_network(spike_train: np.ndarray):
        """Number of active neurons per time step."""
        return np.count_nonzero(_spikes(spike_train), axis=1)

    @staticmethod
    def scale_dependent_smoothness_measure(firing_rates: list):
        """Standard deviation of the differences between successive rates; smaller is smoother."""
        return np.std(np.diff(firing_rates))

    @staticmethod
    def scale_independent_smoothness_measure(firing_rates: list):
        """Standard deviation of successive differences over their absolute mean; infinite where that is 0."""
        differences = np.diff(firing_rates)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.std(differences) / np.abs(np.mean(differences))

    @staticmethod
    def autocorr(firing_rates: list, t: int = 2):
        """Correlation matrix, shape (2, 2), of the rates and the rates `t` steps later."""
        rates = np.asarray(firing_rates)
        if not 0 <= t < len(rates) - 1:
            raise ValueError(f"t: expected 0 to len(firing_rates) - 2 ({len(rates) - 2}), found {t!r}")
        return np.corrcoef(rates[: len(rates) - t], rates[t:])

    @staticmethod
    def avg_corr_coeff(spike_train: np.ndarray):
        """Pearson correlation of every pair of neurons.

        Returns
        -------
        corr_mat : ndarray, shape (neurons, neurons)
            NaN where a neuron never changes.
        corr_coeff : float
            Mean over all entries that are numbers, the diagonal among them.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            corr_mat = np.atleast_2d(np.corrcoef(_spikes(spike_train).T))
        defined = corr_mat[~np.isnan(corr_mat)]
        return corr_mat, np.mean(defined) if defined.size else np.nan

    @staticmethod
    def spike_times(spike_train: np.ndarray):
        """Indices of spikes, one array per axis of `spike_train`: time steps and neurons."""
        spikes = np.asarray(spike_train)
        if spikes.dtype.kind not in "fiub" or spikes.ndim == 0:
            raise ValueError(f"spike_train: expected an array of 0 and 1, found {spike_train!r}")
        return np.where(spikes == 1.0)

    @staticmethod
    def spike_time_intervals(spike_train: np.ndarray):
        """Inter-spike intervals in time steps.

        Returns
        -------
        ndarray of int, or list of them
            The intervals of a single train (one axis); of each neuron (two axes).
        """
        spike_train = np.asarray(spike_train)
        if spike_train.ndim == 1:
            return np.diff(np.flatnonzero(spike_train == 1.0))
        return [np.diff(np.flatnonzero(train == 1.0)) for train in _spikes(spike_train).T]

    @staticmethod
    def hamming_distance(actual_spike_train: np.ndarray, perturbed_spike_train: np.ndarray):
        """Number of neurons that differ, per time step."""
        actual, perturbed = np.asarray(actual_spike_train), np.asarray(perturbed_spike_train)
        if actual.shape != perturbed.shape:
            raise ValueError(
                f"perturbed_spike_train: expected the shape of actual_spike_train, {actual.shape}, found {perturbed.shape}"
            )
        return [np.count_nonzero(a != p) for a, p in zip(actual, perturbed, strict=True)]

    @staticmethod
    def fanofactor(spike_train: np.ndarray, neuron: int, window_size: int):
        """Variance over mean of a neuron's spike count in windows of `window_size` steps; 1 for a Poisson process.

        Steps after the last whole window are left out.

        Returns
        -------
        mean_firing_rate, variance_firing_rate, fano_factor : float
            `fano_factor` is NaN for a silent neuron.
        """
        train = _train(spike_train, neuron)
        if not 1 <= window_size <= len(train):
            raise ValueError(f"window_size: expected 1 to {len(train)} time steps, found {window_size!r}")
        windows = len(train) // window_size
        counts = np.count_nonzero(train[: windows * window_size].reshape(windows, window_size), axis=1)
        mean, variance = np.mean(counts), np.var(counts)
        return mean, variance, variance / mean if mean > 0 else np.nan

    @staticmethod
    def spike_source_entropy(spike_train: np.ndarray, num_neurons: int):
        """Entropy of which neuron a spike is from, over that of `num_neurons` equally active ones: 0 to 1.

        NaN without a spike.
        """
        counts = np.count_nonzero(_spikes(spike_train), axis=0)
        if num_neurons < 2 or num_neurons < np.count_nonzero(counts):
            active = max(np.count_nonzero(counts), 2)
            raise ValueError(
                f"num_neurons: expected the number of neurons, {active} or more, found {num_neurons!r}"
            )
        total = np.sum(counts)
        if total == 0:
            return np.nan
        p = counts[counts > 0] / total
        return np.sum(p * np.log(p)) / np.log(1 / num_neurons)


def _train(spike_train: np.ndarray, neuron: int) -> np.ndarray:
    spikes = _spikes(spike_train)
    neurons = spikes.shape[1]
    if isinstance(neuron, (int, np.integer)) and not -neurons <= neuron < neurons:
        raise ValueError(f"neuron: expected 0 to {neurons - 1}, found {neuron!r}")
    return spikes[:, neuron]


def _spikes(spike_train: np.ndarray) -> np.ndarray:
    spikes = np.asarray(spike_train)
    if spikes.ndim != 2 or spikes.shape[0] == 0:
        raise ValueError(f"spike_train: expected shape (time steps, neurons), found {spikes.shape}")
    return spikes
