"""Independent ways to the same numbers: nothing here imports lrfit."""

import csv
import json
from pathlib import Path

import numpy as np

SAMPLE_DATA = Path(__file__).parent.parent / "sample_data"

# NIST StRD, linear least squares, certified values (https://www.itl.nist.gov/div898/strd/).
NORRIS = {"intercept": -0.262323073774029, "x": 1.00211681802045}
NORRIS_STANDARD_ERRORS = {"intercept": 0.232818234301152, "x": 0.429796848199937e-03}
NORRIS_R2 = 0.999993745883712
LONGLEY = {
    "intercept": -3482258.63459582,
    "gnp_deflator": 15.0618722713733,
    "gnp": -0.358191792925910e-01,
    "unemployed": -2.02022980381683,
    "armed_forces": -1.03322686717359,
    "population": -0.511041056535807e-01,
    "year": 1829.15146461355,
}
LONGLEY_STANDARD_ERRORS = {
    "intercept": 890420.383607373,
    "gnp_deflator": 84.9149257747669,
    "gnp": 0.334910077722432e-01,
    "unemployed": 0.488399681651699,
    "armed_forces": 0.214274163161675,
    "population": 0.226073200069370,
    "year": 455.478499142212,
}

# The lab's run, full batch, learning rate 0.01, half-MSE, as printed in float32 by TensorFlow-Examples'
# linear_regression_eager_api notebook: (epoch, loss, W, b).
LAB_RUN = (
    (0, 31.307329178, -0.7870768, -0.2507985),
    (1, 9.502781868, -0.26173288, -0.17560114),
    (100, 0.114994615, 0.36224815, 0.014603348),
    (200, 0.106785327, 0.34959725, 0.104292504),
    (500, 0.091335081, 0.3196829, 0.3163719),
    (800, 0.083880097, 0.2989034, 0.46368918),
    (1000, 0.081205189, 0.28870946, 0.5359594),
)
LAB_LEAST_SQUARES = {"x": 0.251634944283554, "intercept": 0.798801226175388}
LAB_LEAST_SQUARES_LOSS = 0.0769288370209555
LAB_TEST_LOSS = 0.0782876261


def read_columns(name, columns):
    """Columns of a file in sample_data, shape (n_samples, len(columns))."""
    with (SAMPLE_DATA / name).open() as file:
        return np.array([[float(row[c]) for c in columns] for row in csv.DictReader(file)])


def lab_rows():
    return read_columns("lab.csv", ["x", "y"])


def longley_rows():
    return read_columns("longley.csv", [*list(LONGLEY)[1:], "total_employed"])


def random_rows(n_samples, n_features, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_samples, n_features)) + rng.normal(size=n_features)
    y = x @ rng.normal(size=n_features) + 0.7 + 0.3 * rng.normal(size=n_samples)
    return np.column_stack([x, y])


def gradient_descent(
    rows, weights, intercept, learning_rate, epochs, batch_size=None, order=None, *, fit_intercept=True
):
    """The plain loop: (weights, intercept) after each epoch, the start first."""
    x, y = rows[:, :-1], rows[:, -1]
    weights, path = np.array(weights, dtype=float), [(np.array(weights, dtype=float), intercept)]
    size = batch_size or len(y)
    for epoch in range(1, epochs + 1):
        rank = np.arange(len(y)) if order is None else order(epoch)
        for start in range(0, len(y), size):
            batch = rank[start : start + size]
            residual = x[batch] @ weights + intercept - y[batch]
            gradient_w = x[batch].T @ residual / len(batch)
            gradient_b = residual.mean() if fit_intercept else 0.0
            weights = weights - learning_rate * gradient_w
            intercept = intercept - learning_rate * gradient_b
        path.append((weights, intercept))
    return path


def half_mse(rows, weights, intercept):
    residual = rows[:, :-1] @ weights + intercept - rows[:, -1]
    return float(np.mean(residual**2) / 2)


def parse_model(text):
    """A model document, read by the standard library."""
    return json.loads(text)
