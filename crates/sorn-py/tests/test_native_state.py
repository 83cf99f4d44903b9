"""Copies, pickles and attributes of native environments."""

import copy
import pickle

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

import sorn_rs.envs  # noqa: E402
from sorn_rs.wrappers import SornObservation  # noqa: E402

SPECS = sorn_rs._native.env_specs()
IDS = [spec["id"] for spec in SPECS]
BATCHED = [spec["id"] for spec in SPECS if spec["batched"]]
WAYS = [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))]
WAY_NAMES = ["deepcopy", "pickle"]


def actions(space, count):
    space.seed(3)
    return [space.sample() for _ in range(count)]


def go_on(env, actions):
    """What follows in the episode, and in the next, whose start only the generator knows."""
    return [*steps(env, actions), env.reset()[0], *steps(env, actions)]


def steps(env, actions):
    """Steps to the end of the episode at most; batches begin the next by themselves."""
    found = []
    for action in actions:
        found.append(env.step(action)[:4])
        if np.ndim(found[-1][2]) == 0 and (found[-1][2] or found[-1][3]):
            break
    return found


def same(found, expected):
    if isinstance(found, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
@pytest.mark.parametrize("id", IDS)
def test_copies_go_on_alike(id, way):
    env = gymnasium.make(f"sorn_rs/{id}", max_episode_steps=9)
    env.reset(seed=5)
    some = actions(env.action_space, 3)
    steps(env, some[:1])
    one, other = way(env), way(env)
    assert isinstance(one.unwrapped, sorn_rs.envs.NativeEnv) and one.spec == env.spec
    same(go_on(one, some), go_on(other, some))
    # The original was not moved by its copies.
    again = gymnasium.make(f"sorn_rs/{id}", max_episode_steps=9)
    again.reset(seed=5)
    steps(again, some[:1])
    same(go_on(env, some), go_on(again, some))


def test_shallow_copies_go_on_apart():
    env = gymnasium.make("sorn_rs/CartPole-v1").unwrapped
    env.reset(seed=1)
    before = env.state
    copy.copy(env).step(1)
    np.testing.assert_array_equal(env.state, before)


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
def test_copies_before_the_first_reset_and_with_arguments(way):
    env = gymnasium.make("sorn_rs/CartPole-v1", sutton_barto_reward=True, render_mode="rgb_array")
    other = way(env)
    with pytest.raises(ValueError, match="reset"):
        other.unwrapped.step(1)
    for one in (env, other):
        one.reset(seed=1)
        assert one.step(1)[1] == 0.0 and one.render().shape == (400, 600, 3)


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
@pytest.mark.parametrize("id", BATCHED)
def test_batches_go_on_alike(id, mode, way):
    # Episodes end on the way, where another begins by itself.
    limit = 7 if mode == "Disabled" else 4

    def begun():
        envs = gymnasium.make_vec(f"sorn_rs/{id}", num_envs=3, max_episode_steps=limit, autoreset_mode=mode)
        envs.reset(seed=2)
        for action in some[:3]:
            envs.step(action)
        return envs

    some = actions(gymnasium.make_vec(f"sorn_rs/{id}", num_envs=3).action_space, 5)
    envs = begun()
    one, other = way(envs), way(envs)
    expected = go_on(begun(), some[3:])
    for found in (one, other, envs):
        same(go_on(found, some[3:]), expected)


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
def test_observations_of_a_network_go_on_alike(way):
    env = SornObservation(gymnasium.make("sorn_rs/CartPole-v1"), ne=50, lambda_ei=20)
    env.reset(seed=1)
    env.step(1)
    one, other = way(env), way(env)
    for action in (0, 1, 1, 0):
        np.testing.assert_array_equal(one.step(action)[0], other.step(action)[0])


@pytest.mark.parametrize("id", IDS)
def test_damaged_states_are_refused(id):
    native = sorn_rs._native.NativeEnv(id, {})
    native.reset(1, None)
    state = native.__reduce__()[2]
    damaged = [{}, {"attributes": 3}, {"attributes": {"mass": 1.0}}]
    if "generator" in state:
        damaged.append(state | {"generator": 1})
    if "attributes" in state:
        damaged.append({"attributes": state["attributes"] | {"state": [0.0]}})
    elif "task" in state:
        damaged += [state | {"task": state["task"][:-1]}, state | {"task": 3}]
    else:
        damaged += [state | {"elapsed_steps": -1}, state | {"env": {}}]
    for wrong in damaged:
        with pytest.raises(ValueError, match="attributes|generator|state|mass|task|elapsed_steps"):
            native.__setstate__(wrong)


CONSTANTS = {
    "CartPole-v1": {
        "gravity": 1.6,
        "masspole": 0.3,
        "total_mass": 2.0,
        "length": 1.5,
        "polemass_length": 0.2,
        "force_mag": 4.0,
        "tau": 0.01,
        "kinematics_integrator": "semi-implicit",
        "theta_threshold_radians": 0.06,
        "x_threshold": 0.2,
    },
    "MountainCar-v0": {
        "min_position": 0.48,
        "max_position": 0.47,
        "max_speed": 0.01,
        "goal_position": 0.48,
        "goal_velocity": 0.05,
        "force": 0.002,
        "gravity": 0.003,
    },
    "MountainCarContinuous-v0": {"goal_position": 0.43, "goal_velocity": 0.05},
    "Acrobot-v1": {"dt": 0.05},
    "Pendulum-v1": {"max_speed": 1.5, "max_torque": 0.5, "dt": 0.02, "g": 3.7, "m": 2.0, "l": 0.7},
}
# Near the end of an episode.
STATES = {
    "CartPole-v1": [0.15, 0.4, 0.05, -0.3],
    "MountainCar-v0": [0.46, 0.03],
    "MountainCarContinuous-v0": [0.42, 0.03],
    "Acrobot-v1": [0.3, -0.2, 0.5, 1.0],
    "Pendulum-v1": [0.5, -1.0],
}
CASES = [(id, name, value) for id, all in CONSTANTS.items() for name, value in all.items()]


def after(id, change):
    """Episodes whose environment `change` changes after the reset and once more on its way."""
    env = gymnasium.make(id)
    env.reset(seed=1)
    env.unwrapped.state = np.array(STATES[id.removeprefix("sorn_rs/")])
    env.action_space.seed(1)
    trace = []
    for step in range(40):
        if step in (0, 20):
            change(env.unwrapped)
        if trace and trace[-1][2]:
            env.reset()
        trace.append(env.step(env.action_space.sample())[:4])
    return trace


@pytest.mark.parametrize(("id", "name", "value"), CASES)
def test_constants_act_as_gymnasiums(id, name, value):
    if np.lib.NumpyVersion(np.__version__) < "2.0.0" and id in ("MountainCarContinuous-v0", "Pendulum-v1"):
        pytest.skip("with NumPy 1, Gymnasium rounds its actions elsewhere")
    ours = after(f"sorn_rs/{id}", lambda env: setattr(env, name, value))
    same(ours, after(id, lambda env: setattr(env, name, value)))
    plain = after(id, lambda env: None)
    pairs = (pair for one, other in zip(ours, plain, strict=True) for pair in zip(one, other, strict=True))
    assert any(not np.array_equal(a, b) for a, b in pairs)
    before = [getattr(gymnasium.make(f"{prefix}{id}").unwrapped, name) for prefix in ("", "sorn_rs/")]
    assert before[0] == before[1]


@pytest.mark.parametrize("id", STATES)
def test_states_are_set_as_gymnasiums(id):
    if np.lib.NumpyVersion(np.__version__) < "2.0.0" and id in ("MountainCarContinuous-v0", "Pendulum-v1"):
        pytest.skip("with NumPy 1, Gymnasium rounds its actions elsewhere")

    def change(env):
        env.state = np.array(STATES[id]) / 2

    same(after(f"sorn_rs/{id}", change), after(id, change))
    env = gymnasium.make(f"sorn_rs/{id}")
    env.reset(seed=1)
    change(env.unwrapped)
    np.testing.assert_array_equal(env.unwrapped.state, np.array(STATES[id]) / 2)


@pytest.mark.filterwarnings("ignore:.*You are calling 'step")
def test_falls_are_counted_and_can_be_forgotten():
    both = [gymnasium.make(f"{prefix}CartPole-v1").unwrapped for prefix in ("", "sorn_rs/")]
    for env in both:
        env.reset(seed=1)
        env.state = np.array([3.0, 0.0, 0.0, 0.0])
        rewards = [env.step(1)[1] for _ in range(3)]
        counted = env.steps_beyond_terminated
        env.steps_beyond_terminated = None
        assert (*rewards, counted, env.step(1)[1]) == (1.0, 0.0, 0.0, 2, 1.0)


def test_what_would_do_nothing_is_refused():
    env = gymnasium.make("sorn_rs/CartPole-v1").unwrapped
    env.reset(seed=1)
    for name in ("gravitas", "screen_width", "np_random"):
        with pytest.raises(AttributeError, match=name):
            setattr(env, name, 1.0)
    with pytest.raises(AttributeError, match="LINK_MASS_1"):
        gymnasium.make("sorn_rs/Acrobot-v1").unwrapped.LINK_MASS_1 = 2.0
    for name, value in (
        ("gravity", "much"),
        ("gravity", float("inf")),
        ("gravity", None),
        ("state", [1.0, 2.0]),
    ):
        with pytest.raises(ValueError, match=f"{name}: expected .*, found"):
            setattr(env, name, value)
    assert not hasattr(env, "gravitas") and hasattr(env, "gravity")
    envs = gymnasium.make_vec("sorn_rs/CartPole-v1", num_envs=2)
    with pytest.raises(AttributeError, match="gravity"):
        envs.gravity = 1.6


def test_subclasses_have_attributes_of_their_own():
    class Mine(sorn_rs.envs.NativeEnv):
        def __init__(self):
            super().__init__("CartPole-v1")
            self.bonus = 2.0

    env = Mine()
    env.gravity = 1.6
    assert env.bonus == 2.0 and env.gravity == 1.6 and "gravity" not in vars(env)
