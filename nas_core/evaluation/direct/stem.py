"""What lies before the first layer of a table's network: numbers, the embeddings of their bins, those of categories.

The three stand side by side in one vector. The embeddings of all categories are one vector of weights, of which each
row takes those that its codes stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nas_core.evaluation.direct import loops
from nas_core.evaluation.direct.layers import padded, tensor
from nas_core.evaluation.direct.weights import Arrays, Piece, Weights, begun
from nas_core.evaluation.frame import Frame
from nas_core.evaluation.initializers import draw
from nas_core.training.adamw import BETA_2

TABLES = "stem_tables"


class Batch(NamedTuple):
    """Rows: `numbers` (rows, numbers), `positions` among the bins (rows, columns with bins), where in all embeddings of
    categories its own start (rows, columns), the `truth` as the head takes it (rows, 1).
    """

    numbers: Tensor
    positions: Tensor
    starts: Tensor
    truth: Tensor

    def take(self, rows: Tensor) -> Batch:
        """Those of these numbers."""
        return Batch(*(each.index_select(0, rows) for each in self))

    def split(self, size: int) -> Iterator[Batch]:
        """So many at a time."""
        return map(Batch, *(torch.split(each, size) for each in self))


class Inputs:
    """The rows of `frame`, and what follows from its columns alone; networks share one."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.shapes = {f"{name}/0": (n, width) for name, n, width in frame.tables}
        self.widths = np.array([width for _, width in self.shapes.values()], np.int64)
        self.ends = np.cumsum([n * width for n, width in self.shapes.values()], dtype=int)
        starts = frame.rows.codes * self.widths + np.append(0, self.ends)[:-1]
        if (frame.rows.codes < 0).any() or (starts + self.widths > self.ends).any():  # the loops do not look
            raise ValueError("A code is none of its column's.")
        self.rows = Batch(
            tensor(frame.rows.numbers),
            tensor(frame.rows.positions),
            tensor(starts),
            frame.head.truths(frame.target, frame.rows.target),
        )

    def pieces(self, known: Arrays, rng: np.random.Generator) -> Iterator[Piece]:
        """The stem's weights; those of categories as far as they are `known`."""
        if self.frame.bins.shape[0]:
            yield Piece(f"{self.frame.bins.name}/0", draw("glorot_uniform", self.frame.bins.shape, rng))
        tables = list[np.ndarray]()
        for name, shape in self.shapes.items():
            tables.append(begun(name, draw("uniform", shape, rng), known))
        if tables:
            yield Piece(TABLES, np.concatenate([table.ravel() for table in tables]))

    def named(self, weights: Arrays) -> Arrays:
        """`weights` with the embeddings of categories by themselves."""
        if not self.shapes:
            return weights
        tables = np.split(weights[TABLES], self.ends[:-1])
        named = {name: table.reshape(shape) for table, (name, shape) in zip(tables, self.shapes.items(), strict=True)}
        return {name: weight for name, weight in weights.items() if name != TABLES} | named


class Stem:
    """The stem of one network with `weights`."""

    def __init__(self, inputs: Inputs, weights: Weights) -> None:
        self.inputs, bins = inputs, f"{inputs.frame.bins.name}/0"
        no_bins, no_tables = np.zeros(inputs.frame.bins.shape, np.float32), np.zeros(0, np.float32)
        self.bins, self.d_bins = (of.get(bins, no_bins) for of in (weights.value, weights.gradient))
        of_tables = (of.get(TABLES, no_tables) for of in (weights.value, weights.gradient, weights.second))
        self.tables, self.d_tables, self.second = of_tables
        self.squares = np.zeros_like(self.tables)

    def forward(self, batch: Batch) -> Tensor:
        """The vectors of its rows, (rows, width rounded up)."""
        numbers, *self.places = (each.numpy() for each in batch[:3])
        x = np.empty((len(numbers), padded(self.inputs.frame.width)), np.float32)
        loops.embed(numbers, *self.places, self.inputs.widths, self.bins, self.tables, x)
        return tensor(x)

    def backward(self, d: Tensor) -> None:
        """The gradients of its weights given that of its vectors."""
        n_numbers, gradients = self.inputs.rows.numbers.shape[1], (self.d_bins, self.d_tables, self.squares)
        loops.embed_back(d.numpy(), n_numbers, *self.places, self.inputs.widths, *gradients)
        # Keras squares the gradient of each row before it adds up those of one code (see `training.adamw`): what the
        # step is about to add to the second moment is made up for beforehand.
        self.second += (1 - BETA_2) / BETA_2 * (self.squares - self.d_tables**2)
