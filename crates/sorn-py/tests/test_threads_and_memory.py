"""Threads on networks of their own, and memory that stays flat."""

import gc
import sys
import threading

import numpy as np
import pytest

from sorn_rs import Network, Simulator

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
