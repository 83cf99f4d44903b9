"""What becomes of networks and agents in forked children, and of threads at the end of the interpreter."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from sorn_rs import Network

SMALL = dict(ne=120, nu=4, lambda_ee=6, lambda_ei=8, te_max=0.5)
INPUTS = np.random.default_rng(0).random((40, 4))

BEGIN = """
import sys, threading, time
import numpy as np
import gymnasium
import sorn_rs.envs
from sorn_rs import Agent, Network, Simulator

CARTPOLE = "sorn_rs/CartPole-v1"

class Slow(gymnasium.Wrapper):
    def step(self, action):
        time.sleep(0.02)
        return self.env.step(action)

def learn():
    Agent(gymnasium.make(CARTPOLE), seed=1).learn(10**9)

def learn_slowly():
    Agent(Slow(gymnasium.make(CARTPOLE)), seed=1).learn(10**9)

def learn_with_a_callback():
    Agent(gymnasium.make(CARTPOLE), seed=1).learn(10**9, callback=lambda event: None)

def learn_with_an_encoder():
    Agent(gymnasium.make(CARTPOLE), seed=1, encoder=lambda o: np.zeros(200)).learn(10**9)

def network():
    one = Network(seed=1)
    while True:
        one.run(np.zeros((100, 10)))

def rule():
    one = Network(seed=1)
    one.add_rule(lambda step: [None for _ in range(100)])
    one.run(np.zeros((10**6, 10)), record=[])

def simulator():
    while True:
        Simulator.run(np.zeros((10, 300)), callbacks=["TE", "ExcitatoryActivation"], ne=40, nu=10)

def parameters():
    one = Network(seed=1)
    while True:
        one.params

for _ in range(2):
    threading.Thread(target=globals()[sys.argv[1]], daemon=True).start()
time.sleep(0.5)
print("ends")
"""
WORK = [
    "learn",
    "learn_slowly",
    "learn_with_a_callback",
    "learn_with_an_encoder",
    "network",
    "rule",
    "simulator",
    "parameters",
]


@pytest.mark.parametrize("work", WORK)
def test_the_interpreter_ends_cleanly_while_daemon_threads_are_at_work(work):
    pytest.importorskip("gymnasium")
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", BEGIN, work], capture_output=True, text=True, timeout=300
        )
        assert (done.returncode, done.stdout) == (0, "ends\n"), done.stderr


def in_a_child(work):
    """The exit code of a forked child that does `work`; an alarm ends one that hangs."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(120)
            code = 0 if work() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("precision", ["exact", "fast"])
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_forked_child_goes_on_with_a_network_of_several_threads(threads, precision):
    network = Network(seed=1, threads=threads, precision=precision, **SMALL)
    network.run(INPUTS)
    expected = network.copy().run(INPUTS)["x"]
    assert in_a_child(lambda: np.array_equal(network.run(INPUTS)["x"], expected)) == 0
    held = [network.copy()]
    assert in_a_child(lambda: held.clear() is None) == 0
    # The parent is as it was.
    np.testing.assert_array_equal(network.run(INPUTS)["x"], expected)
