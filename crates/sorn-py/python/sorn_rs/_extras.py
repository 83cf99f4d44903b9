"""Packages that only single modules need."""

import importlib


def recent_gymnasium(least: tuple[int, int] = (1, 1)):
    """Gymnasium, if its version is at least `least`."""
    gymnasium = needed("gymnasium", "gym")
    found = gymnasium.__version__
    numbers = [int(part) for part in found.split(".")[:2] if part.isdigit()]
    if tuple(numbers) < least:
        raise ImportError(f"gymnasium >= {'.'.join(map(str, least))} is needed, found {found}")
    return gymnasium


def needed(module: str, extra: str):
    """The module `module`; where it is missing, ImportError names the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is needed for this: pip install 'sorn-rs[{extra}]'") from error
