"""What lies before the first layer of a table's network: numbers, the embeddings of their bins, those of categories.

The three stand side by side in one vector. Those of some columns of categories are one product of a vector that is 1 in
one place for each column; of its matrix only the blocks of the columns are weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nas_core.evaluation.direct.layers import padded, tensor
from nas_core.evaluation.direct.weights import Arrays, Piece, Weights
from nas_core.evaluation.frame import Frame
from nas_core.evaluation.initializers import draw
from nas_core.training.adamw import BETA_2

MAX_FILLED = 2**18  # bins of the rows of a step; what they are filled with would not stay near the core
TOGETHER = 128  # codes of tables that share a product; with more it would mostly multiply zeros


class Batch(NamedTuple):
    """Rows: `numbers` (rows, numbers), `positions` among the bins (rows, columns with bins), the `places` of their
    categories (rows, columns), the `truth` as the head takes it (rows, 1).
    """

    numbers: Tensor
    positions: Tensor
    places: Tensor
    truth: Tensor

    def take(self, rows: Tensor) -> Batch:
        """Those of these numbers."""
        return Batch(*(each.index_select(0, rows) for each in self))

    def split(self, size: int) -> Iterator[Batch]:
        """So many at a time."""
        return map(Batch, *(torch.split(each, size) for each in self))


class FilledBins:
    """Bins as a product: each row says of every bin how far it is filled. For few rows and bins."""

    def __init__(self, value: np.ndarray, gradient: np.ndarray) -> None:
        self.value, self.gradient = value, gradient
        self.edges = torch.arange(float(value.shape[1]))

    def forward(self, positions: Tensor, x: Tensor) -> None:
        """Write what stands for `positions` (rows, columns) into `x`, (rows, columns, width)."""
        self.filled = torch.sub(positions.T[:, :, None], self.edges).clamp_(0, 1).numpy()
        np.matmul(self.filled, self.value, out=x.permute(1, 0, 2).numpy())

    def backward(self, d: Tensor) -> None:
        """The gradient of the weights, given that of `x`."""
        np.matmul(self.filled.swapaxes(1, 2), d.permute(1, 0, 2).numpy(), out=self.gradient)


class SummedBins:
    """Bins as sums that all rows share: those up to a row's last one, less what is missing of that one."""

    def __init__(self, value: np.ndarray, gradient: np.ndarray) -> None:
        self.value, self.gradient = tensor(value), tensor(gradient)
        self.n_columns, self.n_bins, self.width = value.shape
        self.first = self.n_bins * torch.arange(self.n_columns)

    def forward(self, positions: Tensor, x: Tensor) -> None:
        """Write what stands for `positions` (rows, columns) into `x`, (rows, columns, width)."""
        last = positions.long().clamp_(max=self.n_bins - 1)
        self.missing = (positions - last).sub_(1).unsqueeze_(2)  # less than nothing
        self.last = last.add_(self.first).flatten()
        both = torch.cat([self.value.cumsum(1), self.value], 2).flatten(0, 1).index_select(0, self.last)
        up_to, own = both.view(*x.shape[:2], -1).chunk(2, 2)
        torch.addcmul(up_to, self.missing, own, out=x)

    def backward(self, d: Tensor) -> None:
        """The gradient of the weights, given that of `x`: a bin has its part in the rows of all bins behind it."""
        both = torch.zeros(self.n_columns * self.n_bins, 2 * self.width)
        both.index_add_(0, self.last, torch.cat([d, d * self.missing], 2).flatten(0, 1))
        rows, own = both.view(self.n_columns, self.n_bins, -1).chunk(2, 2)
        up_to = rows.cumsum(1)
        torch.sub(up_to[:, -1:], up_to, out=self.gradient).add_(rows).add_(own)


class Tables(NamedTuple):
    """Embeddings of categories that share a product, of which the matrix is called `name`.

    `places` are theirs among those of all, `columns` theirs in the stem's vector; the `blocks` of the matrix are the
    weights, by the name of each, and `is_weight` is 1 there.
    """

    name: str
    places: slice
    columns: slice
    blocks: dict[str, tuple[slice, slice]]
    is_weight: Tensor


def tables_of(frame: Frame) -> Iterator[Tables]:
    """All of `frame`, so many together as have few codes."""
    place, column = 0, frame.width - sum(width for *_, width in frame.tables)
    rest = list(frame.tables)
    while rest:
        blocks, n_places, n_columns = dict[str, tuple[slice, slice]](), 0, 0
        while rest and (not blocks or n_places + rest[0][1] <= TOGETHER):
            name, n, width = rest.pop(0)
            blocks[f"{name}/0"] = slice(n_places, n_places + n), slice(n_columns, n_columns + width)
            n_places, n_columns = n_places + n, n_columns + width
        is_weight = torch.zeros(n_places, n_columns)
        for block in blocks.values():
            is_weight[block] = 1
        name = f"tables at {place}"
        yield Tables(name, slice(place, place + n_places), slice(column, column + n_columns), blocks, is_weight)
        place, column = place + n_places, column + n_columns


class Inputs:
    """The rows of `frame`, and what follows from its columns alone; networks share one."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.tables = frame, list(tables_of(frame))
        sizes = [n for _, n, _ in frame.tables]
        self.n_places = sum(sizes)
        self.rows = Batch(
            tensor(frame.rows.numbers),
            tensor(frame.rows.positions),
            tensor(frame.rows.codes + np.cumsum([0, *sizes])[:-1]),
            frame.head.truths(frame.target, frame.rows.target),
        )

    def pieces(self, known: Arrays, rng: np.random.Generator) -> Iterator[Piece]:
        """The stem's weights; those of categories as far as they are `known`."""
        if self.frame.bins.shape[0]:
            yield Piece(f"{self.frame.bins.name}/0", draw("glorot_uniform", self.frame.bins.shape, rng))
        for tables in self.tables:
            matrix = tables.is_weight.numpy().copy()
            for name, block in tables.blocks.items():
                fresh, old = draw("uniform", matrix[block].shape, rng), known.get(name)
                matrix[block] = old if old is not None and old.shape == fresh.shape else fresh
            yield Piece(tables.name, matrix)

    def named(self, weights: Arrays) -> Arrays:
        """`weights` with the embeddings of categories by themselves."""
        weights = dict(weights)
        for tables in self.tables:
            matrix = weights.pop(tables.name)
            weights |= {name: matrix[block] for name, block in tables.blocks.items()}
        return weights


class Stem:
    """The stem of one network with `weights`."""

    def __init__(self, inputs: Inputs, weights: Weights) -> None:
        self.inputs, self.weights, name = inputs, weights, f"{inputs.frame.bins.name}/0"
        n_columns, n_bins, width = inputs.frame.bins.shape
        is_small = inputs.frame.batch_size * n_columns * n_bins <= MAX_FILLED
        kind = FilledBins if is_small else SummedBins
        self.bins = kind(weights.value[name], weights.gradient[name]) if n_columns else None
        n_numbers = inputs.rows.numbers.shape[1]
        self.numbers, self.embedded = slice(n_numbers), slice(n_numbers, n_numbers + n_columns * width)

    def forward(self, batch: Batch) -> Tensor:
        """The vectors of its rows, (rows, width rounded up)."""
        n_rows, inputs = len(batch.numbers), self.inputs
        x = torch.empty(n_rows, padded(inputs.frame.width))
        x[:, inputs.frame.width :] = 0
        x[:, self.numbers] = batch.numbers
        if self.bins:
            self.bins.forward(batch.positions, self._by_column(x))
        if inputs.tables:
            self.chosen = torch.zeros(n_rows, inputs.n_places).scatter_(1, batch.places, 1.0).numpy()
        for tables in inputs.tables:
            found = np.dot(self.chosen[:, tables.places], self.weights.value[tables.name])
            x[:, tables.columns] = tensor(found)
        return x

    def backward(self, d: Tensor) -> None:
        """The gradients of its weights given that of its vectors."""
        if self.bins:
            self.bins.backward(self._by_column(d))
        for tables in self.inputs.tables:
            own = d[:, tables.columns]
            both = np.dot(self.chosen[:, tables.places].T, torch.cat([own, own.square()], 1).numpy())
            gradient, squares = tensor(both).chunk(2, 1)
            torch.mul(gradient, tables.is_weight, out=tensor(self.weights.gradient[tables.name]))
            # Keras squares the gradient of each row before it adds up those of one code (see `training.adamw`): what
            # the step is about to add to the second moment is made up for beforehand.
            more = squares.addcmul_(gradient, gradient, value=-1).mul_(tables.is_weight)
            tensor(self.weights.second[tables.name]).add_(more, alpha=(1 - BETA_2) / BETA_2)

    def _by_column(self, x: Tensor) -> Tensor:
        """The part of `x` (rows, width) that embeds numbers, as (rows, columns, their width)."""
        n_columns, _, width = self.inputs.frame.bins.shape
        return x[:, self.embedded].view(-1, n_columns, width)
