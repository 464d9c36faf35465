"""Predict a number from a picture."""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Choice
from nas_core.tasks.image_regression.sample import write_sample
from nas_core.tasks.task import Task


def recognise(target: dict[str, Any]) -> bool:
    """Whether the target column holds numbers."""
    return bool(target["type"] == "numeric")


TASK = Task(
    name="image_regression",
    title="A number from pictures",
    input="image",
    target="values",
    layers=(
        *("conv", "separable", "inverted", "conv_residual", "pooling"),
        *("global_pooling", "flatten", "dense", "dropout"),
    ),
    first=(
        Choice.of("conv", filters=16, kernel=5, stride=1),
        Choice.of("pooling", of="max"),
        Choice.of("conv", filters=32, kernel=3, stride=1),
        Choice.of("pooling", of="max"),
        Choice.of("conv", filters=64, kernel=3, stride=1),
        Choice.of("flatten"),
    ),
    metrics=("rmse", "mae", "r2"),
    recognise=recognise,
    sample=write_sample,
    formats=("litert", "litert_int8"),
)
