"""The ledger: every evaluation of a search as a line of ``candidates.jsonl``. Written by the search alone."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nas_core.evaluation.evaluation import Evaluation
from nas_core.runs.records import append_line, mend_lines, read_lines
from nas_core.space.architecture import Architecture

FIRST = "default"  # in place of an agent: of the networks that a search begins with


@dataclass(frozen=True)
class Entry:
    """A line: the `evaluation`, and where in the search it belongs.

    `round` and `slot` say which proposal it came from; with the number of layers they give an order that does not
    depend on which worker was faster. `reward` is the score less the price of the size, None when it failed; `at` is
    the time of search in seconds. `probabilities` are what the agent thought: for each place of the proposal up to this
    candidate's end, the probability of each choice.
    """

    evaluation: Evaluation
    round: int
    slot: int
    agent: str
    reward: float | None
    at: float
    probabilities: list[list[float]] = field(default_factory=list)

    def to_json(self, number: int) -> dict[str, Any]:
        """The line of this entry as the `number`-th of the ledger."""
        own = {k: getattr(self, k) for k in ("round", "slot", "agent", "reward", "at", "probabilities")}
        return {"number": number, **own, **self.evaluation.to_json()}

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Entry:
        """The inverse of :meth:`to_json`."""
        own = {k: line[k] for k in ("round", "slot", "agent", "reward", "at", "probabilities")}
        return cls(evaluation=Evaluation.from_json(line), **own)


class Ledger:
    """The entries on disk at `path`, and what has been measured, by architecture.

    An architecture has one entry: all candidates of a search are trained alike, so what is there is never trained
    again. `since_best` counts the entries after the best one, `failed_in_row` the failed ones at the end. Adding an
    entry costs the same however many there are.
    """

    def __init__(self, path: Path) -> None:
        mend_lines(path)
        self.path, self.since_best, self.failed_in_row = path, 0, 0
        self._best = -math.inf
        self._entries: dict[Architecture, Entry] = {}
        self._in_order: list[Entry] = []
        for line in read_lines(path):
            self._count(Entry.from_json(line))

    def add(self, entry: Entry) -> int:
        """Bring `entry` to the disk; returns its number."""
        number = len(self._entries)
        append_line(self.path, entry.to_json(number))
        self._count(entry)
        return number

    def _count(self, entry: Entry) -> None:
        is_better = entry.reward is not None and entry.reward > self._best
        self._best = entry.reward if is_better and entry.reward is not None else self._best
        self.since_best = 0 if is_better or not self._entries else self.since_best + 1
        self.failed_in_row = self.failed_in_row + 1 if entry.evaluation.is_failed else 0
        self._entries[entry.evaluation.architecture] = entry
        insort(self._in_order, entry, key=_place)

    def get(self, architecture: Architecture) -> Entry | None:
        """The entry of `architecture`, or None when it has not been measured."""
        return self._entries.get(architecture)

    def before(self, round_: int, slot: int = 0) -> list[Entry]:
        """The entries of all proposals before this one, in the order of proposal (not of arrival)."""
        place: tuple[int, ...] = (round_, slot)
        return self._in_order[: bisect_left(self._in_order, place, key=_place)]

    @property
    def last_round(self) -> int:
        """The latest round that has an entry, −1 when there is none."""
        return self._in_order[-1].round if self._in_order else -1

    def best(self, n: int = 1) -> list[Entry]:
        """The `n` entries with the highest reward, best first; failed ones are none of them."""
        measured = [(e.reward, -e.evaluation.parameters, e) for e in self if e.reward is not None]
        return [entry for *_, entry in sorted(measured, key=lambda m: m[:2], reverse=True)[:n]]

    def finalists(self, n: int) -> list[Entry]:
        """The `n` entries to be trained in full: the best ones and, before them, the smallest that may be as good.

        Chance alone may have put a network one standard error behind (Breiman et al., "Classification and regression
        trees", 1984, section 3.4.3).
        """
        ranked = self.best(len(self))
        if not ranked:
            return []
        best = ranked[0].evaluation
        near = [e for e in ranked if (e.evaluation.score or 0.0) >= (best.score or 0.0) - best.standard_error]
        smallest = min(near, key=lambda e: e.evaluation.parameters)
        return [smallest, *(entry for entry in ranked if entry is not smallest)][:n]

    def begun_with(self) -> list[Entry]:
        """The networks that the search began with, without their beginnings and those that failed."""
        whole = {_place(entry)[:2]: entry for entry in self._in_order if entry.agent == FIRST}
        return [entry for entry in whole.values() if entry.reward is not None]

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)


def _place(entry: Entry) -> tuple[int, ...]:
    """Where `entry` is in the order of proposal."""
    return entry.round, entry.slot, len(entry.evaluation.architecture)
