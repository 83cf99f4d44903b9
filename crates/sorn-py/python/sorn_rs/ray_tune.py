"""Runs as trainables of Ray Tune, for those whose searches live there.

``sorn sweep --engine ray`` and ``sorn tune`` need none of this. It needs the extra ``ray``.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

from ._extras import needed
from ._native import SingleRun

__all__ = ["trainable"]


def trainable(file: str | os.PathLike[str], *, seconds: float = 15.0, **fixed):
    """A function for `ray.tune.Tuner`: a trial is a run of the experiment `file`.

    The configuration of a trial has dotted keys of the file, ``{"agent.learner.lambda": tune.uniform(0.1, 0.9)}``. What is reported are
    ``episodes`` and ``mean_return`` (of the last window) while the run goes on, every `seconds` seconds at the end of an episode, each
    with a checkpoint; and at its end, with ``done`` True, every number of ``summary.json`` by its dotted name, with dots as ``/``
    (``eval/mean``). So schedulers that stop trials work on ``mean_return``, and a trial whose worker is lost goes on from its last checkpoint,
    to the same bits.

    Parameters
    ----------
    file
        An experiment file; a table ``[sweep]`` is left out. It is read here, once: workers need the package, not the file.
    seconds
        Seconds from one report to the next.
    fixed
        Values for all trials, with ``__`` for dots: ``run__episodes=50``.

    Examples
    --------
    >>> from ray import tune  # doctest: +SKIP
    >>> from sorn_rs.ray_tune import trainable  # doctest: +SKIP
    >>> space = {"agent.learner.lambda": tune.uniform(0.1, 0.9), "run.seed": tune.grid_search([0, 1, 2])}  # doctest: +SKIP
    >>> config = tune.TuneConfig(metric="mean_return", mode="max")  # doctest: +SKIP
    >>> results = tune.Tuner(trainable("cartpole.toml"), param_space=space, tune_config=config).fit()  # doctest: +SKIP
    """
    needed("ray.tune", "ray")
    path = Path(file)
    text, origin = path.read_text(encoding="utf-8"), str(path)
    given = {key.replace("__", "."): value for key, value in fixed.items()}
    # What is wrong with it is said here, not in every trial.
    SingleRun(text, origin, _overrides(given))

    def run(config):
        _run(text, origin, given | config, seconds)

    run.__name__ = path.stem
    return run


def _overrides(values: dict) -> list[str]:
    return [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in values.items()
    ]


def _run(text: str, origin: str, values: dict, seconds: float):
    from ray import tune

    single = SingleRun(text, origin, _overrides(values))
    with tempfile.TemporaryDirectory(prefix="sorn-trial-") as folder:
        place = os.path.join(folder, "run")
        if saved := tune.get_checkpoint():
            with saved.as_directory() as kept:
                shutil.copytree(kept, place)
        last = {}
        while True:
            finished, known = single.run(place, seconds)
            if known:
                last = {"episodes": known[0], "mean_return": known[1]}
            if finished:
                numbers = SingleRun.numbers(place)
                last |= {name.replace(".", "/"): number for name, number in numbers.items()}
            tune.report(last, checkpoint=tune.Checkpoint.from_directory(place))
            if finished:
                return
