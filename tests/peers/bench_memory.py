"""Times RepeatPreviousEasy with random actions in POPGym and here, in turns, in one run.

    cargo build --release -p sorn-envs --example memory_speed
    python tests/peers/bench_memory.py target/release/examples/memory_speed

Actions are drawn before the clock starts. Here `typed` is the environment as a Rust type, `any` made by its name. POPGym's is
`gymnasium.make(...).unwrapped`, without Gymnasium's wrappers, and `made` with them. Prints steps per second, of the best and of
the median of many short rounds, and their ratios, each the median over the turns. One JSON object.
"""

import argparse
import json
import statistics
import subprocess
import time

import gymnasium as gym
import numpy as np
import popgym  # noqa: F401


def theirs(env, steps=2000, rounds=40):
    actions = [int(a) for a in np.random.default_rng(0).integers(0, 4, steps)]
    env.reset(seed=0)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        times.append(time.perf_counter() - start)
    return {"best": steps / min(times), "median": steps / statistics.median(times)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", help="the built example memory_speed")
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    made = gym.make("popgym-RepeatPreviousEasy-v0")

    def turn():
        ours = json.loads(subprocess.run([args.program], stdout=subprocess.PIPE, check=True).stdout)
        return {"unwrapped": theirs(made.unwrapped), "made": theirs(made)}, ours

    turns = [turn() for _ in range(args.turns)]

    def summary(peer, own, which):
        pairs = [(a[peer][which], b[own][which]) for a, b in turns]
        return {
            "popgym": round(statistics.median(a for a, _ in pairs)),
            "sorn": round(statistics.median(b for _, b in pairs)),
            "ratio": round(statistics.median(b / a for a, b in pairs), 1),
            "ratios": [round(b / a, 1) for a, b in pairs],
        }

    pairs = {"typed": ("unwrapped", "typed"), "by name": ("made", "any")}
    report = {
        name: {which: summary(*pair, which) for which in ("best", "median")} for name, pair in pairs.items()
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
