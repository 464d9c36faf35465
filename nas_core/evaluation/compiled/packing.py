"""Networks of slots as the arrays of a bank's program, and back: where each weight lies, and what it is called."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas_core.evaluation.compiled.form import (
    BATCH,
    BIAS,
    LINEAR,
    MEAN,
    N_VECTORS,
    NO_NORM,
    ROW,
    SCALE,
    SHIFT,
    SLOPE,
    VARIANCE,
    Best,
    Ends,
    Form,
    Plan,
    Weights,
)
from nas_core.evaluation.compiled.slots import Slot
from nas_core.evaluation.frame import Bins, Table
from nas_core.evaluation.initializers import draw
from nas_core.space.steps import ACTIVATIONS

NORMS = {"batch": BATCH, "row": ROW}
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Place:
    """Where a weight lies: its `name` in a file of weights, the array that holds it, the `index` there."""

    name: str
    array: str
    index: tuple[Any, ...]
    initializer: str


def places(bins: Bins, tables: Sequence[Table], slots: Sequence[Slot]) -> list[Place]:
    """All weights of a network: those of the stem, of each slot, of the head."""
    found = [Place(f"{bins.name}/0", "bins", (Ellipsis,), "glorot_uniform")] if bins.shape[0] else []
    row, column = 0, 0
    for name, n, width in tables:
        found.append(Place(f"{name}/0", "tables", (slice(row, row + n), slice(column, column + width)), "uniform"))
        row, column = row + n, column + width
    for s, slot in enumerate(slots):
        found += _slot_places(s, slot)
    found.append(Place("head/0", "head", (slice(slots[-1].units), slice(None)), "glorot_uniform"))
    found.append(Place("head/1", "head", (-1, slice(None)), "zeros"))
    return found


def _slot_places(s: int, slot: Slot) -> Iterator[Place]:
    into, out = slice(slot.width), slice(slot.units)
    if slot.norm:
        yield Place(f"{slot.norm.name}/0", "vectors", (s, SCALE, into), "ones")
        yield Place(f"{slot.norm.name}/1", "vectors", (s, SHIFT, into), "zeros")
        if slot.norm.over == "batch":
            yield Place(f"{slot.norm.name}/2", "statistics", (s, MEAN, into), "zeros")
            yield Place(f"{slot.norm.name}/3", "statistics", (s, VARIANCE, into), "ones")
    if slot.matrix:
        yield Place(f"{slot.matrix.name}/0", "matrices", (s, into, out), slot.matrix.initializer)
        yield Place(f"{slot.matrix.name}/1", "vectors", (s, BIAS, out), "zeros")
        if slot.matrix.activation == "prelu":
            yield Place(f"{slot.matrix.name}_slope/0", "vectors", (s, SLOPE, out), "zeros")


def first_weights(form: Form, ends: Ends, found: Iterable[Place], known: Arrays, rng: np.random.Generator) -> Arrays:
    """The arrays of one member before it is trained: `known` weights where they fit, else drawn as Keras draws them."""
    arrays = {name: np.zeros(shape, np.float32) for name, shape in _sizes(form, ends).items()}
    for place in found:
        view = arrays[place.array][place.index]
        old = known.get(place.name)
        arrays[place.array][place.index] = (
            old if old is not None and old.shape == view.shape else draw(place.initializer, view.shape, rng)
        )
    return arrays


def named_weights(found: Iterable[Place], arrays: Arrays) -> Arrays:
    """The weights of one member by name."""
    return {place.name: arrays[place.array][place.index].copy() for place in found}


def n_parameters(found: Iterable[Place], weights: Arrays) -> int:
    """How many numbers are learned."""
    return sum(weights[place.name].size for place in found if place.array != "statistics")


def _sizes(form: Form, ends: Ends) -> dict[str, tuple[int, ...]]:
    """The arrays of one member."""
    return {
        "matrices": (form.n_slots, form.width, form.width),
        "vectors": (form.n_slots, N_VECTORS, form.width),
        "tables": ends.tables.shape,
        "bins": ends.bins,
        "head": (form.width + 1, ends.n_outputs),
        "statistics": (form.n_slots, 2, form.width),
    }


def stacked(form: Form, plan: Plan, members: Sequence[Arrays]) -> tuple[Weights, np.ndarray]:
    """The weights and statistics of all members in the arrays of the program, without moments."""
    axis = {"matrices": 1, "vectors": 1, "statistics": 1, "tables": 0, "head": 0, "bins": 0}
    arrays = {name: np.stack([member[name] for member in members], i) for name, i in axis.items()}
    square, statistics = arrays.pop("matrices"), arrays.pop("statistics")
    flat = np.zeros((*square.shape[:2], form.width**2), np.float32)
    for s, (n, units) in _shapes_of(form, plan):
        flat[s, :, : n * units] = square[s, :, :n, :units].swapaxes(1, 2).reshape(-1, n * units)
    return Weights(flat, **arrays), statistics


def _shapes_of(form: Form, plan: Plan) -> Iterator[tuple[int, tuple[int, int]]]:
    """The slots that have a matrix, with the shape in which it lies."""
    return ((s, form.shapes[branch - 1]) for s, branch in enumerate(plan.branch) if branch)


def of_member(index: int, form: Form, plan: Plan, best: Best) -> Arrays:
    """The inverse of :func:`stacked` for one member."""
    weights = best.weights
    square = np.zeros((form.n_slots, form.width, form.width), np.float32)
    for s, (n, units) in _shapes_of(form, plan):
        square[s, :n, :units] = weights.matrices[s, index, : n * units].reshape(units, n).T
    return {
        "matrices": square,
        "vectors": weights.vectors[:, index],
        "tables": weights.tables[index],
        "bins": weights.bins[index],
        "head": weights.head[index],
        "statistics": best.statistics[:, index],
    }


def make_plan(form: Form, members: Sequence[Sequence[Slot]]) -> Plan:
    """The architectures of the members as data. Behind its last slot a member hands on what it has."""
    shape = form.n_slots, len(members)
    plan = Plan(
        branch=np.zeros(form.n_slots, np.int32),
        has_matrix=np.zeros(shape, bool),
        activation=np.zeros(shape, np.int32),
        rate=np.zeros(shape, np.float32),
        norm=np.zeros(shape, np.int32),
        width=np.ones(shape, np.float32),
        keeps=np.zeros(shape, bool),
        adds=np.zeros(shape, bool),
        depth=np.int32(max(map(len, members))),
    )
    for n, slots in enumerate(members):
        for s, slot in enumerate(slots):
            at = s, n
            plan.width[at] = slot.width
            plan.rate[at] = slot.dropout.rate if slot.dropout else 0
            plan.norm[at] = NORMS[slot.norm.over] if slot.norm else NO_NORM
            plan.keeps[at], plan.adds[at] = bool(slot.keep), bool(slot.add)
            plan.has_matrix[at] = bool(slot.matrix)
            plan.activation[at] = ACTIVATIONS.index(slot.matrix.activation) if slot.matrix else LINEAR
    for s in range(form.n_slots):
        matrices = [slots[s] for slots in members if s < len(slots) and slots[s].matrix]
        if matrices:
            shape = form.shape(max(slot.width for slot in matrices), max(slot.units for slot in matrices))
            plan.branch[s] = 1 + form.shapes.index(shape)
    return plan


def one_hot(tables: Sequence[Table]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each place of the stem's one-hot vector its column and code; and 1 where the stem's matrix has a weight."""
    sizes, widths = [n for _, n, _ in tables], [width for *_, width in tables]
    column, owner = np.repeat(np.arange(len(tables)), sizes), np.repeat(np.arange(len(tables)), widths)
    code = np.concatenate([np.arange(n) for n in [0, *sizes]])
    return column.astype(np.int32), code.astype(np.int32), (column[:, None] == owner[None]).astype(np.float32)


def steps_of(
    rows: Sequence[np.ndarray], n_passes: int, batch_size: int, rngs: Sequence[np.random.Generator]
) -> np.ndarray:
    """The rows of `n_passes` epochs in random order, (steps, members, batch); -1 where a member has none left."""
    n_steps = math.ceil(n_passes * max(map(len, rows)) / batch_size)
    order = np.full((len(rows), n_steps * batch_size), -1, np.int32)
    for own, chosen, rng in zip(order, rows, rngs, strict=True):
        own[: n_passes * len(chosen)] = rng.permutation(np.tile(chosen, n_passes))
    return order.reshape(len(rows), n_steps, batch_size).transpose(1, 0, 2)


def chunks_of(rows: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Rows in their order, (chunks, members, size); -1 behind the last one."""
    n_chunks = math.ceil(max(map(len, rows)) / size)
    order = np.full((len(rows), n_chunks * size), -1, np.int32)
    for own, chosen in zip(order, rows, strict=True):
        own[: len(chosen)] = chosen
    return order.reshape(len(rows), n_chunks, size).transpose(1, 0, 2)
