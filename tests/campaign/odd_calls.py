"""Odd calls of the package, one numbered case after the other, for `cargo xtask campaign python`.

In the folder `--dir` are, for whoever watches: `progress`, the number of the case under way; `failures.jsonl`; at the end `done`,
the number of cases. A case depends on the seed and its number alone.
"""

import argparse
import faulthandler
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "crates/sorn-py/tests"))

# What a call may raise, besides an answer; each is documented or Python's own for such an argument.
DOCUMENTED = (TypeError, ValueError, MemoryError, ImportError, OSError, RecursionError)
LIMIT = 20


def odd_values(folder):
    """The odd values of the package's tests, and some that take no memory but look as if they did."""
    import numpy as np
    from test_fuzz import ODD

    mapped = folder / "mapped.npy"
    if not mapped.exists():
        np.save(mapped, np.random.default_rng(0).random((6, 4)))
    read_only = np.ones((6, 4))
    read_only.flags.writeable = False
    return ODD | {
        "0-stride (2**40,)": np.broadcast_to(1.0, (2**40,)),
        "0-stride (2**20, 2**20)": np.broadcast_to(np.float32(0.5), (2**20, 2**20)),
        "0-stride text (2**40,)": np.broadcast_to("x", (2**40,)),
        "0-stride (6, 4)": np.broadcast_to(0.5, (6, 4)),
        "mapped": np.load(mapped, mmap_mode="r"),
        "read-only": read_only,
        "huge text": "x" * 10_000_000,
        "range": range(10**18),
        "long double": np.ones(4, dtype=np.longdouble),
        "1e308": np.full((6, 4), 1e308),
        "-0.0": np.full(4, -0.0),
        "deep": deep(500),
        "generator": (number for number in ()),
        "memoryview": memoryview(b"12345678"),
        "2**62": 2**62,
    }


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


class Calls:
    """One to three arguments of a call that works are replaced."""

    promise = "an odd call gives an answer or an exception that is documented"

    def __init__(self, folder):
        import test_fuzz

        self.calls = list(test_fuzz.CALLS.items())
        self.odd = list(odd_values(folder).items())
        self.long = test_fuzz.long
        self.hostile = "here"

    def case(self, rng):
        name, (call, good) = rng.choice(self.calls)
        changed = {}
        for argument in rng.sample(sorted(good), min(len(good), rng.choice([1, 1, 1, 2, 3]))):
            label, value = rng.choice(self.odd)
            # Not wrong, but a long wait.
            if label.startswith("2**") and self.long(name, argument):
                continue
            changed[argument] = (label, value)
        shown = ", ".join(f"{argument}={label}" for argument, (label, _) in changed.items())
        arguments = good | {argument: value for argument, (_, value) in changed.items()}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(**arguments)
        except DOCUMENTED:
            pass
        except RuntimeError as error:
            if self.hostile not in str(error):
                return f"{name}({shown}): {type(error).__name__}: {error}"
        except BaseException as error:  # noqa: BLE001
            return f"{name}({shown}): {type(error).__name__}: {error}"
        return None


class Threads:
    """Several threads call one network; each gives an answer or an exception that is documented."""

    promise = "threads that share a network or an agent get answers or documented exceptions"

    def __init__(self, folder):
        import numpy as np

        from sorn_rs import Agent, Network

        self.numpy, self.network, self.agent = np, Network, Agent
        self.folder = folder

    def case(self, rng):
        from test_fuzz import CARTPOLE, CONFIG

        np = self.numpy
        one = self.network(ne=40, nu=4, lambda_ee=4, lambda_ei=6, seed=1, threads=rng.choice([1, 2]))
        agent = self.agent(CARTPOLE, CONFIG, seed=1)
        inputs = np.random.default_rng(rng.randrange(10)).random((50, 4))
        problems = []
        tasks = [
            lambda: one.step(inputs[0]),
            lambda: one.run(inputs),
            lambda: one.copy().run(inputs),
            lambda: one.state,
            lambda: one.save(self.folder / "threads.safetensors"),
            lambda: setattr(one, "frozen", ["stdp"]),
            lambda: agent.predict(np.zeros(4)),
            lambda: agent.learn(5),
        ]

        def work(task):
            try:
                for _ in range(3):
                    task()
            except (*DOCUMENTED, RuntimeError):
                pass
            except BaseException as error:  # noqa: BLE001
                problems.append(f"{type(error).__name__}: {error}")

        chosen = [rng.randrange(len(tasks)) for _ in range(rng.randint(2, 4))]
        threads = [threading.Thread(target=work, args=[tasks[index]], daemon=True) for index in chosen]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT - 6)
            if thread.is_alive():
                return f"tasks {chosen}: hangs"
        return f"tasks {chosen}: {problems}" if problems else None


class Fork:
    """A child that was forked uses what the parent made."""

    promise = "a forked child goes on with networks of any number of threads, and gets the same bits"

    def __init__(self, folder):
        import numpy as np

        from sorn_rs import Network

        self.numpy, self.network = np, Network

    def case(self, rng):
        np = self.numpy
        threads = rng.choice([1, 2, 3])
        one = self.network(
            ne=rng.choice([30, 300]), nu=4, lambda_ee=4, lambda_ei=6, seed=rng.randrange(9), threads=threads
        )
        inputs = np.random.default_rng(1).random((20, 4))
        one.run(inputs)
        expected = one.copy().run(inputs)["x"].sum(1).tolist()
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            signal.alarm(LIMIT - 6)
            try:
                found = one.run(inputs)["x"].sum(1).tolist()
                os.write(writing, json.dumps(found).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        # The parent's threads are still its own.
        after = one.run(inputs)["x"].sum(1).tolist()
        if status:
            return f"threads={threads}: the child ends with {status} (14 is the alarm)"
        if json.loads(told) != expected or after != expected:
            return f"threads={threads}: other bits in the child or in the parent"
        return None


# Programs that are interrupted, or end while something of the package is under way; `WAIT` is a random moment.
PROGRAMS = {
    "daemon thread in Agent.learn": """
import threading, time
from test_fuzz import agent
threading.Thread(target=lambda: agent().learn(10**9), daemon=True).start()
time.sleep(WAIT)
""",
    "daemon thread in Network.run": """
import threading, time
import numpy as np
from test_fuzz import network
threading.Thread(target=lambda: [network().run(np.zeros((10**5, 4))) for _ in range(10**6)], daemon=True).start()
time.sleep(WAIT)
""",
    "daemon thread with a rule in Python": """
import threading, time
import numpy as np
from test_fuzz import network
def go():
    one = network()
    one.add_rule(lambda step: None)
    while True:
        one.run(np.zeros((100, 4)))
threading.Thread(target=go, daemon=True).start()
time.sleep(WAIT)
""",
    "daemon thread in Simulator.run": """
import threading, time
from test_fuzz import RUN
from sorn_rs import Simulator
threading.Thread(target=lambda: [Simulator.run(**RUN, seed=1) for _ in range(10**6)], daemon=True).start()
time.sleep(WAIT)
""",
    "sys.exit in a callback": """
import sys
from test_fuzz import agent
agent().learn(10**6, callback=lambda event: sys.exit(0))
""",
    "at exit": """
import atexit
import numpy as np
from test_fuzz import network
one = network()
atexit.register(lambda: one.run(np.zeros((100, 4))))
""",
    "threads of a network": """
import numpy as np, time
from sorn_rs import Network
one = Network(ne=300, nu=4, seed=1, threads=3)
one.run(np.zeros((50, 4)))
time.sleep(WAIT / 10)
""",
}
LONG = {
    "Agent.learn": "agent().learn(10**9)",
    "Network.run": "network().run(np.zeros((10**8, 4)), record=[])",
    "goodness_of_fit": "statistics.goodness_of_fit(VALUES, replicas=10**7, seed=1)",
    "Reservoir.fit": "[Reservoir(**SMALL).fit(INPUTS, INPUTS) for _ in range(10**9)]",
    "Simulator.run": "[Simulator.run(**RUN, seed=1) for _ in range(10**9)]",
}


class Programs:
    """Interpreters that end, each a process of its own."""

    promise = "an interpreter that ends at any moment ends with 0, never by a signal"

    def __init__(self, folder):
        self.folder = folder

    def case(self, rng):
        name, text = rng.choice(list(PROGRAMS.items()))
        return self.run(name, text.replace("WAIT", str(round(rng.random(), 3))), None, 0, (0,))

    def run(self, name, text, number, delay, allowed):
        # A child that is left behind would go on, and fill the memory.
        ends = f"hasattr(signal, 'alarm') and signal.alarm({2 * LIMIT})"
        script = f"import signal, sys\n{ends}\nsys.path.insert(0, {sys.path[0]!r})\n{text}"
        with tempfile.TemporaryFile() as told:
            child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=told)
            if number is not None:
                # The child says when it is about to begin.
                child.stdout.readline()
                time.sleep(delay)
                child.send_signal(number)
            try:
                child.communicate(timeout=LIMIT - 4)
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                return f"{name}: hangs"
            told.seek(0)
            last = told.read().decode(errors="replace").strip().splitlines()[-3:]
        if child.returncode not in allowed:
            return f"{name}: ends with {child.returncode}: {' | '.join(last)}"
        return None


class Signals(Programs):
    """SIGINT and SIGTERM at any moment of something long."""

    promise = "SIGINT raises KeyboardInterrupt within 20 s whatever is under way; SIGTERM ends"

    def case(self, rng):
        name, call = rng.choice(list(LONG.items()))
        number = rng.choice([signal.SIGINT, signal.SIGINT, signal.SIGTERM])
        text = f"""
import numpy as np
from test_fuzz import *
print("begun", flush=True)
try:
    {call}
except KeyboardInterrupt:
    sys.exit(0)
sys.exit(3)
"""
        allowed = (0, 130, -2) if number == signal.SIGINT else (-15, 143)
        return self.run(f"{name}, {number.name}", text, number, rng.random(), allowed)


KINDS = {"calls": Calls, "threads": Threads, "fork": Fork, "exits": Programs, "signals": Signals}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--target", choices=KINDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--until", type=int, default=2**64 - 1)
    parser.add_argument("--seconds", type=int, default=2**63)
    parser.add_argument("--dir", type=Path, default=Path("."))
    args = parser.parse_args()
    if args.list:
        for name, kind in KINDS.items():
            print(f"{name}\t{kind.promise}")
        return
    began = time.monotonic()
    kind = KINDS[args.target](args.dir)
    tried = 0
    # Where it hangs is written to the standard error, before whoever watches ends it.
    with (args.dir / "progress").open("wb", buffering=0) as progress:
        for case in range(args.first, args.until):
            if time.monotonic() - began >= args.seconds:
                break
            progress.seek(0)
            progress.write(case.to_bytes(8, "little"))
            tried += 1
            faulthandler.dump_traceback_later(LIMIT - 2)
            problem = kind.case(random.Random(f"{args.seed} {args.target} {case}"))
            if problem:
                with (args.dir / "failures.jsonl").open("a") as failures:
                    failures.write(json.dumps({"case": case, "said": problem}) + "\n")
    (args.dir / "done").write_text(f"{tried} 0")


if __name__ == "__main__":
    main()
