"""What is suspicious about columns and rows, and what is done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from nas_core.data import cells
from nas_core.data.checks import Findings, counted
from nas_core.data.column_scan import ColumnScan
from nas_core.data.types import MOST, Column, aside

MANY_CATEGORIES = 1_000  # as many get a code of their own
FAR = 10.0  # interquartile ranges beyond the quartiles
LEAKING = 0.99  # of the target's variance explained by one column
NEGATIVE_CODES = (-9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0)
POSITIVE_CODES = (999.0, 9999.0, 99999.0, 999999.0)
LEAST_CODED = 0.005  # share of the rows with a code


def find_missing_codes(
    columns: Sequence[Column], sample: pa.Table, findings: Findings, *, is_used: bool
) -> list[Column]:
    """`columns` with the numbers that stand for a missing value, such as -999 among ages.

    A code is a row of nines, frequent, and outside of all other values: below zero where no other value is, or
    further away than twice the range of the others.
    """
    return [_with_codes(c, sample[c.name], findings, is_used=is_used) if _is_number(c) else c for c in columns]


def _is_number(column: Column) -> bool:
    return column.role == "feature" and column.type == "numeric"


def _with_codes(column: Column, raw: cells.Column, findings: Findings, *, is_used: bool) -> Column:
    x = cells.numbers(raw)
    x = x[~np.isnan(x)]
    codes = tuple(code for code in (*NEGATIVE_CODES, *POSITIVE_CODES) if _is_code(code, x))
    if not codes:
        return column
    n = int(np.isin(x, codes).sum())
    words = ", ".join(f"{code:g}" for code in codes)
    message = f"{words} stands in {counted(n, 'row')} of {column.name!r}, far from all other values."
    action = (
        "It counts as missing; `missing_codes` off keeps it." if is_used else "It is kept, as `missing_codes` says."
    )
    findings.warning(column.name, "missing codes", message, action, n_rows=n)
    return replace(column, missing=codes) if is_used else column


def _is_code(code: float, x: np.ndarray) -> bool:
    is_code = x == code
    n = int(is_code.sum())
    if n < max(5, LEAST_CODED * len(x)):
        return False
    others = x[~is_code & ~np.isin(x, NEGATIVE_CODES if code < 0 else POSITIVE_CODES)]
    if not len(others):
        return False
    low, high = float(others.min()), float(others.max())
    if code < 0:
        return low >= 0 or low - code > 2 * (high - low)
    return code - high > 2 * (high - low)


def check_columns(
    columns: Sequence[Column], scans: Mapping[str, ColumnScan], sample: pa.Table, findings: Findings
) -> None:
    """Warn of mixed types, many categories and outliers among the features."""
    for column in columns:
        if column.role == "feature" and column.type == "categorical":
            _check_words(column, scans[column.name], findings)
        elif _is_number(column):
            _check_outliers(column, cells.numbers(sample[column.name]), findings)


def _check_words(column: Column, scan: ColumnScan, findings: Findings) -> None:
    n_numbers = scan.numbers.n
    if (1 - MOST) * scan.n_values < n_numbers < MOST * scan.n_values:
        words = scan.counts.values.filter(pa.array(np.isnan(cells.numbers(scan.counts.values))))
        message = f"{column.name!r} mixes {counted(n_numbers, 'number')} with {scan.n_values - n_numbers:,} words."
        action = 'All are read as categories; `column_types` "numeric" reads the words as missing.'
        findings.warning(column.name, "mixed types", message, action, n_rows=n_numbers, examples=words[:3].to_pylist())
    if scan.counts.n_distinct > MANY_CATEGORIES:
        n = f"{scan.counts.n_distinct:,}{'' if scan.counts.is_exact else ' or more'}"
        message = f"{column.name!r} has {n} categories."
        findings.warning(
            column.name, "high cardinality", message, f"The {MANY_CATEGORIES:,} most frequent ones are told apart."
        )


def _check_outliers(column: Column, x: np.ndarray, findings: Findings) -> None:
    x = x[~np.isnan(x) & ~np.isin(x, column.missing)]
    if len(x) < 20:
        return
    first, third = np.quantile(x, (0.25, 0.75))
    far = x[(x < first - FAR * (third - first)) | (x > third + FAR * (third - first))]
    if third > first and 0 < len(far) < 0.01 * len(x):
        message = f"{column.name!r} has {counted(len(far), 'value')} more than ten times the usual spread away."
        action = "They are kept; numbers are scaled by median and quartiles, which they do not move."
        findings.warning(
            column.name, "outliers", message, action, n_rows=len(far), examples=[f"{value:g}" for value in far[:3]]
        )


def set_leaks_aside(
    columns: Sequence[Column], association: Mapping[str, float], findings: Findings, *, is_used: bool
) -> list[Column]:
    """`columns` without features that tell the target alone, as what is known only afterwards does."""
    leaks = [c.name for c in columns if c.role == "feature" and association.get(c.name, 0.0) >= LEAKING]
    n_features = sum(c.role == "feature" for c in columns)
    is_used = is_used and len(leaks) < n_features
    for name in leaks:
        message = f"{name!r} alone tells the target ({association[name]:.1%} of its variance): it may leak the answer."
        way_back = "It is set aside; `leaking_columns` keep uses it, if it is known when predictions are made."
        warning = "It is used: leave it out (`exclude_columns`) if it is not known when predictions are made."
        findings.warning(name, "leakage", message, way_back if is_used else warning)
    reason = "it alone tells the target, as what is known only afterwards does"
    return [aside(c.name, c.type, reason) if is_used and c.name in leaks else c for c in columns]
