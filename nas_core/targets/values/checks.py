"""What makes a column unfit as a number to predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.data.checks import Findings


def check(spec: dict[str, Any], encoded: np.ndarray, findings: Findings) -> None:
    """Add errors for a column without numbers and for one that never changes."""
    name = spec["name"]
    if not np.isfinite(encoded).any():
        message = f"`target` must hold numbers for the task tabular_regression, but {name!r} holds none."
        findings.error(name, "numbers", message, "Choose another column, or leave `task` at auto.")
    elif spec["min"] == spec["max"]:
        message = f"`target` must have different values, but all rows of {name!r} hold {spec['min']:g}."
        findings.error(name, "constant", message, "Choose another column.")


def judge_rare(
    spec: dict[str, Any], encoded: np.ndarray, n_parts: int, findings: Findings, *, kept: bool
) -> np.ndarray:
    """Of numbers none is too rare: nothing (rows,)."""
    return np.zeros(len(encoded), bool)


def check_parts(spec: dict[str, Any], encoded: np.ndarray, parts: np.ndarray, findings: Findings) -> None:
    """Any split of numbers will do."""


def describe(spec: dict[str, Any], encoded: np.ndarray) -> str:
    """The target in words, for the log."""
    return f"numbers from {spec['min']:g} to {spec['max']:g}, {spec['mean']:g} ± {spec['std']:g}"
