"""Count with the authors' own classes and with this project's, in one run, and print a table.

    git clone https://github.com/delpapa/SORN_V2
    python tests/peers/bench_counting.py target/release/sorn SORN_V2 --seeds 4

The words are `A B...B C` and `D E...E F`, the phases those of `experiments/counting.toml`: 50,000 plastic steps, 5,000 to fit and 5,000 to score
without plasticity. Both are read out by least squares of the next symbol and, with `--position`, by scikit-learn's logistic regression of the place
in the word, which is the authors' own score. Numbers are the median over seeds (least, largest) of the share right, over the ceiling for symbols;
p is that of a two-sided Mann-Whitney test between the two.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import mannwhitneyu

EXPERIMENT = Path(__file__).resolve().parents[2] / "experiments/counting.toml"
PLASTIC, READOUT = 50_000, 5_000


class Seen:
    """What the authors' simulation stores: activity, symbols and places."""

    def __init__(self):
        self.activity, self.symbols, self.places = [], [], []

    def store_step(self, x, u, source, *_):
        self.activity.append(x.copy())
        self.symbols.append(int(u.argmax()))
        self.places.append(source.sequence_ind())


def authors(n: int, seed: int, plastic: bool) -> Seen:
    """The authors' network after its phases, and what it did in the last two."""
    from common.sorn import Sorn
    from CountingTask import param
    from CountingTask.source import CountingSource

    np.random.seed(seed)
    random.seed(seed)
    param.get_par()
    param.par.L, param.par.steps_plastic, param.par.steps_readout = n, PLASTIC, READOUT
    param.get_aux()
    param.aux.display = False
    network = Sorn(param, CountingSource(param.par))
    if not plastic:
        param.par.eta_stdp = param.par.eta_ip = "off"
    network.simulation(Seen(), phase="plastic")
    param.par.eta_stdp = param.par.eta_ip = "off"
    seen = Seen()
    network.simulation(seen, phase="train")
    network.simulation(seen, phase="test")
    return seen


def ceiling(n: int) -> float:
    """The share that a reader gets who knows where in which word it is: the first symbol of a word is one of two."""
    return 1 - 0.5 / (n + 2)


def scores(seen: Seen, n: int, position: bool) -> dict:
    x = np.array(seen.activity, dtype=float)
    symbols, places = np.array(seen.symbols), np.array(seen.places)
    fit, test = slice(0, READOUT - 1), slice(READOUT, 2 * READOUT - 1)
    after = np.roll(symbols, -1)
    weights = np.linalg.lstsq(x[fit], np.eye(6)[after[fit]], rcond=None)[0]
    right = (x[test] @ weights).argmax(axis=1) == after[test]
    last = np.isin(after[test], [2, 5])
    found = {"of_ceiling": right.mean() / ceiling(n), "last_symbol": right[last].mean()}
    if position:
        from sklearn.linear_model import LogisticRegression

        next_place = np.roll(places, -1)
        readout = LogisticRegression(max_iter=1000).fit(x[fit], next_place[fit])
        found["position"] = readout.score(x[test], next_place[test])
    return found


def here(binary: Path, n: int, seeds: range, plastic: bool, position: bool) -> list[dict]:
    """The scores of the command, seed by seed."""
    found = [{} for _ in seeds]
    asked = [("", [])]
    if position:
        asked.append(("position", ["task.target=position", "task.readout.kind=logistic"]))
    with tempfile.TemporaryDirectory() as out:
        for name, values in asked:
            command = [
                binary,
                "run",
                EXPERIMENT,
                "--seeds",
                f"{seeds[0]}..{seeds[-1] + 1}",
                "--out",
                f"{out}/{name}",
            ]
            for value in [f"task.n={n}", *values]:
                command += ["--set", value]
            command += ["--quiet"] if plastic else ["--quiet", "--controls", "static"]
            subprocess.run(command, check=True, capture_output=True)
            for index, seed in enumerate(seeds):
                pattern = f"seed-{seed}/summary.json" if plastic else f"*static/seed-{seed}/summary.json"
                (summary,) = [
                    path
                    for path in Path(out, name).rglob(pattern)
                    if plastic != any("static" in part for part in path.parts)
                ]
                got = json.loads(summary.read_text())["scores"]
                if name:
                    found[index]["position"] = got["accuracy"]
                else:
                    found[index] |= {key: got[key] for key in ("of_ceiling", "last_symbol")}
    return found


def shown(values: list) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f}, {max(values):.3f})"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sorn", type=Path, help="the command")
    parser.add_argument("checkout", type=Path, help="a checkout of delpapa/SORN_V2")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--n", type=int, nargs="+", default=[8, 12, 20])
    parser.add_argument("--position", action="store_true", help="read out the place in the word as well")
    args = parser.parse_args()
    if not (args.checkout / "common/sorn.py").is_file():
        sys.exit(f"{args.checkout}: expected a checkout of delpapa/SORN_V2, found no common/sorn.py")
    sys.path.insert(0, str(args.checkout))
    # The authors' Python drew samples of sets, and compared strings with `is`.
    sample = random.sample
    random.sample = lambda population, k: sample(sorted(population), k)
    warnings.simplefilter("ignore")
    seeds = range(args.first, args.first + args.seeds)
    print(
        "| n | network | score | authors' classes | here | p | seconds a seed |\n|---|---|---|---|---|---|---|"
    )
    for n in args.n:
        for plastic in (True, False):
            began = time.perf_counter()
            theirs = [scores(authors(n, seed, plastic), n, args.position) for seed in seeds]
            between = time.perf_counter()
            ours = here(args.sorn, n, seeds, plastic, args.position)
            ended = time.perf_counter()
            for score in theirs[0]:
                a, b = ([float(run[score]) for run in runs] for runs in (theirs, ours))
                p = mannwhitneyu(a, b).pvalue
                times = f"{(between - began) / len(a):.1f}, {(ended - between) / len(a):.2f}"
                kind = "plastic" if plastic else "static"
                print(f"| {n} | {kind} | {score} | {shown(a)} | {shown(b)} | {p:.2g} | {times} |", flush=True)


if __name__ == "__main__":
    main()
