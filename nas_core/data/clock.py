"""A split in time: when each row was, and whether the rows can be split by it so that what came last tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nas_core.data.checks import Findings
from nas_core.data.scan import TableScan
from nas_core.data.settings import DataSettings
from nas_core.data.split import LEAST_A_CLASS, TEST, TRAIN, VALID, split_in_time
from nas_core.data.timeline import NUMBER
from nas_core.data.types import basic_type

JUDGES = ((VALID, "validate"), (TEST, "test"))
LEAST_MOMENTS = 3
MOST_MISSING = 0.05  # share of rows without a moment; more of them have an event of their own there
MOST_MISSING_ASKED = 0.5


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


def find_clock(settings: DataSettings, scan: TableScan, findings: Findings) -> Clock | None:
    """The moments of the rows, when a column has them and nothing else decides the split.

    Adds an error when the job asks for a split in time and no column has them.
    """
    if settings.group_column or settings.split == "random":
        return None
    name, form, moments = None, None, None
    if scan.timeline is not None:
        name = scan.timeline.name
        kind, form = basic_type(scan.columns[name])
        if kind in ("date", "numeric"):
            moments = scan.timeline.moments(form or NUMBER)
    if settings.is_split_in_time and (name is None or moments is None):
        what = f"`time_column` must hold dates or numbers, but {name!r} does not."
        message = what if name else "`split` must be auto or random where no column holds dates, but got 'time'."
        findings.error(name, "time order", message, "Name the column that orders the rows in `time_column`.")
    if name is None or moments is None:
        return None
    if not settings.is_split_in_time and scan.columns[name].counts.n_distinct < LEAST_MOMENTS:
        return None
    return Clock(name, form, moments, settings.is_split_in_time)


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
