"""Parameters and activity of a network that has begun."""

import numpy as np
import pytest

from sorn_rs import Network


def begun(**overrides):
    network = Network("delpapa2017", seed=2, ne=60, nu=4, **overrides)
    network.run(np.zeros((200, 4)))
    return network


def test_parameters_change_while_the_network_goes_on():
    network, other = begun(), begun()
    network.set(noise_sd=0.0, eta_stdp=0.01)
    assert (network.params["noise_sd"], network.params["eta_stdp"]) == (0.0, 0.01)
    np.testing.assert_array_equal(network.wee, other.wee)
    assert network.steps == other.steps == 200
    network.run(np.zeros((20, 4)))
    other.run(np.zeros((20, 4)))
    assert (network.te != other.te).any()
    other.params = other.params | {"h_ip": 0.2}
    assert (other.h_ip == 0.2).all()
    # The same parameters change nothing.
    network, other = begun(), begun()
    network.params = network.params
    network.set()
    np.testing.assert_array_equal(network.run(np.zeros((50, 4)))["x"], other.run(np.zeros((50, 4)))["x"])


def test_rules_in_python_stay():
    seen = []
    network = begun()
    network.add_rule(lambda step: seen.append(step.x.sum()))
    network.set(noise_sd=0.1)
    network.step(np.zeros(4))
    assert len(seen) == 1

    def fails(step):
        raise KeyError("gone")

    network.add_rule(fails)
    network.set(noise_sd=0.2)
    with pytest.raises(KeyError, match="gone"):
        network.step(np.zeros(4))


@pytest.mark.parametrize(
    "change",
    [
        {"ne": 70},
        {"nu": 5},
        {"lambda_ee": 5.0},
        {"ti_max": 0.7},
        {"te_max": 0.7},
        {"h_ip_spread": 0.1},
        {"freeze": ["ip"]},
    ],
)
def test_what_says_how_a_network_is_made_is_named(change):
    network = begun()
    params = network.params
    with pytest.raises(ValueError, match=f"`{next(iter(change))}`: expected .*, found"):
        network.set(**change)
    assert network.params == params
    with pytest.raises(ValueError, match="eta_sdtp"):
        network.set(eta_sdtp=0.1)
    with pytest.raises(ValueError, match="eta_stdp"):
        network.set(eta_stdp=-1.0)


def test_activity_is_set_alone():
    network = begun()
    before = network.state
    x = np.zeros(60, bool)
    x[[3, 9]] = True
    network.x = x
    network.y = np.zeros(12)
    np.testing.assert_array_equal(network.x, x)
    assert not network.y.any()
    for name in ("Wee", "Wei", "Te"):
        np.testing.assert_array_equal(network.state[name], before[name])
    network.set(noise_sd=0.0)
    network.step(np.zeros(4))
    np.testing.assert_allclose(network.recurrent, before["Wee"][[3, 9]].sum(0) - before["Te"][:, 0])
    with pytest.raises(ValueError, match="x: expected 60 values, found 3"):
        network.x = np.zeros(3)
    with pytest.raises(ValueError, match=r"x\[1\]: expected .*, found 2"):
        network.x = [0, 2] + [0] * 58
