"""Encoders, learners and plasticity rules in Python: in agents, files and the command."""

import inspect
import os
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest

from sorn_rs import Agent
from sorn_rs.parts import Encoder, Learner, Rule

gymnasium = pytest.importorskip("gymnasium")


class Repeat(Encoder):
    """The observation over and over, minus its mean."""

    def __init__(self, observations, inputs, seed, gain=1.0):
        self.inputs, self.gain = inputs, gain
        self.mean, self.count = np.zeros(int(np.prod(observations.shape))), 0

    def encode(self, observation, learns):
        if learns:
            self.count += 1
            self.mean += (observation - self.mean) / self.count
        return self.gain * np.resize(observation - self.mean, self.inputs)


class QLearning(Learner):
    """Q-learning of one step."""

    def __init__(self, features, actions, seed, step, epsilon=0.1):
        self.step, self.epsilon = step, epsilon
        self.weights = np.zeros((int(actions.n), features))
        self.rng = np.random.default_rng(seed)
        self.last = None

    def act(self, features, greedy):
        action = int(np.argmax(self.weights @ features))
        if not greedy:
            if self.rng.random() < self.epsilon:
                action = int(self.rng.integers(len(self.weights)))
            self.last = [action, features]
        return action

    def learn(self, reward, terminated, truncated, features):
        action, before = self.last
        after = 0.0 if terminated else 0.95 * np.max(self.weights @ features)
        error = reward + after - self.weights[action] @ before
        self.weights[action] += self.step * error / max(1.0, before @ before) * before


class Decay(Rule):
    """Every weight decays, the more the longer the rule runs."""

    def __init__(self, ne, ni, seed, rate=1e-4):
        self.rate, self.runs = rate, 0

    def __call__(self, step):
        self.runs += 1
        step.ee_weights *= 1 - self.rate * (self.runs % 3)


class Line(gymnasium.Env):
    """A robot that is to stay on a line, which drifts away under it."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}
    observation_space = gymnasium.spaces.Box(-0.2, 0.2, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, drift=0.01, render_mode=None):
        self.drift, self.render_mode = drift, render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.offset = self.np_random.uniform(-0.05, 0.05)
        return np.array([self.offset], np.float32), {}

    def step(self, action):
        pushed = self.offset + (0.02 if action else -0.02) + self.np_random.uniform(-self.drift, self.drift)
        self.offset = float(np.clip(pushed, -0.2, 0.2))
        return np.array([self.offset], np.float32), 1.0, abs(self.offset) > 0.15, False, {}

    def render(self):
        picture = np.full((20, 200, 3), 255, np.uint8)
        picture[:, int((self.offset + 0.2) * 499)] = 0
        return picture


CONFIG = {
    "encoder": {"kind": Repeat, "gain": 2.0},
    "reservoir": {
        "params": {"ne": 50, "lambda_ee": 5, "lambda_ei": 10},
        "rules": [{"kind": Decay, "rate": 1e-3, "before": "ss"}],
    },
    "learner": {"kind": QLearning, "step": 0.2},
}


def env():
    return gymnasium.make("CartPole-v1")


def bits(agent, path):
    agent.save(path)
    return path.read_bytes()


def test_an_agent_learns_with_them_and_goes_on_to_the_bit(tmp_path):
    whole = Agent(env(), CONFIG, seed=1).learn(600).learn(400)
    half = Agent(env(), CONFIG, seed=1).learn(600)
    half.save(tmp_path / "half.safetensors")
    for again in [Agent.load(tmp_path / "half.safetensors", env()), pickle.loads(pickle.dumps(half)), half]:
        again.learn(400)
        assert again.episode_returns == whole.episode_returns
        assert bits(again, tmp_path / "a") == bits(whole, tmp_path / "b")
    assert whole.config["learner"] == {"kind": f"{__name__}:QLearning", "step": 0.2}


def test_a_frozen_copy_learns_nothing(tmp_path):
    agent = Agent(env(), CONFIG, seed=1).learn(200)
    before = bits(agent, tmp_path / "a")
    for _ in range(20):
        agent.predict(np.array([0.1, 0.2, 0.0, -0.1], np.float32))
    assert bits(agent, tmp_path / "a") == before


class Broken(QLearning):
    """Fails in one way or another."""

    def __init__(self, features, actions, seed, step=0.1, what="act"):
        super().__init__(features, actions, seed, step)
        self.what = what
        if what == "state":
            self.thing = object()

    def act(self, features, greedy):
        if self.what == "act":
            return 1 // 0
        return 7 if self.what == "outside" else super().act(features, greedy)

    def learn(self, reward, terminated, truncated, features):
        if self.what == "learn":
            raise RuntimeError("lost the thread")


@pytest.mark.parametrize(
    ("learner", "expected"),
    [
        (
            {"kind": Broken},
            "learner: ZeroDivisionError: integer division or modulo by zero .*test_parts.py, line",
        ),
        ({"kind": Broken, "what": "outside"}, "learner: .*Discrete"),
        ({"kind": Broken, "what": "learn"}, "learner: RuntimeError: lost the thread"),
        ({"kind": Broken, "what": "state"}, "learner.thing: expected numbers, text, .*, found a object"),
        (
            {"kind": Broken, "wath": 1},
            r"learner.wath: unknown argument of Broken \(expected one of step, what\)",
        ),
        ({"kind": QLearning}, "learner.step: missing"),
        (
            {"kind": f"{__name__}:Nothing"},
            "learner.kind: expected a class derived from sorn_rs.parts.Learner, found nothing as ",
        ),
        ({"kind": "subprocess:Popen"}, "derived from sorn_rs.parts.Learner"),
        ({"kind": "no_such_module_here:A"}, "whose module cannot be imported"),
        ({"kind": Repeat}, "derived from sorn_rs.parts.Learner"),
    ],
)
def test_what_is_wrong_is_told(learner, expected):
    with pytest.raises((ValueError, RuntimeError), match=expected):
        Agent(env(), CONFIG | {"learner": learner}).learn(50)


def test_rules_that_fail_end_the_step():
    class Failing(Rule):
        """Fails in its third step."""

        def __init__(self, ne, ni, seed):
            self.runs = 0

        def __call__(self, step):
            self.runs += 1
            if self.runs == 3:
                raise RuntimeError("enough")

    config = CONFIG | {"reservoir": {"rules": [{"kind": Failing}]}}
    with pytest.raises((ValueError, RuntimeError), match="reservoir.rules: Failing: RuntimeError: enough"):
        Agent(env(), config).learn(50)


FILE = """
name = "own"
[env]
id = "parts_of_mine:Line-v0"
kwargs = { drift = 0.02 }
[agent.encoder]
kind = "parts_of_mine:Repeat"
gain = 2.0
[agent.reservoir]
rules = [{ kind = "parts_of_mine:Decay", rate = 1e-3 }]
[agent.reservoir.params]
ne = 50
lambda_ee = 5
lambda_ei = 10
[agent.learner]
kind = "parts_of_mine:QLearning"
step = 0.2
[run]
episodes = 60
checkpoint_every = 5
[eval]
episodes = 5
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    classes = "\n\n".join(inspect.getsource(part) for part in (Line, Repeat, QLearning, Decay))
    imports = "import gymnasium\nimport numpy as np\nfrom sorn_rs.parts import Encoder, Learner, Rule\n\n\n"
    register = '\ngymnasium.register("Line-v0", Line, max_episode_steps=100)\n'
    (tmp_path / "parts_of_mine.py").write_text(imports + classes + register)
    (tmp_path / "own.toml").write_text(FILE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sorn(*arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "sorn_rs", *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_command_runs_resumes_evaluates_and_checks_them(place):
    assert sorn("check", "own.toml").count("keeps the contract") == 4
    sorn("run", "own.toml", "--quiet", "--out", "whole")
    running = subprocess.Popen([sys.executable, "-m", "sorn_rs", "run", "own.toml", "--quiet"])
    checkpoint = place / "runs/own/seed-0/checkpoints"
    deadline = time.monotonic() + 60
    while not list(checkpoint.glob("episode-*")) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    running.kill()
    assert running.wait() != 0, "it ended before it was killed"
    sorn("resume", "runs/own/seed-0", "--quiet")
    last = "own/seed-0/checkpoints/episode-000060.safetensors"
    assert (place / "runs" / last).read_bytes() == (place / "whole" / last).read_bytes()
    sorn("export", "runs/own/seed-0", "--out", "agent.safetensors")
    direct = sorn("eval", "runs/own/seed-0", "--json", "--episodes", "5")
    assert sorn("eval", "agent.safetensors", "--json", "--episodes", "5") == direct
    sorn("eval", "runs/own/seed-0", "--episodes", "1", "--gif", "film.gif")
    assert (place / "film.gif").read_bytes().startswith(b"GIF89a")
    still = ["--set", "name=still", "--set", "agent.reservoir.kind=static"]
    sorn("run", "own.toml", "--quiet", "--seeds", "0..2", *still)
    sorn("run", "own.toml", "--quiet", "--seeds", "0..2", "--set", "name=moving")
    assert "still" in sorn("compare", "runs/moving", "runs/still")
    sorn("report", "runs/moving", "runs/still", "--out", "report.html")
    page = (place / "report.html").read_text()
    assert "parts_of_mine:QLearning" in page and "parts_of_mine:Line-v0" in page
    assert "parts_of_mine.Line" in sorn("envs", "parts_of_mine:Line-v0")
    told = sorn("run", "own.toml", "--set", "env.kwargs.drfit=1", "--out", "x", code=2)
    assert "drfit" in told
    told = sorn("run", "own.toml", "--set", "env.id=parts_of_mine:Lime-v0", "--out", "x", code=2)
    assert "Lime-v0" in told
    told = sorn("run", "own.toml", "--set", "agent.learner.stpe=1", "--out", "x", code=2)
    assert "agent.learner.stpe: unknown argument of QLearning (expected one of step, epsilon)" in told
