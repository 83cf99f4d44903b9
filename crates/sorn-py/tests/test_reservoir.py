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


@pytest.mark.parametrize("forgetting", [0.5, 0.9, 0.98])
def test_rls_with_forgetting_stays_finite_whatever_is_silent(forgetting):
    steps = 4000
    u = symbols(steps)
    reservoir = Reservoir(
        readout="rls", forgetting=forgetting, **(KWARGS | dict(ne=20, lambda_ee=4, lambda_ei=8))
    )
    reservoir.fit(u, u)
    assert np.isfinite(reservoir.weights).all() and np.abs(reservoir._inverse).max() < 1e8
    silent = Reservoir(
        readout="rls", forgetting=forgetting, te_min=0.9, te_max=1.0, nu=4, ne=20, lambda_ee=4, lambda_ei=8
    )
    with pytest.warns(RuntimeWarning, match="no excitatory neuron has fired"):
        silent.fit(np.zeros((steps, 4)), np.zeros((steps, 1)))
    assert np.isfinite(silent._inverse).all() and not silent.weights.any()


def test_rls_with_forgetting_is_weighted_ridge_regression():
    u = symbols(2000)
    kwargs = KWARGS | dict(ne=20, lambda_ee=4, lambda_ei=8)
    reservoir = Reservoir(readout="rls", forgetting=0.999, alpha=0.1, **kwargs).fit(u, u)
    z = Reservoir(**kwargs).features(u)
    counts = 0.999 ** np.arange(len(u) - 1, -1, -1)
    right = np.linalg.solve((z.T * counts) @ z + 0.1 * np.eye(21), (z.T * counts) @ u)
    np.testing.assert_allclose(reservoir.weights, right, atol=1e-3)


@pytest.mark.parametrize("readout", ["ridge", "rls"])
def test_the_washout_holds_for_each_series(readout):
    series = [symbols(60, seed) for seed in range(3)]
    reservoir = Reservoir(readout=readout, washout=20, **KWARGS)
    for u in series:
        reservoir.reset().partial_fit(u, u)
    static = Reservoir(**KWARGS)
    z = np.vstack([static.reset().features(u)[20:] for u in series])
    y = np.vstack([u[20:] for u in series])
    penalty = np.diag([reservoir.alpha] * 80 + [0.0 if readout == "ridge" else reservoir.alpha])
    np.testing.assert_allclose(reservoir.weights, np.linalg.solve(z.T @ z + penalty, z.T @ y), atol=1e-6)


def test_parts_shorter_than_the_washout_give_what_the_whole_gives():
    u = symbols(100)
    whole = Reservoir(washout=30, **KWARGS).fit(u, u)
    parts = Reservoir(washout=30, **KWARGS)
    for part in (u[:10], u[10:25], u[25:40], u[40:]):
        parts.partial_fit(part, part)
    np.testing.assert_allclose(parts.weights, whole.weights)


def test_a_run_before_learning_counts_as_washout():
    u = symbols(100)
    reservoir = Reservoir(washout=30, **KWARGS)
    reservoir.features(u[:50])
    reservoir.partial_fit(u[50:], u[50:])
    z = Reservoir(**KWARGS).features(u)[50:]
    penalty = np.diag([reservoir.alpha] * 80 + [0.0])
    np.testing.assert_allclose(reservoir.weights, np.linalg.solve(z.T @ z + penalty, z.T @ u[50:]))


@pytest.mark.parametrize("steps", [0, 10, 100])
def test_no_more_steps_than_the_washout_are_refused(steps):
    u = symbols(200)
    reservoir = Reservoir(washout=100, **KWARGS).fit(u, u)
    before = reservoir.weights
    with pytest.raises(
        ValueError, match=f"inputs: found {steps} steps, allowed: more than the washout of 100"
    ):
        reservoir.fit(u[:steps], u[:steps])
    assert reservoir.weights is before


def test_a_readout_without_a_step_to_learn_from_says_so():
    u = symbols(10)
    with pytest.raises(ValueError, match="more steps than the washout"):
        Reservoir(washout=100, **KWARGS).partial_fit(u, u).run(u)
