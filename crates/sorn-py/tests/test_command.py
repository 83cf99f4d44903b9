"""The command that comes with the wheel, in this interpreter."""

import json
import platform
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest


def sorn(*args, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "sorn_rs", *args], capture_output=True, text=True, timeout=300, **kwargs
    )


def test_help_and_environments():
    assert "Usage: sorn" in sorn("--help").stdout
    assert "CartPole-v1" in sorn("envs").stdout


def test_doctor_tells_of_this_interpreter():
    told = dict(re.split(r"  +", line, maxsplit=1) for line in sorn("doctor").stdout.splitlines())
    assert told["python"] == platform.python_version() and told["prefix"] == sys.prefix
    assert told["numpy"] == np.__version__ and "gymnasium" in told


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


LOUD = """
import gymnasium
from gymnasium.envs.classic_control import CartPoleEnv


class Loud(CartPoleEnv):
    def step(self, action):
        print("a word to the standard output")
        return super().step(action)


gymnasium.register("Loud-v0", Loud, max_episode_steps=20)
"""


def test_what_an_environment_prints_is_no_result(tmp_path):
    pytest.importorskip("gymnasium")
    (tmp_path / "loud.py").write_text(LOUD)
    (tmp_path / "short.toml").write_text(EXPERIMENT.replace("ENV", "loud:Loud-v0"))
    done = sorn("run", "short.toml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["episodes"] == 3
    assert "a word to the standard output" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("env", ["CartPole-v1", "gymnasium:CartPole-v1"])
def test_an_interrupt_saves(env, tmp_path):
    if ":" in env:
        pytest.importorskip("gymnasium")
    endless = EXPERIMENT.replace("ENV", env).replace("episodes = 3", "episodes = 100000")
    (tmp_path / "short.toml").write_text(endless)
    run = tmp_path / "runs" / "short" / "seed-0"
    metrics = run / "metrics.jsonl"
    before = 0
    # Once begun, once gone on with.
    for arguments in (["run", "short.toml"], ["resume", str(run)]):
        command = [sys.executable, "-m", "sorn_rs", *arguments]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Until an episode more is written down, or it has ended for another reason.
        while process.poll() is None and (metrics.stat().st_size if metrics.exists() else 0) <= before:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 130, said
        assert b"Traceback" not in said
        assert list((run / "checkpoints").iterdir())
        episodes = [json.loads(line)["episode"] for line in metrics.read_text().splitlines()]
        assert episodes == list(range(len(episodes)))
        assert metrics.stat().st_size > before
        before = metrics.stat().st_size
