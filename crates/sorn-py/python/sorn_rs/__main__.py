"""The command `sorn`, also as ``python -m sorn_rs``."""

import contextlib
import signal
import sys

from ._native import run_cli


def main() -> int:
    """Run the command line and return its exit code."""
    # Modules in the current directory may register environments, as they do for `python -m`.
    if "" not in sys.path:
        sys.path.append("")
    # Python's own handler leaves Ctrl-C to the interpreter, which does not run meanwhile. Without it the command ends, or saves
    # its work, as it does outside Python.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The standard output is for results, which the command writes past `sys.stdout`.
    with contextlib.redirect_stdout(sys.stderr):
        return run_cli(["sorn", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
