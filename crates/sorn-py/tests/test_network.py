"""`Network`: what it takes and returns, and that it goes on exactly."""

import copy
import pickle
import threading

import numpy as np
import pytest
from conftest import assert_same

from sorn_rs import Network, Simulator

SMALL = dict(ne=40, nu=5, lambda_ee=6, lambda_ei=8)
RECORD = ["x", "y", "recurrent", "te", "wee", "wei", "ee_connections", "ei_connections", "births", "deaths"]


def inputs(steps):
    return np.random.default_rng(1).random((steps, 5))


def test_run_equals_steps():
    one, other = Network(seed=3, **SMALL), Network(seed=3, **SMALL)
    record = one.run(inputs(60), record=RECORD)
    for t, row in enumerate(inputs(60)):
        x = other.step(row)
        assert x.dtype == bool and np.array_equal(x, record["x"][t])
        np.testing.assert_array_equal(other.y, record["y"][t])
        np.testing.assert_array_equal(other.recurrent, record["recurrent"][t])
        np.testing.assert_array_equal(other.te, record["te"][t])
        np.testing.assert_array_equal(other.wee, record["wee"][t])
        np.testing.assert_array_equal(other.wei, record["wei"][t])
    assert record["x"].any() and record["ee_connections"][-1] == np.count_nonzero(one.wee)
    assert record["births"][-1] > 0 and one.steps == other.steps == 60
    assert list(record) == RECORD


def test_equals_the_simulator_with_a_seed():
    network = Network(seed=9, **SMALL)
    record = network.run(inputs(40), record=["x"])
    state, recorded = Simulator.run(inputs(40).T, seed=9, callbacks=["ExcitatoryActivation"], **SMALL)
    np.testing.assert_array_equal(record["x"], recorded["ExcitatoryActivation"])
    assert_same(network.state, state)


@pytest.mark.parametrize(
    "again",
    [
        lambda network, path: network.copy(),
        lambda network, path: copy.deepcopy(network),
        lambda network, path: pickle.loads(pickle.dumps(network)),
        lambda network, path: (network.save(path / "n.safetensors"), Network.load(path / "n.safetensors"))[1],
        lambda network, path: (network.save(str(path / "n.npz")), Network.load(str(path / "n.npz")))[1],
    ],
    ids=["copy", "deepcopy", "pickle", "safetensors", "npz"],
)
def test_goes_on_exactly(again, tmp_path):
    network = Network("zheng2013", seed=2, **SMALL)
    network.frozen = ["sp"]
    network.run(inputs(30))
    other = again(network, tmp_path)
    assert other.params == network.params and other.frozen == ["sp"] and other.steps == 30
    assert_same(other.run(inputs(50), record=RECORD), network.run(inputs(50), record=RECORD))


def test_npz_has_the_simulators_arrays(tmp_path):
    network = Network(seed=2, **SMALL)
    network.run(inputs(30))
    network.save(tmp_path / "n.npz")
    with np.load(tmp_path / "n.npz") as file:
        arrays = {name: file[name] for name in ("Wee", "Wei", "Wie", "Te", "Ti", "X", "Y")}
    assert_same(arrays, network.state)
    Simulator.run(inputs(3).T, state=arrays, seed=1)


def test_from_state():
    state, _ = Simulator.run(inputs(20).T, seed=4, **SMALL)
    network = Network.from_state(state, nu=5, noise="none")
    assert (network.ne, network.ni, network.nu) == (40, 8, 5)
    assert_same(network.state, state)
    expected, _ = Simulator.run(inputs(20).T, state=state, noise=False, freeze=["sp"], seed=0)
    network.frozen = ["sp"]
    network.run(inputs(20))
    assert_same(network.state, expected)


def test_presets_and_parameters():
    for preset in Network.PRESETS:
        network = Network(preset, seed=1, ne=60, nu=3)
        network.run(np.zeros((5, network.nu)))
        assert Network(network.params).params == network.params
    assert Network({"preset": "zheng2013", "ne": np.int64(50)}).params["h_ip"] == 0.1
    assert Network("upstream").params["eta_stdp"] == 0.004
    pools = Network(ne=50, nu=3, input={"pools": {"size": 4}})
    assert pools.nu == 3


def test_frozen():
    network = Network(seed=1, **SMALL)
    assert network.frozen == []
    network.frozen = ["stdp", "ip", "sp", "istdp", "ss"]
    before = network.state
    network.run(inputs(20))
    for name in ("Wee", "Wei", "Te"):
        np.testing.assert_array_equal(network.state[name], before[name])
    assert Network(freeze=["ip"], **SMALL).frozen == ["ip"]


def test_repr_says_shapes():
    text = repr(Network(seed=1, **SMALL))
    assert text.startswith("Network(ne=40, ni=8, nu=5, steps=0, Wee (40, 40) with ")
    assert "Wie (40, 8) with 320" in text


def test_reward_reaches_the_rule():
    kwargs = SMALL | dict(rules=["rmstdp", "ip", "ss"], noise="none")
    plain, rewarded = Network(seed=1, **kwargs), Network(seed=1, **kwargs)
    plain.run(inputs(50))
    rewarded.run(inputs(50), rewards=np.arange(50.0))
    assert not np.array_equal(plain.wee, rewarded.wee)
    stepped = Network(seed=1, **kwargs)
    for t, row in enumerate(inputs(50)):
        stepped.step(row, reward=float(t))
    np.testing.assert_array_equal(stepped.wee, rewarded.wee)


def test_threads_with_networks_of_their_own():
    expected = Network(seed=5, **SMALL).run(inputs(2000))["x"]
    found = [None, None]

    def work(k):
        found[k] = Network(seed=5, **SMALL).run(inputs(2000))["x"]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for x in found:
        np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda n: Network(nee=3), ValueError, "params.*unknown field `nee`"),
        (lambda n: Network(ne="a"), ValueError, "params.ne: expected a non-negative integer, found string"),
        (lambda n: Network(ne=1), ValueError, "parameter `ne`: expected .*, found 1"),
        (lambda n: Network("hebb"), ValueError, 'preset.*upstream.*, found "hebb"'),
        (lambda n: Network(7), TypeError, "params: expected .*, found 7"),
        (lambda n: Network(ne=object()), TypeError, "params.ne: expected .*, found object"),
        (lambda n: Network(eta_stdp=float("nan")), ValueError, "params.eta_stdp: expected .*, found nan"),
        (lambda n: Network(seed="a"), TypeError, "seed: expected .*, found a"),
        (lambda n: Network(seed=-1), ValueError, "seed: expected integers from 0 to .*, found -1"),
        (lambda n: Network(seed=True), TypeError, "seed: expected .*, found True"),
        (lambda n: n.step([1.0, 2.0]), ValueError, "input: expected 5 values, found 2"),
        (lambda n: n.step([np.nan] * 5), ValueError, r"input\[0\]: expected .*, found NaN"),
        (lambda n: n.step("abc"), TypeError, "input: expected .*, found str of dtype"),
        (lambda n: n.step(np.zeros((5, 1))), ValueError, r"input: expected one axis, found shape \(5, 1\)"),
        (
            lambda n: n.step(np.zeros(5), reward=float("inf")),
            ValueError,
            r"reward\[0\]: expected .*, found inf",
        ),
        (
            lambda n: n.run(np.zeros((3, 4))),
            ValueError,
            r"inputs: expected shape \(steps, 5\), found shape \(3, 4\)",
        ),
        (lambda n: n.run(np.zeros(5)), ValueError, r"inputs: expected two axes, found shape \(5,\)"),
        (
            lambda n: n.run(np.zeros((3, 5)), record=["z"]),
            ValueError,
            'record: expected one of x, y.*, found "z"',
        ),
        (
            lambda n: n.run(np.zeros((3, 5)), rewards=[1.0]),
            ValueError,
            "rewards: expected one value per step \\(3\\), found 1",
        ),
        (lambda n: setattr(n, "frozen", ["hebb"]), ValueError, "frozen.*hebb"),
        (lambda n: setattr(n, "frozen", 3), TypeError, "frozen: expected .*, found 3"),
        (lambda n: Network.from_state({}), ValueError, "state: expected .*, found no key 'Wee'"),
        (lambda n: Network.load("no/such/file"), FileNotFoundError, "no/such/file"),
        (lambda n: n.save("no/such/directory/file"), OSError, "no/such/directory"),
    ],
)
def test_errors(call, error, message):
    network = Network(seed=1, **SMALL)
    with pytest.raises(error, match=message):
        call(network)
    assert network.steps == 0


def test_foreign_files(tmp_path):
    for name, content in (("a.npz", b"PK"), ("b.safetensors", b"text"), ("c", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name):
            Network.load(tmp_path / name)
    state, _ = Simulator.run(inputs(5).T, seed=4, **SMALL)
    np.savez(tmp_path / "state.npz", **state)
    with pytest.raises(ValueError, match="a state alone"):
        Network.load(tmp_path / "state.npz")


def test_networks_that_no_memory_holds():
    """A failed allocation in native code would end the interpreter."""
    for kwargs in (dict(ne=10**6), dict(ne=10**8, network_type_ee="dense"), dict(ne=2 * 10**9)):
        with pytest.raises(
            MemoryError,
            match=f"`ne`: expected what fits in memory.*, found {kwargs['ne']}, for which the network needs ",
        ):
            Network(seed=1, **kwargs)
