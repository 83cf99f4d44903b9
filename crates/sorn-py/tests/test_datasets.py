"""Series and sequences: by their equations, seeded, and refused by the name of the argument."""

import json
import subprocess
import sys

import numpy as np
import pytest

from sorn_rs import Reservoir, datasets

SERIES = (
    datasets.narma,
    datasets.mackey_glass,
    datasets.lorenz,
    datasets.memory_capacity,
    datasets.parity,
)


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.__name__)
def test_a_series_depends_on_its_seed_alone(series):
    inputs, targets = series(300, seed=4)
    assert inputs.dtype == targets.dtype == np.float64 and inputs.shape[0] == targets.shape[0] == 300
    again = series(200, seed=4)
    assert np.array_equal(again[0], inputs[:200]) and np.array_equal(again[1], targets[:200])
    assert not np.array_equal(series(200, seed=5)[0], inputs[:200])
    assert series(0)[0].shape == (0, inputs.shape[1])


def test_narma_is_its_recurrence():
    u, y = (array[:, 0] for array in datasets.narma(400, order=5, a1=0.2, b=1.2, seed=9))
    for t in range(10, 400):
        expected = 0.2 * y[t - 1] + 0.05 * y[t - 1] * y[t - 5 : t][::-1].sum() + 1.2 * u[t - 4] * u[t] + 0.1
        assert y[t] == pytest.approx(expected, abs=1e-12)
    assert 0 <= u.min() and u.max() < 0.5 and y.max() < 1


def test_mackey_glass_is_what_scipy_integrates():
    x = datasets.mackey_glass(3000, step=0.1, seed=2)[0][:, 0]
    delayed = x[:-171]
    slope = 0.2 * delayed / (1 + delayed**10) - 0.1 * x[170:-1]
    assert np.abs((x[171:] - x[170:-1]) / 0.1 - slope).max() < 0.01
    inputs, targets = datasets.mackey_glass(500, ahead=84)
    assert np.array_equal(inputs[84:, 0], targets[:-84, 0])


def test_lorenz_is_what_scipy_integrates():
    integrate = pytest.importorskip("scipy.integrate")
    points = datasets.lorenz(40, seed=1)[0]

    def slope(_, p):
        return [10 * (p[1] - p[0]), p[0] * (28 - p[2]) - p[1], p[0] * p[1] - 8 / 3 * p[2]]

    found = integrate.solve_ivp(
        slope, (0, 0.03 * 39), points[0], t_eval=0.03 * np.arange(40), rtol=1e-10, atol=1e-10
    )
    assert np.abs(found.y.T - points).max() < 0.05


def test_what_is_to_be_remembered_is_what_was():
    inputs, targets = datasets.memory_capacity(100, [2, 7], seed=3)
    assert np.array_equal(targets[7:, 0], inputs[5:-2, 0]) and np.array_equal(targets[7:, 1], inputs[:-7, 0])
    bits, products = (array[:, 0] for array in datasets.parity(100, bits=2, delay=1, seed=3))
    assert set(bits) == {-1.0, 1.0} and np.array_equal(products[2:], bits[1:-1] * bits[:-2])


def test_files_are_read_by_columns(tmp_path):
    values = np.arange(12.0).reshape(6, 2)
    np.save(tmp_path / "a.npy", values)
    inputs, targets = datasets.table(6, tmp_path / "a.npy", [1], [0], ahead=2)
    assert np.array_equal(inputs[:, 0], values[:, 1]) and np.array_equal(
        targets[:, 0], np.roll(values[:, 0], -2)
    )
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    assert datasets.table(3, str(tmp_path / "a.csv"), [0, 1])[0].tolist() == [[1, 2], [3, 4], [1, 2]]
    (tmp_path / "text.txt").write_text("Ab  a\n")
    symbols, names = datasets.text(10, tmp_path / "text.txt")
    assert "".join(names[symbol] for symbol in symbols) == "ab a ab a "


def test_symbols_are_those_of_their_sources():
    symbols, names = datasets.words(400, ["A B*n C", "D E*n F"], 3, seed=1)
    assert symbols.dtype == np.int64 and names == ["A", "B", "C", "D", "E", "F"]
    text = "".join(names[symbol] for symbol in symbols)
    assert set(text[at : at + 5] for at in range(0, 400, 5)) == {"ABBBC", "DEEEF"}
    symbols, names = datasets.random_symbols(2000, 5, seed=2)
    assert len(names) == 5 and np.bincount(symbols).min() > 300
    symbols, _ = datasets.repeated_symbols(30, 4, 10, seed=2)
    assert np.array_equal(symbols[:10], symbols[10:20])
    symbols, names = datasets.grammar(2000, "fdt", held_out=8, seed=2)
    assert "drinks" in "".join(names[symbol] for symbol in symbols)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: datasets.narma(-1), ValueError, "steps"),
        (lambda: datasets.narma(1.5), TypeError, "steps"),
        (lambda: datasets.narma(10, order=0), ValueError, "order"),
        (lambda: datasets.narma(10, b=float("nan")), ValueError, "b: expected .*, found nan"),
        (lambda: datasets.narma(10, seed=-1), ValueError, "seed"),
        (lambda: datasets.narma(2**50), MemoryError, "steps"),
        (lambda: datasets.mackey_glass(10, tau=0.0), ValueError, "tau: expected"),
        (lambda: datasets.mackey_glass(10, step=1e-12), ValueError, "step: expected"),
        (lambda: datasets.lorenz(10, step=0.0), ValueError, "step: expected"),
        (lambda: datasets.lorenz(10, ahead=0), ValueError, "ahead"),
        (lambda: datasets.memory_capacity(10, []), ValueError, "delays: expected"),
        (lambda: datasets.memory_capacity(10, [3, 3]), ValueError, "delays: expected"),
        (lambda: datasets.parity(10, bits=0), ValueError, "bits"),
        (lambda: datasets.table(10, "gone.csv"), ValueError, "gone.csv"),
        (lambda: datasets.text(10, "gone.txt"), ValueError, "gone.txt"),
        (lambda: datasets.words(10, ["A B*n"]), ValueError, "n: expected"),
        (lambda: datasets.words(10, []), ValueError, "words"),
        (lambda: datasets.random_symbols(10, 1), ValueError, "symbols"),
        (lambda: datasets.grammar(10, "latin"), ValueError, "latin"),
    ],
)
def test_wrong_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_the_command_and_the_package_have_the_same_numbers(tmp_path):
    """A task that reads what the package wrote has the scores of the one that makes the series itself."""
    inputs, targets = datasets.narma(900, seed=5)
    np.save(tmp_path / "narma.npy", np.column_stack([inputs, targets]))
    source = {
        "made": 'kind = "narma"',
        "read": 'kind = "file"\nfile = "narma.npy"\ninputs = [0]\ntargets = [1]\nahead = 0',
    }
    scores = {}
    for name, lines in source.items():
        (tmp_path / f"{name}.toml").write_text(
            f'name = "{name}"\n[task]\nkind = "series"\nstandardize = false\n[task.source]\n{lines}\n'
            '[task.readout]\nkind = "ridge"\n[[task.phases]]\nname = "fit"\nrole = "fit"\nsteps = 500\n'
            '[[task.phases]]\nname = "score"\nrole = "score"\nsteps = 400\n'
            '[network]\nne = 60\ninput = "direct"\n'
        )
        command = [sys.executable, "-m", "sorn_rs", "run", f"{name}.toml", "--seed", "5", "--quiet"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        scores[name] = json.loads((tmp_path / f"runs/{name}/seed-5/summary.json").read_text())["scores"]
    assert scores["made"]["nrmse"] == scores["read"]["nrmse"]


def test_a_reservoir_learns_a_series():
    inputs, targets = datasets.parity(3000, bits=1, delay=1, seed=0)
    reservoir = Reservoir(seed=1, nu=1, ne=100, te_max=0.5, input={"pools": {"size": 30}})
    reservoir.fit(inputs[:2000], targets[:2000])
    right = np.sign(reservoir.run(inputs[2000:])) == targets[2000:]
    assert right.mean() > 0.7
