"""Runs handed to MLflow and to Weights & Biases, and tables for pandas."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

import sorn_rs
from sorn_rs.tracking import track

pytestmark = pytest.mark.filterwarnings("ignore")

FILE = """
name = "poles"
[env]
id = "CartPole-v1"
[agent.encoder]
kind = "random_projection"
[agent.reservoir.params]
ne = 50
[agent.learner]
kind = "actor_critic"
[run]
episodes = 8
[eval]
episodes = 1
every = 4
[record]
diagnostics = true
"""
SWEEP = """
[sweep]
seeds = "0..2"
[sweep.grid]
agent.encoder.gain = [1.0, 2.0]
"""


def sorn(*args, cwd, env=None):
    arguments = [sys.executable, "-m", "sorn_rs", *args]
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=600, cwd=cwd, env=os.environ | (env or {})
    )


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "poles.toml").write_text(FILE)
    (tmp_path / "sweep.toml").write_text(FILE.replace('"poles"', '"swept"') + SWEEP)
    return tmp_path


def test_mlflow_has_parameters_metrics_and_files(place, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{place}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)
    # Begun, then finished: what was handed over before is not handed over again.
    assert sorn("run", "poles.toml", "--seeds", "3,4", cwd=place).returncode == 0
    run = place / "runs/poles/seed-3"
    summary, lines = (run / "summary.json").read_bytes(), (run / "metrics.jsonl").read_bytes()
    (run / "summary.json").unlink()
    (run / "metrics.jsonl").write_bytes(b"".join(lines.splitlines(True)[:5]) + b'{"episode":5,"env')
    [name] = track(run)
    client = mlflow.MlflowClient()
    assert client.get_run(name).info.status == "RUNNING"
    assert len(client.get_metric_history(name, "charts/episodic_return")) == 5
    (run / "metrics.jsonl").write_bytes(lines)
    (run / "summary.json").write_bytes(summary)
    done = sorn("track", "runs/poles", "--to", "mlflow", "--follow", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 runs handed to mlflow\n" and "seed-3: 3 new, finished" in done.stderr

    found = client.search_runs([client.get_experiment_by_name("poles").experiment_id])
    assert len(found) == 2 and {run.info.status for run in found} == {"FINISHED"}
    [one] = [run for run in found if run.info.run_id == name]
    assert one.info.run_name == "poles/seed-3" and one.data.params["agent.reservoir.params.ne"] == "50"
    told = [json.loads(line) for line in lines.splitlines()]
    history = client.get_metric_history(name, "charts/episodic_return")
    assert [(h.step, h.value) for h in history] == [(line["env_steps"], line["return"]) for line in told]
    assert one.data.metrics["summary/eval.mean"] == json.loads(summary)["eval"]["mean"]
    assert len(client.get_metric_history(name, "eval/mean_reward")) == 2
    assert "train/entropy" in one.data.metrics
    files = {file.path for file in client.list_artifacts(name)}
    assert {"config.toml", "summary.json", "checkpoints", "figures"} <= files
    # Nothing is new now.
    assert track("runs/poles") == sorted(run.info.run_id for run in found)
    assert len(client.get_metric_history(name, "charts/episodic_return")) == 8

    # A whole sweep, each run with its values.
    assert sorn("sweep", "sweep.toml", cwd=place).returncode == 0
    assert len(track("runs/swept", project="all")) == 4
    found = client.search_runs([client.get_experiment_by_name("all").experiment_id])
    assert {run.data.params["agent.encoder.gain"] for run in found} == {"1.0", "2.0"}


def records(file):
    """The records of a file of wandb's: LevelDB's log format after a head of 7 bytes."""
    at, parts = 7, b""
    while at + 7 <= len(file):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = int.from_bytes(file[at + 4 : at + 6], "little"), file[at + 6]
        parts += file[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield parts
            parts = b""


def test_weights_and_biases_has_the_same_offline(place, monkeypatch):
    wandb = pytest.importorskip("wandb")
    from wandb.proto import wandb_internal_pb2

    monkeypatch.setenv("WANDB_MODE", "offline")
    assert sorn("run", "poles.toml", "--seed", "3", cwd=place).returncode == 0
    [name] = track("runs/poles/seed-3", "wandb", project="poles")
    # Its service writes the file in its own time.
    wandb.teardown()
    [folder] = (place / "wandb").glob(f"offline-run-*-{name}")
    returns, steps, config, summary, artifacts = [], [], {}, {}, 0
    for data in records(next(folder.glob("*.wandb")).read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        for item in record.history.item:
            key = item.key or "/".join(item.nested_key)
            if key == "charts/episodic_return":
                returns.append(json.loads(item.value_json))
            elif key == "global_step" and len(steps) == len(returns):
                steps.append(json.loads(item.value_json))
        for item in record.run.config.update:
            config[item.key] = json.loads(item.value_json)
        for item in record.summary.update:
            summary[item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
        artifacts += record.request.HasField("log_artifact") or record.HasField("artifact")
    told = [json.loads(line) for line in (place / "runs/poles/seed-3/metrics.jsonl").read_text().splitlines()]
    assert returns == [line["return"] for line in told]
    assert config["agent.reservoir.params.ne"] == 50
    run = json.loads((place / "runs/poles/seed-3/summary.json").read_text())
    assert summary["summary/eval.mean"] == run["eval"]["mean"]
    assert artifacts
    # Once more is nothing new.
    track("runs/poles/seed-3", "wandb", project="poles")
    assert len(list((place / "wandb").glob("offline-run-*"))) == 1


def test_what_is_wrong_is_named(place):
    with pytest.raises(ValueError, match="to: expected one of mlflow, wandb, found 'comet'"):
        track("runs", "comet")
    done = sorn("track", "nowhere", "--to", "mlflow", cwd=place)
    # Where the tracker is missing it says what brings it.
    assert done.returncode == 2 and (
        "nowhere: expected a directory" in done.stderr or "[mlflow]" in done.stderr
    )
    (place / "empty").mkdir()
    done = sorn("track", "empty", "--to", "mlflow", cwd=place)
    assert done.returncode == 2 and ("expected run directories" in done.stderr or "[mlflow]" in done.stderr)
    assert sorn("track", "empty", "--to", "comet", cwd=place).returncode == 2


def test_the_table_of_a_sweep(place):
    pandas = pytest.importorskip("pandas")
    assert sorn("sweep", "sweep.toml", "--task", "0..3", cwd=place).returncode == 0
    table = sorn_rs.results("runs/swept")
    assert isinstance(table, pandas.DataFrame) and list(table["task"]) == [0, 1, 2]
    assert sorn("sweep", "sweep.toml", cwd=place).returncode == 0
    table = sorn_rs.results("runs/swept")
    assert list(table["agent.encoder.gain"]) == [1.0, 1.0, 2.0, 2.0] and list(table["seed"]) == [0, 1, 0, 1]
    for _, row in table.iterrows():
        summary = json.loads((place / "runs/swept" / row["name"] / "summary.json").read_text())
        assert row["eval.mean"] == summary["eval"]["mean"]
    if find_spec("pyarrow"):
        table.to_parquet("results.parquet")
        pandas.testing.assert_frame_equal(pandas.read_parquet("results.parquet"), table)
    with pytest.raises(ValueError, match="expected the directory of a sweep"):
        sorn_rs.results("runs")
