"""Predict a class from a picture."""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Choice
from nas_core.tasks.image_classification.sample import write_sample
from nas_core.tasks.task import Task
from nas_core.tasks.trunks import PICTURE_FIRST, PICTURE_LAYERS

MAX_CLASS_CODES = 100


def recognise(target: dict[str, Any]) -> bool:
    """Whether the target column holds classes: words, yes/no, or a few whole numbers."""
    if target["type"] != "numeric" or target["n_distinct"] <= 2:
        return True
    return bool(target["integer"]) and target["n_distinct"] <= MAX_CLASS_CODES


TASK = Task(
    name="image_classification",
    title="Classes from pictures",
    input="image",
    target="labels",
    layers=PICTURE_LAYERS,
    first=(*PICTURE_FIRST, Choice.of("dropout", rate=0.25)),
    metrics=("log_loss", "accuracy", "roc_auc", "balanced_accuracy"),
    recognise=recognise,
    sample=write_sample,
    formats=("litert", "litert_int8"),
    keeps_rare=True,
)
