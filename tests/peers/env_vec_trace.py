"""Steps batches of Gymnasium's CartPole and writes what they returned, to the bit.

Standard input: a JSON list of cases: "vec" (`sync` with an autoreset mode, or `vector_entry_point`), number of environments, seed,
options, steps, arguments. Actions are one draw of integers(0, 2) per environment and step from default_rng(seed + 1).
Standard output: observations (float32), per step rewards (float64), terminated and truncated (bytes), and in mode SameStep the final
observations of those that ended; all little-endian. In mode Disabled, those that ended are reset with the seeds 1000 + step + i.
"""

import json
import sys

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

gym.logger.min_level = gym.logger.ERROR


def make(case):
    if case["vec"] == "vector_entry_point":
        return gym.make_vec(
            "CartPole-v1",
            num_envs=case["num_envs"],
            vectorization_mode="vector_entry_point",
            **case["kwargs"],
        )
    return gym.make_vec(
        "CartPole-v1",
        num_envs=case["num_envs"],
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": AutoresetMode(case["vec"])},
        **case["kwargs"],
    )


def play(case, write):
    envs = make(case)
    rng = np.random.default_rng(case["seed"] + 1)
    n = case["num_envs"]
    obs, _ = envs.reset(seed=case["seed"], options=case["options"])
    write(obs.astype("<f4").tobytes())
    for step in range(case["steps"]):
        actions = np.array([rng.integers(0, 2) for _ in range(n)])
        obs, rewards, terminated, truncated, infos = envs.step(actions)
        write(obs.astype("<f4").tobytes())
        write(rewards.astype("<f8").tobytes())
        write(terminated.tobytes())
        write(truncated.tobytes())
        done = terminated | truncated
        if case["vec"] == AutoresetMode.SAME_STEP.value and done.any():
            for i in np.flatnonzero(done):
                write(infos["final_obs"][i].astype("<f4").tobytes())
        if case["vec"] == AutoresetMode.DISABLED.value and done.any():
            seeds = [1000 + step + i for i in range(n)]
            obs, _ = envs.reset(seed=seeds, options={"reset_mask": done})
            write(obs.astype("<f4").tobytes())


def main() -> None:
    with open(sys.stdout.fileno(), "wb", buffering=1 << 20) as out:
        for case in json.load(sys.stdin):
            play(case, out.write)


if __name__ == "__main__":
    main()
