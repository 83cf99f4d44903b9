"""Wrappers for Gymnasium's environments."""

import numpy as np

from ._arguments import check_seed, integer, real, wrong
from ._extras import recent_gymnasium
from ._native import Network

gymnasium = recent_gymnasium()

__all__ = ["EncodedObservation", "SornObservation"]


def input_space(inputs):
    """The space of a reservoir's inputs, `inputs` real numbers."""
    return gymnasium.spaces.Box(-np.inf, np.inf, (inputs,), np.float64)


def encode(encoder, observation, inputs):
    """What `encoder` makes of an observation: real numbers, shape (inputs,)."""
    encoded = np.asarray(encoder(observation))
    if encoded.dtype.kind not in "fiub" or encoded.shape != (inputs,):
        raise ValueError(
            f"encoder: expected real numbers of shape ({inputs},), the reservoir's inputs, "
            f"found an array of shape {encoded.shape} and type {encoded.dtype}"
        )
    return np.ascontiguousarray(encoded, dtype=np.float64)


class EncodedObservation(gymnasium.ObservationWrapper):
    """Observations as the inputs of a reservoir, by an encoder written in Python.

    Parameters
    ----------
    env : gymnasium.Env
    encoder : callable
        From an observation to `inputs` real numbers.
    inputs : int
    """

    def __init__(self, env, encoder, inputs):
        super().__init__(env)
        self.encoder, self.inputs = encoder, inputs
        self.observation_space = input_space(inputs)

    def observation(self, observation):
        """The inputs that stand for an observation, shape (inputs,)."""
        return encode(self.encoder, observation, self.inputs)


class SornObservation(gymnasium.ObservationWrapper, gymnasium.utils.RecordConstructorArgs):
    """Observations as the activity of a reservoir, for agents of any package to learn on.

    An observation is flattened, squashed by ``tanh(obs / scale)``, projected on a random unit vector per excitatory neuron,
    and given to the reservoir as ``gain * (projection + U(-bias, bias))``. What the agent sees is who fires. The reservoir
    goes on from episode to episode and adapts as its rules say; a reset with a seed begins anew with it as it was made.
    With ``frozen=["stdp", "ip", "sp", "istdp", "ss"]`` it is static.

    Parameters
    ----------
    env : gymnasium.Env
    params : str or dict, optional
        Parameters of `Network`, except `nu` and `input`.
    seed : int
        Seed of the reservoir and its projections.
    steps : int
        Steps of the reservoir per observation.
    scale : float or array_like
        What observations are divided by, one number or one per value.
    gain, bias : float
    frozen : list of str
        Rules that do not act.
    dtype : data-type
        Of the observations, 0 and 1.
    """

    def __init__(
        self,
        env,
        params=None,
        seed=0,
        *,
        steps=1,
        scale=1.0,
        gain=3.0,
        bias=0.9,
        frozen=(),
        dtype=np.float32,
        **overrides,
    ):
        given = dict(
            params=params,
            seed=seed,
            steps=steps,
            scale=scale,
            gain=gain,
            bias=bias,
            frozen=frozen,
            dtype=dtype,
        )
        gymnasium.ObservationWrapper.__init__(self, env)
        steps = integer("steps", steps, 1)
        gain, bias, seed = real("gain", gain), real("bias", bias), check_seed(seed) or 0
        for name, value in (("gain", gain), ("bias", bias)):
            if not np.isfinite(value):
                raise wrong(name, value, "a finite number")
        if bias < 0:
            raise wrong("bias", bias, "a number of 0 or more")
        size = gymnasium.spaces.flatdim(env.observation_space)
        try:
            # Its shape first: an array may claim to be larger than any memory.
            numbers = np.asarray(scale)
            if numbers.dtype.kind not in "fiub":
                raise TypeError
            self.scale = np.ascontiguousarray(np.broadcast_to(numbers, (size,)), dtype=np.float64)
        except (TypeError, ValueError, MemoryError):
            self.scale = np.zeros(size)
        if not np.all((self.scale > 0) & np.isfinite(self.scale)):
            raise wrong("scale", repr(scale), f"numbers above 0, one or {size}")
        self.network = Network(params, seed, **(overrides | {"input": "direct"}))
        self.network.frozen = frozen
        self._start = self.network.copy()
        self.steps = steps
        rng = np.random.default_rng([seed, size])
        projection = rng.normal(size=(self.network.ne, size))
        self.projection = gain * projection / np.linalg.norm(projection, axis=1, keepdims=True)
        self.offset = gain * rng.uniform(-bias, bias, self.network.ne)
        self.observation_space = gymnasium.spaces.Box(0, 1, (self.network.ne,), dtype)
        # Once all is known to be sound: it is copied.
        gymnasium.utils.RecordConstructorArgs.__init__(self, **given, **overrides)

    def reset(self, *, seed=None, options=None):
        """Begin an episode; with a seed, with the reservoir as it was made."""
        if seed is not None:
            self.network = self._start.copy()
        return super().reset(seed=seed, options=options)

    def observation(self, observation):
        """The activity that an observation leads to, shape (ne,)."""
        flat = gymnasium.spaces.flatten(self.env.observation_space, observation)
        drive = self.projection @ np.tanh(flat / self.scale) + self.offset
        for _ in range(self.steps):
            active = self.network.step(drive)
        return active.astype(self.observation_space.dtype)
