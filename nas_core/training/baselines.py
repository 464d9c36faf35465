"""What anybody would reach without a network: a constant answer, and a linear model."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.data.prepared import Prepared, Split
from nas_core.tasks.registry import load_part

MAX_ROWS = 100_000  # a linear model learns nothing more from further rows


def measure_baselines(data: Prepared) -> dict[str, dict[str, float]]:
    """Figures on the test rows by baseline (``majority`` or ``mean``, and ``linear``) and metric."""
    task, target = data.schema["task"], data.transforms["target"]
    linear_features = load_part(task, "input", "columns").linear_features
    baselines, figures = load_part(task, "target", "baselines"), load_part(task, "target", "figures").figures
    test = data.split("test")
    truth, features = _training_rows(data.split("train"), data, linear_features)
    outputs = {
        baselines.CONSTANT: baselines.constant(target, truth, len(test)),
        "linear": baselines.linear(target, features, truth, linear_features(data.transforms["input"], test.inputs)),
    }
    return {name: figures(target, test.target, output) for name, output in outputs.items()}


def _training_rows(train: Split, data: Prepared, linear_features: Any) -> tuple[np.ndarray, Any]:
    """Target and features of the training rows, or of a random part when there are very many."""
    rows = np.sort(np.random.default_rng(0).permutation(len(train))[:MAX_ROWS])
    inputs = {name: array[rows] for name, array in train.inputs.items()}
    return train.target[rows], linear_features(data.transforms["input"], inputs)
