"""`Experiment`: a file of the command, run from Python."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ._arguments import BOOLS, integer, listed, wrong
from ._extras import needed

INTERRUPTED = 130
MOST = 1_000_000


class Experiment:
    """An experiment file of the command: of an agent, or of a task of sequences, series or dynamics.

    Parameters
    ----------
    file : str or path
        The file.
    **overrides
        Values of keys, as ``--set`` takes them, ``__`` for the dots: ``Experiment("counting.toml", task__n=8)``.

    Examples
    --------
    >>> from sorn_rs import Experiment
    >>> experiment = Experiment("experiments/counting.toml", task__n=8)  # doctest: +SKIP
    >>> table = experiment.run(range(20), controls=["static"]).table()  # doctest: +SKIP
    >>> table.groupby("arm")["scores.of_ceiling"].describe()  # doctest: +SKIP
    """

    def __init__(self, file, **overrides):
        try:
            self.file = Path(os.fspath(file))
        except TypeError:
            raise wrong("file", type(file).__name__, "a path", TypeError) from None
        self.overrides = {key.replace("__", "."): value for key, value in overrides.items()}
        self.directories = []

    def run(self, seeds=None, *, controls=(), out="runs", threads=None, progress=True):
        """Run it with `seeds`, or with its own, and `controls` beside it, and return it.

        What is finished below `out` is not run again, what was interrupted goes on. With `progress` a bar counts the finished runs, if tqdm is
        installed. Raises ValueError with the command's words if it refuses the file; an interrupt leaves what was done.
        """
        command = [
            sys.executable,
            "-m",
            "sorn_rs",
            "run",
            str(self.file),
            "--out",
            os.fspath(out),
            "--json",
            "--quiet",
        ]
        for key, value in self.overrides.items():
            command += ["--set", f"{key}={value if isinstance(value, str) else _toml(key, value)}"]
        if seeds is not None:
            seeds = [
                integer("seeds", seed, 0) for seed in listed("seeds", seeds, "a sequence of seeds", MOST)
            ]
            command += ["--seeds", ",".join(map(str, seeds))]
        controls = [str(control) for control in listed("controls", controls, "a sequence of names", MOST)]
        if controls:
            command += ["--controls", ",".join(controls)]
        if threads is not None:
            command += ["--threads", str(integer("threads", threads, 1))]
        if not isinstance(progress, BOOLS):
            raise wrong("progress", repr(progress), "True or False", TypeError)
        begun = time.time()
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as told:
            process = subprocess.Popen(command, stdout=said, stderr=told)
            try:
                _watch(process, _bar(progress), lambda: len(_finished(out, begun)))
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
                process.wait()
                raise
            for text in (said, told):
                text.seek(0)
            told = told.read().strip()
            if process.returncode == INTERRUPTED:
                raise KeyboardInterrupt(told)
            if process.returncode != 0:
                raise ValueError(
                    told.removeprefix("error: ") or f"the command ended with {process.returncode}"
                )
            self.directories = _directories(json.loads(said.read()), Path(out))
        return self

    def table(self):
        """The finished runs as a DataFrame of pandas', a row each: ``arm``, ``seed``, and every number of the summaries, such as
        ``scores.accuracy`` of a task or ``eval.mean`` of an agent.
        """
        pandas = needed("pandas", "results")
        rows = []
        for directory in self.directories:
            # The controls of an agent are directories beside the experiment's.
            beside = directory.name.removeprefix(f"{self.directories[0].name}-")
            for summary in sorted(
                directory.rglob("summary.json"), key=lambda path: (path.parts[:-2], _seed(path))
            ):
                arm = summary.parent.parent.relative_to(directory).as_posix()
                row = {
                    "experiment": directory.name,
                    "arm": arm
                    if arm != "."
                    else "experiment"
                    if directory == self.directories[0]
                    else beside,
                    "seed": _seed(summary),
                }
                rows.append(row | dict(_numbers(json.loads(summary.read_text()))))
        return pandas.DataFrame(rows)

    def _repr_html_(self):
        if not self.directories:
            return f"<p>Experiment {self.file}, not run yet</p>"
        return self.table()._repr_html_()

    def __repr__(self):
        return (
            f"Experiment({str(self.file)!r}, runs in {', '.join(map(str, self.directories)) or 'none yet'})"
        )


def _toml(key, value):
    """A value as TOML has it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value)
        case int():
            return str(value)
        case float():
            # As TOML writes what is not finite, too; a whole number stays one of floating point.
            return repr(float(value))
        case list() | tuple():
            return f"[{', '.join(_toml(key, each) for each in value)}]"
        case dict():
            return f"{{{', '.join(f'{json.dumps(str(name))} = {_toml(key, each)}' for name, each in value.items())}}}"
    # Of NumPy: a scalar, or an array.
    if hasattr(value, "tolist"):
        return _toml(key, value.tolist())
    raise wrong(key, type(value).__name__, "a value of TOML: a number, text, list or dict", TypeError)


def _seed(summary):
    return int(summary.parent.name.removeprefix("seed-"))


def _numbers(summary, name=""):
    """The numbers of a summary with the names that the command gives them."""
    for key, value in summary.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{name}{key}.")
        elif isinstance(value, (int, float)) and key != "seed":
            yield f"{name}{key}", value


def _finished(out, begun):
    return [path for path in Path(out).rglob("summary.json") if path.stat().st_mtime >= begun]


def _directories(said, out):
    """Where the runs are, by what the command says of them."""
    arms = said["arms"] if isinstance(said, dict) and "arms" in said else [said]
    # Controls of a task stand in its directory, those of an agent beside it.
    names = dict.fromkeys(arm.get("experiment") or arm["label"] for arm in arms)
    return [out / name for name in names]


def _watch(process, bar, finished):
    """Wait for a process, and show on the bar, if there is one, how many runs are finished."""
    if bar is None:
        process.wait()
        return
    with bar:
        while process.poll() is None:
            try:
                process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                pass
            bar.update(finished() - bar.n)


def _bar(progress):
    """A bar of tqdm's; None if none is wanted or tqdm is not installed."""
    if not progress:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(unit="run", desc="finished")
