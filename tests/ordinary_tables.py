"""Tables as people have them: offsets, scales, correlated features, outliers."""

import numpy as np


def ordinary_table(seed):
    """Rows (x, y) of 1 to 8 features, on scales from 1e-6 to 1e9."""
    rng = np.random.default_rng(seed)
    n_features = int(rng.integers(1, 9))
    n_rows = int(rng.integers(n_features + 3, 200))
    x = rng.normal(size=(n_rows, n_features))
    if n_features > 1 and rng.random() < 0.5:  # correlated, up to 0.98
        common = rng.normal(size=(n_rows, 1))
        share = rng.uniform(0.3, 0.98)
        x = np.sqrt(share) * common + np.sqrt(1.0 - share) * x
    x = (x + rng.choice([0.0, 1.0, 30.0], n_features)) * 10.0 ** rng.uniform(-6.0, 9.0, n_features)
    y = x @ (rng.normal(size=n_features) / x.std(axis=0)) + rng.uniform(0.05, 2.0) * rng.normal(size=n_rows)
    if rng.random() < 0.3:
        y[rng.integers(n_rows)] += 30.0
    y = (y + rng.choice([0.0, 5.0])) * 10.0 ** rng.uniform(-6.0, 9.0)
    return np.column_stack([x, y])


def write_table(rows, path):
    """Write the rows as a CSV with a header."""
    names = [*(f"x{i}" for i in range(rows.shape[1] - 1)), "y"]
    np.savetxt(path, rows, delimiter=",", header=",".join(names), comments="", fmt="%.17g")
