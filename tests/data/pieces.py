"""A table in memory, as a scan reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from nas_core.data.alike import columns_to_hash
from nas_core.data.scan import ScanPlan, TableScan, first_batch, scan_table


class Listed:
    """A piece of a table whose batches are there."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self.listed = list(batches)
        self.n_bad_rows = 0

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        return iter(self.listed if columns is None else [batch.select(columns) for batch in self.listed])


def scanned(*pieces: Iterable[pa.RecordBatch], keep: tuple[str, ...] = ()) -> TableScan | None:
    """The scan of a table of these pieces."""
    listed = [Listed(batches) for batches in pieces]
    first = first_batch(listed)
    return None if first is None else scan_table(listed, ScanPlan(keep, columns_to_hash(first)))
