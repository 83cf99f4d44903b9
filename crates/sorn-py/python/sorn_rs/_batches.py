"""Observations one by one or several at once, as `Agent.predict` takes them."""

import numpy as np
from gymnasium import spaces

from ._arguments import BOOLS, converted, wrong

# Observations of a batch, each of which has a reservoir.
MOST = 100_000


def rows(space, observation):
    """The rows of a batch of observations; None if it is a single one, or none that can be told."""
    if isinstance(space, spaces.Dict):
        parts = {name: rows(part, _entry(observation, name)) for name, part in space.spaces.items()}
        whole = _together(list(parts.values()))
        return whole and [dict(zip(parts, values, strict=True)) for values in whole]
    if isinstance(space, spaces.Tuple):
        if not isinstance(observation, (tuple, list)) or len(observation) != len(space.spaces):
            return None
        whole = _together([rows(part, one) for part, one in zip(space.spaces, observation, strict=True)])
        return whole and [tuple(values) for values in whole]
    shape = getattr(observation, "shape", None)
    if shape is None or space.shape is None or len(shape) != len(space.shape) + 1:
        return None
    if shape[1:] != space.shape or shape[0] == 0:
        return None
    if shape[0] > MOST:
        raise wrong("observation", shape[0], f"{MOST} or fewer in a batch")
    return list(observation)


def _entry(observation, name):
    return observation.get(name) if isinstance(observation, dict) else None


def _together(parts):
    """Rows of all parts, if all are batches of one length."""
    if not parts or any(part is None for part in parts) or len({len(part) for part in parts}) > 1:
        return None
    return list(zip(*parts, strict=True))


def starts(episode_start, count):
    """Whether an episode begins, for each of `count` observations."""
    if episode_start is None:
        return [False] * count
    if isinstance(episode_start, BOOLS):
        return [bool(episode_start)] * count
    sequence = isinstance(episode_start, (np.ndarray, list, tuple))
    found = converted("episode_start", episode_start) if sequence else None
    if found is None or found.dtype != np.bool_:
        allowed = f"True, False, or {count} of them in an array"
        raise wrong("episode_start", repr(episode_start), allowed, TypeError)
    if found.shape not in ((count,), (count, 1)):
        raise wrong("episode_start", found.shape, f"shape ({count},), one per observation")
    return found.reshape(count).tolist()


def stacked(space, actions):
    """The actions of a batch: an array, or a list for spaces of several parts."""
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        return actions
    return np.stack([np.asarray(action) for action in actions])
