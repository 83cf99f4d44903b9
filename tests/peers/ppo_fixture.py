"""Record one update of stable-baselines3's PPO, with linear layers and 64-bit numbers, for the Rust tests to repeat.

    pip install stable-baselines3
    python tests/peers/ppo_fixture.py agents/src/learner/ppo/fixture.json

Environments follow a script: observations, rewards and ends do not depend on actions. Each case has what PPO saw, the weights it
began with, the actions it drew, the order of its minibatches, and the weights after the update.
"""

import argparse
import json
from pathlib import Path

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from stable_baselines3.common.vec_env import DummyVecEnv

FEATURES = 6
STEPS = 11
ENVS = 2
WIDENED = ("actions", "rewards", "returns", "values", "log_probs", "advantages", "episode_starts")

CASES = {
    "discrete": (spaces.Discrete(3), {}),
    "box": (
        spaces.Box(-1.0, 1.0, (2,)),
        {"clip_range_vf": 0.2, "ent_coef": 0.01, "max_grad_norm": 5.0, "batch_size": 5},
    ),
    "multi_discrete": (
        spaces.MultiDiscrete([2, 3]),
        {"normalize_advantage": False, "target_kl": 0.004, "ent_coef": 0.1, "vf_coef": 1.0},
    ),
}


class Script(gymnasium.Env):
    """Plays recorded observations: mostly 0 and 1, the last number always 1, one number in between."""

    observation_space = spaces.Box(-10.0, 10.0, (FEATURES,), np.float32)

    def __init__(self, action_space, seed):
        self.action_space = action_space
        self.rng = np.random.default_rng(seed)
        self.log = []

    def _observe(self):
        obs = (self.rng.random(FEATURES) < 0.4).astype(np.float32)
        obs[-2] = np.float32(self.rng.integers(-8, 9) / 4)
        obs[-1] = 1.0
        return obs

    def reset(self, *, seed=None, options=None):
        """Begin an episode with the next observation of the script."""
        self.obs = self._observe()
        return self.obs, {}

    def step(self, action):
        """Play one step of the script."""
        before, self.obs = self.obs, self._observe()
        terminated, truncated = (bool(draw) for draw in self.rng.random(2) < 0.15)
        reward = float(self.rng.integers(-8, 9) / 4)
        self.log.append((before, reward, terminated, truncated, self.obs))
        return self.obs, reward, terminated, truncated, {}


class Wide(FlattenExtractor):
    """Features as 64-bit numbers."""

    def forward(self, observations):
        """Flatten and widen."""
        return super().forward(observations).double()


class WideBuffer(RolloutBuffer):
    """A rollout in 64-bit numbers."""

    def reset(self):
        """Empty the buffer, and widen its arrays."""
        super().reset()
        for name in WIDENED:
            setattr(self, name, getattr(self, name).astype(np.float64))

    def _get_samples(self, batch_inds, env=None):
        arrays = (self.observations, self.actions, self.values, self.log_probs, self.advantages, self.returns)
        chosen = [array[batch_inds] for array in arrays]
        return RolloutBufferSamples(
            *map(self.to_torch, chosen[:2] + [array.flatten() for array in chosen[2:]])
        )


def weights(policy):
    """The parameters under our names; biases are the weights of the last feature, which is always 1."""
    with torch.no_grad():
        parts = {"theta": policy.action_net.weight, "w": policy.value_net.weight[0]}
        named = {name: part.numpy().tolist() for name, part in parts.items()}
        named["log_std"] = policy.log_std.numpy().tolist() if hasattr(policy, "log_std") else []
        return named


def record(action_space, settings):
    """One update, and all that led to it."""
    scripts = [Script(action_space, seed) for seed in range(ENVS)]
    envs = DummyVecEnv([lambda script=script: script for script in scripts])
    # Rewards of truncated episodes have a value added.
    envs.buf_rews = envs.buf_rews.astype(np.float64)
    torch.manual_seed(3)
    np.random.seed(3)
    parameters = {"batch_size": 8, "n_epochs": 6, "learning_rate": 0.05, "clip_range": 0.1} | settings
    model = PPO(
        "MlpPolicy",
        envs,
        n_steps=STEPS,
        rollout_buffer_class=WideBuffer,
        policy_kwargs={"net_arch": [], "features_extractor_class": Wide},
        device="cpu",
        **parameters,
    )
    # The last feature, always 1, takes the place of the layers' biases.
    for layer in (model.policy.action_net, model.policy.value_net):
        layer.bias.requires_grad_(False).zero_()
        torch.nn.init.normal_(layer.weight, std=0.4)
    if hasattr(model.policy, "log_std"):
        torch.nn.init.constant_(model.policy.log_std, -0.3)
    before = weights(model.policy)
    orders, permutation = [], np.random.permutation

    def remembered(size):
        orders.append(permutation(size))
        return orders[-1]

    np.random.permutation = remembered
    model.learn(STEPS * ENVS)
    np.random.permutation = permutation
    buffer = model.rollout_buffer
    actions = buffer.actions.reshape(ENVS, STEPS, -1)
    streams = [
        [
            {
                "phi": step[0].tolist(),
                "action": actions[env, t].tolist(),
                "reward": step[1],
                "terminated": step[2],
                "truncated": step[3],
                "next": step[4].tolist(),
            }
            for t, step in enumerate(scripts[env].log)
        ]
        for env in range(ENVS)
    ]
    return {
        "parameters": parameters | {"n_steps": STEPS},
        "before": before,
        "streams": streams,
        "orders": [order.tolist() for order in orders],
        "advantages": buffer.advantages.flatten().tolist(),
        "returns": buffer.returns.flatten().tolist(),
        "log_probs": buffer.log_probs.flatten().tolist(),
        "steps_of_adam": int(next(iter(model.policy.optimizer.state.values()))["step"]),
        "after": weights(model.policy),
    }


def main():
    """Write all cases to a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    cases = {name: record(*case) for name, case in CASES.items()}
    parser.parse_args().out.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
