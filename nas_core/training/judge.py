"""How good a model's output is, by the figures of its task."""

from __future__ import annotations

import numpy as np

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
