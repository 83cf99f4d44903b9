"""Checks of what the statistics take."""

import numpy as np

from . import _native
from ._arguments import converted, integer, wrong

# Values of an answer.
MOST = 100_000_000


def spikes(name, spikes):
    found = numbers(name, spikes, 2)
    if found.dtype == np.bool_:
        return np.ascontiguousarray(found)
    if not np.isin(found, (0, 1)).all():
        raise wrong(name, "other values", "only 0 and 1, or booleans")
    return np.ascontiguousarray(found != 0)


def whole(name, values):
    """Numbers from 0, 64 bits, one axis."""
    found = numbers(name, values, 1)
    if found.dtype == np.bool_:
        return found.astype(np.uint64)
    odd = (found < 0) | (found != np.floor(found)) | (found >= 2.0**63)
    if odd.any():
        raise wrong(name, found[odd][0], "non-negative integers")
    return np.ascontiguousarray(found, dtype=np.uint64)


def train(name, values):
    """Steps at which a neuron spikes, 64 bits."""
    steps = "the ascending steps of the spikes, as numpy.flatnonzero(spikes) gives them"
    if hasattr(values, "units"):
        raise wrong(name, f"quantities in {values.units}", f"{steps}, without a unit", TypeError)
    if numbers(name, values, 1).dtype == np.bool_:
        raise wrong(name, "booleans", steps, TypeError)
    found = whole(name, values)
    late = np.flatnonzero(found[1:] <= found[:-1])
    if late.size:
        raise wrong(name, f"step {found[late[0] + 1]} after step {found[late[0]]}", steps)
    return found


def series(name, values):
    return np.ascontiguousarray(numbers(name, values, 1), dtype=np.float64)


def numbers(name, values, axes):
    found = converted(name, values, shape=f"an array of {axes} axes")
    if found.size == 0 and found.dtype.kind == "f":
        found = found.astype(np.float64)
    if found.dtype.kind not in "fiub":
        raise wrong(name, f"{type(values).__name__} of dtype {found.dtype}", "real numbers", TypeError)
    if found.ndim != axes:
        raise wrong(name, f"shape {found.shape}", f"{axes} axes" if axes > 1 else "one axis")
    # Copied once, so that comparisons of all values are of what fits in memory.
    return converted(name, found, found.dtype)


def count(name, found):
    """Refuses answers of more values than most memories hold: a failed allocation would end the process."""
    if found > MOST:
        raise wrong(name, found, f"what gives {MOST} values or fewer")


def seed(value):
    return integer("seed", value, 0)


def network(network):
    if not isinstance(network, _native.Network):
        raise wrong("network", type(network).__name__, "a sorn_rs.Network", TypeError)
    return network


def upper(value):
    return None if value is None else integer("max", value, 1)


def text(name, value):
    if not isinstance(value, str):
        raise wrong(name, repr(value), "a name", TypeError)
    return value
