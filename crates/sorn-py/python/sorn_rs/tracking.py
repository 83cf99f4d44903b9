"""Runs for MLflow and for Weights & Biases: what a run directory holds, handed to a tracker.

A run directory is only read. It may be that of a finished run or of one that goes on; what was handed over before is not handed over
again, so that `track` may be called as often as one likes, and `follow=True` goes on as long as the runs do. It needs the extra ``mlflow``
or ``wandb``.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

from ._extras import needed
from ._native import __version__, stop_asked

try:
    import tomllib
except ImportError:  # Python 3.10
    tomllib = None

__all__ = ["track"]

# Seconds between two looks at runs that go on.
EVERY = 2.0
# Episodes in the means, as in TensorBoard's event files and in stable-baselines3.
WINDOW = 100
TRACKERS = ("mlflow", "wandb")
# What was handed over, in the run directory.
KEPT = ".tracked-{}.json"


def track(
    directories: str | os.PathLike[str] | list[str | os.PathLike[str]],
    to: str = "mlflow",
    *,
    project: str | None = None,
    follow: bool = False,
    artifacts: bool = True,
) -> list[str]:
    """Hand runs to a tracker, and return the tracker's names of them.

    Parameters
    ----------
    directories
        Run directories, or directories with runs below them: those of `sorn run`, `sorn sweep` and `sorn tune`.
    to
        ``"mlflow"`` or ``"wandb"``. Where runs go is said as the tracker's users say it: ``MLFLOW_TRACKING_URI``,
        ``mlflow.set_tracking_uri``, ``WANDB_MODE=offline``.
    project
        MLflow's experiment, or the project of Weights & Biases; the name of the experiment if absent.
    follow
        Go on until every run is finished.
    artifacts
        Hand over files, too: configuration, summary, figures, the latest checkpoint and the best one.

    Notes
    -----
    Parameters are the keys of ``config.toml``, dotted. Metrics have the names of the event files for TensorBoard, with environment
    steps as their steps; numbers of the summary are metrics ``summary/...``. A sequence task has its summary alone.

    Examples
    --------
    >>> from sorn_rs.tracking import track
    >>> track("runs/cartpole", to="mlflow", project="poles")  # doctest: +SKIP
    """
    if to not in TRACKERS:
        raise ValueError(f"to: expected one of {', '.join(TRACKERS)}, found {to!r}")
    if isinstance(directories, str | os.PathLike):
        directories = [directories]
    return _track(
        [Path(directory) for directory in directories], to, project, follow, artifacts, lambda text: None
    )


def _track(directories, to, project, follow, artifacts, say) -> list[str]:
    tracker = {"mlflow": _MLflow, "wandb": _Wandb}[to](follow)
    names, finished = {}, set()
    try:
        while True:
            found = [run for directory in directories for run in _runs(directory)]
            if not found and not follow:
                where = ", ".join(str(directory) for directory in directories)
                raise ValueError(f"{where}: expected run directories (runs/NAME/seed-N), found none")
            for place in found:
                if stop_asked():
                    return sorted(names.values())
                if place in finished:
                    continue
                run = _Run(place, to)
                if not run.kept["finished"] and (
                    told := tracker.hand_over(run, project or run.experiment, artifacts)
                ):
                    say(f"{place}: {told}")
                names[place] = run.kept["name"]
                if run.finished:
                    finished.add(place)
            whole = found and len(finished) == len(found) >= _expected(directories)
            if not follow or whole:
                return sorted(names.values())
            time.sleep(EVERY)
    finally:
        tracker.close()


def _runs(directory: Path) -> list[Path]:
    if (directory / "config.toml").is_file():
        return [directory]
    if not directory.is_dir():
        return []
    return sorted(path.parent for path in directory.rglob("config.toml"))


def _expected(directories: list[Path]) -> int:
    """How many runs there will be, as far as the directories say so."""
    from ._native import Sweep

    return sum(Sweep(directory).tasks for directory in directories if (directory / "sweep.toml").is_file())


class _Run:
    """What is to be handed over of a run directory."""

    def __init__(self, place: Path, to: str):
        self.place, self.file = place, place / KEPT.format(to)
        self.kept = {"name": None, "lines": 0, "evaluations": 0, "finished": False}
        with contextlib.suppress(FileNotFoundError):
            self.kept |= json.loads(self.file.read_text(encoding="utf-8"))
        config = _toml(place / "config.toml")
        self.experiment = _experiment(place) or config.get("name", place.parent.name)
        self.params = dict(_flat(config))
        above, own = place.absolute().parts[-2:]
        self.label = (
            f"{self.experiment}/{own}" if above == self.experiment else f"{self.experiment}/{above}/{own}"
        )
        self.finished = (place / "summary.json").is_file()

    def save(self):
        temporary = self.file.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.kept), encoding="utf-8")
        os.replace(temporary, self.file)

    def metrics(self):
        """Metrics that were not handed over before: environment steps, seconds, and numbers by name."""
        lines = _lines(self.place / "metrics.jsonl")
        found = []
        for index, line in enumerate(lines):
            if index < self.kept["lines"]:
                continue
            last = lines[max(0, index + 1 - WINDOW) : index + 1]
            numbers = {
                "rollout/ep_rew_mean": sum(one["return"] for one in last) / len(last),
                "rollout/ep_len_mean": sum(one["length"] for one in last) / len(last),
                "charts/episodic_return": line["return"],
                "charts/episodic_length": line["length"],
                "episode": line["episode"] + 1,
            }
            told = line.get("diagnostics") or {}
            numbers |= {
                f"train/{name}": value for name, value in told.items() if isinstance(value, int | float)
            }
            found.append((line["env_steps"], line["wall_secs"], numbers))
        evaluations = _lines(self.place / "evaluations.jsonl")
        for line in evaluations[self.kept["evaluations"] :]:
            found.append((line["env_steps"], line["wall_secs"], {"eval/mean_reward": line["eval"]["mean"]}))
        found.sort(key=lambda one: one[0])
        self.kept |= {"lines": len(lines), "evaluations": len(evaluations)}
        return found

    def summary(self) -> dict[str, float]:
        summary = json.loads((self.place / "summary.json").read_text(encoding="utf-8"))
        numbers = _flat(summary)
        return {f"summary/{name}": float(value) for name, value in numbers if isinstance(value, int | float)}

    def artifacts(self) -> list[Path]:
        files = [self.place / name for name in ("config.toml", "summary.json")]
        files += sorted((self.place / "figures").glob("*.svg"))
        checkpoints = self.place / "checkpoints"
        numbered = sorted(checkpoints.glob("*.safetensors"))
        files += [path for path in numbered if path.stem in ("best", "end")]
        files += [path for path in numbered if path.stem not in ("best", "end")][-1:]
        return [path for path in files if path.is_file()]


def _experiment(place: Path) -> str | None:
    """The name of the sweep or search that a run is part of, its claim with fresh seeds included."""
    folder = place.absolute().parent.parent
    files = (folder / name for name in ("sweep.toml", "tune.toml"))
    return next((_toml(file).get("name") for file in files if file.is_file()), None)


def _toml(path: Path) -> dict:
    text = path.read_text(encoding="utf-8")
    if tomllib is not None:
        return tomllib.loads(text)
    return needed("tomli", "mlflow").loads(text)


def _flat(table: dict, parent: str = ""):
    for key, value in table.items():
        name = f"{parent}.{key}" if parent else key
        if isinstance(value, dict):
            yield from _flat(value, name)
        elif value is not None:
            yield name, value


def _lines(path: Path) -> list[dict]:
    """The whole lines; the last one may be half written."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split(b"\n")[:-1]]


class _MLflow:
    def __init__(self, follow: bool):
        self.mlflow = needed("mlflow", "mlflow")
        self.client = self.mlflow.MlflowClient()
        self.experiments = {}

    def _experiment(self, name: str) -> str:
        if name not in self.experiments:
            found = self.client.get_experiment_by_name(name)
            self.experiments[name] = found.experiment_id if found else self.client.create_experiment(name)
        return self.experiments[name]

    def hand_over(self, run: _Run, project: str, artifacts: bool) -> str:
        entities = self.mlflow.entities
        began = round((run.place / "config.toml").stat().st_mtime * 1000)
        if run.kept["name"] is None:
            tags = {
                "mlflow.runName": run.label,
                "sorn.directory": str(run.place.resolve()),
                "sorn.version": __version__,
            }
            made = self.client.create_run(self._experiment(project), start_time=began, tags=tags)
            run.kept["name"] = made.info.run_id
            params = [entities.Param(name, str(value)[:6000]) for name, value in run.params.items()]
            for part in _parts(params, 100):
                self.client.log_batch(run.kept["name"], params=part)
            run.save()
        name, new = run.kept["name"], run.metrics()
        metrics = [
            entities.Metric(tag, float(value), began + round(1000 * seconds), steps)
            for steps, seconds, numbers in new
            for tag, value in numbers.items()
        ]
        if run.finished:
            last = new[-1][0] if new else 0
            now = round(time.time() * 1000)
            metrics += [entities.Metric(tag, value, now, last) for tag, value in run.summary().items()]
        for part in _parts(metrics, 1000):
            self.client.log_batch(name, metrics=part)
        if run.finished:
            for path in run.artifacts() if artifacts else []:
                within = path.relative_to(run.place).parent
                self.client.log_artifact(name, str(path), None if within == Path() else within.as_posix())
            self.client.set_terminated(name)
            run.kept["finished"] = True
        run.save()
        return _told(new, run) if new or run.finished else ""

    def close(self):
        pass


class _Wandb:
    def __init__(self, follow: bool):
        self.wandb = needed("wandb", "wandb")
        self.follow, self.live = follow, {}

    def hand_over(self, run: _Run, project: str, artifacts: bool) -> str:
        new = run.metrics()
        if run.kept["name"] is not None and not new and not run.finished:
            return ""
        live = self.live.get(run.place) or self._begin(run, project)
        for steps, seconds, numbers in new:
            live.log(numbers | {"global_step": steps, "wall_secs": seconds})
        if run.finished:
            live.summary.update(run.summary())
            if artifacts:
                kept = self.wandb.Artifact(f"run-{live.id}", type="run")
                for path in run.artifacts():
                    kept.add_file(str(path), name=path.relative_to(run.place).as_posix())
                live.log_artifact(kept)
        # An offline run that is taken up again would be a second folder: while it is followed it stays open.
        if self.follow and not run.finished:
            self.live[run.place] = live
        else:
            self.live.pop(run.place, None)
            live.finish()
        run.kept |= {"name": live.id, "finished": run.finished}
        run.save()
        return _told(new, run)

    def _begin(self, run: _Run, project: str):
        live = self.wandb.init(
            project=project,
            id=run.kept["name"],
            name=run.label,
            group=run.experiment,
            config=run.params,
            resume="allow",
            reinit="create_new",
            settings=self.wandb.Settings(silent=True, console="off"),
        )
        # Numbers lie over environment steps; the tracker's own steps only count what was handed over.
        live.define_metric("global_step")
        live.define_metric("*", step_metric="global_step")
        return live

    def close(self):
        for live in self.live.values():
            live.finish()


def _told(new: list, run: _Run) -> str:
    return ", ".join([f"{len(new)} new"] * bool(new) + ["finished" if run.finished else "goes on"])


def _parts(items: list, size: int):
    return (items[at : at + size] for at in range(0, len(items), size))


def _command(request: str) -> int:
    """`sorn track`: the exit code."""
    asked = json.loads(request)
    say = (lambda text: None) if asked["quiet"] else (lambda text: print(text, file=sys.stderr))
    try:
        directories = [Path(directory) for directory in asked["dirs"]]
        for directory in directories:
            if not directory.is_dir() and not asked["follow"]:
                raise ValueError(f"{directory}: expected a directory, found none")
        names = _track(directories, asked["to"], asked["project"], asked["follow"], asked["artifacts"], say)
    except (ImportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        # Of trackers, which have exceptions of their own.
        print(f"error: {asked['to']}: {error}", file=sys.stderr)
        return 1
    out = sys.__stdout__
    out.write(f"{len(names)} {'run' if len(names) == 1 else 'runs'} handed to {asked['to']}\n")
    out.flush()
    return 130 if stop_asked() else 0
