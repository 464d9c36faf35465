"""What one column holds, taken in batch by batch or piece by piece, in memory that does not grow with the rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from nas_core.data import cells
from nas_core.data.cells import is_nested

MAX_DISTINCT = 10_000  # distinct values of a column that are counted; from then on the most frequent ones only
MAX_FOLLOWED = 1_000
LEAST_FOLLOWED = 0.001  # share of the values that the most frequent one must have
ODD_KEPT = 3


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

    def merge(self, other: Counts) -> None:
        """Take in the values that follow. Beyond MAX_DISTINCT, what is frequent on either side is kept."""
        if other._values is None:
            return
        if self._values is None:
            self.__dict__ |= other.__dict__
            return
        is_exact, n = self.is_exact and other.is_exact, self._n + other._n
        n_distinct, n_met = max(self.n_distinct, other.n_distinct), self.n_distinct + other.n_distinct
        self._merge(other._values, other.counts)
        self._n = n
        if not is_exact or self.n_distinct > MAX_DISTINCT:
            self._narrow()
        if not is_exact:
            self.n_distinct, self.distinct_share = n_distinct, n_met / max(n, 1)

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
        if len(order) and self.counts[order[0]] < LEAST_FOLLOWED * self._n:
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
        self._first, self._last = np.inf, -np.inf

    def add(self, x: np.ndarray) -> None:
        """Take in finite numbers in the order of the rows."""
        if not len(x):
            return
        block = Moments()
        block.n, block.mean = len(x), float(x.mean())
        block.squares = float(((x - block.mean) ** 2).sum())
        block.min, block.max = float(x.min()), float(x.max())
        block.is_integer = bool((x == np.rint(x)).all())
        block.is_increasing = bool((np.diff(x) > 0).all())
        block._first, block._last = float(x[0]), float(x[-1])
        self.merge(block)

    def merge(self, other: Moments) -> None:
        """Take in the numbers that follow."""
        if not other.n:
            return
        self.is_increasing &= other.is_increasing and other._first > self._last
        self._first, self._last = self._first if self.n else other._first, other._last
        self.is_integer &= other.is_integer
        self.min, self.max = min(self.min, other.min), max(self.max, other.max)
        n, change = self.n + other.n, other.mean - self.mean
        self.squares += other.squares + change**2 * self.n * other.n / n
        self.mean += change * other.n / n
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

    def merge(self, other: ColumnScan) -> None:
        """Take in the rows that follow."""
        self.kind = other.kind
        self.n_rows += other.n_rows
        self.n_missing += other.n_missing
        self.numbers.merge(other.numbers)
        self.counts.merge(other.counts)
        self.n_booleans += other.n_booleans
        self.n_spaces += other.n_spaces
        self.n_dates = {form: n + other.n_dates[form] for form, n in self.n_dates.items()}
        self.odd = (self.odd + other.odd)[:ODD_KEPT]

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
        is_word = cells.texts(different).is_valid().to_numpy(zero_copy_only=False)
        counts = counts[is_word]
        self.n_missing += len(column) - int(counts.sum())
        numbers = np.append(cells.numbers(different), np.nan)[places]
        numbers = numbers[~np.isnan(numbers)]
        self.numbers.add(numbers)
        has_texts = types.is_string(different.type) and len(numbers) < counts.sum()
        if not (has_texts or self.counts.is_following):
            return
        values = cells.words(different).drop_null()
        if self.counts.is_following:
            self.counts.add(values, counts)
        if has_texts:
            self._add_texts(values, counts)

    def _add_texts(self, values: pa.Array, counts: np.ndarray) -> None:
        """Look at distinct texts for what they may be if not numbers."""
        if len(self.odd) < ODD_KEPT:
            odd = values.filter(pa.array(np.isnan(cells.numbers(values)))).slice(0, ODD_KEPT)
            self.odd = (self.odd + odd.to_pylist())[:ODD_KEPT]
        lowered = pc.utf8_lower(values)
        self.n_booleans += int(counts[cells.is_one_of(lowered, cells.TRUE + cells.FALSE)].sum())
        self.n_spaces += int((pc.count_substring(values, " ").to_numpy(zero_copy_only=False) * counts).sum())
        for form, (pattern, _) in cells.DATE_FORMS.items():
            like = pc.match_substring_regex(values, pattern).to_numpy(zero_copy_only=False)
            if like.any():
                self.n_dates[form] += int(counts[~np.isnat(cells.moments(values, form))].sum())
