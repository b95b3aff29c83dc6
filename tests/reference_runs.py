"""Runs of PyTorch and scikit-learn on the lab's 17 pairs: (W, b) after each epoch, from W = 0 and b = 0.

Batches are not shuffled; the loss is half the mean squared residual of a batch; all in float64. The numbers
are kept in `reference_runs.json`, for where the two are not installed. What made them, with PyTorch 2.13.0
and scikit-learn 1.9.1:

    python tests/reference_runs.py > tests/reference_runs.json
"""

import json
import sys
from pathlib import Path

import oracles

STORED = json.loads(Path(__file__).with_suffix(".json").read_text()) if __name__ != "__main__" else {}
N_EPOCHS = 20
BATCH_SIZE = 5

# Arguments of torch.optim.SGD, of the weight's own group, and of torch.optim.lr_scheduler.StepLR.
PYTORCH_RUNS = {
    "sgd": ({"lr": 0.01}, {}, {}),
    "momentum": ({"lr": 0.005, "momentum": 0.9}, {}, {}),
    "nesterov": ({"lr": 0.005, "momentum": 0.9, "nesterov": True}, {}, {}),
    "weight decay": ({"lr": 0.005, "momentum": 0.9}, {"weight_decay": 0.3}, {}),
    "step decay": ({"lr": 0.01}, {}, {"step_size": 3, "gamma": 0.7}),
    "nesterov, weight decay and step decay": (
        {"lr": 0.01, "momentum": 0.9, "nesterov": True},
        {"weight_decay": 0.3},
        {"step_size": 4, "gamma": 0.5},
    ),
}

# Arguments of sklearn.linear_model.SGDRegressor, which takes one row at a time.
SKLEARN_RUNS = {
    "inverse scaling": {"eta0": 0.005},
    "steep inverse scaling": {"eta0": 0.01, "power_t": 0.6},
}


def pytorch_run(name):
    import torch  # noqa: PLC0415 (it need not be installed)

    of_all, of_weight, of_schedule = PYTORCH_RUNS[name]
    x, y = torch.from_numpy(oracles.lab_rows()).split(1, dim=1)
    weight = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
    intercept = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([{"params": [weight], **of_weight}, {"params": [intercept]}], **of_all)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, **of_schedule) if of_schedule else None
    path = []
    for _ in range(N_EPOCHS):
        for batch in zip(x.split(BATCH_SIZE), y.split(BATCH_SIZE), strict=True):
            optimizer.zero_grad()
            loss = torch.mean((batch[0] @ weight + intercept - batch[1]) ** 2) / 2
            loss.backward()
            optimizer.step()
        if schedule:
            schedule.step()
        path.append([weight.item(), intercept.item()])
    return path


def sklearn_run(name):
    from sklearn.linear_model import SGDRegressor  # noqa: PLC0415 (it need not be installed)

    rows = oracles.lab_rows()
    model = SGDRegressor(learning_rate="invscaling", penalty=None, shuffle=False, **SKLEARN_RUNS[name])
    path = []
    for _ in range(N_EPOCHS):
        model.partial_fit(rows[:, :-1], rows[:, -1])
        path.append([float(model.coef_[0]), float(model.intercept_[0])])
    return path


def run(name):
    return pytorch_run(name) if name in PYTORCH_RUNS else sklearn_run(name)


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(run(name))}" for name in PYTORCH_RUNS | SKLEARN_RUNS]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")
