"""Plasticity rules and encoders written in Python."""

import pickle
from functools import partial

import numpy as np
import pytest

from sorn_rs import Network

SMALL = dict(ne=40, nu=4, lambda_ee=6, lambda_ei=8, te_max=0.5, seed=3)
INPUTS = np.random.default_rng(1).random((60, 4))


def decay(step, factor=0.9):
    step.ee_weights *= factor


def nothing(step):
    pass


def static(**kwargs):
    return Network(**(SMALL | dict(freeze=["stdp", "ip", "sp", "istdp"]) | kwargs))


def test_a_rule_that_changes_nothing():
    with_rule, without = Network(**SMALL), Network(**SMALL)
    with_rule.add_rule(nothing)
    assert with_rule.rules == [nothing]
    recorded = with_rule.run(INPUTS, record=["x", "te", "wee"])
    for name, expected in without.run(INPUTS, record=["x", "te", "wee"]).items():
        np.testing.assert_array_equal(recorded[name], expected)


def test_weights_and_thresholds_are_changed():
    network = static(rules=["stdp", "ip"])
    before, te = network.wee, network.te

    def rule(step):
        step.ee_weights *= 0.5
        step.ei_weights[:] = 0.25
        step.te += np.where(step.x, 0.125, 0.0)

    network.add_rule(rule)
    x = network.step(INPUTS[0])
    assert x.any()
    np.testing.assert_array_equal(network.wee, before / 2)
    assert set(np.unique(network.wei)) == {0.0, 0.25}
    np.testing.assert_array_equal(network.te, te + 0.125 * x)


def test_what_a_rule_sees():
    seen = []
    network = Network(**SMALL)
    network.add_rule(lambda step: seen.append((step.x_before, step.x, step.y_before, step.y, step.reward)))
    first = network.step(INPUTS[0], reward=2.5)
    y = network.y
    second = network.step(INPUTS[1])
    np.testing.assert_array_equal(seen[0][1], first)
    np.testing.assert_array_equal(seen[1][0], first)
    np.testing.assert_array_equal(seen[1][1], second)
    np.testing.assert_array_equal(seen[1][2], y)
    assert (seen[0][4], seen[1][4]) == (2.5, 0.0)

    def look(step):
        dense = np.zeros((40, 40))
        dense[step.ee_pre, step.ee_post] = step.ee_weights
        seen.append(dense)

    network = static(rules=[])
    network.add_rule(look)
    network.step(INPUTS[0])
    np.testing.assert_array_equal(seen[-1], network.wee)


def test_pruning_and_growing():
    network = static(rules=[])
    pair = tuple(np.argwhere((network.wee == 0) & ~np.eye(40, dtype=bool))[0])

    def rule(step):
        step.ee_weights[step.ee_pre == 5] = 0
        step.grow_ee(*pair, 0.5)

    network.add_rule(rule)
    network.step(INPUTS[0])
    assert not network.wee[5].any() and network.wee[pair] == 0.5


def test_the_place_among_the_rules():
    def last(step):
        step.ee_weights[:] = 0.5

    first_network, last_network = Network(**SMALL), Network(**SMALL)
    first_network.add_rule(last, position=0)
    last_network.add_rule(last)
    first_network.step(INPUTS[0])
    last_network.step(INPUTS[0])
    assert set(np.unique(last_network.wee)) == {0.0, 0.5}
    # Scaling follows.
    np.testing.assert_allclose(first_network.wee.sum(0)[first_network.wee.any(0)], 1)


def test_frozen_networks_leave_rules_out():
    network = Network(**SMALL)
    network.add_rule(decay)
    network.frozen = ["stdp", "ip", "sp", "istdp", "ss"]
    before = network.wee
    network.step(INPUTS[0])
    np.testing.assert_array_equal(network.wee, before)


def test_copies_and_pickles_go_on_alike():
    network = Network(rules=["rmstdp", "ip", "ss"], **SMALL)
    network.add_rule(partial(decay, factor=0.95), position=1)
    network.run(INPUTS, rewards=np.ones(60))
    copies = [network.copy(), pickle.loads(pickle.dumps(network))]
    expected = network.run(INPUTS, record=["x", "wee"], rewards=np.ones(60))
    for copy in copies:
        assert len(copy.rules) == 1
        for name, found in copy.run(INPUTS, record=["x", "wee"], rewards=np.ones(60)).items():
            np.testing.assert_array_equal(found, expected[name])


def test_a_file_cannot_hold_a_rule(tmp_path):
    network = Network(**SMALL)
    network.add_rule(decay)
    with pytest.raises(ValueError, match="rules: expected .*, found .*decay.*pickle the network instead"):
        network.save(tmp_path / "network.safetensors")
    assert not list(tmp_path.iterdir())


def test_exceptions_are_raised_as_they_are():
    class Stop(Exception):
        pass

    def raises(step):
        if step.x.sum() >= 0:
            raise Stop("here")

    network = Network(**SMALL)
    network.add_rule(raises)
    with pytest.raises(Stop, match="here") as caught:
        network.step(INPUTS[0])
    assert caught.traceback[-1].name == "raises"
    assert network.steps == 1
    with pytest.raises(Stop):
        network.run(INPUTS)
    assert network.steps == 2


@pytest.mark.parametrize(
    "rule, error, message",
    [
        (lambda s: s.te.fill(np.nan), ValueError, "te: expected finite numbers, found nan"),
        (
            lambda s: setattr(s, "te", np.zeros(3)),
            ValueError,
            "te: expected as many values as before.*, found 3",
        ),
        (lambda s: setattr(s, "te", "x"), TypeError, "te: expected real numbers.*, found str"),
        (lambda s: s.grow_ee(1, 2, "x"), TypeError, "weight: expected a real number, found 'x'"),
        (lambda s: setattr(s, "x", s.x), AttributeError, "not writable"),
        (lambda s: s.grow_ee(1, 1, 0.5), ValueError, "pre, post: expected .*, found 1 and 1"),
        (lambda s: s.grow_ee(1, 2, 1.5), ValueError, "weight: expected .*, found 1.5"),
        (lambda s: s.grow_ee(1, 400, 0.5), ValueError, "pre, post: expected .*, found 1 and 400"),
        (lambda s, more: None, TypeError, "more"),
    ],
)
def test_wrong_rules(rule, error, message):
    network = Network(**SMALL)
    network.add_rule(rule)
    with pytest.raises(error, match=message):
        network.step(INPUTS[0])


def test_other_arrays_and_lists():
    """A rule may put whatever NumPy makes numbers of, and go on to change an array that it has put."""

    def whole(step):
        step.te = [0.5] * len(step.te)
        step.ee_weights = step.ee_weights.astype(np.float32)
        mine = np.full(len(step.ei_weights), 0.25)
        step.ei_weights = mine
        mine[:] = 0.125

    network = Network(**SMALL)
    network.frozen = ["ip", "istdp", "ss"]
    network.add_rule(whole)
    network.step(INPUTS[0])
    assert np.all(network.te == 0.5)
    assert set(np.unique(network.wei)) == {0.0, 0.125}


def test_wrong_arguments():
    with pytest.raises(TypeError, match="rule: expected a callable, found 3"):
        Network(**SMALL).add_rule(3)
    with pytest.raises(TypeError, match="position: expected .*, found 1.5"):
        Network(**SMALL).add_rule(decay, 1.5)
    with pytest.raises(ValueError, match="position: expected 0 to .*, found 99"):
        Network(**SMALL).add_rule(decay, position=99)
