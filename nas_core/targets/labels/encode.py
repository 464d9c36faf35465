"""Class names to codes and back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nas_core.data import cells
from nas_core.errors import JobError
from nas_core.targets.settings import TargetSettings

DEFAULT = TargetSettings()


def fit(name: str, column: cells.Column, wanted: TargetSettings = DEFAULT) -> dict[str, Any]:
    """Learn the classes: ``{"name", "classes": […], "positive": index or None}``, and their ``weights`` if `wanted`.

    Classes are spelled as in the data and sorted, numbers by value. `positive` is set for two classes: the class asked
    for, else the rarer one. `weights` are the same for all rows of a class and 1 on average over the rows.

    Raises:
        JobError: `positive_class` is not among the classes.
    """
    different, places = cells.coded(column)
    counts = np.bincount(places[places >= 0], minlength=len(different)).tolist()
    spellings: dict[str, Counter[str]] = {}
    for text, word, count in zip(
        cells.texts(different).to_pylist(), cells.words(different).to_pylist(), counts, strict=True
    ):
        if word is not None and count:
            spellings.setdefault(word, Counter())[text] += count
    sizes = {spelled.most_common(1)[0][0]: spelled.total() for spelled in spellings.values()}
    classes = sorted(sizes, key=_sort_key)
    rarest = min(range(len(classes)), key=lambda code: sizes[classes[code]], default=0)
    spec: dict[str, Any] = {
        "name": name,
        "classes": classes,
        "positive": _positive(classes, rarest, wanted.positive_class),
    }
    if wanted.class_weights == "balanced":
        n = sum(sizes.values())
        spec["weights"] = [n / (len(classes) * sizes[word]) for word in classes]
    return spec


def _sort_key(word: str) -> tuple[bool, float, str]:
    try:
        return False, float(word), word
    except ValueError:
        return True, 0.0, word


def _positive(classes: list[str], rarest: int, positive_class: str | None) -> int | None:
    if positive_class is not None:
        asked = cells.words(pa.array([positive_class]))[0].as_py()
        spelled = cells.words(pa.array(classes, pa.string())).to_pylist()
        if asked not in spelled:
            raise JobError(f"`positive_class` must be one of the classes {classes[:30]}, but got {positive_class!r}.")
        return spelled.index(asked) if len(classes) == 2 else None
    return rarest if len(classes) == 2 else None


def encode(spec: dict[str, Any], column: cells.Column) -> np.ndarray:
    """The code of each cell, int32 (rows,); -1 where it is missing or a class that is not in `spec`."""
    classes = cells.words(pa.array(spec["classes"], pa.string()))
    different, places = cells.coded(column)
    codes = pc.index_in(cells.words(different), classes).fill_null(-1).to_numpy()
    return np.asarray(np.append(codes, -1).astype(np.int32)[places])


def is_known(encoded: np.ndarray) -> np.ndarray:
    """A mask of the rows whose target :func:`encode` could read."""
    return np.asarray(encoded >= 0)


def strata(encoded: np.ndarray) -> np.ndarray | None:
    """Codes whose proportions every part of the split keeps: the classes."""
    return encoded


def decode(spec: dict[str, Any], output: np.ndarray, calibration: dict[str, Any] | None = None) -> dict[str, Any]:
    """Words for the network's probabilities (rows, classes): `prediction` and ``p_<class>`` for each class.

    They are calibrated already: the temperature is part of the network.
    """
    classes = np.array(spec["classes"], dtype=object)
    probabilities = {f"p_{name}": output[:, index] for index, name in enumerate(spec["classes"])}
    return {"prediction": classes[output.argmax(axis=1)].tolist(), **probabilities}


def truth(spec: dict[str, Any], encoded: np.ndarray) -> list[str]:
    """The class names of codes that :func:`encode` gave."""
    return [spec["classes"][code] for code in encoded]
