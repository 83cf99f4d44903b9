"""Wrong arguments raise TypeError or ValueError that names the argument, what was expected and what was found."""

import itertools
import subprocess
import sys
import warnings

import numpy as np
import pytest

from sorn_rs import Simulator, Trainer

SMALL = dict(ne=40, nu=5, lambda_ee=6, lambda_ei=8)
GOOD = np.random.default_rng(1).random((5, 3))
STATE = Simulator.run(GOOD, seed=1, **SMALL)[0]


def state(**changes):
    return STATE | changes


def no(name):
    return {key: value for key, value in STATE.items() if key != name}


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        (dict(phase="plastic"), ValueError, "phase: expected 'plasticity' or 'training', found 'plastic'"),
        (dict(phase=None), ValueError, "phase: expected .*, found None"),
        (dict(timesteps=0), ValueError, "timesteps: expected 1 or more, found 0"),
        (dict(timesteps=-1), ValueError, "timesteps: expected .*, found -1"),
        (
            dict(timesteps=4),
            ValueError,
            r"timesteps: expected at most the number of columns of inputs \(3\), found 4",
        ),
        (dict(timesteps=2.0), TypeError, "timesteps: expected an integer of 1 or more, found 2.0"),
        (dict(timesteps=True), TypeError, "timesteps: expected .*, found True"),
        (dict(timesteps=2**70), ValueError, "timesteps: expected .*, found 1180591620717411303424"),
        (dict(inputs=None), ValueError, "timesteps: expected .*, found None"),
        (dict(inputs=GOOD[:4]), ValueError, r"inputs: expected nu \(5\) rows, found 4"),
        (dict(inputs=GOOD[0]), ValueError, r"inputs: expected shape \(nu, timesteps\), found \(3,\)"),
        (dict(inputs="text"), TypeError, "inputs: expected .*, found str of dtype"),
        (dict(inputs=GOOD + 1j), TypeError, "inputs: expected .*, found ndarray of dtype complex128"),
        (dict(inputs=[[1.0], [1.0, 2.0]]), ValueError, "inputs: expected .*, found a ragged sequence"),
        (dict(inputs=GOOD * np.inf), ValueError, r"inputs\[0, 0\]: expected a finite number, found inf"),
        (dict(noise="yes"), TypeError, "noise: expected True or False, found 'yes'"),
        (dict(noise=None), TypeError, "noise: expected .*, found None"),
        (dict(freeze="stdp"), TypeError, "freeze: expected a list of names, found 'stdp'"),
        (dict(freeze=["hebb"]), ValueError, "freeze: expected one of stdp, ip, sp, istdp, ss, found 'hebb'"),
        (dict(freeze=[3]), ValueError, "freeze: expected .*, found 3"),
        (dict(callbacks="WEE"), TypeError, "callbacks: expected a list of names, found 'WEE'"),
        (
            dict(callbacks=["WEF"]),
            ValueError,
            "callbacks: expected one of ExcitatoryActivation, .*, found 'WEF'",
        ),
        (dict(callbacks=[None]), ValueError, "callbacks: expected .*, found None"),
        (dict(callbacks=7), TypeError, "callbacks: expected .*, found 7"),
        (dict(seed=-1), ValueError, r"seed: expected 0 to 2\*\*64 - 1, found -1"),
        (dict(seed=2**64), ValueError, "seed: expected .*, found 18446744073709551616"),
        (dict(seed=1.5), TypeError, "seed: expected .*, found 1.5"),
        (dict(lamda_ee=20), TypeError, "unexpected keyword argument 'lamda_ee'; did you mean 'lambda_ee'"),
        (dict(zzz=1), TypeError, "unexpected keyword argument 'zzz' \\(expected one of ne, nu"),
        (dict(ne=4, nu=5), ValueError, r"nu: expected at most ne \(4\), found 5"),
        (dict(ne=0), ValueError, "ne: expected 1 or more, found 0"),
        (dict(ne="200"), TypeError, "ne: expected an integer of 1 or more, found '200'"),
        (dict(nu=0), ValueError, "nu: expected .*, found 0"),
        (dict(lambda_ee=41), ValueError, r"lambda_ee: expected 1 to ne \(40\), found 41"),
        (dict(lambda_ei=0), ValueError, "lambda_ei: expected .*, found 0"),
        (
            dict(network_type_ee="sparse"),
            ValueError,
            "network_type_ee: expected 'Sparse' or 'Dense', found 'sparse'",
        ),
        (dict(eta_stdp=-1), ValueError, "eta_stdp.*expected 0 to 1, found -1"),
        (dict(eta_ip=float("nan")), ValueError, "eta_ip: expected a finite number, found nan"),
        (dict(eta_inhib=None), TypeError, "eta_inhib: expected a number, found None"),
        (dict(mu_ip=0), ValueError, "mu_ip.*expected .*, found 0"),
        (dict(te_min=2), ValueError, "te_max.*expected .*, found 1"),
        (dict(ti_max="0.5"), TypeError, "ti_max: expected a number, found '0.5'"),
        (dict(state=[]), TypeError, "state: expected a dictionary with the keys Wee.*, found list"),
        (dict(state=no("Wei")), ValueError, "state: expected .*, found no key 'Wei'"),
        (
            dict(state=state(Te=np.zeros((3, 1)))),
            ValueError,
            r"state\['Wee'\]: expected shape \(3, 3\), as Te has 3 .*, found \(40, 40\)",
        ),
        (
            dict(state=state(X=np.zeros((40, 3)))),
            ValueError,
            r"state\['X'\]: expected shape \(40, 2\), as Te has 40 .*, found \(40, 3\)",
        ),
        (
            dict(state=state(X=np.full((40, 2), 0.5))),
            ValueError,
            r'state\["X"\]: expected 0 or 1, found 0.5 at \(0, [01]\)',
        ),
        (dict(state=state(Y="silent")), TypeError, r"state\['Y'\]: expected .*, found str"),
        (
            dict(state=state(H_ip=np.zeros((3, 1)))),
            ValueError,
            r"state\['H_ip'\]: expected .*, found shape \(3, 1\)",
        ),
        (dict(matrices=STATE, state=STATE), TypeError, "matrices: it is an older name of state"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_wrong_arguments(kwargs, error, message):
    calls = [(Simulator, {}), (Simulator, {"seed": 1})]
    # The rest needs no network of its own.
    if not set(kwargs) & {"ne", "nu", "lambda_ee", "lambda_ei", "te_min", "eta_stdp", "mu_ip", "matrices"}:
        calls.append((Trainer, {"state": STATE}))
    for runner, base in calls:
        with pytest.raises(error, match=message):
            runner.run(**({"inputs": GOOD} | base | SMALL | kwargs))


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(Wee=-STATE["Wee"]), "wee.*weights in"),
        (dict(Wei=STATE["Wei"] * np.nan), "wei.*weights in"),
        (dict(Wie=STATE["Wie"] + 2), "wie.*weights in"),
        (dict(Wee=STATE["Wee"] + np.eye(40) * 0.1), "wee.*no self-connections"),
        (dict(Te=STATE["Te"] * np.inf), "te.*finite"),
    ],
)
def test_wrong_values_of_a_state(changes, message):
    with pytest.raises(ValueError, match=message):
        Simulator.run(GOOD, state=state(**changes))


def test_training_needs_a_state():
    with pytest.raises(ValueError, match="state: expected .*, found None"):
        Trainer.run(GOOD)


def test_too_many_inputs_for_a_state():
    with pytest.raises(ValueError, match=r"nu: expected at most ne \(40\), found 41"):
        Trainer.run(np.zeros((41, 1)), state=STATE)


def test_what_does_not_fit_in_memory():
    with pytest.raises(MemoryError, match=r"callbacks: WEE of shape \[1000000, 1000, 1000\]"):
        Simulator.run(np.zeros((1, 10**6)), callbacks=["WEE"], ne=1000, nu=1, seed=1)
    with pytest.raises(MemoryError, match="ne: expected .*, found 1000000"):
        Simulator.run(np.zeros((1, 1)), ne=10**6, nu=1, seed=1)


ODD = [
    None,
    True,
    -1,
    10**30,
    float("nan"),
    float("inf"),
    "text",
    b"bytes",
    [],
    [[]],
    {},
    object(),
    np.zeros(0),
    np.zeros((0, 0)),
    np.zeros((5, 0)),
    np.zeros((5, 2, 2)),
    np.array(None),
    np.array(["a"]),
    np.zeros((5, 2), dtype=complex),
    1j,
    lambda: None,
    type,
    ["WEE", 1],
    STATE,
    {"Wee": 1},
]


@pytest.mark.parametrize(
    "name",
    ["inputs", "phase", "state", "timesteps", "noise", "freeze", "callbacks", "seed", "ne", "eta_stdp"],
)
def test_nothing_ends_the_interpreter(name):
    """Whatever is passed, a run works or raises one of the errors that it names."""
    for value, runner in itertools.product(ODD, (Simulator, Trainer)):
        kwargs = {"inputs": GOOD, "state": STATE, name: value}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                runner.run(**kwargs)
            except (TypeError, ValueError) as error:
                assert str(error)


@pytest.mark.parametrize("name", ["Wee", "Wei", "Wie", "Te", "Ti", "X", "Y"])
def test_no_state_ends_the_interpreter(name):
    for value, runner in itertools.product(ODD, (Simulator, Trainer)):
        try:
            runner.run(GOOD, state=state(**{name: value}))
        except (TypeError, ValueError) as error:
            assert "state" in str(error), error


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
@pytest.mark.parametrize(
    "name, call",
    [
        ("spikes", "statistics.correlations(np.zeros((2, 300_000), bool))"),
        ("spikes", "statistics.correlation_significance(np.zeros((2, 300_000), bool), surrogates=1)"),
        ("spikes", "statistics.memory_capacity(np.zeros((100, 300_000), bool), np.zeros(100), 3, 50)"),
        ("wee", "Network(ne=100_000, network_type_ie='sparse', lambda_ie=5).wee"),
        ("state", "Network(ne=100_000, network_type_ie='sparse', lambda_ie=5).state"),
        ("lambd", "Initializer.generate_lambd_connections('EE', 10**6, 10**5, 5, 1)"),
    ],
)
def test_what_no_memory_holds_is_refused(name, call):
    """A failed allocation of Rust's would end the interpreter."""
    code = f"""
import resource
import numpy as np
from sorn_rs import Initializer, Network, statistics
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
try:
    {call}
except MemoryError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and name in done.stdout, done.stderr
