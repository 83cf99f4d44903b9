"""Times the reservoir against its peers in one run and prints ratios.

Peers: upstream (sorn 0.7.4), the same step vectorised with NumPy, and an event-driven one compiled
with numba. Usage: python bench_reservoir.py PROGRAM [--sizes 200 1000], where PROGRAM is the built
example `throughput` of sorn-core:

    cargo build --release -p sorn-core --example throughput

Where there is no noise, every program steps the same network under the same input, and times the
same steps of it; their spikes are compared before anything is timed. Rounds go over all programs, so
that a busy moment of the machine does not fall on one. A ratio is that of a round; printed are the
median over the rounds, the least and the largest. One core each. Time is that on the processor, which
other work on the machine disturbs little; `--wall` takes that on the wall, for a machine at rest.
"""

import argparse
import copy
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Libraries look at their number of threads when they are loaded.
for _library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
from numba import njit  # noqa: E402

CLOCK = time.process_time

ETA_STDP, ETA_IP, ETA_INHIB, MU_IP = 0.004, 0.01, 0.001, 0.1


SETTLE = {200: 2000, 1000: 1000, 5000: 400, 20_000: 150}
BATCHES = 5
SECONDS = 1.0


class Columns:
    """A connection matrix `[pre, post]` compressed by columns, each normalised."""

    def __init__(self, n_pre: int, columns: list, rng: np.random.Generator):
        self.n_pre = n_pre
        self.starts = np.cumsum([0] + [len(column) for column in columns])
        self.pre = np.concatenate([np.sort(column) for column in columns]).astype(np.int32)
        self.weights = 0.1 * (1 - rng.random(self.pre.size))
        for post in range(len(columns)):
            column = self.weights[self.starts[post] : self.starts[post + 1]]
            column /= np.cumsum(column)[-1]

    def dense(self) -> np.ndarray:
        dense = np.zeros((self.n_pre, self.starts.size - 1))
        dense[self.pre, np.repeat(np.arange(dense.shape[1]), np.diff(self.starts))] = self.weights
        return dense

    def events(self):
        """Columns (starts, weights), and rows (starts, post, place in the columns)."""
        order = np.argsort(self.pre, kind="stable").astype(np.int32)
        post = np.repeat(np.arange(self.starts.size - 1, dtype=np.int32), np.diff(self.starts))
        rows = np.searchsorted(self.pre[order], np.arange(self.n_pre + 1))
        return self.starts, self.weights.copy(), rows, post[order], order


class Net:
    """Random weights and thresholds with upstream's statistics."""

    def __init__(self, ne: int, seed: int):
        rng = np.random.default_rng(seed)
        self.ne, self.ni, self.nu = ne, int(0.2 * ne), ne // 20
        degree, out = (20, 40) if ne <= 200 else (100, 100)
        columns = [rng.choice(ne - 1, degree, replace=False) for _ in range(ne)]
        columns = [column + (column >= post) for post, column in enumerate(columns)]
        self.wee = Columns(ne, columns, rng)
        columns = [[] for _ in range(ne)]
        for pre in range(self.ni):
            for post in rng.choice(ne, out, replace=False):
                columns[post].append(pre)
        self.wei = Columns(self.ni, [column or [0] for column in columns], rng)
        inputs = ne if ne <= 200 else 100
        self.wie = Columns(ne, [rng.choice(ne, inputs, replace=False) for _ in range(self.ni)], rng)
        self.te, self.ti = rng.uniform(0, 1, ne), rng.uniform(0, 0.5, self.ni)
        self.h_ip = 2 * self.nu / ne

    def input(self, step: int) -> np.ndarray:
        u = np.zeros(self.ne)
        u[: self.nu] = (np.arange(self.nu) + 7 * step) % 10 == 0
        return u

    def write(self, path: str) -> None:
        """The form that `throughput` reads: 64-bit words."""
        with open(path, "wb") as file:
            np.array([self.ne, self.ni, self.nu], np.uint64).tofile(file)
            for matrix in (self.wee, self.wei, self.wie):
                for array in (matrix.starts, matrix.pre):
                    array.astype(np.uint64).tofile(file)
                matrix.weights.tofile(file)
            self.te.tofile(file)
            self.ti.tofile(file)


class Dense:
    """The network as upstream keeps it."""

    def __init__(self, net: Net):
        self.wee, self.wei, self.wie = net.wee.dense(), net.wei.dense(), net.wie.dense()
        self.te, self.ti, self.h_ip = net.te.copy(), net.ti, net.h_ip
        self.x, self.y = np.zeros(net.ne), np.zeros(net.ni)

    def step(self, u: np.ndarray) -> None:
        numpy_step(self, u)


def numpy_step(net: Dense, u: np.ndarray) -> None:
    """One step with whole-array operations; equal to upstream's with SP and noise off."""
    x0, y0 = net.x, net.y
    drive = (net.wee[x0 > 0].sum(0) - net.wei[y0 > 0].sum(0)) + u - net.te
    x1 = (drive > 0).astype(float)
    y1 = (net.wie[x0 > 0].sum(0) - net.ti > 0).astype(float)
    delta = ETA_STDP * (x0[:, None] * x1[None, :] - x1[:, None] * x0[None, :])
    net.wee = np.clip(np.where(net.wee != 0, net.wee + delta, 0.0), 0.0, 1.0)
    net.te = np.clip(net.te + ETA_IP * (x1 - net.h_ip), 0.0, 1.0)
    delta = -ETA_INHIB * y0[:, None] * (1 - x1[None, :] * (1 + 1 / MU_IP))
    net.wei = np.clip(np.where(net.wei != 0, net.wei + delta, 0.0), 0.0, 1.0)
    net.wee /= net.wee.sum(0)
    net.wei /= net.wei.sum(0)
    net.x, net.y = x1, y1


@njit(cache=False)
def scale(starts, weights, dirty):
    for post in range(dirty.size):
        if not dirty[post]:
            continue
        total = 0.0
        for k in range(starts[post], starts[post + 1]):
            total += weights[k]
        changed = False
        if total > 0.0:
            for k in range(starts[post], starts[post + 1]):
                new = weights[k] / total
                changed |= new != weights[k]
                weights[k] = new
        # A column that its own sum leaves unchanged rests until a rule touches it.
        dirty[post] = changed


@njit(cache=False)
def numba_step(ee, ei, ie, te, ti, x, y, u, h_ip, dirty_e, dirty_i):
    """Touches only the rows of active neurons and the columns that are not at a fixed point."""
    starts, weights, rows, posts, places = ee
    i_starts, i_weights, i_rows, i_posts, i_places = ei
    _, e_weights, e_rows, e_posts, e_places = ie
    drive, inhibition, drive_i = np.zeros(te.size), np.zeros(te.size), np.zeros(ti.size)
    for j in range(te.size):
        if x[j] != 0.0:
            for k in range(rows[j], rows[j + 1]):
                drive[posts[k]] += weights[places[k]]
            for k in range(e_rows[j], e_rows[j + 1]):
                drive_i[e_posts[k]] += e_weights[e_places[k]]
    for j in range(ti.size):
        if y[j] != 0.0:
            for k in range(i_rows[j], i_rows[j + 1]):
                inhibition[i_posts[k]] += i_weights[i_places[k]]
    x1, y1 = np.empty_like(x), np.empty_like(y)
    for i in range(te.size):
        x1[i] = 1.0 if drive[i] - inhibition[i] + u[i] - te[i] > 0 else 0.0
        te[i] = min(max(te[i] + ETA_IP * (x1[i] - h_ip), 0.0), 1.0)
    for i in range(ti.size):
        y1[i] = 1.0 if drive_i[i] - ti[i] > 0 else 0.0
    for j in range(te.size):
        if x[j] == 0.0 and x1[j] == 0.0:
            continue
        for k in range(rows[j], rows[j + 1]):
            i, place = posts[k], places[k]
            change = ETA_STDP * (x1[i] * x[j] - x[i] * x1[j])
            if change != 0.0 and weights[place] != 0.0:
                weights[place] = min(max(weights[place] + change, 0.0), 1.0)
                dirty_e[i] = True
    for j in range(ti.size):
        if y[j] != 0.0:
            for k in range(i_rows[j], i_rows[j + 1]):
                i, place = i_posts[k], i_places[k]
                if i_weights[place] != 0.0:
                    change = -ETA_INHIB * (1 - x1[i] * (1 + 1 / MU_IP))
                    i_weights[place] = min(max(i_weights[place] + change, 0.0), 1.0)
                    dirty_i[i] = True
    scale(starts, weights, dirty_e)
    scale(i_starts, i_weights, dirty_i)
    return x1, y1


class Numba:
    def __init__(self, net: Net):
        self.ee, self.ei, self.ie = net.wee.events(), net.wei.events(), net.wie.events()
        self.te, self.ti, self.h_ip = net.te.copy(), net.ti, net.h_ip
        self.x, self.y = np.zeros(net.ne), np.zeros(net.ni)
        self.dirty_e, self.dirty_i = np.ones(net.ne, bool), np.ones(net.ne, bool)

    def step(self, u: np.ndarray) -> None:
        self.x, self.y = numba_step(
            self.ee, self.ei, self.ie, self.te, self.ti, self.x, self.y, u, self.h_ip,
            self.dirty_e, self.dirty_i,
        )  # fmt: skip


def best(measure) -> float:
    """The best of the rates measured in `SECONDS`, at least one: a slow moment of the machine may last
    longer than a program takes."""
    begin, rate = time.perf_counter(), measure()
    while time.perf_counter() - begin < SECONDS:
        rate = max(rate, measure())
    return rate


def steps_per_second(start, inputs, batches: int) -> float:
    """Of the fastest batch of a copy of `start`."""
    net = copy.deepcopy(start)
    fastest = float("inf")
    size = len(inputs) // batches
    for batch in range(batches):
        begin = CLOCK()
        for u in inputs[batch * size : (batch + 1) * size]:
            net.step(u)
        fastest = min(fastest, (CLOCK() - begin) / size)
    return 1.0 / fastest


def upstream(ne: int, steps: int) -> float:
    os.environ["TQDM_DISABLE"] = "1"
    os.chdir(tempfile.mkdtemp())
    from sorn import Simulator

    logging.disable(logging.INFO)

    inputs = np.random.default_rng(1).random((ne // 20, steps))
    settings = dict(phase="plasticity", noise=True, ne=ne, nu=ne // 20, callbacks=[])
    state, _ = Simulator.run(inputs=inputs[:, :2], timesteps=2, **settings)
    fastest = float("inf")
    for _ in range(3):
        start = CLOCK()
        Simulator.run(inputs=inputs, state=state, timesteps=steps, **settings)
        fastest = min(fastest, (CLOCK() - start) / steps)
    return 1.0 / fastest


def ours(program: str, network, precision: str, noise: str, rules: str, steps=()) -> dict:
    command = [program, network, precision, noise, rules, "1", *steps]
    answer = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
    figures = json.loads(answer.stdout)
    if CLOCK is time.perf_counter:
        figures["steps_per_second"] = figures["wall"]
    return figures


def settled(net: Net, program: str, path: str, steps: list):
    """The peers after the steps that are not timed; their spikes are ours."""
    settle = steps[0]
    dense = Dense(net) if net.ne <= 1000 else None
    events = Numba(net)
    spikes = 0
    for step in range(settle):
        u = net.input(step)
        events.step(u)
        spikes += int(events.x.sum())
        if dense is not None and step < 200:
            dense.step(u)
            np.testing.assert_array_equal(dense.x, events.x)
            np.testing.assert_array_equal(dense.y, events.y)
    assert spikes > settle, spikes
    found = ours(program, path, "exact", "quiet", "no-sp", [settle, 0, 0])["spikes"]
    assert found == spikes, f"{found} spikes, the peers' {spikes}"
    return dense, events


def measure(ne: int, program: str, rounds: int) -> dict:
    net = Net(ne, 1)
    steps = [SETTLE[ne], max(10, 100_000 // ne), BATCHES]
    inputs = [net.input(steps[0] + step) for step in range(steps[1] * steps[2])]
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network")
        net.write(path)
        dense, events = settled(net, program, path, steps)
        for _ in range(rounds):
            row = {"numba event-driven": best(lambda: steps_per_second(events, inputs, BATCHES))}
            if dense is not None:
                row["NumPy vectorised"] = best(lambda: steps_per_second(dense, inputs[:60], 3))
            if ne <= 200:
                row["upstream, noise, all rules"] = best(lambda: upstream(ne, 40))

            def rate(*settings):
                return best(lambda: ours(program, path, *settings, steps)["steps_per_second"])

            for mode in ("exact", "fast"):
                row[mode] = rate(mode, "quiet", "no-sp")
                row[f"{mode}, noise, all rules"] = rate(mode, "noise", "all")
                row[f"{mode} / numba"] = row[mode] / row["numba event-driven"]
                if ne <= 200:
                    row[f"{mode} / upstream"] = (
                        row[f"{mode}, noise, all rules"] / row["upstream, noise, all rules"]
                    )
            row["frozen"] = rate("exact", "quiet", "none")
            for name, value in row.items():
                figures.setdefault(name, []).append(value)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the built example `throughput`")
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1000], choices=SETTLE)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--wall", action="store_true", help="time on the wall, not on the processor")
    options = parser.parse_args()
    if options.wall:
        global CLOCK
        CLOCK = time.perf_counter
    program = os.path.abspath(options.program)
    results = {}
    for ne in options.sizes:
        results[ne] = measure(ne, program, options.rounds)
        print(f"ne {ne}: median, least, largest of {options.rounds} rounds", file=sys.stderr)
        for name, values in results[ne].items():
            figures = (statistics.median(values), min(values), max(values))
            print(f"  {name:30}" + "".join(f"{figure:14,.1f}" for figure in figures), file=sys.stderr)
    json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
