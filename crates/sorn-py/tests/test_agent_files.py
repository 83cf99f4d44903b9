"""Agents go from the command to Python and back, to the bit."""

import json
import random
import subprocess
import sys

import gymnasium
import pytest

from sorn_rs import Agent

FILE = """
name = "cart"
[env]
id = "CartPole-v1"
[agent.reservoir.params]
ne = 60
[run]
episodes = 60
checkpoint_every = 30
"""


# The files that Python saves name no environment.
CART = ("--env", "CartPole-v1")


def sorn(*arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "sorn_rs", *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def evaluated(path, *options):
    return json.loads(sorn("eval", str(path), "--json", "--episodes", "5", *options))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cart.toml").write_text(FILE)
    sorn("run", "cart.toml", "--quiet")
    sorn("export", "runs/cart/seed-0", "--out", "agent.safetensors")
    return tmp_path / "runs/cart/seed-0"


def test_a_run_its_checkpoint_and_its_export_are_one_agent(run, tmp_path):
    checkpoint = run / "checkpoints/episode-000060.safetensors"
    before = evaluated(run)
    assert before == evaluated(checkpoint) == evaluated("agent.safetensors")
    bits = set()
    for number, path in enumerate([run, checkpoint, "agent.safetensors"]):
        agent = Agent.load(path, gymnasium.make("CartPole-v1"))
        agent.save(first := tmp_path / f"first-{number}.safetensors")
        assert evaluated(first, *CART) == before
        # It goes on, through a file in between, as if there were none.
        through = Agent.load(first, gymnasium.make("CartPole-v1"))
        agent.learn(2000).save(tmp_path / "on.safetensors")
        through.learn(2000).save(tmp_path / "through.safetensors")
        on = (tmp_path / "on.safetensors").read_bytes()
        assert on == (tmp_path / "through.safetensors").read_bytes()
        bits.add(on)
    assert len(bits) == 1
    Agent.load("on.safetensors").save("again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == on
    names = ("on.safetensors", "through.safetensors", "again.safetensors")
    scores = [evaluated(name, *CART) for name in names]
    assert scores[0] == scores[1] == scores[2] != before


def test_damaged_checkpoints_are_named(run, tmp_path):
    whole = (run / "checkpoints/episode-000060.safetensors").read_bytes()
    rng = random.Random(3)
    for case in range(200):
        at = rng.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :]
        (tmp_path / "damaged.safetensors").write_bytes(whole[:at] if case % 2 else flipped)
        with pytest.raises(ValueError, match=r"damaged\.safetensors"):
            Agent.load(tmp_path / "damaged.safetensors")


def test_a_run_without_a_checkpoint_is_told(run):
    for path in (run / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="checkpoint"):
        Agent.load(run)
