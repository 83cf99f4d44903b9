"""Times the loop over a Gymnasium environment in pure Python and through the Rust bridge, in turns, in one run.

    cargo build --release -p sorn-envs --features gymnasium --example gymnasium_overhead
    python tests/peers/bench_bridge.py target/release/examples/gymnasium_overhead

Both play the same episodes. Each turn times many short rounds of both, of which the best one counts, the one that no other
program disturbed. Prints, per environment, microseconds per step of both and their ratio, the medians over the turns; with
--memory, the resident memory of the bridge's process over a million steps of CartPole-v1. One JSON object.
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


class Pure:
    def __init__(self, env_id):
        self.env = gym.make(env_id)
        self.env.reset(seed=0)

    def seconds(self, steps):
        env = self.env
        todo = actions(env.action_space, steps)
        start = time.perf_counter()
        for action in todo:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return time.perf_counter() - start


class Bridge:
    def __init__(self, program, env_id):
        environment = dict(os.environ, SORN_PYTHON=sys.executable)
        command = [program, f"gymnasium:{env_id}"]
        self.process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment)

    def ask(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit(f"{self.process.args} ended with {self.process.returncode}")


def compare(program, env_id, steps, turns, rounds=100):
    pure, bridge = Pure(env_id), Bridge(program, env_id)
    pairs = []
    for _ in range(turns + 1):
        theirs = min(pure.seconds(steps) for _ in range(rounds))
        ours = min(bridge.ask(steps)["seconds"] for _ in range(rounds))
        pairs.append((1e6 * theirs / steps, 1e6 * ours / steps))
    bridge.close()
    # The first turn is for warming up.
    theirs, ours = zip(*pairs[1:], strict=True)
    ratios = [b / a for a, b in pairs[1:]]
    return {
        "pure_us": round(statistics.median(theirs), 3),
        "bridge_us": round(statistics.median(ours), 3),
        "ratio": round(statistics.median(ratios), 4),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def memory(program, steps=50_000, rounds=21):
    bridge = Bridge(program, "CartPole-v1")
    resident = [bridge.ask(steps)["resident_kib"] for _ in range(rounds)]
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
