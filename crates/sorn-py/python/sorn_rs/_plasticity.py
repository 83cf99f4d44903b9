"""The parts of a step one by one, in NumPy, for those who call them singly. Runs do not use them."""

import random

import numpy as np

from ._initializer import Initializer


class Sorn:
    """Hyperparameters; what an argument of a run does not say, these attributes do. No run changes them."""

    nu = 10
    ne = 200
    ni = int(0.2 * ne)
    eta_stdp = 0.004
    eta_inhib = 0.001
    eta_ip = 0.01
    te_max = 1.0
    ti_max = 0.5
    ti_min = 0.0
    te_min = 0.0
    mu_ip = 0.1
    sigma_ip = 0.0
    network_type_ee = "Sparse"
    network_type_ei = "Sparse"
    network_type_ie = "Dense"
    lambda_ee = 20
    lambda_ei = 40
    lambda_ie = 100

    @staticmethod
    def initialize_weight_matrix(
        network_type: str, synaptic_connection: str, self_connection: str, lambd_w: int
    ):
        """A weight matrix of `Sorn.ne` and `Sorn.ni` neurons, not normalised.

        Parameters
        ----------
        network_type : {"Sparse", "Dense"}
        synaptic_connection : {"EE", "EI", "IE"}
        self_connection : {"False"}
            No neuron connects to itself.
        lambd_w : float
            Mean number of synapses per neuron of a sparse matrix.
        """
        ne, ni = Sorn.ne, Sorn.ni
        shapes = {"EE": (ne, ne), "EI": (ni, ne), "IE": (ne, ni)}
        if synaptic_connection not in shapes:
            raise ValueError(
                f"synaptic_connection: expected 'EE', 'EI' or 'IE', found {synaptic_connection!r}"
            )
        if self_connection not in ("False", False):
            raise ValueError(f"self_connection: expected 'False', found {self_connection!r}")
        if network_type == "Sparse":
            return Initializer.generate_lambd_connections(synaptic_connection, ne, ni, lambd_w, lambd_std=1)
        if network_type == "Dense":
            weights = np.random.uniform(0.0, 0.1, shapes[synaptic_connection])
            if synaptic_connection == "EE":
                np.fill_diagonal(weights, 0.0)
            return weights
        raise ValueError(f"network_type: expected 'Sparse' or 'Dense', found {network_type!r}")

    @staticmethod
    def initialize_threshold_matrix(te_min: float, te_max: float, ti_min: float, ti_max: float):
        """Uniform thresholds of shapes (ne, 1) and (ni, 1)."""
        te = np.random.uniform(te_min, te_max, (Sorn.ne, 1))
        ti = np.random.uniform(ti_min, ti_max, (Sorn.ni, 1))
        return te, ti

    @staticmethod
    def initialize_activity_vector(ne: int, ni: int):
        """Silence: zeros of shapes (ne, 2) and (ni, 2)."""
        return np.zeros((ne, 2)), np.zeros((ni, 2))


class Plasticity(Sorn):
    """The plasticity rules. Each returns a new array; columns of activity are the step before and this one."""

    def __init__(self):
        self.nu, self.ne = Sorn.nu, Sorn.ne
        self.eta_stdp, self.eta_ip, self.eta_inhib = Sorn.eta_stdp, Sorn.eta_ip, Sorn.eta_inhib
        self.h_ip = 2 * Sorn.nu / Sorn.ne
        self.mu_ip = Sorn.mu_ip
        self.ni = int(0.2 * Sorn.ne)
        self.te_min, self.te_max = Sorn.te_min, Sorn.te_max

    def stdp(self, wee: np.ndarray, x: np.ndarray, cutoff_weights: list):
        """Spike-timing-dependent plasticity of the synapses that exist."""
        before, now = np.asarray(x).T
        change = self.eta_stdp * (np.outer(before, now) - np.outer(now, before))
        return _changed(wee, change, cutoff_weights)

    def ip(self, te: np.ndarray, x: np.ndarray):
        """Intrinsic plasticity: thresholds of shape (ne, 1) follow activity."""
        now = np.asarray(x)[:, 1:2]
        te = te + self.eta_ip * (now - self.h_ip)
        return Initializer.reset_max(Initializer.reset_min(te, self.te_min), self.te_max)

    @staticmethod
    def ss(wee: np.ndarray):
        """Synaptic scaling: incoming weights sum to 1."""
        return Initializer.normalize_weight_matrix(wee)

    def istdp(self, wei: np.ndarray, x: np.ndarray, y: np.ndarray, cutoff_weights: list):
        """Inhibitory spike-timing-dependent plasticity of the synapses that exist."""
        now, before = np.asarray(x)[:, 1], np.asarray(y)[:, 0]
        change = -self.eta_inhib * before[:, None] * (1 - now[None, :] * (1 + 1 / self.mu_ip))
        return _changed(wei, change, cutoff_weights)

    @staticmethod
    def structural_plasticity(wee: np.ndarray):
        """With probability 0.1, a random absent synapse grows with weight 0.001."""
        wee = np.array(wee, dtype=np.float64)
        if np.random.randint(0, 10, 1)[0] == 0:
            absent = Initializer.inactive_synapses(wee)
            if absent:
                wee[random.choice(absent)] = 0.001
        return wee

    @staticmethod
    def initialize_plasticity():
        """`wee, wei, wie, te, ti, x, y` of a new network."""
        kinds = (
            (Sorn.network_type_ee, "EE", Sorn.lambda_ee),
            (Sorn.network_type_ei, "EI", Sorn.lambda_ei),
            (Sorn.network_type_ie, "IE", Sorn.lambda_ie),
        )
        drawn = [Sorn.initialize_weight_matrix(kind, pair, "False", mean) for kind, pair, mean in kinds]
        checked = [Initializer.zero_sum_incoming_check(weights) for weights in drawn]
        weights = [Initializer.normalize_weight_matrix(weights) for weights in checked]
        thresholds = Sorn.initialize_threshold_matrix(Sorn.te_min, Sorn.te_max, Sorn.ti_min, Sorn.ti_max)
        return (*weights, *thresholds, *Sorn.initialize_activity_vector(Sorn.ne, Sorn.ni))


def _changed(weights, change, cutoff_weights):
    weights = np.asarray(weights, dtype=np.float64)
    weights = np.where(weights != 0.0, weights + change, weights)
    return Initializer.reset_max(Initializer.reset_min(weights, cutoff_weights[0]), cutoff_weights[1])


class MatrixCollection(Sorn):
    """Matrices of every step of a run.

    Parameters
    ----------
    phase : {"plasticity", "training"}
    state : dict, optional
        Where to start; in phase "plasticity" a new network if not given.
    timesteps : int
    """

    def __init__(self, phase: str, state: dict = None, timesteps: int = 1):
        if phase not in ("plasticity", "training"):
            raise ValueError(f"phase: expected 'plasticity' or 'training', found {phase!r}")
        if phase == "training" and state is None:
            raise ValueError("state: expected the state of an earlier run, in phase 'training', found None")
        self.phase, self.state, self.timesteps = phase, state, timesteps + 1
        names = ("Wee", "Wei", "Wie", "Te", "Ti", "X", "Y")
        first = Plasticity.initialize_plasticity() if state is None else [state[name] for name in names]
        for name, array in zip(names, first, strict=True):
            setattr(self, name, [array] + [0] * timesteps)

    def weight_matrix(self, wee, wei, wie, i: int):
        """Stores the weights after step `i`."""
        self.Wee[i + 1], self.Wei[i + 1], self.Wie[i + 1] = wee, wei, wie
        return self.Wee, self.Wei, self.Wie

    def threshold_matrix(self, te, ti, i: int):
        """Stores the thresholds after step `i`."""
        self.Te[i + 1], self.Ti[i + 1] = te, ti
        return self.Te, self.Ti

    def network_activity_t(self, excitatory_net, inhibitory_net, i: int):
        """Stores the activity after step `i`."""
        self.X[i + 1], self.Y[i + 1] = excitatory_net, inhibitory_net
        return self.X, self.Y


class NetworkState(Plasticity):
    """The activity that follows from an input `v_t` of shape (nu,); results are of shape (neurons, 1)."""

    def __init__(self, v_t: np.ndarray):
        super().__init__()
        if len(v_t) != self.nu:
            raise ValueError(f"v_t: expected nu ({self.nu}) values, found {len(v_t)}")
        self.v_t = np.zeros((self.ne, 1))
        self.v_t[: self.nu, 0] = v_t

    def incoming_drive(self, weights: np.ndarray, activity_vector: np.ndarray):
        """What activity of shape (pre, 1) gives each postsynaptic neuron, shape (post,)."""
        return np.sum(weights * activity_vector, axis=0)

    def excitatory_network_state(self, wee, wei, te, x, y, white_noise_e):
        """Who fires among the excitatory neurons."""
        return _fires(self._drive(wee, wei, x, y) + white_noise_e + self.v_t - te)

    def inhibitory_network_state(self, wie, ti, y, white_noise_i):
        """Who fires among the inhibitory neurons; `y` is the excitatory activity."""
        drive = self.incoming_drive(np.asarray(wie), np.asarray(y)[:, 1:2])
        return _fires(drive[:, None] + white_noise_i - ti)

    def recurrent_drive(self, wee, wei, te, x, y, white_noise_e):
        """Who would fire without the input."""
        return _fires(self._drive(wee, wei, x, y) + white_noise_e - te)

    def _drive(self, wee, wei, x, y):
        excitation = self.incoming_drive(wee, np.asarray(x)[:, 1:2])
        return (excitation - self.incoming_drive(wei, np.asarray(y)[:, 1:2]))[:, None]


def _fires(drive):
    return (drive > 0).astype(np.float64)
