"""A reservoir with a supervised readout."""

import json
import warnings

import numpy as np

from ._arguments import BOOLS, array, converted, integer, listed, real, wrong
from ._native import (
    Network,
    SeriesEncoder,
    readout_logistic,
    readout_recursive,
    readout_scores,
    readout_solve,
    readout_sums,
)

MOST_TRACES = 1000
READOUTS = ("ridge", "rls", "least_squares", "logistic")
FEATURES = ("activity", "pseudo", "drive", "traces", "input", "bias")


RULES = ["stdp", "ip", "sp", "istdp", "ss"]


def _table(encoder):
    """The table of an encoder, as text."""
    table = {"kind": encoder} if isinstance(encoder, str) else encoder
    if not isinstance(table, dict):
        raise wrong("encoder", type(encoder).__name__, "the kind of an encoder or its table", TypeError)
    try:
        text = json.dumps(table)
    except (TypeError, ValueError, RecursionError) as error:
        raise wrong("encoder", f"{type(encoder).__name__} ({error})", "a table of numbers and text") from None
    SeriesEncoder.check(text)
    return text


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
    """A `Network` whose activity is read out linearly, on the Rust code of the command's tasks and with its numbers to the bit.

    Parameters
    ----------
    params : str or dict, optional
        Parameters of `Network`.
    seed : int
    readout : {"ridge", "rls", "least_squares", "logistic"}
        `ridge` solves ``(Z'Z + alpha I) W = Z'Y`` over everything seen; `rls` updates after each step (Haykin 2002, chapter
        13), and forgets if `forgetting` is below 1; `least_squares` is the pseudo-inverse; `logistic` is multinomial logistic regression
        of one label per step, with the penalty ``|W|^2 / (2 c)`` and an intercept of its own, and makes a classifier of the reservoir.
    alpha : float
        Ridge penalty, above 0. The bias is not penalised by `ridge`.
    forgetting : float
        Forgetting factor of `rls`, in (0, 1]. The penalty does not fade with the data, so that neurons that are silent for
        long do no harm: it is renewed as in dynamically regularised recursive least squares (Gay 1996, ICASSP).
    washout : int
        Steps at the start of each series that are not learnt from. A series begins with a new reservoir, with `reset` and
        with `fit`, and goes on from one call of `partial_fit` or `run` to the next.
    plastic : bool
        Whether the network's rules act while it runs. Off, it is a static reservoir but for `organise`.
    traces : sequence of float
        Decays, in (0, 1), of exponential traces of the activity, ``z <- decay z + (1 - decay) x``, that the readout sees beside it.
    features : sequence of str, optional
        What the readout sees, in this order: ``"activity"`` of the excitatory neurons, ``"pseudo"`` (neurons that the recurrent drive alone would
        make active), ``"drive"`` (the recurrent drive less the threshold), ``"traces"``, ``"input"`` and ``"bias"``, a constant 1. None means
        activity, traces if there are any, and, except for `logistic`, the bias.
    encoder : str or dict, optional
        From the numbers of `inputs` to the inputs of the network: the kind, or the table, of `task.encoder` in a file of the command, such as
        ``{"kind": "random_projection", "gain": 3.0}``. None means that `inputs` are the network's. Encoders expect standardised numbers, most of them
        within -3 and 3, as `datasets` give them with ``standardize=True`` and scikit-learn's ``StandardScaler`` makes them: beyond that they saturate.
    c : float
        Inverse penalty of `logistic`, above 0.
    **overrides
        Single parameters of the network.

    Inputs are numbers, shape (steps, nu), or symbols, integers below nu of shape (steps,), each of which is one input; with an `encoder`, numbers of
    shape (steps, any). Lists of inputs and of targets are several series. Parameters are read and set as scikit-learn does (`get_params`, `set_params`), so that ``sklearn.base.clone`` gives
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
        features=None,
        encoder=None,
        c=1.0,
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
            features=features,
            encoder=encoder,
            c=c,
            **overrides,
        )
        if not isinstance(readout, str) or readout not in READOUTS:
            raise wrong("readout", repr(readout), "'ridge', 'rls', 'least_squares' or 'logistic'")
        alpha, forgetting, c = real("alpha", alpha), real("forgetting", forgetting), real("c", c)
        if not 0 < c < np.inf:
            raise wrong("c", c, "a number above 0")
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
        self.seen = self._seen(features, readout)
        self.encoder = None if encoder is None else _table(encoder)
        self._encoding = None
        # What an earlier life of the object has seen, if `set_params` begins anew.
        self.__dict__.pop("n_features_in_", None)
        self.network = Network(params, seed, **overrides)
        if not plastic:
            self.network.frozen = RULES
        self.readout, self.alpha, self.forgetting, self.washout = readout, alpha, forgetting, washout
        self.c, self.seed = c, seed
        self._start = self.network.copy()
        # The network's steps at the beginning of the series under way.
        self._begin = self.network.steps
        self._traced = np.zeros((len(self.traces), self.network.ne))
        self._forget()

    def _seen(self, features, readout):
        """The names of the features, checked."""
        if features is None:
            bias = () if readout == "logistic" else ("bias",)
            return ("activity", *(("traces",) if self.traces else ()), *bias)
        features = tuple(
            listed("features", features, f"a sequence of names: {', '.join(FEATURES)}", len(FEATURES))
        )
        for index, name in enumerate(features):
            if not isinstance(name, str) or name not in FEATURES:
                raise wrong("features", repr(name), f"names of {', '.join(FEATURES)}")
            if name in features[:index]:
                raise wrong("features", f"{name!r} twice", "each name once")
        if not features:
            raise wrong("features", "none", "at least one name")
        if ("traces" in features) != bool(self.traces):
            raise wrong(
                "traces", len(self.traces), "decays in (0, 1) for the feature 'traces', and none without it"
            )
        return features

    def _forget(self):
        self.weights = None
        # Sums of `ridge` and `least_squares`, the state of `rls`, rows and labels of `logistic`.
        self._learnt = None
        self._flat = False
        if self.readout == "logistic":
            self.classes_ = None

    @property
    def _inverse(self):
        """The matrix that `rls` keeps, (features, features)."""
        return self._learnt[1] if self.readout == "rls" and self._learnt else None

    def __getstate__(self):
        # The encoder is made again from its table.
        return {**self.__dict__, "_encoding": None}

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
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        if self.readout == "logistic":
            targets = TargetTags(required=True)
            return Tags("classifier", targets, classifier_tags=ClassifierTags(), input_tags=InputTags())
        targets = TargetTags(required=True, multi_output=True)
        return Tags("regressor", targets, regressor_tags=RegressorTags(), input_tags=InputTags())

    def organise(self, inputs):
        """Let all rules act while the network sees `inputs`, without a readout; returns itself.

        The network that comes of it is the one with which every series begins from now on. Afterwards the rules rest again, unless the
        reservoir is plastic. Of several series each follows the one before. A clone, as scikit-learn's ``clone`` and cross-validation
        make them, begins with a network that has not organised itself.
        """
        several = isinstance(inputs, (list, tuple)) and inputs and not _is_rows(inputs)
        series = [(one, f"[{index}]") for index, one in enumerate(inputs)] if several else [(inputs, "")]
        series = [self._inputs(f"inputs{at}", one) for one, at in series]
        frozen = self.network.frozen
        self.network.frozen = []
        try:
            for one in series:
                self.network.run(one, record=[])
        finally:
            self.network.frozen = frozen
        self._start = self.network.copy()
        self._begin = self.network.steps
        self._traced[:] = 0
        return self

    def features(self, inputs):
        """Run the network; what the readout sees of each step, shape (steps, features)."""
        return self._features(self._inputs("inputs", inputs))

    def _features(self, inputs):
        record = ["x"] + (["recurrent"] if {"pseudo", "drive"} & set(self.seen) else [])
        found = self.network.run(inputs, record=record)
        x = found["x"].astype(np.float64)
        parts = []
        for name in self.seen:
            if name == "activity":
                parts.append(x)
            elif name == "pseudo":
                drive = found["recurrent"]
                inclusive = self.network.params["firing"] == "inclusive"
                parts.append(drive >= 0 if inclusive else drive > 0)
            elif name == "drive":
                parts.append(found["recurrent"])
            elif name == "traces":
                parts.extend(self._trace(x))
            elif name == "input":
                parts.append(inputs)
            else:
                parts.append(np.ones(len(x)))
        return np.ascontiguousarray(np.column_stack(parts), dtype=np.float64)

    def _trace(self, x):
        """The traces of activity (steps, ne), one array of its shape per decay."""
        for trace, decay in zip(self._traced, self.traces, strict=True):
            steps = np.empty_like(x)
            for step, active in enumerate(x):
                trace *= decay
                trace += (1 - decay) * active
                steps[step] = trace
            yield steps

    def _inputs(self, name, inputs):
        """The network's inputs: numbers through the encoder, or as they are, symbols as ones."""
        if self.encoder is not None:
            numbers = array(name, inputs, "(steps, numbers)", column=True)
            if not np.all(np.isfinite(numbers)):
                raise wrong(name, "NaN or infinity", "finite numbers")
            columns = getattr(self, "n_features_in_", numbers.shape[1])
            if columns != numbers.shape[1]:
                raise wrong(name, numbers.shape, f"shape (steps, {columns}), as before")
            if self._encoding is None:
                self._encoding = SeriesEncoder(self.encoder, numbers.shape[1], self.network.nu, self.seed)
                self.n_features_in_ = numbers.shape[1]
            if numbers.size and np.median(np.abs(numbers)) > 3:
                text = f"{name}: expected standardised numbers, most of them within -3 and 3, found a median size of {np.median(np.abs(numbers)):.3g}"
                warnings.warn(text, RuntimeWarning, stacklevel=3)
            return self._encoding.encode(np.ascontiguousarray(numbers))
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
        """Forget what was learnt and learn `targets` (steps, outputs) from `inputs` (steps, nu); returns itself. For `logistic`, `targets` are
        labels (steps,).

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
        one = np.ndim(targets) == 1 if several is None else all(np.ndim(target) == 1 for target in targets)
        self._flat = self.readout != "logistic" and outputs == 1 and one
        return self

    def partial_fit(self, inputs, targets):
        """Learn more, the network going on where it stands; returns itself.

        Parts of a series give what the whole gives, also if the first is shorter than `washout`. The next of several series
        begins with `reset`.
        """
        inputs, targets = self._checked(inputs, targets)
        numbers = self.readout != "logistic" and self.weights is not None
        known = self.classes_ if self.readout == "logistic" else None
        if known is not None and (known.dtype.kind == "U") != (targets.dtype.kind == "U"):
            raise wrong(
                "targets", f"labels of dtype {targets.dtype}", f"labels as before, of dtype {known.dtype}"
            )
        if numbers and targets.shape[1] != self.weights.shape[1]:
            raise ValueError(f"targets: expected {self.weights.shape[1]} outputs, found {targets.shape[1]}")
        return self._learn(inputs, targets)

    def _checked(self, inputs, targets, at=""):
        inputs = self._inputs(f"inputs{at}", inputs)
        if self.readout == "logistic":
            return inputs, self._labels(f"targets{at}", targets, len(inputs))
        shape = f"({len(inputs)}, outputs)"
        targets = array(f"targets{at}", targets, shape, column=True)
        if len(targets) != len(inputs):
            raise wrong(f"targets{at}", targets.shape, f"shape {shape}")
        if not np.all(np.isfinite(targets)):
            raise wrong(f"targets{at}", "NaN or infinity", "finite numbers")
        return inputs, np.ascontiguousarray(targets)

    def _labels(self, name, labels, steps):
        """Labels as one column."""
        try:
            labels = np.asarray(labels)
        except (ValueError, TypeError, MemoryError):
            raise wrong(name, type(labels).__name__, f"labels of shape ({steps},)", TypeError) from None
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.shape != (steps,):
            raise wrong(name, labels.shape, f"labels of shape ({steps},)")
        # Columns of pandas hold text as objects.
        if labels.dtype.kind in "OT":
            for kind in (str, bool, (int, np.integer)):
                if all(isinstance(label, kind) for label in labels):
                    labels = np.array(labels.tolist())
                    break
        if labels.dtype.kind not in "iubU":
            raise wrong(name, f"labels of dtype {labels.dtype}", "integers, booleans or text")
        return labels[:, None]

    def _learn(self, inputs, targets):
        first = max(self.washout - (self.network.steps - self._begin), 0)
        features, targets = self._features(inputs)[first:], targets[first:]
        if not len(features):
            return self
        if self.readout == "rls":
            penalties = self.alpha, self.forgetting
            self._learnt = readout_recursive(features, targets, penalties, self._learnt)
            self.weights = self._learnt[0]
        elif self.readout == "logistic":
            rows, labels = self._learnt or ([], [])
            self._learnt = [*rows, features], [*labels, targets[:, 0]]
            rows, labels = map(np.concatenate, self._learnt)
            self.classes_, labels = np.unique(labels, return_inverse=True)
            # With one class there is nothing to tell apart; a second that never comes does no harm.
            classes = max(len(self.classes_), 2)
            self.weights = readout_logistic(rows, labels.astype(np.uint32), classes, self.c)
        else:
            self._learnt = readout_sums(features, targets, self._learnt)
            self.weights = readout_solve(*self._learnt, self._penalties())
        return self

    def _penalties(self):
        """What each feature is penalised with; None for least squares."""
        if self.readout == "least_squares":
            return None
        ne, nu = self.network.ne, self.network.nu
        lengths = {"traces": ne * len(self.traces), "input": nu, "bias": 1}
        each = [np.full(lengths.get(name, ne), 0.0 if name == "bias" else self.alpha) for name in self.seen]
        return np.concatenate(each)

    def _scores(self, features):
        if self.readout == "logistic":
            features = np.column_stack([features, np.ones(len(features))])
        return readout_scores(features, self.weights)

    def _read(self, features):
        """Outputs, or labels, for features."""
        scores = self._scores(features)
        if self.readout != "logistic":
            return scores
        best = scores[:, : len(self.classes_)].argmax(axis=1)
        return self.classes_[best]

    def run(self, inputs):
        """Outputs for `inputs` (steps, nu), shape (steps, outputs), or labels (steps,), the network going on where it stands."""
        self._trained("run")
        return self._read(self.features(inputs))

    def _trained(self, name):
        if self.weights is None:
            raise ValueError(
                f"{name}: the readout has learnt nothing yet; call fit first, with more steps than the washout"
            )

    def predict_proba(self, inputs):
        """For `logistic`: the probability of each of `classes_`, (steps, classes), for a series of its own, as `predict`."""
        if self.readout != "logistic":
            raise wrong("readout", repr(self.readout), "'logistic' for probabilities")
        self._trained("predict_proba")
        if isinstance(inputs, (list, tuple)) and inputs and not _is_rows(inputs):
            return [self.predict_proba(series) for series in inputs]
        scores = self._alone(lambda: self._scores(self.features(inputs)))[:, : len(self.classes_)]
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, inputs):
        """Outputs for a series of its own, which begins with the network as it was made; a list of them for a list of series. They have one
        axis, (steps,), if the targets of `fit` had one.

        The series under way does not notice.
        """
        if isinstance(inputs, (list, tuple)) and inputs and not _is_rows(inputs):
            return [self.predict(series) for series in inputs]
        output = self._alone(lambda: self.run(inputs))
        return output[:, 0] if self._flat else output

    def _alone(self, work):
        """What `work` gives with the network as it was made, the series under way left alone."""
        network, begin, traced = self.network, self._begin, self._traced
        self._traced = np.zeros_like(traced)
        try:
            self.network = self._start.copy()
            return work()
        finally:
            self.network, self._begin, self._traced = network, begin, traced

    def score(self, inputs, targets):
        """The coefficient of determination of `predict`, after the washout: 1 - errors / variance, mean over outputs; 1 is the best. For
        `logistic` it is the share of labels that are right.

        Of several series the steps are put together, as scikit-learn's ``r2_score`` would see them.
        """
        several = _several(inputs, targets)
        read, wanted = [], []
        for (given, target), at in several or [((inputs, targets), "")]:
            given, target = self._checked(given, target, at)
            numbers = self.readout != "logistic" and self.weights is not None
            if numbers and target.shape[1] != self.weights.shape[1]:
                learnt = f"{self.weights.shape[1]} outputs, as were learnt"
                raise wrong(f"targets{at}", target.shape[1], learnt)
            self._trained("score")
            read.append(self._alone(lambda inputs=given: self._read(self._features(inputs)))[self.washout :])
            wanted.append(target[self.washout :])
        read, wanted = np.concatenate(read), np.concatenate(wanted)
        if len(wanted) < 2:
            raise wrong("inputs", len(wanted), "at least 2 steps after the washout")
        if self.readout == "logistic":
            return float((read == wanted[:, 0]).mean())
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
        kind = "classes" if self.readout == "logistic" else "outputs"
        state = "untrained" if self.weights is None else f"{self.weights.shape[1]} {kind}"
        return f"Reservoir({self.network!r}, readout={self.readout!r}, {state})"
