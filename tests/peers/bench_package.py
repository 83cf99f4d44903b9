"""Times the Python package beside `sorn` 0.7.4 and Gymnasium, in one run, in turns.

    python tests/peers/bench_package.py [--rounds 5] [--skip simulator]

needs the package built for release (`maturin build --release`), `sorn` and `gymnasium`. Prints one JSON object:

- `simulator`: `Simulator.run`, 200 excitatory neurons, noise, two callbacks, 1,000 steps; upstream takes `--upstream-steps` of
  them, whose time is scaled up (its time per step does not depend on their number);
- `trainer`: `Trainer.run` of one step, noise, one callback, from the state of the step before;
- `agent`: microseconds per step of `Agent.learn` on Gymnasium's CartPole-v1 (200 neurons, plastic for 5,000 steps, actor-critic), of a bare
  loop that gives Gymnasium the same actions and resets, and of the reservoir alone on the same observations. `overhead` is
  `learn / (step + reservoir) - 1`.
- `vector` (with `--more`): steps per second of batches of CartPole-v1, ours and Gymnasium's own vector class;
- `memory` (with `--more`): resident KiB before and after 10^6 calls of `Network.step`, and before and after 1,000 of `Simulator.run`;
- `threads` (with `--more`): how many times as long two runs on two networks take one after the other as in two threads.

Times are the processor's, so that other programs disturb them little; those of `threads` are the clock's, and need two idle cores.
Set OMP_NUM_THREADS=1. Each figure is the median over rounds, with the least and the largest.
"""

import argparse
import json
import os
import statistics
import tempfile
import threading
import time

import gymnasium
import numpy as np

import sorn_rs
import sorn_rs.sorn

HYPERPARAMETERS = dict(
    ne=200,
    nu=10,
    network_type_ee="Sparse",
    network_type_ei="Sparse",
    network_type_ie="Dense",
    lambda_ee=20,
    lambda_ei=40,
    lambda_ie=100,
    eta_stdp=0.004,
    eta_inhib=0.001,
    eta_ip=0.01,
    te_max=1.0,
    ti_max=0.5,
    ti_min=0.0,
    te_min=0.0,
    mu_ip=0.1,
    sigma_ip=0.0,
)
AGENT = {
    "encoder": {"kind": "random_projection", "scale": [1.0, 1.0, 0.1, 1.0]},
    "reservoir": {"params": {"nu": 200}},
    "plasticity": {"mode": "first_steps", "steps": 5000},
    "learner": {
        "kind": "actor_critic",
        "actor_step": 2.0,
        "critic_step": 0.1,
        "lambda": 0.8,
        "reward": "failure",
    },
}


def upstream():
    """`sorn` opens a log file where it is imported, and shows progress bars."""
    here = os.getcwd()
    os.chdir(tempfile.mkdtemp())
    try:
        import sorn.sorn as module
    finally:
        os.chdir(here)
    module.tqdm = lambda steps: steps
    return module


def seconds(call, clock=time.process_time):
    start = clock()
    call()
    return clock() - start


def spread(values, digits=3):
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }


def simulator(theirs, rounds, steps):
    callbacks = ["ExcitatoryActivation", "EEConnectionCounts"]
    inputs = np.random.rand(10, 1000)

    def run(module, n):
        module.Simulator.run(inputs=inputs, timesteps=n, noise=True, callbacks=callbacks, **HYPERPARAMETERS)

    run(sorn_rs.sorn, 1000)
    pairs = []
    for _ in range(rounds):
        slow = seconds(lambda: run(theirs, steps)) * 1000 / steps
        fast = statistics.median(seconds(lambda: run(sorn_rs.sorn, 1000)) for _ in range(9))
        pairs.append((slow, fast))
    return {
        "upstream_s": spread([slow for slow, _ in pairs]),
        "ours_s": spread([fast for _, fast in pairs], 6),
        "ratio": spread([slow / fast for slow, fast in pairs], 1),
    }


def trainer(theirs, rounds, calls=300):
    inputs = np.random.rand(10, 1)
    start, _ = sorn_rs.Simulator.run(inputs=np.random.rand(10, 200), seed=1, **HYPERPARAMETERS)
    # Upstream has to know the sizes.
    theirs.Simulator.run(inputs=inputs, timesteps=1, **HYPERPARAMETERS)

    def run(module):
        state = start
        for _ in range(calls):
            state, _ = module.Trainer.run(
                inputs=inputs,
                phase="training",
                state=state,
                timesteps=1,
                noise=True,
                callbacks=["ExcitatoryActivation"],
            )

    run(sorn_rs.sorn)
    pairs = []
    for _ in range(rounds):
        slow = seconds(lambda: run(theirs))
        fast = statistics.median(seconds(lambda: run(sorn_rs.sorn)) for _ in range(7))
        pairs.append((1e6 * slow / calls, 1e6 * fast / calls))
    return {
        "upstream_us": spread([slow for slow, _ in pairs]),
        "ours_us": spread([fast for _, fast in pairs]),
        "ratio": spread([slow / fast for slow, fast in pairs], 2),
    }


class Recorder(gymnasium.Wrapper):
    """Keeps what passes, so that the same can be done again without an agent."""

    def __init__(self, env):
        super().__init__(env)
        self.calls, self.seen = [], []

    def reset(self, *, seed=None, options=None):
        obs, info = self.env.reset(seed=seed, options=options)
        self.calls.append((seed, None))
        self.seen.append(obs)
        return obs, info

    def step(self, action):
        result = self.env.step(action)
        self.calls.append((None, action))
        self.seen.append(result[0])
        return result


def agent(rounds, steps=20_000):
    recorder = Recorder(gymnasium.make("CartPole-v1"))
    recorded = sorn_rs.Agent(recorder, AGENT, seed=1).learn(steps)
    params = recorded.config["reservoir"]["params"]
    # A projection of the encoder's kind; its own is not shown.
    rng = np.random.default_rng(0)
    projection = rng.normal(size=(params["nu"], 4))
    projection /= np.linalg.norm(projection, axis=1, keepdims=True)
    seen = np.tanh(np.array(recorder.seen, dtype=float) / AGENT["encoder"]["scale"])
    drive = 3.0 * (seen @ projection.T + rng.uniform(-0.9, 0.9, params["nu"]))
    plastic = AGENT["plasticity"]["steps"]

    def bare():
        env = gymnasium.make("CartPole-v1")
        reset, step = env.reset, env.step
        for seed, action in recorder.calls:
            if action is None:
                reset(seed=seed)
            else:
                step(action)

    def reservoir():
        network = sorn_rs.Network(params, seed=1)
        network.run(drive[:plastic], record=[])
        network.frozen = ["stdp", "ip", "sp", "istdp", "ss"]
        network.run(drive[plastic:], record=[])

    rows = []
    for _ in range(rounds):
        learner = sorn_rs.Agent(gymnasium.make("CartPole-v1"), AGENT, seed=1)
        times = [seconds(lambda agent=learner: agent.learn(steps)), seconds(bare), seconds(reservoir)]
        assert learner.episode_returns == recorded.episode_returns
        rows.append([1e6 * t / steps for t in times])
    return {
        "learn_us": spread([learn for learn, _, _ in rows]),
        "env_step_us": spread([step for _, step, _ in rows]),
        "reservoir_us": spread([reservoir for _, _, reservoir in rows]),
        "overhead": spread([learn / (step + reservoir) - 1 for learn, step, reservoir in rows]),
    }


def vector(rounds, steps=200):
    import sorn_rs.envs  # noqa: F401

    report = {}
    for num_envs in (64, 1024):
        batches = [gymnasium.make_vec(id, num_envs=num_envs) for id in ("sorn_rs/CartPole-v1", "CartPole-v1")]
        actions = np.random.default_rng(0).integers(2, size=(steps, num_envs))

        def run(envs, actions=actions):
            for action in actions:
                envs.step(action)

        speeds = []
        for envs in batches:
            envs.reset(seed=0)
            run(envs)
        for _ in range(rounds):
            speeds.append([steps * num_envs / seconds(lambda envs=envs: run(envs)) for envs in batches])
        report[num_envs] = {
            "ours": spread([ours for ours, _ in speeds], 0),
            "gymnasiums": spread([theirs for _, theirs in speeds], 0),
            "ratio": spread([ours / theirs for ours, theirs in speeds], 2),
        }
    return report


def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def memory():
    network, row = sorn_rs.Network(seed=1), np.full(10, 0.5)
    for _ in range(10_000):
        network.step(row)
    before = resident()
    for _ in range(1_000_000):
        network.step(row)
    steps = (before, resident())

    def run():
        sorn_rs.Simulator.run(
            inputs=np.random.rand(10, 100),
            callbacks=["ExcitatoryActivation", "WEE"],
            **HYPERPARAMETERS,
        )

    for _ in range(20):
        run()
    before = resident()
    for _ in range(1000):
        run()
    return {"steps_kib": steps, "runs_kib": (before, resident())}


def threads(rounds, steps=20_000):
    inputs = np.random.default_rng(0).random((steps, 10))
    ratios = []
    for _ in range(rounds):
        networks = [sorn_rs.Network(seed=seed) for seed in range(4)]
        alone = seconds(
            lambda pair=networks[:2]: [one.run(inputs, record=[]) for one in pair], time.perf_counter
        )
        workers = [threading.Thread(target=one.run, args=(inputs, [])) for one in networks[2:]]

        def together(workers=workers):
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

        ratios.append(alone / seconds(together, time.perf_counter))
    return {"speedup": spread(ratios, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--upstream-steps", type=int, default=100)
    parser.add_argument("--skip", nargs="*", default=[], choices=["simulator", "trainer", "agent"])
    parser.add_argument("--more", action="store_true", help="also vector, memory and threads")
    args = parser.parse_args()
    report = {}
    if "simulator" not in args.skip:
        report["simulator"] = simulator(upstream(), args.rounds, args.upstream_steps)
    if "trainer" not in args.skip:
        report["trainer"] = trainer(upstream(), args.rounds)
    if "agent" not in args.skip:
        report["agent"] = agent(args.rounds)
    if args.more:
        report |= {"vector": vector(args.rounds), "memory": memory(), "threads": threads(args.rounds)}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
