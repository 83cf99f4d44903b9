"""Encoders, learners and plasticity rules in Python, for agents and for experiment files.

A part is a class derived from `Encoder`, `Learner` or `Rule`. A configuration names it by its module, as `env.id` names an
environment: ``kind = "module:Name"``; the keys beside it are keyword arguments of the class, checked against its signature. The
dictionary that `Agent` is given may hold the class itself. A call of Python per step is slower than a part in Rust.

What a part learns has to be in `state`, from which a checkpoint or the file of an agent goes on to the same bits. The usual
`state` is all attributes: numbers, text, lists, dictionaries, arrays and NumPy's random generators. Files hold no code: whoever
loads one needs the module, which is imported if it is not yet.

Examples
--------
>>> import numpy as np
>>> from sorn_rs import Agent
>>> from sorn_rs.parts import Learner
>>> class Keep(Learner):
...     "Goes on with an action as long as it is rewarded."
...
...     def __init__(self, features, actions, seed, first=0):
...         self.action, self.n = first, int(actions.n)
...
...     def act(self, features, greedy):
...         return self.action
...
...     def learn(self, reward, terminated, truncated, features):
...         if reward <= 0:
...             self.action = (self.action + 1) % self.n
>>> import gymnasium
>>> config = {"learner": {"kind": Keep, "first": 1}}
>>> agent = Agent(gymnasium.make("CartPole-v1"), config).learn(100)
"""

import copy
import importlib
import inspect
import sys

import numpy as np

__all__ = ["Encoder", "Learner", "Rule"]


class _Part:
    """What parts have in common."""

    def state(self):
        """What it is, as a dictionary of numbers, text, lists, dictionaries, arrays and NumPy's random generators."""
        return dict(vars(self))

    def load_state(self, state):
        """Take back what `state` gave."""
        vars(self).clear()
        vars(self).update(state)


class Encoder(_Part):
    """An encoder: an observation becomes the reservoir's input.

    Parameters
    ----------
    observations : gymnasium.spaces.Space
        What it encodes, as it is after normalisation.
    inputs : int
        Numbers that the reservoir takes.
    seed : int
    """

    def __init__(self, observations, inputs, seed):
        pass

    def encode(self, observation, learns):
        """Return the input, shape (inputs,), of an observation lying flat as numbers.

        It may learn, such as the range of a number, if `learns`.
        """
        raise NotImplementedError(f"{type(self).__qualname__}.encode")


class Learner(_Part):
    """A learner: it chooses actions by the features, and learns from what follows.

    Parameters
    ----------
    features : int
        How many features it sees, such as the activity of each neuron.
    actions : gymnasium.spaces.Space
    seed : int
    """

    def __init__(self, features, actions, seed):
        pass

    def begin(self):
        """An episode begins."""

    def act(self, features, greedy):
        """Return an action. A greedy choice changes nothing that `state` gives."""
        raise NotImplementedError(f"{type(self).__qualname__}.act")

    def learn(self, reward, terminated, truncated, features):
        """Learn from what followed the last action; the features are those of the next observation."""
        raise NotImplementedError(f"{type(self).__qualname__}.learn")


class Rule(_Part):
    """A plasticity rule, called after each step of the network with a `StepContext`.

    Parameters
    ----------
    ne, ni : int
        Excitatory and inhibitory neurons.
    seed : int
    """

    def __init__(self, ne, ni, seed):
        pass

    def __call__(self, step):
        raise NotImplementedError(f"{type(self).__qualname__}.__call__")


_given = {}
"""Classes that a dictionary held, by the names that stand for them."""


def _named(config, depth=0):
    """The configuration with names in place of classes, which are remembered.

    What is nested too deeply, or contains itself, is left for the reader of the configuration to refuse.
    """
    if depth > 16:
        return config
    if isinstance(config, dict):
        return {key: _named(value, depth + 1) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_named(value, depth + 1) for value in config]
    if inspect.isclass(config) and issubclass(config, _Part):
        name = f"{config.__module__}:{config.__qualname__}"
        _given[name] = config
        return name
    return config


_BASES = {"encoder": Encoder, "learner": Learner, "reservoir.rules": Rule}


def _load(key, kind):
    """The class that `kind`, module:Name, names, and the first sentence of what it says of itself."""
    module, _, name = kind.partition(":")
    if not module or not name:
        raise ValueError(f"expected module:Name, found {kind!r}")
    try:
        found = sys.modules.get(module) or importlib.import_module(module)
    except ImportError as error:
        raise ValueError(
            f"expected module:Name, found {kind!r}, whose module cannot be imported ({error})"
        ) from error
    part = getattr(found, name, None) or _given.get(kind)
    base = _BASES[key]
    if not (inspect.isclass(part) and issubclass(part, base)):
        what = "nothing" if part is None else repr(part)
        raise ValueError(
            f"expected a class derived from sorn_rs.parts.{base.__name__}, found {what} as {kind!r}"
        )
    text = inspect.getdoc(part) or ""
    return part, text.split("\n")[0]


def _make(part, setup, keys):
    """The part itself; its keys must be of its signature."""
    given = list(setup.values())
    parameters = list(inspect.signature(part).parameters.values())
    allowed = [
        p.name for p in parameters[len(given) :] if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for key in keys:
            if key not in allowed:
                names = f"one of {', '.join(allowed)}" if allowed else "none"
                raise ValueError(f"{key}: unknown argument of {part.__qualname__} (expected {names})")
        missing = [p.name for p in parameters[len(given) :] if p.name in allowed and p.default is p.empty]
        for name in missing:
            if name not in keys:
                raise ValueError(f"{name}: missing")
    made = part(*given, **keys)
    # What cannot be saved is told before hours of learning, not after.
    _state(made)
    return made


def _state(part):
    """The state in two parts: arrays of numbers, and the rest as JSON can hold it."""
    arrays = {}
    rest = {name: _plain(name, value, arrays) for name, value in part.state().items()}
    return arrays, rest


def _plain(path, value, arrays):
    if isinstance(value, (bool, str, type(None))):
        return value
    if isinstance(value, (int, np.integer)):
        # JSON's numbers end where 64 bits do.
        return int(value) if -(2**63) <= value < 2**63 else {"$int": str(int(value))}
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.ndarray):
        numbers = value.astype(np.float64)
        if value.dtype.kind not in "fiub" or not np.array_equal(
            numbers.astype(value.dtype), value, equal_nan=True
        ):
            raise ValueError(
                f"{path}: expected numbers that 64-bit floats hold, found an array of {value.dtype}"
            )
        if np.isnan(numbers).any():
            raise ValueError(f"{path}: expected numbers, found nan")
        arrays[path] = np.ascontiguousarray(numbers)
        return {"$array": path, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, np.random.Generator):
        return {"$generator": _plain(path, value.bit_generator.state, arrays)}
    if isinstance(value, (list, tuple)):
        items = [_plain(f"{path}[{i}]", item, arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    if isinstance(value, dict):
        if not all(isinstance(key, str) and not key.startswith("$") for key in value):
            raise ValueError(f"{path}: expected text without $ at its beginning, found keys {list(value)}")
        return {key: _plain(f"{path}.{key}", item, arrays) for key, item in value.items()}
    if hasattr(value, "n") and hasattr(value, "start") and hasattr(value, "sample"):
        kind = "a space, of which numbers such as int(space.n) can be kept"
    else:
        kind = f"a {type(value).__qualname__}"
    raise ValueError(
        f"{path}: expected numbers, text, lists, dictionaries, arrays or NumPy's generators, found {kind}"
    )


def _rich(value, arrays):
    if isinstance(value, list):
        return [_rich(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    match next(iter(value), None):
        case "$int":
            return int(value["$int"])
        case "$float":
            return float(value["$float"])
        case "$tuple":
            return tuple(_rich(item, arrays) for item in value["$tuple"])
        case "$array":
            array = np.asarray(arrays[value["$array"]], dtype=np.float64)
            return array.reshape(value["shape"]).astype(np.dtype(value["dtype"]))
        case "$generator":
            state = _rich(value["$generator"], arrays)
            kinds = {
                kind: getattr(np.random, kind)
                for kind in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
            }
            generator = np.random.Generator(kinds[state["bit_generator"]](0))
            generator.bit_generator.state = state
            return generator
    return {key: _rich(item, arrays) for key, item in value.items()}


def _load_state(part, arrays, rest):
    part.load_state({name: _rich(value, arrays) for name, value in rest.items()})


def _encode(part, observation, inputs, learns):
    """The input as floats, shape (inputs,)."""
    encoded = np.asarray(part.encode(observation, learns))
    if encoded.dtype.kind not in "fiub" or encoded.shape != (inputs,):
        raise ValueError(
            f"encode: expected real numbers of shape ({inputs},), the reservoir's inputs, "
            f"found an array of shape {encoded.shape} and type {encoded.dtype}"
        )
    return np.ascontiguousarray(encoded, dtype=np.float64)


_copy = copy.deepcopy
