"""How good predicted numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.data.profile import histogram
from nas_core.errors import CandidateError
from nas_core.targets.metric import Metric

METRICS = {
    "rmse": Metric("RMSE", "target", higher_is_better=False),
    "mae": Metric("MAE", "target", higher_is_better=False),
    "r2": Metric("R²", "", higher_is_better=True, is_local=False),
}
SHARE = "r2"  # the metric that says what share is explained
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS = 30
MAX_POINTS = 500


def figures(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray) -> dict[str, float]:
    """Root mean squared error, mean absolute error (in the target's units) and R².

    Args:
        spec: the target's transform.
        truth: (rows,), in the target's units.
        output: (rows, 1), in the target's units.

    R² compares with the mean of `truth`; where `truth` is constant, with the spread of the training rows.

    Raises:
        CandidateError: the output is not finite.
    """
    if not np.isfinite(output).all():
        raise CandidateError("The network's output is not finite.")
    errors = _errors(truth, output)
    mse = float((errors**2).mean())
    spread = float(np.asarray(truth, np.float64).var()) or spec["std"] ** 2
    return {"rmse": mse**0.5, "mae": float(np.abs(errors).mean()), "r2": 1 - mse / spread}


def _errors(truth: np.ndarray, output: np.ndarray) -> np.ndarray:
    return np.asarray(output[:, 0], np.float64) - np.asarray(truth, np.float64)


def resampled(
    spec: dict[str, Any], metric: str, truth: np.ndarray, output: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """`metric` of many resamples (for the bootstrap) at once.

    Args:
        spec, metric, truth, output: as for :func:`figures`.
        counts: how often each resample holds each row (resamples, rows).
    """
    errors, n = _errors(truth, output), counts.sum(axis=1)
    if metric == "mae":
        return np.asarray(counts @ np.abs(errors) / n)
    mse = counts @ errors**2 / n
    if metric == "rmse":
        return np.asarray(np.sqrt(mse))
    centred = np.asarray(truth, np.float64) - float(np.mean(truth))
    spread = counts @ centred**2 / n - (counts @ centred / n) ** 2
    return np.asarray(1 - mse / np.where(spread > 0, spread, spec["std"] ** 2))


def score(spec: dict[str, Any], metric: str, figures: dict[str, float]) -> float:
    """The figure of `metric`, in standard deviations of the training target, turned so that higher is better."""
    value = figures[metric]
    return value if METRICS[metric].higher_is_better else -value / float(spec["std"])


def wrongness(truth: np.ndarray, output: np.ndarray) -> np.ndarray:
    """How wrong each row is (rows,): its distance from the truth."""
    return np.asarray(np.abs(output.reshape(-1) - truth))


def details(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray) -> dict[str, Any]:
    """What a reader asks next.

    Returns:
        `residuals` (prediction less truth: `quantiles` by share, `histogram` with `edges` and `counts`) and `points`
        (`truth` and `prediction` of up to 500 rows, spread evenly over them).
    """
    errors = _errors(truth, output)
    rows = np.unique(np.linspace(0, len(truth) - 1, MAX_POINTS).astype(int))
    return {
        "residuals": {
            "quantiles": {
                f"{q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(errors, QUANTILES), strict=True)
            },
            "histogram": histogram(errors, BINS),
        },
        "points": {
            "truth": [float(v) for v in truth[rows]],
            "prediction": [float(v) for v in output[rows, 0]],
        },
    }
