"""The scale on which numbers are learned: their own, or its logarithm where a few large ones would decide everything.

The logarithm is one of the family of Box & Cox, "An analysis of transformations", JRSS B 1964.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SKEWED = 3.0  # more than an exponential distribution
STRAIGHTENED = 1.0
FAR = 8.0  # standard deviations of the logarithm beyond which nothing is predicted
LEAST_ROWS = 50


def fit(values: np.ndarray, wanted: str) -> dict[str, float] | None:
    """The logarithmic scale of ``values``, or None for their own.

    Args:
        values: training targets, no NaN.
        wanted: ``log``, ``linear``, or ``auto``: by their skewness and what the logarithm makes of it. Negative values
            have no logarithm.

    Returns:
        `shift`, which is added before the logarithm, and its `mean` and `std`.
    """
    if wanted == "linear" or len(values) < 2 or values.min() < 0 or values.max() == values.min():
        return None
    positive = values[values > 0]
    shift = 0.0 if len(positive) == len(values) else float(np.quantile(positive, 0.05))
    logarithms = np.log(values + shift)
    is_better = len(values) >= LEAST_ROWS and skewness(values) > SKEWED and abs(skewness(logarithms)) < STRAIGHTENED
    if wanted == "auto" and not is_better:
        return None
    return {"shift": shift, "mean": float(logarithms.mean()), "std": float(logarithms.std())}


def skewness(x: np.ndarray) -> float:
    """The third standardized moment."""
    return float(np.mean(((x - x.mean()) / x.std()) ** 3))


def scaled(spec: dict[str, Any], numbers: Any, ops: Any) -> Any:
    """Numbers in the target's units on the scale of the network: about of mean 0 and deviation 1.

    `ops` is numpy or ``keras.ops``.
    """
    log = spec.get("log")
    if not log:
        return (numbers - spec["mean"]) / spec["std"]
    least = float(np.exp(log["mean"] - FAR * log["std"]))
    return (ops.log(ops.maximum(numbers + log["shift"], least)) - log["mean"]) / log["std"]


def unscaled(spec: dict[str, Any], x: Any, ops: Any) -> Any:
    """The inverse of :func:`scaled`."""
    log = spec.get("log")
    if not log:
        return x * spec["std"] + spec["mean"]
    return ops.exp(ops.clip(x, -FAR, FAR) * log["std"] + log["mean"]) - log["shift"]
