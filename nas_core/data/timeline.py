"""The order of the rows in time, kept while the table is read."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from pyarrow import types

from nas_core.data import cells

NUMBER = "number"
LIKELY = 0.5  # share of a batch's values that must be dates, or it is no column of dates
BIRTH = re.compile(r"birth|born|\bdob\b|geburt|naissance|nacimiento|рожд", re.IGNORECASE)


class Timeline:
    """The moments of the rows in one column: 8 bytes a row for each of the `forms` in which all of them can be read."""

    def __init__(self, name: str, forms: Iterable[str]) -> None:
        self.name = name
        self._moments: dict[str, list[np.ndarray]] = {form: [] for form in forms}

    @property
    def forms(self) -> list[str]:
        """The forms that no batch has ruled out."""
        return list(self._moments)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in one batch; forms in which it holds no dates are given up."""
        if not self._moments:
            return
        column = batch.column(self.name)
        different, places = cells.coded(column)
        n_values = np.append(cells.texts(different).is_valid(), False)[places].sum()
        for form in self.forms:
            read = np.append(seconds(different, form), np.nan)[places]
            if np.isfinite(read).sum() < LIKELY * n_values:
                del self._moments[form]
            else:
                self._moments[form].append(read)

    def merge(self, other: Timeline) -> None:
        """Take in the rows that follow."""
        self._moments = {
            form: chunks + other._moments[form] for form, chunks in self._moments.items() if form in other._moments
        }

    def moments(self, form: str) -> np.ndarray | None:
        """Seconds since 1970 (or numbers) of each row read in this form; None when they are not written so."""
        chunks = self._moments.get(form)
        return np.concatenate(chunks) if chunks else None


def find_timeline(batch: pa.RecordBatch, name: str | None, without: Iterable[str] = ()) -> Timeline | None:
    """A timeline, still empty, of the column `name`, or of the first that holds dates in the first `batch` of a table.

    Dates of birth are passed over: they tell when a person began, not when a row did. So are the columns `without`.
    """
    if name is not None:
        return Timeline(name, _forms(batch.column(name), or_numbers=True))
    for other in sorted(set(batch.schema.names) - set(without), key=batch.schema.names.index):
        if BIRTH.search(other):
            continue
        found = Timeline(other, _forms(batch.column(other), or_numbers=False))
        found.add(batch)
        if any(np.isfinite(chunk).any() for (chunk,) in found._moments.values()):
            return Timeline(other, found.forms)
    return None


def _forms(column: pa.Array, *, or_numbers: bool) -> list[str]:
    """The ways to read a column that may hold dates."""
    numbers = [NUMBER] if or_numbers and not cells.is_nested(column.type) else []
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if types.is_timestamp(kind) or types.is_date(kind):
        return [cells.ISO]
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return [*cells.DATE_FORMS, *numbers] if is_text else numbers


def seconds(column: cells.Column, form: str) -> np.ndarray:
    """The cells as seconds since 1970, or as the numbers they are; float64, NaN where missing."""
    if form == NUMBER:
        return cells.numbers(column)
    moments = cells.moments(column, form)
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64).astype(np.float64))
