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

from nas_core.evaluation.direct.layers import padded, tensor
from nas_core.evaluation.direct.weights import Arrays, Piece, Weights, begun
from nas_core.evaluation.frame import Frame
from nas_core.evaluation.initializers import draw
from nas_core.training.adamw import BETA_2

TABLES = "stem_tables"
# Bins of the rows of a step that are filled one by one: from there on to look sums up is faster, the sooner the more
# bins a column has.
MAX_FILLED, FEW_BINS, MAX_FILLED_OF_FEW = 2**17, 96, 2**19


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
    """Bins as sums that all rows share: those before a row's last one, and a part of that one."""

    def __init__(self, value: np.ndarray, gradient: np.ndarray) -> None:
        self.value, self.gradient = tensor(value), tensor(gradient)
        self.n_columns, self.n_bins, self.width = value.shape
        self.first = self.n_bins * torch.arange(self.n_columns)

    def forward(self, positions: Tensor, x: Tensor) -> None:
        """Write what stands for `positions` (rows, columns) into `x`, (rows, columns, width)."""
        last = positions.long().clamp_(max=self.n_bins - 1)
        self.part = (positions - last).unsqueeze_(2)
        self.last = last.add_(self.first).flatten()
        both = torch.cat([self.value.cumsum(1).sub_(self.value), self.value], 2).flatten(0, 1)
        before, own = both.index_select(0, self.last).view(*x.shape[:2], -1).chunk(2, 2)
        torch.addcmul(before, self.part, own, out=x)

    def backward(self, d: Tensor) -> None:
        """The gradient of the weights, given that of `x`: a bin has its part in the rows of all bins behind it."""
        each = torch.empty(*d.shape[:2], 2 * self.width)
        each[:, :, : self.width] = d
        torch.mul(d, self.part, out=each[:, :, self.width :])
        both = torch.zeros(self.n_columns * self.n_bins, 2 * self.width).index_add_(0, self.last, each.flatten(0, 1))
        rows, own = both.view(self.n_columns, self.n_bins, -1).chunk(2, 2)
        up_to = rows.cumsum(1)
        torch.sub(up_to[:, -1:], up_to, out=self.gradient).add_(own)


class Inputs:
    """The rows of `frame`, and what follows from its columns alone; networks share one."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.shapes = {f"{name}/0": (n, width) for name, n, width in frame.tables}
        widths = np.array([width for _, width in self.shapes.values()], int)
        self.ends = np.cumsum([n * width for n, width in self.shapes.values()], dtype=int)
        # Of each number in the vector that embeds the categories: which column's, and which of its embedding's.
        self.columns = np.repeat(np.arange(len(widths)), widths)
        self.within = np.concatenate([np.arange(width) for width in widths]) if len(widths) else widths
        self.rows = Batch(
            tensor(frame.rows.numbers),
            tensor(frame.rows.positions),
            tensor(frame.rows.codes * widths + np.append(0, self.ends)[:-1]),
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
        self.inputs, self.bins = inputs, make_bins(inputs.frame, weights)
        n_columns, _, width = inputs.frame.bins.shape
        n_numbers = inputs.rows.numbers.shape[1]
        self.numbers, self.embedded = slice(n_numbers), slice(n_numbers, n_numbers + n_columns * width)
        self.categories = slice(self.embedded.stop, inputs.frame.width)
        if inputs.shapes:
            parts = weights.value, weights.gradient, weights.second
            self.tables, self.d_tables, self.second = (tensor(part[TABLES]) for part in parts)

    def forward(self, batch: Batch) -> Tensor:
        """The vectors of its rows, (rows, width rounded up)."""
        n_rows, inputs = len(batch.numbers), self.inputs
        x = torch.empty(n_rows, padded(inputs.frame.width))
        x[:, inputs.frame.width :] = 0
        x[:, self.numbers] = batch.numbers
        if self.bins:
            self.bins.forward(batch.positions, self._by_column(x))
        if inputs.shapes:
            # numpy repeats columns three times as fast as PyTorch.
            chosen = np.take(batch.starts.numpy(), inputs.columns, 1)
            self.chosen = tensor(np.add(chosen, inputs.within, out=chosen)).flatten()
            x[:, self.categories] = self.tables.index_select(0, self.chosen).view(n_rows, -1)
        return x

    def backward(self, d: Tensor) -> None:
        """The gradients of its weights given that of its vectors."""
        if self.bins:
            self.bins.backward(self._by_column(d))
        if self.inputs.shapes:
            own = d[:, self.categories].flatten()
            self.d_tables.zero_().scatter_add_(0, self.chosen, own)
            squares = torch.zeros_like(self.d_tables).scatter_add_(0, self.chosen, own * own)
            # Keras squares the gradient of each row before it adds up those of one code (see `training.adamw`): what
            # the step is about to add to the second moment is made up for beforehand.
            more = squares.addcmul_(self.d_tables, self.d_tables, value=-1)
            self.second.add_(more, alpha=(1 - BETA_2) / BETA_2)

    def _by_column(self, x: Tensor) -> Tensor:
        """The part of `x` (rows, width) that embeds numbers, as (rows, columns, their width)."""
        n_columns, _, width = self.inputs.frame.bins.shape
        return x[:, self.embedded].view(-1, n_columns, width)


def make_bins(frame: Frame, weights: Weights) -> FilledBins | SummedBins | None:
    """The bins of a network with `weights`, in the way that is faster for them."""
    n_columns, n_bins, _ = frame.bins.shape
    if not n_columns:
        return None
    n_filled, name = frame.batch_size * n_columns * n_bins, f"{frame.bins.name}/0"
    kind = FilledBins if n_filled <= (MAX_FILLED_OF_FEW if n_bins <= FEW_BINS else MAX_FILLED) else SummedBins
    return kind(weights.value[name], weights.gradient[name])
