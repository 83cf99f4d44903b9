"""An environment in a package that imports it."""

import gymnasium as gym
import peers.knotted  # noqa: F401
from gymnasium import spaces


class One(gym.Env):
    """Does nothing."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}
