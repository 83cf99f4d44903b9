"""Plays Gymnasium's environments with random actions and writes what they took and returned.

Standard input: JSON, a list of cases with `id`, `kwargs`, `wrappers` (module:Class and keyword arguments), `seed` and `steps`.
Standard output: JSON, per case the actions, and per step and reset a checksum of the observation, the reward and the two flags;
`{"ids": "families"}` instead of a list asks for the ids of Gymnasium's own environments.
"""

import importlib
import json
import pathlib
import sys
import zlib

import gymnasium as gym
import numpy as np

gym.logger.min_level = gym.logger.ERROR
# `peers.odd_envs` is there, from wherever this is run.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

# Types that the bridge does not have, and the ones it takes for them.
WIDER = {"bool": "uint8", "float16": "float32", "int16": "int32", "uint16": "int32", "uint32": "int64"}

FAMILIES = ("classic_control", "toy_text", "box2d", "mujoco")


def families():
    """All registered environments of the four families; of MuJoCo's, version 5."""
    ids = []
    for spec in gym.registry.values():
        entry = spec.entry_point if isinstance(spec.entry_point, str) else ""
        family = entry.removeprefix("gymnasium.envs.").split(".")[0].split(":")[0]
        if family in FAMILIES and (family != "mujoco" or spec.version == 5):
            ids.append(spec.id)
    return ids


def checksum(obs, so_far=0):
    """CRC-32 of the numbers in C order, little-endian, integers as 64 bits."""
    if isinstance(obs, dict):
        # By name, as the order of a dict is not part of the observation.
        for key in sorted(obs):
            so_far = checksum(obs[key], so_far)
        return so_far
    if isinstance(obs, tuple):
        for item in obs:
            so_far = checksum(item, so_far)
        return so_far
    if isinstance(obs, np.ndarray):
        return zlib.crc32(obs.astype(WIDER.get(obs.dtype.name, obs.dtype)).tobytes(), so_far)
    return zlib.crc32(np.int64(obs).tobytes(), so_far)


def plain(action):
    if isinstance(action, dict):
        return {key: plain(item) for key, item in action.items()}
    if isinstance(action, tuple):
        return [plain(item) for item in action]
    return action.tolist()


def make(case):
    env = gym.make(case["id"].removeprefix("gymnasium:"), **case["kwargs"])
    for wrapper in case["wrappers"]:
        module, name = wrapper["kind"].split(":")
        env = getattr(importlib.import_module(module), name)(env, **wrapper.get("kwargs", {}))
    return env


def play(case):
    env = make(case)
    env.action_space.seed(case["seed"])
    obs, _ = env.reset(seed=case["seed"])
    trace = {"actions": [], "resets": [checksum(obs)], "steps": []}
    for _ in range(case["steps"]):
        action = env.action_space.sample()
        obs, reward, terminated, truncated, _ = env.step(action)
        trace["actions"].append(plain(action))
        trace["steps"].append([checksum(obs), float(reward), bool(terminated), bool(truncated)])
        if terminated or truncated:
            obs, _ = env.reset()
            trace["resets"].append(checksum(obs))
    env.close()
    return trace


def main() -> None:
    question = json.load(sys.stdin)
    answer = families() if isinstance(question, dict) else [play(case) for case in question]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
