"""A network as a row of slots, all of one form: what a compiled program computes in place of Keras layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from nas_core.space.steps import Add, Dropout, Keep, Matrix, Norm, Step


@dataclass(frozen=True)
class Slot:
    """At most one step of each sort, in this order: what the program computes at a time.

    `width` is that of the vector that comes in. A slot without a matrix hands on what it has normalised.
    """

    width: int
    dropout: Dropout | None = None
    keep: Keep | None = None
    norm: Norm | None = None
    matrix: Matrix | None = None
    add: Add | None = None

    @property
    def units(self) -> int:
        """Width of the vector that goes out."""
        return self.matrix.units if self.matrix else self.width


ORDER = {Dropout: "dropout", Keep: "keep", Norm: "norm", Matrix: "matrix", Add: "add"}


def slots_of(steps: Iterable[Step], width: int) -> tuple[Slot, ...]:
    """The steps behind a stem of `width`, in as few slots as their order allows."""
    places, slots, last = list(ORDER), [Slot(width)], -1
    for step in steps:
        place = places.index(type(step))
        if place <= last:
            slots.append(Slot(slots[-1].units))
        slots[-1], last = _with(slots[-1], step), place
    return tuple(slots)


def _with(slot: Slot, step: Step) -> Slot:
    fields: dict[str, Any] = {ORDER[type(step)]: step}
    return replace(slot, **fields)
