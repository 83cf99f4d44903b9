"""`Initializer` draws what upstream draws."""

import numpy as np
import pytest
from conftest import assert_same, global_states, seed_globals

from sorn_rs import Initializer
from sorn_rs import sorn as ours


def draw(module, seed, call):
    seed_globals(seed)
    return call(module), global_states()


@pytest.mark.parametrize(
    "call",
    [
        lambda i: i.generate_lambd_connections("EE", 200, 40, 20, 1),
        lambda i: i.generate_lambd_connections("EE", 60, 12, 12, 2.5),
        lambda i: i.generate_lambd_connections("EI", 200, 40, 40, 1),
        lambda i: i.generate_lambd_connections("EI", 500, 100, 7, 0.5),
        lambda i: i.multi_one_hot_inp(200, ["a", "b", "c"], 7),
        lambda i: i.generate_strong_inp(10, 30),
        lambda i: i.white_gaussian_noise(0.5, 0.04, 9),
        lambda i: i.zero_sum_incoming_check(np.zeros((20, 4))),
        lambda i: i.get_incoming_connection_dict(np.eye(3, 5))[1],
        lambda i: i.get_outgoing_connection_dict(np.eye(5, 3))[1],
        lambda i: i.inactive_synapses(np.array([[0.0, 0.5, 0.0], [0.0, 0.0, 0.1], [0.2, 0.0, 0.0]])),
        lambda i: i.reset_min(np.array([-1.0, 0.0, 0.5]), 0.0),
        lambda i: i.reset_max(np.array([0.5, 1.0, 1.5]), 1.0),
        lambda i: i.normalize_weight_matrix(np.arange(12.0).reshape(4, 3)),
    ],
)
def test_equals_upstream(upstream, call):
    for seed in range(10):
        expected, found = draw(upstream.Initializer, seed, call), draw(Initializer, seed, call)
        if hasattr(expected[0], "dtype") or isinstance(expected[0], tuple):
            assert_same(found[0], expected[0])
        else:
            assert found[0] == expected[0]
        assert found[1] == expected[1]


def test_whole_network_equals_upstream(upstream):
    for name in ("ne", "ni", "nu", "lambda_ee", "lambda_ei"):
        setattr(upstream.Sorn, name, getattr(ours.Sorn, name))
    upstream.Sorn.timesteps = 1
    expected = draw(upstream.Plasticity, 5, lambda p: p.initialize_plasticity())
    found = draw(ours.Plasticity, 5, lambda p: p.initialize_plasticity())
    assert_same(found[0], expected[0])
    assert found[1] == expected[1]


def test_rules_equal_upstream(upstream):
    """Those that a run does not go through, one by one."""
    for name, value in vars(ours.Sorn).items():
        if isinstance(value, int | float | str) and not name.startswith("_"):
            setattr(upstream.Sorn, name, value)
    upstream.Sorn.timesteps = 1
    rng = np.random.default_rng(3)
    wee = rng.random((200, 200)) * (rng.random((200, 200)) < 0.1)
    wei = rng.random((40, 200)) * (rng.random((40, 200)) < 0.2)
    np.fill_diagonal(wee, 0.0)
    wie, te, ti = rng.random((200, 40)), rng.random((200, 1)), rng.random((40, 1))
    x, y = rng.integers(0, 2, (200, 2)) * 1.0, rng.integers(0, 2, (40, 2)) * 1.0
    noise = rng.normal(0, 0.04, (200, 1))
    calls = [
        lambda m: m.Plasticity().stdp(wee.copy(), x, (0.0, 1.0)),
        lambda m: m.Plasticity().istdp(wei.copy(), x, y, (0.0, 1.0)),
        lambda m: m.Plasticity().ip(te.copy(), x),
        lambda m: m.Plasticity().ss(wee.copy()),
        lambda m: [m.Plasticity().structural_plasticity(wee.copy()) for _ in range(30)],
        lambda m: m.NetworkState(np.arange(10.0)).excitatory_network_state(wee, wei, te, x, y, noise),
        lambda m: m.NetworkState(np.arange(10.0)).recurrent_drive(wee, wei, te, x, y, noise),
        lambda m: m.NetworkState(np.arange(10.0)).inhibitory_network_state(wie, ti, x, noise[:40]),
    ]
    for call in calls:
        expected, found = draw(upstream, 5, call), draw(ours, 5, call)
        assert_same(found[0], expected[0])
        assert found[1] == expected[1]


def test_normal_quantiles_equal_scipys():
    """Through the only door there is: how many synapses a neuron gets."""
    stats = pytest.importorskip("scipy.stats")
    for seed in range(5):
        np.random.seed(seed)
        counts = stats.norm.ppf(np.random.random(3000), loc=500, scale=120).astype(int)
        np.random.seed(seed)
        weights = Initializer.generate_lambd_connections("EI", 1500, 3000, 500, 120)
        np.testing.assert_array_equal(np.count_nonzero(weights, axis=1), counts)


@pytest.mark.parametrize("lambd", [1, 2])
def test_no_neuron_connects_to_itself(lambd):
    for seed in range(20):
        seed_globals(seed)
        state, _ = ours.Simulator.run(
            None, timesteps=1, noise=False, ne=10, nu=2, lambda_ee=lambd, lambda_ei=lambd
        )
        assert np.all(np.diag(state["Wee"]) == 0)
        np.testing.assert_allclose(state["Wee"].sum(axis=0), 1.0)


def test_gaussian_inputs():
    np.random.seed(1)
    out, idx = Initializer.generate_gaussian_inputs(20, 30)
    assert len(out) == 30 and len(idx) > 0
    assert all(out[i] != 0 for i in idx) and sum(v != 0 for v in out) == len(set(idx))


def test_arguments_are_not_changed():
    weights = np.zeros((10, 3))
    Initializer.zero_sum_incoming_check(weights)
    Initializer.reset_min(weights, 1.0)
    assert not weights.any()
