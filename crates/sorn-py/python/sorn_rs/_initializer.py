"""Matrices and inputs drawn from the global generators `np.random` and `random`."""

import random

import numpy as np

from . import _native


class Initializer:
    """Helpers that initialise the matrices and inputs of a network.

    No method changes its arguments. Connection matrices are of shape ``(pre, post)``.
    """

    @staticmethod
    def generate_strong_inp(length: int, reservoir_size: int):
        """A strong input to some of the first neurons.

        Parameters
        ----------
        length : int
            Number of neurons that may receive it, at most `reservoir_size`.
        reservoir_size : int
            Number of neurons in the reservoir.

        Returns
        -------
        inp : list of float
            1e4 for chosen neurons, 0 for others; length `reservoir_size`.
        idx : ndarray of int
            The chosen neurons, possibly repeated.
        """
        _check_length(length, reservoir_size)
        idx = np.random.choice(length, np.random.randint(reservoir_size))
        inp = [0] * reservoir_size
        for i in idx:
            inp[i] = 1.0e4
        return inp, idx

    @staticmethod
    def multi_one_hot_inp(ne: int, inputs: list, n_nodes_per_inp: int):
        """A one-hot code in which each input has a number of neurons.

        Parameters
        ----------
        ne : int
            Number of excitatory neurons.
        inputs : list
            Input labels.
        n_nodes_per_inp : int
            Number of neurons per input.

        Returns
        -------
        one_hot : ndarray, shape (ne, len(inputs))
            Column `k` is the code of input `k`.
        idxs : list of tuple of int
            The neurons of each input.
        """
        rounds = [random.sample(range(ne), len(inputs)) for _ in range(n_nodes_per_inp)]
        idxs = list(zip(*rounds, strict=True))
        one_hot = np.zeros((ne, len(inputs)))
        for k, neurons in enumerate(idxs):
            one_hot[list(neurons), k] = 1
        return one_hot, idxs

    @staticmethod
    def generate_gaussian_inputs(length: int, reservoir_size: int):
        """A standard normal input to some of the first neurons; see `generate_strong_inp`.

        Returns
        -------
        out : list of float
            Normal numbers for chosen neurons, 0 for others; length `reservoir_size`.
        idx : ndarray of int
            The chosen neurons, possibly repeated.
        """
        _check_length(length, reservoir_size)
        idx = np.random.choice(length, np.random.randint(reservoir_size))
        values = np.random.normal(size=length)
        out = [0] * reservoir_size
        for i in idx:
            out[i] = values[i]
        return out, idx

    @staticmethod
    def normalize_weight_matrix(weight_matrix: np.ndarray):
        """Weights divided by the sum of their column; a neuron without incoming synapses keeps none."""
        weights = np.asarray(weight_matrix, dtype=np.float64)
        sums = np.sum(weights, axis=0)
        return weights / np.where(sums == 0.0, 1.0, sums)

    @staticmethod
    def generate_lambd_connections(synaptic_connection: str, ne: int, ni: int, lambd_w: int, lambd_std: int):
        """Sparse connections with a normally distributed number of synapses per neuron.

        Parameters
        ----------
        synaptic_connection : {"EE", "EI", "IE"}
            "EE" and "IE" draw the incoming synapses of each postsynaptic neuron, "EI" the outgoing ones of each
            inhibitory neuron.
        ne, ni : int
            Number of excitatory and inhibitory neurons.
        lambd_w, lambd_std : float
            Mean and standard deviation of the number of synapses.

        Returns
        -------
        ndarray, shape (pre, post)
            Weights, uniform in [0, 0.1).
        """
        return _native.lambd_connections(synaptic_connection, ne, ni, lambd_w, lambd_std)

    @staticmethod
    def get_incoming_connection_dict(weights: np.ndarray):
        """Presynaptic neurons of each postsynaptic neuron, `{post: [pre, ...]}`."""
        return {post: list(np.nonzero(column)[0]) for post, column in enumerate(np.asarray(weights).T)}

    @staticmethod
    def get_outgoing_connection_dict(weights: np.ndarray):
        """Postsynaptic neurons of each presynaptic neuron, `{pre: [post, ...]}`."""
        return {pre: list(np.nonzero(row)[0]) for pre, row in enumerate(np.asarray(weights))}

    @staticmethod
    def reset_min(z: np.ndarray, cutoff_val: float):
        """`z` with values at or below `cutoff_val` set to it."""
        z = np.asarray(z)
        return np.where(z <= cutoff_val, cutoff_val, z)

    @staticmethod
    def reset_max(z: np.ndarray, cutoff_val: float):
        """`z` with values above `cutoff_val` set to it."""
        z = np.asarray(z)
        return np.where(z > cutoff_val, cutoff_val, z)

    @staticmethod
    def inactive_synapses(wee: np.ndarray):
        """Pairs `(pre, post)` of distinct neurons without a synapse, in row order."""
        absent = np.asarray(wee) <= 0.0
        absent &= ~np.eye(*absent.shape, dtype=bool)
        return list(zip(*np.nonzero(absent), strict=True))

    @staticmethod
    def white_gaussian_noise(mu: float, sigma: float, t: int):
        """Normal numbers of shape `(t, 1)`."""
        return np.expand_dims(np.random.normal(mu, sigma, t), 1)

    @staticmethod
    def zero_sum_incoming_check(weights: np.ndarray):
        """`weights` in which every neuron has an incoming synapse: one that had none gets two random ones."""
        weights = np.array(weights, dtype=np.float64)
        rows = weights.shape[0]
        for post in np.flatnonzero(np.sum(weights, axis=0) == 0.0):
            chosen = np.random.randint(max(int(rows * 0.2), 1), size=2)
            weights[chosen, post] = np.random.uniform(0.0, 0.1, 2)
        return weights


def _check_length(length: int, reservoir_size: int) -> None:
    if not 1 <= length <= reservoir_size:
        raise ValueError(f"length: expected 1 to reservoir_size ({reservoir_size!r}), found {length!r}")
