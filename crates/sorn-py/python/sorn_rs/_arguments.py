"""Checks of the arguments of a run: each error names the argument, what was expected and what was found."""

import difflib
import operator
import warnings
from collections.abc import Mapping
from itertools import islice

import numpy as np

from .callbacks import AVAILABLE

PHASES = ("plasticity", "training")
RULES = ("stdp", "ip", "sp", "istdp", "ss")
NETWORK_TYPES = ("Sparse", "Dense")
INTEGERS = ("ne", "nu")
NAMES = ("network_type_ee", "network_type_ei", "network_type_ie")
REALS = (
    "lambda_ee",
    "lambda_ei",
    "lambda_ie",
    "eta_stdp",
    "eta_inhib",
    "eta_ip",
    "te_max",
    "ti_max",
    "ti_min",
    "te_min",
    "mu_ip",
    "sigma_ip",
)
HYPERPARAMETERS = INTEGERS + NAMES + REALS
ARRAYS = ("Wee", "Wei", "Wie", "Te", "Ti", "X", "Y")
# Upstream's older names, and one that its documentation has and nothing reads.
OLD_NAMES = {"matrices": "state", "time_steps": "timesteps"}
WITHOUT_EFFECT = ("max_workers",)
FLOAT64 = np.dtype(np.float64)
BOOLS = (bool, np.bool_)
# Characters of a value that an error shows.
LONGEST = 300


def wrong(name, found, expected, error=ValueError):
    """The error to raise: "`name`: expected `expected`, found `found`"."""
    shown = str(found)
    if len(shown) > LONGEST:
        shown = f"{shown[:LONGEST]}..."
    return error(f"{name}: expected {expected}, found {shown}")


def rename_old(kwargs: dict, current: dict) -> None:
    """Moves older names in `kwargs` to the arguments they are now; drops those without effect."""
    for old, new in OLD_NAMES.items():
        if old in kwargs:
            value = kwargs.pop(old)
            if current[new] is not None and value is not None:
                raise TypeError(f"{old}: it is an older name of {new}, and both were given")
            current[new] = value if current[new] is None else current[new]
    for name in WITHOUT_EFFECT:
        kwargs.pop(name, None)


def hyperparameters(kwargs: dict) -> dict:
    """Refuses unknown names and wrong types."""
    return {name: hyperparameter(name, value) for name, value in kwargs.items()}


def hyperparameter(name: str, value):
    if name in INTEGERS:
        return integer(name, value, 1)
    if name in REALS:
        number = real(name, value)
        if not np.isfinite(number):
            raise wrong(name, number, "a finite number")
        return number
    if name in NAMES:
        if not isinstance(value, str) or value not in NETWORK_TYPES:
            raise wrong(name, repr(value), " or ".join(map(repr, NETWORK_TYPES)))
        return value
    known = (
        *HYPERPARAMETERS,
        "inputs",
        "phase",
        "state",
        "timesteps",
        "noise",
        "freeze",
        "callbacks",
        "seed",
    )
    near = difflib.get_close_matches(str(name), known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f" (expected one of {', '.join(known)})"
    raise TypeError(f"run() got an unexpected keyword argument {name!r}{hint}")


def real(name: str, value) -> float:
    if isinstance(value, (bool, str, bytes)) or not np.isscalar(value) or np.iscomplexobj(value):
        raise wrong(name, repr(value), "a number", TypeError)
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise wrong(name, repr(value), "a number", TypeError) from None


def listed(name: str, values, expected: str, most: int = 100_000) -> list:
    """The members of what can be gone through, `most` of them or fewer: an array may claim to be larger than any memory."""
    if isinstance(values, (str, bytes, dict)):
        raise wrong(name, type(values).__name__, expected, TypeError)
    try:
        members = iter(values)
    except TypeError:
        raise wrong(name, type(values).__name__, expected, TypeError) from None
    found = list(islice(members, most + 1))
    if len(found) > most:
        raise wrong(name, "more", f"at most {most} values")
    return found


def integer(name: str, value, least: int) -> int:
    if isinstance(value, BOOLS):
        raise wrong(name, repr(value), f"an integer of {least} or more", TypeError)
    try:
        number = operator.index(value)
    except TypeError:
        raise wrong(name, repr(value), f"an integer of {least} or more", TypeError) from None
    if not least <= number < 2**63:
        raise wrong(name, number, f"{least} or more")
    return number


def check_seed(seed) -> int | None:
    if seed is None:
        return None
    try:
        number = None if isinstance(seed, BOOLS) else operator.index(seed)
    except TypeError:
        number = None
    if number is None:
        raise wrong("seed", repr(seed), "an integer from 0 to 2**64 - 1, or None", TypeError)
    if not 0 <= number < 2**64:
        raise wrong("seed", number, "0 to 2**64 - 1")
    return number


def check_phase(phase) -> str:
    if not isinstance(phase, str) or phase not in PHASES:
        raise wrong("phase", repr(phase), " or ".join(map(repr, PHASES)))
    return phase


def check_noise(noise) -> bool:
    if not isinstance(noise, BOOLS) and not (isinstance(noise, int) and noise in (0, 1)):
        raise wrong("noise", repr(noise), "True or False", TypeError)
    return bool(noise)


def check_freeze(freeze) -> list:
    if freeze is None:
        return []
    if not isinstance(freeze, (list, tuple, set, frozenset)):
        raise wrong("freeze", repr(freeze), "a list of names", TypeError)
    for name in freeze:
        if not isinstance(name, str) or name not in (*RULES, "sn"):
            raise wrong("freeze", repr(name), f"one of {', '.join(RULES)}")
    return list(freeze)


def check_callbacks(callbacks) -> list:
    if callbacks is None:
        return []
    if not isinstance(callbacks, (list, tuple)):
        raise wrong("callbacks", repr(callbacks), "a list of names", TypeError)
    for name in callbacks:
        if not isinstance(name, str) or name not in AVAILABLE:
            raise wrong("callbacks", repr(name), f"one of {', '.join(AVAILABLE)}")
    return list(dict.fromkeys(callbacks))


def converted(name, value, dtype=None, shape="an array"):
    """``np.ascontiguousarray``, or ``np.asarray`` without `dtype`; errors name the argument.

    An array may claim to be larger than any memory: `np.broadcast_to` makes such.
    """
    try:
        return np.asarray(value) if dtype is None else np.ascontiguousarray(value, dtype=dtype)
    except ValueError as error:
        raise wrong(name, f"a ragged sequence ({error})", shape) from None
    except MemoryError:
        found = f"shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise wrong(name, f"{found}, which does not", "what fits in memory", MemoryError) from None


def array(name: str, value, shape: str, column: bool = False) -> np.ndarray:
    """A C-ordered array of 64-bit floats with two axes; the caller's own where it is one. A single axis can be a column."""
    if type(value) is np.ndarray and value.dtype is FLOAT64 and value.ndim == 2 and value.flags.c_contiguous:
        return value
    found = converted(name, value, shape=f"an array of shape {shape}")
    if found.dtype.kind not in "fiub":
        raise wrong(
            name,
            f"{type(value).__name__} of dtype {found.dtype}",
            f"real numbers of shape {shape}",
            TypeError,
        )
    if column and found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2:
        raise wrong(name, found.shape, f"shape {shape}")
    return converted(name, found, np.float64)


def check_state(state) -> dict:
    """The arrays of a state dictionary. Shapes have to fit each other; other keys are left alone."""
    if not isinstance(state, dict):
        raise wrong(
            "state", type(state).__name__, f"a dictionary with the keys {', '.join(ARRAYS)}", TypeError
        )
    try:
        arrays = {name: state[name] for name in ARRAYS}
    except KeyError as error:
        allowed = f"a dictionary with the keys {', '.join(ARRAYS)}"
        raise wrong("state", f"no key {error}", allowed) from None
    for name, value in arrays.items():
        if name in ("Te", "Ti") and np.ndim(value) == 1:
            value = np.reshape(value, (-1, 1))
        arrays[name] = array(f"state[{name!r}]", value, "(rows, columns)")
    ne, ni = len(arrays["Te"]), len(arrays["Ti"])
    for name, shape in zip(
        ARRAYS, ((ne, ne), (ni, ne), (ne, ni), (ne, 1), (ni, 1), (ne, 2), (ni, 2)), strict=True
    ):
        if arrays[name].shape != shape:
            allowed = f"shape {shape}, as Te has {ne} and Ti {ni} neurons"
            raise wrong(f"state[{name!r}]", arrays[name].shape, allowed)
    return arrays


def check_h_ip(state: dict, ne: int) -> np.ndarray | None:
    """Target rates of single neurons, which a state has where `sigma_ip` was not 0."""
    if "H_ip" not in state:
        return None
    rates = array("state['H_ip']", state["H_ip"], f"({ne}, 1)")
    if rates.shape != (ne, 1) or not np.isfinite(rates).all():
        raise wrong("state['H_ip']", f"shape {rates.shape}", f"finite numbers of shape ({ne}, 1)")
    return rates


def check_pools(state: dict, nu: int, ne: int) -> list[list[int]] | None:
    """Neurons that receive each input, which a state has where inputs go to pools."""
    if "Pools" not in state:
        return None
    pools = array("state['Pools']", state["Pools"], f"({nu}, {ne})")
    if pools.shape != (nu, ne):
        raise wrong("state['Pools']", pools.shape, f"shape ({nu}, {ne})")
    if not np.isin(pools, (0, 1)).all():
        raise wrong("state['Pools']", "other values", "only 0 and 1")
    return [np.flatnonzero(pool).tolist() for pool in pools]


INITIAL = ("Wee", "Wei", "Wie", "Te", "Ti", "H_ip", "Pools")


def check_initial(initial, ne: int, ni: int, nu: int | None) -> dict:
    """Arrays to begin with: dense ones with two axes, and those of SciPy as compressed columns.

    What is not given is None. Activity, which a state has as well, is left out.
    """
    if not isinstance(initial, Mapping):
        allowed = f"the name of a file, or a dictionary with some of the keys {', '.join(INITIAL)}"
        raise wrong("initial", type(initial).__name__, allowed, TypeError)
    shapes = {"Wee": (ne, ne), "Wei": (ni, ne), "Wie": (ne, ni), "Te": (ne, 1), "Ti": (ni, 1)}
    shapes |= {"H_ip": (ne, 1), "Pools": (nu, ne)}
    arrays = dict.fromkeys(INITIAL)
    for name, value in initial.items():
        if name in ("X", "Y"):
            continue
        if name not in shapes:
            raise wrong("initial", f"the key {name!r}", f"some of {', '.join(INITIAL)}")
        label, shape = f"initial[{name!r}]", shapes[name]
        expected = str(shape).replace("None", "inputs")
        sparse = name.startswith("W") and hasattr(value, "tocsc")
        # An array may claim to be larger than any memory.
        known = sparse or (isinstance(value, np.ndarray) and value.ndim == 2)
        found = value if known else array(label, value, expected, column=shape[1] == 1)
        if found.shape != tuple(len(found) if size is None else size for size in shape):
            raise wrong(label, found.shape, f"shape {expected}")
        found = found if sparse else array(label, found, expected)
        if name == "Pools" and not np.isin(found, (0, 1)).all():
            raise wrong(label, "other values", "only 0 and 1")
        arrays[name] = compressed(label, found) if sparse else found
    return arrays


def compressed(label: str, matrix) -> tuple:
    """Rows, column starts, rows of the entries and the entries of a sparse matrix of SciPy's."""
    if matrix.dtype.kind not in "fiub":
        raise wrong(label, f"dtype {matrix.dtype}", "real numbers", TypeError)
    columns = matrix.tocsc(copy=True).astype(np.float64)
    columns.sum_duplicates()
    columns.eliminate_zeros()
    columns.sort_indices()
    starts, rows = columns.indptr.astype(np.int64), columns.indices.astype(np.int64)
    return matrix.shape[0], starts, rows, columns.data


def check_inputs(inputs, nu: int | None, timesteps) -> tuple[np.ndarray, int]:
    """Inputs of shape `(nu, steps)`, and how many steps to take of them. No inputs are inputs of 0."""
    if inputs is None:
        if timesteps is None:
            raise wrong("timesteps", "None", "a number of steps if inputs are not given")
        steps = integer("timesteps", timesteps, 1)
        return np.zeros((1 if nu is None else nu, steps)), steps
    inputs = array("inputs", inputs, "(nu, timesteps)")
    if nu is not None and len(inputs) != nu:
        raise wrong("inputs", f"{len(inputs)}; pass nu={len(inputs)} to change it", f"nu ({nu}) rows")
    if timesteps is None:
        timesteps = inputs.shape[1]
    steps = integer("timesteps", timesteps, 1)
    if steps > inputs.shape[1]:
        raise wrong("timesteps", steps, f"at most the number of columns of inputs ({inputs.shape[1]})")
    return inputs, steps


def warn_if_other_size(given: dict, ne: int) -> None:
    """The state says how many neurons there are; upstream fails with a broadcasting error."""
    if given.get("ne", ne) != ne:
        warnings.warn(
            f"ne={given['ne']} has no effect: the state has {ne} excitatory neurons",
            UserWarning,
            stacklevel=4,
        )
