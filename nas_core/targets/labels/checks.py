"""What makes a column unfit as classes to predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.data.checks import Findings, counted
from nas_core.data.split import LEAST_A_CLASS

MAX_CLASSES = 1_000
SHOWN = 5
IMBALANCED = 0.95  # share of the largest class


def check(spec: dict[str, Any], encoded: np.ndarray, findings: Findings) -> None:
    """Add errors for one class only and for too many classes, and a warning where nearly all rows are of one."""
    name, classes = spec["name"], spec["classes"]
    counts = np.bincount(encoded[encoded >= 0], minlength=len(classes))
    if len(classes) < 2:
        message = (
            f"`target` must have at least two classes, but all {counts.sum():,} rows of {name!r} hold {classes[0]!r}."
        )
        findings.error(name, "classes", message, "Choose another column or add rows of another class.")
        return
    if len(classes) > MAX_CLASSES:
        message = f"`target` must have at most {MAX_CLASSES:,} classes, but {name!r} has {len(classes):,}."
        findings.error(name, "classes", message, "Choose another column, or merge classes.")
        return
    largest = counts.max() / counts.sum()
    if largest > IMBALANCED:
        message = f"{largest:.1%} of the rows of {name!r} are {classes[int(counts.argmax())]!r}."
        action = "Each part of the split has its share of the others; accuracy says little here, log-loss and AUC more."
        findings.warning(name, "imbalance", message, action)


def judge_rare(
    spec: dict[str, Any], encoded: np.ndarray, n_parts: int, findings: Findings, *, kept: bool
) -> np.ndarray:
    """The rows (bool, (rows,)) of classes too rare to be in each of `n_parts` parts; `kept`: to be learned from only.

    Add an error where they are not kept, or where fewer than two classes would be left.
    """
    name, classes, least = spec["name"], spec["classes"], LEAST_A_CLASS * n_parts
    counts = np.bincount(encoded[encoded >= 0], minlength=len(classes))
    is_rare = counts < least if 2 <= len(classes) <= MAX_CLASSES else np.zeros(len(classes), bool)
    if is_rare.any():
        rare = [
            f"{classes[i]!r} has {counted(int(counts[i]), 'row')}"
            for i in np.argsort(counts, kind="stable")[: is_rare.sum()]
        ]
        more = f" and {len(rare) - SHOWN} more" if len(rare) > SHOWN else ""
        listed = f"{', '.join(rare[:SHOWN])}{more}."
        if kept and (~is_rare).sum() >= 2:
            message = f"Classes with fewer than {least} rows cannot be tested: in {name!r} {listed}"
            findings.warning(name, "rare classes", message, "They are learned from; no figure is about them.")
        else:
            message = f"Each class of `target` must have at least {least} rows, but in {name!r} {listed}"
            findings.error(name, "rare classes", message, _WAY_OUT)
    return np.asarray(np.append(is_rare, False)[encoded])


_WAY_OUT = (
    "Add rows of these classes, remove them or merge them with others; "
    "if the target is a number, set `task` to the regression of such data."
)


def check_parts(spec: dict[str, Any], encoded: np.ndarray, parts: np.ndarray, findings: Findings) -> None:
    """Add an error for classes that no training row has (groups can bring that about)."""
    learned = set(np.unique(encoded[parts == 0]).tolist())
    absent = [name for code, name in enumerate(spec["classes"]) if code not in learned]
    if absent:
        message = (
            f"Every class must occur among the training rows, but {absent} lie in too few groups of `group_column`."
        )
        findings.error(spec["name"], "groups", message, "Use finer groups or none.")


def describe(spec: dict[str, Any], encoded: np.ndarray) -> str:
    """The target in words, for the log."""
    counts = np.bincount(encoded[encoded >= 0], minlength=len(spec["classes"]))
    shares = [f"{name} {count / counts.sum():.1%}" for name, count in zip(spec["classes"], counts, strict=True)]
    more = ", …" if len(shares) > SHOWN else ""
    return f"{len(shares)} classes ({', '.join(shares[:SHOWN])}{more})"
