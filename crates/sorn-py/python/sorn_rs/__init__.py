"""Self-organizing recurrent neural networks (SORN).

`Simulator`, `Trainer`, `Initializer`, `Plotter` and `Statistics` are drop-in replacements of those of the package
`sorn` 0.7.4. `Network` is a network, `Reservoir` one with a supervised readout, `sorn_rs.wrappers` has a wrapper for
Gymnasium's environments.
"""

from . import callbacks, sorn, utils
from ._native import Network, __version__
from ._reservoir import Reservoir
from .sorn import Simulator, Trainer
from .utils import Initializer, Plotter, Statistics

__all__ = [
    "Initializer",
    "Network",
    "Plotter",
    "Reservoir",
    "Simulator",
    "Statistics",
    "Trainer",
    "__version__",
    "callbacks",
    "sorn",
    "utils",
]
