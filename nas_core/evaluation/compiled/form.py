"""What a bank's program takes and gives: sizes, architectures, rows and weights as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nas_core.evaluation.frame import Rows
from nas_core.space.steps import ACTIVATIONS

VALUE = 0  # of a weight and its two moments
BIAS, SCALE, SHIFT, SLOPE = range(N_VECTORS := 4)  # the vectors of a slot
MEAN, VARIANCE = range(2)  # the statistics of a slot
LINEAR, RELU, PRELU, SILU, TANH, GATE = range(len(ACTIVATIONS))
NO_NORM, BATCH, ROW = range(3)


@dataclass(frozen=True)
class Form:
    """What a program is compiled for, beside the task's own ends.

    `widths` are the rungs to which a vector is padded, the last one is that of all arrays; `n_slots` bounds the depth.
    `batch_size` rows make a training step, `evaluation_size` are evaluated at a time.
    """

    n_members: int
    n_slots: int
    widths: tuple[int, ...]
    batch_size: int
    evaluation_size: int

    @property
    def width(self) -> int:
        """Width of all padded arrays."""
        return self.widths[-1]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes of a matrix that a product has a branch for."""
        return [(width, units) for width in self.widths for units in self.widths]

    def shape(self, width: int, units: int) -> tuple[int, int]:
        """The least of them that holds a matrix (width, units)."""
        return next(shape for shape in self.shapes if shape[0] >= width and shape[1] >= units)


class Ends(NamedTuple):
    """The task's side of all networks.

    The stem puts numbers and embeddings side by side: place i of its one-hot vector stands for the category `code[i]`
    of `column[i]`, and `tables` (places, width) is 1 where its matrix has a weight. `bins` (columns, bins, width) is
    the shape of the weights that embed the bins of numbers. The head has `n_outputs`, and `judge(truth, logits)` gives
    the loss of each row and the network's output.
    """

    column: np.ndarray
    code: np.ndarray
    tables: np.ndarray
    n_outputs: int
    judge: Callable[[Any, Any], tuple[Any, Any]]
    bins: tuple[int, int, int]


class Plan(NamedTuple):
    """The architectures: arrays (slots, members) but for `branch` (slots,), which all members have in common.

    Branch 0 of a product multiplies nothing, branch k has the k-th of the form's shapes. `depth` is the number of slots
    of the deepest member.
    """

    branch: Any
    has_matrix: Any
    activation: Any
    rate: Any
    norm: Any
    width: Any
    keeps: Any
    adds: Any
    depth: Any


class Weights(NamedTuple):
    """The weights of all members.

    `matrices` (slots, members, width · width), each as (units, width) at the beginning of its row; `vectors` (slots,
    members, 4, width); `tables` (members, places, width); `head` (members, width + 1, outputs), the bias its last row;
    `bins` (members, columns, bins, width).
    In a :class:`State` each is three arrays: the weight and its moments.
    """

    matrices: Any
    vectors: Any
    tables: Any
    head: Any
    bins: Any

    def values(self) -> Weights:
        """Of the weights of a state those without the moments."""
        return Weights(*(weight[VALUE] for weight in self))


class State(NamedTuple):
    """What a step changes; `statistics` (slots, members, 2, width) are the moving ones of normalisation.

    `entered` and `summed` (slots, members, width, rows) hold, for the way back, what went into each slot behind its
    dropout and into its activation.
    """

    weights: Weights
    statistics: Any
    n_steps: Any
    entered: Any
    summed: Any


class Best(NamedTuple):
    """The epoch of the lowest validation loss (members,); `outputs` are (chunks, members, rows, outputs)."""

    loss: Any
    weights: Weights
    statistics: Any
    outputs: Any


class Case(NamedTuple):
    """What does not change in a training.

    `seed` uint32 (members,) decides what dropout leaves out, `valid` (chunks, members, rows) are the rows to judge by,
    -1 where there is none.
    """

    plan: Plan
    seed: Any
    rows: Rows
    valid: Any
