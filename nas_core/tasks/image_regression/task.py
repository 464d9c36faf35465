"""Predict a number from a picture."""

from __future__ import annotations

from typing import Any

from nas_core.tasks.image_regression.sample import write_sample
from nas_core.tasks.task import Task
from nas_core.tasks.trunks import PICTURE_FIRST, PICTURE_LAYERS


def recognise(target: dict[str, Any]) -> bool:
    """Whether the target column holds numbers."""
    return bool(target["type"] == "numeric")


TASK = Task(
    name="image_regression",
    title="A number from pictures",
    input="image",
    target="values",
    layers=PICTURE_LAYERS,
    first=PICTURE_FIRST,
    metrics=("rmse", "mae", "r2"),
    recognise=recognise,
    sample=write_sample,
    formats=("litert", "litert_int8"),
)
