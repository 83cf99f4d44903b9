"""Two runs of upstream with its state saved between them, as a user would save it.

Arguments: the folder for in.npy, before.npz and after.npz, number of neurons, steps before, steps after.
"""

import random
import sys
from pathlib import Path

import numpy as np
from sorn import Simulator

folder = Path(sys.argv[1])
ne, before, after = (int(argument) for argument in sys.argv[2:])
np.random.seed(3)
random.seed(3)


def simulate(state, steps):
    inputs = np.random.rand(10, steps)
    state, recorded = Simulator.run(
        inputs=inputs,
        phase="plasticity",
        state=state,
        noise=False,
        timesteps=steps,
        ne=ne,
        nu=10,
        callbacks=["ExcitatoryActivation", "RecurrentActivation"],
        freeze=["sp"],
    )
    return inputs, state, recorded


_, state, _ = simulate(None, before)
np.savez_compressed(folder / "before.npz", **state)
inputs, state, recorded = simulate(state, after)
np.save(folder / "in.npy", np.asfortranarray(inputs))
np.savez(
    folder / "after.npz",
    ExcitatoryActivation=np.array(recorded["ExcitatoryActivation"]),
    RecurrentActivation=np.array(recorded["RecurrentActivation"]),
    **state,
)
