"""Plays episodes in Gymnasium's environments and writes what they returned, to the bit.

Standard input: a JSON list of cases. Each names an environment, its arguments, a seed, reset options, a number of steps, how
many more steps to take after the end of an episode, a policy, and a seed for the policy's random numbers.
Standard output: per reset the observation (float32), per step observation, reward (float64), terminated and truncated (bytes);
all little-endian, without anything between.
"""

import json
import sys

import gymnasium as gym
import numpy as np

gym.logger.min_level = gym.logger.ERROR


def chooser(case, space):
    """The policy: random actions, or linear ones in the observation."""
    rng = np.random.default_rng(case["policy_seed"])
    weights = case["weights"]
    scale = case["scale"]

    def choose(obs):
        if weights is None:
            if isinstance(space, gym.spaces.Discrete):
                return int(rng.integers(0, int(space.n)))
            return np.array([rng.uniform(-scale, scale)], dtype=np.float32)
        total = 0.0
        for weight, x in zip(weights, obs, strict=True):
            total += weight * float(x)
        if isinstance(space, gym.spaces.Discrete):
            return int(space.n) - 1 if total > 0.0 else 0
        return np.array([scale * total], dtype=np.float32)

    return choose


def play(case, made, write):
    # Making one takes as long as a hundred steps.
    key = json.dumps([case["id"], case["kwargs"]])
    if key not in made:
        made[key] = gym.make(case["id"], disable_env_checker=True, **case["kwargs"])
    env = made[key]
    choose = chooser(case, env.action_space)
    options = case["options"]
    obs, _ = env.reset(seed=case["seed"], options=options)
    assert obs.dtype == np.float32
    write(obs.tobytes())
    past = 0
    for _ in range(case["steps"]):
        obs, reward, terminated, truncated, _ = env.step(choose(obs))
        assert obs.dtype == np.float32
        write(obs.tobytes())
        write(np.float64(reward).tobytes())
        write(bytes([terminated, truncated]))
        if terminated or truncated:
            past += 1
            if past > case["past_end"]:
                past = 0
                obs, _ = env.reset(options=options)
                write(obs.tobytes())


def main() -> None:
    made = {}
    with open(sys.stdout.fileno(), "wb", buffering=1 << 20) as out:
        for case in json.load(sys.stdin):
            play(case, made, out.write)


if __name__ == "__main__":
    main()
