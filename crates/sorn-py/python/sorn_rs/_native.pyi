import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt

__version__: str

class Network:
    PRESETS: ClassVar[list[str]]
    ne: int
    ni: int
    nu: int
    steps: int
    params: dict[str, Any]
    frozen: list[str]
    health: dict[str, Any]
    pools: tuple[npt.NDArray[np.int64], ...]
    h_ip: npt.NDArray[np.float64]
    x: npt.NDArray[np.bool_]
    y: npt.NDArray[np.bool_]
    recurrent: npt.NDArray[np.float64]
    te: npt.NDArray[np.float64]
    ti: npt.NDArray[np.float64]
    wee: npt.NDArray[np.float64]
    wei: npt.NDArray[np.float64]
    wie: npt.NDArray[np.float64]
    state: dict[str, npt.NDArray[np.float64]]
    def __init__(
        self,
        params: str | Mapping[str, Any] | None = None,
        seed: int = 0,
        *,
        initial: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        **overrides: Any,
    ) -> None: ...
    @classmethod
    def from_state(
        cls,
        state: Mapping[str, npt.ArrayLike],
        params: str | Mapping[str, Any] | None = None,
        seed: int = 0,
        **overrides: Any,
    ) -> Network: ...
    def step(self, input: npt.ArrayLike, reward: float | None = None) -> npt.NDArray[np.bool_]: ...
    def run(
        self, inputs: npt.ArrayLike, record: Sequence[str] = ["x"], rewards: npt.ArrayLike | None = None
    ) -> dict[str, npt.NDArray[Any]]: ...
    rules: list[Callable[[StepContext], None]]
    def add_rule(self, rule: Callable[[StepContext], None], position: int | None = None) -> None: ...
    def set(self, **overrides: Any) -> None: ...
    def copy(self) -> Network: ...
    def save(self, path: str | os.PathLike[str]) -> None: ...
    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network: ...

class StepContext:
    x_before: npt.NDArray[np.bool_]
    x: npt.NDArray[np.bool_]
    y_before: npt.NDArray[np.bool_]
    y: npt.NDArray[np.bool_]
    reward: float
    te: npt.NDArray[np.float64]
    ee_pre: npt.NDArray[np.uint32]
    ee_post: npt.NDArray[np.uint32]
    ee_weights: npt.NDArray[np.float64]
    ei_pre: npt.NDArray[np.uint32]
    ei_post: npt.NDArray[np.uint32]
    ei_weights: npt.NDArray[np.float64]
    def grow_ee(self, pre: int, post: int, weight: float) -> None: ...

class Agent:
    config: dict[str, Any]
    num_timesteps: int
    episode_returns: list[float]
    episode_lengths: list[int]
    def __init__(
        self,
        env: gymnasium.Env[Any, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        seed: int = 0,
        *,
        observation_space: gymnasium.Space[Any] | None = None,
        action_space: gymnasium.Space[Any] | None = None,
        encoder: Callable[[Any], npt.ArrayLike] | None = None,
        observe: Sequence[str] | None = None,
        initial: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    ) -> None: ...
    def learn(
        self,
        total_timesteps: int,
        callback: Callable[[dict[str, Any]], bool | None] | None = None,
        progress_bar: bool = False,
    ) -> Agent: ...
    def predict(
        self, observation: Any, state: None = None, episode_start: bool = False, deterministic: bool = True
    ) -> tuple[Any, None]: ...
    def begin(self, observation: Any) -> Any: ...
    def act(self) -> Any: ...
    def observe(self, reward: float, terminated: bool, truncated: bool, observation: Any) -> None: ...
    def save(self, path: str | os.PathLike[str]) -> None: ...
    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        env: gymnasium.Env[Any, Any] | None = None,
        *,
        observation_space: gymnasium.Space[Any] | None = None,
        action_space: gymnasium.Space[Any] | None = None,
        encoder: Callable[[Any], npt.ArrayLike] | None = None,
    ) -> Agent: ...

class NativeEnv:
    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    def __init__(self, id: str, kwargs: dict[str, Any]) -> None: ...
    def reset(self, seed: int | None, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any]]: ...
    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]: ...
    def render(self) -> npt.NDArray[np.uint8] | None: ...
    def close(self) -> None: ...
    def attributes(self) -> list[str]: ...
    def attribute(self, name: str) -> Any: ...
    def set_attribute(self, name: str, object: Any) -> None: ...
    def __setstate__(self, saved: dict[str, Any]) -> None: ...

class NativeVecEnv:
    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    def __init__(self, id: str, num_envs: int, autoreset_mode: str, kwargs: dict[str, Any]) -> None: ...
    def reset(
        self, seeds: list[int | None], mask: list[bool], given: dict[str, Any] | None
    ) -> npt.NDArray[Any]: ...
    def step(
        self, actions: npt.NDArray[Any]
    ) -> tuple[
        tuple[npt.NDArray[Any], npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
        tuple[list[int], npt.NDArray[Any]] | None,
    ]: ...
    def render(self) -> tuple[npt.NDArray[np.uint8] | None, ...]: ...
    def __setstate__(self, saved: dict[str, Any]) -> None: ...

statistics: Any
criticality: Any

def env_specs() -> list[dict[str, Any]]: ...
def run_cli(args: list[str]) -> int: ...
def stop_asked() -> bool: ...
def dataset_series(
    json: str, steps: int, seed: int, standardize: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[str]]: ...
def dataset_symbols(
    json: str, n: int | None, steps: int, seed: int
) -> tuple[npt.NDArray[np.int64], list[str]]: ...
def readout_sums(
    features: npt.NDArray[np.float64],
    targets: npt.NDArray[np.float64],
    before: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
def readout_solve(
    gram: npt.NDArray[np.float64],
    moments: npt.NDArray[np.float64],
    penalties: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.float64]: ...
def readout_recursive(
    features: npt.NDArray[np.float64],
    targets: npt.NDArray[np.float64],
    penalties: tuple[float, float],
    before: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], int] | None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], int]: ...
def readout_logistic(
    features: npt.NDArray[np.float64], labels: npt.NDArray[np.uint32], classes: int, c: float
) -> npt.NDArray[np.float64]: ...
def readout_scores(
    features: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]: ...

class SeriesEncoder:
    def __init__(self, json: str, numbers: int, inputs: int, seed: int) -> None: ...
    @staticmethod
    def check(json: str) -> None: ...
    def encode(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...

def hear_signals() -> None: ...

class Tuning:
    def place(self, number: int) -> Path: ...
    def trial(self, number: int, values: str) -> Trial | None: ...
    def write_best(self, number: int, values: str, mean: float, seeds: int) -> Path: ...

class Trial:
    def run(
        self, seed: int, every: int | None = None, report: Callable[[int, float], bool] | None = None
    ) -> float | None: ...

class Sweep:
    path: Path
    tasks: int
    def __init__(self, path: str | os.PathLike[str]) -> None: ...
    def place(self, number: int) -> Path: ...
    def state(self, number: int) -> str: ...
    def hold(self, number: int) -> Held | None: ...
    def work(self, numbers: list[int], seconds: float) -> tuple[list[int], list[tuple[int, str]]]: ...
    def pack(self, number: int) -> dict[str, bytes]: ...
    def unpack(self, number: int, files: dict[str, bytes]) -> None: ...
    def tell(self, number: int, reason: str) -> None: ...
    def collect(self) -> None: ...

class Held:
    def release(self) -> None: ...

class SingleRun:
    def __init__(self, text: str, origin: str, overrides: list[str]) -> None: ...
    def run(self, dir: str | os.PathLike[str], seconds: float) -> tuple[bool, tuple[int, float] | None]: ...
    @staticmethod
    def numbers(dir: str | os.PathLike[str]) -> dict[str, float]: ...

def simulate(
    settings: dict[str, Any],
    state: dict[str, npt.NDArray[np.float64]] | None,
    h_ip: npt.NDArray[np.float64] | None,
    inputs: npt.NDArray[np.float64],
    timesteps: int,
    noise: bool,
    freeze: list[str],
    callbacks: list[str],
    seed: int | None,
) -> tuple[dict[str, Any], dict[str, Any]]: ...
def train(
    state: Any, inputs: Any, timesteps: Any, noise: Any, callbacks: Any, given: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]] | None: ...
def lambd_connections(kind: str, ne: int, ni: int, lambd: float, sd: float) -> npt.NDArray[np.float64]: ...
