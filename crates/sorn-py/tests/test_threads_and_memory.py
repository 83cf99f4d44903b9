"""Threads on networks of their own, and memory that stays flat."""

import functools
import gc
import sys
import threading

import numpy as np
import pytest

from sorn_rs import Network, Simulator, statistics

SMALL = dict(ne=40, nu=4, lambda_ee=6, lambda_ei=8, te_max=0.5)


def test_threads_on_networks_of_their_own():
    inputs = np.random.default_rng(0).random((2000, 4))
    expected = [Network(seed=seed, **SMALL).run(inputs)["x"] for seed in range(4)]
    found = [None] * 4

    def work(seed):
        found[seed] = Network(seed=seed, **SMALL).run(inputs)["x"]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_other_threads_run_meanwhile():
    """A run waits for a rule; only another thread can let it go on."""
    entered, go_on = threading.Event(), threading.Event()
    network = Network(seed=1, **SMALL)

    def rule(step):
        entered.set()
        assert go_on.wait(60)

    network.add_rule(rule)
    thread = threading.Thread(target=network.run, args=(np.zeros((1, 4)),))
    thread.start()
    assert entered.wait(60)
    try:
        # One network serves one thread at a time.
        with pytest.raises(RuntimeError, match="borrowed"):
            network.step(np.zeros(4))
        Network(seed=2, **SMALL).run(np.zeros((10, 4)))
    finally:
        go_on.set()
        thread.join()
    assert network.steps == 1


@pytest.fixture
def patient():
    """Threads that hold the interpreter give it up only where they let go of it, not for having held it long."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e6)
    yield
    sys.setswitchinterval(interval)


# NumPy's own work on more than 500 numbers lets other threads run; what it is given here is smaller, or used as it is.
LONG = np.random.default_rng(0).random((2000, 4))
COLUMNS = np.ascontiguousarray(LONG.T)
STREAMS = np.random.default_rng(0).random((20, 6, 4))
SPIKES = np.random.default_rng(0).random((40, 12)) < 0.2


def batch():
    gymnasium = pytest.importorskip("gymnasium")
    import sorn_rs.envs  # noqa: F401

    envs = gymnasium.make_vec("sorn_rs/Acrobot-v1", num_envs=400)
    envs.reset(seed=1)
    return functools.partial(envs.step, np.zeros(400, dtype=np.int64))


def asked_while_at_work(call):
    """Whether this thread gets to ask another to stop while that one calls `call` again and again.

    It gets to do so only where the call lets go of the interpreter; otherwise the other thread ends by itself.
    """
    begun, asked, found = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        for _ in range(1000):
            call()
            if asked.is_set():
                break
        found.append(asked.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    asked.set()
    thread.join()
    return found == [True]


CALLS = {
    "Network.run": lambda: functools.partial(Network(seed=1, **SMALL).run, LONG),
    "Simulator.run": lambda: functools.partial(Simulator.run, COLUMNS, seed=1, **SMALL),
    "kernel_rank": lambda: functools.partial(statistics.kernel_rank, Network(seed=1, **SMALL), STREAMS),
    "correlation_significance": lambda: functools.partial(
        statistics.correlation_significance, SPIKES, 5, surrogates=100
    ),
    "vector step": batch,
}


@pytest.mark.parametrize("name", CALLS)
def test_native_work_lets_go_of_the_interpreter(name, patient):
    assert asked_while_at_work(CALLS[name]())


def test_only_what_lets_go_can_be_asked(patient):
    assert not asked_while_at_work(lambda: sum(range(100)))


def test_runs_at_the_same_time():
    """Either network's rule waits until the other network is in the middle of its run as well."""
    met, both = [], threading.Barrier(2, timeout=60)

    def work(seed):
        network = Network(seed=seed, **SMALL)

        def rule(step):
            if network_steps[seed] == 50:
                met.append(both.wait())
            network_steps[seed] += 1

        network.add_rule(rule)
        network.run(LONG[:100])

    network_steps = [0, 0]
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(met) == [0, 1] and network_steps == [100, 100]


def resident():
    """Kibibytes."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat():
    """A part of what `tests/peers/bench_package.py --memory` does; a leak of 200 bytes a step would show."""
    network, inputs = Network(seed=1, **SMALL), np.random.default_rng(0).random((50, 4))

    def work(rounds):
        for _ in range(rounds):
            for row in inputs:
                network.step(row)
            Simulator.run(inputs.T, callbacks=["ExcitatoryActivation", "TE"], **SMALL)
        gc.collect()
        return resident()

    before = work(100)
    assert work(400) - before < 4000
