"""`results`: what a sweep came to, as a table of pandas'."""

import os
from pathlib import Path

from ._extras import needed
from ._native import Sweep


def results(directory: str | os.PathLike[str]):
    """The finished runs of a sweep as a DataFrame of pandas', a row each.

    Parameters
    ----------
    directory
        The directory of a sweep (``runs/NAME``), finished or not; or that of a search by ``sorn tune``, whose rows are trials.

    Returns
    -------
    pandas.DataFrame
        The columns of ``results.csv``: ``task``, ``name``, ``seed``, the keys that vary, and every number of the summaries. Of a search
        those of ``trials.csv``.

    Examples
    --------
    >>> import sorn_rs
    >>> table = sorn_rs.results("runs/poles")  # doctest: +SKIP
    >>> table.groupby("agent.encoder.gain")["eval.mean"].agg(["median", "count"])  # doctest: +SKIP
    """
    pandas = needed("pandas", "results")
    directory = Path(directory)
    if (directory / "trials.csv").is_file():
        return pandas.read_csv(directory / "trials.csv")
    sweep = Sweep(directory)
    sweep.collect()
    return pandas.read_csv(directory / "results.csv")
