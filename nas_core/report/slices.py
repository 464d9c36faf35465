"""Where the network is weak: parts of the test rows in which it is worse than in all others, beyond chance.

The parts are the categories, or fifths by value, of the columns that the network looks at most. Chung et al., "Slice
Finder", ICDE 2019.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from nas_core.data import cells
from nas_core.data.association import numbers
from nas_core.data.types import Column
from nas_core.report import bootstrap
from nas_core.report.metrics import figures_of
from nas_core.report.texts.sentences import sentence_texts
from nas_core.report.words import number, printable, shorten

N_COLUMNS = 12
N_BINS = 5
N_CATEGORIES = 20  # of a column, the most frequent ones
LEAST_ROWS = 50
MAX_ROWS = 10_000
N_RESAMPLES = 200
CHANCE = 0.05  # of naming any slice when the network is equally good everywhere
SHOWN = 10
LONGEST_NAME = 40


@dataclass(frozen=True)
class SliceFacts:
    """Test rows whose `column` is as `where` says. There the figure is `value` (from `low` to `high` by bootstrap), in
    all other rows `elsewhere`; the linear model has `linear` there. `p`: by chance, corrected for all slices looked at.
    """

    column: str
    where: str
    n_rows: int
    value: float
    low: float | None
    high: float | None
    elsewhere: float
    linear: float | None
    p: float


@dataclass(frozen=True)
class SlicesFacts:
    """The weak slices, those that lose most first, of `n_looked_at` in all; figures are in `metric`."""

    metric: str
    n_looked_at: int
    weak: tuple[SliceFacts, ...]


@dataclass(frozen=True)
class Figures:
    """Measures parts of the test rows: `truth` (rows,) and `outputs` of the network and its rivals, (rows, …) each."""

    task: str
    spec: dict[str, Any]
    metric: str
    truth: np.ndarray
    outputs: Mapping[str, np.ndarray]

    def of(self, who: str, rows: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
        """The figure on the part `rows` (a mask) of each resample of `counts`; None: of the rows themselves."""
        counts = np.ones((1, len(rows))) if counts is None else counts
        spec, truth, output = self.spec, self.truth[rows], self.outputs[who][rows]
        return np.asarray(figures_of(self.task).resampled(spec, self.metric, truth, output, counts[:, rows]))

    def interval(self, rows: np.ndarray) -> bootstrap.Interval | None:
        """That of the network's figure on the part `rows`."""
        output = {"network": self.outputs["network"][rows]}
        return bootstrap.resample(figures_of(self.task), self.spec, self.metric, self.truth[rows], output).own()


def column(entry: Mapping[str, Any]) -> Column:
    """A column as ``schema.json`` has it."""
    return Column(entry["name"], entry["type"], form=entry.get("form"), missing=tuple(entry.get("missing", ())))


def slice_metric(task: str, metric: str) -> str:
    """`metric`, or the task's first one that says of a part of the rows how good the network is there."""
    metrics = figures_of(task).METRICS
    return metric if metrics[metric].is_local else next(name for name, about in metrics.items() if about.is_local)


def find_weak(table: pa.Table, columns: Sequence[Column], figures: Figures, language: str = "en") -> SlicesFacts:
    """The slices of the raw test rows `table` by `columns`, the most important first, in which the network is weak.

    The difference to all other rows is held against its bootstrap error (normal, one-sided), with Holm's correction
    (1979) for the number of slices.
    """
    sign = 1 if figures_of(figures.task).METRICS[figures.metric].higher_is_better else -1
    n = table.num_rows
    counts = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), N_RESAMPLES).astype(np.float64) if n else None
    slices = [each for column in columns for each in _slices(column, table[column.name], language)]
    tried = [(_chance(figures, rows, counts, sign), column, where, rows) for column, where, rows in slices]
    weak = []
    for place, (p, column, where, rows) in enumerate(sorted(tried, key=lambda each: each[0])):
        corrected = min(1.0, p * (len(tried) - place))
        if corrected > CHANCE:
            break
        weak.append(_facts(figures, column, where, rows, corrected))
    weak.sort(key=lambda each: -sign * (each.elsewhere - each.value))
    return SlicesFacts(figures.metric, len(tried), tuple(weak[:SHOWN]))


def _slices(column: Column, raw: cells.Column, language: str) -> Iterator[tuple[str, str, np.ndarray]]:
    """The column's name, the slice in words, and its rows as a mask; where enough rows are inside and outside."""
    split = _by_category if column.type in ("categorical", "boolean") else _by_value
    for where, rows in split(column, raw, language):
        if LEAST_ROWS <= rows.sum() <= len(rows) - LEAST_ROWS:
            yield column.name, where, rows


def _by_category(column: Column, raw: cells.Column, language: str) -> Iterator[tuple[str, np.ndarray]]:  # noqa: ARG001
    different, places = cells.coded(cells.words(raw))
    yield sentence_texts(language)["slice_missing"], places < 0
    usual = np.argsort(-np.bincount(places[places >= 0], minlength=len(different)), kind="stable")[:N_CATEGORIES]
    for code in usual.tolist():
        yield shorten(printable(different[code].as_py()), LONGEST_NAME), places == code


def _by_value(column: Column, raw: cells.Column, language: str) -> Iterator[tuple[str, np.ndarray]]:
    x = numbers(column, raw)
    is_known = np.isfinite(x)
    texts = sentence_texts(language)
    yield texts["slice_missing"], ~is_known
    if not is_known.any():
        return
    edges = np.unique(np.quantile(x[is_known], np.linspace(0, 1, N_BINS + 1)[1:-1], method="higher"))
    bins = np.where(is_known, np.searchsorted(edges, np.where(is_known, x, 0.0), side="right"), -1)
    for place in range(len(edges) + 1):
        rows = bins == place
        if rows.any():
            low, high = (_said(column, raw, int(row), language) for row in _ends(x, rows))
            yield low if low == high else texts["slice_range"].format(low=low, high=high), rows


def _ends(x: np.ndarray, rows: np.ndarray) -> tuple[int, int]:
    """The rows with the least and the largest value."""
    inside = np.flatnonzero(rows)
    return inside[x[inside].argmin()], inside[x[inside].argmax()]


def _said(column: Column, raw: cells.Column, row: int, language: str) -> str:
    value = raw[row].as_py()
    if column.type != "numeric":
        return shorten(printable(value), LONGEST_NAME)
    return number(float(cells.numbers(raw.slice(row, 1))[0]), language)


def _chance(figures: Figures, rows: np.ndarray, counts: np.ndarray | None, sign: int) -> float:
    """How likely chance makes the network as much worse in `rows` as it is."""
    gap = sign * float(figures.of("network", ~rows)[0] - figures.of("network", rows)[0])
    if counts is None or not gap > 0:
        return 1.0
    inside, outside = (figures.of("network", part, counts) for part in (rows, ~rows))
    error = float(np.nanstd(inside - outside))
    return math.erfc(gap / error / math.sqrt(2)) / 2 if error > 0 else 1.0


def _facts(figures: Figures, column: str, where: str, rows: np.ndarray, p: float) -> SliceFacts:
    interval = figures.interval(rows)
    return SliceFacts(
        column=column,
        where=where,
        n_rows=int(rows.sum()),
        value=float(figures.of("network", rows)[0]),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        elsewhere=float(figures.of("network", ~rows)[0]),
        linear=float(figures.of("linear", rows)[0]) if "linear" in figures.outputs else None,
        p=p,
    )
