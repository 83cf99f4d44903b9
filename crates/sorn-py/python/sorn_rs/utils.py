"""Initial matrices and inputs, plots and statistics, by the names of `sorn.utils`."""

from ._initializer import Initializer
from ._plotter import Plotter
from ._statistics import Statistics

__all__ = ["Initializer", "Plotter", "Statistics"]
