"""Times Gymnasium's CartPole-v1 with random actions, drawn before the clock starts: `make`, and its own vector class with 64 and
1,024 environments. Prints steps per second, the median of several rounds, one JSON object.

Run it beside `cargo bench -p sorn-envs`, on the same machine at the same time of day.
"""

import json
import statistics
import time

import gymnasium as gym
import numpy as np


def single(steps=20_000):
    env = gym.make("CartPole-v1")
    actions = [int(a) for a in np.random.default_rng(0).integers(0, 2, steps)]
    env.reset(seed=0)
    start = time.perf_counter()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return steps / (time.perf_counter() - start)


def batch(n, rounds=200):
    envs = gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")
    actions = np.random.default_rng(0).integers(0, 2, (rounds, n))
    envs.reset(seed=0)
    start = time.perf_counter()
    for row in actions:
        envs.step(row)
    return n * rounds / (time.perf_counter() - start)


def median(measure, repeats=7):
    measure()
    return round(statistics.median(measure() for _ in range(repeats)))


def main() -> None:
    rates = {
        "single": median(single),
        "vector_64": median(lambda: batch(64)),
        "vector_1024": median(lambda: batch(1024)),
    }
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
