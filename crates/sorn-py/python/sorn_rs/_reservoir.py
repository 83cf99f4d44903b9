"""A reservoir with a supervised readout."""

import numpy as np

from ._arguments import BOOLS, array, integer, real, wrong
from ._native import Network


class Reservoir:
    """A `Network` whose activity is read out linearly, by ridge regression or recursive least squares.

    Parameters
    ----------
    params : str or dict, optional
        Parameters of `Network`.
    seed : int
    readout : {"ridge", "rls"}
        `ridge` solves ``(Z'Z + alpha I) W = Z'Y`` over everything seen; `rls` updates after each step (Haykin 2002, chapter
        13), and forgets if `forgetting` is below 1.
    alpha : float
        Ridge penalty, above 0. The bias is not penalised by `ridge`.
    forgetting : float
        Forgetting factor of `rls`, in (0, 1]. The penalty does not fade with the data, so that neurons that are silent for
        long do no harm: it is renewed as in dynamically regularised recursive least squares (Gay 1996, ICASSP).
    washout : int
        Steps at the start of each series that are not learnt from. A series begins with a new reservoir, with `reset` and
        with `fit`, and goes on from one call of `partial_fit` or `run` to the next.
    plastic : bool
        Whether the network's rules act while it runs. Off, it is a static reservoir.
    **overrides
        Single parameters of the network.

    Examples
    --------
    >>> import numpy as np
    >>> from sorn_rs import Reservoir
    >>> u = np.eye(4)[np.random.default_rng(0).integers(4, size=500)]
    >>> reservoir = Reservoir(seed=1, nu=4, ne=100, te_max=0.5).fit(u, u)
    >>> reservoir.run(u[:10]).shape
    (10, 4)
    """

    def __init__(
        self,
        params=None,
        seed=0,
        *,
        readout="ridge",
        alpha=1e-2,
        forgetting=1.0,
        washout=0,
        plastic=False,
        **overrides,
    ):
        if not isinstance(readout, str) or readout not in ("ridge", "rls"):
            raise ValueError(f"readout: found {readout!r}, allowed: 'ridge' or 'rls'")
        alpha, forgetting = real("alpha", alpha), real("forgetting", forgetting)
        if not 0 < alpha < np.inf:
            raise wrong("alpha", alpha, "above 0")
        if not 0 < forgetting <= 1:
            raise wrong("forgetting", forgetting, "above 0, up to 1")
        if not 1 / alpha / forgetting < np.inf:
            raise wrong("alpha", alpha, "a number whose inverse can be represented")
        washout = integer("washout", washout, 0)
        if not isinstance(plastic, BOOLS):
            raise wrong("plastic", repr(plastic), "True or False", TypeError)
        self.network = Network(params, seed, **overrides)
        if not plastic:
            self.network.frozen = ["stdp", "ip", "sp", "istdp", "ss"]
        self.readout, self.alpha, self.forgetting, self.washout = readout, alpha, forgetting, washout
        self._start = self.network.copy()
        # The network's steps at the beginning of the series under way.
        self._begin = self.network.steps
        self._forget()

    def _forget(self):
        self.weights = None
        self._gram = self._moment = self._inverse = None
        # The neuron whose penalty `rls` renews next.
        self._renewed = 0

    def features(self, inputs):
        """Run the network; its activity and a constant 1, shape (steps, ne + 1)."""
        x = self.network.run(array("inputs", inputs, f"(steps, {self.network.nu})"), record=["x"])["x"]
        return np.column_stack([x.astype(np.float64), np.ones(len(x))])

    def fit(self, inputs, targets):
        """Forget what was learnt and learn `targets` (steps, outputs) from `inputs` (steps, nu); returns itself.

        A new series begins, the network going on where it stands; call `reset` before to begin with the network as it was
        made. Raises ValueError if there are no more steps than `washout`.
        """
        inputs, targets = self._checked(inputs, targets)
        if len(inputs) <= self.washout:
            raise wrong("inputs", f"{len(inputs)} steps", f"more than the washout of {self.washout}")
        self._forget()
        self._begin = self.network.steps
        return self._learn(inputs, targets)

    def partial_fit(self, inputs, targets):
        """Learn more, the network going on where it stands; returns itself.

        Parts of a series give what the whole gives, also if the first is shorter than `washout`. The next of several series
        begins with `reset`.
        """
        inputs, targets = self._checked(inputs, targets)
        if self.weights is not None and targets.shape[1] != self.weights.shape[1]:
            raise ValueError(f"targets: found {targets.shape[1]} outputs, allowed: {self.weights.shape[1]}")
        return self._learn(inputs, targets)

    def _checked(self, inputs, targets):
        inputs = array("inputs", inputs, f"(steps, {self.network.nu})")
        shape = f"({len(inputs)}, outputs)"
        targets = array("targets", targets, shape, column=True)
        if len(targets) != len(inputs):
            raise wrong("targets", f"shape {targets.shape}", shape)
        if not np.all(np.isfinite(targets)):
            raise wrong("targets", "NaN or infinity", "finite values")
        return inputs, targets

    def _learn(self, inputs, targets):
        first = max(self.washout - (self.network.steps - self._begin), 0)
        features = self.features(inputs)[first:]
        if len(features):
            learn = self._ridge if self.readout == "ridge" else self._rls
            learn(features, targets[first:])
        return self

    def _ridge(self, z, y):
        if self._gram is None:
            self._gram, self._moment = np.zeros((z.shape[1], z.shape[1])), np.zeros((z.shape[1], y.shape[1]))
        self._gram += z.T @ z
        self._moment += z.T @ y
        penalty = np.full(len(self._gram), self.alpha)
        penalty[-1] = 0
        self.weights = np.linalg.solve(self._gram + np.diag(penalty), self._moment)

    def _rls(self, z, y):
        size = z.shape[1]
        if self.weights is None:
            self.weights = np.zeros((size, y.shape[1]))
            self._inverse = np.eye(size) / self.alpha
        # The inverse grows without bound for neurons that are silent, or always active together, unless the penalty that
        # is forgotten is given back. Each neuron in turn takes an example of its own with target 0, so often that its
        # penalty never falls to a thousandth in between.
        count, share = 0, 0.0
        if self.forgetting < 1:
            count = min(int(np.ceil(size * -np.log(self.forgetting) / np.log(1e3))), size)
            share = size / count * (1 - self.forgetting) * self.alpha
        for features, target in zip(z, y, strict=True):
            p = self._inverse @ features
            gain = p / (self.forgetting + features @ p)
            self.weights += np.outer(gain, target - features @ self.weights)
            self._inverse = (self._inverse - np.outer(gain, p)) / self.forgetting
            for _ in range(count):
                p = self._inverse[:, self._renewed].copy()
                gain = p * (share / (1 + share * p[self._renewed]))
                self.weights -= np.outer(gain, self.weights[self._renewed])
                self._inverse -= np.outer(gain, p)
                self._renewed = (self._renewed + 1) % size
            self._inverse = (self._inverse + self._inverse.T) / 2

    def run(self, inputs):
        """Outputs for `inputs` (steps, nu), shape (steps, outputs), the network going on where it stands."""
        if self.weights is None:
            raise ValueError(
                "run: the readout has learnt nothing yet; call fit first, with more steps than the washout"
            )
        return self.features(inputs) @ self.weights

    def reset(self):
        """Begin a new series with the network as it was made; what the readout learnt stays. Returns itself."""
        self.network = self._start.copy()
        self._begin = self.network.steps
        return self

    def __repr__(self):
        state = "untrained" if self.weights is None else f"{self.weights.shape[1]} outputs"
        return f"Reservoir({self.network!r}, readout={self.readout!r}, {state})"
