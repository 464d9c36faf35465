"""The head for a number as spreadsheet formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_core.targets.values.scale import FAR

STYLE = "number"  # of the cells with the answer


def names(spec: dict[str, Any]) -> list[str]:
    """What the answers are: the target."""
    return [str(spec["name"])]


def head(spec: dict[str, Any], cells: Sequence[str]) -> list[str]:
    """The formula of the prediction from the one of `cells`, what the last matrix gives."""
    if log := spec.get("log"):
        return [
            f"EXP(MAX(-{FAR!r},MIN({FAR!r},{x}))*({log['std']!r})+({log['mean']!r}))-({log['shift']!r})" for x in cells
        ]
    return [f"{cell}*({spec['std']!r})+({spec['mean']!r})" for cell in cells]


def calibrate(calibration: dict[str, Any], cells: Sequence[str]) -> list[str]:
    """The predictions as they are."""
    return list(cells)
