"""Native environments for Gymnasium: importing this module registers them, ``gymnasium.make("sorn_rs/CartPole-v1")``.

Each has the spaces, rewards, time limit and, seeded, the very trajectories of Gymnasium's environment of the same name;
`MaskedCartPole-v1` is CartPole without velocities.
"""

import gymnasium

from . import _native

__all__ = ["NAMESPACE", "NativeEnv"]

NAMESPACE = "sorn_rs"


class NativeEnv(gymnasium.Env):
    """A native environment.

    Parameters
    ----------
    native_id : str
        Its name, e.g. ``"CartPole-v1"``.
    render_mode : {"rgb_array"}, optional
    **kwargs
        The environment's own, e.g. ``sutton_barto_reward=True`` of CartPole.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}

    def __init__(self, native_id: str, render_mode: str | None = None, **kwargs):
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode: found {render_mode!r}, allowed: 'rgb_array' or None")
        self._native = _native.NativeEnv(native_id, kwargs)
        self.render_mode = render_mode
        self.observation_space = self._native.observation_space
        self.action_space = self._native.action_space

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        return self._native.reset(seed, options)

    def step(self, action):
        return self._native.step(action)

    def render(self):
        return self._native.render() if self.render_mode == "rgb_array" else None

    def close(self):
        self._native.close()


for _spec in _native.env_specs():
    if f"{NAMESPACE}/{_spec['id']}" not in gymnasium.registry:
        gymnasium.register(
            id=f"{NAMESPACE}/{_spec['id']}",
            entry_point=f"{__name__}:NativeEnv",
            max_episode_steps=_spec["max_episode_steps"],
            reward_threshold=_spec["reward_threshold"],
            kwargs={"native_id": _spec["id"]},
        )
