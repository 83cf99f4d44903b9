"""A package whose module imports the package again, as Gymnasium's do, and which gives another thread the time to come between."""

import sys
import time

until = time.monotonic() + 0.5
while "peers.knotted.one" not in sys.modules and time.monotonic() < until:
    time.sleep(0.01)

from peers.knotted.one import One  # noqa: E402

__all__ = ["One"]
