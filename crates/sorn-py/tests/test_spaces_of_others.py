"""Environments as others have them: choices in a grid, bounds that bound nothing, words among numbers."""

import pickle

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
from gymnasium import spaces  # noqa: E402

from sorn_rs import Agent  # noqa: E402

SMALL = {"reservoir": {"params": {"ne": 60, "lambda_ei": 20}}}


class Board(gymnasium.Env):
    """Nine cells; taking one that is free is worth 1, taking it again ends the game."""

    def __init__(self, grid, dtype):
        self.observation_space = spaces.MultiDiscrete(np.full((3, 3), 3), dtype=dtype)
        self.action_space = spaces.MultiDiscrete([[3], [3]] if grid else [3, 3])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cells = np.ones((3, 3), self.observation_space.dtype)
        return self.cells.copy(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        place = tuple(np.ravel(action))
        free = self.cells[place] == 1
        self.cells[place] = 2
        return self.cells.copy(), float(free), bool(not free or np.all(self.cells == 2)), False, {}


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("dtype", [np.int64, np.int8])
def test_choices_in_rows_and_columns(grid, dtype, tmp_path):
    env = Board(grid, dtype)
    agent = Agent(env, SMALL, seed=1).learn(300)
    assert len(agent.episode_returns) > 10
    action, _ = agent.predict(env.reset()[0])
    assert env.action_space.contains(action) and action.shape == env.action_space.shape
    agent.save(tmp_path / "a.safetensors")
    for other in (Agent.load(tmp_path / "a.safetensors", env), pickle.loads(pickle.dumps(agent))):
        np.testing.assert_array_equal(
            other.predict(env.reset()[0])[0], agent.predict(env.reset()[0], None, True)[0]
        )
    several = np.stack([env.reset()[0]] * 2)
    found, _ = agent.predict(several, episode_start=np.ones(2, bool))
    assert found.shape == (2, *env.action_space.shape)


class Push(gymnasium.Env):
    """A force moves a point that is to stay at 0."""

    observation_space = spaces.Box(-10, 10, (1,), np.float32)

    def __init__(self, bound, dtype):
        self.action_space = spaces.Box(-bound, bound, (1,), dtype)
        self.forces = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.count = self.np_random.uniform(-1, 1), 0
        return np.array([self.x], np.float32), {}

    def step(self, action):
        self.forces.append(float(action[0]))
        self.count += 1
        self.x = float(np.clip(self.x + 0.1 * np.clip(action[0], -10, 10), -10, 10))
        return np.array([self.x], np.float32), -(self.x**2), False, self.count == 20, {}


@pytest.mark.parametrize(
    ("bound", "dtype"),
    [
        (np.inf, np.float32),
        (np.finfo(np.float32).max, np.float32),
        (1e12, np.float32),
        (1e12, np.float64),
        (np.finfo(np.float64).max, np.float64),
    ],
)
def test_bounds_that_bound_nothing_are_no_range(bound, dtype):
    env = Push(bound, dtype)
    Agent(env, SMALL, seed=1).learn(200)
    assert np.median(np.abs(env.forces)) < 10
    within = Push(100.0, dtype)
    Agent(within, SMALL, seed=1).learn(200)
    assert np.median(np.abs(within.forces)) > 10


class Mission(gymnasium.Env):
    """A picture, a direction and words, as MiniGrid gives them."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Dict(
        image=spaces.Box(0, 255, (2, 2), np.uint8), mission=spaces.Text(9), direction=spaces.Discrete(4)
    )

    def _observe(self):
        direction = int(self.np_random.integers(4))
        return {"image": np.full((2, 2), direction, np.uint8), "mission": "go", "direction": direction}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self._observe(), {}

    def step(self, action):
        self.count += 1
        return self._observe(), float(action), False, self.count == 10, {}


def test_words_are_refused_with_the_way_out_and_left_out(tmp_path):
    with pytest.raises(
        ValueError,
        match=r'member "mission".*expected .*, found Text; leave it out by observe = \["image", "direction"\]',
    ):
        Agent(Mission(), SMALL)
    env = Mission()
    agent = Agent(env, SMALL, seed=1, observe=["image", "direction"]).learn(60)
    observation, _ = env.reset(seed=3)
    expected, _ = agent.predict(observation)
    agent.save(tmp_path / "a.safetensors")
    for other in (
        Agent.load(tmp_path / "a.safetensors", Mission()),
        Agent.load(tmp_path / "a.safetensors"),
        pickle.loads(pickle.dumps(agent)),
    ):
        assert other.predict(observation)[0] == expected
    again = Agent(
        observation_space=env.observation_space,
        action_space=env.action_space,
        config=SMALL,
        observe=["image"],
    )
    assert again.begin(observation) in (0, 1)
    for wrong, error, message in (
        (
            ["picture"],
            ValueError,
            r'expected names among \["image", "mission", "direction"\], found "picture"',
        ),
        (["image", "image"], ValueError, "each name once"),
        (["mission"], ValueError, "found Text"),
        ("image", TypeError, "observe: expected a list of names, found 'image'"),
        ([3], TypeError, "observe: expected .*, found 3 in it"),
    ):
        with pytest.raises(error, match=message):
            Agent(env, SMALL, observe=wrong)
    with pytest.raises(ValueError, match="a Dict to observe"):
        Agent(gymnasium.make("CartPole-v1"), SMALL, observe=["image"])
    with pytest.raises(ValueError, match="observe: expected names or an encoder, found both"):
        Agent(env, SMALL, observe=["image"], encoder=lambda observation: observation["image"])


class Crane(gymnasium.Env):
    """A crane that is told where to go, by how much and whether to hold: 1 for each part that is right."""

    observation_space = spaces.Discrete(2, start=-1)

    def __init__(self, action_space):
        self.action_space = action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return -1, {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.count += 1
        numbers = np.concatenate([np.ravel(part) for part in parts(action)])
        return -1 + self.count % 2, float(np.mean(numbers > 0)), False, self.count == 10, {}


def parts(action):
    if isinstance(action, dict | tuple):
        members = action.values() if isinstance(action, dict) else action
        return [part for member in members for part in parts(member)]
    return [action]


NUMBERS = spaces.Box(-1, 1, (2, 1), np.float32)
ACTIONS = {
    "choices": spaces.Tuple((spaces.Discrete(3, start=-1), spaces.MultiBinary(2))),
    "numbers": spaces.Dict(b=NUMBERS, a=spaces.Box(-np.inf, np.inf, (), np.float64)),
    "both": spaces.Dict(grip=spaces.MultiDiscrete([2, 3]), arm=spaces.Tuple((NUMBERS, spaces.Discrete(4)))),
}


@pytest.mark.parametrize("kind", ["actor_critic", "reinforce", "ars", "ppo", "random"])
@pytest.mark.parametrize("space", ACTIONS)
def test_actions_of_parts(space, kind, tmp_path):
    env = Crane(ACTIONS[space])
    learner = {"kind": kind} | ({"n_steps": 50} if kind == "ppo" else {})
    config = SMALL | {"learner": learner, "inputs": ["observation", "action"]}
    agent = Agent(env, config, seed=1).learn(3000 if kind == "ppo" else 400)
    if kind == "ppo":
        assert np.mean(agent.episode_returns[-20:]) > 1 + np.mean(agent.episode_returns[:20])
    action, _ = agent.predict(-1)
    assert env.action_space.contains(action)
    agent.save(tmp_path / "a.safetensors")
    for other in (Agent.load(tmp_path / "a.safetensors", env), pickle.loads(pickle.dumps(agent))):
        assert (
            other.learn(100).episode_returns
            == Agent.load(tmp_path / "a.safetensors", env).learn(100).episode_returns
        )
    several, _ = agent.predict(np.array([-1, 0]), episode_start=np.ones(2, bool))
    assert spaces.utils.flatdim(env.action_space) and len(parts(several)[0]) == 2


def test_policies_of_actions_of_parts():
    env = Crane(ACTIONS["both"])
    for policy in ({"kind": "softmax", "temperature": 2.0}, {"kind": "gaussian", "sd": 0.1}):
        Agent(env, SMALL | {"policy": policy}).learn(50)
    with pytest.raises(ValueError, match='"softmax" for its choices and "gaussian" for its numbers do'):
        Agent(env, SMALL | {"policy": {"kind": "greedy"}})
    with pytest.raises(ValueError, match="Discrete"):
        Agent(env, SMALL | {"learner": {"kind": "sarsa"}})


class Still(gymnasium.Env):
    """An environment of any spaces."""

    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.count += 1
        return self.observation_space.sample(), 1.0, False, self.count == 10, {}


OTHERS = {
    "nested": spaces.Dict(
        a=spaces.Dict(b=spaces.Tuple((spaces.Discrete(3), spaces.Box(-1, 1, (2, 2))))),
        c=spaces.MultiBinary((2, 2)),
    ),
    "large start": spaces.Discrete(3, start=10**12),
    "small start": spaces.Discrete(3, start=-(2**62)),
    "float16": spaces.Box(-1, 1, (3,), np.float16),
    "picture": spaces.Box(0, 255, (4, 4, 3), np.uint8),
    "one number": spaces.Box(-1, 1, (), np.float32),
    "one byte": spaces.Box(0, 255, (), np.uint8),
    "starts in a grid": spaces.MultiDiscrete([[3, 4], [2, 2]], start=[[1, -2], [0, 5]]),
}


@pytest.mark.parametrize("space", OTHERS.values(), ids=OTHERS)
def test_odd_spaces_are_seen_and_acted_in(space):
    space.seed(1)
    assert Agent(Still(space, spaces.Discrete(2)), SMALL).learn(30).num_timesteps == 30
    assert Agent(Still(spaces.Discrete(2), space), SMALL).learn(30).num_timesteps == 30


NO_NUMBERS = {
    "Text": spaces.Text(5),
    "Graph": spaces.Graph(spaces.Box(-1, 1, (2,)), None),
    "Sequence": spaces.Sequence(spaces.Discrete(3)),
    "OneOf": spaces.OneOf((spaces.Discrete(2), spaces.Discrete(3))),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_spaces_without_a_length_are_refused_with_the_way_out(kind):
    space, two = NO_NUMBERS[kind], spaces.Discrete(2)
    wrapped = f"found {kind}; a wrapper around the environment makes one of these of it$"
    for env in (Still(space, two), Still(two, space), Still(two, spaces.Dict(a=two, b=space))):
        with pytest.raises(ValueError, match=wrapped):
            Agent(env, SMALL)
    inner = spaces.Dict(a=spaces.Dict(s=space, x=two), b=two)
    with pytest.raises(
        ValueError,
        match=rf'member "a": member "s": .*expected .*, found {kind}; leave it out by observe = \["b"\], or by a wrapper$',
    ):
        Agent(Still(inner, two), SMALL)
    Agent(Still(inner, two), SMALL, observe=["b"]).learn(20)


def test_one_number_for_every_scale():
    env = gymnasium.make("CartPole-v1")
    returns = []
    for scale in (10.0, 10, [10.0] * 4):
        encoder = {"kind": "random_projection", "scale": scale}
        returns.append(Agent(env, SMALL | {"encoder": encoder}, seed=1).learn(200).episode_returns)
    assert returns[0] == returns[1] == returns[2]
    with pytest.raises(ValueError, match="expected a number or a list of numbers, found string"):
        Agent(env, {"encoder": {"kind": "random_projection", "scale": "large"}})


class Unsure(gymnasium.Env):
    """Does not say whether its episode is over, or gives several rewards."""

    action_space, observation_space = spaces.Discrete(2), spaces.Discrete(2)

    def __init__(self, reward, terminated):
        self.end = reward, terminated, False

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        return 0, *self.end, {}


def test_what_is_no_flag_or_reward_is_refused():
    for reward, terminated, message in (
        (1.0, None, "expected True or False as terminated, found NoneType None"),
        (1.0, "no", "expected True or False as terminated, found str 'no'"),
        (np.ones(2), False, "expected a number as reward .*, found ndarray of shape"),
    ):
        with pytest.raises(ValueError, match=message):
            Agent(Unsure(reward, terminated), SMALL).learn(3)
