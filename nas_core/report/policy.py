"""What the agent thought: its probabilities, brought down to a few rows that a person can follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_core.report.words import layer

MAX_ROWS = 14
STOP = "stop"


@dataclass(frozen=True)
class RowFacts:
    """Choices that are shown as one row: its `title` and the `kind` of layer they share."""

    title: str
    kind: str


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


def certainty(probabilities: Sequence[Sequence[float]] | None, grouping: Grouping) -> float | None:
    """How settled the policy was: the mean over the places of its favourite's probability."""
    places = _places(probabilities, grouping)
    return round(sum(map(max, places)) / len(places), 5) if places else None


def _places(probabilities: Sequence[Sequence[float]] | None, grouping: Grouping) -> list[Sequence[float]]:
    return [place for place in probabilities or () if len(place) == len(grouping.row_of)]
