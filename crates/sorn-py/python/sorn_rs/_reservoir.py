"""A reservoir with a supervised readout."""

import numpy as np

from ._arguments import BOOLS, array, converted, integer, listed, real, wrong
from ._native import Network

MOST_TRACES = 1000


def _is_rows(values):
    """Whether a list holds the steps of one series: numbers, or rows of one length. Arrays of integers are series of symbols."""
    if all(isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype.kind in "iu" for v in values):
        return False
    try:
        return max(np.ndim(value) for value in values) < 2 and len({np.shape(value) for value in values}) == 1
    except (ValueError, RecursionError):
        # Ragged: one series, that is refused by its name.
        return True


def _several(inputs, targets):
    """Pairs of inputs and targets, each with its place, of lists of several series; None for one series."""
    lists = isinstance(inputs, (list, tuple)) and isinstance(targets, (list, tuple))
    if not lists or not inputs or _is_rows(inputs):
        return None
    if len(inputs) != len(targets):
        raise wrong("targets", len(targets), f"{len(inputs)} series, as there are inputs")
    return [(pair, f"[{index}]") for index, pair in enumerate(zip(inputs, targets, strict=True))]


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
    traces : sequence of float
        Decays, in (0, 1), of exponential traces of the activity, ``z <- decay z + (1 - decay) x``, that the readout sees beside it.
    **overrides
        Single parameters of the network.

    Inputs are numbers, shape (steps, nu), or symbols, integers below nu of shape (steps,), each of which is one input. Lists of inputs and of
    targets are several series. Parameters are read and set as scikit-learn does (`get_params`, `set_params`), so that ``sklearn.base.clone`` gives
    an untrained reservoir with the same ones.

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
        traces=(),
        **overrides,
    ):
        self._given = dict(
            params=params,
            seed=seed,
            readout=readout,
            alpha=alpha,
            forgetting=forgetting,
            washout=washout,
            plastic=plastic,
            traces=traces,
            **overrides,
        )
        if not isinstance(readout, str) or readout not in ("ridge", "rls"):
            raise wrong("readout", repr(readout), "'ridge' or 'rls'")
        alpha, forgetting = real("alpha", alpha), real("forgetting", forgetting)
        if not 0 < alpha < np.inf:
            raise wrong("alpha", alpha, "a number above 0")
        if not 0 < forgetting <= 1:
            raise wrong("forgetting", forgetting, "a number above 0 and up to 1")
        if not 1 / alpha / forgetting < np.inf:
            raise wrong("alpha", alpha, "a number whose inverse can be represented")
        washout = integer("washout", washout, 0)
        if not isinstance(plastic, BOOLS):
            raise wrong("plastic", repr(plastic), "True or False", TypeError)
        traces = listed("traces", traces, "a sequence of numbers in (0, 1)", MOST_TRACES)
        decays = [real("traces", decay) for decay in traces]
        for decay in decays:
            if not 0 < decay < 1:
                raise wrong("traces", decay, "numbers in (0, 1)")
        self.traces = tuple(decays)
        self.network = Network(params, seed, **overrides)
        if not plastic:
            self.network.frozen = ["stdp", "ip", "sp", "istdp", "ss"]
        self.readout, self.alpha, self.forgetting, self.washout = readout, alpha, forgetting, washout
        self._start = self.network.copy()
        # The network's steps at the beginning of the series under way.
        self._begin = self.network.steps
        self._traced = np.zeros((len(self.traces), self.network.ne))
        self._forget()

    def _forget(self):
        self.weights = None
        self._gram = self._moment = self._inverse = None
        # The neuron whose penalty `rls` renews next.
        self._renewed = 0

    def get_params(self, deep=True):
        """What it was made with, by name: the arguments of the constructor. `deep` is scikit-learn's, and changes nothing."""
        return dict(self._given)

    def set_params(self, **params):
        """Begin anew with some parameters changed, as if it had been made with them; returns itself."""
        self.__init__(**{**self._given, **params})
        return self

    def __sklearn_is_fitted__(self):
        return self.weights is not None

    def __sklearn_tags__(self):
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        targets = TargetTags(required=True, multi_output=True)
        return Tags("regressor", targets, regressor_tags=RegressorTags(), input_tags=InputTags())

    def features(self, inputs):
        """Run the network; its activity, the traces of it and a constant 1, shape (steps, ne + len(traces) ne + 1)."""
        x = self.network.run(self._inputs("inputs", inputs), record=["x"])["x"].astype(np.float64)
        traced = []
        for trace, decay in zip(self._traced, self.traces, strict=True):
            steps = np.empty_like(x)
            for step, active in enumerate(x):
                trace *= decay
                trace += (1 - decay) * active
                steps[step] = trace
            traced.append(steps)
        return np.column_stack([x, *traced, np.ones(len(x))])

    def _inputs(self, name, inputs):
        """Numbers as they are, symbols as ones."""
        nu = self.network.nu
        symbols = inputs
        if isinstance(inputs, (list, tuple)) and all(
            isinstance(value, (int, np.integer)) for value in inputs
        ):
            symbols = np.asarray(inputs)
        if (
            not isinstance(symbols, np.ndarray)
            or symbols.ndim != 1
            or symbols.dtype.kind not in "iu"
            or nu == 1
        ):
            numbers = array(name, inputs, f"(steps, {nu})", column=nu == 1)
            if numbers.shape[1] != nu:
                raise wrong(name, numbers.shape, f"shape (steps, {nu}), as nu is {nu}")
            return numbers
        # An array may claim to be larger than any memory.
        symbols = converted(name, symbols, np.int64)
        if symbols.size and not 0 <= symbols.min() <= symbols.max() < nu:
            found = symbols.min() if symbols.min() < 0 else symbols.max()
            raise wrong(name, found, f"a symbol from 0 to {nu - 1}, as there are {nu} inputs")
        ones = np.zeros((len(symbols), nu))
        ones[np.arange(len(symbols)), symbols] = 1.0
        return ones

    def fit(self, inputs, targets):
        """Forget what was learnt and learn `targets` (steps, outputs) from `inputs` (steps, nu); returns itself.

        A new series begins, the network going on where it stands; call `reset` before to begin with the network as it was
        made. Of several series, lists of `inputs` and of `targets`, each begins with the network as it was made. Raises ValueError if there are no more
        steps than `washout`.
        """
        several = _several(inputs, targets)
        series = [self._checked(*pair, at) for pair, at in several or [((inputs, targets), "")]]
        outputs = series[0][1].shape[1]
        for index, (given, wanted) in enumerate(series):
            at = f"[{index}]" if several else ""
            if wanted.shape[1] != outputs:
                raise wrong(f"targets{at}", wanted.shape[1], f"{outputs} outputs, as in the first")
            if len(given) <= self.washout:
                raise wrong(f"inputs{at}", len(given), f"more steps than the washout of {self.washout}")
        self._forget()
        for given, wanted in series:
            if several:
                self.reset()
            self._begin = self.network.steps
            self._traced[:] = 0
            self._learn(given, wanted)
        return self

    def partial_fit(self, inputs, targets):
        """Learn more, the network going on where it stands; returns itself.

        Parts of a series give what the whole gives, also if the first is shorter than `washout`. The next of several series
        begins with `reset`.
        """
        inputs, targets = self._checked(inputs, targets)
        if self.weights is not None and targets.shape[1] != self.weights.shape[1]:
            raise ValueError(f"targets: expected {self.weights.shape[1]} outputs, found {targets.shape[1]}")
        return self._learn(inputs, targets)

    def _checked(self, inputs, targets, at=""):
        inputs = self._inputs(f"inputs{at}", inputs)
        shape = f"({len(inputs)}, outputs)"
        targets = array(f"targets{at}", targets, shape, column=True)
        if len(targets) != len(inputs):
            raise wrong(f"targets{at}", targets.shape, f"shape {shape}")
        if not np.all(np.isfinite(targets)):
            raise wrong(f"targets{at}", "NaN or infinity", "finite numbers")
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

    def predict(self, inputs):
        """Outputs for a series of its own, which begins with the network as it was made; a list of them for a list of series.

        The series under way does not notice.
        """
        if isinstance(inputs, (list, tuple)) and inputs and not _is_rows(inputs):
            return [self.predict(series) for series in inputs]
        network, begin, traced = self.network, self._begin, self._traced
        self._traced = np.zeros_like(traced)
        try:
            self.network = self._start.copy()
            return self.run(inputs)
        finally:
            self.network, self._begin, self._traced = network, begin, traced

    def score(self, inputs, targets):
        """The coefficient of determination of `predict`, after the washout: 1 - errors / variance, mean over outputs; 1 is the best.

        Of several series the steps are put together, as scikit-learn's ``r2_score`` would see them.
        """
        several = _several(inputs, targets)
        read, wanted = [], []
        for (given, target), at in several or [((inputs, targets), "")]:
            given, target = self._checked(given, target, at)
            if self.weights is not None and target.shape[1] != self.weights.shape[1]:
                learnt = f"{self.weights.shape[1]} outputs, as were learnt"
                raise wrong(f"targets{at}", target.shape[1], learnt)
            read.append(self.predict(given)[self.washout :])
            wanted.append(target[self.washout :])
        read, wanted = np.concatenate(read), np.concatenate(wanted)
        if len(wanted) < 2:
            raise wrong("inputs", len(wanted), "at least 2 steps after the washout")
        errors = ((wanted - read) ** 2).sum(axis=0)
        spread = ((wanted - wanted.mean(axis=0)) ** 2).sum(axis=0)
        # Of a target that never changes there is nothing to explain: 1 if it is met, 0 if not.
        share = np.where(spread > 0, 1 - errors / np.where(spread > 0, spread, 1), (errors == 0) * 1.0)
        return float(share.mean())

    def reset(self):
        """Begin a new series with the network as it was made; what the readout learnt stays. Returns itself."""
        self.network = self._start.copy()
        self._begin = self.network.steps
        self._traced[:] = 0
        return self

    def __repr__(self):
        state = "untrained" if self.weights is None else f"{self.weights.shape[1]} outputs"
        return f"Reservoir({self.network!r}, readout={self.readout!r}, {state})"
