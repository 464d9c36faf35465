"""What the test says: beside the baselines, class by class, and in residuals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_core.report.bootstrap import Interval, Resamples
from nas_core.report.metrics import MetricFacts
from nas_core.report.texts.sentences import sentence_texts
from nas_core.report.words import local, number, percent

MAX_CLASSES = 40
MAX_POINTS = 500


@dataclass(frozen=True)
class VerdictFacts:
    """The network beside one rival, in the job's metric on the test rows.

    `gain` is how much better the network is (negative: worse), from `low` to `high` by bootstrap (None: not known).
    `outcome` is ``better``, ``worse``, ``equal`` (the same in the digits that are shown) or ``unproven`` (the interval
    holds 0), `text` one sentence.
    """

    rival: str
    title: str
    value: float
    gain: float
    low: float | None
    high: float | None
    outcome: str
    text: str


def judge(
    metric: MetricFacts, value: float, rivals: Mapping[str, float], resamples: Resamples, language: str = "en"
) -> tuple[VerdictFacts, ...]:
    """Compare the network's `value` with each rival's."""
    sign = 1 if metric.higher_is_better else -1
    verdicts = []
    for rival, other in rivals.items():
        gain, interval = sign * (value - other), resamples.gain(rival, sign)
        outcome = _outcome(number(value) == number(other), gain, interval)
        title = rival_title(rival, language)
        text = _sentence(metric, (title, value, other), outcome, (gain, interval), language)
        low, high = (interval.low, interval.high) if interval else (None, None)
        verdicts.append(VerdictFacts(rival, title, other, gain, low, high, outcome, text))
    return tuple(verdicts)


def rival_title(rival: str, language: str = "en") -> str:
    """What a rival is called."""
    return sentence_texts(language).get(f"rival_{rival}", rival)


def _outcome(is_same: bool, gain: float, interval: Interval | None) -> str:
    if is_same:
        return "equal"
    if interval and interval.low <= 0 <= interval.high:
        return "unproven"
    return "better" if gain > 0 else "worse"


def _sentence(
    metric: MetricFacts,
    figures: tuple[str, float, float],
    outcome: str,
    lead: tuple[float, Interval | None],
    language: str,
) -> str:
    texts = sentence_texts(language)
    title, value, other = figures
    key = "verdict_unproven" if outcome == "unproven" else outcome
    against = texts["against"].format(
        metric=metric.inside,
        value=number(value, language),
        other=number(other, language),
        relative=_relative((value, other), outcome, language),
    )
    return f"{texts[key].format(rival=title, gain=_amount(metric, outcome, lead, language))}: {against}."


def _amount(metric: MetricFacts, outcome: str, lead: tuple[float, Interval | None], language: str) -> str:
    """``4.1 points (3.2 to 5.0)``: a share is said in points, anything else in its unit."""
    texts, (gain, interval) = sentence_texts(language), lead
    is_share = metric.higher_is_better and not metric.unit
    sign = -1 if outcome == "worse" else 1

    def say(x: float) -> str:
        return local(f"{100 * x + 0.0:.1f}", language) if is_share else number(float(f"{x:.3g}"), language)

    said = texts["points"].format(n=say(sign * gain)) if is_share else say(sign * gain)
    if interval is None:
        return said
    low, high = sorted((sign * interval.low, sign * interval.high))
    return said + texts["interval"].format(low=say(low), high=say(high))


def _relative(figures: tuple[float, float], outcome: str, language: str) -> str:
    (value, other), texts = figures, sentence_texts(language)
    if outcome in ("equal", "unproven") or other == 0:
        return ""
    share = percent(abs(value - other) / abs(other), language)
    return f" ({texts['higher' if value > other else 'lower'].format(share=share)})"


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


def calibrated(found: Mapping[str, Any] | None, language: str) -> str | None:
    """What the calibration of a target's details gave, in one sentence; None where there is none."""
    texts = sentence_texts(language)
    if found and found.get("error_after") is not None:
        said = {"before": percent(found["error_before"], language), "after": percent(found["error_after"], language)}
        said |= {"temperature": number(found["temperature"], language), "n": local(f"{found['n_rows']:,}", language)}
        return texts["calibrated_none" if found["temperature"] == 1 else "calibrated_share"].format(**said)
    if found and found.get("coverage") is not None:
        shares = {name: percent(found[name], language) for name in ("level", "coverage")}
        margin = number(float(f"{found['margin']:.3g}"), language)
        return texts["calibrated_interval"].format(n=local(f"{found['n_rows']:,}", language), margin=margin, **shares)
    return None


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
