"""Self-organizing recurrent neural networks (SORN).

`Simulator`, `Trainer`, `Initializer`, `Plotter` and `Statistics` are drop-in replacements of those of the package
`sorn` 0.7.4. `Network` is a network, `Reservoir` one with a supervised readout, `Agent` one that learns to act.
`sorn_rs.statistics` are the field's statistics, `sorn_rs.datasets` its series and sequences. What needs other packages is imported by
itself: `sorn_rs.envs` registers environments with Gymnasium, `sorn_rs.wrappers` has a wrapper for others, `sorn_rs.export` writes for Neo and NWB, `sorn_rs.tracking` hands
runs to MLflow and Weights & Biases, `sorn_rs.ray_tune` makes trainables of them. `Experiment` runs a file of the
command, `results` is the table of a sweep.
"""

from . import callbacks, datasets, sorn, statistics, utils
from ._experiment import Experiment
from ._native import Agent, Network, StepContext, __version__
from ._reservoir import Reservoir
from ._results import results
from .sorn import Simulator, Trainer
from .utils import Initializer, Plotter, Statistics

__all__ = [
    "Agent",
    "Experiment",
    "Initializer",
    "Network",
    "Plotter",
    "Reservoir",
    "Simulator",
    "Statistics",
    "StepContext",
    "Trainer",
    "__version__",
    "callbacks",
    "datasets",
    "results",
    "sorn",
    "statistics",
    "utils",
]
