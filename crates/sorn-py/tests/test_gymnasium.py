"""Environments, the wrapper and the agent beside Gymnasium."""

import copy
import multiprocessing
import pickle
import random
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

import sorn_rs.envs  # noqa: E402
from sorn_rs import Agent, Network, _extras  # noqa: E402
from sorn_rs.wrappers import SornObservation  # noqa: E402

IDS = [spec["id"] for spec in sorn_rs._native.env_specs()]
SMALL = {
    "reservoir": {
        "kind": "sorn",
        "params": {"ne": 50, "nu": 50, "lambda_ee": 10.0, "lambda_ei": 20.0, "input": "direct"},
    }
}


def make(id, **kwargs):
    return gymnasium.make(f"sorn_rs/{id}", **kwargs)


@pytest.mark.parametrize("id", [id for id in IDS if id in gymnasium.registry])
def test_equals_gymnasiums(id):
    if np.lib.NumpyVersion(np.__version__) < "2.0.0" and id in ("MountainCarContinuous-v0", "Pendulum-v1"):
        pytest.skip("with NumPy 1, Gymnasium rounds its actions elsewhere")
    ours, theirs = make(id), gymnasium.make(id)
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    for name in ("max_episode_steps", "reward_threshold"):
        assert getattr(ours.spec, name) == getattr(theirs.spec, name)
    for seed in range(3):
        first, other = ours.reset(seed=seed), theirs.reset(seed=seed)
        np.testing.assert_array_equal(first[0], other[0])
        theirs.action_space.seed(seed)
        for _ in range(1000):
            action = theirs.action_space.sample()
            found, expected = ours.step(action), theirs.step(action)
            np.testing.assert_array_equal(found[0], expected[0])
            assert found[0].dtype == expected[0].dtype
            assert found[1:4] == tuple(expected[1:4])
            if found[2] or found[3]:
                break


def test_options_and_arguments():
    env = make("CartPole-v1")
    obs, _ = env.reset(seed=1, options={"low": 0.01, "high": 0.02})
    assert np.all((obs >= 0.01) & (obs <= 0.02))
    with pytest.raises(ValueError, match='unknown argument "gravity"'):
        make("CartPole-v1", gravity=3)
    with pytest.raises(ValueError, match="render_mode: expected .*, found 'human'"):
        sorn_rs.envs.NativeEnv("CartPole-v1", render_mode="human")
    with pytest.raises(ValueError, match="low"):
        env.reset(options={"low": "x"})
    with pytest.raises(ValueError):
        env.unwrapped.step(7)
    assert gymnasium.make("sorn_rs/CartPole-v1", max_episode_steps=3).spec.max_episode_steps == 3


def test_picture():
    env = make("CartPole-v1", render_mode="rgb_array")
    assert env.metadata["render_fps"] == gymnasium.make("CartPole-v1").metadata["render_fps"]
    env.reset(seed=1)
    picture = env.render()
    assert picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8
    assert len(np.unique(picture)) > 2
    collected = make("CartPole-v1", render_mode="rgb_array_list")
    collected.reset(seed=1)
    collected.step(0)
    assert len(collected.render()) == 2


def test_wrapper():
    def run(**kwargs):
        env = SornObservation(
            gymnasium.make("CartPole-v1"), seed=2, scale=[1, 1, 0.1, 1], ne=60, lambda_ei=20, **kwargs
        )
        env.action_space.seed(1)
        seen = [env.reset(seed=3)[0]]
        for _ in range(15):
            seen.append(env.step(env.action_space.sample())[0])
        return env, np.array(seen)

    env, seen = run()
    assert seen.shape == (16, 60) and seen.dtype == np.float32
    assert 0.02 < seen.mean() < 0.8 and len({row.tobytes() for row in seen}) > 3
    np.testing.assert_array_equal(run()[1], seen)
    assert not np.array_equal(run(steps=2)[1], seen)
    static, _ = run(frozen=["stdp", "ip", "sp", "istdp", "ss"])
    new, _ = run()
    assert not np.array_equal(static.network.wee, new.network.wee)
    with pytest.raises(ValueError, match="scale"):
        SornObservation(gymnasium.make("CartPole-v1"), scale=0)
    with pytest.raises(ValueError, match="steps: expected .*, found 0"):
        SornObservation(gymnasium.make("CartPole-v1"), steps=0)


def test_agent_learns_cartpole():
    config = {
        "encoder": {"kind": "random_projection", "scale": [1.0, 1.0, 0.1, 1.0], "gain": 3.0, "bias": 0.9},
        "learner": {
            "kind": "actor_critic",
            "actor_step": 2.0,
            "critic_step": 0.1,
            "lambda": 0.8,
            "reward": "failure",
        },
        "plasticity": {"mode": "first_steps", "steps": 5000},
    }
    agent = Agent(gymnasium.make("CartPole-v1"), config, seed=1)
    assert agent.learn(8000) is agent
    assert agent.num_timesteps == 8000 and sum(agent.episode_lengths) <= 8000
    assert np.mean(agent.episode_returns[-5:]) > 5 * np.mean(agent.episode_returns[:5])


def test_agent_is_repeatable_and_goes_on_exactly(tmp_path):
    def returns(agent):
        return agent.learn(1500).episode_returns

    one = Agent(gymnasium.make("CartPole-v1"), SMALL, seed=4)
    first = returns(one)
    one.save(tmp_path / "agent.safetensors")
    then = returns(one)
    other = Agent(gymnasium.make("CartPole-v1"), SMALL, seed=4)
    assert returns(other) == first
    loaded = Agent.load(tmp_path / "agent.safetensors", gymnasium.make("CartPole-v1"))
    assert loaded.episode_returns == first and loaded.config == one.config and loaded.num_timesteps == 1500
    assert returns(loaded) == then
    assert then[: len(first)] == first


def test_begin_act_observe():
    """A robot's own loop."""
    env = gymnasium.make("CartPole-v1")
    agent = Agent(
        config=SMALL, seed=1, observation_space=env.observation_space, action_space=env.action_space
    )
    for episode in range(3):
        action = agent.begin(env.reset(seed=episode)[0])
        done = False
        while not done:
            obs, reward, terminated, truncated, _ = env.step(action)
            agent.observe(reward, terminated, truncated, obs)
            done = terminated or truncated
            if not done:
                action = agent.act()
    assert agent.num_timesteps > 20
    with pytest.raises(ValueError, match="act"):
        agent.act()
    with pytest.raises(ValueError, match="env: expected .*, found None"):
        agent.learn(10)


def test_predict_learns_nothing():
    env = gymnasium.make("CartPole-v1")
    agent = Agent(env, SMALL, seed=1).learn(500)
    obs, _ = env.reset(seed=1)
    first = [agent.predict(obs, episode_start=k == 0)[0] for k in range(20)]
    assert first == [agent.predict(obs, episode_start=k == 0)[0] for k in range(20)]
    action, state = agent.predict(obs)
    assert env.action_space.contains(action) and state is None


def test_previous_action_and_reward_are_inputs():
    """A bandit's observations do not say which arm was pulled."""
    config = SMALL | {"inputs": ["observation", "action", "reward"]}
    agent = Agent(make("popgym-MultiarmedBanditEasy-v0"), config, seed=1).learn(500)
    assert agent.config["inputs"] == config["inputs"]
    again = Agent(make("popgym-MultiarmedBanditEasy-v0"), config, seed=1).learn(500)
    assert agent.episode_returns == again.episode_returns and len(agent.episode_returns) == 2
    with pytest.raises(ValueError, match='predict: expected .*, found "reward"'):
        agent.predict(0)
    Agent(make("popgym-MultiarmedBanditEasy-v0"), SMALL | {"inputs": ["observation", "action"]}).predict(0)
    with pytest.raises(ValueError, match='"observation" first'):
        Agent(make("popgym-MultiarmedBanditEasy-v0"), SMALL | {"inputs": ["reward"]})


@pytest.mark.parametrize("kind", ["rewired", "esn"])
def test_controls_of_the_reservoir_go_on_exactly(kind, tmp_path):
    reservoir = SMALL["reservoir"] | {"kind": kind, "esn": {"leak": 0.5}}
    config = {"reservoir": reservoir, "plasticity": {"mode": "first_steps", "steps": 300}}
    agent = Agent(gymnasium.make("CartPole-v1"), config, seed=4).learn(600)
    assert agent.config["reservoir"]["kind"] == kind
    assert agent.config["reservoir"]["esn"]["leak"] == 0.5
    sorn = Agent(gymnasium.make("CartPole-v1"), config | {"reservoir": reservoir | {"kind": "sorn"}}, seed=4)
    assert sorn.learn(600).episode_returns != agent.episode_returns
    agent.save(tmp_path / "agent.safetensors")
    loaded = Agent.load(tmp_path / "agent.safetensors", gymnasium.make("CartPole-v1"))
    assert loaded.learn(400).episode_returns == agent.learn(400).episode_returns
    with pytest.raises(ValueError, match="spectral_radius"):
        wrong = {"reservoir": {"kind": "esn", "esn": {"radius": 1.0}}}
        Agent(gymnasium.make("CartPole-v1"), wrong)
    with pytest.raises(ValueError, match="reservoir.esn.leak"):
        wrong = {"reservoir": {"kind": "esn", "esn": {"leak": 2.0}}}
        Agent(gymnasium.make("CartPole-v1"), wrong)


def test_predict_draws_from_the_policy(tmp_path):
    env = gymnasium.make("CartPole-v1")
    # So short a time that its policy is still undecided.
    agent = Agent(env, SMALL, seed=1).learn(1)
    agent.save(path := tmp_path / "agent.safetensors")
    obs, _ = env.reset(seed=1)

    def draws(agent, n=200):
        return [agent.predict(obs, episode_start=k % 50 == 0, deterministic=False)[0] for k in range(n)]

    drawn = draws(agent)
    # Both actions, and not the same from episode to episode.
    assert set(drawn) == {0, 1} and drawn[:50] != drawn[50:100]
    assert draws(Agent.load(path, env)) == drawn
    # Nothing of it stays.
    assert agent.learn(200).episode_returns == Agent.load(path, env).learn(200).episode_returns


def code(observation):
    """Gaussian bumps over the pole's angle and its velocity."""
    centres = np.linspace(-1, 1, 25)
    angle = np.exp(-(((observation[2] / 0.2 - centres) / 0.2) ** 2))
    velocity = np.exp(-(((np.tanh(observation[3]) - centres) / 0.2) ** 2))
    return 3 * np.concatenate([angle, velocity]) - 1


def test_an_encoder_in_python(tmp_path):
    env = gymnasium.make("CartPole-v1")
    agent = Agent(env, SMALL, seed=2, encoder=code).learn(600)
    assert agent.config["encoder"] == {"kind": "raw", "gain": 1.0}
    assert agent.episode_returns == Agent(env, SMALL, seed=2, encoder=code).learn(600).episode_returns
    assert (
        agent.episode_returns
        != Agent(env, SMALL, seed=2, encoder=lambda o: -code(o)).learn(600).episode_returns
    )
    obs, _ = env.reset(seed=1)
    assert agent.predict(obs)[0] in (0, 1)
    agent.save(tmp_path / "agent.safetensors")
    loaded = Agent.load(tmp_path / "agent.safetensors", env, encoder=code)
    assert loaded.learn(300).episode_returns == agent.learn(300).episode_returns
    with pytest.raises(ValueError, match="encoder: expected that of the agent saved, found None"):
        Agent.load(tmp_path / "agent.safetensors", env)
    # A robot's own loop sees it as well.
    robot = Agent(
        config=SMALL,
        observation_space=env.observation_space,
        action_space=env.action_space,
        encoder=code,
    )
    assert robot.begin(obs) in (0, 1)
    robot.observe(1.0, False, False, obs)
    with pytest.raises(TypeError, match="encoder: expected a callable, found 3"):
        Agent(env, SMALL, encoder=3)
    with pytest.raises(
        ValueError, match=r"encoder: expected .*of shape \(50,\).*, found an array of shape \(3,\)"
    ):
        Agent(env, SMALL, encoder=lambda o: np.zeros(3)).learn(10)

    def broken(observation):
        raise RuntimeError("no camera")

    with pytest.raises(RuntimeError, match="no camera") as caught:
        Agent(env, SMALL, encoder=broken).learn(10)
    assert caught.traceback[-1].name == "broken"


def test_callback_ends_learning_and_sees_the_agent():
    env = gymnasium.make("CartPole-v1")
    agent = Agent(env, SMALL, seed=1)
    seen = []

    def callback(event):
        seen.append(event)
        if "episode_return" in event:
            assert agent.episode_returns[-1] == event["episode_return"]
            agent.predict(np.zeros(4, dtype=np.float32))
        return event["episode"] < 2

    agent.learn(10_000, callback=callback)
    assert seen[-1]["episode"] == 2 and agent.num_timesteps == seen[-1]["num_timesteps"] < 1000

    class Stop(Exception):
        pass

    def raises(event):
        raise Stop

    with pytest.raises(Stop):
        agent.learn(10, callback=raises)
    agent.learn(10)


def test_an_environments_exception_is_its_own():
    class Broken(gymnasium.Wrapper):
        def step(self, action):
            raise RuntimeError("the motor is hot")

    with pytest.raises(RuntimeError, match="the motor is hot") as caught:
        Agent(Broken(gymnasium.make("CartPole-v1")), SMALL).learn(10)
    assert any(entry.name == "step" for entry in caught.traceback)


def test_the_environment_stays_open():
    class Closing(gymnasium.Wrapper):
        closed = 0

        def close(self):
            type(self).closed += 1

    env = Closing(gymnasium.make("CartPole-v1"))
    Agent(env, SMALL).learn(50)
    assert Closing.closed == 0


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: Agent(), TypeError, "either env, or both observation_space and action_space"),
        (lambda: Agent(3), TypeError, "env: expected .*, found .*int.* without observation_space"),
        (
            lambda: Agent(gymnasium.make("CartPole-v1"), {"lerner": {}}),
            ValueError,
            "config.*unknown field `lerner`",
        ),
        (lambda: Agent(gymnasium.make("CartPole-v1"), 7), TypeError, "config: expected .*, found 7"),
        (
            lambda: Agent(gymnasium.make("CartPole-v1")).learn(0),
            ValueError,
            "total_timesteps: expected .*, found 0",
        ),
        (
            lambda: Agent(gymnasium.make("CartPole-v1")).learn(-1),
            ValueError,
            "total_timesteps: expected .*, found -1",
        ),
        (lambda: Agent(gymnasium.make("CartPole-v1"), seed=2.5), TypeError, "seed: expected .*, found 2.5"),
        (lambda: Agent(gymnasium.make("CartPole-v1")).begin(np.zeros(3)), ValueError, "observation_space"),
        (
            lambda: Agent.load("no/such/file.npz", gymnasium.make("CartPole-v1")),
            FileNotFoundError,
            "no/such/file",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_other_spaces():
    spaces = gymnasium.spaces
    space = spaces.Dict({"where": spaces.Box(-1, 1, (2,)), "what": spaces.Discrete(3)})
    agent = Agent(config=SMALL, observation_space=space, action_space=spaces.Discrete(2, start=5))
    assert agent.begin({"where": np.zeros(2, dtype=np.float32), "what": 1}) in (5, 6)


def test_continuous_actions():
    env = gymnasium.make("Pendulum-v1", max_episode_steps=20)
    agent = Agent(env, SMALL | {"learner": {"kind": "ars", "directions": 2, "best": 1}}, seed=1).learn(200)
    assert len(agent.episode_returns) == 10 and max(agent.episode_returns) < 0
    obs, _ = env.reset(seed=1)
    for deterministic in (True, False):
        action, _ = agent.predict(obs, deterministic=deterministic)
        assert env.action_space.contains(action)
    with pytest.raises(ValueError, match="Discrete"):
        Agent(env, SMALL | {"learner": {"kind": "sarsa"}})


def test_broken_files(tmp_path):
    env, path = gymnasium.make("CartPole-v1"), tmp_path / "agent.safetensors"
    Agent(env, SMALL, seed=4).save(path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    for broken in (
        b"",
        b"text",
        whole[:middle],
        whole[:-1],
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
    ):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"agent.safetensors: the file is damaged"):
            Agent.load(path, env)
    with pytest.raises(FileNotFoundError):
        Agent.load(tmp_path / "none", env)


def test_files_of_something_else_are_named(tmp_path):
    env = gymnasium.make("CartPole-v1")
    np.savez(tmp_path / "arrays.npz", x=np.zeros(2))
    Network(seed=1).save(tmp_path / "network.safetensors")
    expected = r"expected an agent saved by Agent.save or `sorn export`, found "
    for name, found in {
        "arrays.npz": "a ZIP archive",
        "network.safetensors": "safetensors of another program|the state of a network",
        ".": "a directory",
    }.items():
        with pytest.raises(ValueError, match=f"{expected}({found})"):
            Agent.load(tmp_path / name, env)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.toml").write_text("")
    with pytest.raises(ValueError, match=r"run/config.toml"):
        Agent.load(tmp_path / "run", env)


def test_an_agent_of_another_environment_is_refused(tmp_path):
    Agent(gymnasium.make("CartPole-v1"), SMALL).save(path := tmp_path / "agent.safetensors")
    with pytest.raises(
        ValueError, match="agent.safetensors: the saved agent's observation space: expected Box.*, found Box"
    ):
        Agent.load(path, gymnasium.make("Acrobot-v1"))
    # Without an environment it has the spaces in the file.
    assert Agent.load(path).begin(np.zeros(4, dtype=np.float32)) in (0, 1)


@pytest.mark.parametrize("change", [lambda agent: None, lambda agent: agent.learn(300)])
def test_agents_pickle_and_copy_and_go_on_to_the_bit(change):
    agent = Agent(gymnasium.make("CartPole-v1"), SMALL, seed=4)
    change(agent)
    obs = np.array([0.1, 0.2, -0.1, 0.3], dtype=np.float32)
    for _ in range(5):
        agent.predict(obs, deterministic=False)
    others = [pickle.loads(pickle.dumps(agent)), copy.deepcopy(agent), copy.copy(agent)]
    draws = [agent.predict(obs, deterministic=False)[0] for _ in range(50)]
    returns = agent.learn(600).episode_returns
    for other in others:
        assert [other.predict(obs, deterministic=False)[0] for _ in range(50)] == draws
        assert other.learn(600).episode_returns == returns
        assert other.num_timesteps == agent.num_timesteps and other.config == agent.config


def test_agents_without_an_environment_and_with_an_encoder_pickle():
    env = gymnasium.make("CartPole-v1")
    spaces = dict(observation_space=env.observation_space, action_space=env.action_space)
    agent = Agent(config=SMALL, seed=3, encoder=code, **spaces)
    obs = env.reset(seed=1)[0]
    first = agent.begin(obs)
    other = pickle.loads(pickle.dumps(agent))
    for one in (agent, other):
        one.observe(1.0, False, False, obs)
    assert agent.act() == other.act() and first in (0, 1)


def train(seed):
    return Agent(gymnasium.make("CartPole-v1"), SMALL, seed=seed).learn(300)


def test_agents_go_through_process_pools():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(train, [1, 2]))
    assert [agent.episode_returns for agent in found] == [train(seed).episode_returns for seed in (1, 2)]


def test_damaged_pickles_of_agents_are_refused():
    agent = Agent(gymnasium.make("CartPole-v1"), SMALL, seed=4).learn(100)
    restore, (sealed, *rest) = agent.__reduce__()
    places = random.Random(0)
    for _ in range(200):
        broken, bit = bytearray(sealed), places.randrange(8 * len(sealed))
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match="Agent: expected .*, found damaged bytes"):
            restore(bytes(broken), *rest)


def test_predict_takes_what_stable_baselines3_passes():
    env = gymnasium.make("CartPole-v1")
    agent = Agent(env, SMALL, seed=1).learn(500)
    episodes = [
        env.reset(seed=seed)[0] + 0.01 * np.arange(10, dtype=np.float32)[:, None] for seed in range(3)
    ]

    def alone(observations):
        starts = [True] + [False] * 9
        return [agent.predict(o, episode_start=s)[0] for o, s in zip(observations, starts, strict=True)]

    expected = np.array([alone(observations) for observations in episodes]).T
    state, found = None, []
    for step, batch in enumerate(np.stack(episodes, axis=1)):
        start = np.full(3, step == 0)
        actions, state = agent.predict(batch, state=state, episode_start=start, deterministic=np.bool_(True))
        assert actions.shape == (3,) and state is None
        found.append(actions)
    np.testing.assert_array_equal(found, expected)
    # A batch of one, as evaluate_policy has it.
    one = [
        agent.predict(o[None], episode_start=np.ones(1, bool) * (k == 0))[0]
        for k, o in enumerate(episodes[0])
    ]
    np.testing.assert_array_equal(np.concatenate(one), expected[:, 0])
    for wrong in (np.ones(2, bool), np.ones(3), 1, "yes"):
        with pytest.raises((TypeError, ValueError), match="episode_start: expected .*, found"):
            agent.predict(np.stack(episodes, axis=1)[0], episode_start=wrong)


def test_predict_takes_batches_of_every_space():
    spaces = gymnasium.spaces
    for space, actions in (
        (spaces.Discrete(3), spaces.Box(-1, 1, (2,))),
        (spaces.MultiDiscrete([2, 3]), spaces.MultiDiscrete([2, 2])),
        (spaces.Dict(a=spaces.Box(-1, 1, (2,)), b=spaces.Discrete(3)), spaces.Discrete(2)),
        (spaces.Tuple([spaces.Box(-1, 1, (2,)), spaces.Discrete(3)]), spaces.Discrete(2)),
    ):
        learner = {"kind": "ars"} if isinstance(actions, spaces.Box) else {"kind": "actor_critic"}
        config = SMALL | {"learner": learner}
        agent = Agent(config=config, observation_space=space, action_space=actions)
        several = gymnasium.vector.utils.batch_space(space, 4)
        several.seed(1)
        found, _ = agent.predict(several.sample(), episode_start=np.ones(4, bool))
        assert found.shape == (4, *actions.shape)


def test_evaluate_policy_of_stable_baselines3():
    evaluation = pytest.importorskip("stable_baselines3.common.evaluation")
    env = gymnasium.make("CartPole-v1")
    agent = Agent(env, SMALL, seed=1).learn(500)
    mean, _ = evaluation.evaluate_policy(agent, env, n_eval_episodes=3, warn=False)
    assert mean >= 8


def test_several_environments_at_once_are_refused_where_they_are_given():
    envs = gymnasium.make_vec("CartPole-v1", num_envs=2)
    with pytest.raises(
        TypeError, match="env: expected one environment, .*, found .*several environments at once"
    ):
        Agent(envs)


@pytest.mark.parametrize(
    "space", [gymnasium.spaces.Box(-1, 1, (0,)), gymnasium.spaces.Dict({}), gymnasium.spaces.Tuple([])]
)
def test_spaces_without_values_are_refused(space):
    with pytest.raises(ValueError, match="observation_space"):
        Agent(observation_space=space, action_space=gymnasium.spaces.Discrete(2))


def test_a_learner_given_by_its_name_alone():
    with pytest.raises(
        ValueError, match="config.learner: expected a table with the key `kind`, found string"
    ):
        Agent(gymnasium.make("CartPole-v1"), config={"learner": "ars"})


def test_an_old_gymnasium_is_named(monkeypatch):
    monkeypatch.setattr(gymnasium, "__version__", "0.29.1")
    with pytest.raises(ImportError, match=r"gymnasium >= 1.1 is needed, found 0.29.1"):
        _extras.recent_gymnasium()
