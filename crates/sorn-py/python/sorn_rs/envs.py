"""Native environments for Gymnasium: importing this module registers them.

``gymnasium.make("sorn_rs/CartPole-v1")`` makes one, ``gymnasium.make_vec("sorn_rs/CartPole-v1", num_envs=64)`` a batch that is
stepped in native code. Each has the spaces, rewards, time limit and, seeded, the very trajectories of Gymnasium's environment of
the same name. Those named `Masked...` do not show velocities; `popgym-...` are POPGym's tasks of memory, equal to its own step for
step; `bsuite-MemoryLen-v0`, `bsuite-MemorySize-v0`, `TMaze-v0`, `SymbolRecall-v0` and `SymbolCounting-v0` are others.
`gymnasium.make_vec` steps the last ones and those of cards one by one.
"""

import copy

import numpy as np

from . import _native
from ._arguments import check_seed, converted, integer, wrong
from ._extras import recent_gymnasium

gymnasium = recent_gymnasium()
from gymnasium.vector import AutoresetMode, VectorEnv  # noqa: E402
from gymnasium.vector.utils import batch_space  # noqa: E402

__all__ = ["NAMESPACE", "NativeEnv", "NativeVectorEnv"]

NAMESPACE = "sorn_rs"
RENDER_MODES = ["rgb_array"]
# Environments of a batch; more would not fit many memories.
MOST = 1_000_000
SPECS = {spec["id"]: spec for spec in _native.env_specs()}


def _check_render_mode(render_mode):
    if render_mode is not None and not (isinstance(render_mode, str) and render_mode in RENDER_MODES):
        raise wrong("render_mode", repr(render_mode), "'rgb_array' or None")


def _check_options(options):
    if options is not None and not (
        isinstance(options, dict) and all(isinstance(key, str) for key in options)
    ):
        raise wrong("options", repr(options), "a dictionary from names, or None", TypeError)
    return options


def _metadata(native_id):
    # Frames per second, as Gymnasium's environments have them.
    fps = int(SPECS[native_id]["render_fps"]) if native_id in SPECS else 50
    return {"render_modes": RENDER_MODES, "render_fps": fps}


# What Gymnasium keeps in every environment, and in every batch of them.
_OWN = {"metadata", "render_mode", "spec", "action_space", "observation_space"}
_OWN_OF_BATCHES = _OWN | {
    "num_envs",
    "closed",
    "autoreset_mode",
    "single_observation_space",
    "single_action_space",
}


class NativeEnv(gymnasium.Env):
    """A native environment.

    Parameters
    ----------
    native_id : str
        Its name, e.g. ``"CartPole-v1"``.
    render_mode : {"rgb_array"}, optional
    **kwargs
        The environment's own, e.g. ``sutton_barto_reward=True`` of CartPole.

    Notes
    -----
    `state` and the constants that Gymnasium's class has as attributes can be read and set, such as ``env.unwrapped.gravity``; other
    attributes are refused. Copies and pickles go on alike, the generator of the resets included.

    Examples
    --------
    >>> import gymnasium, sorn_rs.envs
    >>> env = gymnasium.make("sorn_rs/CartPole-v1")
    >>> _ = env.reset(seed=1)
    >>> env.unwrapped.state = [0.1, 0.0, 0.05, 0.0]
    >>> env.unwrapped.gravity = 1.6
    >>> env.unwrapped.length = 1.0
    """

    metadata = {"render_modes": RENDER_MODES, "render_fps": 50}

    def __init__(self, native_id: str, render_mode: str | None = None, **kwargs):
        _check_render_mode(render_mode)
        self._native = _native.NativeEnv(native_id, kwargs)
        self.metadata = _metadata(native_id)
        self.render_mode = render_mode
        self.observation_space = self._native.observation_space
        self.action_space = self._native.action_space

    def __copy__(self):
        # What is native cannot be shared and go on apart.
        return copy.deepcopy(self)

    def __getattr__(self, name):
        # Only for what the object itself has not; a copy under construction has nothing yet.
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self._native.attribute(name)

    def __setattr__(self, name, value):
        if name == "np_random":
            raise AttributeError(
                "np_random: a native environment has a generator of its own; seed it by reset"
            )
        own = name in _OWN or name.startswith("_")
        if own or (type(self) is not NativeEnv and name not in self._native.attributes()):
            super().__setattr__(name, value)
        else:
            self._native.set_attribute(name, value)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Begin an episode; `options` may have the bounds `low` and `high` of the initial state, where Gymnasium's does."""
        seed = check_seed(seed)
        super().reset(seed=seed)
        return self._native.reset(seed, _check_options(options))

    def step(self, action):
        """Act; returns observation, reward, terminated, truncated, info."""
        return self._native.step(action)

    def render(self):
        """The picture, shape (height, width, 3), in mode ``"rgb_array"``, else None."""
        return self._native.render() if self.render_mode == "rgb_array" else None

    def close(self):
        self._native.close()


class NativeVectorEnv(VectorEnv):
    """Native environments stepped as one, without a call of Python for each.

    Seeds, observations, rewards, flags and infos are those of Gymnasium's `SyncVectorEnv`.

    Parameters
    ----------
    native_id : str
        Their name, e.g. ``"CartPole-v1"``.
    num_envs : int
    max_episode_steps : int, optional
        Time limit, the environment's own if not given; -1 for none.
    render_mode : {"rgb_array"}, optional
    autoreset_mode : gymnasium.vector.AutoresetMode or str
        When an episode that is over is followed by the next: in the step after (``"NextStep"``), in the same step, whose own
        observations are then ``infos["final_obs"]`` (``"SameStep"``), or when ``reset(options={"reset_mask": mask})`` says so
        (``"Disabled"``).
    **kwargs
        The environment's own.
    """

    def __init__(
        self,
        native_id: str,
        num_envs: int = 1,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        **kwargs,
    ):
        _check_render_mode(render_mode)
        num_envs = integer("num_envs", num_envs, 1)
        if num_envs > MOST:
            raise wrong("num_envs", num_envs, f"1 to {MOST}")
        try:
            if not isinstance(autoreset_mode, (str, AutoresetMode)):
                raise TypeError
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except (ValueError, TypeError):
            allowed = "one of " + ", ".join(repr(mode.value) for mode in AutoresetMode)
            raise ValueError(f"autoreset_mode: expected {allowed}, found {autoreset_mode!r}") from None
        if max_episode_steps is not None:
            kwargs = kwargs | {"max_episode_steps": max_episode_steps}
        self._native = _native.NativeVecEnv(native_id, num_envs, self.autoreset_mode.value, kwargs)
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.metadata = _metadata(native_id) | {"autoreset_mode": self.autoreset_mode}
        self.single_observation_space = self._native.observation_space
        self.single_action_space = self._native.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._begun = False

    def __copy__(self):
        return copy.deepcopy(self)

    def __setattr__(self, name, value):
        if name in _OWN_OF_BATCHES or name.startswith("_") or type(self) is not NativeVectorEnv:
            super().__setattr__(name, value)
        else:
            raise AttributeError(f"{name}: native environments in a batch have no attributes that can be set")

    def reset(self, *, seed: int | list[int | None] | None = None, options: dict | None = None):
        """Begin an episode in every environment, or in those of the boolean array ``options["reset_mask"]``.

        Environment `i` gets the seed ``seed + i``, or ``seed[i]`` of a list.
        """
        seeds = self._seeds(seed)
        options = dict(_check_options(options) or {})
        mask = options.pop("reset_mask", None)
        if mask is None:
            mask = np.ones(self.num_envs, dtype=bool)
        elif not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            found = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else repr(mask)
            raise ValueError(
                f"options['reset_mask']: expected a boolean array of shape ({self.num_envs},), found {found}"
            )
        elif not mask.any():
            raise ValueError("options['reset_mask']: expected at least one True, found none")
        observations = self._native.reset(seeds, mask.tolist(), options)
        self._begun = True
        return observations, {}

    def _seeds(self, seed):
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (list, tuple)):
            if len(seed) != self.num_envs:
                raise ValueError(
                    f"seed: expected {self.num_envs} seeds, one per environment, found {len(seed)}"
                )
            return [check_seed(one) for one in seed]
        first = check_seed(seed)
        return [(first + i) % 2**64 for i in range(self.num_envs)]

    def step(self, actions):
        """Act in each; returns observations, rewards, terminations, truncations, infos, one row per environment."""
        if not self._begun:
            raise gymnasium.error.ResetNeeded("step: call reset first")
        space = self.action_space
        given = converted("actions", actions, shape=f"shape {space.shape}")
        kinds = "iu" if space.dtype.kind == "i" else "fiu"
        if given.shape != space.shape or given.dtype.kind not in kinds:
            raise ValueError(
                f"actions: expected an array of shape {space.shape} and type {space.dtype}, "
                f"found shape {given.shape} and type {given.dtype}"
            )
        actions = np.ascontiguousarray(given, dtype=space.dtype)
        (*stepped, terminated, truncated), finals = self._native.step(actions)
        infos = {} if finals is None else self._final_infos(*finals)
        return *stepped, terminated, truncated, infos

    def _final_infos(self, ended, observations):
        """What `_add_info` would make of them one by one."""
        final_obs = np.full(self.num_envs, None, dtype=object)
        for index, observation in zip(ended, observations, strict=True):
            final_obs[index] = observation
        mask = np.zeros(self.num_envs, dtype=np.bool_)
        mask[ended] = True
        return {"final_obs": final_obs, "_final_obs": mask, "final_info": {}, "_final_info": mask.copy()}

    def render(self):
        """A picture of each environment in mode ``"rgb_array"``, else None."""
        return self._native.render() if self.render_mode == "rgb_array" else None


for _spec in SPECS.values():
    if f"{NAMESPACE}/{_spec['id']}" not in gymnasium.registry:
        gymnasium.register(
            id=f"{NAMESPACE}/{_spec['id']}",
            entry_point=f"{__name__}:NativeEnv",
            vector_entry_point=f"{__name__}:NativeVectorEnv" if _spec["batched"] else None,
            max_episode_steps=_spec["max_episode_steps"],
            reward_threshold=_spec["reward_threshold"],
            kwargs={"native_id": _spec["id"]},
        )
