"""Whatever is passed to whatever is public, it works or raises TypeError or ValueError with the argument's name.

A table of calls that work, of each of which one argument after the other is replaced by something odd.
"""

import itertools
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

import sorn_rs
from sorn_rs import (
    Agent,
    Initializer,
    Network,
    Reservoir,
    Simulator,
    Statistics,
    Trainer,
    datasets,
    export,
    statistics,
)

gymnasium = pytest.importorskip("gymnasium")
import sorn_rs.envs  # noqa: E402
from sorn_rs.wrappers import SornObservation  # noqa: E402


class Hostile:
    """Raises whatever it is asked."""

    def __getattr__(self, name):
        raise RuntimeError(f"no {name} here")

    def __len__(self):
        raise RuntimeError("no length here")

    def __repr__(self):
        return "Hostile()"


class Endless:
    """A sequence that claims to be longer than any memory."""

    def __len__(self):
        return 2**40

    def __getitem__(self, index):
        if index >= 2000:
            raise IndexError(index)
        return "x"

    def __repr__(self):
        return "Endless()"


CYCLE = []
CYCLE.append(CYCLE)
ODD = {
    "None": None,
    "True": True,
    "-1": -1,
    "0": 0,
    "2.5": 2.5,
    "huge": 10**30,
    "2**31": 2**31,
    "2**63": 2**63,
    "nan": float("nan"),
    "-inf": float("-inf"),
    "text": "text",
    "surrogate": "\ud800",
    "bytes": b"bytes",
    "[]": [],
    "[[]]": [[]],
    "ragged": [[1.0], [1.0, 2.0]],
    "cycle": CYCLE,
    "{}": {},
    "{1: 2}": {1: 2},
    "nested": {"a": {"b": [None, {"c": float("nan")}]}},
    "object": object(),
    "hostile": Hostile(),
    "function": lambda *_: None,
    "type": dict,
    "1j": 1j,
    "zeros(0)": np.zeros(0),
    "zeros(0, 0)": np.zeros((0, 0)),
    "zeros(3, 0)": np.zeros((3, 0)),
    "zeros(4)": np.zeros(4),
    "zeros(2, 2, 2)": np.zeros((2, 2, 2)),
    "nan(4)": np.full(4, np.nan),
    "fortran": np.asfortranarray(np.ones((5, 4))),
    "strided": np.ones((10, 8))[::2, ::2],
    "reversed": np.ones(4)[::-1],
    "big-endian": np.ones(4, dtype=">f8"),
    "float16": np.ones(4, dtype=np.float16),
    "int8": np.ones((5, 4), dtype=np.int8),
    "complex": np.zeros(4, dtype=complex),
    "objects": np.array([None, 1], dtype=object),
    "strings": np.array(["a"]),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "record": np.zeros(2, dtype=[("a", "f8")]),
    "array(None)": np.array(None),
    "scalar": np.float64(0.5),
    "endless numbers": np.broadcast_to(1.0, (2**40,)),
    "endless integers": np.broadcast_to(1, (2**40,)),
    "endless booleans": np.broadcast_to(True, (2**40,)),
    "endless rows": np.broadcast_to(0.5, (2**40, 4)),
    "endless columns": np.broadcast_to(0.5, (4, 2**40)),
    "endless square": np.broadcast_to(0.5, (2**20, 2**20)),
    "endless matrix": np.broadcast_to(True, (2**40, 3)),
    "endless streams": np.broadcast_to(0.5, (2**40, 3, 4)),
    "endless names": np.broadcast_to("x", (2**40,)),
    "endless sequence": Endless(),
    "space": gymnasium.spaces.Text(3),
}
SMALL = dict(ne=20, nu=4, lambda_ee=4, lambda_ei=6, seed=1)
INPUTS = np.random.default_rng(0).random((6, 4))
CONFIG = {"reservoir": {"params": {"ne": 20, "nu": 20, "lambda_ee": 4.0, "lambda_ei": 6.0}}}
SPIKES = np.random.default_rng(1).random((50, 3)) < 0.4
STATE = Network(**SMALL).state


FOLDER = Path(tempfile.mkdtemp())
TABLE, TEXT = FOLDER / "table.csv", FOLDER / "text.txt"
TABLE.write_text("u,y\n1,2\n3,4\n5,6\n")
TEXT.write_text("Fee fi fo fum.\n")


def long(call, argument):
    """Whether it is a number of what is done again and again: 2**31 is not wrong, but a long wait."""
    lengths = ("steps_per_observation", "surrogates", "replicas", "total_timesteps")
    return argument in lengths or call.startswith("datasets.") and argument == "steps"


def network():
    return Network(**SMALL)


def agent():
    return Agent(gymnasium.make("sorn_rs/CartPole-v1"), CONFIG, seed=1)


def begun():
    one = agent()
    one.begin(np.zeros(4))
    return one


def fitted():
    return Reservoir(**SMALL).fit(INPUTS, INPUTS)


def frozen(value):
    one = network()
    one.frozen = value


def in_a_rule(call):
    def step(**kwargs):
        one = network()
        one.add_rule(lambda context: call(context, **kwargs))
        one.step(INPUTS[0])

    return step


def set_attributes(step, **kwargs):
    for name, value in kwargs.items():
        setattr(step, name, value)


def wrapped(**kwargs):
    env = SornObservation(
        gymnasium.make("sorn_rs/CartPole-v1"), **({"ne": 20, "lambda_ee": 4, "lambda_ei": 4} | kwargs)
    )
    env.reset(seed=1)


def env_reset(**kwargs):
    return sorn_rs.envs.NativeEnv("CartPole-v1").reset(**kwargs)


def env_step(action):
    env = sorn_rs.envs.NativeEnv("CartPole-v1")
    env.reset(seed=1)
    return env.step(action)


def vec_reset(**kwargs):
    return sorn_rs.envs.NativeVectorEnv("CartPole-v1", 2).reset(**kwargs)


def vec_step(actions):
    envs = sorn_rs.envs.NativeVectorEnv("CartPole-v1", 2)
    envs.reset(seed=1)
    return envs.step(actions)


def spaces(**kwargs):
    return Agent(config=CONFIG, **kwargs)


RUN = dict(inputs=INPUTS.T, timesteps=6, ne=20, nu=4, lambda_ee=4, lambda_ei=6)
CARTPOLE = gymnasium.make("sorn_rs/CartPole-v1")
TRAIN = np.flatnonzero(SPIKES[:, 0])
COUNTS = SPIKES.sum(1)
VALUES = np.random.default_rng(2).zipf(2.2, 200)
FIT = statistics.fit_power_law(VALUES, 1)
WEIGHTS = np.array([0.1, 0.3, 0.2, 0.7, 0.5])
CHANGED = np.arange(1.0, 17.0).reshape(4, 4) / 20
RECORD = {"x": SPIKES, "te": SPIKES * 1.0}

CALLS = {
    "Network": (
        Network,
        SMALL | dict(params="upstream", input="first", rules=["stdp"], h_ip=0.1, eta_stdp=0.1),
    ),
    "Network.from_state": (
        Network.from_state,
        dict(state=STATE, params={"lambda_ee": 4, "lambda_ei": 6}, seed=1, nu=4),
    ),
    "Network.step": (lambda **kw: network().step(**kw), dict(input=INPUTS[0], reward=1.0)),
    "Network.run": (
        lambda **kw: network().run(**kw),
        dict(inputs=INPUTS, record=["x"], rewards=np.zeros(6)),
    ),
    "Network.add_rule": (lambda **kw: network().add_rule(**kw), dict(rule=lambda step: None, position=0)),
    "StepContext.grow_ee": (
        in_a_rule(lambda step, **kw: step.grow_ee(**kw)),
        dict(pre=0, post=1, weight=0.1),
    ),
    "StepContext.te": (in_a_rule(set_attributes), dict(te=np.zeros(20))),
    "Network.frozen": (frozen, dict(value=["stdp"])),
    "Network.load": (Network.load, dict(path="no/such/file")),
    "Network._restore": (Network._restore, dict(whole=b"", rules=[])),
    "Reservoir": (Reservoir, SMALL | dict(readout="rls", alpha=0.1, forgetting=1.0, washout=1, plastic=True)),
    "Reservoir(traces)": (Reservoir, SMALL | dict(traces=[0.5, 0.9])),
    "Reservoir.fit": (lambda **kw: Reservoir(**SMALL).fit(**kw), dict(inputs=INPUTS, targets=INPUTS)),
    "Reservoir.partial_fit": (lambda **kw: fitted().partial_fit(**kw), dict(inputs=INPUTS, targets=INPUTS)),
    "Reservoir.run": (lambda **kw: fitted().run(**kw), dict(inputs=INPUTS)),
    "Reservoir.predict": (lambda **kw: fitted().predict(**kw), dict(inputs=INPUTS)),
    "Reservoir.score": (lambda **kw: fitted().score(**kw), dict(inputs=INPUTS, targets=INPUTS)),
    "Agent": (Agent, dict(env=CARTPOLE, config=CONFIG, seed=1, encoder=lambda o: np.zeros(20))),
    "Agent(spaces)": (
        spaces,
        dict(observation_space=CARTPOLE.observation_space, action_space=CARTPOLE.action_space),
    ),
    "Agent.learn": (
        lambda **kw: agent().learn(**kw),
        dict(total_timesteps=5, callback=lambda event: False, progress_bar=False),
    ),
    "Agent.predict": (
        lambda **kw: agent().predict(**kw),
        dict(observation=np.zeros(4), state=None, episode_start=True, deterministic=True),
    ),
    "Agent.begin": (lambda **kw: agent().begin(**kw), dict(observation=np.zeros(4))),
    "Agent.observe": (
        lambda **kw: begun().observe(**kw),
        dict(reward=1.0, terminated=False, truncated=False, observation=np.zeros(4)),
    ),
    "Agent.load": (Agent.load, dict(path="no/such/file", env=CARTPOLE)),
    "SornObservation": (
        wrapped,
        dict(params=None, seed=1, scale=1.0, gain=1.0, bias=0.5, frozen=[]),
    ),
    "NativeEnv": (sorn_rs.envs.NativeEnv, dict(native_id="CartPole-v1", sutton_barto_reward=True)),
    "NativeEnv.reset": (env_reset, dict(seed=1, options={"low": -0.1})),
    "NativeEnv.step": (env_step, dict(action=0)),
    "NativeVectorEnv": (
        sorn_rs.envs.NativeVectorEnv,
        dict(native_id="CartPole-v1", num_envs=2, max_episode_steps=5, autoreset_mode="NextStep"),
    ),
    "NativeVectorEnv.reset": (vec_reset, dict(seed=1, options={"low": -0.1})),
    "NativeVectorEnv.step": (vec_step, dict(actions=np.zeros(2, dtype=int))),
    "Simulator.run": (Simulator.run, RUN | dict(seed=1)),
    "Simulator.run, global": (Simulator.run, RUN | dict(noise=True, freeze=["ip"], callbacks=["TE"])),
    "Simulator.simulate_sorn": (
        Simulator.simulate_sorn,
        dict(inputs=INPUTS.T, matrices=STATE, time_steps=6, noise=True, freeze=[]),
    ),
    "Trainer.run": (
        Trainer.run,
        dict(inputs=INPUTS.T, phase="training", state=STATE, timesteps=1, noise=False, callbacks=["TE"]),
    ),
    "Trainer.train_sorn": (
        Trainer.train_sorn,
        dict(inputs=INPUTS.T, matrices=STATE, time_steps=6, noise=True, freeze=[]),
    ),
    "export.neo_block": (export.neo_block, dict(record=RECORD, dt=1.0, name="a")),
    "export.neo_spike_trains": (export.neo_spike_trains, dict(spikes=SPIKES, dt=1.0)),
    "rate": (statistics.rate, dict(train=TRAIN, steps=50)),
    "counts": (statistics.counts, dict(train=TRAIN, steps=50, window=5)),
    "fano_factor": (statistics.fano_factor, dict(train=TRAIN, steps=50, window=5)),
    "instantaneous_rate": (statistics.instantaneous_rate, dict(train=TRAIN, steps=50, sigma=3.0)),
    "intervals": (statistics.intervals, dict(train=TRAIN)),
    "cv": (statistics.cv, dict(train=TRAIN)),
    "cv2": (statistics.cv2, dict(train=TRAIN)),
    "lv": (statistics.lv, dict(train=TRAIN)),
    "time_histogram": (statistics.time_histogram, dict(spikes=SPIKES, window=2)),
    "hamming_distance": (statistics.hamming_distance, dict(a=SPIKES, b=SPIKES)),
    "spike_source_entropy": (statistics.spike_source_entropy, dict(spikes=SPIKES)),
    "correlations": (statistics.correlations, dict(spikes=SPIKES, window=2)),
    "correlation_significance": (
        statistics.correlation_significance,
        dict(
            spikes=SPIKES,
            window=2,
            kind="random_times",
            surrogates=5,
            seed=1,
            false_discovery_rate=0.1,
        ),
    ),
    "surrogates": (statistics.surrogates, dict(spikes=SPIKES, kind="random_times", seed=1)),
    "avalanches": (statistics.avalanches, dict(activity=COUNTS, threshold=1)),
    "fit_power_law": (statistics.fit_power_law, dict(values=VALUES, min=1, max=None, least=5)),
    "compare_power_law": (
        statistics.compare_power_law,
        dict(values=VALUES, law=FIT, alternative="exponential"),
    ),
    "goodness_of_fit": (
        statistics.goodness_of_fit,
        dict(values=VALUES, min=1, max=None, least=5, replicas=2, seed=1),
    ),
    "branching_ratio": (
        statistics.branching_ratio,
        dict(activity=np.random.default_rng(0).normal(size=200).cumsum(), lags=3),
    ),
    "smoothness": (statistics.smoothness, dict(series=INPUTS[:, 0])),
    "relative_smoothness": (statistics.relative_smoothness, dict(series=INPUTS[:, 0])),
    "autocorrelation": (statistics.autocorrelation, dict(series=INPUTS[:, 0], lag=1)),
    "fit_log_normal": (statistics.fit_log_normal, dict(weights=INPUTS[:, 0])),
    "degrees": (statistics.degrees, dict(weights=STATE["Wee"])),
    "memory_capacity": (
        statistics.memory_capacity,
        dict(spikes=SPIKES, input=np.random.default_rng(0).random(50), lags=2, training=20, ridge=1.0),
    ),
    "kernel_rank": (statistics.kernel_rank, dict(network=network(), streams=np.zeros((2, 3, 4)))),
    "generalisation_rank": (
        statistics.generalisation_rank,
        dict(network=network(), streams=np.zeros((2, 3, 4)), shared=1),
    ),
    "perturbation_growth": (
        statistics.perturbation_growth,
        dict(network=network(), neuron=1, inputs=np.zeros((3, 4))),
    ),
    "lyapunov_exponent": (statistics.lyapunov_exponent, dict(growth=[[1, 2, 3]], steps=1)),
    "mann_whitney": (statistics.mann_whitney, dict(a=INPUTS[:, 0], b=INPUTS[:, 1])),
    "fit_truncated_power_law": (statistics.fit_truncated_power_law, dict(values=VALUES, min=1, max=None)),
    "fit_stretched_exponential": (statistics.fit_stretched_exponential, dict(values=VALUES, min=1, max=None)),
    "mean_sizes": (statistics.mean_sizes, dict(durations=VALUES, sizes=VALUES)),
    "crackling": (
        statistics.crackling,
        dict(durations=VALUES, sizes=VALUES, duration_exponent=1.5, size_exponent=1.3, min=1, max=None),
    ),
    "shape_collapse": (
        statistics.shape_collapse,
        dict(activity=[0, 1, 3, 1, 0, 1, 4, 4, 1, 0] * 3, threshold=0, min=3, max=4, least=2),
    ),
    "detrended_fluctuations": (
        statistics.detrended_fluctuations,
        dict(values=np.arange(20.0) % 7, windows=[4, 8]),
    ),
    "log_normal_distance": (statistics.log_normal_distance, dict(weights=WEIGHTS)),
    "log_normal_goodness": (statistics.log_normal_goodness, dict(weights=WEIGHTS, replicas=5, seed=1)),
    "compare_log_normal": (statistics.compare_log_normal, dict(weights=WEIGHTS, alternative="normal")),
    "pattern_divergence": (statistics.pattern_divergence, dict(p=SPIKES[:, :4], q=SPIKES[:, :4], added=1.0)),
    "weight_changes": (
        statistics.weight_changes,
        dict(before=CHANGED, after=CHANGED * [0.5, 0.9, 1.1, 1.7], above=0.0),
    ),
    "survival": (statistics.survival, dict(ended=VALUES, alive=VALUES)),
    "datasets.narma": (datasets.narma, dict(steps=20, order=3, a1=0.3, a2=0.05, b=1.5, c=0.1, seed=1)),
    "datasets.mackey_glass": (
        datasets.mackey_glass,
        dict(steps=20, tau=17.0, a=0.2, b=0.1, n=10.0, step=1.0, ahead=2, seed=1),
    ),
    "datasets.lorenz": (
        datasets.lorenz,
        dict(steps=20, sigma=10.0, rho=28.0, beta=2.0, step=0.03, ahead=1, seed=1),
    ),
    "datasets.memory_capacity": (datasets.memory_capacity, dict(steps=20, delays=[1, 2], seed=1)),
    "datasets.parity": (datasets.parity, dict(steps=20, bits=2, delay=1, seed=1)),
    "datasets.table": (datasets.table, dict(steps=20, file=TABLE, inputs=[0], targets=[1], ahead=1)),
    "datasets.words": (
        datasets.words,
        dict(
            steps=20,
            words=["A B*n C", "D"],
            n=2,
            probabilities=[0.5, 0.5],
            transitions=[[0.5, 0.5], [1.0, 0.0]],
            seed=1,
        ),
    ),
    "datasets.random_symbols": (datasets.random_symbols, dict(steps=20, symbols=3, seed=1)),
    "datasets.repeated_symbols": (datasets.repeated_symbols, dict(steps=20, symbols=3, length=4, seed=1)),
    "datasets.grammar": (datasets.grammar, dict(steps=20, grammar="fdt", held_out=2, seed=1)),
    "datasets.text": (datasets.text, dict(steps=20, file=TEXT)),
}
# What upstream calls otherwise than we would.
ALIASES = {
    "native_id": ["id", "environment"],
    "value": ["frozen"],
    "spikes": ["neurons", "windows", "steps"],
    "path": ["null byte"],
    "params": ["preset"],
    "sutton_barto_reward": ["kwargs"],
    "matrices": ["state"],
    "time_steps": ["timesteps"],
    "steps": ["perturbation"],
    "streams": ["input"],
    "inputs": ["input"],
    "growth": ["perturbation"],
    "series": ["difference"],
}


def test_what_is_replaced_works():
    for name, (call, kwargs) in CALLS.items():
        try:
            call(**kwargs)
        except OSError:
            assert name in ("Network.load", "Agent.load")
        except ImportError as error:
            assert "pip install" in str(error)
        except ValueError:
            assert name == "Network._restore"


@pytest.mark.parametrize("name", CALLS)
def test_odd_arguments(name):
    call, good = CALLS[name]
    for argument, (label, value) in itertools.product(good, ODD.items()):
        if label == "2**31" and long(name, argument):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                call(**(good | {argument: value}))
            except (TypeError, ValueError, MemoryError) as error:
                # What does not fit another argument may name that one.
                names = [
                    "" if name == "Network._restore" else argument,
                    *good,
                    "lambda_",
                    *ALIASES.get(argument, []),
                ]
                assert any(known in str(error) for known in names), (argument, label, type(error), error)
            except ImportError as error:
                assert "pip install" in str(error), (argument, label, error)
            except OSError:
                assert name.endswith(".load")
            except RuntimeError as error:
                # Its own.
                assert label == "hostile" and "here" in str(error), (argument, label, error)
            except BaseException as error:
                raise AssertionError(f"{name}({argument}={label})") from error


def test_errors_do_not_show_the_whole_of_what_is_long():
    text = "x" * 1_000_000
    env = gymnasium.make("sorn_rs/CartPole-v1")
    for call in (
        lambda: SornObservation(env, ne=20, lambda_ee=4, lambda_ei=4, scale=text),
        lambda: Reservoir(readout=text, **SMALL),
        lambda: Reservoir(traces=[text], **SMALL),
        lambda: datasets.grammar(5, text),
    ):
        with pytest.raises((TypeError, ValueError)) as raised:
            call()
        assert len(str(raised.value)) < 1000


def test_every_statistic_and_dataset_is_there():
    functions = {name for name in statistics.__all__ if name[0].islower()}
    assert functions | {f"datasets.{name}" for name in datasets.__all__} <= set(CALLS)


UPSTREAMS = [
    *((Initializer, name) for name in dir(Initializer) if not name.startswith("_")),
    *((Statistics, name) for name in dir(Statistics) if not name.startswith("_")),
]


@pytest.mark.parametrize("owner, name", UPSTREAMS, ids=lambda value: value if isinstance(value, str) else "")
def test_upstreams_functions_raise_what_can_be_caught(owner, name):
    """Their arguments are used as they come, as upstream uses them."""
    function = getattr(owner, name)
    count = function.__code__.co_argcount
    good = [SPIKES.astype(float), 1, 2, 3, 4, 5][:count]
    # What claims to be endless is, in a loop of Python's.
    odd = [value for label, value in ODD.items() if not label.startswith("endless")]
    for place, value in itertools.product(range(count), odd):
        arguments = list(good)
        arguments[place] = value
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                function(*arguments)
            except Exception as error:
                assert not isinstance(error, SystemError), error
