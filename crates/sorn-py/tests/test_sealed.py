"""A pickle that is damaged is refused, or gives what was pickled."""

import pickle
import random

import numpy as np
import pytest

from sorn_rs import Network

SMALL = dict(ne=20, nu=4, lambda_ee=4, lambda_ei=6, seed=1)


def damaged(whole, count, seed=0):
    """`whole` with a bit changed, at `count` places."""
    places = random.Random(seed)
    for _ in range(count):
        copy, bit = bytearray(whole), places.randrange(8 * len(whole))
        copy[bit // 8] ^= 1 << bit % 8
        yield bytes(copy)


def as_it_was(whole, again, count=300):
    """Whether every damaged copy that is taken at all pickles to the same bytes."""
    for copy in damaged(whole, count):
        try:
            found = pickle.loads(copy)
        except Exception:
            continue
        if type(found) is type(again) and pickle.dumps(found) != whole:
            return False
    return True


def rule(step):
    step.te *= 0.99


def other(step):
    step.te *= 0.98


def test_damaged_pickles_of_networks_are_refused():
    network = Network(**SMALL)
    network.run(np.zeros((30, 4)))
    assert as_it_was(pickle.dumps(network), network)
    network.add_rule(rule, position=1)
    network.add_rule(other)
    assert as_it_was(pickle.dumps(network), network)


@pytest.mark.parametrize("name", ["network.safetensors", "network.npz"])
def test_damaged_files_of_networks_are_refused(tmp_path, name):
    network, path = Network(**SMALL), tmp_path / name
    network.run(np.zeros((30, 4)))
    network.save(path)
    whole = path.read_bytes()
    for copy in damaged(whole, 500):
        path.write_bytes(copy)
        with pytest.raises(ValueError, match=name):
            Network.load(path)
    path.write_bytes(whole)
    assert pickle.dumps(Network.load(path)) == pickle.dumps(network)
    if name.endswith("npz"):
        with np.load(path) as file:
            np.testing.assert_array_equal(file["Wee"], network.wee)


def test_a_damaged_pickle_says_so():
    restore, (whole, rules) = Network(**SMALL).__reduce__()
    with pytest.raises(ValueError, match="Network: expected .*, found damaged bytes"):
        restore(whole[:100] + b"x" + whole[101:], rules)
    with pytest.raises(ValueError, match="rules: expected 0 rules, as the network had, found 1"):
        restore(whole, [rule])
