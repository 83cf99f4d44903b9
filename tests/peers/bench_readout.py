"""Fits scikit-learn's logistic regression to the data of `cargo run --release -p sorn-readout --example logistic_speed`."""

import time

import numpy as np
from sklearn.linear_model import LogisticRegression


def numbers():
    state = 1
    while True:
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        yield state >> 8


for examples, features, classes in [(5_000, 200, 6), (10_000, 400, 25)]:
    draw = numbers()
    x, y = np.zeros((examples, features)), np.zeros(examples, int)
    for row in range(examples):
        y[row] = next(draw) % classes
        for unit in range(features):
            x[row, unit] = next(draw) % 100 < (30 if unit % classes == y[row] else 9)
    for options in [{}, {"tol": 1e-8, "max_iter": 10_000}]:
        start = time.perf_counter()
        fit = LogisticRegression(**options).fit(x, y)
        seconds = time.perf_counter() - start
        logs = fit.predict_log_proba(x)[np.arange(examples), y]
        loss = (-logs.sum() + 0.5 * (fit.coef_**2).sum()) / examples
        print(
            f"{examples} x {features} x {classes} {options}: {seconds:.3f} s, {fit.n_iter_[0]} steps, loss {loss:.9f}"
        )
