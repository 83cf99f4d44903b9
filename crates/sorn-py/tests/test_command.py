"""The command that comes with the wheel, in this interpreter."""

import json
import subprocess
import sys

import pytest


def sorn(*args, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "sorn_rs", *args], capture_output=True, text=True, timeout=300, **kwargs
    )


def test_help_and_environments():
    assert "Usage: sorn" in sorn("--help").stdout
    assert "CartPole-v1" in sorn("envs").stdout


def test_usage_errors_exit_with_2(tmp_path):
    done = sorn("run", "no-such-file.toml", cwd=tmp_path)
    assert done.returncode == 2 and "no-such-file.toml" in done.stderr
    assert sorn("--no-such-flag").returncode == 2


EXPERIMENT = """
name = "short"
question = "Does it run?"
[env]
id = "ENV"
[agent.reservoir]
kind = "sorn"
[run]
episodes = 3
"""


@pytest.mark.parametrize("env", ["CartPole-v1", "gymnasium:CartPole-v1"])
def test_run(env, tmp_path):
    if ":" in env:
        pytest.importorskip("gymnasium")
    (tmp_path / "short.toml").write_text(EXPERIMENT.replace("ENV", env))
    done = sorn("run", "short.toml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "runs" / "short" / "seed-0" / "summary.json").read_text())
    assert summary["episodes"] == 3 and summary["env"] == env
