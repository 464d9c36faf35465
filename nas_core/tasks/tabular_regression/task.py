"""Predict a number from the columns of a table."""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Choice
from nas_core.tasks.tabular_regression.sample import write_sample
from nas_core.tasks.task import Task


def recognise(target: dict[str, Any]) -> bool:
    """Whether the target column holds numbers."""
    return bool(target["type"] == "numeric")


TASK = Task(
    name="tabular_regression",
    title="A number from a table",
    input="tabular",
    target="values",
    layers=("dense", "residual", "gate", "dropout", "normalization"),
    first=(
        Choice.of("dense", units=128, activation="relu"),
        Choice.of("dropout", rate=0.1),
        Choice.of("dense", units=128, activation="relu"),
    ),
    metrics=("rmse", "mae", "r2"),
    recognise=recognise,
    sample=write_sample,
)
