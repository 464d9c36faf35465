"""Numbers to predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.data import cells
from nas_core.targets.settings import TargetSettings
from nas_core.targets.values import scale
from nas_core.targets.values.calibration import interval

DEFAULT = TargetSettings()


def fit(name: str, column: cells.Column, wanted: TargetSettings = DEFAULT) -> dict[str, Any]:
    """Learn the range: ``{"name", "mean", "std", "min", "max"}``, in the target's units; `std` is 1 for a constant.

    With ``log`` where the numbers are learned on a logarithmic scale (:mod:`nas_core.targets.values.scale`).
    """
    values = cells.numbers(column)
    values = values[~np.isnan(values)]
    if not len(values):
        return {"name": name, "mean": 0.0, "std": 1.0, "min": 0.0, "max": 0.0}
    log = scale.fit(values, wanted.target_scale)
    return {
        "name": name,
        "mean": float(values.mean()),
        "std": float(values.std()) or 1.0,
        "min": float(values.min()),
        "max": float(values.max()),
    } | ({"log": log} if log else {})


def encode(spec: dict[str, Any], column: cells.Column) -> np.ndarray:
    """The cells as float32 (rows,) in their own units; NaN where a cell is missing or no number."""
    return cells.numbers(column).astype(np.float32)


def is_known(encoded: np.ndarray) -> np.ndarray:
    """A mask of the rows whose target :func:`encode` could read."""
    return np.asarray(np.isfinite(encoded))


def strata(encoded: np.ndarray) -> np.ndarray | None:
    """Numbers are split at random."""
    return None


def decode(spec: dict[str, Any], output: np.ndarray, calibration: dict[str, Any] | None = None) -> dict[str, Any]:
    """The network's output (rows, 1) as `prediction`, in the target's units.

    With a `calibration` that knows how far off it may be, an interval too: `prediction_low` and `prediction_high`.
    """
    prediction = output[:, 0]
    if not calibration or calibration["margin"] is None:
        return {"prediction": prediction}
    low, high = interval(spec, calibration, prediction)
    return {"prediction": prediction, "prediction_low": low, "prediction_high": high}


def truth(spec: dict[str, Any], encoded: np.ndarray) -> np.ndarray:
    """The numbers that :func:`encode` gave, as they are."""
    return np.asarray(encoded)
