"""Bins of a number, between whose edges its encoding in the stem rises.

A network of dense layers learns steps and bends of a single column badly; given the bins it only has to weigh them
(Gorishniy et al., "On embeddings for numerical features in tabular deep learning", NeurIPS 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MOST = 128  # bins of a column
MOST_TOGETHER = 2048  # bins of all columns
WIDTH = 16  # of the vector that stands for a number
WIDTH_TOGETHER = 192  # of those of all numbers
ROWS_A_BIN = 150  # with fewer, the network learns the rows by heart


def find_edges(numbers: Sequence[np.ndarray]) -> list[list[float]]:
    """Ascending edges of the bins of each column, all of them float32; none where two values say everything.

    Args:
        numbers: training rows of each column, NaN where one is missing.
    """
    n_curved = sum(len(np.unique(x)) > 2 for x in numbers)
    most = min(MOST, MOST_TOGETHER // max(n_curved, 1))
    return [_edges(np.sort(x[np.isfinite(x)].astype(np.float32)), most) for x in numbers]


class Embedded(NamedTuple):
    """The columns that have bins, the bins of the one that has most, the width of the vector that each becomes."""

    columns: tuple[int, ...]
    n_bins: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the weights: (columns, bins, width)."""
        return len(self.columns), self.n_bins, self.width


def embedded(edges: Sequence[Sequence[float]]) -> Embedded:
    """How columns with these `edges` are embedded."""
    columns = tuple(column for column, own in enumerate(edges) if own)
    n_bins = max((len(own) - 1 for own in edges if own), default=0)
    return Embedded(columns, n_bins, min(WIDTH, n_bins, max(1, WIDTH_TOGETHER // max(len(columns), 1))))


def _edges(rows: np.ndarray, most: int) -> list[float]:
    """At most `most` bins of ascending `rows`, between quantiles of the rows and of the distinct values.

    Where most rows are equal (a capital gain of 0), the quantiles of the rows tell nothing of the others.
    """
    n_bins, distinct = min(most, len(rows) // ROWS_A_BIN), rows[np.flatnonzero(np.diff(rows, prepend=-np.inf))]
    if len(distinct) <= 2 or n_bins < 2:
        return []
    tries = (np.union1d(_quantiles(rows, n), _quantiles(distinct, n)) for n in range(n_bins, 0, -1))
    is_few = len(distinct) <= n_bins + 1
    edges: list[float] = (distinct if is_few else next(e for e in tries if len(e) <= n_bins + 1)).tolist()
    return edges


def _quantiles(ordered: np.ndarray, n: int) -> np.ndarray:
    places = np.linspace(0, len(ordered) - 1, n + 1).round()
    return np.take(ordered, places.astype(int))
