"""Times CartPole-v1 with random actions in Gymnasium and here, in turns, in one run.

    cargo build --release -p sorn-envs --example cartpole_speed
    python tests/peers/bench_env.py target/release/examples/cartpole_speed

One environment made by `make`: with `env.step(env.action_space.sample())`, and with actions drawn before the clock starts.
Gymnasium's own vector class with 64 and 1,024 environments. Prints steps per second, each the best of many short rounds, which
are the ones that no other program disturbed, and ratios: the median over the turns. One JSON object.
"""

import argparse
import json
import statistics
import subprocess
import time

import gymnasium as gym
import numpy as np


def best(steps, rounds, play):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        play()
        times.append(time.perf_counter() - start)
    return steps / min(times)


def single(steps=300, rounds=200):
    """Random actions drawn in the loop, as Gymnasium's own examples do."""
    env = gym.make("CartPole-v1")
    env.reset(seed=0)
    env.action_space.seed(0)

    def play():
        for _ in range(steps):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                env.reset()

    return best(steps, rounds, play)


def single_drawn(steps=300, rounds=200):
    """Random actions drawn before the clock starts."""
    env = gym.make("CartPole-v1")
    actions = [int(a) for a in np.random.default_rng(0).integers(0, 2, steps)]
    env.reset(seed=0)

    def play():
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    return best(steps, rounds, play)


def vector(n, rounds=200):
    envs = gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")
    steps = max(1, 8192 // n)
    actions = np.random.default_rng(0).integers(0, 2, (steps, n))
    envs.reset(seed=0)

    def play():
        for row in actions:
            envs.step(row)

    return best(n * steps, rounds, play)


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

    def median(values):
        return statistics.median(values)

    report = {
        name: {
            "gymnasium": round(median(a[name] for a, _ in turns)),
            "sorn": round(median(b[name] for _, b in turns)),
            "ratio": round(median(b[name] / a[name] for a, b in turns), 1),
            "ratios": [round(b[name] / a[name], 1) for a, b in turns],
        }
        for name in turns[0][0]
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
