"""What shows something and cannot change it refuses to be changed."""

import copy
import json
import pickle

import numpy as np
import pytest

from sorn_rs import Network

SMALL = dict(ne=20, nu=4, lambda_ee=4, lambda_ei=6, seed=1)


@pytest.mark.parametrize("name", ["te", "ti", "wee", "wei", "wie", "x", "y", "recurrent"])
def test_arrays_of_a_network_are_read_only(name):
    network = Network(**SMALL)
    with pytest.raises(ValueError, match="read-only"):
        getattr(network, name)[0] = 1
    # Activity can be assigned as a whole.
    if name not in ("x", "y"):
        with pytest.raises(AttributeError):
            setattr(network, name, np.zeros(20))


def test_arrays_of_the_state_are_read_only_and_a_copy_is_not():
    network = Network(**SMALL)
    for array in network.state.values():
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    with pytest.raises(TypeError, match="read-only dict"):
        network.state["Wee"] = np.zeros((20, 20))
    state = dict(network.state)
    state["Te"] = np.full((20, 1), 0.3)
    assert (Network.from_state(state, params=network.params).te == 0.3).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda network: network.params.__setitem__("eta_stdp", 0.5),
        lambda network: network.params.update(eta_stdp=0.5),
        lambda network: network.params.pop("eta_stdp"),
        lambda network: network.params["rules"].append("rmstdp"),
        lambda network: network.frozen.append("ip"),
        lambda network: network.rules.append(print),
    ],
)
def test_parameters_and_lists_are_read_only(change):
    with pytest.raises(TypeError, match="expected no change of a read-only"):
        change(Network(**SMALL))


def test_read_only_parameters_are_of_use():
    params = Network(**SMALL).params
    assert Network(params).params == params == json.loads(json.dumps(params))
    assert Network(params | {"eta_stdp": 0.5}).params["eta_stdp"] == 0.5
    for other in (copy.copy(params), copy.deepcopy(params), pickle.loads(pickle.dumps(params))):
        other["eta_stdp"] = 0.5
        assert params["eta_stdp"] != 0.5


@pytest.mark.parametrize("name", ["x", "x_before", "y", "y_before", "ee_pre", "ee_post", "ei_pre", "ei_post"])
def test_what_a_rule_cannot_change_is_read_only(name):
    network = Network(**SMALL)
    network.add_rule(lambda step: getattr(step, name).__setitem__(0, 1))
    with pytest.raises(ValueError, match="read-only"):
        network.step(np.zeros(4))
