"""Predict a class from the columns of a table."""

from __future__ import annotations

from typing import Any

from nas_core.tasks.tabular_classification.sample import write_sample
from nas_core.tasks.task import Task
from nas_core.tasks.trunks import TABLE_FIRST, TABLE_LAYERS, TABLE_SECOND

MAX_CLASS_CODES = 20


def recognise(target: dict[str, Any]) -> bool:
    """Whether the target column holds classes: words, yes/no, two values, or codes that count from 0 or 1."""
    if target["type"] != "numeric":
        return True
    if target["n_distinct"] <= 2:
        return True
    codes = bool(target["integer"]) and target["min"] in (0, 1) and target["n_distinct"] <= MAX_CLASS_CODES
    return codes and target["max"] - target["min"] + 1 == target["n_distinct"]


TASK = Task(
    name="tabular_classification",
    title="Classes from a table",
    input="tabular",
    target="labels",
    layers=TABLE_LAYERS,
    first=TABLE_FIRST,
    second=TABLE_SECOND,
    metrics=("log_loss", "accuracy", "roc_auc", "balanced_accuracy"),
    recognise=recognise,
    sample=write_sample,
)
