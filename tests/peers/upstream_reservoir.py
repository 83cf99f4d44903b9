"""Runs upstream's network (sorn 0.7.4) and tells a hash of every array after every step.

Standard input: a JSON list of cases. Standard output, per case, as 64-bit little-endian words: the
initial arrays Wee, Wei, Wie, Te, Ti, X, Y in C order, then for each step: the input (nu), the noise
of the E neurons (ne) and of the I neurons (ni), the synapse that structural plasticity grew (pre,
post, or -1, -1), and the hashes of Wee, Wei, Wie, Te, Ti, X, Y, the recurrent drive and the
recurrent activation.
"""

import json
import os
import random
import sys
import tempfile

import numpy as np

# Upstream opens a log file where it is imported.
os.chdir(tempfile.mkdtemp())
from sorn import sorn as upstream  # noqa: E402
from sorn.sorn import MatrixCollection, NetworkState, Plasticity, Sorn  # noqa: E402
from sorn.utils import Initializer  # noqa: E402

# Upstream keeps every matrix of a run, so a long run is cut into short ones.
CHUNK = 50
# How often the vectorised loops are compared with upstream's own.
CHECK_EVERY = 97

multipliers = {}


def hash_of(array: np.ndarray) -> int:
    """Bits times an odd number that depends on the position, summed modulo 2^64.

    A difference in one place always shows.
    """
    bits = np.ascontiguousarray(array, dtype=np.float64).ravel().view(np.uint64)
    if bits.size not in multipliers:
        with np.errstate(over="ignore"):
            z = np.arange(1, bits.size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        multipliers[bits.size] = z | np.uint64(1)
    with np.errstate(over="ignore"):
        return int(np.sum(bits * multipliers[bits.size], dtype=np.uint64))


class Recorder:
    """Stands between upstream and its random numbers, and looks at its arrays after every step."""

    def __init__(self, case: dict, ni: int, out):
        self.rng = np.random.default_rng(case["seed"])
        self.case, self.ni, self.out = case, ni, out
        self.noise = [np.zeros(case["ne"]), np.zeros(ni)]
        self.grown = (-1, -1)
        self.step = 0
        self.drive = None
        self.activation = None

    def white_gaussian_noise(self, mu, sigma, t):
        noise = self.rng.normal(mu, sigma, t)
        self.noise[0 if t == self.case["ne"] else 1] = noise
        return np.expand_dims(noise, 1)

    def choice(self, indices):
        pair = self.choose(indices)
        self.grown = (int(pair[0]), int(pair[1]))
        return pair

    def write(self, values):
        self.out.write(np.asarray(values, dtype="<f8").tobytes())

    def end_of_step(self, collection, x, y, i):
        arrays = [collection.Wee[i + 1], collection.Wei[i + 1], collection.Wie[i + 1]]
        arrays += [collection.Te[i + 1], collection.Ti[i + 1], x, y, self.drive, self.activation]
        if not all(np.isfinite(array).all() for array in arrays):
            raise ArithmeticError(f"upstream computed NaN in step {self.step} of {self.case}")
        self.write(self.inputs[:, self.step])
        self.write(self.noise[0])
        self.write(self.noise[1])
        self.write(self.grown)
        self.out.write(np.array([hash_of(array) for array in arrays], dtype="<u8").tobytes())
        self.grown = (-1, -1)
        self.step += 1


def stdp_vectorised(self, wee, x, cutoff_weights):
    before, now = x[:, 0], x[:, 1]
    delta = self.eta_stdp * (now[None, :] * before[:, None] - before[None, :] * now[:, None])
    new = np.where(wee != 0.0, wee + delta, wee)
    return Initializer.reset_max(Initializer.reset_min(new, cutoff_weights[0]), cutoff_weights[1])


def istdp_vectorised(self, wei, x, y, cutoff_weights):
    delta = -self.eta_inhib * y[:, 0][:, None] * (1 - x[:, 1][None, :] * (1 + 1 / self.mu_ip))
    new = np.where(wei != 0.0, wei + delta, wei)
    return Initializer.reset_max(Initializer.reset_min(new, cutoff_weights[0]), cutoff_weights[1])


def checked(original, vectorised, recorder):
    """The vectorised loop, compared with upstream's own now and then."""

    def run(self, *args, **kwargs):
        result = vectorised(self, *args, **kwargs)
        if recorder.step % CHECK_EVERY == 1:
            np.testing.assert_array_equal(result, original(self, *args, **kwargs))
        return result

    return run


# Upstream's parameters are class attributes: what one run sets, the next inherits.
DEFAULTS = {name: value for name, value in vars(Sorn).items() if isinstance(value, int | float)}

ORIGINAL = {
    "stdp": Plasticity.stdp,
    "istdp": Plasticity.istdp,
    "inactive": Initializer.inactive_synapses,
    "recurrent": NetworkState.recurrent_drive,
    "activity": MatrixCollection.network_activity_t,
    "choice": random.choice,
}


def inactive_vectorised(wee):
    absent = wee <= 0.0
    np.fill_diagonal(absent, False)
    return np.argwhere(absent)


def patch(recorder: Recorder, fast: bool) -> None:
    def recurrent_drive(self, wee, wei, te, x, y, white_noise_e):
        excitation = np.expand_dims(self.incoming_drive(wee, x[:, 1].reshape(self.ne, 1)), 1)
        inhibition = np.expand_dims(self.incoming_drive(wei, y[:, 1].reshape(self.ni, 1)), 1)
        recorder.drive = excitation - inhibition + white_noise_e - te
        recorder.activation = ORIGINAL["recurrent"](self, wee, wei, te, x, y, white_noise_e)
        np.testing.assert_array_equal(recorder.drive > 0, recorder.activation == 1.0)
        return recorder.activation

    def network_activity_t(self, x, y, i):
        recorder.end_of_step(self, x, y, i)
        return ORIGINAL["activity"](self, x, y, i)

    chooser = random.Random(recorder.case["seed"])
    recorder.choose = chooser.choice
    NetworkState.recurrent_drive = recurrent_drive
    MatrixCollection.network_activity_t = network_activity_t
    Initializer.white_gaussian_noise = staticmethod(recorder.white_gaussian_noise)
    upstream.random.choice = recorder.choice
    if fast:
        Plasticity.stdp = checked(ORIGINAL["stdp"], stdp_vectorised, recorder)
        Plasticity.istdp = checked(ORIGINAL["istdp"], istdp_vectorised, recorder)
        Initializer.inactive_synapses = staticmethod(inactive_vectorised)
    else:
        Plasticity.stdp, Plasticity.istdp = ORIGINAL["stdp"], ORIGINAL["istdp"]
        Initializer.inactive_synapses = staticmethod(ORIGINAL["inactive"])


def make_inputs(kind: str, nu: int, steps: int, rng) -> np.ndarray:
    if kind == "zeros":
        return np.zeros((nu, steps))
    if kind == "one-hot":
        return np.eye(nu)[rng.integers(nu, size=steps)].T.copy()
    if kind == "gaussian":
        return rng.normal(0.3, 1.0, (nu, steps))
    if kind == "strong":
        return 1.0e4 * (rng.random((nu, steps)) < 0.1)
    raise ValueError(f"input {kind!r}")


def run(case: dict, out) -> None:
    ne, nu, steps = case["ne"], case["nu"], case["steps"]
    settings = dict(ne=ne, nu=nu, **case["settings"])
    for name, value in (DEFAULTS | settings).items():
        setattr(Sorn, name, value)
    Sorn.ni = int(0.2 * ne)
    np.random.seed(case["seed"])
    random.seed(case["seed"])
    recorder = Recorder(case, Sorn.ni, out)
    recorder.inputs = make_inputs(case["input"], nu, steps, recorder.rng)

    patch(recorder, case["fast"])
    upstream.random.choice = ORIGINAL["choice"]
    arrays = Plasticity.initialize_plasticity()
    state = dict(zip(["Wee", "Wei", "Wie", "Te", "Ti", "X", "Y"], arrays, strict=True))
    for array in state.values():
        recorder.write(np.ascontiguousarray(array).ravel())
    upstream.random.choice = recorder.choice
    runner = upstream.Trainer if case["runner"] == "trainer" else upstream.Simulator
    for start in range(0, steps, CHUNK):
        length = min(CHUNK, steps - start)
        state, _ = runner.run(
            inputs=recorder.inputs[:, start : start + length],
            phase=case["phase"],
            state=state,
            timesteps=length,
            noise=case["noise"],
            freeze=case["freeze"],
            callbacks=[],
            **settings,
        )


def main() -> None:
    out = sys.stdout.buffer
    for case in json.load(sys.stdin):
        run(case, out)


if __name__ == "__main__":
    main()
