"""The command `sorn`, also as ``python -m sorn_rs``."""

import contextlib
import sys

from ._native import run_cli


def main() -> int:
    """Run the command line and return its exit code."""
    # Modules in the current directory may register environments, as they do for `python -m`.
    if "" not in sys.path:
        sys.path.append("")
    # The standard output is for results, which the command writes past `sys.stdout`.
    with contextlib.redirect_stdout(sys.stderr):
        return run_cli(["sorn", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
