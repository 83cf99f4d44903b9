"""Sweeps on Ray: a cluster of two nodes on this machine, one of them killed in the middle; runs as trainables of Ray Tune."""

import csv
import io
import json
import os
import subprocess
import sys
import time

import pytest

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")

FILE = """
name = "many"
[env]
id = "CartPole-v1"
[agent.encoder]
kind = "random_projection"
[agent.reservoir.params]
ne = 200
[agent.plasticity]
mode = "first_steps"
steps = 200
[agent.learner]
kind = "actor_critic"
[run]
episodes = 150
checkpoint_every = 10
stop_when_solved = false
[eval]
episodes = 2
[sweep]
seeds = "0..3"
[sweep.grid]
agent.encoder.gain = [1.0, 2.0, 3.0, 4.0]
"""


def command(*args):
    return [sys.executable, "-m", "sorn_rs", *args]


def sorn(*args, cwd, env=None):
    return subprocess.run(
        command(*args), capture_output=True, text=True, timeout=600, cwd=cwd, env=os.environ | (env or {})
    )


def timeless(value):
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key not in ("wall_secs", "checksum")}
    return value


def runs(place):
    """The run directories of a sweep, wall times left out."""
    found = {}
    for path in sorted(place.rglob("*")):
        if not path.is_file() or "seed-" not in str(path) or path.name == ".lock":
            continue
        text = path.read_bytes()
        if path.suffix in (".json", ".jsonl"):
            text = [
                timeless(json.loads(line))
                for line in (text.splitlines() if path.suffix == ".jsonl" else [text])
            ]
        elif path.suffix == ".csv":
            text = [
                {key: value for key, value in row.items() if key != "wall_secs"}
                for row in csv.DictReader(io.StringIO(text.decode()))
            ]
        found[str(path.relative_to(place))] = text
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep by one process."""
    place = tmp_path_factory.mktemp("sweep")
    (place / "many.toml").write_text(FILE)
    done = sorn("sweep", "many.toml", "--out", "whole", "--jobs", "1", cwd=place)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray's workers are usually nicer than anything else on a busy machine.
    os.environ["RAY_worker_niceness"] = "0"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield cluster
    cluster.shutdown()


@pytest.mark.parametrize("bring_back", [False, True])
def test_a_node_is_lost_in_the_middle(whole, cluster, bring_back):
    out = "brought" if bring_back else "shared"
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    arguments = ["sweep", "many.toml", "--out", out, "--engine", "ray", "--hand-in", "2", "--json"]
    child = subprocess.Popen(
        command(*arguments, *(["--bring-back"] if bring_back else [])),
        cwd=whole,
        env=os.environ | {"RAY_ADDRESS": cluster.address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    place = whole / out / "many"
    deadline = time.monotonic() + 300
    while len(list(place.glob("*/seed-*/summary.json"))) < 2:
        assert child.poll() is None and time.monotonic() < deadline, child.communicate()
        time.sleep(0.05)
    cluster.remove_node(second, allow_graceful=False)
    assert len(list(place.glob("*/seed-*/summary.json"))) < 12, "the sweep ended too early"
    told, said = child.communicate(timeout=600)
    assert child.returncode == 0, said
    assert json.loads(told)["finished"] == 12
    assert not list(place.glob(".shared-*"))
    assert runs(place) == runs(whole / "whole/many")
    ranking = (place / "ranking.json").read_text()
    assert ranking == (whole / "whole/many/ranking.json").read_text()


def test_what_failed_and_what_is_wrong_is_told(whole, cluster):
    env = {"RAY_ADDRESS": cluster.address}
    # A file stands where a directory is to be.
    place = whole / "failing" / "many"
    place.mkdir(parents=True)
    (place / "gain=2.0").write_text("")
    small = ["--set", "run.episodes=3", "--engine", "ray", "--out", "failing"]
    done = sorn("sweep", "many.toml", *small, cwd=whole, env=env)
    assert done.returncode == 1, done.stderr
    assert "task 3 failed: failing/many/gain=2.0/seed-0: " in done.stderr
    assert "9 of 12 tasks done, 3 failed" in done.stderr
    (place / "gain=2.0").unlink()
    done = sorn("sweep", "many.toml", *small, "--bring-back", cwd=whole, env=env)
    assert done.returncode == 0, done.stderr
    done = sorn("sweep", "many.toml", "--hand-in", "3", cwd=whole)
    assert done.returncode == 2 and "--hand-in: expected --engine ray" in done.stderr
    done = sorn("sweep", "many.toml", "--engine", "ray", cwd=whole, env={"RAY_ADDRESS": "127.0.0.1:1"})
    assert done.returncode == 1 and "RAY_ADDRESS: expected a cluster of Ray" in done.stderr


def test_ctrl_c_saves_what_was_done(whole, cluster):
    import signal

    arguments = ["sweep", "many.toml", "--out", "stopped", "--engine", "ray", "--hand-in", "1"]
    child = subprocess.Popen(
        command(*arguments, "--set", "run.episodes=100000"),
        cwd=whole,
        env=os.environ | {"RAY_ADDRESS": cluster.address},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list((whole / "stopped").rglob("checkpoints/*.safetensors")):
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert "12 not finished, what was done is saved" in said


def test_runs_are_trainables(whole, cluster, tmp_path, monkeypatch):
    from ray import tune

    from sorn_rs.ray_tune import trainable

    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="unknown key"):
        trainable(whole / "many.toml", run__episods=3)
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        space = {"run.seed": tune.grid_search([0, 1]), "agent.encoder.gain": tune.grid_search([2.0])}
        tuner = tune.Tuner(
            trainable(whole / "many.toml", seconds=1),
            param_space=space,
            tune_config=tune.TuneConfig(metric="mean_return", mode="max"),
            run_config=tune.RunConfig(storage_path=str(tmp_path), verbose=0),
        )
        results = tuner.fit()
    finally:
        ray.shutdown()
    assert len(results) == 2 and not results.errors
    for result in results:
        summary = json.loads(
            (whole / f"whole/many/gain=2.0/seed-{result.config['run.seed']}/summary.json").read_text()
        )
        # The numbers are those of the same run elsewhere, however often it was saved and gone on with.
        assert result.metrics["area"] == summary["area"]
        assert result.metrics["eval/mean"] == summary["eval"]["mean"]
        assert result.metrics["training_iteration"] >= 1
        with result.checkpoint.as_directory() as kept:
            assert os.path.exists(os.path.join(kept, "summary.json"))
