"""Train the default agent and stable-baselines3's PPO with its own defaults, on ten tasks with as many steps, and print a table.

    pip install stable-baselines3 'gymnasium[classic-control,box2d,mujoco,toy-text]' flappy-bird-gymnasium scipy
    python tests/peers/bench_ppo_defaults.py target/release/sorn --seeds 10 --results defaults.jsonl

The command has to be built with `--features gymnasium`. Neither side is told anything of a task but its id, its keyword arguments and
the number of environment steps. Both are judged by the mean return of 100 episodes of the greedy policy after training; `p` is that of a
two-sided Mann-Whitney test over seeds. Seconds are those of training: start-up, imports and evaluation are not counted. PPO has
the one thread per process that is fastest for so small a network, and one environment, its default. The two run in turn, seed by seed. What was done is kept in
`--results`, and is not done again.
"""

import argparse
import importlib
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import gymnasium
import torch
from scipy.stats import mannwhitneyu
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor

# Id for PPO, id for the command, keyword arguments, steps.
TASKS = {
    "CartPole-v1": ("CartPole-v1", "CartPole-v1", {}, 50_000),
    "Acrobot-v1": ("Acrobot-v1", "Acrobot-v1", {}, 100_000),
    "MountainCar-v0": ("MountainCar-v0", "MountainCar-v0", {}, 100_000),
    "MountainCarContinuous-v0": ("MountainCarContinuous-v0", "MountainCarContinuous-v0", {}, 50_000),
    "Pendulum-v1": ("Pendulum-v1", "Pendulum-v1", {}, 100_000),
    "InvertedPendulum-v5": ("InvertedPendulum-v5", "gymnasium:InvertedPendulum-v5", {}, 50_000),
    "FrozenLake-v1": ("FrozenLake-v1", "gymnasium:FrozenLake-v1", {"is_slippery": False}, 50_000),
    "FlappyBird-v0": (
        "flappy_bird_gymnasium:FlappyBird-v0",
        "flappy_bird_gymnasium:FlappyBird-v0",
        {"use_lidar": False},
        50_000,
    ),
    "LunarLander-v3": ("LunarLander-v3", "gymnasium:LunarLander-v3", {}, 100_000),
    "Swimmer-v5": ("Swimmer-v5", "gymnasium:Swimmer-v5", {}, 50_000),
}
EPISODES = 100


def ppo(name: str, seed: int) -> dict:
    """Train PPO with its defaults; its evaluation and the seconds of training."""
    id, _, kwargs, steps = TASKS[name]
    if ":" in id:
        importlib.import_module(id.split(":")[0])
    model = PPO("MlpPolicy", Monitor(gymnasium.make(id, **kwargs)), seed=seed, device="cpu")
    start = time.perf_counter()
    model.learn(steps)
    seconds = time.perf_counter() - start
    env = Monitor(gymnasium.make(id, **kwargs))
    env.reset(seed=10_000 + seed)
    mean, _ = evaluate_policy(model, env, EPISODES)
    return {"evaluation": float(mean), "seconds": seconds}


def sorn(binary: Path, name: str, seed: int) -> dict:
    """Train the default agent; its evaluation and the seconds of training."""
    _, id, kwargs, steps = TASKS[name]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "task.toml"
        lines = [f"env.kwargs.{key} = {json.dumps(value)}" for key, value in kwargs.items()]
        text = f'name = "task"\nenv.id = "{id}"\nrun.steps = {steps}\nrun.stop_when_solved = false\neval.episodes = {EPISODES}\n'
        file.write_text(text + "\n".join(lines))
        command = [binary, "run", file, "--seed", str(seed), "--out", folder, "--json", "--quiet"]
        summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"evaluation": summary["eval"]["mean"], "seconds": summary["wall_secs"]}


def table(results: dict, tasks: list[str]) -> str:
    """One row for each task, in Markdown."""
    rows = [
        "| Task | steps | default agent | PPO | p | seconds | PPO's seconds | ratio |",
        "|---|---:|---|---|---:|---:|---:|---:|",
    ]

    def spread(values: list[float]) -> str:
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        return f"{middle:.1f} ({low:.1f}, {high:.1f})"

    not_against = 0
    tasks = [task for task in tasks if sum((task, "ppo", seed) in results for seed in range(10_000)) > 1]
    for task in tasks:
        sides = {
            side: [run for (of, who, _), run in sorted(results.items()) if of == task and who == side]
            for side in ("sorn", "ppo")
        }
        here, there = ([run["evaluation"] for run in sides[side]] for side in ("sorn", "ppo"))
        p = mannwhitneyu(here, there).pvalue
        not_against += p >= 0.05 or statistics.median(here) > statistics.median(there)
        ours, theirs = (statistics.median(run["seconds"] for run in sides[side]) for side in ("sorn", "ppo"))
        rows.append(
            f"| `{task}` | {TASKS[task][3]:,} | {spread(here)} | {spread(there)} | {p:.2g} "
            f"| {ours:.1f} | {theirs:.1f} | {theirs / ours:.0f} |"
        )
    rows.append(f"\nThe rank test is not against the default agent in {not_against} of {len(tasks)} tasks.")
    return "\n".join(rows)


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("binary", type=Path)
    parser.add_argument("--seeds", type=int, default=10, help="seeds from 700 on")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--results", type=Path, default=Path("ppo_defaults.jsonl"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = {}
    if arguments.results.exists():
        for line in map(json.loads, arguments.results.read_text().splitlines()):
            results[line["task"], line["side"], line["seed"]] = line
    with arguments.results.open("a") as out:
        for seed in range(700, 700 + arguments.seeds):
            for task in arguments.tasks:
                for side in ("sorn", "ppo"):
                    if (task, side, seed) in results:
                        continue
                    done = ppo(task, seed) if side == "ppo" else sorn(arguments.binary.resolve(), task, seed)
                    line = {"task": task, "side": side, "seed": seed, **done}
                    results[task, side, seed] = line
                    out.write(json.dumps(line) + "\n")
                    out.flush()
                    print(json.dumps(line), flush=True)
    print(table(results, arguments.tasks))


if __name__ == "__main__":
    main()
