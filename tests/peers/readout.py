"""What scikit-learn and NumPy make of the same supervised readouts: the oracle for the crate sorn-readout.

Reads {"rows": active units per row, "features": n, "labels": [...], "classes": k, "c": C} and writes the loss and
coefficients of a logistic regression taken to its minimum, and the weights of a least-squares fit to one-hot labels.
"""

import json
import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression


def loss(w, b, x, y, c, binary):
    """Mean loss as sorn-readout defines it; the two-class case has one row of weights."""
    if binary:
        margin = (x @ w[0] + b[0]) * (2 * y - 1)
        return (np.logaddexp(0, -margin).sum() + 0.5 / c * (w**2).sum()) / len(y)
    scores = x @ w.T + b
    scores -= scores.max(1, keepdims=True)
    logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    return (-logs[np.arange(len(y)), y].sum() + 0.5 / c * (w**2).sum()) / len(y)


question = json.load(sys.stdin)
x = np.zeros((len(question["rows"]), question["features"]))
for row, active in enumerate(question["rows"]):
    x[row, active] = 1
y = np.array(question["labels"])
classes, c = question["classes"], question["c"]
fit = LogisticRegression(C=c, tol=1e-10, max_iter=20_000).fit(x, y)
start = time.perf_counter()
LogisticRegression(C=c).fit(x, y)
seconds = time.perf_counter() - start
hot = np.eye(classes)[y]
json.dump(
    {
        "loss": loss(fit.coef_, fit.intercept_, x, y, c, classes == 2),
        "coef": fit.coef_.tolist(),
        "least_squares": np.linalg.lstsq(x, hot)[0].T.tolist(),
        "seconds": seconds,
    },
    sys.stdout,
)
