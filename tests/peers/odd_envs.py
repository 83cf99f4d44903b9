"""Environments that Gymnasium does not have, registered on import: composite spaces, and ways to fail."""

import ctypes
import importlib
import os
import shutil
import sys
import threading
import time

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Composite(gym.Env):
    """Every kind of space at once; the observation depends on the whole action."""

    def __init__(self):
        self.action_space = spaces.Dict(
            {
                "grip": spaces.Discrete(3, start=-1),
                "wheels": spaces.Box(-1.0, 1.0, (2, 2), np.float64),
                "switches": spaces.MultiBinary(3),
                "gears": spaces.Tuple((spaces.MultiDiscrete([2, 3]), spaces.Box(0, 255, (1,), np.uint16))),
            }
        )
        self.observation_space = spaces.Tuple(
            (
                spaces.Dict(
                    {"z": spaces.Discrete(100), "a": spaces.Box(-np.inf, np.inf, (2, 2), np.float32)}
                ),
                spaces.MultiBinary((2, 3)),
                spaces.MultiDiscrete([5, 5]),
                spaces.Box(0, 70_000, (), np.uint32),
            )
        )

    def _observe(self, total):
        rng = self.np_random
        return (
            {"z": int(total) % 100, "a": rng.normal(total, 1.0, (2, 2)).astype(np.float32)},
            rng.integers(0, 2, (2, 3)).astype(np.int8),
            rng.integers(0, 5, 2),
            np.array(rng.integers(0, 70_000), dtype=np.uint32),
        )

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self._observe((options or {}).get("total", 0)), {"options": str(options or None)}

    def step(self, action):
        assert self.action_space.contains(action), action
        gears, power = action["gears"]
        total = (
            int(action["grip"])
            + float(action["wheels"].sum())
            + action["switches"].sum()
            + gears.sum()
            + power[0]
        )
        self.count += 1
        return self._observe(total), float(total), False, self.count == 30, {"count": self.count}


class Faulty(gym.Env):
    """Fails as `fault` says, in the third step of each episode after the first `sound_episodes`.

    With `while_exists`, only while there is a file of that name.
    """

    metadata = {"render_modes": ["rgb_array"]}
    action_space = spaces.Discrete(2)
    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def __init__(self, fault="", sound_episodes=0, while_exists=None, render_mode=None):
        self.fault = fault if while_exists is None or os.path.exists(while_exists) else ""
        self.sound_episodes = sound_episodes
        self.render_mode = render_mode
        if fault == "make":
            raise RuntimeError("no such robot")
        if fault == "space":
            self.observation_space = spaces.Dict({"words": spaces.Text(5)})

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        self.sound_episodes -= 1
        if self.fault == "reset" and self.sound_episodes < 0:
            raise OSError("the cable is loose")
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.count += 1
        obs, reward, info = np.zeros(2, np.float32), 1.0, {}
        terminated = truncated = False
        if self.count == 3 and self.sound_episodes < 0:
            if self.fault == "raise":
                self._sensor()
            if self.fault == "refuse":
                action = 2
                assert self.action_space.contains(action), f"action {action}"
            if self.fault == "interrupt":
                raise KeyboardInterrupt
            if self.fault == "four":
                return obs, reward, False, info
            obs = {
                "shape": np.zeros(3, np.float32),
                "nan": np.array([0.0, np.nan], np.float32),
                "outside": np.array([0.0, 1.5], np.float32),
                "kind": {"x": 1.0},
                "list": [0.5, -0.5],
                "wide": np.array([0.5, -0.25]),
                "strided": np.arange(4, dtype=np.float32)[::2] / 4,
                "text": np.array(["a", "b"]),
            }.get(self.fault, obs)
            reward = {
                "reward": "much",
                "numpy_reward": np.float32(0.5),
                "rewards": np.array([1.0, 2.0]),
            }.get(self.fault, reward)
            flags = {
                "none": None,
                "text": "no",
                "two": np.array([False, True]),
                "three": 3,
                "array": np.array(False),
                "one": 1,
            }
            which, _, kind = self.fault.partition("_")
            terminated = flags[kind] if which == "terminated" else False
            truncated = flags[kind] if which == "truncated" else False
            if self.fault == "exit":
                os._exit(0)
            if self.fault == "c_exit":
                ctypes.CDLL(None).exit(0)
            if self.fault == "fork":
                # The parent waits, so that what the child does is done before it goes on.
                child = os.fork()
                if child:
                    info["child"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if self.fault == "rmtree":
                shutil.rmtree("runs", ignore_errors=True)
        return obs, reward, terminated, truncated, info

    def _sensor(self):
        try:
            raise ValueError("voltage -3 out of range")
        except ValueError as error:
            raise RuntimeError("sensor 7 failed") from error

    def render(self):
        return np.zeros((2, 3, 4), np.uint8) if self.fault == "picture" else np.full((2, 3, 3), 7, np.uint8)


class Talkative(gym.Env):
    """Returns whatever may be in an info."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Discrete(4, start=2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        itself = {}
        itself["itself"] = itself
        info = {
            "flag": True,
            "numpy_flag": np.bool_(True),
            "whole": 7,
            "numpy_whole": np.int16(-7),
            "number": 0.5,
            "numpy_number": np.float32(0.25),
            "huge": 10**30,
            "text": "text",
            "array": np.arange(6, dtype=np.float32).reshape(2, 3),
            "flags": np.array([True, False]),
            "objects": np.array([None, "x"]),
            "nothing": None,
            "list": [1, (2.0, "three")],
            "dict": {"a": 1, 2: "b"},
            "other": Talkative,
            "itself": itself,
        }
        return np.int64(5), info

    def step(self, action):
        print("a word to the standard output")
        return 2, np.float64(action), np.bool_(action == 1), 0, {}


class Drawn(gym.Env):
    """Looks at the mode while it is made, and only then; draws its last observation."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}
    action_space = spaces.Discrete(2)
    observation_space = spaces.Box(0.0, 1.0, (1,), np.float32)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        if render_mode == "rgb_array":
            self.screen = np.zeros((4, 4, 3), np.uint8)

    def _observe(self):
        self.seen = self.np_random.random(1, dtype=np.float32)
        return self.seen

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self._observe(), {}

    def step(self, action):
        self.count += 1
        return self._observe(), 1.0, False, self.count == 10, {}

    def render(self):
        self.screen[:] = int(255 * self.seen[0])
        return self.screen.copy()


class Undrawn(Drawn):
    """Says that it draws, and does not."""

    render = gym.Env.render


class Few(gym.Env):
    """Begins in one of four places; `forgetful`, at each reset without a seed, in the one of the last seed."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Discrete(4)

    def __init__(self, forgetful=False):
        self.forgetful, self.seed = forgetful, None

    def reset(self, *, seed=None, options=None):
        self.seed = seed if seed is not None or not self.forgetful else self.seed
        super().reset(seed=self.seed if self.forgetful else seed)
        self.count = 0
        return int(self.np_random.integers(4)), {}

    def step(self, action):
        self.count += 1
        return int(self.np_random.integers(4)), float(action), self.count == 3, False, {}


def few(**kwargs):
    return Few(**kwargs)


class Mission(gym.Env):
    """Observes a picture, a direction and words, as MiniGrid does."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Dict(
        {
            "image": spaces.Box(0, 255, (2, 2), np.uint8),
            "mission": spaces.Text(20),
            "direction": spaces.Discrete(4),
        }
    )

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self._observe(), {}

    def _observe(self):
        direction = int(self.np_random.integers(4))
        return {"image": np.full((2, 2), direction, np.uint8), "mission": "go", "direction": direction}

    def step(self, action):
        self.count += 1
        return self._observe(), float(action), False, self.count == 20, {}


class Board(gym.Env):
    """Cells in rows and columns, of which an action names one in a grid of its own: its last choice is marked."""

    def __init__(self, start=0, dtype="int64"):
        self.start, self.dtype = start, np.dtype(dtype)
        self.observation_space = spaces.MultiDiscrete(np.full((2, 3), 3), dtype=self.dtype)
        self.action_space = spaces.MultiDiscrete([[2], [3]], dtype=self.dtype, start=[[start], [start]])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return np.zeros((2, 3), self.dtype), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        cells = np.zeros((2, 3), self.dtype)
        cells[tuple(np.ravel(action) - self.start)] = 2
        self.count += 1
        return cells, float(action[0, 0] - self.start), False, self.count == 20, {}


class Keyed(gym.Env):
    """Tells the type and text of its keyword arguments in the info."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def __init__(self, **kwargs):
        self.told = {name: f"{type(value).__name__} {value!r}" for name, value in kwargs.items()}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return np.zeros(2, np.float32), self.told

    def step(self, action):
        self.count += 1
        return np.zeros(2, np.float32), 1.0, self.count == 5, False, {}


class Shifted(gym.Env):
    """Observes its last action, of a MultiDiscrete space that does not start at 0."""

    action_space = spaces.MultiDiscrete([3, 4], start=[5, -2])
    observation_space = spaces.MultiDiscrete([3, 4], start=[5, -2])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.array([6, -2]), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        return action.copy(), float(action.sum()), False, False, {"action": action.copy()}


class Threaded(gym.Env):
    """Counts its steps per thread, and the threads that have ended."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Discrete(2)
    ended = 0

    class Steps:
        def __init__(self):
            self.count = 0

        def __del__(self):
            Threaded.ended += 1

    def __init__(self):
        self.local = threading.local()

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {"ended": Threaded.ended}

    def step(self, action):
        if not hasattr(self.local, "steps"):
            self.local.steps = Threaded.Steps()
        self.local.steps.count += 1
        return 0, 0.0, False, False, {"steps": self.local.steps.count}


class Told(gym.Env):
    """Tells one of three things, and rewards actions that answer it: at most 40 in an episode, half of it by chance."""

    def __init__(self, observations="dict", actions="multi_discrete"):
        self.action_space = {
            "discrete": spaces.Discrete(3, start=1),
            "multi_discrete": spaces.MultiDiscrete([2, 3]),
            "multi_binary": spaces.MultiBinary(2),
            "box": spaces.Box(-2.0, 1.0, (2,)),
        }[actions]
        parts = spaces.Dict(
            {
                "told": spaces.Box(-np.inf, np.inf, (2,)),
                "again": spaces.Discrete(3),
                "more": spaces.Tuple((spaces.MultiBinary(2), spaces.MultiDiscrete([2, 2]))),
            }
        )
        self.observation_space = {
            "dict": parts,
            "tuple": spaces.Tuple((spaces.Discrete(3), parts)),
            "discrete": spaces.Discrete(3),
            "multi_discrete": spaces.MultiDiscrete([3, 2]),
        }[observations]
        self.actions, self.observations = actions, observations

    def _observe(self):
        self.told = told = int(self.np_random.integers(3))
        odd = told % 2
        parts = {
            "told": np.array([told - 1, self.np_random.normal()], np.float32),
            "again": told,
            "more": (np.array([odd, 1], np.int8), np.array([odd, 0])),
        }
        return {
            "dict": parts,
            "tuple": (told, parts),
            "discrete": told,
            "multi_discrete": np.array([told, odd]),
        }[self.observations]

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self._observe(), {}

    def step(self, action):
        told, odd = self.told, self.told % 2
        if self.actions == "discrete":
            reward = 2.0 * (action == told + 1)
        elif self.actions == "box":
            reward = 2.0 - abs(float(action[0]) - (told - 1))
        else:
            second = told if self.actions == "multi_discrete" else told == 2
            reward = float(action[0] == odd) + float(action[1] == second)
        self.count += 1
        return self._observe(), float(reward), False, self.count == 20, {}


def come_between():
    """An environment of `peers.knotted`, from the module itself, once another thread imports the package."""
    until = time.monotonic() + 0.5
    while "peers.knotted" not in sys.modules and time.monotonic() < until:
        time.sleep(0.01)
    return importlib.import_module("peers.knotted.one").One()


gym.register("Told-v0", Told)
gym.register("Knotted-v0", "peers.knotted:One")
gym.register("KnottedToo-v0", come_between)
gym.register("Composite-v0", Composite)
gym.register("Drawn-v0", Drawn)
gym.register("Undrawn-v0", Undrawn)
gym.register("Few-v0", Few)
gym.register("Mission-v0", Mission)
gym.register("Board-v0", Board)
gym.register("Keyed-v0", Keyed)
gym.register("Shifted-v0", Shifted)
gym.register("Faulty-v0", Faulty, max_episode_steps=50, reward_threshold=12.5)
gym.register("Talkative-v0", Talkative)
gym.register("Threaded-v0", Threaded)
