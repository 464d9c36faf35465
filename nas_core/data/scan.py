"""The first pass over a table: what each column holds, in memory that does not grow with the rows.

Kept whole are only the columns asked for (the target, the groups), dictionary-encoded, and a sample of whole rows.
Pieces of a table are scanned by themselves, here or elsewhere, and what was found is merged in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from nas_core.data import cells
from nas_core.data.alike import RowHashes, mixed
from nas_core.data.cells import is_nested
from nas_core.data.column_scan import ColumnScan
from nas_core.data.limits import limits
from nas_core.data.readers.reader import Piece
from nas_core.data.timeline import Timeline
from nas_core.data.workshop import HERE, Workshop
from nas_core.errors import JobError

SAMPLE_ROWS = 200_000
SAMPLE_BYTES = 64 << 20
PIECE = 1 << 40  # rows that a piece has at most


class Sample:
    """A uniform sample of whole rows, the same whenever the same rows come, bounded in rows and bytes.

    Each row has a pseudo-random rank; those below a limit stay, and the limit is halved whenever they become too many.
    A row is known by the number of its piece and its own number there.
    """

    def __init__(self, piece: int = 0) -> None:
        self._first = piece * PIECE
        self._batches: list[pa.RecordBatch] = []
        self._rows: list[np.ndarray] = []
        self._limit = 1 << 64

    def add(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Take in one batch whose first row has this number in its piece."""
        first = self._first + first_row
        self._keep(batch, np.arange(first, first + batch.num_rows, dtype=np.uint64))
        self._shrink()

    def merge(self, other: Sample) -> None:
        """Take in the rows that follow."""
        limit = min(self._limit, other._limit)
        for sample in (self, other):
            if sample._limit > limit:
                sample._lower(limit)
        self._batches += other._batches
        self._rows += other._rows
        self._shrink()

    def _shrink(self) -> None:
        while (
            sum(b.num_rows for b in self._batches) > SAMPLE_ROWS or sum(b.nbytes for b in self._batches) > SAMPLE_BYTES
        ):
            self._lower(self._limit // 2)

    def _lower(self, limit: int) -> None:
        self._limit = limit
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

    def table(self, n_rows: Sequence[int]) -> tuple[pa.Table, np.ndarray]:
        """The sampled rows and their numbers in the table, whose pieces have `n_rows` each."""
        firsts = np.cumsum([0, *n_rows])[:-1]
        piece, row = np.divmod(np.concatenate(self._rows), np.uint64(PIECE))
        return pa.Table.from_batches(self._batches), firsts[piece.astype(np.int64)] + row.astype(np.int64)


@dataclass(frozen=True)
class ScanPlan:
    """What a scan keeps of the rows, the same for all pieces of a table; settled by its first batch.

    Args:
        keep: the columns to keep whole, as dictionary-encoded words.
        hashed: the columns in which equal rows are equal.
        time: the column that may order the rows in time, with the forms in which it can be read.
    """

    keep: tuple[str, ...]
    hashed: Sequence[str]
    time: tuple[str, Sequence[str]] | None = None


class PieceScan:
    """What was found in a piece, or in those merged into it."""

    def __init__(self, plan: ScanPlan, number: int = 0) -> None:
        self.columns: dict[str, ColumnScan] = {}
        self.n_rows: list[int] = []  # of each piece
        self.n_bad_rows = 0
        self.kept: dict[str, list[pa.Array]] = {name: [] for name in plan.keep}
        self.hashes = RowHashes(plan.hashed)
        self.timeline = Timeline(*plan.time) if plan.time else None
        self.sample = Sample(number)

    def read(self, piece: Piece) -> None:
        """Read the piece to its end."""
        n_rows, most = 0, limits().max_rows
        for batch in piece.batches():
            for name in batch.schema.names:
                self.columns.setdefault(name, ColumnScan(name)).add(batch.column(name))
            for name, chunks in self.kept.items():
                chunks.append(_compact(batch.column(name)))
            self.hashes.add(batch)
            self.sample.add(batch, n_rows)
            if self.timeline:
                self.timeline.add(batch)
            n_rows += batch.num_rows
            _require_few(n_rows, most)
        self.n_rows.append(n_rows)
        self.n_bad_rows = piece.n_bad_rows

    def merge(self, other: PieceScan) -> None:
        """Take in the rows that follow."""
        for name, column in other.columns.items():
            self.columns.setdefault(name, ColumnScan(name)).merge(column)
        for name, chunks in self.kept.items():
            chunks.extend(other.kept[name])
        self.hashes.merge(other.hashes)
        self.sample.merge(other.sample)
        if self.timeline and other.timeline:
            self.timeline.merge(other.timeline)
        self.n_rows += other.n_rows
        self.n_bad_rows += other.n_bad_rows
        _require_few(sum(self.n_rows), limits().max_rows)


def _require_few(n_rows: int, most: int) -> None:
    if n_rows > most:
        raise JobError(f"must have at most {most:,} rows (`NAS_MAX_ROWS`), but has more.")


@dataclass(frozen=True)
class TableScan:
    """What one pass found: a scan a column, the rows of each piece, a sample with its row numbers, columns kept whole.

    `hashes` tell equal rows, `timeline` the order of the rows in time where it was asked for.
    """

    columns: dict[str, ColumnScan]
    pieces: tuple[int, ...]
    n_bad_rows: int
    sample: pa.Table
    sample_rows: np.ndarray
    kept: dict[str, pa.ChunkedArray]
    hashes: RowHashes
    timeline: Timeline | None

    @property
    def n_rows(self) -> int:
        """Rows of all pieces."""
        return sum(self.pieces)


def scan_table(pieces: Sequence[Piece], plan: ScanPlan, workshop: Workshop = HERE) -> TableScan | None:
    """Read all pieces once; None when there are no rows."""
    found = PieceScan(plan)
    for part in workshop.flat_map(partial(_scan, plan), list(enumerate(pieces))):
        found.merge(part)
    if not found.n_rows or not sum(found.n_rows):
        return None
    rows, numbers = found.sample.table(found.n_rows)
    whole = {name: pa.chunked_array(chunks) for name, chunks in found.kept.items()}
    return TableScan(
        found.columns,
        tuple(found.n_rows),
        found.n_bad_rows,
        rows,
        numbers,
        whole,
        found.hashes,
        found.timeline,
    )


def _scan(plan: ScanPlan, numbered: tuple[int, Piece]) -> Iterator[PieceScan]:
    number, piece = numbered
    found = PieceScan(plan, number)
    found.read(piece)
    yield found


def first_batch(pieces: Sequence[Piece]) -> pa.RecordBatch | None:
    """The first rows of a table; None when it has none."""
    return next((batch for piece in pieces for batch in piece.batches() if batch.num_rows), None)


def _compact(column: pa.Array) -> pa.Array:
    """A copy of `column` that does not hold on to its batch."""
    column = cells.texts(column) if not is_nested(column.type) else pa.nulls(len(column), pa.string())
    return column.dictionary_encode()
