"""Score the benchmarks of reservoirs here and with reservoirpy's echo state network, on the same numbers, and print a table.

    pip install reservoirpy
    python tests/peers/bench_series.py target/release/sorn --seeds 5

The package `sorn_rs` has to be installed: its `datasets` give the peer the numbers that the command makes for a seed. Each row is one experiment of
`experiments/series/`, its arms, and reservoirpy with as many units, spectral radius 0.9, no leak, input scaling 0.5 (1 of bits), and ridge regression
with the penalty 1e-6. Both see standardised inputs. A score is the median over seeds (least, largest).
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import tomllib
from reservoirpy.nodes import Reservoir, Ridge

from sorn_rs import datasets

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments/series"


def sources(file: dict) -> list[tuple[str, dict]]:
    """A label and the source for each value of the second axis."""
    source, vary = file["task"]["source"], file.get("vary")
    if vary is None:
        return [("reservoirpy", source)]
    key = vary["key"].removeprefix("task.source.")
    return [(f"{key}-{value}-reservoirpy", {**source, key: value}) for value in vary["values"]]


def peer(file: dict, source: dict, seed: int) -> dict:
    """The scores of an echo state network."""
    phases, source = file["task"]["phases"], dict(source)
    steps = {phase.get("role", "organise"): phase["steps"] for phase in phases}
    all_steps = sum(phase["steps"] for phase in phases)
    kind = source.pop("kind")
    inputs, targets = getattr(datasets, kind)(all_steps, seed=seed, **source)
    inputs = (inputs - inputs[:10_000].mean(0)) / inputs[:10_000].std(0)
    fit = slice(all_steps - steps["fit"] - steps["score"], all_steps - steps["score"])
    reservoir = Reservoir(
        file["network"]["ne"], sr=0.9, lr=1.0, input_scaling=1.0 if kind == "parity" else 0.5, seed=seed
    )
    states = reservoir.run(inputs)
    readout = Ridge(ridge=1e-6)
    readout.fit(states[fit], targets[fit])
    found, wanted = readout.run(states[fit.stop :]), targets[fit.stop :]
    scores = {"nrmse": float(np.mean(np.sqrt(((found - wanted) ** 2).mean(0) / wanted.var(0))))}
    r2 = [np.corrcoef(found[:, i], wanted[:, i])[0, 1] ** 2 for i in range(wanted.shape[1])]
    scores["memory"] = float(np.sum(r2))
    scores["accuracy"] = float(np.mean((found > 0) == (wanted > 0)))
    return scores


def here(binary: Path, file: Path, seeds: range) -> dict[str, list[dict]]:
    """The scores of each arm, seed by seed."""
    with tempfile.TemporaryDirectory() as folder:
        seeds_text = f"{seeds.start}..{seeds.stop}"
        command = [binary, "run", file, "--seeds", seeds_text, "--controls", "all", "--out", folder, "--json"]
        text = subprocess.run([*command, "--quiet"], check=True, capture_output=True, text=True).stdout
        arms = json.loads(text)["arms"]
    return {
        arm["label"]: [
            {name: values[index] for name, values in arm["scores"].items()} for index in range(len(seeds))
        ]
        for arm in arms
    }


def spread(values: list[float]) -> str:
    """Median, least and largest."""
    return f"{statistics.median(values):.3f} ({min(values):.3f}, {max(values):.3f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("binary", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="names of experiments")
    arguments = parser.parse_args()
    print("| Experiment | score | arm | median (least, largest) |\n|---|---|---|---|")
    seeds = range(arguments.seeds)
    for path in sorted(EXPERIMENTS.glob("*.toml")):
        if arguments.only and path.stem not in arguments.only:
            continue
        file = tomllib.loads(path.read_text())
        score = file["report"][-1]
        rows = here(arguments.binary.resolve(), path, seeds)
        for label, source in sources(file):
            rows[label] = [peer(file, source, seed) for seed in seeds]
        for arm, runs in rows.items():
            print(f"| `{path.stem}` | {score} | {arm} | {spread([run[score] for run in runs])} |", flush=True)


if __name__ == "__main__":
    main()
