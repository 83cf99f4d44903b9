"""`Experiment`: files of the command from Python."""

import numpy as np
import pytest

try:
    import tomllib
except ImportError:  # Python 3.10
    tomllib = pytest.importorskip("tomli")

from sorn_rs import Experiment

pytest.importorskip("pandas")

COUNTING = """
name = "counting"
report = ["accuracy"]
task = { kind = "sequence", n = 3, source = { kind = "words", words = ["A B*n C", "D E*n F"] }, phases = [
  { name = "organise", steps = 200 },
  { name = "fit", role = "fit", steps = 200, freeze = "all" },
  { name = "score", role = "score", steps = 100, freeze = "all" },
] }
network = { preset = "counting", ne = 80 }
"""
POLES = """
name = "poles"
[env]
id = "CartPole-v1"
[run]
episodes = 3
[eval]
episodes = 2
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counting.toml").write_text(COUNTING)
    (tmp_path / "poles.toml").write_text(POLES)
    return tmp_path


def test_a_task_gives_a_table(place):
    experiment = Experiment("counting.toml", task__n=2).run(range(3), controls=["static"], progress=False)
    table = experiment.table()
    assert table[["arm", "seed"]].values.tolist() == [
        ["experiment", 0],
        ["experiment", 1],
        ["experiment", 2],
        ["static", 0],
        ["static", 1],
        ["static", 2],
    ]
    assert table["scores.accuracy"].between(0, 1).all() and table["scores.ceiling"][0] == 1 - 0.5 / 4
    assert "scores.accuracy" in experiment._repr_html_()
    # More seeds are added, what is there is not run again.
    more = experiment.run(range(4), controls=["static"]).table()
    assert len(more) == 8
    assert more[more.seed < 3].reset_index(drop=True).equals(table)


def test_an_agent_gives_a_table(place):
    table = (
        Experiment(place / "poles.toml")
        .run([5, 6], controls=["static"], out=place / "out", threads=1)
        .table()
    )
    assert sorted(set(table.experiment)) == ["poles", "poles-static"]
    assert (
        table.seed.tolist() == [5, 6, 5, 6] and (table.episodes == 3).all() and table["eval.mean"].gt(0).all()
    )
    one = Experiment("poles.toml").run(progress=False)
    assert one.table().seed.tolist() == [0] and repr(one) == "Experiment('poles.toml', runs in runs/poles)"


def test_what_is_wrong_has_the_words_of_the_command(place):
    with pytest.raises(ValueError, match="`ne`: expected .*, found 0"):
        Experiment("counting.toml", network__ne=0).run(progress=False)
    with pytest.raises(ValueError, match="nowhere.toml"):
        Experiment("nowhere.toml").run()
    with pytest.raises(TypeError, match="file: expected a path, found int"):
        Experiment(3)
    with pytest.raises(ValueError, match="seeds: expected"):
        Experiment("counting.toml").run([-1])
    assert Experiment("counting.toml")._repr_html_() == "<p>Experiment counting.toml, not run yet</p>"


def test_the_controls_of_an_agent_are_arms(place):
    experiment = Experiment("poles.toml").run([0, 1], controls=["random", "static"], progress=False)
    table = experiment.table()
    assert table.groupby("arm").size().to_dict() == {"experiment": 2, "random": 2, "static": 2}
    assert set(table.experiment) == {"poles", "poles-random", "poles-static"}


def test_values_of_any_kind_are_overrides(place):
    phase = {"noise": "gaussian", "noise_sd": np.float64(0.25)}
    experiment = Experiment(
        "counting.toml",
        task__phases__score__set=phase,
        run__checkpoint_every=np.int64(100),
        network__h_ip=np.float32(0.125),
        report=["rate", "accuracy"],
    )
    experiment.run([0], progress=False)
    config = tomllib.loads(next((place / "runs").rglob("seed-0/config.toml")).read_text())
    assert config["task"]["phases"][2]["set"] == {"noise": "gaussian", "noise_sd": 0.25}
    assert config["run"]["checkpoint_every"] == 100 and config["network"]["h_ip"] == 0.125
    with pytest.raises(
        TypeError, match=r"^network\.ne: expected a value of TOML.*found 'object'|^network\.ne"
    ):
        Experiment("counting.toml", network__ne=object()).run([0])
