"""What a network is worth to the agent: its score less the price of its size."""

from __future__ import annotations

import math

from nas_core.evaluation.evaluation import Evaluation

ILLEGAL = -1.0  # penalty of an action that the mask forbids
FAILED = -1.0  # reward of a candidate that could not be trained


def price(parameters: int, size_penalty: float) -> float:
    """`size_penalty` for every doubling of the parameters."""
    return size_penalty * math.log2(max(1, parameters))


def value(evaluation: Evaluation, size_penalty: float) -> float | None:
    """Score less the price of the size; None when the candidate failed."""
    return None if evaluation.score is None else evaluation.score - price(evaluation.parameters, size_penalty)
