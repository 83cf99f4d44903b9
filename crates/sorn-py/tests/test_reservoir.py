"""`Reservoir`: its readouts solve what they say they solve, and it remembers."""

import numpy as np
import pytest

from sorn_rs import Reservoir

KWARGS = dict(seed=3, nu=4, ne=80, lambda_ee=10, lambda_ei=20, te_max=0.5, noise="none")


def symbols(steps, seed=0):
    return np.eye(4)[np.random.default_rng(seed).integers(4, size=steps)]


def test_ridge_solves_its_equation():
    u = symbols(300)
    reservoir = Reservoir(alpha=0.5, **KWARGS).fit(u, u)
    z = Reservoir(**KWARGS).features(u)
    penalty = np.diag([0.5] * 80 + [0.0])
    np.testing.assert_allclose(reservoir.weights, np.linalg.solve(z.T @ z + penalty, z.T @ u), atol=1e-8)


def test_rls_equals_ridge_with_a_penalised_bias():
    u = symbols(300)
    reservoir = Reservoir(readout="rls", alpha=0.5, **KWARGS).fit(u, u)
    z = Reservoir(**KWARGS).features(u)
    expected = np.linalg.solve(z.T @ z + 0.5 * np.eye(81), z.T @ u)
    np.testing.assert_allclose(reservoir.weights, expected, atol=1e-6)


@pytest.mark.parametrize("readout", ["ridge", "rls"])
def test_in_parts_as_at_once(readout):
    u = symbols(200)
    whole = Reservoir(readout=readout, **KWARGS).fit(u, u)
    parts = Reservoir(readout=readout, **KWARGS).fit(u[:120], u[:120]).partial_fit(u[120:], u[120:])
    np.testing.assert_allclose(parts.weights, whole.weights, atol=1e-6)


def test_reads_out_the_present_better_than_chance():
    reservoir = Reservoir(**KWARGS).fit(symbols(2000), symbols(2000))
    test = symbols(500, seed=9)
    accuracy = np.mean(reservoir.run(test).argmax(1) == test.argmax(1))
    assert accuracy > 0.5, accuracy


def test_washout_leaves_the_beginning_out():
    u = symbols(100)
    wrong = u.copy()
    wrong[:30] = 1000.0
    np.testing.assert_allclose(
        Reservoir(washout=30, **KWARGS).fit(u, wrong).weights,
        Reservoir(washout=30, **KWARGS).fit(u, u).weights,
    )


def test_reset_begins_anew():
    u = symbols(50)
    reservoir = Reservoir(plastic=True, **KWARGS).fit(u, u)
    first = reservoir.reset().run(u)
    assert not np.array_equal(reservoir.run(u), first)
    np.testing.assert_array_equal(reservoir.reset().run(u), first)


def test_one_output():
    u = symbols(60)
    assert Reservoir(**KWARGS).fit(u, u[:, 0]).run(u).shape == (60, 1)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Reservoir(readout="lasso"), "readout: found 'lasso'"),
        (lambda: Reservoir(alpha=0), "alpha: found 0"),
        (lambda: Reservoir(forgetting=1.5), "forgetting: found 1.5"),
        (lambda: Reservoir(washout=-1), "washout: found -1"),
        (lambda: Reservoir(**KWARGS).run(symbols(3)), "has learnt nothing yet"),
        (
            lambda: Reservoir(**KWARGS).fit(symbols(3), symbols(4)),
            r"targets: found shape \(4, 4\), allowed: \(3, outputs\)",
        ),
        (lambda: Reservoir(**KWARGS).fit(symbols(3), symbols(3) * np.nan), "targets: found NaN"),
        (
            lambda: (
                Reservoir(**KWARGS).fit(symbols(3), symbols(3)).partial_fit(symbols(3), symbols(3)[:, :2])
            ),
            "targets: found 2 outputs, allowed: 4",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
