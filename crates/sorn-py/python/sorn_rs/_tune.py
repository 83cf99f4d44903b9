"""``sorn tune``: a search with Optuna whose trials are run directories."""

import csv
import io
import json
import math
import os
import platform
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta

from ._extras import needed
from ._journal import First, storage_at
from ._native import Trial, Tuning, stop_asked

INTERRUPTED = 130
# Values are drawn in a moment.
LEFT = timedelta(minutes=10)


def search(tuning: Tuning, request: str) -> int:
    """Search as the command line says, and return the exit code."""
    asked = json.loads(request)
    try:
        optuna = needed("optuna", "tune")
        return _Search(optuna, tuning, asked).run()
    except (ImportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        # A full disk names no file where a journal is written.
        named = error.filename is not None or not error.errno
        where = "" if named else f"{asked['storage'] or asked['search']['directory']}: cannot be written: "
        print(f"error: {where}{error}", file=sys.stderr)
        return 1


class _Search:
    def __init__(self, optuna, tuning: Tuning, request: dict):
        self.optuna, self.tuning, self.request = optuna, tuning, request
        self.space = request["search"]
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.directory = self.space["directory"]
        self.sign = "maximize" if self.space["maximize"] else "minimize"
        self.distributions = {
            parameter["name"]: _distribution(optuna, parameter) for parameter in self.space["parameters"]
        }
        self.jobs = request["jobs"] or os.cpu_count() or 1
        self.lock = threading.Lock()
        self.failure = None
        self.began = time.monotonic()
        self.first = First(self.directory)
        storage = storage_at(optuna, request["storage"] or os.path.join(self.directory, "study.journal"))
        self.study = optuna.create_study(
            study_name=self.space["name"],
            storage=storage,
            pruner=self._pruner(request["startup"], len(self.space["seeds"])),
            direction=self.sign,
            load_if_exists=True,
        )
        self.study.sampler = self._sampler(self._seed())
        self.runs = _Runs(self, storage) if request["prune_every"] else None
        self.confirming = _more(self.space, request["confirm"] or 0)
        if self.study.direction.name.lower() != self.sign:
            found = self.study.direction.name.lower()
            raise ValueError(
                f"{self.directory}: expected a study that is to {self.sign}, found one that is to {found}"
            )

    def _seed(self) -> int:
        """The seed of the sampler: another one for each call on a study, or it would draw the same trials again."""
        import numpy

        seed, before = self.request["seed"], len(self.study.get_trials(deepcopy=False))
        others = []
        if not self.first.held:
            # Other processes draw from the same study at the same time.
            others = [os.getpid(), time.time_ns() % 2**32]
        elif self.request["storage"]:
            # Or do so on other machines, from directories of their own.
            others = list(platform.node().encode())
        if not before and not others:
            return seed
        return int(numpy.random.SeedSequence([seed, before, *others]).generate_state(1)[0])

    def _sampler(self, seed: int):
        samplers, startup = self.optuna.samplers, self.request["startup"]
        match self.request["sampler"]:
            case "tpe":
                # With several trials at a time each draws as if the others were bad, so that they do not all draw the same.
                return samplers.TPESampler(seed=seed, n_startup_trials=startup, constant_liar=self.jobs > 1)
            case "cmaes":
                needed("cmaes", "tune")
                choices = [p["name"] for p in self.space["parameters"] if p["kind"] == "choice"]
                if choices:
                    # Said once, not of every trial.
                    print(
                        f"--sampler cmaes: choices are drawn at random: {', '.join(choices)}", file=sys.stderr
                    )
                return samplers.CmaEsSampler(
                    seed=seed,
                    n_startup_trials=startup,
                    independent_sampler=samplers.RandomSampler(seed=seed),
                    warn_independent_sampling=False,
                )
            case _:
                return samplers.RandomSampler(seed=seed)

    def _pruner(self, startup: int, most: int | str):
        pruners, warmup = self.optuna.pruners, self.request["warmup"]
        match self.request["pruner"]:
            case "none":
                return pruners.NopPruner()
            case "median":
                return pruners.MedianPruner(n_startup_trials=startup, n_warmup_steps=warmup)
            case "percentile":
                return pruners.PercentilePruner(25.0, n_startup_trials=startup, n_warmup_steps=warmup)
            case "successive-halving":
                return pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
            case _:
                most = most if isinstance(most, str) else max(2, most)
                return pruners.HyperbandPruner(min_resource=1, max_resource=most, reduction_factor=2)

    def run(self) -> int:
        self._together(self._work)
        finalists = []
        if self.confirming and not self._stopping():
            chosen = self._ranked()[: self.request["finalists"]]
            waiting = [_Finalist(trial) for trial in chosen]
            finalists = list(waiting)
            self._together(lambda: self._confirm(waiting))
        self._show(last=True)
        if self.failure is not None:
            raise self.failure
        return self._report(finalists)

    def _together(self, work):
        """Do `work` in as many threads as there are jobs."""

        def safely():
            try:
                work()
            except Exception as error:
                # Told once, by the main thread; the others end after their trials.
                with self.lock:
                    self.failure = self.failure or error

        threads = [threading.Thread(target=safely) for _ in range(self.jobs)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(0.5)
            self._show()

    def _work(self):
        self._resume()
        while (trial := self._ask()) is not None:
            self._trial(trial)

    def _confirm(self, waiting: list):
        """Run finalists with the seeds that confirm, one after the other."""
        while True:
            with self.lock:
                if not waiting:
                    return
                finalist = waiting.pop(0)
            trial = finalist.trial
            while (held := self.tuning.trial(trial.number, json.dumps(trial.params))) is None:
                # Another process runs it.
                if self._stopping():
                    return
                time.sleep(0.2)
            for seed in self.confirming:
                try:
                    value = None if self._stopping() else held.run(seed)
                except ValueError as error:
                    place = self.tuning.place(trial.number)
                    print(f"trial {trial.number} failed: {place}: {error}", file=sys.stderr)
                    break
                if value is None:
                    break
                finalist.values.append(value)

    def _stopping(self) -> bool:
        timeout = self.request["timeout"]
        late = timeout is not None and time.monotonic() - self.began > timeout
        return late or self.failure is not None or stop_asked()

    def _trials(self, *states: str):
        wanted = [self.optuna.trial.TrialState[state] for state in states]
        return self.study.get_trials(deepcopy=False, states=tuple(wanted))

    def _resume(self):
        """Go on with trials whose process was killed: nobody has their directories."""
        for frozen in self._trials("RUNNING"):
            if self._stopping():
                return
            if set(frozen.params) != set(self.distributions):
                # Its values are being drawn at this moment, or the process was killed over that: no run belongs to it.
                if datetime.now() - frozen.datetime_start > LEFT:
                    self._tell(frozen.number, state=self.optuna.trial.TrialState.FAIL)
                continue
            with self.lock:
                held = self.tuning.trial(frozen.number, json.dumps(frozen.params))
            if held is None:
                continue
            # Another thread or process may have finished it since it was listed.
            if self.study.get_trials(deepcopy=False)[frozen.number].state.is_finished():
                continue
            self._seeds(
                self.optuna.trial.Trial(self.study, frozen._trial_id), held, frozen.intermediate_values
            )

    def _ask(self):
        """A new trial; None if there are enough."""
        with self.lock:
            # Trials that are running elsewhere will be finished, there or by whoever finds them left.
            if (
                self._stopping()
                or len(self._trials("COMPLETE", "PRUNED", "FAIL", "RUNNING")) >= self.request["trials"]
            ):
                return None
            return self.study.ask(self.distributions)

    def _trial(self, trial):
        try:
            held = self.tuning.trial(trial.number, json.dumps(trial.params))
        except ValueError as error:
            self._failed(trial, error)
            return
        # Another process took it for one that was left, and runs it.
        if held is not None:
            self._seeds(trial, held)

    def _failed(self, trial, error):
        print(f"trial {trial.number} failed: {self.tuning.place(trial.number)}: {error}", file=sys.stderr)
        self._tell(trial, state=self.optuna.trial.TrialState.FAIL)

    def _tell(self, trial, value=None, state=None):
        # Another process may have told the same of a trial that was left.
        self.study.tell(trial, value, state, skip_if_finished=True)

    def _seeds(self, trial, held: Trial, reported=()):
        """Run the seeds of a trial, as long as its mean is not bad."""
        values = []
        for step, seed in enumerate(self.space["seeds"]):
            try:
                if self.runs is None:
                    value, bad = held.run(seed), False
                else:
                    value, bad = self.runs.run(held, trial.number, seed)
            except ValueError as error:
                if "sweep.measure" in str(error):
                    # No other run will have it either.
                    raise
                self._failed(trial, error)
                return
            if bad:
                self._tell(trial, state=self.optuna.trial.TrialState.PRUNED)
                return
            if value is None:
                # Stopped: it stays a running trial, which the next call goes on with.
                return
            values.append(value)
            mean = math.fsum(values) / len(values)
            last = len(values) == len(self.space["seeds"])
            if step not in reported:
                trial.report(mean, step)
            if not last and trial.should_prune():
                self._tell(trial, state=self.optuna.trial.TrialState.PRUNED)
                return
        self._tell(trial, mean)

    def _show(self, last: bool = False):
        if self.request["quiet"] or not sys.stderr.isatty():
            return
        done = len(self._trials("COMPLETE", "PRUNED", "FAIL"))
        best = self._best()
        text = f"{done}/{self.request['trials']} trials done, {len(self._trials('RUNNING'))} running"
        text += "" if best is None else f", best {best.value:.6g} (trial {best.number})"
        sys.stderr.write("\r\x1b[K" if last else f"\r\x1b[K{text}")
        sys.stderr.flush()

    def _ranked(self):
        """Trials that are complete, the best first."""
        sign = -1 if self.space["maximize"] else 1
        return sorted(self._trials("COMPLETE"), key=lambda trial: (sign * trial.value, trial.number))

    def _best(self):
        return next(iter(self._ranked()), None)

    def _confirmed(self, finalists: list):
        """The best of the finalists that ran with all seeds, its mean over them, and how many finalists did."""
        sign = -1 if self.space["maximize"] else 1
        whole = [finalist for finalist in finalists if len(finalist.values) == len(self.confirming)]
        best = min(whole, key=lambda finalist: (sign * finalist.mean(), finalist.trial.number), default=None)
        return (best.trial, best.mean(), len(whole)) if best else None

    def _report(self, finalists: list) -> int:
        trials = self.study.get_trials(deepcopy=False)
        rows = os.path.join(self.directory, "trials.csv")
        _write_whole(rows, self._table(trials))
        count = {state: len(self._trials(state)) for state in ("COMPLETE", "PRUNED", "FAIL", "RUNNING")}
        best, confirmed = self._best(), self._confirmed(finalists)
        result = {
            "directory": self.directory,
            "trials": {state.lower(): number for state, number in count.items()},
            "measure": self.space["measure"],
            "best": None,
        }
        text = ", ".join(f"{number} {state.lower()}" for state, number in count.items())
        lines = [f"trials         {text}", f"results        {rows}"]
        if best is not None:
            if confirmed:
                best, mean, whole = confirmed
                _write_whole(os.path.join(self.directory, "finalists.csv"), _finalists(finalists))
            seeds, mean = (self.confirming, mean) if confirmed else (self.space["seeds"], best.value)
            file = str(self.tuning.write_best(best.number, json.dumps(best.params), mean, len(seeds)))
            result["best"] = {"trial": best.number, "mean": best.value, "values": best.params, "file": file}
            lines += [f"best           trial {best.number}: mean {self.space['measure']} {best.value:.6g}"]
            lines += [f"               {name} = {value}" for name, value in best.params.items()]
            if confirmed:
                result["best"]["confirmed"] = {"mean": mean, "seeds": seeds, "finalists": whole}
                of = (
                    f"{whole} finalists"
                    if whole == len(finalists)
                    else f"{whole} of {len(finalists)} finalists"
                )
                lines += [
                    f"confirmed      mean {mean:.6g} over seeds {seeds[0]} to {seeds[-1]}, the best of {of}"
                ]
            first = max([*self.space["seeds"], *self.confirming]) + 1
            lines += [f"configuration  {file}"]
            lines += [
                f"The best {'confirmed ' if confirmed else ''}mean is optimistic, since its seeds chose it; the same with fresh seeds: "
                f"sorn run {file} --seeds {first}..{first + 20} --out {self.directory}"
            ]
        out = sys.__stdout__
        out.write(json.dumps(result, indent=2) + "\n" if self.request["json"] else "\n".join(lines) + "\n")
        out.flush()
        if stop_asked():
            print(
                f"stopped; continue with the same command: what was done is saved in {self.directory}",
                file=sys.stderr,
            )
            return INTERRUPTED
        return 0 if best is not None else 1

    def _table(self, trials) -> str:
        text = io.StringIO()
        names = list(self.distributions)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["trial", "state", "mean", "seeds", *names])
        for trial in trials:
            # Of a pruned trial the mean over the seeds that it ran.
            mean = trial.value if trial.value is not None else trial.intermediate_values.get(trial.last_step)
            row = [
                trial.number,
                trial.state.name.lower(),
                "" if mean is None else mean,
                len(trial.intermediate_values),
            ]
            writer.writerow(row + [trial.params.get(name, "") for name in names])
        return text.getvalue()


class _Finalist:
    """One of the best trials, and its values with the seeds that confirm."""

    def __init__(self, trial):
        self.trial, self.values = trial, []

    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)


def _finalists(finalists: list) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "mean", "confirmed", "seeds"])
    for finalist in finalists:
        count = len(finalist.values)
        writer.writerow(
            [finalist.trial.number, finalist.trial.value, finalist.mean() if count else "", count]
        )
    return text.getvalue()


def _more(space: dict, count: int) -> list:
    """As many seeds above those of the search as that, without those of a claim."""
    seed, seeds = max(space["seeds"]), []
    while len(seeds) < count:
        seed += 1
        if seed not in space["fresh_seeds"]:
            seeds.append(seed)
    return seeds


class _Runs:
    """Prunes within runs: a study of its own, in which each run is a trial whose values are its mean returns as it goes.

    The values of the search itself are on another scale, that of its measure, and a pruner compares all that a trial reported.
    """

    def __init__(self, search: _Search, storage):
        self.search, self.every = search, search.request["prune_every"]
        if not search.space["episodes"]:
            raise ValueError("--prune-every: expected an experiment of agents, found a task without episodes")
        startup = search.request["startup"] * len(search.space["seeds"])
        self.study = search.optuna.create_study(
            study_name=f"{search.space['name']}-runs",
            storage=storage,
            sampler=search.optuna.samplers.RandomSampler(seed=search.request["seed"]),
            pruner=search._pruner(startup, "auto"),
            direction="maximize",
            load_if_exists=True,
        )
        found = self.study.user_attrs.get("prune_every")
        if found not in (None, self.every):
            raise ValueError(f"--prune-every: expected {found}, as the search began, found {self.every}")
        self.study.set_user_attr("prune_every", self.every)

    def run(self, held: Trial, number: int, seed: int) -> tuple[float | None, bool]:
        """The value of a run, None if it did not end by itself, and whether it was pruned."""
        states, trial = self.search.optuna.trial.TrialState, self._trial(number, seed)
        if trial.state == states.PRUNED:
            return None, True
        watched = self.search.optuna.trial.Trial(self.study, trial._trial_id)
        known, pruned = set(trial.intermediate_values), False

        def report(episodes: int, mean: float) -> bool:
            nonlocal pruned
            # Of a run that goes on some episodes are done a second time.
            if (step := episodes // self.every) not in known:
                watched.report(mean, step)
            pruned = pruned or watched.should_prune()
            return pruned

        try:
            value = held.run(seed, self.every, report)
        except ValueError:
            self.study.tell(trial.number, state=states.FAIL, skip_if_finished=True)
            raise
        if pruned and value is None:
            self.study.tell(trial.number, state=states.PRUNED, skip_if_finished=True)
        elif value is not None:
            self.study.tell(trial.number, value, skip_if_finished=True)
        return value, pruned and value is None

    def _trial(self, number: int, seed: int):
        """What is known of a run; it is new unless it was begun before."""
        wanted = {"trial": number, "seed": seed}
        for trial in self.study.get_trials(deepcopy=False):
            if trial.user_attrs == wanted:
                return trial
        trial = self.study.ask()
        for name, what in wanted.items():
            trial.set_user_attr(name, what)
        return self.study.get_trials(deepcopy=False)[trial.number]


def _distribution(optuna, parameter: dict):
    match parameter["kind"]:
        case "choice":
            return optuna.distributions.CategoricalDistribution(parameter["choices"])
        case "int":
            return optuna.distributions.IntDistribution(parameter["low"], parameter["high"])
        case _:
            return optuna.distributions.FloatDistribution(
                parameter["low"], parameter["high"], log=parameter["log"]
            )


def _write_whole(path: str, text: str):
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".trials.csv.", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    # As any new file: what the user's mask leaves.
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(temporary, 0o666 & ~mask)
    os.replace(temporary, path)
