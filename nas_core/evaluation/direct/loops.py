"""Loops over single numbers, compiled: what as kernels of PyTorch would pass over memory many times.

They are compiled when this is imported for the first time on a machine (some seconds) and kept beside this file, or
where numba finds a place (NUMBA_CACHE_DIR says which). Arrays lie in memory row by row. Nobody looks whether an index
is within its array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

VECTOR, MATRIX, CUBE = "f4[::1]", "f4[:,::1]", "f4[:,:,::1]"
INTEGERS, INTEGER_ROWS, BYTES = "i8[::1]", "i8[:,::1]", "u1[:,::1]"
# Sums may be taken in any order: else they are not taken side by side.
HOW: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "nsz", "contract"}, "error_model": "numpy"}


def compiled(*types: str) -> Callable[[Any], Any]:
    """Compile a loop for arguments of these `types`."""
    signature = f"void({', '.join(types)})"

    def compile_loop(loop: Any) -> Any:
        try:
            return numba.njit(signature, cache=True, **HOW)(loop)
        except RuntimeError:  # there is no folder to keep it in
            return numba.njit(signature, **HOW)(loop)

    return compile_loop


@numba.njit
def bin_of(position, n_bins):
    """The last of `n_bins` that `position` reaches, and how much of it."""
    last = max(0, min(int(position), n_bins - 1))
    return last, position - np.float32(last)


@compiled(MATRIX, MATRIX, INTEGER_ROWS, INTEGERS, CUBE, VECTOR, MATRIX)
def embed(numbers, positions, starts, widths, bins, tables, x):
    """Write the vectors of rows into `x`: `numbers`, the embeddings of their bins, those of categories, and 0 behind.

    Args:
        numbers: (rows, numbers).
        positions: where a number lies among the bins of its column, (rows, columns with bins).
        starts: where in `tables` the embedding of a code begins, (rows, columns with categories).
        widths: how long it is, (columns with categories,).
        bins: the embeddings, (columns with bins, bins, width): what a number has of a bin it adds up.
        tables: (entries,).
        x: (rows, width of all or more).
    """
    n_numbers, (n_columns, n_bins, width) = numbers.shape[1], bins.shape
    whole = np.empty((n_bins, width), np.float32)  # the sum of all bins before one
    for column in range(n_columns):
        whole[0] = 0
        for i in range(1, n_bins):
            for j in range(width):
                whole[i, j] = whole[i - 1, j] + bins[column, i - 1, j]
        at = n_numbers + column * width
        for row in range(len(x)):
            last, part = bin_of(positions[row, column], n_bins)
            for j in range(width):
                x[row, at + j] = whole[last, j] + part * bins[column, last, j]
    for row in range(len(x)):
        x[row, :n_numbers] = numbers[row]
        at = n_numbers + n_columns * width
        for column in range(len(widths)):
            start = starts[row, column]
            for j in range(widths[column]):
                x[row, at + j] = tables[start + j]
            at += widths[column]
        x[row, at:] = 0


@compiled(MATRIX, "i8", MATRIX, INTEGER_ROWS, INTEGERS, CUBE, VECTOR, VECTOR)
def embed_back(d, n_numbers, positions, starts, widths, d_bins, d_tables, squares):
    """The gradients of :func:`embed` by `bins` and `tables`, given `d` by `x`; and `squares`: of what each row adds to
    an entry of `tables`, the sum.
    """
    n_columns, n_bins, width = d_bins.shape
    behind = np.empty((n_bins, width), np.float32)  # by all rows whose last bin is this one, then by those behind too
    for column in range(n_columns):
        behind[:] = 0
        d_bins[column] = 0
        at = n_numbers + column * width
        for row in range(len(d)):
            last, part = bin_of(positions[row, column], n_bins)
            for j in range(width):
                behind[last, j] += d[row, at + j]
                d_bins[column, last, j] += part * d[row, at + j]
        for i in range(n_bins - 2, -1, -1):
            for j in range(width):
                d_bins[column, i, j] += behind[i + 1, j]
                behind[i, j] += behind[i + 1, j]
    d_tables[:] = 0
    squares[:] = 0
    for row in range(len(d)):
        at = n_numbers + n_columns * width
        for column in range(len(widths)):
            start = starts[row, column]
            for j in range(widths[column]):
                d_tables[start + j] += d[row, at + j]
                squares[start + j] += d[row, at + j] ** 2
            at += widths[column]


@compiled(MATRIX, VECTOR, VECTOR, "f4", MATRIX, VECTOR, VECTOR)
def normalise(x, scale, shift, epsilon, y, mean, factor):
    """Write the first numbers of each row of `x`, as many as `scale` and `shift` have, less their mean and over their
    deviation, into `y`, and 0 behind; `mean` and `factor` (rows,) are noted.
    """
    width = len(scale)
    for row in range(len(x)):
        total = np.float32(0)
        for j in range(width):
            total += x[row, j]
        middle = total / np.float32(width)
        total = np.float32(0)
        for j in range(width):
            total += (x[row, j] - middle) ** 2
        by = np.float32(1) / np.sqrt(total / np.float32(width) + epsilon)
        mean[row], factor[row] = middle, by
        for j in range(width):
            y[row, j] = (x[row, j] - middle) * by * scale[j] + shift[j]
        y[row, width:] = 0


@compiled(MATRIX, MATRIX, VECTOR, VECTOR, VECTOR, MATRIX, VECTOR, VECTOR)
def normalise_back(d, x, scale, mean, factor, d_x, d_scale, d_shift):
    """The gradients of :func:`normalise` given `d` by `y`: Ba, Kiros & Hinton, "Layer normalization", 2016."""
    width = len(scale)
    d_scale[:] = 0
    d_shift[:] = 0
    for row in range(len(x)):
        middle, by = mean[row], factor[row]
        along, across = np.float32(0), np.float32(0)
        for j in range(width):
            across += d[row, j] * scale[j]
            along += d[row, j] * scale[j] * (x[row, j] - middle) * by
        across /= np.float32(width)
        along /= np.float32(width)
        for j in range(width):
            normal = (x[row, j] - middle) * by
            d_x[row, j] = by * (d[row, j] * scale[j] - across - normal * along)
            d_scale[j] += d[row, j] * normal
            d_shift[j] += d[row, j]
        d_x[row, width:] = 0


@compiled(MATRIX, BYTES, "u1", "f4", MATRIX)
def drop(x, drawn, least, factor, y):
    """Write `x` into `y`, `factor` times as large where at least `least` was `drawn`, elsewhere 0."""
    for row in range(len(x)):
        for j in range(x.shape[1]):
            y[row, j] = x[row, j] * factor if drawn[row, j] >= least else np.float32(0)


@compiled(MATRIX, MATRIX, MATRIX)
def gate(x, opened, y):
    """Write ``2 x opened`` into `y`."""
    for row in range(len(x)):
        for j in range(x.shape[1]):
            y[row, j] = np.float32(2) * x[row, j] * opened[row, j]


@compiled(MATRIX, MATRIX, MATRIX, MATRIX)
def gate_back(d, x, opened, d_opened):
    """The gradient of :func:`gate` given `d` by `y`, by that of which `opened` is the logistic function."""
    for row in range(len(x)):
        for j in range(x.shape[1]):
            by = opened[row, j]
            d_opened[row, j] = np.float32(2) * d[row, j] * x[row, j] * by * (np.float32(1) - by)


@compiled(MATRIX, MATRIX, VECTOR, MATRIX, VECTOR)
def prelu_back(d, x, slope, d_x, d_slope):
    """The gradients of a rectifier with a `slope` for each unit on its left side, given `d` by the result."""
    d_slope[:] = 0
    for row in range(len(x)):
        for j in range(x.shape[1]):
            below = min(x[row, j], np.float32(0))
            d_slope[j] += d[row, j] * below
            d_x[row, j] = d[row, j] * (slope[j] if below < 0 else np.float32(1))
