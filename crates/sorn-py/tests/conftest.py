"""What the tests share."""

import os
import random
import tempfile

import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

DEFAULTS = dict(
    ne=200,
    nu=10,
    network_type_ee="Sparse",
    network_type_ei="Sparse",
    network_type_ie="Dense",
    lambda_ee=20,
    lambda_ei=40,
    lambda_ie=100,
    eta_stdp=0.004,
    eta_inhib=0.001,
    eta_ip=0.01,
    te_max=1.0,
    ti_max=0.5,
    ti_min=0.0,
    te_min=0.0,
    mu_ip=0.1,
    sigma_ip=0.0,
)
"""Upstream's hyperparameters. It keeps what one run sets for the next, so tests of it give all of them."""


@pytest.fixture(scope="session")
def upstream():
    """The package `sorn` 0.7.4, which opens a log file where it is imported, and shows progress bars."""
    here = os.getcwd()
    os.chdir(tempfile.mkdtemp())
    try:
        module = pytest.importorskip("sorn.sorn")
    finally:
        os.chdir(here)
    module.tqdm = lambda steps: steps
    # Where STDP is frozen, it grows synapses in the very array that it gave out as the state or record of the step before.
    grow = module.Plasticity.structural_plasticity
    module.Plasticity.structural_plasticity = staticmethod(lambda wee: grow(wee.copy()))
    return module


def seed_globals(seed: int) -> None:
    np.random.seed(seed)
    random.seed(seed)


def global_states():
    """The states of both global generators, comparable."""
    name, key, *rest = np.random.get_state()
    return name, key.tobytes(), *rest, random.getstate()


def assert_same(found, expected, where=""):
    """Equal to the bit, and of the same types and shapes."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), where
        for key in expected:
            assert_same(found[key], expected[key], f"{where}[{key!r}]")
    elif isinstance(expected, list | tuple):
        assert isinstance(found, list | tuple) and len(found) == len(expected), where
        for k, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{where}[{k}]")
    else:
        found_array, expected_array = np.asarray(found), np.asarray(expected)
        assert found_array.dtype == expected_array.dtype, (where, found_array.dtype, expected_array.dtype)
        assert found_array.shape == expected_array.shape, (where, found_array.shape, expected_array.shape)
        assert isinstance(found, np.ndarray) == isinstance(expected, np.ndarray), where
        assert (
            np.ascontiguousarray(found_array).tobytes() == np.ascontiguousarray(expected_array).tobytes()
        ), where
