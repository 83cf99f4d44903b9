"""Weights, thresholds, target rates and pools that networks and agents begin with."""

import pickle

import numpy as np
import pytest

from sorn_rs import Agent, Network

gymnasium = pytest.importorskip("gymnasium")

N = 40
SMALL = dict(ne=N, nu=5, lambda_ee=6, lambda_ei=8)
RING = np.roll(np.eye(N), 1, axis=1)
POOLED = SMALL | {"nu": 2, "input": {"pools": {"size": 3}}}
CONFIG = {"reservoir": {"params": {"ne": N, "lambda_ee": 6, "lambda_ei": 8}}}


def test_what_is_given_is_there_and_the_rest_is_drawn():
    drawn = Network(seed=3, **POOLED)
    pools = np.zeros((2, N))
    pools[0, [1, 5]] = pools[1, 7] = 1
    rates = np.linspace(0.1, 0.2, N)
    initial = {"Wee": RING, "Te": np.full(N, 0.5), "H_ip": rates[:, None], "Pools": pools}
    network = Network(seed=3, initial=initial, **POOLED)
    np.testing.assert_array_equal(network.wee, RING)
    np.testing.assert_array_equal(network.te, np.full(N, 0.5))
    np.testing.assert_array_equal(network.h_ip, rates)
    assert [pool.tolist() for pool in network.pools] == [[1, 5], [7]]
    np.testing.assert_array_equal(network.wei, drawn.wei)
    np.testing.assert_array_equal(network.ti, drawn.ti)


def test_dense_sparse_and_files_are_the_same(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    np.savez(tmp_path / "ring.npz", Wee=RING)
    row, column = np.nonzero(RING)
    halves = np.full(2 * N, 0.5)
    twice = sparse.coo_array((halves, (np.tile(row, 2), np.tile(column, 2))), shape=(N, N))
    whole = Network(seed=3, initial={"Wee": RING}, **SMALL)
    for initial in (
        {"Wee": RING.tolist()},
        {"Wee": RING.astype(np.float32)},
        {"Wee": np.asfortranarray(RING)},
        {"Wee": sparse.csr_array(RING)},
        {"Wee": sparse.csc_matrix(RING)},
        {"Wee": twice},
        tmp_path / "ring.npz",
        str(tmp_path / "ring.npz"),
    ):
        network = Network(seed=3, initial=initial, **SMALL)
        np.testing.assert_array_equal(network.wee, RING)
        for name, array in network.state.items():
            np.testing.assert_array_equal(array, whole.state[name])


def test_a_saved_network_and_the_state_of_one(tmp_path):
    rested = Network(seed=5, **SMALL)
    rested.run(np.zeros((200, 5)))
    for name in ("n.safetensors", "n.npz"):
        rested.save(tmp_path / name)
    for initial in (rested.state, tmp_path / "n.safetensors", tmp_path / "n.npz"):
        network = Network(seed=3, initial=initial, **SMALL)
        for name in ("Wee", "Wei", "Wie", "Te", "Ti"):
            np.testing.assert_array_equal(network.state[name], rested.state[name])
        assert not network.x.any() and network.steps == 0


def test_agents_begin_with_them_and_go_on_to_the_bit(tmp_path):
    def agent(**more):
        return Agent(gymnasium.make("CartPole-v1"), CONFIG, seed=1, **more)

    given = {"Wee": RING, "Te": np.full(N, 0.3)}
    np.savez(tmp_path / "a.npz", **given)
    whole = agent(initial=given).learn(300).learn(200)
    assert whole.episode_returns != agent().learn(300).learn(200).episode_returns
    half = agent(initial=tmp_path / "a.npz").learn(300)
    half.save(tmp_path / "half.safetensors")
    env = gymnasium.make("CartPole-v1")
    for again in (Agent.load(tmp_path / "half.safetensors", env), pickle.loads(pickle.dumps(half)), half):
        assert again.learn(200).episode_returns == whole.episode_returns


@pytest.mark.parametrize(
    ("initial", "error", "message"),
    [
        (
            {"Wee": np.zeros((3, 3))},
            ValueError,
            r"initial\['Wee'\]: expected shape \(40, 40\), found \(3, 3\)",
        ),
        ({"Wee": np.ones((N, N))}, ValueError, r"initial\[.Wee.\]: expected no self-connections"),
        ({"Wee": np.full((N, N), np.nan)}, ValueError, r"initial\[.Wee.\]: expected .*, found .*NaN"),
        ({"Wee": np.broadcast_to(np.float64(0), (10**8, 10**8))}, ValueError, r"found \(100000000"),
        ({"Wee": np.zeros((N, N), complex)}, TypeError, "dtype complex128"),
        ({"Te": np.zeros(39)}, ValueError, r"initial\['Te'\]: expected shape \(40, 1\), found \(39, 1\)"),
        (
            {"Te": np.full(N, np.inf)},
            ValueError,
            r"initial\[.Te.\]: expected finite numbers, found \[0\] = inf",
        ),
        ({"Pools": np.ones((2, N))}, ValueError, r"initial\[.Pools.\]: expected .*, found \(2, 40\)"),
        ({"Wxy": np.zeros(3)}, ValueError, "initial: expected some of Wee, Wei.*, found the key 'Wxy'"),
        (3, TypeError, "initial: expected the name of a file, or a dictionary .*, found int"),
        ("gone.npz", FileNotFoundError, "gone.npz"),
    ],
)
def test_what_is_wrong_is_named(initial, error, message):
    with pytest.raises(error, match=message):
        Network(seed=3, initial=initial, **SMALL)
    if not isinstance(initial, dict) or "Pools" not in initial:
        with pytest.raises(error, match=message):
            Agent(gymnasium.make("CartPole-v1"), CONFIG, initial=initial)


def test_sparse_weights_are_checked():
    sparse = pytest.importorskip("scipy.sparse")
    for matrix, message in (
        (sparse.csr_array((3, 3)), r"found \(3, 3\)"),
        (sparse.csr_array(np.full((N, N), 0.5)), "no self-connections"),
        (sparse.csr_array(-RING), "found"),
    ):
        with pytest.raises(ValueError, match=rf"initial\[.Wee.\]: .*{message}"):
            Network(seed=3, initial={"Wee": matrix}, **SMALL)


def test_an_echo_state_network_has_none():
    config = {"reservoir": CONFIG["reservoir"] | {"kind": "esn"}}
    with pytest.raises(ValueError, match=r"initial: reservoir.kind: .*expected .*, found \"esn\""):
        Agent(gymnasium.make("CartPole-v1"), config, initial={"Te": np.full(N, 0.5)})
