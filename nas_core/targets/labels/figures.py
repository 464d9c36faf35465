"""How good predicted classes are."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.errors import CandidateError
from nas_core.targets.metric import Metric

METRICS = {
    "log_loss": Metric("Log-loss", "", higher_is_better=False),
    "accuracy": Metric("Accuracy", "", higher_is_better=True),
    "roc_auc": Metric("ROC-AUC", "", higher_is_better=True, is_local=False),
    "balanced_accuracy": Metric("Balanced accuracy", "", higher_is_better=True, is_local=False),
}
EPSILON = 1e-7
SHARE = "accuracy"  # the metric that says what share is right
CALIBRATION_BINS = 10


def figures(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray) -> dict[str, float]:
    """Log-loss, accuracy, ROC-AUC and balanced accuracy (the mean over the classes of the share that is recognised).

    Args:
        spec: the target's transform.
        truth: codes (rows,).
        output: probabilities (rows, classes).

    ROC-AUC is that of the positive class; with more classes the mean over each against the rest, of those that `truth`
    holds. Where `truth` has one class only it is 0.5: nothing can be told.

    Raises:
        CandidateError: the output is not finite.
    """
    if not np.isfinite(output).all():
        raise CandidateError("The network's output is not finite.")
    output = np.asarray(output, np.float64)
    chosen = np.clip(output[np.arange(len(truth)), truth] / output.sum(axis=1), EPSILON, 1.0)
    return {
        "log_loss": float(-np.log(chosen).mean()),
        "accuracy": float((output.argmax(axis=1) == truth).mean()),
        "roc_auc": _roc_auc(spec, truth, output),
        "balanced_accuracy": float(_balanced_accuracies(truth, output, np.ones((1, len(truth))))[0]),
    }


def _balanced_accuracies(truth: np.ndarray, output: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Of each resample (resamples, rows) the mean recall of the classes that it holds."""
    is_right = output.argmax(axis=1) == truth
    rows = [truth == code for code in np.unique(truth)]
    with np.errstate(invalid="ignore"):
        recalls = [counts[:, own] @ is_right[own] / counts[:, own].sum(axis=1) for own in rows]
    return np.asarray(np.nanmean(recalls, axis=0))


def _roc_auc(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray) -> float:
    codes = [spec["positive"]] if spec["positive"] is not None else np.unique(truth).tolist()
    areas = [_area(truth == code, output[:, code]) for code in codes]
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if known else 0.5


def _area(is_positive: np.ndarray, score: np.ndarray) -> float | None:
    """Area under the ROC curve from ranks (Mann and Whitney, 1947), ties counting half; None without two kinds."""
    n_positive = int(is_positive.sum())
    n_negative = len(is_positive) - n_positive
    if not n_positive or not n_negative:
        return None
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[is_positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def resampled(
    spec: dict[str, Any], metric: str, truth: np.ndarray, output: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """`metric` of many resamples (for the bootstrap) at once.

    Args:
        spec, metric, truth, output: as for :func:`figures`.
        counts: how often each resample holds each row (resamples, rows).
    """
    output = np.asarray(output, np.float64)
    if metric == "roc_auc":
        return _resampled_areas(spec, truth, output, counts)
    if metric == "balanced_accuracy":
        return _balanced_accuracies(truth, output, counts)
    if metric == "accuracy":
        each = (output.argmax(axis=1) == truth).astype(np.float64)
    else:
        each = -np.log(np.clip(output[np.arange(len(truth)), truth] / output.sum(axis=1), EPSILON, 1.0))
    return np.asarray(counts @ each / counts.sum(axis=1))


def _resampled_areas(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray, counts: np.ndarray) -> np.ndarray:
    codes = [spec["positive"]] if spec["positive"] is not None else np.unique(truth).tolist()
    areas = []
    for code in codes:
        order = np.argsort(output[:, code], kind="stable")
        firsts = np.flatnonzero(np.diff(output[order, code], prepend=-np.inf))  # of rows with equal scores
        weights, is_positive = counts[:, order].astype(np.float64), truth[order] == code
        positive = np.add.reduceat(weights * is_positive, firsts, axis=1)
        negative = np.add.reduceat(weights * ~is_positive, firsts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        with np.errstate(invalid="ignore"):
            areas.append((positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1)))
    return np.asarray(np.nanmean(areas, axis=0))


def score(spec: dict[str, Any], metric: str, figures: dict[str, float]) -> float:
    """The figure of `metric`, dimensionless and turned so that higher is better."""
    value = figures[metric]
    return value if METRICS[metric].higher_is_better else -value


def wrongness(truth: np.ndarray, output: np.ndarray) -> np.ndarray:
    """How wrong each row is (rows,): 0 where the truth is the most probable class, else 1 less its probability."""
    is_right = output.argmax(axis=1) == truth
    return np.where(is_right, 0.0, 1 - output[np.arange(len(truth)), truth])


def details(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray) -> dict[str, Any]:
    """What a reader asks next.

    Returns:
        `confusion` (rows: truth, columns: prediction), `classes` (precision, recall, f1, support of each; None where
        nothing can be told) and `calibration` (bins of the probability of the predicted class).
    """
    predicted = output.argmax(axis=1)
    n = len(spec["classes"])
    confusion = np.bincount(truth * n + predicted, minlength=n * n).reshape(n, n)
    return {
        "confusion": confusion.tolist(),
        "classes": [_of_class(spec, confusion, code) for code in range(n)],
        "calibration": _calibration(output.max(axis=1), predicted == truth),
    }


def _of_class(spec: dict[str, Any], confusion: np.ndarray, code: int) -> dict[str, Any]:
    hits = confusion[code, code]
    predicted, support = confusion[:, code].sum(), confusion[code].sum()
    return {
        "class": spec["classes"][code],
        "precision": float(hits / predicted) if predicted else None,
        "recall": float(hits / support) if support else None,
        "f1": float(2 * hits / (predicted + support)) if predicted + support else None,
        "support": int(support),
    }


def calibration_error(truth: np.ndarray, output: np.ndarray) -> float:
    """The expected calibration error: how far, on average, the share of right rows is from what was said of them.

    Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    bins = _calibration(output.max(axis=1), output.argmax(axis=1) == truth)
    return float(sum(b["count"] * abs(b["confidence"] - b["accuracy"]) for b in bins) / len(truth))


def _calibration(confidence: np.ndarray, is_right: np.ndarray) -> list[dict[str, Any]]:
    """How often predictions made with some confidence are right; bins without predictions are left out."""
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    places = np.clip(np.digitize(confidence, edges) - 1, 0, CALIBRATION_BINS - 1)
    return [
        {
            "from": float(edges[b]),
            "to": float(edges[b + 1]),
            "count": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(is_right[inside].mean()),
        }
        for b in range(CALIBRATION_BINS)
        if (inside := places == b).any()
    ]
