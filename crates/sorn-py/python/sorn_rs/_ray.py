"""``sorn sweep --engine ray``: the tasks of a sweep on a cluster of Ray.

A task of Ray is a portion: some tasks of the sweep, as many as a worker does in some seconds. What it did is saved at the end of an
episode, in the shared directory, or handed back as files where the worker does not see that. What is left goes into another portion, on
any worker. So a worker that is lost costs some seconds, and whoever stops the command waits no longer than that.
"""

import json
import math
import os
import shutil
import socket
import sys
import tempfile
import time
import uuid
from collections import deque

from ._extras import needed
from ._native import Sweep, __version__, hear_signals, stop_asked

# Tries of a portion whose worker is lost.
RETRIES = 5
# Tasks in a portion at most: what a worker that is lost had not handed in is done again.
MOST = 200


def work(sweep: Sweep, numbers: list[int], request: str) -> str | int:
    """Run the tasks `numbers`; what became of them as JSON, or the exit code of what was told on the standard error."""
    try:
        ray = needed("ray", "ray")
        return json.dumps(_Driver(ray, sweep, numbers, json.loads(request)).run())
    except (ImportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (OSError, ConnectionError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def connect(ray) -> bool:
    """Join the cluster of RAY_ADDRESS or of this machine, or start one; True if it was started here."""
    if ray.is_initialized():
        return False
    # A command of ours sends nobody statistics of its use.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    _reach(os.environ.get("RAY_ADDRESS", ""))
    try:
        ray.init(log_to_driver=False, configure_logging=False, logging_level="error")
    finally:
        # Ray takes SIGTERM for itself.
        hear_signals()
    return True


def _reach(address: str):
    """Say at once that nobody answers there: Ray tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(
            f"RAY_ADDRESS: expected a cluster of Ray, found none at {address} ({error})"
        ) from error


class _Driver:
    def __init__(self, ray, sweep: Sweep, numbers: list[int], request: dict):
        self.ray, self.sweep, self.request = ray, sweep, request
        self.done = 0
        self.queue = deque()
        for number in numbers:
            if sweep.state(number) == "done":
                self.done += 1
            else:
                self.queue.append(number)
        self.total = len(numbers)
        self.failed: dict[int, str] = {}
        self.elsewhere: list[int] = []
        self.running: dict = {}
        self.held: dict = {}
        self.began = time.monotonic()

    def run(self) -> dict:
        if self.queue:
            started = connect(self.ray)
            try:
                self._carry()
            finally:
                if started:
                    self.ray.shutdown()
        self._show(last=True)
        left = self.total - self.done - len(self.failed) - len(self.elsewhere)
        failed = sorted(self.failed.items())
        return {"done": self.done, "left": left, "elsewhere": sorted(self.elsewhere), "failed": failed}

    def _carry(self):
        path = os.path.abspath(self.sweep.path)
        with open(os.path.join(path, "sweep.toml"), encoding="utf-8") as file:
            text = file.read()
        # A worker that finds this file has the same folder as this process.
        sign = f".shared-{uuid.uuid4().hex}"
        with open(os.path.join(path, sign), "x"):
            pass
        self.what = {
            "path": path,
            "text": text,
            "sign": None if self.request["bring_back"] else sign,
            "seconds": self.request["seconds"],
            "version": __version__,
        }
        self.remote = self.ray.remote(_portion).options(num_cpus=1, max_retries=RETRIES)
        try:
            self._pass()
            # Other processes may be done with what they had, or may have been killed.
            self.queue.extend(self.elsewhere)
            self.elsewhere.clear()
            self._pass()
        finally:
            os.unlink(os.path.join(path, sign))
            for held in self.held.values():
                held.release()

    def _pass(self):
        while self.queue or self.running:
            while self.queue and not stop_asked() and len(self.running) < self._slots():
                self._submit()
            if not self.running:
                if stop_asked():
                    return
                continue
            ready, _ = self.ray.wait(list(self.running), num_returns=1, timeout=0.5)
            for ref in ready:
                self._take(ref)
            self._show()

    def _slots(self) -> int:
        processors = int(self.ray.cluster_resources().get("CPU", 0))
        # One that waits is what a cluster that grows by itself looks at.
        most = processors + 1
        return min(most, self.request["jobs"] or most)

    def _submit(self):
        size = max(1, min(MOST, math.ceil(len(self.queue) / (4 * self._slots()))))
        self._send([self.queue.popleft() for _ in range(min(size, len(self.queue)))])

    def _send(self, numbers: list[int]):
        kept, files = [], {}
        for number in numbers:
            begun = self.sweep.state(number) == "begun"
            if begun or self.request["bring_back"]:
                held = self.held.get(number) or self.sweep.hold(number)
                if held is None:
                    self.elsewhere.append(number)
                    continue
                if begun:
                    files[number] = self.sweep.pack(number)
                # A worker that sees this folder holds it itself; otherwise nobody here is to do the same meanwhile.
                if self.request["bring_back"]:
                    self.held[number] = held
                else:
                    held.release()
            kept.append(number)
        if kept:
            # A worker that sees the folder has no use for the files, and fetches none.
            files = {number: self.ray.put(found) for number, found in files.items()}
            self.running[self.remote.remote(self.what, kept, files)] = kept

    def _take(self, ref):
        numbers = self.running.pop(ref)
        try:
            told = self.ray.get(ref)
        except self.ray.exceptions.RayTaskError as error:
            cause = error.cause
            # Nothing more can be written, or another version: so it would be with all others.
            raise cause if isinstance(cause, OSError | ValueError | ImportError) else error from None
        except self.ray.exceptions.LocalRayletDiedError as error:
            raise ConnectionError("the cluster of Ray is gone; what was done is saved") from error
        except self.ray.exceptions.RayError as error:
            # Again and again the worker was lost: one of them may be to blame.
            if len(numbers) > 1:
                for number in numbers:
                    self._send([number])
            else:
                self._fail(numbers[0], f"its worker was lost {RETRIES + 1} times: {error}")
            return
        for number, files in told["files"].items():
            # A worker without this folder may have done what a process here does, too.
            if held := self.held.get(number) or self.sweep.hold(number):
                self.sweep.unpack(number, files)
                if number not in self.held:
                    held.release()
            else:
                told["elsewhere"].append(number)
        left = []
        for number in numbers:
            if number in told["elsewhere"]:
                self.elsewhere.append(number)
            elif number in told["failed"]:
                self._fail(number, told["failed"][number])
            elif number in told["done"]:
                self.done += 1
                self._release(number)
            else:
                left.append(number)
        # What was begun is finished first.
        left.sort(key=lambda number: number not in told["begun"])
        self.queue.extendleft(reversed(left))

    def _fail(self, number: int, reason: str):
        self.failed[number] = reason
        self.sweep.tell(number, reason)
        self._release(number)

    def _release(self, number: int):
        if held := self.held.pop(number, None):
            held.release()

    def _show(self, last: bool = False):
        if self.request["quiet"] or not sys.stderr.isatty():
            return
        text = f"{self.done}/{self.total} tasks done, {len(self.running)} portions running, {len(self.failed)} failed"
        rate = (time.monotonic() - self.began) / max(1, self.done)
        if self.done:
            text += f", {rate * (self.total - self.done):.0f} s left"
        sys.stderr.write("\r\x1b[K" if last else f"\r\x1b[K{text}")
        sys.stderr.flush()


def _portion(what: dict, numbers: list[int], files: dict) -> dict:
    """On a worker: run tasks until the time is over."""
    if what["version"] != __version__:
        raise ValueError(
            f"expected sorn-rs {what['version']} on every machine, found {__version__} on a worker"
        )
    if what["sign"] is not None and os.path.exists(os.path.join(what["path"], what["sign"])):
        return _run(Sweep(what["path"]), numbers, what["seconds"], bring=False)
    folder = tempfile.mkdtemp(prefix="sorn-sweep-")
    try:
        with open(os.path.join(folder, "sweep.toml"), "w", encoding="utf-8") as file:
            file.write(what["text"])
        sweep = Sweep(folder)
        if files:
            import ray

            for number, found in zip(files, ray.get(list(files.values())), strict=True):
                sweep.unpack(number, found)
        return _run(sweep, numbers, what["seconds"], bring=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(sweep: Sweep, numbers: list[int], seconds: float, bring: bool) -> dict:
    elsewhere, failed = sweep.work(numbers, seconds)
    told = {"done": set(), "begun": set(), "failed": {}, "elsewhere": elsewhere, "files": {}}
    for number, reason in failed:
        # Of a folder that is gone in a moment.
        place = f"{sweep.place(number)}: "
        told["failed"][number] = reason.removeprefix(place)
    for number in numbers:
        state = sweep.state(number)
        if state in ("done", "begun"):
            told[state].add(number)
        if bring and state != "missing":
            told["files"][number] = sweep.pack(number)
    return told
