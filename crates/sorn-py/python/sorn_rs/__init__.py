"""Self-organizing recurrent neural networks (SORN).

`Simulator`, `Trainer`, `Initializer`, `Plotter` and `Statistics` are drop-in replacements of those of the package
`sorn` 0.7.4.
"""

from . import callbacks, sorn, utils
from ._native import __version__
from .sorn import Simulator, Trainer
from .utils import Initializer, Plotter, Statistics

__all__ = [
    "Initializer",
    "Plotter",
    "Simulator",
    "Statistics",
    "Trainer",
    "__version__",
    "callbacks",
    "sorn",
    "utils",
]
