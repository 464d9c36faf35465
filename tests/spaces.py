"""Spaces for the tests: the dense vocabulary between a stem of some width and two outputs."""

from __future__ import annotations

from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.ledger import Entry
from nas_core.space.cost import Ends
from nas_core.space.layer import Cost, Shape
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import Vocabulary

KINDS = ("dense", "residual", "dropout", "normalization")


def dense_space(max_layers: int = 5, max_parameters: int = 1_000_000, width: int = 20) -> Space:
    """A space without data."""
    return Space(Vocabulary.of(KINDS), Ends((width,), Cost(), head, (2,)), max_layers, max_parameters)


def head(shape: Shape) -> Cost:
    """Two outputs."""
    return Cost(2 * shape[0] + 2, 4 * shape[0])


def likeness(a: Codes, b: Codes) -> float:
    """The share of slots in which `a` and `b` agree: a landscape whose optimum is known."""
    slots = max(len(a), len(b))
    return sum(x == y for x, y in zip(a, b, strict=False)) / slots


def kinship(space: Space, target: Codes, codes: Codes) -> float:
    """Like `likeness`, but another choice of the planted kind counts half."""
    kinds = [[c.kind for c in space.vocabulary.decode(network)] for network in (target, codes)]
    same_kind = sum(a == b for a, b in zip(*kinds, strict=False)) / max(len(target), len(codes))
    return (likeness(target, codes) + same_kind) / 2


def entry(space: Space, codes: Codes, score: float | None, round_: int = 0, slot: int = 0) -> Entry:
    """A line of a ledger."""
    error = None if score is not None else "it was meant to fail"
    evaluation = Evaluation(space.vocabulary.decode(codes), score, parameters=space.cost(codes).parameters, error=error)
    return Entry(evaluation, round_, slot, "test", score, 0.0)
