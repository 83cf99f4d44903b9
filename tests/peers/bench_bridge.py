"""Times the loop over a Gymnasium environment in pure Python and through the Rust bridge, in turns, in one run.

    cargo build --release -p sorn-envs --features gymnasium --example gymnasium_overhead
    python tests/peers/bench_bridge.py target/release/examples/gymnasium_overhead

Two measurements per environment:

- `rounds`: many short rounds of both over actions that are there before the clock starts, of which each turn counts
  the best one, the one that nothing disturbed. Caches are warm, so that the least costs show.
- `episodes`: the loop as one writes it, `env.step(env.action_space.sample())`, and the same loop over actions that are
  there before, for a quarter of a second or so at a time. Beside the ratio of the bridge to Python stands that of Python to
  itself, one turn to the next: where the bridge's median lies within the quartiles of that one, nothing can be
  measured of it.

With --memory also the resident memory of the bridge's process over a million steps of CartPole-v1. Prints one JSON object.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import gymnasium as gym
import numpy as np


def actions(space, steps):
    """The same spread-out actions as the example's, of the types that `sample` gives."""
    if isinstance(space, gym.spaces.Discrete):
        numbers = (
            int(space.start) + ((i * 1_103_515_245 + 12_345) >> 16) % int(space.n) for i in range(steps)
        )
        return [np.int64(number) for number in numbers]
    width = space.high.astype(float) - space.low
    offsets = np.arange(space.low.size).reshape(space.shape) * 0.414_214
    parts = (((i + 1) * 0.618_034 + offsets) % 1.0 for i in range(steps))
    return [(space.low + width * part).astype(space.dtype) for part in parts]


def quartiles(ratios):
    return [round(float(q), 3) for q in np.quantile(ratios, [0.25, 0.5, 0.75])]


class Pure:
    def __init__(self, env_id):
        self.env = gym.make(env_id)
        self.env.reset(seed=0)
        self.env.action_space.seed(0)

    def ready(self, steps):
        env = self.env
        todo = actions(env.action_space, steps)
        start = time.perf_counter()
        for action in todo:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return time.perf_counter() - start

    def drawn(self, steps):
        env = self.env
        start = time.perf_counter()
        for _ in range(steps):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                env.reset()
        return time.perf_counter() - start


class Bridge:
    def __init__(self, program, env_id):
        environment = dict(os.environ, SORN_PYTHON=sys.executable)
        command = [program, f"gymnasium:{env_id}"]
        self.process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment)

    def ask(self, mode, steps):
        self.process.stdin.write(f"{mode} {steps}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ready(self, steps):
        return self.ask("ready", steps)["seconds"]

    def drawn(self, steps):
        return self.ask("drawn", steps)["seconds"]

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit(f"{self.process.args} ended with {self.process.returncode}")


def best_rounds(pure, bridge, steps, turns, rounds=100):
    pairs = []
    for _ in range(turns + 1):
        theirs = min(pure.ready(steps) for _ in range(rounds))
        ours = min(bridge.ready(steps) for _ in range(rounds))
        pairs.append((1e6 * theirs / steps, 1e6 * ours / steps))
    # The first turn is for warming up.
    theirs, ours = zip(*pairs[1:], strict=True)
    return {
        "pure_us": round(statistics.median(theirs), 3),
        "bridge_us": round(statistics.median(ours), 3),
        "ratios": [round(b / a, 3) for a, b in pairs[1:]],
        "quartiles": quartiles([b / a for a, b in pairs[1:]]),
    }


def episodes(pure, bridge, steps, turns):
    pairs = [(pure(steps), bridge(steps)) for _ in range(turns + 1)][1:]
    itself = [b / a for (a, _), (b, _) in zip(pairs, pairs[1:], strict=False)]
    theirs, ours = zip(*pairs, strict=True)
    return {
        "pure_us": round(1e6 * statistics.median(theirs) / steps, 3),
        "bridge_us": round(1e6 * statistics.median(ours) / steps, 3),
        "bridge / pure, quartiles": quartiles([b / a for a, b in pairs]),
        "pure / itself, quartiles": quartiles(itself),
    }


def compare(program, env_id, round_steps, turns):
    pure, bridge = Pure(env_id), Bridge(program, env_id)
    steps = 100 * round_steps
    report = {
        "rounds": best_rounds(pure, bridge, round_steps, turns),
        "episodes, actions drawn": episodes(pure.drawn, bridge.drawn, steps, 4 * turns),
        "episodes, actions ready": episodes(pure.ready, bridge.ready, steps, 4 * turns),
    }
    bridge.close()
    return report


def memory(program, steps=50_000, rounds=21):
    bridge = Bridge(program, "CartPole-v1")
    # The first round brings the heap to its size.
    resident = [bridge.ask("ready", steps)["resident_kib"] for _ in range(rounds + 1)][1:]
    bridge.close()
    return {"steps": steps * (rounds - 1), "first_kib": resident[0], "last_kib": resident[-1]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", help="the built example gymnasium_overhead")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--memory", action="store_true")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    report = {
        "CartPole-v1": compare(program, "CartPole-v1", 300, args.turns),
        "HalfCheetah-v5": compare(program, "HalfCheetah-v5", 50, args.turns),
        "Humanoid-v5": compare(program, "Humanoid-v5", 20, args.turns),
    }
    if args.memory:
        report["memory"] = memory(program)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
