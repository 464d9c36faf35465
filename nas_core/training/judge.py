"""How good a model's output is, by the figures of its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas_core.data.folds import Fold
from nas_core.data.prepared import Prepared
from nas_core.tasks.registry import load_part


def judge(data: Prepared, truth: np.ndarray, output: np.ndarray) -> tuple[dict[str, float], float]:
    """The figures by metric, and the score: the run's metric, dimensionless and turned so that higher is better.

    Args:
        data: of the run.
        truth: encoded targets (rows,).
        output: of the model, (rows, …).

    Raises:
        CandidateError: the output is not finite.
    """
    part, target = load_part(data.schema["task"], "target", "figures"), data.transforms["target"]
    figures = part.figures(target, truth, output)
    return figures, float(part.score(target, data.schema["metric"], figures))


@dataclass(frozen=True)
class Verdict:
    """What the rows held out say: figures and score of all of them together, and the standard error of the score.

    The error is that of the folds' own scores around each other; 0 with one fold, which says nothing about it.
    """

    figures: dict[str, float]
    score: float
    error: float


def judge_folds(data: Prepared, folds: Sequence[Fold], outputs: Sequence[np.ndarray]) -> Verdict:
    """Judge the `outputs` of the folds' models on the rows that each did not learn from."""
    figures, score = judge(data, np.concatenate([fold.valid.target for fold in folds]), np.concatenate(outputs))
    each = [judge(data, fold.valid.target, output)[1] for fold, output in zip(folds, outputs, strict=True)]
    return Verdict(figures, score, float(np.std(each, ddof=1) / len(each) ** 0.5) if len(each) > 1 else 0.0)
