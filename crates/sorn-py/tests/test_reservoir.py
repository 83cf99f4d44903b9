"""`Reservoir`: its readouts solve what they say they solve, and it remembers."""

import json
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

from sorn_rs import Reservoir, datasets

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
        (lambda: Reservoir(readout="lasso"), "readout: expected .*, found 'lasso'"),
        (lambda: Reservoir(alpha=0), "alpha: expected .*, found 0"),
        (lambda: Reservoir(forgetting=1.5), "forgetting: expected .*, found 1.5"),
        (lambda: Reservoir(washout=-1), "washout: expected .*, found -1"),
        (lambda: Reservoir(**KWARGS).run(symbols(3)), "has learnt nothing yet"),
        (
            lambda: Reservoir(**KWARGS).fit(symbols(3), symbols(4)),
            r"targets: expected shape \(3, outputs\), found \(4, 4\)",
        ),
        (lambda: Reservoir(**KWARGS).fit(symbols(3), symbols(3) * np.nan), "targets: expected .*, found NaN"),
        (
            lambda: (
                Reservoir(**KWARGS).fit(symbols(3), symbols(3)).partial_fit(symbols(3), symbols(3)[:, :2])
            ),
            "targets: expected 4 outputs.*, found 2",
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
        ValueError, match=f"inputs: expected more steps than the washout of 100, found {steps}"
    ):
        reservoir.fit(u[:steps], u[:steps])
    assert reservoir.weights is before


def test_a_readout_without_a_step_to_learn_from_says_so():
    u = symbols(10)
    with pytest.raises(ValueError, match="more steps than the washout"):
        Reservoir(washout=100, **KWARGS).partial_fit(u, u).run(u)


def test_symbols_are_ones():
    numbers = np.random.default_rng(0).integers(4, size=300)
    given = Reservoir(**KWARGS).fit(numbers, symbols(300))
    ones = Reservoir(**KWARGS).fit(np.eye(4)[numbers], symbols(300))
    assert np.array_equal(given.weights, ones.weights)
    assert np.array_equal(given.predict(list(map(int, numbers))), ones.predict(np.eye(4)[numbers]))
    with pytest.raises(ValueError, match="inputs: expected a symbol from 0 to 3.*, found 4"):
        given.run(np.array([0, 4]))
    with pytest.raises(ValueError, match="a symbol from 0 to 3.*, found -1"):
        given.run(np.array([0, -1]))


def test_traces_are_exponential_and_go_on():
    u = symbols(60)
    reservoir = Reservoir(traces=[0.5, 0.9], **KWARGS)
    z = np.concatenate([reservoir.features(u[:25]), reservoir.features(u[25:])])
    assert z.shape == (60, 3 * 80 + 1)
    for block, decay in ((1, 0.5), (2, 0.9)):
        trace = np.zeros(80)
        for step in range(60):
            trace = decay * trace + (1 - decay) * z[step, :80]
            np.testing.assert_allclose(z[step, 80 * block : 80 * (block + 1)], trace, atol=1e-12)
    assert np.array_equal(reservoir.reset().features(u[:25]), z[:25])
    with pytest.raises(ValueError, match="traces: expected .*, found 1.0"):
        Reservoir(traces=[1.0], **KWARGS)
    with pytest.raises(TypeError, match="traces: expected a sequence of .*, found float"):
        Reservoir(traces=0.5, **KWARGS)


def test_traces_remember_more():
    u = symbols(3000)
    pools = dict(KWARGS, input={"pools": {"size": 15}})
    past = np.roll(u, 2, axis=0)
    plain = Reservoir(washout=10, alpha=10.0, **pools).fit(u[:2000], past[:2000])
    traced = Reservoir(washout=10, alpha=10.0, traces=[0.5, 0.8], **pools).fit(u[:2000], past[:2000])
    assert traced.score(u[2000:], past[2000:]) > plain.score(u[2000:], past[2000:]) + 0.05


def test_several_series_begin_anew_each_with_its_washout():
    first, second = symbols(90, 1), symbols(70, 2)
    both = Reservoir(washout=20, traces=[0.7], **KWARGS).fit([first, second], [first, second])
    z = [Reservoir(traces=[0.7], **KWARGS).features(u)[20:] for u in (first, second)]
    z, y = np.concatenate(z), np.concatenate([first[20:], second[20:]])
    penalty = np.diag([1e-2] * 160 + [0.0])
    np.testing.assert_allclose(both.weights, np.linalg.solve(z.T @ z + penalty, z.T @ y), atol=1e-7)
    tuples = Reservoir(washout=20, traces=[0.7], **KWARGS).fit((first, second), (first, second))
    assert np.array_equal(tuples.weights, both.weights)
    with pytest.raises(ValueError, match=r"targets: expected 4 outputs.*, found 2"):
        both.score(first, first[:, :2])
    read = both.predict([first, second])
    assert [len(r) for r in read] == [90, 70] and np.array_equal(read[1], both.predict(second))
    errors = ((y - np.concatenate([r[20:] for r in read])) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)
    assert both.score([first, second], [first, second]) == pytest.approx(1 - errors.mean())
    with pytest.raises(ValueError, match="targets: expected 2 series.*, found 1"):
        both.fit([first, second], [first])
    with pytest.raises(ValueError, match=r"inputs\[1\]: expected .*, found 5"):
        both.fit([first, second[:5]], [first, second[:5]])
    with pytest.raises(ValueError, match=r"targets\[1\]: expected 4 outputs.*, found 1"):
        both.fit([first, second], [first, second[:, :1]])


def test_a_prediction_leaves_the_series_under_way_alone():
    u = symbols(200)
    one, other = (Reservoir(traces=[0.5], **KWARGS).fit(u, u) for _ in range(2))
    first = one.predict(u[:50])
    assert np.array_equal(one.predict(u[:50]), first)
    assert np.array_equal(one.run(u), other.run(u))
    assert np.array_equal(first, other.reset().run(u[:50]))


def test_parameters_are_those_of_scikit_learn():
    from sklearn.base import clone, is_regressor
    from sklearn.metrics import r2_score
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    u = symbols(400)
    reservoir = Reservoir(alpha=0.3, traces=[0.5], washout=5, **KWARGS).fit(u, u)
    copy = clone(reservoir)
    assert copy.weights is None and copy.get_params() == reservoir.get_params()
    assert np.array_equal(copy.fit(u, u).weights, reservoir.weights)
    assert reservoir.score(u, u) == pytest.approx(r2_score(u[5:], reservoir.predict(u)[5:]))
    changed = clone(reservoir).set_params(alpha=30.0)
    assert changed.alpha == 30.0 and changed.traces == (0.5,)
    assert np.abs(changed.fit(u, u).weights).sum() < np.abs(reservoir.weights).sum()
    with pytest.raises(ValueError, match="alpha"):
        changed.set_params(alpha=-1.0)
    assert is_regressor(reservoir)
    scores = cross_val_score(Reservoir(**KWARGS), u, u, cv=TimeSeriesSplit(3))
    assert len(scores) == 3 and np.isfinite(scores).all()
    pipeline = make_pipeline(StandardScaler(), Reservoir(**KWARGS)).fit(u, u)
    assert pipeline.predict(u).shape == (400, 4) and np.isfinite(pipeline.score(u, u))
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Reservoir(**KWARGS)), {"reservoir__alpha": [0.1, 9.0]}
    )
    assert np.isfinite(search.fit(u, u).best_score_)


def test_one_input_may_be_a_row():
    u = np.random.default_rng(0).random(200)
    one = dict(KWARGS, nu=1)
    assert np.array_equal(
        Reservoir(**one).fit(u, u).weights, Reservoir(**one).fit(u[:, None], u[:, None]).weights
    )
    with pytest.raises(
        ValueError, match=r"inputs: expected shape \(steps, 4\), as nu is 4, found \(200, 1\)"
    ):
        Reservoir(**KWARGS).fit(u[:, None], u)


def test_arguments_that_claim_to_be_endless_are_refused():
    endless = np.broadcast_to(1, (2**40,))
    with pytest.raises(MemoryError, match="inputs"):
        Reservoir(**KWARGS).features(endless)
    with pytest.raises(ValueError, match="traces: expected at most 1000 values, found more"):
        Reservoir(traces=np.broadcast_to(0.5, (2**40,)), **KWARGS)


def outcome(tmp_path, text, name="task"):
    """Scores of the command for an experiment."""
    (tmp_path / "task.toml").write_text(text)
    command = [sys.executable, "-m", "sorn_rs", "run", "task.toml", "--seed", "5", "--out", "runs"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return json.loads(next((tmp_path / "runs").rglob("summary.json")).read_text())["scores"]


def in_order(values):
    """Their sum, one after the other, as the command adds."""
    return np.cumsum(values)[-1]


def nrmse(output, target):
    mean = in_order(target) / len(target)
    spread = in_order((target - mean) ** 2) / len(target)
    return np.sqrt(in_order((output - target) ** 2) / len(target) / spread)


@pytest.mark.parametrize("readout", ["ridge", "least_squares"])
def test_a_series_has_the_numbers_of_the_command_to_the_bit(tmp_path, readout):
    scores = outcome(
        tmp_path,
        f"""
        name = "narma"
        [task]
        kind = "series"
        source = {{ kind = "narma" }}
        encoder = {{ kind = "random_projection", gain = 3.0 }}
        [task.readout]
        kind = "{readout}"
        features = ["traces", "activity", "input", "bias"]
        trace_decays = [0.5, 0.8]
        penalty = 2.0
        [[task.phases]]
        name = "organise"
        steps = 300
        [[task.phases]]
        name = "fit"
        role = "fit"
        freeze = "all"
        steps = 500
        [[task.phases]]
        name = "score"
        role = "score"
        freeze = "all"
        steps = 200
        [network]
        ne = 60
        input = "direct"
        """,
    )
    inputs, targets = datasets.narma(1000, seed=5, standardize=True)
    reservoir = Reservoir(
        seed=5,
        readout=readout,
        alpha=2.0,
        traces=[0.5, 0.8],
        features=["traces", "activity", "input", "bias"],
        encoder={"kind": "random_projection", "gain": 3.0},
        ne=60,
        input="direct",
    )
    reservoir.organise(inputs[:300]).fit(inputs[300:800], targets[300:800])
    output = reservoir.run(inputs[800:])
    assert nrmse(output[:, 0], targets[800:, 0]) == scores["nrmse"]


@pytest.mark.parametrize("readout", ["logistic", "least_squares"])
def test_a_sequence_has_the_numbers_of_the_command_to_the_bit(tmp_path, readout):
    features = ["activity", "pseudo", "drive"]
    scores = outcome(
        tmp_path,
        f"""
        name = "counting"
        [task]
        kind = "sequence"
        n = 3
        target = "next"
        source = {{ kind = "words", words = ["A B*n C", "D E*n F"] }}
        readout = {{ kind = "{readout}", features = {features} }}
        [[task.phases]]
        name = "organise"
        steps = 400
        [[task.phases]]
        name = "fit"
        role = "fit"
        freeze = "all"
        steps = 300
        [[task.phases]]
        name = "score"
        role = "score"
        freeze = "all"
        steps = 200
        [network]
        preset = "counting"
        ne = 80
        """,
    )
    symbols, names = datasets.words(901, ["A B*n C", "D E*n F"], n=3, seed=5)
    now, after = symbols[:-1], symbols[1:]
    reservoir = Reservoir("counting", seed=5, readout=readout, features=features, ne=80, nu=len(names))
    wanted = after if readout == "logistic" else np.eye(len(names))[after]
    reservoir.organise(now[:400]).fit(now[400:700], wanted[400:700])
    output = reservoir.run(now[700:])
    read = output if readout == "logistic" else output.argmax(axis=1)
    assert (read == after[700:]).mean() == scores["accuracy"]


def test_a_classifier_gives_labels_and_their_probabilities():
    u = symbols(600)
    words = np.array(["ab", "cd", "ef", "gh"])[u.argmax(axis=1)]
    reservoir = Reservoir(readout="logistic", **KWARGS).fit(u, words)
    assert list(reservoir.classes_) == ["ab", "cd", "ef", "gh"]
    assert reservoir.score(u, words) > 0.8
    shares = reservoir.predict_proba(u[:20])
    assert shares.shape == (20, 4) and np.allclose(shares.sum(axis=1), 1)
    assert np.array_equal(reservoir.classes_[shares.argmax(axis=1)], reservoir.predict(u[:20]))
    sklearn = pytest.importorskip("sklearn.linear_model")
    reservoir.reset()
    peer = sklearn.LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(reservoir.features(u), words)
    theirs = peer.predict_proba(reservoir.reset().features(u[:20]))
    assert np.allclose(theirs, shares, atol=1e-4)
    assert Reservoir(readout="logistic", **KWARGS).fit(u, np.zeros(600, int)).predict(u[:3]).tolist() == [
        0,
        0,
        0,
    ]


def test_organising_is_kept_and_pickled():
    u = symbols(300)
    reservoir = Reservoir(encoder="raw", **KWARGS).organise(u)
    assert reservoir.network.frozen and reservoir.network.steps == 300
    assert not np.array_equal(reservoir.network.te, Reservoir(**KWARGS).network.te)
    reservoir.fit(u, u)
    other = pickle.loads(pickle.dumps(reservoir))
    assert np.array_equal(other.run(u), reservoir.run(u))
    assert reservoir.reset().network.steps == 300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(features=["x"]),
            "features: expected names of activity, pseudo, drive, traces, input, bias, found 'x'",
        ),
        (dict(features=["bias", "bias"]), "features: expected each name once, found 'bias' twice"),
        (dict(features=[]), "features: expected at least one name, found none"),
        (dict(features=["traces"]), "traces: expected decays in"),
        (dict(features=["bias"], traces=[0.5]), "traces: expected decays in"),
        (dict(encoder="squeeze"), "encoder: "),
        (dict(encoder={"kind": "raw", "gane": 1}), "encoder: "),
        (dict(encoder={"kind": {1, 2}}), "encoder: expected a table of numbers and text"),
        (dict(c=0), "c: expected a number above 0, found 0"),
        (
            dict(readout="lasso"),
            "readout: expected 'ridge', 'rls', 'least_squares' or 'logistic', found 'lasso'",
        ),
    ],
)
def test_wrong_readouts_are_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Reservoir(**(KWARGS | arguments))


def test_wrong_labels_and_encodings_are_named():
    u = symbols(50)
    classifier = Reservoir(readout="logistic", **KWARGS)
    with pytest.raises(ValueError, match=r"targets: expected labels of shape \(50,\), found \(50, 4\)"):
        classifier.fit(u, u)
    with pytest.raises(
        ValueError, match="targets: expected integers, booleans or text, found labels of dtype float64"
    ):
        classifier.fit(u, u[:, 0])
    with pytest.raises(ValueError, match="readout: expected 'logistic' for probabilities, found 'ridge'"):
        Reservoir(**KWARGS).fit(u, u).predict_proba(u)
    with pytest.raises(ValueError, match="encoder.kind: expected"):
        Reservoir(encoder="pools", **KWARGS).fit(u, u)
    with pytest.raises(ValueError, match="encoder: expected an encoder for the network"):
        Reservoir(encoder="raw", **KWARGS).fit(u[:, :3], u)


def test_no_steps_give_nothing():
    u = symbols(50)
    reservoir = Reservoir(**KWARGS).fit(u, u)
    assert reservoir.predict(u[:0]).shape == (0, 4)
    assert reservoir.organise(u[:0]).network.steps == 50
    reservoir.partial_fit(u[:0], u[:0])
    with pytest.raises(ValueError, match="expected at least 2 steps"):
        reservoir.score(u[:0], u[:0])


def test_an_encoder_keeps_to_the_numbers_that_it_was_made_for():
    x = np.random.default_rng(0).normal(size=(80, 2))
    kwargs = dict(seed=1, ne=60, input="direct", encoder="random_projection")
    reservoir = Reservoir(**kwargs).fit(x, x)
    assert reservoir.n_features_in_ == 2
    for wrong in (x[:, :1], np.column_stack([x, x])):
        with pytest.raises(ValueError, match=r"inputs: expected shape \(steps, 2\), as before"):
            reservoir.predict(wrong)
    with pytest.raises(ValueError, match="inputs: expected finite numbers, found NaN or infinity"):
        reservoir.predict(x * np.inf)
    with pytest.warns(RuntimeWarning, match="inputs: expected standardised numbers"):
        Reservoir(**kwargs).fit(x * 1000, x)
    assert not hasattr(reservoir.set_params(alpha=1.0), "n_features_in_")


def test_labels_of_pandas_are_labels():
    u = symbols(120)
    words = np.array(["ab", "cd", "ef", "gh"], dtype=object)[u.argmax(axis=1)]
    reservoir = Reservoir(readout="logistic", **KWARGS).fit(u, words)
    assert reservoir.classes_.tolist() == ["ab", "cd", "ef", "gh"]
    with pytest.raises(ValueError, match="targets: expected labels as before, of dtype <U2"):
        reservoir.partial_fit(u, u.argmax(axis=1))
    mixed = words.copy()
    mixed[0] = 1
    with pytest.raises(ValueError, match="integers, booleans or text, found labels of dtype object"):
        Reservoir(readout="logistic", **KWARGS).fit(u, mixed)


def test_targets_of_one_axis_give_predictions_of_one_axis():
    u = symbols(100)
    reservoir = Reservoir(**KWARGS).fit(u, u[:, 0])
    assert reservoir.predict(u).shape == (100,) and reservoir.run(u).shape == (100, 1)
    assert Reservoir(**KWARGS).fit(u, u[:, :1]).predict(u).shape == (100, 1)


def test_several_series_organise_and_have_probabilities():
    parts = [symbols(40), symbols(30, seed=1)]
    one, other = Reservoir(**KWARGS).organise(parts), Reservoir(**KWARGS)
    other.organise(parts[0]).organise(parts[1])
    assert np.array_equal(one.network.te, other.network.te)
    reservoir = Reservoir(readout="logistic", **KWARGS).fit(parts, [part.argmax(axis=1) for part in parts])
    assert [shares.shape for shares in reservoir.predict_proba(parts)] == [(40, 4), (30, 4)]
