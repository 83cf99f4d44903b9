"""Times CartPole-v1 with random actions in Gymnasium and here, in turns, in one run.

    cargo build --release -p sorn-envs --example cartpole_speed
    python tests/peers/bench_env.py target/release/examples/cartpole_speed

One environment made by `make`: with `env.step(env.action_space.sample())`, and with actions drawn before the clock starts.
Gymnasium's own vector class with 64 and 1,024 environments. Prints steps per second, of the best and of the median of many
short rounds, and their ratios, each the median over the turns. The best rounds are those that no other program disturbed; on
an idle machine both tell the same. Gymnasium's single environment plays the same steps in every round, so that the best is not
merely one with few resets. One JSON object.
"""

import argparse
import json
import statistics
import subprocess
import time

import gymnasium as gym
import numpy as np


def rates(steps, rounds, begin, play):
    times = []
    for _ in range(rounds):
        begin()
        start = time.perf_counter()
        play()
        times.append(time.perf_counter() - start)
    return {"best": steps / min(times), "median": steps / statistics.median(times)}


def single(steps=500, rounds=200):
    """Random actions drawn in the loop, as Gymnasium's own examples do."""
    env = gym.make("CartPole-v1")

    def begin():
        env.reset(seed=0)
        env.action_space.seed(0)

    def play():
        for _ in range(steps):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                env.reset()

    return rates(steps, rounds, begin, play)


def single_drawn(steps=500, rounds=200):
    """Random actions drawn before the clock starts."""
    env = gym.make("CartPole-v1")
    actions = [int(a) for a in np.random.default_rng(0).integers(0, 2, steps)]

    def play():
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    return rates(steps, rounds, lambda: env.reset(seed=0), play)


def vector(n, rounds=200):
    envs = gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")
    steps = max(1, 8192 // n)
    actions = np.random.default_rng(0).integers(0, 2, (steps, n))

    def play():
        for row in actions:
            envs.step(row)

    envs.reset(seed=0)
    return rates(n * steps, rounds, lambda: None, play)


def theirs():
    return {
        "single": single(),
        "single_drawn": single_drawn(),
        "vector_64": vector(64),
        "vector_1024": vector(1024),
    }


def ours(program):
    return json.loads(subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", help="the built example cartpole_speed")
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    turns = [(theirs(), ours(args.program)) for _ in range(args.turns)]

    def summary(name, which):
        pairs = [(a[name][which], b[name][which]) for a, b in turns]
        return {
            "gymnasium": round(statistics.median(a for a, _ in pairs)),
            "sorn": round(statistics.median(b for _, b in pairs)),
            "ratio": round(statistics.median(b / a for a, b in pairs), 1),
            "ratios": [round(b / a, 1) for a, b in pairs],
        }

    report = {name: {which: summary(name, which) for which in ("best", "median")} for name in turns[0][0]}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
