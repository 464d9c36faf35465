"""A network as a row of slots, all of one form: what a bank computes in place of Keras layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from nas_core.space.architecture import Architecture
from nas_core.space.build import layer_name
from nas_core.space.layer import Shape, load_layer
from nas_core.space.steps import ACTIVATIONS, Add, Dropout, Keep, Matrix, Norm, Step


@dataclass(frozen=True)
class Slot:
    """At most one step of each sort, in this order: what a bank computes at a time.

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


def slots_of(architecture: Architecture, shape: Shape) -> tuple[Slot, ...] | None:
    """`architecture` behind a stem of `shape` as slots; None when one of its layers cannot be part of a bank."""
    steps: list[Step] = []
    behind = shape
    for index, choice in enumerate(architecture):
        layer, params = load_layer(choice.kind), dict(choice.params)
        declare = getattr(layer, "steps", None)
        next_shape = layer.output_shape(behind, **params)
        if declare is None or next_shape is None or len(behind) != 1 or min(next_shape) < 1:
            return None
        steps += declare(behind, layer_name(index, choice.kind), **params)
        behind = next_shape
    known = all(step.activation in ACTIVATIONS for step in steps if isinstance(step, Matrix))
    return tuple(_pack(steps, shape[0])) if known else None


def _pack(steps: Iterable[Step], width: int) -> list[Slot]:
    """The steps in as few slots as their order allows."""
    places, slots, last = list(ORDER), [Slot(width)], -1
    for step in steps:
        place = places.index(type(step))
        if place <= last:
            slots.append(Slot(slots[-1].units))
        slots[-1], last = _with(slots[-1], step), place
    return slots


def _with(slot: Slot, step: Step) -> Slot:
    fields: dict[str, Any] = {ORDER[type(step)]: step}
    return replace(slot, **fields)
