"""Compares what upstream saved (after.npz) with what was simulated here (ours.npz, probes.npz), as NumPy loads it.

Argument: the folder. Prints, as JSON, the names of the arrays that differ in shape or in any bit.
"""

import json
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
theirs = dict(np.load(folder / "after.npz"))
# Upstream keeps this one as columns, (steps, ne, 1).
theirs["RecurrentActivation"] = theirs["RecurrentActivation"][:, :, 0]
ours = {**np.load(folder / "ours.npz"), **np.load(folder / "probes.npz")}
names = ["Wee", "Wei", "Wie", "Te", "Ti", "X", "Y", "ExcitatoryActivation", "RecurrentActivation"]
print(json.dumps([name for name in names if not np.array_equal(theirs[name], ours[name])]))
