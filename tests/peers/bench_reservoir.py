"""Times the reservoir against its peers in one run and prints ratios.

Peers: upstream (sorn 0.7.4), the same step vectorised with NumPy, and an event-driven one compiled
with numba. Usage: python bench_reservoir.py PROGRAM [--sizes 200 1000], where PROGRAM is the built
example `throughput` of sorn-core:

    cargo build --release -p sorn-core --example throughput

Every figure is the best of several batches on one core, and the peers' arithmetic is checked
against one another before anything is timed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from numba import njit

ETA_STDP, ETA_IP, ETA_INHIB, MU_IP = 0.004, 0.01, 0.001, 0.1


class Net:
    """Random weights and thresholds with upstream's statistics; dense arrays `[pre, post]`."""

    def __init__(self, ne: int, seed: int):
        rng = np.random.default_rng(seed)
        self.ne, self.ni, self.nu = ne, int(0.2 * ne), ne // 20
        degree = 20 if ne <= 200 else 100
        self.wee = np.zeros((ne, ne))
        for post in range(ne):
            others = np.delete(np.arange(ne), post)
            self.wee[rng.choice(others, degree, replace=False), post] = rng.uniform(0, 0.1, degree)
        self.wei = np.zeros((self.ni, ne))
        out = 40 if ne <= 200 else 100
        for pre in range(self.ni):
            self.wei[pre, rng.choice(ne, out, replace=False)] = rng.uniform(0, 0.1, out)
        self.wei[0, self.wei.sum(0) == 0] = 0.05
        self.wie = np.zeros((ne, self.ni))
        inputs = ne if ne <= 200 else 100
        for post in range(self.ni):
            self.wie[rng.choice(ne, inputs, replace=False), post] = rng.uniform(0, 0.1, inputs)
        for weights in (self.wee, self.wei, self.wie):
            weights /= weights.sum(0)
        self.te, self.ti = rng.uniform(0, 1, ne), rng.uniform(0, 0.5, self.ni)
        self.h_ip = 2 * self.nu / ne
        self.x, self.y = np.zeros(ne), np.zeros(self.ni)

    def input(self, step: int) -> np.ndarray:
        u = np.zeros(self.ne)
        u[: self.nu] = (np.arange(self.nu) + 7 * step) % 10 == 0
        return u


def numpy_step(net: Net, u: np.ndarray) -> None:
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


def sparse(dense: np.ndarray):
    """Columns (starts, pre, weights), and rows (starts, post, place in the columns)."""
    n_pre, n_post = dense.shape
    post, pre = np.nonzero(dense.T)
    starts = np.searchsorted(post, np.arange(n_post + 1))
    order = np.argsort(pre, kind="stable")
    row_starts = np.searchsorted(pre[order], np.arange(n_pre + 1))
    return starts, dense[pre, post].copy(), row_starts, post[order], order


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
        self.net = net
        self.ee, self.ei, self.ie = sparse(net.wee), sparse(net.wei), sparse(net.wie)
        self.te, self.x, self.y = net.te.copy(), net.x.copy(), net.y.copy()
        self.dirty_e, self.dirty_i = np.ones(net.ne, bool), np.ones(net.ne, bool)

    def step(self, u: np.ndarray) -> None:
        net = self.net
        self.x, self.y = numba_step(
            self.ee, self.ei, self.ie, self.te, net.ti, self.x, self.y, u, net.h_ip,
            self.dirty_e, self.dirty_i,
        )  # fmt: skip


def check(ne: int) -> None:
    """The two peers compute the same spikes, and enough of them."""
    plain, events = Net(ne, 1), Numba(Net(ne, 1))
    spikes = 0
    for step in range(200):
        u = plain.input(step)
        numpy_step(plain, u)
        events.step(u)
        np.testing.assert_array_equal(plain.x, events.x)
        np.testing.assert_array_equal(plain.y, events.y)
        spikes += plain.x.sum()
    assert spikes > 100, spikes


def best(step, inputs, batches: int) -> float:
    """Steps per second of the fastest batch."""
    fastest = float("inf")
    for _ in range(batches):
        start = time.perf_counter()
        for u in inputs:
            step(u)
        fastest = min(fastest, (time.perf_counter() - start) / len(inputs))
    return 1.0 / fastest


def upstream(ne: int, steps: int) -> float:
    os.chdir(tempfile.mkdtemp())
    from sorn import Simulator

    inputs = np.random.default_rng(1).random((ne // 20, steps))
    settings = dict(phase="plasticity", noise=True, ne=ne, nu=ne // 20, callbacks=[])
    state, _ = Simulator.run(inputs=inputs[:, :2], timesteps=2, **settings)
    fastest = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        Simulator.run(inputs=inputs, state=state, timesteps=steps, **settings)
        fastest = min(fastest, (time.perf_counter() - start) / steps)
    return 1.0 / fastest


def ours(program: str, ne: int, precision: str, noise: str, rules: str) -> float:
    command = [program, str(ne), precision, noise, rules, "1"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(answer)["steps_per_second"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the built example `throughput`")
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    check(200)
    results = {}
    for ne in options.sizes:
        net = Net(ne, 1)
        inputs = [net.input(step) for step in range(max(20, 20_000 // ne))]
        events = Numba(Net(ne, 1))
        for step in range(1 if ne > 5000 else 300):
            events.step(net.input(step))
        row = {}
        # Rounds over all of them, so that a busy moment of the machine does not fall on one.
        for _ in range(options.rounds):
            measured = {"numba event-driven": best(events.step, inputs, 5)}
            if ne <= 1000:
                measured["NumPy vectorised"] = best(lambda u, net=net: numpy_step(net, u), inputs[:50], 3)
            if ne <= 200:
                measured["upstream, noise"] = upstream(ne, 40)
            for precision in ("exact", "fast"):
                measured[f"ours {precision}"] = ours(program, ne, precision, "quiet", "no-sp")
                measured[f"ours {precision}, noise, all rules"] = ours(program, ne, precision, "noise", "all")
            measured["ours frozen"] = ours(program, ne, "exact", "quiet", "none")
            row = {name: max(value, row.get(name, 0.0)) for name, value in measured.items()}
        for precision in ("exact", "fast"):
            quiet, noisy = row[f"ours {precision}"], row[f"ours {precision}, noise, all rules"]
            row[f"ratio to numba, {precision}"] = quiet / row["numba event-driven"]
            if ne <= 200:
                row[f"ratio to upstream, {precision}"] = noisy / row["upstream, noise"]
        results[ne] = row
        print(f"ne {ne}", file=sys.stderr)
        for name, value in row.items():
            print(f"  {name:34} {value:12.1f}", file=sys.stderr)
    json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
