"""How far off a prediction may be: intervals that hold a known share of the truth, whatever the network.

Split conformal prediction: Vovk et al., "Algorithmic learning in a random world", 2005; Lei et al., JASA 2018. Where
rows are few, each is predicted by a network that did not learn from it (Barber et al., "Predictive inference with the
jackknife+", Annals of Statistics 2021).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nas_core.targets.values.scale import scaled, unscaled

LEVEL = 0.9  # share of the truth that an interval shall hold


def fit(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray) -> dict[str, Any]:
    """How far to go from a prediction: ``margin`` for ``level``, learned from ``n_rows``; None where they are too few.

    The margin is one on the scale of the network (:mod:`nas_core.targets.values.scale`): for a logarithmic one large
    predictions have wide intervals.

    Args:
        spec: the target's transform.
        truth: (rows,), of rows that the network did not learn from.
        output: the network's predictions (rows, 1).
    """
    said, true = (scaled(spec, np.asarray(numbers, np.float64), np) for numbers in (output[:, 0], truth))
    distances = np.sort(np.abs(true - said))
    rank = math.ceil((len(distances) + 1) * LEVEL)  # one more: the row to come is one of them
    margin = float(distances[rank - 1]) if rank <= len(distances) else None
    return {"level": LEVEL, "margin": margin, "n_rows": len(distances)}


def build(calibration: dict[str, Any], x: Any) -> Any:
    """The Keras tensor `x` as it is: predictions stay, what surrounds them is said by :func:`interval`."""
    return x


def interval(
    spec: dict[str, Any], calibration: dict[str, Any], prediction: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends around predictions (rows,), in the target's units."""
    said, margin = scaled(spec, np.asarray(prediction, np.float64), np), calibration["margin"]
    return unscaled(spec, said - margin, np), unscaled(spec, said + margin, np)


def figures(
    spec: dict[str, Any], calibration: dict[str, Any], truth: np.ndarray, outputs: tuple[np.ndarray, np.ndarray]
) -> dict[str, Any]:
    """What came of it: the share of `truth` inside the intervals as ``coverage``, and their mean ``width``.

    `outputs` are the predictions (rows, 1) before and after :func:`build`.
    """
    if calibration["margin"] is None:
        return calibration | {"coverage": None, "width": None}
    low, high = interval(spec, calibration, outputs[1][:, 0])
    inside = (low <= truth) & (truth <= high)
    return calibration | {"coverage": float(inside.mean()), "width": float((high - low).mean())}


def describe(spec: dict[str, Any], found: dict[str, Any]) -> str:
    """The :func:`figures` in words, for the log."""
    if found["margin"] is None:
        return f"{found['n_rows']} rows are too few for intervals."
    return (
        f"Intervals for {found['level']:.0%} (from {found['n_rows']:,} rows): {found['width']:.4g} wide, "
        f"{found['coverage']:.1%} of the test rows lie inside."
    )
