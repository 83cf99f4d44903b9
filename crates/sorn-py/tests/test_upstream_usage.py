"""What upstream shows of itself runs with the import names changed: its README, its documentation's calls, its own test file.

Where `SORN_UPSTREAM` names a checkout of upstream's repository, its documents and its test file are run as they stand there.
"""

import importlib.metadata
import os
import re
import sys
import textwrap
import unittest
from pathlib import Path

import numpy as np
import pytest

from sorn_rs import Plotter, Simulator, Statistics, Trainer

pytest.importorskip("matplotlib")
CHECKOUT = os.environ.get("SORN_UPSTREAM")
needs_checkout = pytest.mark.skipif(
    CHECKOUT is None, reason="SORN_UPSTREAM IS NOT SET: UPSTREAM'S DOCUMENTS AND TEST FILE DID NOT RUN"
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Plots are saved in the current directory."""
    monkeypatch.chdir(tmp_path)
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def renamed(code: str) -> str:
    code = re.sub(r"^(\s*)from sorn\b", r"\1from sorn_rs", code, flags=re.MULTILINE)
    return re.sub(r"^(\s*)import sorn$", r"\1import sorn_rs as sorn", code, flags=re.MULTILINE)


def run(blocks, names, **changes):
    """Runs blocks of code one after the other; `changes` are what is not upstream's but of another age."""
    for k, block in enumerate(blocks):
        for old, new in changes.items():
            block = block.replace(old, new)
        exec(compile(renamed(block), f"block {k}", "exec"), names)
    return names


def test_readme():
    """The README of the installed package, word for word."""
    try:
        text = importlib.metadata.metadata("sorn").get_payload()
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("sorn IS NOT INSTALLED: ITS README DID NOT RUN")
    blocks = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "import" in block]
    assert len(blocks) == 2
    with pytest.warns(UserWarning, match="ne=100 has no effect: the state has 200"):
        names = run(blocks, {})
    assert set(names["state_dict"]) == {"Wee", "Wei", "Wie", "Te", "Ti", "X", "Y"}
    assert set(names["sim_dict"]) == {"InhibitoryActivation", "WEI", "EIConnectionCounts"}


def test_calls_of_the_documentation():
    """With the older names, each state handed to the next call as documented."""
    older = dict(phase="plasticity", noise=True)
    state, *recorded = Simulator.simulate_sorn(
        inputs=np.random.rand(10, 20), matrices=None, time_steps=20, **older
    )
    assert [np.shape(values) for values in recorded] == [(20, 200), (20, 40), (20, 200, 1), (20,)]
    hundred = dict(ne=100, nu=5, lambda_ee=10, eta_stdp=0.001)
    state, *_ = Simulator.simulate_sorn(
        inputs=np.random.rand(5, 100), matrices=None, time_steps=100, **older, **hundred
    )
    state, *_ = Trainer.train_sorn(
        inputs=np.random.rand(5, 1), phase="training", matrices=state, noise=False, time_steps=1, **hundred
    )
    assert state["Wee"].shape == (100, 100)
    fifty = dict(ne=50, nu=10)
    state, *_ = Simulator.simulate_sorn(
        inputs=np.random.rand(10, 20), matrices=None, time_steps=20, freeze=["ip"], **older, **fifty
    )
    one = dict(inputs=np.random.rand(10, 1), noise=False, time_steps=1)
    thresholds = state["Te"]
    for phase, freeze in (("plasticity", ["ip", "istdp"]), ("training", None)):
        state, *_ = Trainer.train_sorn(phase=phase, matrices=state, freeze=freeze, **one, **fifty)
    np.testing.assert_array_equal(state["Te"], thresholds)
    # Those of the paper, which give a phase and no size.
    state, *_ = Simulator.simulate_sorn(np.random.rand(10, 5), "plasticity", None, 5)
    for phase in ("plasticity", "training"):
        state, E, *_ = Trainer.train_sorn(
            inputs=np.random.rand(10, 1), phase=phase, matrices=state, nu=10, time_steps=1
        )
    assert np.shape(E) == (1, 200)


def test_policy_gradient_of_the_documentation():
    """Its CartPole: activity of a step as state of a softmax policy, plastic at first, frozen later."""
    gymnasium = pytest.importorskip("gymnasium")
    env, rng = gymnasium.make("CartPole-v1"), np.random.default_rng(0)
    sizes = dict(ne=50, nu=4, noise=False, time_steps=1)
    matrices, *_ = Simulator.simulate_sorn(inputs=rng.normal(size=(4, 1)), phase="plasticity", **sizes)
    weights = rng.random((50, 2))
    for episode in range(4):
        observation, over, gradients = env.reset(seed=episode)[0], False, []
        while not over:
            call, phase = (
                (Simulator.simulate_sorn, "plasticity") if episode < 2 else (Trainer.train_sorn, "training")
            )
            matrices, E, *_ = call(inputs=observation[:, None], phase=phase, matrices=matrices, **sizes)
            scores = np.exp(np.asarray(E).dot(weights))[0]
            scores /= scores.sum()
            action = rng.choice(2, p=scores)
            observation, _, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
            gradients.append(np.outer(np.asarray(E), np.eye(2)[action] - scores))
        weights += 1e-4 * np.sum(gradients, axis=0)
    assert np.all(np.isfinite(weights)) and np.ptp(weights) > 0


def test_calls_of_upstreams_test_file():
    """The same calls in the same forms, on a run of our own in place of its file of matrices."""
    state, recorded = Simulator.run(np.random.rand(10, 200), callbacks=["EEConnectionCounts"])
    spikes = (np.random.default_rng(0).random((200, 200)) < 0.2).astype(float)
    counts = recorded["EEConnectionCounts"]
    two, one, many = np.random.rand(10, 2), np.random.rand(10, 1), np.random.rand(10, 1000)
    names = [
        "ExcitatoryActivation",
        "InhibitoryActivation",
        "RecurrentActivation",
        "WEE",
        "EIConnectionCounts",
        "TI",
        "EEConnectionCounts",
        "TE",
        "WEI",
    ]
    few = ["stdp", "istdp", "ss", "sp"]
    new = dict(phase="plasticity", matrices=None, noise=True, timesteps=1000)
    Simulator.run(inputs=two, phase="plasticity", matrices=None, timesteps=2, noise=True, nu=10)
    for freeze in (None, ["ip"], few):
        Simulator.run(inputs=two, phase="plasticity", state=state, timesteps=2, noise=False, freeze=freeze)
    Trainer.run(inputs=one, phase="plasticity", state=state, timesteps=1, noise=True)
    Trainer.run(inputs=one, phase="training", state=state, timesteps=1, noise=True, freeze=few)
    Simulator.run(inputs=many, ne=26, lambda_ee=4, lambda_ei=4, nu=10, **new)
    Trainer.run(inputs=many, ne=40, lambda_ee=5, lambda_ei=5, nu=10, **new)
    for call in (Simulator.run, Trainer.run):
        _, found = call(inputs=many, ne=50, nu=10, callbacks=names, **new)
        assert list(found) == names and all(len(values) == 1000 for values in found.values())

    no = dict(savefig=False)
    wee = state["Wee"]
    Plotter.hist_outgoing_conn(weights=wee, bin_size=5, histtype="bar", **no)
    Plotter.hist_incoming_conn(weights=wee, bin_size=5, histtype="bar", **no)
    Plotter.network_connection_dynamics(connection_counts=counts, **no)
    Plotter.hist_firing_rate_network(spike_train=spikes, bin_size=5, **no)
    Plotter.scatter_plot(spike_train=spikes, **no)
    Plotter.raster_plot(spike_train=spikes, **no)
    Plotter.isi_exponential_fit(spike_train=spikes, neuron=10, bin_size=5, **no)
    Plotter.weight_distribution(weights=wee, bin_size=5, **no)
    Plotter.linear_lognormal_fit(weights=wee, num_points=10, **no)
    Plotter.hamming_distance(hamming_dist=[0, 0, 0, 1, 1, 1, 1, 1, 1], **no)

    rates = [1, 1, 5, 6, 3, 7]
    Statistics.firing_rate_neuron(spike_train=spikes, neuron=10, bin_size=5)
    Statistics.firing_rate_network(spike_train=spikes)
    Statistics.scale_dependent_smoothness_measure(firing_rates=rates)
    Statistics.autocorr(firing_rates=rates, t=2)
    Statistics.avg_corr_coeff(spike_train=spikes)
    Statistics.spike_times(spike_train=spikes)
    Statistics.hamming_distance(actual_spike_train=spikes, perturbed_spike_train=spikes)
    Statistics.spike_time_intervals(spike_train=spikes)
    Statistics.fanofactor(spike_train=spikes, neuron=10, window_size=10)
    Statistics.spike_source_entropy(spike_train=spikes, num_neurons=200)


@needs_checkout
def test_documents_as_they_stand():
    """Blocks of Python in README, usage page and paper; of OpenAI's gym, which nobody has any more, the calls are Gymnasium's."""
    gymnasiums = {
        "import gym\n": "import gymnasium as gym\n",
        "int(2e6)": "30",
        "gym.make('CartPole-v0')": "gym.make('CartPole-v1')",
        "env.reset()[:, None]": "env.reset()[0][:, None]",
        "state,reward,done,_ = env.step(action)": "state,reward,done,_,_ = env.step(action)",
    }
    root = Path(CHECKOUT)
    usage = (root / "docs/source/usage.rst").read_text()
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:(?:    .*)?\n)+)", usage)
    blocks = [textwrap.dedent(block) for block in blocks if "Network Initialized" not in block]
    assert len(blocks) == 19
    run(blocks, {}, **gymnasiums)
    blocks = re.findall(r"```python\n(.*?)```", (root / "paper/paper.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    run(["import numpy\nimport numpy as np\nfrom sorn import Simulator", *blocks], {})


@needs_checkout
def test_test_file_as_it_stands(monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    names = run([Path("test_sorn.py").read_text()], {"__name__": "upstreams_tests"})
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(names["TestSorn"])
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    assert result.wasSuccessful() and result.testsRun == 3
