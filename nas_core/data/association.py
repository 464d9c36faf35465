"""How much a column alone says about the target."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from nas_core.data import cells
from nas_core.data.types import Column

BINS = 64
MOST_ROWS = 50_000
LEAST_ROWS = 50


def bins(column: Column, raw: cells.Column) -> np.ndarray:
    """The group of each cell: 64 quantiles of numbers, the cell itself for words; a group of its own for missing."""
    if column.type == "categorical":
        different, places = cells.coded(raw)
        _, words = cells.coded(cells.words(different))
        return np.asarray(np.append(words, -1)[places] + 1)
    if column.type == "boolean":
        return np.asarray(np.nan_to_num(cells.booleans(raw), nan=2.0), np.int64)
    x = numbers(column, raw)
    known = x[~np.isnan(x)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.zeros(0)
    return np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, side="right"))


def numbers(column: Column, raw: cells.Column) -> np.ndarray:
    """Numbers, and dates as seconds, float64; NaN where missing."""
    if column.type == "date":
        moments = cells.moments(raw, column.form or cells.ISO)
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64).astype(np.float64))
    x = cells.booleans(raw) if column.type == "boolean" else cells.numbers(raw)
    return np.where(np.isin(x, column.missing), np.nan, x) if column.missing else x


def explained(groups: np.ndarray, target: np.ndarray) -> float:
    """Share of the target's variance that the means of the groups explain, on rows that the means were not taken from.

    Args:
        groups: int (rows,), as :func:`bins` gives.
        target: class codes (int) or numbers (float), one a row. Of classes it is the variance of their indicators, so
            that the share is Goodman and Kruskal's tau (1954) with held-out rows.

    Returns:
        1 when the column alone tells the target, 0 when it tells nothing, or when there are fewer than 50 rows.
    """
    if len(target) < LEAST_ROWS:
        return 0.0
    y = _indicators(target)
    half = np.random.default_rng(0).random(len(y)) < 0.5
    sums = np.zeros((int(groups.max()) + 1, y.shape[1]))
    counts = np.bincount(groups[half], minlength=len(sums))
    np.add.at(sums, groups[half], y[half])
    mean = y[half].mean(axis=0)
    means = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], mean)
    left = ((y[~half] - means[groups[~half]]) ** 2).sum()
    whole = ((y[~half] - mean) ** 2).sum()
    return float(np.clip(1 - left / whole, 0, 1)) if whole > 0 else 0.0


def _indicators(target: np.ndarray) -> np.ndarray:
    if target.dtype.kind == "f":
        return np.asarray(target[:, None], np.float64)
    codes = np.unique(target)
    return np.asarray(target[:, None] == codes, np.float64)


def correlation(x: np.ndarray, target: np.ndarray) -> float | None:
    """Pearson's r of numbers with numbers, or with a two-class target; None where it has no meaning."""
    if target.dtype.kind != "f" and len(np.unique(target)) > 2:
        return None
    known = np.isfinite(x)
    x, y = x[known], target[known].astype(np.float64)
    if len(x) < 3 or x.std() == 0 or y.std() == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def with_target(column: Column, sample: pa.ChunkedArray, target: np.ndarray) -> dict[str, float | None]:
    """`association` and, for numbers, `correlation` of a column with the target, for its entry in the profile.

    Args:
        column: the schema's column.
        sample: its cells in sampled rows whose target is known; the first 50,000 are looked at.
        target: the encoded target of these rows.
    """
    sample, target = sample[:MOST_ROWS], target[:MOST_ROWS]
    found: dict[str, float | None] = {"association": explained(bins(column, sample), target)}
    if column.type != "categorical":
        found["correlation"] = correlation(numbers(column, sample), target)
    return found
