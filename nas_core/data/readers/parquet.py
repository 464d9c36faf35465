"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nas_core.data.readers.reader import check_names
from nas_core.errors import JobError

ROWS_PER_BATCH = 32_768


class ParquetReader:
    """Yields row groups in parts; the columns keep the file's types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_bad_rows = 0
        try:
            with pq.ParquetFile(path) as file:
                self.names = check_names(file.schema_arrow.names)
        except (pa.ArrowException, OSError) as error:
            raise JobError(f"must be a whole Parquet file, but reading it failed: {error}") from None

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of up to 32,768 rows."""
        with pq.ParquetFile(self.path, pre_buffer=False) as file:
            try:
                yield from file.iter_batches(ROWS_PER_BATCH, columns=columns, use_threads=True)
            except (pa.ArrowException, OSError) as error:
                raise JobError(f"must be a whole Parquet file, but reading it failed: {error}") from None
