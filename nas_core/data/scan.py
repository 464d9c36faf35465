"""The first pass over a table: what each column holds, in memory that does not grow with the rows.

Kept whole are only the columns asked for (the target, the groups), dictionary-encoded, and a sample of whole rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from nas_core.data import cells
from nas_core.data.alike import RowHashes, mixed
from nas_core.data.cells import is_nested
from nas_core.data.limits import limits
from nas_core.data.timeline import Timeline
from nas_core.errors import JobError

MAX_DISTINCT = 10_000  # distinct values of a column that are counted; from then on the most frequent ones only
MAX_FOLLOWED = 1_000
LEAST_FOLLOWED = 0.001  # share of the values that the most frequent one must have
SAMPLE_ROWS = 200_000
SAMPLE_BYTES = 64 << 20


class Counts:
    """How often each value occurs: exact up to MAX_DISTINCT values, then only for those frequent so far."""

    def __init__(self) -> None:
        self._values: pa.Array | None = None
        self.counts = np.zeros(0, np.int64)
        self.n_distinct = 0
        self.is_exact = True
        self.distinct_share = 0.0  # of the values met while counting was exact
        self._n = 0

    def add(self, values: pa.Array, counts: np.ndarray) -> None:
        """Count distinct `values` that occur `counts` times."""
        if self.is_exact:
            self._merge(values, counts)
            if self.n_distinct > MAX_DISTINCT:
                self._narrow()
        elif len(self.counts):
            self._follow(values, counts)

    @property
    def values(self) -> pa.Array:
        """The values as words, in the order of `counts`."""
        return cells.words(pa.array([], pa.string()) if self._values is None else self._values)

    def _merge(self, values: pa.Array, counts: np.ndarray) -> None:
        known = values if self._values is None else pa.concat_arrays([self._values, values])
        both = pa.table({"value": known, "n": np.append(self.counts, counts)})
        merged = both.group_by("value", use_threads=False).aggregate([("n", "sum")])
        self._values = cells.flat(merged["value"])
        self.counts = merged["n_sum"].to_numpy()
        self._n += int(counts.sum())
        self.n_distinct = len(self._values)
        self.distinct_share = self.n_distinct / max(self._n, 1)

    def _narrow(self) -> None:
        """Keep the values that are frequent; where none is, as among measurements, there is nothing to follow."""
        self.is_exact = False
        order = np.argsort(-self.counts, kind="stable")[:MAX_FOLLOWED]
        if self.counts[order[0]] < LEAST_FOLLOWED * self._n:
            order = order[:0]
        assert self._values is not None
        self._values, self.counts = self._values.take(pa.array(order)), self.counts[order]

    def _follow(self, values: pa.Array, counts: np.ndarray) -> None:
        places = pc.index_in(values, self._values).fill_null(-1).to_numpy()
        known = places >= 0
        np.add.at(self.counts, places[known], counts[known])

    @property
    def is_following(self) -> bool:
        """Whether there is anything left to count."""
        return self.is_exact or bool(len(self.counts))

    def top(self, n: int) -> list[tuple[str, int]]:
        """The `n` most frequent values; equal counts in the order of the words."""
        pairs = zip(self.values.to_pylist(), self.counts.tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:n]


class Moments:
    """Count, mean, variance and range of numbers, merged block by block (Chan, Golub and LeVeque, 1983)."""

    def __init__(self) -> None:
        self.n = 0
        self.mean = 0.0
        self.squares = 0.0
        self.min = np.inf
        self.max = -np.inf
        self.is_integer = True
        self.is_increasing = True
        self._last = -np.inf

    def add(self, x: np.ndarray) -> None:
        """Take in finite numbers in the order of the rows."""
        if not len(x):
            return
        self.is_increasing &= bool(x[0] > self._last and (np.diff(x) > 0).all())
        self._last = float(x[-1])
        self.is_integer &= bool((x == np.rint(x)).all())
        self.min, self.max = min(self.min, float(x.min())), max(self.max, float(x.max()))
        n, mean = self.n + len(x), float(x.mean())
        change = mean - self.mean
        self.squares += float(((x - mean) ** 2).sum()) + change**2 * self.n * len(x) / n
        self.mean += change * len(x) / n
        self.n = n

    @property
    def std(self) -> float:
        """Standard deviation of the population; 0 when there are no numbers."""
        return float(np.sqrt(self.squares / self.n)) if self.n else 0.0


class ColumnScan:
    """What one column holds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind: pa.DataType = pa.null()
        self.n_rows = 0
        self.n_missing = 0
        self.numbers = Moments()
        self.counts = Counts()
        self.n_booleans = 0
        self.n_dates = dict.fromkeys(cells.DATE_FORMS, 0)
        self.n_spaces = 0
        self.odd: list[str] = []  # a few texts that are no numbers

    @property
    def n_values(self) -> int:
        """Rows that are not missing."""
        return self.n_rows - self.n_missing

    def add(self, column: pa.Array) -> None:
        """Take in one batch."""
        self.kind = column.type
        self.n_rows += len(column)
        if is_nested(column.type):
            return
        if types.is_integer(column.type) or types.is_floating(column.type):
            self._add_numbers(column)
        else:
            self._add_words(column)

    def _add_numbers(self, column: pa.Array) -> None:
        numbers = cells.numbers(column)
        is_known = ~np.isnan(numbers)
        n_known = int(is_known.sum())
        self.n_missing += len(numbers) - n_known
        self.numbers.add(numbers if n_known == len(numbers) else numbers[is_known])
        if self.counts.is_following:
            counted = pc.value_counts(column if n_known == len(numbers) else column.filter(pa.array(is_known)))
            self.counts.add(counted.field("values"), counted.field("counts").to_numpy())

    def _add_words(self, column: pa.Array) -> None:
        """Look at each different cell once."""
        different, places = cells.coded(column)
        counts = np.bincount(places[places >= 0], minlength=len(different))
        words = cells.words(different)
        is_word = words.is_valid().to_numpy(zero_copy_only=False)
        self.n_missing += len(column) - int(counts[is_word].sum())
        numbers = np.append(cells.numbers(different), np.nan)[places]
        numbers = numbers[~np.isnan(numbers)]
        self.numbers.add(numbers)
        values, counts = words.drop_null(), counts[is_word]
        if self.counts.is_following:
            self.counts.add(values, counts)
        if types.is_string(different.type) and len(numbers) < counts.sum():
            self._add_texts(values, counts)

    def _add_texts(self, values: pa.Array, counts: np.ndarray) -> None:
        """Look at distinct texts for what they may be if not numbers."""
        if len(self.odd) < 3:
            self.odd += values.filter(pa.array(np.isnan(cells.numbers(values)))).slice(0, 3).to_pylist()
        lowered = pc.utf8_lower(values)
        self.n_booleans += int(counts[cells.is_one_of(lowered, cells.TRUE + cells.FALSE)].sum())
        self.n_spaces += int((pc.count_substring(values, " ").to_numpy(zero_copy_only=False) * counts).sum())
        for form, (pattern, _) in cells.DATE_FORMS.items():
            like = pc.match_substring_regex(values, pattern).to_numpy(zero_copy_only=False)
            if like.any():
                self.n_dates[form] += int(counts[~np.isnat(cells.moments(values, form))].sum())


class Sample:
    """A uniform sample of whole rows, the same whenever the same rows come, bounded in rows and bytes.

    Each row has a pseudo-random rank; those below a limit stay, and the limit is halved whenever they become too many.
    """

    def __init__(self) -> None:
        self._batches: list[pa.RecordBatch] = []
        self._rows: list[np.ndarray] = []
        self._limit = 1 << 64

    def add(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Take in one batch whose first row has this number in the table."""
        self._keep(batch, np.arange(first_row, first_row + batch.num_rows, dtype=np.uint64))
        while (
            sum(b.num_rows for b in self._batches) > SAMPLE_ROWS or sum(b.nbytes for b in self._batches) > SAMPLE_BYTES
        ):
            self._limit //= 2
            batches, rows = self._batches, self._rows
            self._batches, self._rows = [], []
            for kept, numbers in zip(batches, rows, strict=True):
                self._keep(kept, numbers)

    def _keep(self, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        if self._limit < 1 << 64:
            mask = mixed(rows) < np.uint64(self._limit)
            batch, rows = batch.filter(pa.array(mask)), rows[mask]
        self._batches.append(batch)
        self._rows.append(rows)

    def table(self) -> tuple[pa.Table, np.ndarray]:
        """The sampled rows and their numbers in the table."""
        return pa.Table.from_batches(self._batches), np.concatenate(self._rows).astype(np.int64)


@dataclass(frozen=True)
class TableScan:
    """What one pass found: a scan a column, the rows, a sample with its row numbers, the columns kept whole.

    `hashes` tell equal rows, `timeline` the order of the rows in time where it was asked for.
    """

    columns: dict[str, ColumnScan]
    n_rows: int
    sample: pa.Table
    sample_rows: np.ndarray
    kept: dict[str, pa.ChunkedArray]
    hashes: RowHashes
    timeline: Timeline | None = None


def scan_table(
    batches: Iterable[pa.RecordBatch],
    keep: Iterable[str],
    *,
    without: Iterable[str] = (),
    like: TableScan | None = None,
    timeline: Timeline | None = None,
) -> TableScan | None:
    """Read all batches once; None when there are no rows.

    Args:
        batches: the table, in order.
        keep: the columns to keep whole, as dictionary-encoded words.
        without: columns that may differ between rows that count as equal.
        like: the scan of another table whose rows are to be compared with these.
        timeline: follows the order of the rows in time.
    """
    left_out = set(without)
    hashes = RowHashes(None if like is None else like.hashes.names)
    scans: dict[str, ColumnScan] = {}
    kept: dict[str, list[pa.Array]] = {name: [] for name in keep}
    sample = Sample()
    n_rows, most = 0, limits().max_rows
    for batch in batches:
        for name in batch.schema.names:
            scans.setdefault(name, ColumnScan(name)).add(batch.column(name))
        for name, chunks in kept.items():
            chunks.append(_compact(batch.column(name)))
        hashes.add(batch.select([n for n in batch.schema.names if n not in left_out]))
        sample.add(batch, n_rows)
        if timeline:
            timeline.add(batch)
        n_rows += batch.num_rows
        if n_rows > most:
            raise JobError(f"must have at most {most:,} rows (`NAS_MAX_ROWS`), but has more.")
    if not n_rows:
        return None
    rows, numbers = sample.table()
    whole = {name: pa.chunked_array(chunks) for name, chunks in kept.items()}
    return TableScan(scans, n_rows, rows, numbers, whole, hashes, timeline)


def _compact(column: pa.Array) -> pa.Array:
    """A copy of `column` that does not hold on to its batch."""
    column = cells.texts(column) if not is_nested(column.type) else pa.nulls(len(column), pa.string())
    return column.dictionary_encode()
