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
    """What the rows held out say: figures and score of all of them together, and the score in each fold."""

    figures: dict[str, float]
    score: float
    scores: tuple[float, ...]

    @property
    def error(self) -> float:
        """The standard error of the score by its folds; 0 with one fold, which says nothing about it."""
        return _standard_error(np.array(self.scores))

    def is_near(self, best: Verdict) -> bool:
        """Whether the `best` is ahead by no more than the standard error of their distance.

        Both were judged by the same folds, hard and easy ones, which therefore do not count.
        """
        return best.score - self.score <= _standard_error(np.subtract(best.scores, self.scores))


def _standard_error(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0


def judge_folds(data: Prepared, folds: Sequence[Fold], outputs: Sequence[np.ndarray]) -> Verdict:
    """Judge the `outputs` of the folds' models on the rows that each did not learn from."""
    figures, score = judge(data, np.concatenate([fold.valid.target for fold in folds]), np.concatenate(outputs))
    each = (judge(data, fold.valid.target, output)[1] for fold, output in zip(folds, outputs, strict=True))
    return Verdict(figures, score, tuple(each))
