"""What a run takes, returns and leaves alone, where upstream is no oracle."""

import random
import signal

import numpy as np
import pytest
from conftest import assert_same, global_states, seed_globals

from sorn_rs import Simulator, Trainer
from sorn_rs import sorn as module

ALL = list(module.AVAILABLE)
SMALL = dict(ne=40, nu=5, lambda_ee=6, lambda_ei=8)


def inputs(steps, nu=5):
    return np.random.default_rng(1).random((nu, steps))


def small_state(steps=20, **kwargs):
    return Simulator.run(inputs(steps), seed=3, **(SMALL | kwargs))[0]


def test_all_callbacks_have_upstreams_shapes():
    state, recorded = Simulator.run(inputs(6), seed=1, callbacks=ALL, **SMALL)
    shapes = {
        "ExcitatoryActivation": (40,),
        "InhibitoryActivation": (8,),
        "RecurrentActivation": (40, 1),
        "WEE": (40, 40),
        "WEI": (8, 40),
        "WIE": (40, 8),
        "TE": (40, 1),
        "TI": (8, 1),
        "EEConnectionCounts": (),
        "EIConnectionCounts": (),
        "IEConnectionCounts": (),
    }
    assert list(recorded) == ALL
    for name, values in recorded.items():
        assert len(values) == 6 and all(np.shape(value) == shapes[name] for value in values)
    np.testing.assert_array_equal(recorded["WEE"][-1], state["Wee"])
    np.testing.assert_array_equal(recorded["WIE"][0], state["Wie"])
    assert recorded["IEConnectionCounts"] == [320] * 6
    for t in range(5):
        assert recorded["EEConnectionCounts"][t + 1] == np.count_nonzero(recorded["WEE"][t])


def test_seed_is_independent_of_the_global_generators():
    results = []
    for seed in (0, 1):
        seed_globals(seed)
        before = global_states()
        results.append(Simulator.run(inputs(50), seed=7, callbacks=ALL, **SMALL))
        assert global_states() == before
    assert_same(results[0], results[1])
    other = Simulator.run(inputs(50), seed=8, callbacks=ALL, **SMALL)
    assert not np.array_equal(other[0]["Wee"], results[0][0]["Wee"])


@pytest.mark.parametrize("seed", [None, 5])
def test_arguments_are_not_changed(seed):
    seed_globals(4)
    state = small_state()
    kept = {name: array.copy() for name, array in state.items()}
    given = inputs(40)
    for freeze in (None, ["stdp"], ["stdp", "ss"], ["ip"]):
        Simulator.run(given, state=state, freeze=freeze, seed=seed, callbacks=ALL)
        Trainer.run(given, "plasticity", state, freeze=freeze, seed=seed)
        Trainer.run(given, "training", state, freeze=freeze, seed=seed, callbacks=ALL)
    assert_same(state, kept)
    assert_same(given, inputs(40))


def test_hyperparameters_do_not_leak():
    seed_globals(1)
    first = Simulator.run(inputs(30, 10), timesteps=30)[0]
    Simulator.run(inputs(3), eta_stdp=0.5, te_max=0.3, network_type_ei="Dense", **SMALL)
    seed_globals(1)
    assert_same(Simulator.run(inputs(30, 10), timesteps=30)[0], first)
    assert module.Sorn.ne == 200 and module.Sorn.eta_stdp == 0.004


def test_class_attributes_are_defaults(monkeypatch):
    monkeypatch.setattr(module.Sorn, "ne", 40)
    monkeypatch.setattr(module.Sorn, "lambda_ee", 6)
    monkeypatch.setattr(module.Sorn, "lambda_ei", 8)
    state, _ = Simulator.run(inputs(3, 10), seed=1)
    assert state["Wee"].shape == (40, 40)


@pytest.mark.parametrize("seed", [None, 5])
def test_training_changes_activity_alone(seed):
    seed_globals(2)
    state = small_state()
    last, recorded = Trainer.run(inputs(30), state=state, seed=seed, callbacks=ALL)
    for name in ("Wee", "Wei", "Wie", "Te", "Ti"):
        assert last[name] is state[name]
    assert list(recorded) == ALL
    np.testing.assert_array_equal(last["X"][:, 1], recorded["ExcitatoryActivation"][-1])
    np.testing.assert_array_equal(last["X"][:, 0], recorded["ExcitatoryActivation"][-2])
    np.testing.assert_array_equal(last["Y"][:, 1], recorded["InhibitoryActivation"][-1])
    assert recorded["EEConnectionCounts"] == [np.count_nonzero(state["Wee"])] * 30


def test_unusual_forms_of_usual_arguments():
    """Lists, other orders and types of arrays and numbers give what plain ones give."""
    state = small_state()
    plain = Trainer.run(inputs(4), state=state, noise=False, callbacks=["ExcitatoryActivation"])
    odd = {name: np.asfortranarray(array).astype(np.float64) for name, array in state.items()}
    odd["Te"], odd["X"] = odd["Te"].ravel(), odd["X"].astype(np.int8)
    odd["Wie"] = odd["Wie"].tolist()
    odd["note"] = "kept by the caller"
    found = Trainer.run(
        inputs(4).tolist(),
        "training",
        odd,
        np.int32(4),
        np.False_,
        ("stdp",),
        ("ExcitatoryActivation",),
        nu=np.int64(5),
    )
    assert_same(found, plain)
    found = Simulator.run(inputs(4).astype(np.float32) * 0, state=odd, noise=0, seed=1)
    assert_same(found, Simulator.run(np.zeros((5, 4), dtype=bool), state=state, noise=False, seed=1))


@pytest.mark.parametrize("name", ["Wee", "Wei", "Wie", "Te", "Ti", "X", "Y"])
def test_order_of_memory_makes_no_difference(name):
    state = small_state()
    turned = state | {name: np.asfortranarray(state[name])}
    for run in (Trainer.run, Simulator.run):
        kwargs = dict(noise=False, freeze=["sp"] if run == Simulator.run else None, callbacks=ALL)
        found, expected = (run(inputs(4), state=s, timesteps=4, **kwargs) for s in (turned, state))
        assert_same(found, expected)
    assert np.sum(expected[1]["ExcitatoryActivation"]) > 0


def test_state_decides_the_size():
    state = small_state()
    with pytest.warns(UserWarning, match="ne=100 has no effect: the state has 40"):
        last, _ = Trainer.run(inputs(1), state=state, ne=100, nu=5, lambda_ee=10, eta_stdp=0.001)
    assert last["X"].shape == (40, 2)


def test_no_input_is_silence():
    seed_globals(3)
    without = Simulator.run(None, timesteps=30, **SMALL)
    seed_globals(3)
    assert_same(Simulator.run(np.zeros((5, 30)), **SMALL), without)


def test_simulator_says_that_it_learns():
    with pytest.warns(UserWarning, match="always learns"):
        last, _ = Simulator.run(inputs(5), phase="training", state=(state := small_state()), seed=1)
    assert not np.array_equal(last["Wee"], state["Wee"])


def test_older_names():
    seed_globals(6)
    new, recorded = Simulator.run(inputs(7), callbacks=ALL, **SMALL)
    then = global_states()
    seed_globals(6)
    state, e, i, r, c = Simulator.simulate_sorn(
        inputs=inputs(7), phase="plasticity", matrices=None, noise=True, time_steps=7, **SMALL
    )
    assert global_states() == then
    assert_same(state, new)
    names = ["ExcitatoryActivation", "InhibitoryActivation", "RecurrentActivation", "EEConnectionCounts"]
    assert_same([e, i, r, c], [recorded[name] for name in names])
    state, e, i, r, c = Trainer.train_sorn(
        inputs=inputs(1), phase="training", matrices=state, noise=False, time_steps=1, **SMALL
    )
    assert np.asarray(e).shape == (1, 40) and np.asarray(r).shape == (1, 40, 1) and len(c) == 1
    assert_same(
        Simulator.run(inputs(2), matrices=state, time_steps=1, max_workers=4, seed=2)[0]["X"].shape, (40, 2)
    )


def test_sizes_and_types_of_connections_act():
    for kind, count in (("Dense", 39 * 40), ("Sparse", None)):
        for seed in (None, 1):
            freeze = list(module.arguments.RULES)
            state, _ = Simulator.run(inputs(1), network_type_ee=kind, freeze=freeze, seed=seed, **SMALL)
            found = np.count_nonzero(state["Wee"])
            assert found == count if count else abs(found / 40 - 6) < 1.5
            assert np.all(np.diag(state["Wee"]) == 0)
    for seed in (None, 1):
        kwargs = SMALL | dict(network_type_ei="Dense", network_type_ie="Sparse", lambda_ie=7)
        state, _ = Simulator.run(inputs(1), freeze=["istdp", "ss", "stdp", "sp"], seed=seed, **kwargs)
        assert np.count_nonzero(state["Wei"]) == 8 * 40
        assert abs(np.count_nonzero(state["Wie"]) / 8 - 7) < 2
        np.testing.assert_allclose(state["Wie"].sum(axis=0), 1.0)


@pytest.mark.parametrize("seed", [None, 1])
def test_target_rates_of_single_neurons(seed):
    """`sigma_ip` spreads them, and a state keeps them."""
    seed_globals(1)
    state, _ = Simulator.run(inputs(2000), sigma_ip=0.05, noise=True, seed=seed, **SMALL)
    rates = state["H_ip"]
    assert rates.shape == (40, 1) and 0.02 < np.std(rates) < 0.09 and abs(np.mean(rates) - 0.25) < 0.05
    again, _ = Simulator.run(inputs(5), state=state, sigma_ip=0.05, seed=seed, **{"nu": 5})
    np.testing.assert_array_equal(again["H_ip"], rates)
    trained, _ = Trainer.run(inputs(1), state=again, seed=seed)
    np.testing.assert_array_equal(trained["H_ip"], rates)


def test_degrees_beyond_the_population_are_limited():
    """Upstream fails at random here: it draws more synapses than there are neurons."""
    for seed in range(10):
        seed_globals(seed)
        state, _ = Simulator.run(inputs(1), ne=20, nu=5, lambda_ee=19, lambda_ei=20)
        assert np.all(np.isfinite(state["Wee"]))


def test_refused_inputs_draw_nothing():
    seed_globals(1)
    before = global_states()
    with pytest.raises(ValueError, match=r"inputs\[2, 3\]: expected .*, found nan"):
        bad = inputs(5)
        bad[2, 3] = np.nan
        Simulator.run(bad, **SMALL)
    assert global_states() == before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals on this platform")
@pytest.mark.parametrize("seed", [None, 1])
def test_an_interrupted_run_hands_the_generators_back(seed):
    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    seed_globals(1)
    before = global_states()
    previous = signal.signal(signal.SIGALRM, stop)
    # Long enough for the first steps, on a machine that has much else to do.
    signal.setitimer(signal.ITIMER_REAL, 2.0)
    try:
        with pytest.raises(Stop):
            Simulator.run(np.zeros((5, 2_000_000)), seed=seed, **SMALL)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert (global_states() == before) == (seed is not None)
    Simulator.run(inputs(5), seed=seed, **SMALL)


def test_another_global_generator_is_refused():
    class Foreign:
        def get_state(self):
            return {"bit_generator": "PCG64"}

    original, np.random.get_state = np.random.get_state, Foreign().get_state
    try:
        with pytest.raises(ValueError, match="np.random: expected .*, found another"):
            Simulator.run(inputs(1), **SMALL)
    finally:
        np.random.get_state = original


def test_gauss_next_of_python_survives():
    seed_globals(5)
    random.gauss(0, 1)
    waiting = random.getstate()[2]
    Simulator.run(inputs(3), **SMALL)
    assert waiting is not None and random.getstate()[2] == waiting
