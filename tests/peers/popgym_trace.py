"""Plays episodes in POPGym's environments and writes what they returned, to the bit.

Standard input: a JSON list of cases. Each names an environment, its arguments, a seed, the seed of the random actions and how many
steps to take after the end of an episode. A case is an episode with the seed and one without.
Standard output: per reset the observation's numbers (float64), per step those, the reward (float64), terminated and truncated
(bytes); all little-endian, without anything between.
"""

import json
import sys

import gymnasium as gym
import numpy as np
import popgym  # noqa: F401

gym.logger.min_level = gym.logger.ERROR


def numbers(obs):
    """Those of an integer, an array or a tuple of integers."""
    return np.atleast_1d(np.asarray(obs, dtype=np.float64)).tobytes()


def play(case, made, write):
    key = json.dumps([case["id"], case["kwargs"]])
    if key not in made:
        made[key] = gym.make(case["id"], disable_env_checker=True, **case["kwargs"]).unwrapped
    env = made[key]
    rng = np.random.default_rng(case["policy_seed"])
    discrete = isinstance(env.action_space, gym.spaces.Discrete)
    for seed in (case["seed"], None):
        write(numbers(env.reset(seed=seed)[0]))
        past = 0
        while past <= case["past_end"]:
            if discrete:
                action = int(rng.integers(0, int(env.action_space.n)))
            else:
                action = np.array([rng.uniform(-3.0, 3.0)], dtype=np.float32)
            obs, reward, terminated, truncated, _ = env.step(action)
            write(numbers(obs))
            write(np.float64(reward).tobytes())
            write(bytes([bool(terminated), bool(truncated)]))
            past += past > 0 or terminated or truncated


def main() -> None:
    made = {}
    with open(sys.stdout.fileno(), "wb", buffering=1 << 20) as out:
        for case in json.load(sys.stdin):
            play(case, made, out.write)


if __name__ == "__main__":
    main()
