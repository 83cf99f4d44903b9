"""Packages that only single modules need."""

import importlib


def needed(module: str, extra: str):
    """The module `module`; where it is missing, ImportError names the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is needed for this: pip install 'sorn-rs[{extra}]'") from error
