"""Predict a number from the columns of a table."""

from __future__ import annotations

from typing import Any

from nas_core.tasks.tabular_regression.sample import write_sample
from nas_core.tasks.task import Task
from nas_core.tasks.trunks import TABLE_FIRST, TABLE_LAYERS, TABLE_SECOND


def recognise(target: dict[str, Any]) -> bool:
    """Whether the target column holds numbers."""
    return bool(target["type"] == "numeric")


TASK = Task(
    name="tabular_regression",
    title="A number from a table",
    input="tabular",
    target="values",
    layers=TABLE_LAYERS,
    first=TABLE_FIRST,
    second=TABLE_SECOND,
    metrics=("rmse", "mae", "r2"),
    recognise=recognise,
    sample=write_sample,
)
