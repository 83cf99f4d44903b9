"""Simulation and training of a SORN, by the names of `sorn.sorn`."""

import warnings

import numpy as np

from . import _arguments as arguments
from . import _native
from ._initializer import Initializer
from ._plasticity import MatrixCollection, NetworkState, Plasticity, Sorn
from .callbacks import AVAILABLE

__all__ = [
    "Initializer",
    "MatrixCollection",
    "NetworkState",
    "Plasticity",
    "Simulator",
    "Simulator_",
    "Sorn",
    "Trainer",
    "Trainer_",
]


class _Runner(Sorn):
    def __init__(self):
        self.avail_callbacks = dict(AVAILABLE)

    def _run(self, inputs, phase, state, timesteps, noise, freeze, callbacks, seed, kwargs, learns):
        if kwargs:
            renamed = {"state": state, "timesteps": timesteps}
            arguments.rename_old(kwargs, renamed)
            state, timesteps = renamed["state"], renamed["timesteps"]
        given = arguments.hyperparameters(kwargs)
        static = arguments.check_phase(phase) == "training" and not learns
        noise = arguments.check_noise(noise)
        frozen = arguments.check_freeze(freeze)
        names = arguments.check_callbacks(callbacks)
        seed = arguments.check_seed(seed)
        arrays = h_ip = None
        if state is not None:
            arrays = arguments.check_state(state)
            ne = len(arrays["Te"])
            arguments.warn_if_other_size(given, ne)
            h_ip = arguments.check_h_ip(state, ne)
            given["ne"] = ne
        elif static:
            raise arguments.wrong("state", "None", "the state of an earlier run, in phase 'training'")
        # A state is of no certain number of inputs, so there the inputs say it.
        nu = given.get("nu", Sorn.nu if state is None else None)
        inputs, steps = arguments.check_inputs(inputs, nu, timesteps)
        given["nu"] = len(inputs)
        if static and seed is None:
            return _train(arrays, h_ip, inputs, steps, noise, names)
        settings = _settings(given, arrays is None)
        if static:
            frozen = list(arguments.RULES)
        last, recorded = _native.simulate(settings, arrays, h_ip, inputs, steps, noise, frozen, names, seed)
        if arrays is not None:
            last["Wie"], last["Ti"] = arrays["Wie"], arrays["Ti"]
        if static:
            last |= {name: arrays[name] for name in ("Wee", "Wei", "Te")}
        return last, _with_constants(recorded, names, last, steps)


def _settings(given: dict, drawn: bool) -> dict:
    """All hyperparameters: those given, else the class attributes, which no run changes."""
    settings = {
        name: given[name] if name in given else arguments.hyperparameter(name, getattr(Sorn, name))
        for name in arguments.HYPERPARAMETERS
    }
    if settings["nu"] > settings["ne"]:
        raise arguments.wrong("nu", settings["nu"], f"at most ne ({settings['ne']})")
    if settings["ne"] < 5:
        raise arguments.wrong(
            "ne", settings["ne"], "5 or more, as there are int(0.2 * ne) inhibitory neurons"
        )
    for pair in ("ee", "ei", "ie") if drawn else ():
        mean = settings[f"lambda_{pair}"]
        if settings[f"network_type_{pair}"] == "Sparse" and not 1 <= mean <= settings["ne"]:
            raise arguments.wrong(f"lambda_{pair}", f"{mean:g}", f"1 to ne ({settings['ne']})")
    return settings


def _train(arrays, h_ip, inputs, steps, noise, names):
    if len(inputs) > len(arrays["Te"]):
        raise arguments.wrong("nu", len(inputs), f"at most ne ({len(arrays['Te'])})")
    active = [name for name in names if name.endswith("Activation")]
    last, recorded = _native.train(arrays, inputs, steps, noise, active, {})
    if h_ip is not None:
        last["H_ip"] = h_ip
    return last, _with_constants(recorded, names, last, steps)


def _with_constants(recorded: dict, names: list, last: dict, steps: int) -> dict:
    """Adds what a run does not change and so has not recorded; in the order asked for."""
    if len(recorded) == len(names):
        return recorded
    constant = {
        "WEE": lambda: last["Wee"],
        "WEI": lambda: last["Wei"],
        "WIE": lambda: last["Wie"],
        "TE": lambda: last["Te"],
        "TI": lambda: last["Ti"],
        "EEConnectionCounts": lambda: (last["Wee"] > 0.0).sum(),
        "EIConnectionCounts": lambda: (last["Wei"] > 0.0).sum(),
        "IEConnectionCounts": lambda: (last["Wie"] > 0.0).sum(),
    }
    return {name: recorded[name] if name in recorded else [constant[name]()] * steps for name in names}


class Simulator_(_Runner):
    """A network whose plasticity is at work."""

    def run(
        self,
        inputs: np.ndarray = None,
        phase: str = "plasticity",
        state: dict = None,
        timesteps: int = None,
        noise: bool = True,
        freeze: list = None,
        callbacks: list = [],  # noqa: B006 (upstream's default; never changed)
        *,
        seed: int = None,
        **kwargs,
    ):
        """Simulate the network under plasticity.

        Parameters
        ----------
        inputs : array_like, shape (nu, timesteps), optional
            External input; row `k` goes to excitatory neuron `k`. Without it the network runs on its own.
        phase : {"plasticity"}
            The simulator always learns; "training" is accepted with a warning.
        state : dict, optional
            The state to go on from, as a run returns it. It is not changed. Without it a network is drawn.
        timesteps : int, optional
            Number of steps; that of the columns of `inputs` if not given.
        noise : bool
            Whether every drive gets normal noise of standard deviation 0.04.
        freeze : list of {"stdp", "ip", "sp", "istdp", "ss"}, optional
            Rules that do not act.
        callbacks : list of str
            What to record; see `sorn_rs.callbacks`.
        seed : int, optional
            Seed of the package's own generators, which are fast, the same on every platform and independent of
            everything else. Without it, random numbers come from the global generators `np.random` and `random`.
        **kwargs
            Hyperparameters: `ne`, `nu`, `network_type_ee`, `network_type_ei`, `network_type_ie` ("Sparse" or "Dense"),
            `lambda_ee`, `lambda_ei`, `lambda_ie`, `eta_stdp`, `eta_inhib`, `eta_ip`, `te_max`, `ti_max`, `ti_min`,
            `te_min`, `mu_ip`, `sigma_ip`. Defaults are the attributes of `Sorn`.

        Returns
        -------
        last_state : dict
            `Wee` (ne, ne), `Wei` (ni, ne), `Wie` (ne, ni), `Te` (ne, 1), `Ti` (ni, 1), and `X` (ne, 2), `Y` (ni, 2):
            activity at the last step but one and at the last. Weights are ``[pre, post]``.
        recorded : dict
            For each callback a list of one value per step.
        """
        if arguments.check_phase(phase) == "training":
            warnings.warn(
                "phase='training' has no effect on Simulator.run, which always learns; Trainer.run does not",
                UserWarning,
                stacklevel=2,
            )
        return self._run(inputs, phase, state, timesteps, noise, freeze, callbacks, seed, kwargs, True)

    def simulate_sorn(
        self,
        inputs: np.ndarray = None,
        phase: str = "plasticity",
        matrices: dict = None,
        time_steps: int = None,
        noise: bool = True,
        freeze: list = None,
        **kwargs,
    ):
        """The older form of `run`.

        Returns
        -------
        last_state : dict
        E, I, R, C : list
            Excitatory, inhibitory and recurrent activity and the number of E-to-E synapses, one value per step.
        """
        return _older(self.run(inputs, phase, matrices, time_steps, noise, freeze, _OLDER, **kwargs))


class Trainer_(_Runner):
    """A network that is frozen, or not, while something reads it out."""

    def run(
        self,
        inputs: np.ndarray = None,
        phase: str = "training",
        state: dict = None,
        timesteps: int = None,
        noise: bool = True,
        freeze: list = None,
        callbacks: list = [],  # noqa: B006 (upstream's default; never changed)
        *,
        seed: int = None,
        **kwargs,
    ):
        """Run the network, frozen in phase "training", with plasticity in phase "plasticity".

        Arguments and results are those of `Simulator.run`. In phase "training", `state` is needed, and weights and
        thresholds of the returned state are the arrays that came.
        """
        usual = seed is None and (freeze is None or type(freeze) is list and not freeze)
        if usual and arguments.check_phase(phase) == "training":
            # The usual arguments, without detours; any others are looked at more closely below.
            result = _native.train(state, inputs, timesteps, noise, callbacks, kwargs)
            if result is not None:
                return result
        return self._run(inputs, phase, state, timesteps, noise, freeze, callbacks, seed, kwargs, False)

    def train_sorn(
        self,
        inputs: np.ndarray = None,
        phase: str = "training",
        matrices: dict = None,
        time_steps: int = None,
        noise: bool = True,
        freeze: list = None,
        **kwargs,
    ):
        """The older form of `run`; see `Simulator.simulate_sorn` for what it returns."""
        return _older(self.run(inputs, phase, matrices, time_steps, noise, freeze, _OLDER, **kwargs))


_OLDER = ["ExcitatoryActivation", "InhibitoryActivation", "RecurrentActivation", "EEConnectionCounts"]


def _older(result):
    last, recorded = result
    return (last, *(recorded[name] for name in _OLDER))


Trainer = Trainer_()
Simulator = Simulator_()
