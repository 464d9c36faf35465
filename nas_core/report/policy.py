"""What the agent thought: its probabilities, brought down to a few rows that a person can follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_core.report.words import layer
from nas_core.space.layer import LAYERS, load_layer
from nas_core.space.steps import Keep, Step

MAX_ROWS = 14
STOP = "stop"


@dataclass(frozen=True)
class RowFacts:
    """Choices that are shown as one row: its `title` and the `kind` of layer they share."""

    title: str
    kind: str


@dataclass(frozen=True)
class ChoiceFacts:
    """One choice of the vocabulary: its `title`, its `kind` of layer, the `row` it belongs to, whether it is built
    round a connection that `skips` it, and its `units` (None: it keeps the width it meets)."""

    title: str
    kind: str
    row: int
    skips: bool
    units: int | None


@dataclass(frozen=True)
class Grouping:
    """The rows, and for each choice of the vocabulary the row it belongs to."""

    rows: tuple[RowFacts, ...]
    row_of: tuple[int, ...]


def group_choices(vocabulary: Sequence[Mapping[str, Any]], max_rows: int = MAX_ROWS) -> Grouping:
    """Join choices until at most `max_rows` rows are left.

    The parameter with the fewest values is dropped first (an activation before a width), and at last only the kinds
    of layers are told apart.
    """
    dropped: list[str] = []
    droppable = sorted(_values(vocabulary), key=lambda name: (len(_values(vocabulary)[name]), name))
    titles = _titles(vocabulary, dropped)
    while len(set(titles)) > max_rows and droppable:
        dropped.append(droppable.pop(0))
        titles = _titles(vocabulary, dropped)
    kinds = {title: str(choice["layer"]) for title, choice in zip(titles, vocabulary, strict=True)}
    order = {title: row for row, title in enumerate(dict.fromkeys(titles))}
    return Grouping(
        tuple(RowFacts(title, kinds[title]) for title in order),
        tuple(order[title] for title in titles),
    )


def _values(vocabulary: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    values: dict[str, set[str]] = {}
    for choice in vocabulary:
        for name in set(choice) - {"layer"}:
            values.setdefault(name, set()).add(repr(choice[name]))
    return values


def _titles(vocabulary: Sequence[Mapping[str, Any]], dropped: Sequence[str]) -> list[str]:
    return [layer({k: v for k, v in choice.items() if k not in dropped}) for choice in vocabulary]


def choices(vocabulary: Sequence[Mapping[str, Any]], grouping: Grouping) -> tuple[ChoiceFacts, ...]:
    """Every choice of the vocabulary."""
    return tuple(_choice(choice, row) for choice, row in zip(vocabulary, grouping.row_of, strict=True))


def _choice(choice: Mapping[str, Any], row: int) -> ChoiceFacts:
    kind = str(choice["layer"])
    skips = any(isinstance(step, Keep) for step in steps_of(kind, {k: v for k, v in choice.items() if k != "layer"}))
    return ChoiceFacts(layer(choice), kind, row, skips, choice.get("units"))


def steps_of(kind: str, params: Mapping[str, Any], shape: tuple[int, ...] = (1,), name: str = "") -> tuple[Step, ...]:
    """What a layer of vectors computes, in order; nothing is known of a kind that does not say."""
    steps = getattr(load_layer(kind), "steps", None) if kind in LAYERS else None
    return steps(shape, name or kind, **params) if steps else ()


def shares(probabilities: Sequence[Sequence[float]] | None, grouping: Grouping) -> tuple[float, ...] | None:
    """The policy's mean probability of each row over the places of one proposal; None when it is not known."""
    places = _places(probabilities, grouping)
    if not places:
        return None
    totals = [0.0] * len(grouping.rows)
    for place in places:
        for row, probability in zip(grouping.row_of, place, strict=True):
            totals[row] += probability
    return tuple(round(total / len(places), 5) for total in totals)


def thoughts(probabilities: Sequence[Sequence[float]] | None, grouping: Grouping) -> tuple[tuple[int, ...], ...]:
    """The policy's probability of each row at each place of one proposal, in whole per cent."""
    totals = []
    for place in _places(probabilities, grouping):
        rows = [0.0] * len(grouping.rows)
        for row, probability in zip(grouping.row_of, place, strict=True):
            rows[row] += probability
        totals.append(tuple(round(100 * share) for share in rows))
    return tuple(totals)


def certainty(probabilities: Sequence[Sequence[float]] | None, grouping: Grouping) -> float | None:
    """How settled the policy was: the mean over the places of its favourite's probability."""
    places = _places(probabilities, grouping)
    return round(sum(map(max, places)) / len(places), 5) if places else None


def _places(probabilities: Sequence[Sequence[float]] | None, grouping: Grouping) -> list[Sequence[float]]:
    return [place for place in probabilities or () if len(place) == len(grouping.row_of)]
