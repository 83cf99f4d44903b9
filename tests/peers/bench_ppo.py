"""Time the CartPole experiment beside stable-baselines3's tuned PPO, from start to solved, in turn.

    pip install stable-baselines3
    python tests/peers/bench_ppo.py target/release/sorn experiments/cartpole.toml --seeds 3

Both count as solved where the mean return of 100 consecutive training episodes reaches 475. PPO has the parameters of the
rl-baselines3-zoo for CartPole-v1 (8 environments, 32 steps, 20 epochs, linear schedules over 100,000 steps) and the one
thread per process that is fastest for so small a network. Start-up of the interpreter and imports are not counted; of ours,
the time of training in `summary.json` and that of the whole process are both shown.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections import deque
from pathlib import Path

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

THRESHOLD = 475.0
WINDOW = 100


class StopWhenSolved(BaseCallback):
    """Stops training once the mean return of the last 100 episodes reaches the threshold."""

    def __init__(self):
        super().__init__()
        self.returns = deque(maxlen=WINDOW)
        self.episodes = 0
        self.solved = False

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if "episode" in info:
                self.returns.append(info["episode"]["r"])
                self.episodes += 1
                if len(self.returns) == WINDOW and statistics.fmean(self.returns) >= THRESHOLD:
                    self.solved = True
                    return False
        return True


def ppo(seed: int) -> dict:
    """Train tuned PPO with one seed; seconds, episodes, steps, and whether it solved the task."""
    envs = make_vec_env("CartPole-v1", n_envs=8, seed=seed)
    model = PPO(
        "MlpPolicy",
        envs,
        n_steps=32,
        batch_size=256,
        gae_lambda=0.8,
        gamma=0.98,
        n_epochs=20,
        ent_coef=0.0,
        learning_rate=lambda left: 0.001 * left,
        clip_range=lambda left: 0.2 * left,
        seed=seed,
        device="cpu",
    )
    watch = StopWhenSolved()
    start = time.perf_counter()
    model.learn(100_000, callback=watch)
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "episodes": watch.episodes,
        "steps": model.num_timesteps,
        "solved": watch.solved,
    }


def ours(binary: Path, experiment: Path, seed: int) -> dict:
    """Run the experiment with one seed; training and whole-process seconds, episodes, steps, and whether it solved the task."""
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        command = [binary, "run", experiment, "--seed", str(seed), "--out", out, "--json", "--quiet"]
        summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        whole = time.perf_counter() - start
    return {
        "seconds": summary["wall_secs"],
        "whole": whole,
        "episodes": summary["episodes"],
        "steps": summary["env_steps"],
        "solved": summary["solved"],
    }


def main() -> None:
    """Run both in turn and print a line per seed and the ratio of the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("binary", type=Path)
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pairs = []
    for seed in range(arguments.seeds):
        pair = (ppo(seed), ours(arguments.binary.resolve(), arguments.experiment, seed))
        pairs.append(pair)
        for name, run in zip(("ppo ", "sorn"), pair, strict=True):
            print(f"seed {seed} {name}", json.dumps(run), flush=True)
    medians = [statistics.median(pair[side]["seconds"] for pair in pairs) for side in (0, 1)]
    print(
        f"median seconds of training: PPO {medians[0]:.2f}, ours {medians[1]:.3f}, ratio {medians[0] / medians[1]:.1f}"
    )


if __name__ == "__main__":
    main()
