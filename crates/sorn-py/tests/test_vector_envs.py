"""Batches of native environments beside Gymnasium's `SyncVectorEnv`."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

import sorn_rs.envs  # noqa: E402

IDS = [spec["id"] for spec in sorn_rs._native.env_specs()]
MODES = ["NextStep", "SameStep", "Disabled"]


def batch(id, n=3, **kwargs):
    return gymnasium.make_vec(f"sorn_rs/{id}", num_envs=n, **kwargs)


def same(found, expected):
    """Infos as well: keys, types, masks."""
    if isinstance(expected, dict):
        assert set(found) == set(expected)
        for key in expected:
            same(found[key], expected[key])
    elif isinstance(expected, tuple) or isinstance(expected, np.ndarray) and expected.dtype == object:
        assert type(found) is type(expected) and len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif expected is None:
        assert found is None
    else:
        np.testing.assert_array_equal(found, expected)
        assert np.asarray(found).dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("id", [id for id in IDS if id in gymnasium.registry])
def test_equal_gymnasiums(id, mode):
    if np.lib.NumpyVersion(np.__version__) < "2.0.0" and id in ("MountainCarContinuous-v0", "Pendulum-v1"):
        pytest.skip("with NumPy 1, Gymnasium rounds its actions elsewhere")
    # Short episodes, so that many end.
    ours = batch(id, max_episode_steps=12, autoreset_mode=mode)
    assert isinstance(ours, sorn_rs.envs.NativeVectorEnv)
    theirs = gymnasium.vector.SyncVectorEnv(
        [lambda: gymnasium.make(id, max_episode_steps=12)] * 3, autoreset_mode=mode
    )
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert ours.metadata["autoreset_mode"] == theirs.metadata["autoreset_mode"]
    same(ours.reset(seed=7), theirs.reset(seed=7))
    theirs.action_space.seed(1)
    ended = 0
    for _ in range(60):
        actions = theirs.action_space.sample()
        found, expected = ours.step(actions), theirs.step(actions)
        same(found[4], expected[4])
        for one, other in zip(found[:4], expected[:4], strict=True):
            same(one, other)
        over = expected[2] | expected[3]
        ended += over.sum()
        if mode == "Disabled" and over.any():
            same(ours.reset(options={"reset_mask": over})[0], theirs.reset(options={"reset_mask": over})[0])
    assert ended > 3


@pytest.mark.parametrize("mode", MODES)
def test_large_batches(mode):
    """CartPole's is a structure of arrays: masks, options, and seeds of some."""
    n, rng = 67, np.random.default_rng(1)
    ours = batch("CartPole-v1", n=n, autoreset_mode=mode, sutton_barto_reward=True)
    theirs = gymnasium.vector.SyncVectorEnv(
        [lambda: gymnasium.make("CartPole-v1", sutton_barto_reward=True)] * n, autoreset_mode=mode
    )
    same(ours.reset(seed=11), theirs.reset(seed=11))
    for step in range(150):
        actions = rng.integers(2, size=n)
        found, expected = ours.step(actions), theirs.step(actions)
        same(found, expected)
        over = expected[2] | expected[3]
        if mode == "Disabled" and over.any() or step % 40 == 39:
            mask = over if mode == "Disabled" else rng.random(n) < 0.3
            seeds = [int(seed) if seed % 2 else None for seed in rng.integers(100, size=n)]
            for options in [{"low": -0.01, "high": 0.2}, {}]:
                given = [
                    envs.reset(seed=seeds, options={"reset_mask": mask} | options) for envs in (ours, theirs)
                ]
                same(given[0][0], given[1][0])


def test_symbols_are_stepped_one_by_one():
    """Observations that are no vectors have no native batch; Gymnasium makes one of single environments."""
    envs = gymnasium.make_vec("sorn_rs/popgym-CountRecallEasy-v0", num_envs=2)
    assert isinstance(envs, gymnasium.vector.SyncVectorEnv)
    first, _ = envs.reset(seed=3)
    assert first.shape == (2, 2) and envs.step(np.array([1, 2]))[0].shape == (2, 2)
    assert isinstance(batch("popgym-PositionOnlyCartPoleHard-v0"), sorn_rs.envs.NativeVectorEnv)
    with pytest.raises(ValueError, match="popgym-CountRecallEasy-v0.* has no batches"):
        sorn_rs.envs.NativeVectorEnv("popgym-CountRecallEasy-v0")


def test_time_limits_and_arguments():
    envs = batch("CartPole-v1", sutton_barto_reward=True)
    envs.reset(seed=1)
    np.testing.assert_array_equal(envs.step(np.zeros(3, dtype=int))[1], 0)
    truncated = batch("Pendulum-v1", n=2)
    truncated.reset(seed=1)
    lengths = [truncated.step(np.zeros((2, 1)))[3] for _ in range(200)]
    assert np.all(lengths[-1]) and not np.any(lengths[:-1])
    assert batch("CartPole-v1").spec.max_episode_steps == 500
    with pytest.raises(ValueError, match='unknown argument "gravity"'):
        batch("CartPole-v1", gravity=3)


def test_seeds_and_options():
    envs = batch("CartPole-v1")
    listed, _ = envs.reset(seed=[5, 6, 7])
    np.testing.assert_array_equal(listed, envs.reset(seed=5)[0])
    assert not np.array_equal(envs.reset()[0], listed)
    low, _ = envs.reset(seed=1, options={"low": 0.01, "high": 0.02})
    assert np.all((low >= 0.01) & (low <= 0.02))


def test_pictures():
    envs = batch("CartPole-v1", n=2, render_mode="rgb_array")
    envs.reset(seed=1)
    pictures = envs.render()
    assert len(pictures) == 2 and pictures[0].dtype == np.uint8 and pictures[0].shape[2] == 3
    assert not np.array_equal(*pictures)
    assert batch("CartPole-v1").render() is None
    envs.close()


def test_generic_wrappers_fit():
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(batch("CartPole-v1"))
    envs.reset(seed=1)
    for _ in range(40):
        *_, infos = envs.step(np.ones(3, dtype=np.int64))
        if "episode" in infos:
            assert infos["episode"]["l"].max() > 5
            return
    raise AssertionError("no episode ended")


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: batch("CartPole-v1", n=0), ValueError, "num_envs: expected 1 or more, found 0"),
        (lambda: batch("CartPole-v1", n=2.5), TypeError, "num_envs: expected .*, found 2.5"),
        (
            lambda: batch("CartPole-v1", autoreset_mode="never"),
            ValueError,
            "autoreset_mode: expected one of 'NextStep', .*, found 'never'",
        ),
        (
            lambda: batch("CartPole-v1", render_mode="human"),
            ValueError,
            "render_mode: expected .*, found 'human'",
        ),
        (
            lambda: batch("CartPole-v1", max_episode_steps=0),
            ValueError,
            "max_episode_steps.*expected .*, found 0",
        ),
        (lambda: batch("CartPole-v1").reset(seed=-1), ValueError, "seed: expected .*, found -1"),
        (lambda: batch("CartPole-v1").reset(seed=[1, 2]), ValueError, "seed: expected 3 seeds.*, found 2"),
        (lambda: batch("CartPole-v1").reset(seed="x"), TypeError, "seed: expected .*, found 'x'"),
        (
            lambda: batch("CartPole-v1").reset(options={"reset_mask": [True]}),
            ValueError,
            "reset_mask.*expected a boolean array",
        ),
        (
            lambda: batch("CartPole-v1").reset(options={"reset_mask": np.zeros(3, dtype=bool)}),
            ValueError,
            "reset_mask.*expected at least one True, found none",
        ),
        (
            lambda: batch("CartPole-v1").step(np.zeros(3, dtype=int)),
            gymnasium.error.ResetNeeded,
            "call reset first",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_wrong_actions():
    envs = batch("CartPole-v1")
    envs.reset(seed=1)
    for actions in [np.zeros(2, dtype=int), np.zeros(3), "left", None, [[0, 0, 0]]]:
        with pytest.raises(ValueError, match="actions: expected .*, found"):
            envs.step(actions)
    with pytest.raises(ValueError, match="environment 1 of the batch"):
        envs.step(np.array([0, 7, 0]))
    disabled = batch("CartPole-v1", autoreset_mode="Disabled", max_episode_steps=1)
    disabled.reset(seed=1)
    disabled.step(np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="episode is over"):
        disabled.step(np.zeros(3, dtype=int))
