"""What anybody would reach without a network: a constant answer, and a linear model."""

from __future__ import annotations

from functools import partial

import numpy as np

from nas_core.data.prepared import Prepared
from nas_core.tasks.registry import load_part
from nas_core.training.feed import n_bytes

MAX_ROWS = 100_000  # a linear model learns nothing more from further rows
MAX_BYTES = 2**29  # of these rows


def measure_baselines(data: Prepared) -> dict[str, dict[str, float]]:
    """Figures on the test rows by baseline (``majority`` or ``mean``, and ``linear``) and metric."""
    figures = load_part(data.schema["task"], "target", "figures").figures
    truth = data.split("test").target
    return {name: figures(data.transforms["target"], truth, output) for name, output in baseline_outputs(data).items()}


def baseline_outputs(data: Prepared) -> dict[str, np.ndarray]:
    """What each baseline says of the test rows, as a network would.

    They learn from all other rows: those that a network needs for its validation too.
    """
    task, target = data.schema["task"], data.transforms["target"]
    linear_features = partial(load_part(task, "input", "columns").linear_features, data.transforms["input"])
    baselines = load_part(task, "target", "baselines")
    parts, test = (data.split("train"), data.split("valid")), data.split("test")
    n_rows = sum(map(len, parts))
    most = min(MAX_ROWS, MAX_BYTES * n_rows // sum(map(n_bytes, parts)))
    rows = [_random_rows(len(part), most * len(part) // n_rows) for part in parts]
    truth = np.concatenate([part.target[chosen] for part, chosen in zip(parts, rows, strict=True)])
    inputs = {
        name: np.concatenate([part.inputs[name][chosen] for part, chosen in zip(parts, rows, strict=True)])
        for name in test.inputs
    }
    return {
        baselines.CONSTANT: baselines.constant(target, truth, len(test)),
        "linear": baselines.linear(target, linear_features(inputs), truth, linear_features(test.inputs)),
    }


def _random_rows(n: int, most: int) -> np.ndarray:
    """All of `n` rows, or `most` of them, in order."""
    return np.sort(np.random.default_rng(0).permutation(n)[:most])
