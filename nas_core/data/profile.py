"""The profile: what each column holds, for people, for the page and for the report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from nas_core.data import cells
from nas_core.data.column_scan import ColumnScan
from nas_core.data.types import IMAGE, Column

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 20
TOP = 10


def describe(column: Column, scan: ColumnScan, sample: pa.ChunkedArray) -> dict[str, Any]:
    """One entry of ``profile.json``.

    Counts, range, mean and std are exact; quantiles and histogram are those of the `sample` of rows, which is the whole
    table up to 200,000 rows or 64 MB. Beyond 10,000 different values they are no longer counted: then `n_distinct` is
    the least number and `n_distinct_exact` is false.
    """
    if column.type == IMAGE:
        return {"name": column.name, "type": IMAGE, "n_missing": 0, "shape": scan.kind.shape}
    entry: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "n_missing": scan.n_missing,
        "n_distinct": scan.counts.n_distinct,
    }
    if not scan.counts.is_exact:
        entry["n_distinct_exact"] = False
    if column.type == "numeric":
        return entry | {"n_missing": scan.n_rows - scan.numbers.n} | _numbers(scan, _without_codes(column, sample))
    top = [{"value": value, "count": count} for value, count in scan.counts.top(TOP)]
    if column.type == "date":
        entry |= _range(cells.moments(sample, column.form or cells.ISO))
    return entry | {"top": top}


def _without_codes(column: Column, sample: pa.ChunkedArray) -> np.ndarray:
    x = cells.numbers(sample)
    return x[~np.isin(x, column.missing)] if column.missing else x


def hide_values(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without values of single rows: most frequent words, smallest and largest."""
    hidden = {key: value for key, value in entry.items() if key != "top"}
    return hidden | {key: None for key in ("min", "max") if key in hidden}


def _numbers(scan: ColumnScan, sample: np.ndarray) -> dict[str, Any]:
    numbers, sample = scan.numbers, sample[~np.isnan(sample)]
    if not len(sample):
        return {
            "integer": False,
            "min": None,
            "max": None,
            "mean": None,
            "std": None,
            "quantiles": [],
            "histogram": None,
        }
    return {
        "integer": numbers.is_integer,
        "min": numbers.min,
        "max": numbers.max,
        "mean": numbers.mean,
        "std": numbers.std,
        "quantiles": np.quantile(sample, QUANTILES).tolist(),
        "histogram": histogram(sample, BINS),
    }


def histogram(x: np.ndarray, bins: int) -> dict[str, Any]:
    """Counts of finite numbers in `bins` equal bins: ``{"edges": [bins + 1], "counts": [bins]}``."""
    low, high = float(x.min()), float(x.max())
    largest = max(abs(low), abs(high))
    if high - low <= 1e-9 * largest:  # bins so narrow that their edges would be equal
        margin = 1e-6 * largest or 0.5
        low, high = low - margin, high + margin
    counts, edges = np.histogram(x, bins=bins, range=(low, high))
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _range(sample: np.ndarray) -> dict[str, Any]:
    sample = sample[~np.isnat(sample)]
    return {"min": str(sample.min()), "max": str(sample.max())} if len(sample) else {"min": None, "max": None}
