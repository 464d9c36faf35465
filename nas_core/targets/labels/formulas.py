"""The head for classes as spreadsheet formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

STYLE = "percent"  # of the cells with the answer


def names(spec: dict[str, Any]) -> list[str]:
    """What the answers are: the classes."""
    return [str(name) for name in spec["classes"]]


def head(spec: dict[str, Any], cells: Sequence[str]) -> list[str]:
    """The formula of each probability from `cells` (one below the other), what the last matrix gives."""
    both = f"{cells[0]}:{cells[-1].split('!')[-1]}"
    return [f"EXP({cell}-MAX({both}))/SUMPRODUCT(EXP({both}-MAX({both})))" for cell in cells]


def calibrate(calibration: dict[str, Any], cells: Sequence[str]) -> list[str]:
    """The formula of each calibrated probability from `cells` with the plain ones."""
    if calibration["temperature"] == 1:
        return list(cells)
    powers = [f"{cell}^({1 / calibration['temperature']!r})" for cell in cells]
    return [f"{power}/({'+'.join(powers)})" for power in powers]
