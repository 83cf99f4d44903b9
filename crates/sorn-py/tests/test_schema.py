"""The schema of experiment files accepts and refuses what the program accepts and refuses: keys, types and names."""

import copy
import json
import random
from pathlib import Path

import pytest

from sorn_rs._native import run_cli

jsonschema = pytest.importorskip("jsonschema")
tomllib = pytest.importorskip("tomllib")

EXPERIMENTS = Path(__file__).parents[3] / "experiments"
VALUES = [1, -1, 0.5, True, "x", "sorn", "direct", [], [1], ["stdp"], {}, {"kind": "x"}, {"fraction": 0.1}]


@pytest.fixture(scope="module")
def validator():
    path = Path(__file__).parents[2] / "sorn-cli" / "src" / "experiment.schema.json"
    return jsonschema.Draft7Validator(json.loads(path.read_text()))


def keys(table, before=()):
    for key, value in table.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from keys(value, (*before, key))


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value)


@pytest.mark.parametrize("seed", range(8))
def test_the_schema_and_the_program_agree(validator, seed):
    """A key of a file of an agent takes another value, or a key that is none is added."""
    rng = random.Random(seed)
    files = [
        path for path in sorted(EXPERIMENTS.glob("*.toml")) if "task" not in tomllib.loads(path.read_text())
    ]
    accepted = refused = 0
    for _ in range(40):
        path = rng.choice(files)
        table = tomllib.loads(path.read_text())
        changed = copy.deepcopy(table)
        key = rng.choice([key for key in keys(table) if key[:2] != ("env", "kwargs") and key[0] != "record"])
        if rng.random() < 0.3 and len(key) > 1:
            key = (*key[:-1], "nonesuch")
        value = rng.choice(VALUES)
        place = changed
        for part in key[:-1]:
            place = place[part]
        place[key[-1]] = value
        # `envs` reads the file and makes the environment, but no agent: what it refuses is the file.
        said = run_cli(["sorn", "envs", str(path), "--set", f"{'.'.join(key)}={toml(value)}"]) == 0
        if key == ("env", "id"):
            continue
        assert validator.is_valid(changed) == said, (path.name, key, value)
        accepted += said
        refused += not said
    assert accepted and refused


def test_every_experiment_is_valid(validator):
    for path in EXPERIMENTS.glob("*.toml"):
        validator.validate(tomllib.loads(path.read_text()))
