"""Parquet files."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nas_core.data.limits import limits
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.reader import check_cells, check_names
from nas_core.errors import JobError

ROWS_PER_BATCH = 32_768
ROWS_PER_PIECE = 1 << 20
BATCH_BYTES = 64 << 20


class ParquetReader:
    """Yields row groups in parts; the columns keep the file's types."""

    def __init__(self, path: Path, _: Dialect) -> None:
        self.path = path
        self.n_bad_rows = 0
        self.notes: list[str] = []
        self.dialect = Dialect(format="parquet").to_json()
        try:
            with pq.ParquetFile(path) as file:
                self._given_names: list[str] = file.schema_arrow.names
                n_rows = file.metadata.num_rows
                groups = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
                sizes = [group.num_rows for group in groups]
                n_bytes = sum(group.total_byte_size for group in groups)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise JobError(f"must be a whole Parquet file, but reading it failed: {_said(error)}") from None
        self._groups = list(range(len(sizes)))
        self._sizes = sizes
        self._rows = min(ROWS_PER_BATCH, max(1, BATCH_BYTES * n_rows // max(1, n_bytes)))
        self.names = check_names(self._given_names)
        most = limits().max_rows
        if n_rows > most:
            raise JobError(f"must have at most {most:,} rows (`NAS_MAX_ROWS`), but has {n_rows:,}.")

    def pieces(self) -> list[ParquetReader]:
        """Row groups that follow each other, about a million rows a piece."""
        pieces: list[ParquetReader] = []
        n_rows = ROWS_PER_PIECE
        for group in self._groups:
            size = self._sizes[group]
            if n_rows + size > ROWS_PER_PIECE:
                pieces.append(copy.copy(self))
                pieces[-1]._groups, n_rows = [], 0
            pieces[-1]._groups.append(group)
            n_rows += size
        return pieces or [self]

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of up to 32,768 rows, and of about 64 MB."""
        given = dict(zip(self.names, self._given_names, strict=True))
        wanted = self.names if columns is None else columns
        try:
            with pq.ParquetFile(self.path, pre_buffer=False) as file:
                asked = [given[name] for name in wanted]
                for batch in file.iter_batches(self._rows, row_groups=self._groups, columns=asked):
                    batch.validate(full=True)  # a text that is no UTF-8 would stop whoever reads it
                    yield check_cells(pa.record_batch([batch.column(given[n]) for n in wanted], names=wanted))
        except JobError:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            raise JobError(f"must be a whole Parquet file, but reading it failed: {_said(error)}") from None


def _said(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
