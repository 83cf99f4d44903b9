"""Times the statistics of a long recording beside Elephant's, in one run, and prints ratios.

Usage: python bench_statistics.py PROGRAM [--steps 1000000] [--neurons 200] [--rate 0.1] [--window 1000], where PROGRAM is the built
example `statistics` of sorn-report:

    cargo build --release -p sorn-report --example statistics

Both have the same spikes, given as their own spike trains before anything is timed, and answer the same questions:
rates, inter-spike intervals, CV, the Fano factor over windows, correlations of counts in windows and of single steps. Their answers
are compared. The Fano factor costs Elephant an object per window, of which there are many: `without fano` leaves it out.
One core each; time is that on the wall. The memory is that of the whole process beside that of the spikes.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import quantities as pq  # noqa: E402
from elephant import statistics  # noqa: E402
from elephant.conversion import BinnedSpikeTrain  # noqa: E402
from elephant.spike_train_correlation import correlation_coefficient  # noqa: E402
from neo import SpikeTrain  # noqa: E402


def recording(steps, neurons, rate, seed):
    """Rates spread log-normally about the mean, as those of a SORN are."""
    rng = np.random.default_rng(seed)
    rates = rng.lognormal(0, 0.5, neurons)
    rates = np.minimum(rates * rate / rates.mean(), 0.9)
    return [np.flatnonzero(rng.random(steps) < r).astype(np.uint64) for r in rates]


def write(path, trains, steps):
    with open(path, "wb") as file:
        np.array([steps, len(trains), *(len(t) for t in trains)], dtype="<u8").tofile(file)
        for train in trains:
            train.astype("<u8").tofile(file)


def fano(train, steps, window):
    """Windows of one train as trains, which is what Elephant takes; cut by NumPy, which is faster than Elephant's own cutting."""
    edges = np.searchsorted(train, np.arange(0, steps + 1, window))
    cut = [
        SpikeTrain(train[a:b] - k * window + 0.5, units="s", t_stop=window)
        for k, (a, b) in enumerate(zip(edges, edges[1:], strict=False))
    ]
    return statistics.fanofactor(cut)


def correlations(trains, window):
    found = correlation_coefficient(BinnedSpikeTrain(trains, bin_size=window * pq.s))
    return np.nansum(found[np.tril_indices(len(trains), -1)])


def elephant(raw, steps, window):
    # A spike of step k lies in the middle of [k, k + 1), away from the edges of every bin.
    trains = [SpikeTrain(t + 0.5, units="s", t_stop=steps) for t in raw]
    questions = {
        "rate": lambda: sum(statistics.mean_firing_rate(t).item() for t in trains),
        "intervals": lambda: sum(statistics.isi(t)[-1].item() for t in trains),
        "cv": lambda: sum(statistics.cv(statistics.isi(t)).item() for t in trains),
        "fano": lambda: sum(fano(t, steps, window) for t in raw),
        "correlations of windows": lambda: correlations(trains, window),
        "correlations of steps": lambda: correlations(trains, 1),
    }
    found = {}
    for name, question in questions.items():
        begun = time.perf_counter()
        check = question()
        found[name] = [time.perf_counter() - begun, float(check)]
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--neurons", type=int, default=200)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--window", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    steps, window = arguments.steps, arguments.window
    raw = recording(steps, arguments.neurons, arguments.rate, arguments.seed)
    spikes = sum(len(t) for t in raw)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spikes")
        write(path, raw, steps)
        answer = subprocess.run(
            [arguments.program, path, str(window)], check=True, capture_output=True, text=True
        )
    ours = json.loads(answer.stdout)
    before, after = ours.pop("peak")
    theirs = elephant(raw, steps, window)
    print(f"{arguments.neurons} neurons, {steps} steps, {spikes} spikes, windows of {window} steps")
    print(f"{'':26}{'sorn, s':>10}{'Elephant, s':>13}{'ratio':>8}")
    for name, (seconds, check) in ours.items():
        assert abs(check - theirs[name][1]) <= 1e-9 * max(1, abs(check)), (name, check, theirs[name][1])
        print(f"{name:26}{seconds:10.3f}{theirs[name][0]:13.2f}{theirs[name][0] / seconds:8.1f}")
    for total, left_out in (("together", ()), ("without fano", ("fano",))):
        a, b = (sum(v[0] for k, v in side.items() if k not in left_out) for side in (ours, theirs))
        print(f"{total:26}{a:10.3f}{b:13.2f}{b / a:8.1f}")
    if before is not None:
        print(
            f"memory: {spikes * 8 / 2**20:.0f} MiB of spikes, at most {before:.0f} before and {after:.0f} after"
        )


if __name__ == "__main__":
    main()
