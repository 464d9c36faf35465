"""The order of the rows in time, kept while the table is read, for a split that tests on what came last."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow import types

from nas_core.data import cells
from nas_core.data.checks import Findings
from nas_core.data.split import LEAST_A_CLASS, TEST, TRAIN, VALID, split_in_time

NUMBER = "number"
JUDGES = ((VALID, "validate"), (TEST, "test"))
MOST_MISSING = 0.05  # share of rows without a moment; more of them have an event of their own there
MOST_MISSING_ASKED = 0.5
LIKELY = 0.5  # share of a batch's values that must be dates, or it is no column of dates
BIRTH = re.compile(r"birth|born|\bdob\b|geburt|naissance|nacimiento|рожд", re.IGNORECASE)


@dataclass(frozen=True)
class Clock:
    """When each row of a table was: `moments`, float64 (rows,), NaN where unknown, in the column `name`.

    `form` says how its dates are written (None: numbers), `is_asked` whether the job wants a split by them.
    """

    name: str
    form: str | None
    moments: np.ndarray
    is_asked: bool

    def said(self, moment: float) -> str:
        """`moment` in words."""
        if self.form is None:
            return f"{moment:g}"
        return str(np.datetime64(int(moment), "s")).removesuffix("T00:00:00").replace("T", " ")


class Timeline:
    """Follows one column: that called `name`, or the first that holds dates; 8 bytes a row for each way to read it.

    Dates of birth are passed over: they tell when a person began, not when a row did. Which column it is, is decided by
    the first batch with rows.
    """

    def __init__(self, name: str | None = None, *, without: Iterable[str] = ()) -> None:
        self.name = name
        self._without = frozenset(without)
        self._moments: dict[str, list[np.ndarray]] | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in one batch."""
        if self._moments is None:
            if batch.num_rows:
                self._begin(batch)
            return
        for form in list(self._moments):
            self._follow(form, batch.column(self.name))

    def _begin(self, batch: pa.RecordBatch) -> None:
        self._moments = {}
        names = [self.name] if self.name else [n for n in batch.schema.names if not BIRTH.search(n)]
        for name in names:
            if name in self._without or name not in batch.schema.names:
                continue
            self._moments = {form: [] for form in _forms(batch.column(name), or_numbers=bool(self.name))}
            for form in list(self._moments):
                self._follow(form, batch.column(name))
            if any(np.isfinite(chunk).any() for (chunk,) in self._moments.values()):
                self.name = name
                return
        self._moments = {}

    def _follow(self, form: str, column: pa.Array) -> None:
        """Add the moments of one batch, or give the form up when they are none."""
        assert self._moments is not None
        different, places = cells.coded(column)
        read = np.append(seconds(different, form), np.nan)[places]
        n_values = np.append(cells.texts(different).is_valid(), False)[places].sum()
        if np.isfinite(read).sum() < LIKELY * n_values:
            del self._moments[form]
        else:
            self._moments[form].append(read)

    def moments(self, form: str) -> np.ndarray | None:
        """Seconds since 1970 (or numbers) of each row read in this form; None when they are not written so."""
        chunks = (self._moments or {}).get(form)
        return np.concatenate(chunks) if chunks else None


def _forms(column: pa.Array, *, or_numbers: bool) -> list[str]:
    """The ways to read a column that may hold dates."""
    numbers = [NUMBER] if or_numbers else []
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


def split_by(
    clock: Clock, known: np.ndarray, strata: np.ndarray | None, shares: tuple[float, float], findings: Findings
) -> np.ndarray | None:
    """The part of each row in time, among the rows `known` (a mask); None when they cannot be split so.

    Args:
        clock: when each row was.
        known: the rows to split.
        strata: their classes, codes from 0: each must be learned, and those that judge must be of two or more.
        shares: of validation and of test, as for :func:`nas_core.data.split.split_in_time`.
        findings: receives what was done, or why it was not: an error when the job asks for it.
    """
    moments = clock.moments[known]
    parts = split_in_time(moments, shares)
    reason = "too many of them fall on one moment" if parts is None else _lacking(parts, strata)
    missing = float(np.isnan(moments).mean())
    if missing > (MOST_MISSING_ASKED if clock.is_asked else MOST_MISSING):
        reason = f"{missing:.0%} of them have none"
    if parts is not None and not reason:
        _say(clock, moments, parts, findings)
        return parts
    message = f"The rows cannot be split in time by {clock.name!r}: {reason}."
    if clock.is_asked:
        findings.error(clock.name, "time order", message, "Name another `time_column`, or set `split` to random.")
        findings.raise_errors()
    findings.warning(clock.name, "time order", message, "They are split by chance.")
    return None


def _lacking(parts: np.ndarray, strata: np.ndarray | None) -> str | None:
    """What the classes lack in these parts; None when they can be learned and judged."""
    if strata is None:
        return None
    n = int(strata.max()) + 1
    counts = np.array([np.bincount(strata[parts == part], minlength=n) for part in (TRAIN, VALID, TEST)])
    if (counts[TRAIN] < LEAST_A_CLASS)[counts.sum(axis=0) > 0].any():
        return "a class begins too late to be learned"
    return "a part that judges would be of one class" if ((counts > 0).sum(axis=1) == 1).any() else None


def _say(clock: Clock, moments: np.ndarray, parts: np.ndarray, findings: Findings) -> None:
    begins = [(clock.said(moments[parts == part].min()), what) for part, what in JUDGES if (parts == part).any()]
    since = f": {', '.join(f'from {moment} on they {what}' for moment, what in begins)}" if findings.show_rows else ""
    message = f"{clock.name!r} orders the rows in time: the first ones train, the later ones judge{since}."
    action = "`split` random splits them by chance, `time_column` names another column."
    tell = findings.info if clock.is_asked else findings.warning
    tell(clock.name, "time order", message, action)
