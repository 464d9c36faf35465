"""What the test says: beside the baselines, class by class, and in residuals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_core.report.metrics import MetricFacts
from nas_core.report.words import number, percent

MAX_CLASSES = 40
MAX_POINTS = 500
RIVALS = {
    "majority": "guessing the most frequent class",
    "mean": "guessing the mean",
    "linear": "the linear model",
    "random": "random search",
}


@dataclass(frozen=True)
class VerdictFacts:
    """The network beside one rival, in the job's metric on the test rows.

    `gain` is how much better the network is (negative: worse), `outcome` is ``better``, ``equal`` (the same in the
    digits that are shown) or ``worse``, `text` one sentence.
    """

    rival: str
    title: str
    value: float
    gain: float
    outcome: str
    text: str


def judge(metric: MetricFacts, value: float, rivals: Mapping[str, float]) -> tuple[VerdictFacts, ...]:
    """Compare the network's `value` with each rival's."""
    return tuple(_verdict(metric, value, rival, other) for rival, other in rivals.items())


def _verdict(metric: MetricFacts, value: float, rival: str, other: float) -> VerdictFacts:
    gain = (value - other) * (1 if metric.higher_is_better else -1)
    outcome = "equal" if number(value) == number(other) else "better" if gain > 0 else "worse"
    title = RIVALS.get(rival, rival)
    words = {"better": "Better than", "equal": "As good as", "worse": "Worse than"}[outcome]
    text = (
        f"{words} {title}: {metric.inside} {number(value)} against {number(other)}{_relative(value, other, outcome)}."
    )
    return VerdictFacts(rival, title, other, gain, outcome, text)


def _relative(value: float, other: float, outcome: str) -> str:
    if outcome == "equal" or other == 0:
        return ""
    direction = "higher" if value > other else "lower"
    return f" ({percent(abs(value - other) / abs(other))} {direction})"


def front(sizes_and_scores: Sequence[tuple[int, float | None]]) -> set[int]:
    """The places on the Pareto front: no other is at least as small and as good, and better in one of the two."""
    known = [(size, -score, place) for place, (size, score) in enumerate(sizes_and_scores) if score is not None]
    found, best = set(), math.inf
    for _, loss, place in sorted(known):
        if loss < best:
            found.add(place)
            best = loss
    return found


@dataclass(frozen=True)
class ClassFacts:
    """One class on the test rows: precision, recall, F1 (None where there is nothing to divide by) and its rows."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    n_rows: int


@dataclass(frozen=True)
class ConfusionFacts:
    """Rows: the truth; columns: the prediction; both in the order of `labels`. `n_left_out`: rarer classes."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    per_class: tuple[ClassFacts, ...]
    n_left_out: int


@dataclass(frozen=True)
class ResidualFacts:
    """Prediction less truth: histogram (`edges` one longer than `counts`), quantiles by share, and points
    (truth, prediction) of some rows."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    quantiles: dict[str, float]
    points: tuple[tuple[float, float], ...]


def confusion(details: Mapping[str, Any]) -> ConfusionFacts | None:
    """The confusion matrix of a target's details; of more than `MAX_CLASSES` classes the most frequent are kept."""
    if "confusion" not in details:
        return None
    matrix, classes = details["confusion"], details["classes"]
    by_rows = sorted(range(len(classes)), key=lambda code: -classes[code]["support"])
    kept = sorted(by_rows[:MAX_CLASSES])
    return ConfusionFacts(
        labels=tuple(str(classes[code]["class"]) for code in kept),
        matrix=tuple(tuple(matrix[row][column] for column in kept) for row in kept),
        per_class=tuple(_class_facts(classes[code]) for code in kept),
        n_left_out=len(classes) - len(kept),
    )


def _class_facts(about: Mapping[str, Any]) -> ClassFacts:
    return ClassFacts(str(about["class"]), about["precision"], about["recall"], about["f1"], about["support"])


def residuals(details: Mapping[str, Any]) -> ResidualFacts | None:
    """The residuals of a target's details, and some of its points."""
    if "residuals" not in details:
        return None
    about, points = details["residuals"], details.get("points", {"truth": [], "prediction": []})
    return ResidualFacts(
        edges=tuple(about["histogram"]["edges"]),
        counts=tuple(about["histogram"]["counts"]),
        quantiles=about["quantiles"],
        points=tuple(zip(points["truth"], points["prediction"], strict=True))[:MAX_POINTS],
    )
