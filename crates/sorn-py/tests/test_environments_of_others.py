"""Packages of environments, and files as people write them, through the command. What is not installed is skipped by name."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("gymnasium")

BASE = """
name = "of-others"
[env]
id = "ENV"
[agent.encoder]
kind = "random_projection"
scale = 10.0
[agent.reservoir.params]
ne = 60
lambda_ei = 20
[run]
episodes = 3
stop_when_solved = false
[eval]
episodes = 1
"""


@pytest.fixture
def sorn(tmp_path):
    def run(*args, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "sorn_rs", *args],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
            env=os.environ | {"SDL_VIDEODRIVER": "dummy", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.returncode == code, (args, done.stdout[-2000:], done.stderr[-2000:])
        return done

    return run


def test_minigrid(sorn, tmp_path):
    pytest.importorskip("minigrid")
    id = "minigrid:MiniGrid-Empty-5x5-v0"
    for command in ("envs", "check"):
        done = sorn(command, id, code=2)
        assert 'leave it out by observe = ["direction", "image"], or by a wrapper' in done.stderr
    text = BASE.replace("ENV", id)
    file = tmp_path / "m.toml"
    file.write_text(text.replace("[agent.encoder]", 'observe = ["image", "direction"]\n[agent.encoder]'))
    assert (
        "Dict('direction': Discrete(4), 'image': Box(0, 255, (7, 7, 3), uint8))"
        in sorn("envs", "m.toml").stdout
    )
    sorn("run", "m.toml", "-q", "--out", "members")
    wrapper = 'wrappers = [{ kind = "minigrid.wrappers:ImgObsWrapper" }]'
    file.write_text(text.replace("[agent.encoder]", f"{wrapper}\n[agent.encoder]"))
    sorn("run", "m.toml", "-q")
    sorn("eval", "runs/of-others/seed-0", "--episodes", "1", "--gif", "film.gif")
    assert (tmp_path / "film.gif").stat().st_size > 1000


@pytest.mark.parametrize(
    "id",
    [
        "highway_env:highway-fast-v0",
        "flappy_bird_gymnasium:FlappyBird-v0",
        "gymnasium:FrozenLake-v1",
        "gymnasium:Blackjack-v1",
    ],
)
def test_packages_of_others_are_checked_trained_and_filmed(id, sorn, tmp_path):
    package = id.split(":")[0]
    pytest.importorskip(package)
    json.loads(sorn("envs", id, "--json").stdout)
    if package == "flappy_bird_gymnasium":
        # Its observations leave their space by a rounding.
        assert "found 1.0000000000000002" in sorn("check", id, code=1).stdout
    else:
        assert "keeps the contract" in sorn("check", id).stdout
    (tmp_path / "x.toml").write_text(BASE.replace("ENV", id))
    sorn("run", "x.toml", "-q")
    if package != "gymnasium":
        sorn("eval", "runs/of-others/seed-0", "--episodes", "1", "--gif", "film.gif")
        assert (tmp_path / "film.gif").exists()


def test_several_rewards_are_refused_at_the_check(sorn, tmp_path):
    pytest.importorskip("mo_gymnasium")
    id = "mo_gymnasium:deep-sea-treasure-v0"
    told = sorn("check", id, code=1).stdout
    assert "a number as reward (a wrapper makes one of several" in told
    assert "fails, so whether it keeps the contract is not known" in told
    wrapper = "mo_gymnasium.wrappers:LinearReward"
    text = BASE.replace("ENV", id).replace(
        "[agent.encoder]", f'wrappers = [{{ kind = "{wrapper}" }}]\n[agent.encoder]'
    )
    (tmp_path / "x.toml").write_text(text)
    sorn("run", "x.toml", "-q")


def test_a_range_without_end(sorn, tmp_path):
    pytest.importorskip("mujoco")
    (tmp_path / "h.toml").write_text(
        BASE.replace("ENV", "gymnasium:Hopper-v5").replace(
            "[agent.encoder]", "kwargs = { healthy_z_range = [0.7, inf] }\n[agent.encoder]"
        )
    )
    sorn("run", "h.toml", "-q")
    config = tmp_path / "runs/of-others/seed-0/config.toml"
    assert "[0.7, inf]" in config.read_text().replace("\n    ", "").replace(",\n", ",")
    sorn("run", str(config), "-q", "--out", "again")
    sorn("envs", "gymnasium:Hopper-v5", "--kwarg", "healthy_z_range=[0.7, inf]")
    wrong = sorn("envs", "gymnasium:Hopper-v5", "--kwarg", "healthy_z_range=[0.7, Infinity]", code=2)
    assert (
        "--kwarg healthy_z_range: expected a list or table of JSON or TOML (infinity is inf)" in wrong.stderr
    )


@pytest.mark.parametrize("written", ["plain", "byte-order mark", "carriage returns"])
def test_files_as_editors_write_them(written, sorn, tmp_path):
    text = BASE.replace("ENV", "CartPole-v1")
    data = {
        "plain": text.encode(),
        "byte-order mark": text.encode("utf-8-sig"),
        "carriage returns": text.replace("\n", "\r\n").encode(),
    }[written]
    (tmp_path / "x.toml").write_bytes(data)
    sorn("run", "x.toml", "-q")


@pytest.mark.parametrize(
    ("set", "told"),
    [
        ("name=2024-06-01", "name: expected a value other than a date or time, found 2024-06-01"),
        ("name=12", "name: expected a string, found integer `12`"),
        ("name=1e5", "name: expected a string, found floating point `100000.0`"),
        ("name=true", "name: expected a string, found boolean `true`"),
        ("env.kwargs.x={a=2020-01-01}", "env.kwargs.x.a: expected a value other than a date or time"),
        ("env.kwargs.g=inf", "kwargs: g: expected a finite number, found inf"),
        ("run.episodes=2.0", "run.episodes: expected a non-negative integer, found floating point `2.0`"),
    ],
)
def test_values_of_other_types_are_named(set, told, sorn, tmp_path):
    (tmp_path / "x.toml").write_text(BASE.replace("ENV", "Pendulum-v1"))
    assert told in sorn("run", "x.toml", "-q", "--set", set, code=2).stderr
