"""Series of numbers and sequences of symbols, seeded: those of the command's tasks, to the bit.

A function that gives numbers returns inputs, shape (steps, inputs), and targets, shape (steps, targets), both float64. One that gives
symbols returns them as int64, shape (steps,), and the names of the symbols, so that ``names[symbols[t]]`` is the symbol of step t. The
same arguments give the same numbers on every machine with the same C library. With `standardize`, inputs come less their mean, over their standard deviation, both of
the first 10,000 steps, as the command's tasks have them by default. A wrong value raises ValueError, as many steps as there is no memory for MemoryError.

>>> from sorn_rs import Reservoir, datasets
>>> inputs, targets = datasets.narma(2000, seed=1)
>>> inputs.shape, targets.shape
((2000, 1), (2000, 1))
>>> symbols, names = datasets.words(8, ["A B*n C", "D E*n F"], n=2, seed=3)
>>> [names[symbol] for symbol in symbols]
['D', 'E', 'E', 'F', 'A', 'B', 'B', 'C']
"""

import json
import os

import numpy as np

from ._arguments import BOOLS, integer, listed, real, wrong
from ._native import dataset_series, dataset_symbols

__all__ = [
    "grammar",
    "lorenz",
    "mackey_glass",
    "memory_capacity",
    "narma",
    "parity",
    "random_symbols",
    "repeated_symbols",
    "table",
    "text",
    "words",
]

GRAMMARS = ("fdt", "efdt", "sp")


def _steps(steps, seed):
    seed = integer("seed", seed, 0)
    if seed >= 2**64:
        raise ValueError(f"seed: expected a number below 2**64, found {seed}")
    return integer("steps", steps, 0), seed


def _numbers(kind, steps, seed, standardize, **config):
    steps, seed = _steps(steps, seed)
    if not isinstance(standardize, BOOLS):
        raise wrong("standardize", repr(standardize), "True or False", TypeError)
    config = json.dumps({"kind": kind, **config})
    inputs, targets, _ = dataset_series(config, steps, seed, bool(standardize))
    return inputs, targets


def _symbols(kind, steps, seed, n=None, **config):
    steps, seed = _steps(steps, seed)
    return dataset_symbols(json.dumps({"kind": kind, **config}), n, steps, seed)


def _listed(name, values):
    return listed(name, values, "a sequence")


def _path(name, value):
    try:
        path = os.fspath(value)
    except TypeError:
        raise wrong(name, type(value).__name__, "a path", TypeError) from None
    return _text(name, path)


def _text(name, value):
    if not isinstance(value, str):
        raise wrong(name, type(value).__name__, "text", TypeError)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise wrong(name, repr(value), "text without surrogates") from None
    return value


def _whole(name, value, least):
    value = integer(name, value, least)
    if value >= 2**32:
        raise ValueError(f"{name}: expected a number below 2**32, found {value}")
    return value


def _finite(name, value):
    value = real(name, value)
    if not np.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, found {value}")
    return value


def narma(steps, order=10, *, a1=0.3, a2=0.05, b=1.5, c=0.1, seed=0, standardize=False):
    """Nonlinear autoregressive moving average (Atiya & Parlos 2000, 10.1109/72.846741).

    The input u is uniform in [0, 0.5), the target
    ``y(t+1) = a1 y(t) + a2 y(t) (y(t) + ... + y(t-order+1)) + b u(t-order+1) u(t) + c``. An input that takes the target to 1 or beyond is
    drawn anew.
    """
    factors = {name: _finite(name, value) for name, value in (("a1", a1), ("a2", a2), ("b", b), ("c", c))}
    return _numbers("narma", steps, seed, standardize, order=_whole("order", order, 1), **factors)


def mackey_glass(steps, *, tau=17.0, a=0.2, b=0.1, n=10.0, step=1.0, ahead=1, seed=0, standardize=False):
    """``dx/dt = a x(t-tau) / (1 + x(t-tau)**n) - b x(t)`` (Mackey & Glass 1977, 10.1126/science.267326).

    The input is x, the target x `ahead` steps later; a step takes the time `step`.
    """
    factors = {
        name: _finite(name, value)
        for name, value in (("tau", tau), ("a", a), ("b", b), ("n", n), ("step", step))
    }
    return _numbers("mackey_glass", steps, seed, standardize, ahead=_whole("ahead", ahead, 1), **factors)


def lorenz(steps, *, sigma=10.0, rho=28.0, beta=8 / 3, step=0.03, ahead=1, seed=0, standardize=False):
    """Lorenz's system (1963, 10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2): its three numbers, and those of `ahead` steps later."""
    factors = {
        name: _finite(name, value)
        for name, value in (("sigma", sigma), ("rho", rho), ("beta", beta), ("step", step))
    }
    return _numbers("lorenz", steps, seed, standardize, ahead=_whole("ahead", ahead, 1), **factors)


def memory_capacity(steps, delays=range(1, 41), *, seed=0, standardize=False):
    """Independent numbers, uniform in [-1, 1); the targets are those of `delays` steps before (Jaeger 2001, GMD report 152)."""
    delays = [_whole("delays", delay, 1) for delay in _listed("delays", delays)]
    return _numbers("memory_capacity", steps, seed, standardize, delays=delays)


def parity(steps, bits=3, delay=0, *, seed=0, standardize=False):
    """Independent bits, -1 or 1; the target is the product of `bits` of them, the last of `delay` steps before.

    Two bits are the delayed exclusive or (Bertschinger & Natschläger 2004, 10.1162/089976604323057443).
    """
    return _numbers(
        "parity", steps, seed, standardize, bits=_whole("bits", bits, 1), delay=_whole("delay", delay, 0)
    )


def table(steps, file, inputs=(0,), targets=None, *, ahead=1, standardize=False):
    """Columns of a file, over and over: an array (``.npy``), or a table of numbers with or without a head (as a rule ``.csv``).

    `targets` are the columns `ahead` rows later, those of `inputs` if None.
    """
    columns = [_whole("inputs", column, 0) for column in _listed("inputs", inputs)]
    targets = [] if targets is None else _listed("targets", targets)
    wanted = [_whole("targets", column, 0) for column in targets]
    ahead = _whole("ahead", ahead, 0)
    return _numbers(
        "file", steps, 0, standardize, file=_path("file", file), inputs=columns, targets=wanted, ahead=ahead
    )


def words(steps, words, n=None, *, probabilities=(), transitions=(), seed=0):
    """Words one after the other, chosen at random (Lazar, Pipa & Triesch 2009, 10.3389/neuro.10.023.2009).

    A word is a string of symbols separated by blanks; ``B*8`` is B eight times, ``B*n`` as often as `n` says. `probabilities` are those of
    the words, `transitions` those of each word after each word, a row per word.
    """
    n = None if n is None else _whole("n", n, 1)
    probabilities = [_finite("probabilities", value) for value in _listed("probabilities", probabilities)]
    rows = [_listed("transitions", row) for row in _listed("transitions", transitions)]
    transitions = [[_finite("transitions", value) for value in row] for row in rows]
    words = [_text("words", word) for word in _listed("words", words)]
    return _symbols(
        "words", steps, seed, n, words=words, probabilities=probabilities, transitions=transitions
    )


def random_symbols(steps, symbols, *, seed=0):
    """Independent symbols, all equally likely."""
    return _symbols("random", steps, seed, symbols=_whole("symbols", symbols, 2))


def repeated_symbols(steps, symbols, length, *, seed=0):
    """A random sequence of `length` symbols, drawn once and repeated for ever."""
    return _symbols(
        "repeated", steps, seed, symbols=_whole("symbols", symbols, 2), length=_whole("length", length, 1)
    )


def grammar(steps, grammar="fdt", held_out=0, *, seed=0):
    """Sentences of a grammar, letter by letter: ``"fdt"``, ``"efdt"`` or ``"sp"``; `held_out` of them are left out."""
    if _text("grammar", grammar) not in GRAMMARS:
        raise wrong("grammar", repr(grammar), ", ".join(map(repr, GRAMMARS)))
    return _symbols("grammar", steps, seed, grammar=grammar, held_out=_whole("held_out", held_out, 0))


def text(steps, file):
    """A text, letter by letter, over and over; letters become lower case, and white space one blank."""
    return _symbols("text", steps, 0, file=_path("file", file))
